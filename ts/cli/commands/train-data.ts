/**
 * train-data.ts - what a model is trained on, and what is held out to measure it. The text is read piece by
 * piece, several times: to learn its size and what is held out, to count its words for a tokenizer, and
 * to make tokens of it.
 * SPDX-License-Identifier: MIT
 */
import type { Tokenizer } from 'bit-ttt';
import { DocumentSplitter } from '../../common/documents.js';
import type { Placed } from '../../corpus/corpus.js';
import { HoldOut, makeTokenizer, usualVocab } from '../../corpus/corpus.js';
import type { Reading } from '../files/text-source.js';
import { TextSource } from '../files/text-source.js';
import { Failure } from '../screen/failure.js';
import { counted, Phase, sizeOf } from './train-phases.js';
import type { TrainReport } from './train-report.js';

/** Token ids of a vocabulary of at most 65,536, which training demands, or of any. */
export type Tokens = Uint16Array | Uint32Array;

/** What is known of the text after the first reading. */
interface Facts {
  /** Documents to train on, and their bytes in UTF-8. */
  documents: number;
  bytes: number;
  heldOut: readonly string[];
}

/** A string of its own: those that decoders and `split` give keep alive what they are a part of. */
const copyOf = (text: string): string => Buffer.from(text, 'utf16le').toString('utf16le');

/** The documents of a text that must have one. */
async function* documentsOf(
  source: TextSource,
  onRead: (bytes: number) => void,
): AsyncGenerator<string> {
  const splitter = new DocumentSplitter();
  let count = 0;
  let units = 0;
  for await (const piece of source.pieces(onRead)) {
    units += piece.length;
    const found = splitter.add(piece);
    count += found.length;
    yield* found;
  }
  const rest = splitter.end();
  count += rest.length;
  yield* rest;
  if (count === 0) throw new Failure(`${source.name} ${units === 0 ? 'is empty' : 'is blank'}`);
}

/** The text of all files. */
export class TrainingText {
  #facts: Facts | undefined;

  private constructor(
    private readonly sources: readonly TextSource[],
    private readonly valid: TextSource | undefined,
    private readonly percent: number,
    private readonly report: TrainReport,
  ) {}

  /** Reads files: how much there is, and what is held out (of `valid`, all of it). */
  static async read(
    files: readonly string[],
    valid: string | undefined,
    percent: number,
    reading: Reading,
    report: TrainReport,
  ): Promise<TrainingText> {
    const sources: TextSource[] = [];
    for (const file of files) sources.push(await TextSource.open(file, reading));
    const other = valid === undefined ? undefined : await TextSource.open(valid, reading);
    const share = valid === undefined ? percent : 0;
    const text = new TrainingText(sources, other, share, report);
    text.#facts = await text.#measure();
    return text;
  }

  /** Documents to train on. */
  get documents(): number {
    return this.#facts!.documents;
  }

  /** The documents that the model is measured on. */
  get heldOut(): readonly string[] {
    return this.#facts!.heldOut;
  }

  get #size(): number {
    return this.sources.reduce((sum, { size }) => sum + size, 0);
  }

  async #measure(): Promise<Facts> {
    const phase = new Phase(this.report, 'read', 'reading', this.#size);
    const heldOut: string[] = [];
    let documents = 0;
    let bytes = 0;
    for await (const { text, heldOut: isHeldOut } of this.#placed(phase)) {
      if (isHeldOut) {
        heldOut.push(copyOf(text));
        continue;
      }
      documents++;
      bytes += Buffer.byteLength(text);
    }
    if (this.valid !== undefined) {
      for await (const text of documentsOf(this.valid, () => {})) heldOut.push(copyOf(text));
    }
    const [files, size] = [this.sources.length, this.#size];
    const what = `${sizeOf(size)} of ${counted(files, 'file')}, ${counted(documents, 'document')}`;
    const facts = { files, file_bytes: size, documents, bytes, held_out: heldOut.length };
    phase.done(`read ${what}`, facts);
    return { documents, bytes, heldOut };
  }

  /** All documents, with what each is for. */
  async *#placed(phase: Phase): AsyncGenerator<Placed> {
    const holding = new HoldOut(this.percent);
    let before = 0;
    for (const source of this.sources) {
      const onRead = (bytes: number): void => phase.atByte(before + bytes);
      for await (const document of documentsOf(source, onRead)) yield* holding.add(document);
      before += source.size;
    }
    yield* holding.end();
  }

  /** The documents to train on. */
  async *#training(phase: Phase): AsyncGenerator<string> {
    for await (const { text, heldOut } of this.#placed(phase)) if (!heldOut) yield text;
  }

  /** A tokenizer of about `vocab` tokens, or of as many as are usual for so much text. */
  async makeTokenizer(vocab: number | undefined): Promise<Tokenizer> {
    const wanted = vocab ?? usualVocab(this.#facts!.bytes);
    const count = new Phase(this.report, 'count', 'counting words', this.#size);
    let merge: Phase | undefined;
    let words = 0;
    const found = await makeTokenizer(
      () => this.#training(count),
      wanted,
      (at) => {
        if (at.phase === 'count') {
          words = at.words;
          return;
        }
        if (merge === undefined) {
          count.done(`counted ${counted(words, 'word')}`, { words });
          merge = new Phase(this.report, 'merge', 'making a tokenizer', at.target);
        }
        merge.atCount(at.tokens);
      },
    );
    merge?.done(`made a tokenizer of ${counted(found.vocabSize, 'token')}`, {
      tokens: found.vocabSize,
    });
    return found;
  }

  /** All documents as tokens, with an end-of-text token before each and after the last. */
  async tokens(tokenizer: Tokenizer, least: number): Promise<Tokens> {
    const phase = new Phase(this.report, 'tokenise', 'tokenising', this.#size);
    const { endOfText } = tokenizer;
    const list = new TokenList(tokenizer.vocabSize);
    const separator = endOfText === undefined ? [] : [endOfText];
    list.add(separator);
    for await (const document of this.#training(phase)) {
      list.add(await tokenizer.encodeAsync(document));
      list.add(separator);
    }
    const all = list.all();
    phase.done(`made ${counted(all.length, 'token')}`, { tokens: all.length });
    if (all.length >= least) return all;
    throw new Failure(
      `the text is too short: ${all.length} tokens, and a window needs ${least} (see --context)`,
    );
  }
}

const FIRST_TOKENS = 1 << 16;

/** A growing list of tokens, in as few bytes as the vocabulary allows. */
class TokenList {
  #tokens: Tokens;
  #length = 0;

  constructor(vocabSize: number) {
    const isSmall = vocabSize <= 65_536;
    this.#tokens = isSmall ? new Uint16Array(FIRST_TOKENS) : new Uint32Array(FIRST_TOKENS);
  }

  add(tokens: ArrayLike<number>): void {
    const length = this.#length + tokens.length;
    if (length > this.#tokens.length) {
      const Kind = this.#tokens instanceof Uint16Array ? Uint16Array : Uint32Array;
      const grown = new Kind(Math.ceil(1.5 * length));
      grown.set(this.all());
      this.#tokens = grown;
    }
    this.#tokens.set(tokens, this.#length);
    this.#length = length;
  }

  /** Those so far; a view. */
  all(): Tokens {
    return this.#tokens.subarray(0, this.#length);
  }
}
