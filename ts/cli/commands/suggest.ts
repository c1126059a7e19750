/**
 * suggest.ts - the command that completes a word as it is written.
 * SPDX-License-Identifier: MIT
 */
import type { Session, Suggestion } from 'bit-ttt';
import { BitLlama, encodeDocuments, TTTError } from 'bit-ttt';
import { MAX_SUGGESTIONS, MAX_TYPED_BYTES } from '../../common/limits.js';
import { Turns } from '../../common/turns.js';
import type { Place } from '../../common/typing.js';
import { placeIn } from '../../common/typing.js';
import { checkStandardInput, openSource } from '../files/input.js';
import { LineSplitter } from '../files/lines.js';
import type { Loaded } from '../files/model.js';
import { loadModel, modelOptions } from '../files/model.js';
import type { Named } from '../files/places.js';
import type { Result } from '../files/save.js';
import { checkSession, saveSession } from '../files/session-file.js';
import { documentsOf, readText, TEXT_OPTIONS } from '../files/text.js';
import type { Command, CommandLine } from '../screen/command-line.js';
import { numberOption, outputOptions, SAVE_OPTIONS } from '../screen/command-line.js';
import { engineInUse } from '../screen/engine.js';
import { asFailure, UsageError } from '../screen/failure.js';
import type { Interrupt } from '../screen/interrupt.js';
import { watched } from '../screen/interrupt.js';
import { drained, goOnWithoutReader, print } from '../screen/output.js';
import type { Palette, Progress } from '../screen/terminal.js';
import { grouped, outputPalette, safeJson, visible } from '../screen/terminal.js';
import { beginSession, RECALL_OPTIONS, readRecall } from './recall.js';

const HELP = [
  `Completes a word as it is written: prints whole words that may be meant, the likeliest first, with
their probabilities. TEXT is what stands before the cursor: letters at its end begin the word, and
after a blank it is the next word. TYPED gives these letters apart. With - each line of standard
input is such a text, and its answers end with an empty line. Nothing is learned by asking.`,
  {
    '-r, --read FILE': { text: 'a text to read and remember first', repeatable: true },
    ...modelOptions('english'),
    ...RECALL_OPTIONS,
    '-n, --count N': `how many words at most, 1 to ${MAX_SUGGESTIONS} (default: 3)`,
    '--min-probability X': 'no word that is less likely, 0 to 1 (default: 0.003)',
    '--load FILE': 'go on from a session that was saved: it knows what it read before',
    '--save FILE': 'save the session when all is read; TEXT may then be left out',
    ...SAVE_OPTIONS,
    ...TEXT_OPTIONS,
    ...outputOptions('print {before, typed, suggestions: [{text, probability}]}, one a line'),
  },
  `What is read may be separated into documents by lines <|endoftext|>, and TEXT begins another one;
without --read it goes on where the session of --load has ended.`,
];

/** What was asked for, checked. */
interface Request {
  /** Undefined: each line of standard input; null: there is nothing to complete. */
  place: Place | undefined | null;
  read: readonly string[];
  options: { count: number | undefined; minProbability: number | undefined };
  save: Result | undefined;
  lossy: boolean;
  json: boolean;
  palette: Palette;
}

/** What to complete, by the arguments. */
function placeOf({ positionals, values }: CommandLine): Place | undefined | null {
  const [text, typed, extra] = positionals;
  if (extra !== undefined) {
    throw new UsageError(`suggest takes TEXT and TYPED, but "${extra}" follows; quote the text`);
  }
  if (text === undefined && values.has('save')) return null;
  if (text === undefined) throw new UsageError('suggest needs a TEXT, or - for lines of it');
  if (typed !== undefined) return { before: text, typed };
  return text === '-' ? undefined : placeIn(text);
}

function readRequest(line: CommandLine): Request {
  const place = placeOf(line);
  const read = line.repeated.get('read') ?? [];
  const reads: Named[] = read.map((path) => ({ path, name: '--read' }));
  if (place === undefined) {
    reads.push({ path: '-', name: 'the lines to complete' });
    checkStandardInput();
  }
  readRecall(line); // a wrong use, before any work
  return {
    place,
    read,
    options: {
      count: numberOption(line, 'count', { min: 1, max: MAX_SUGGESTIONS, integer: true }),
      minProbability: numberOption(line, 'min-probability', { min: 0, max: 1 }),
    },
    save: checkSession(line, reads),
    lossy: line.flags.has('lossy'),
    json: line.flags.has('json'),
    palette: outputPalette(line.flags),
  };
}

/** `bit-ttt suggest`. */
export const suggest: Command = {
  usage: 'TEXT|- [TYPED]',
  summary: 'complete a word as it is written',
  help: HELP,
  run,
};

async function run(line: CommandLine): Promise<void> {
  const request = readRequest(line);
  if (request.save !== undefined) goOnWithoutReader();
  await watched(true, (progress, interrupt) => suggestWith(line, request, progress, interrupt));
}

function canSuggest(model: BitLlama): boolean {
  const session = model.createSession({ recall: false });
  try {
    session.suggest('', '', { count: 1 });
    return true;
  } catch (error) {
    if (error instanceof TTTError && error.code === 'INVALID_TOKENIZER') return false;
    throw error;
  } finally {
    session.destroy();
  }
}

/** The model. Words are found in a tokenizer of its own: one that lies beside it is packed in. */
async function loadWithWords(line: CommandLine): Promise<Loaded> {
  const { path, model, tokenizer } = await loadModel(line);
  if (canSuggest(model)) return { path, model, tokenizer };
  const packed = await BitLlama.load(model.pack());
  model.destroy();
  return { path, model: packed, tokenizer };
}

async function suggestWith(
  line: CommandLine,
  request: Request,
  progress: Progress,
  interrupt: Interrupt,
): Promise<void> {
  await engineInUse();
  const loaded = await loadWithWords(line);
  let session: Session | undefined;
  try {
    session = await beginSession(line, loaded.model);
    await readAll(session, loaded, request, progress);
    if (request.save !== undefined) saveSession(request.save, loaded.model, session);
    if (request.place === null) return;
    if (request.place !== undefined) return answerOne(session, request.place, request);
    await answerLines(session, request, interrupt.signal);
  } catch (error) {
    throw asFailure('suggest with', loaded.path, error);
  } finally {
    session?.destroy();
    loaded.model.destroy();
  }
}

/** Reads the texts of --read. */
async function readAll(
  session: Session,
  { tokenizer }: Loaded,
  { read, lossy }: Request,
  progress: Progress,
): Promise<void> {
  const turns = new Turns();
  for (const path of read) {
    const text = await readText(path, 'suggest', lossy);
    const ids = await encodeDocuments(documentsOf(text), tokenizer);
    await turns.inSlices(ids.length, (from, to) => {
      session.read(ids.subarray(from, to));
      progress.update(
        () => `${visible(text.name)}: ${grouped(to)} of ${grouped(ids.length)} tokens`,
      );
    });
  }
  progress.clear();
}

/** Completes a text; says so where no word was found, as nothing else is printed then. */
function answerOne(session: Session, place: Place, request: Request): void {
  const found = show(session, place, request);
  if (found > 0 || request.json) return;
  process.stderr.write(
    'bit-ttt: no word was found; --min-probability says how likely one must be\n',
  );
}

/** Completes each line of standard input; a signal ends the process at once. */
async function answerLines(session: Session, request: Request, signal: AbortSignal): Promise<void> {
  const source = await openSource('-');
  const splitter = new LineSplitter(source.name, 'suggest');
  const turns = new Turns();
  const take = async (lines: ReturnType<LineSplitter['end']>): Promise<void> => {
    for (const { text } of lines) {
      show(session, placeIn(text), request);
      if (!request.json) print('\n');
      await drained(signal);
      await turns.rest();
    }
  };
  for await (const chunk of source.chunks) await take(splitter.push(chunk));
  await take(splitter.end());
}

/** Prints what is suggested at a place, and says how many words that are. */
function show(session: Session, { before, typed }: Place, request: Request): number {
  const { json, options, palette } = request;
  const isWord = Buffer.byteLength(typed) <= MAX_TYPED_BYTES; // no word has more
  const suggestions = isWord ? session.suggest(before, typed, options) : [];
  print(json ? `${safeJson({ before, typed, suggestions })}\n` : table(suggestions, palette));
  return suggestions.length;
}

function table(suggestions: readonly Suggestion[], { dim }: Palette): string {
  return suggestions
    .map(({ text, probability }) => `${dim(probability.toFixed(4))}  ${visible(text)}\n`)
    .join('');
}
