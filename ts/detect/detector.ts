/**
 * detector.ts - feeds lines to a layer, in batches, and says how surprising each line was.
 * SPDX-License-Identifier: MIT
 */
import type { TTT } from '../layer/ttt.js';
import { Features, ORDER_SHARE, TOKENS_PER_UNIT } from './features.js';
import type { Line } from './lines.js';
import { Kind } from './words.js';

/** What gets a surprise of its own: each line, or each word of a line. */
export type Unit = 'line' | 'word';

/** A word of a line, as a range of its text, with its surprise. */
interface ReadWord {
  start: number;
  end: number;
  surprise: number;
}

/** A line that was read, with its surprise: its own, or that of its most surprising word. */
export interface ReadLine extends Line {
  /** Number of the unit that `surprise` is of, counted from 0. */
  unit: number;
  /** `raw`, weighted by how much the memory had read before; see HALF_TRUST. */
  surprise: number;
  /** The layer's prediction error: about 0 for what it predicted, 1 for what was new to it. */
  raw: number;
  /** The most surprising word; undefined when reading by line. */
  word: ReadWord | undefined;
  /** All words, if they were asked for. */
  words: ReadWord[] | undefined;
}

/** Receives the results of reading. */
interface ReadListener {
  /** Called for each unit, in order. */
  unit(raw: number): void;
  /** Called for each line when all its units were read. */
  line(line: ReadLine): void;
}

/** hiddenDim and innerLr of the layer that do well on logs and prose. */
export const DEFAULT_DIM: Record<Unit, number> = { line: 640, word: 1024 };
export const DEFAULT_LR: Record<Unit, number> = { line: 0.2, word: 0.1 };

/* An empty memory is surprised by everything, so early surprises say little: they are weighted by
 * n / (n + HALF_TRUST), where n counts the units read, this one included. */
const HALF_TRUST: Record<Unit, number> = { line: 20, word: 200 };

const BATCH_FLOATS = 1 << 19;
const MAX_BATCH_UNITS = 256;

/**
 * Feeds lines to a layer of the objective `predict` and scores them by its prediction errors. The
 * scores do not depend on how lines are split into batches. Lines without anything to learn from
 * (blank ones; by word, also those of punctuation only) are left out.
 */
export class LineScorer {
  private readonly features: Features;
  private readonly rowFloats: number;
  private readonly capacity: number;
  private readonly batch: Float32Array;
  private readonly errors: Float32Array;
  /** For each unit of the batch: its line, and its range in the line's text. */
  private readonly lines: ReadLine[] = [];
  private readonly starts: Int32Array;
  private readonly ends: Int32Array;
  /** Units of the last line in the batch that are still to be added. */
  private open = 0;
  /** Units that the layer had read before, and units that were scored here. */
  private readonly before: number;
  private scored = 0;

  /** `keepWords`: whether the listener gets all words of a line (only by word). */
  constructor(
    private readonly layer: TTT,
    private readonly by: Unit,
    private readonly listener: ReadListener,
    private readonly keepWords: boolean,
  ) {
    this.features = new Features(layer.hiddenDim);
    this.rowFloats = TOKENS_PER_UNIT * layer.hiddenDim;
    const fitting = Math.floor(BATCH_FLOATS / this.rowFloats);
    this.capacity = Math.max(1, Math.min(MAX_BATCH_UNITS, fitting));
    this.batch = new Float32Array(this.capacity * this.rowFloats);
    this.errors = new Float32Array(this.capacity * TOKENS_PER_UNIT);
    this.starts = new Int32Array(this.capacity);
    this.ends = new Int32Array(this.capacity);
    this.before = layer.tokensSeen / TOKENS_PER_UNIT;
  }

  /** Adds a line to the batch. The listener is called when the batch is full, or by `flush`. */
  read(line: Line): void {
    const words = this.features.read(line.text);
    const { tokens } = this.features;
    const read: ReadLine = {
      ...line,
      unit: -1,
      surprise: -1,
      raw: 0,
      word: undefined,
      words: this.keepWords && this.by === 'word' ? [] : undefined,
    };
    if (this.by === 'line') {
      if (tokens.count === 0) return;
      this.features.addLine(this.batch, this.lines.length * this.rowFloats);
      this.add(read, 0, line.text.length);
      return;
    }
    this.open = words;
    let before = -1;
    for (let i = 0; i < tokens.count; i++) {
      if (tokens.kind[i] === Kind.Punctuation) continue;
      this.features.addWord(this.batch, this.lines.length * this.rowFloats, i, before);
      this.open--;
      this.add(read, tokens.start[i]!, tokens.end[i]!);
      before = i;
    }
  }

  /** Lets the layer read the batch, and calls the listener. */
  flush(): void {
    const count = this.lines.length;
    if (count === 0) return;
    const input = this.batch.subarray(0, count * this.rowFloats);
    const surprise = this.errors.subarray(0, count * TOKENS_PER_UNIT);
    this.layer.observe(input, { output: input, surprise });
    for (let i = 0; i < count; i++) this.score(i, count);
    this.scored += count;
    this.lines.length = 0;
    input.fill(0);
  }

  private add(line: ReadLine, start: number, end: number): void {
    const at = this.lines.push(line) - 1;
    this.starts[at] = start;
    this.ends[at] = end;
    if (this.lines.length === this.capacity) this.flush();
  }

  private score(i: number, count: number): void {
    const line = this.lines[i]!;
    const order = this.errors[TOKENS_PER_UNIT * i]!;
    const content = this.errors[TOKENS_PER_UNIT * i + 1]!;
    const raw = ORDER_SHARE * order + (1 - ORDER_SHARE) * content;
    const read = this.before + this.scored + i + 1;
    const surprise = (raw * read) / (read + HALF_TRUST[this.by]);
    this.listener.unit(raw);
    const word =
      this.by === 'word' ? { start: this.starts[i]!, end: this.ends[i]!, surprise } : undefined;
    if (surprise > line.surprise) {
      line.unit = this.scored + i;
      line.surprise = surprise;
      line.raw = raw;
      line.word = word;
    }
    if (word !== undefined) line.words?.push(word);
    const isLast = i + 1 < count ? this.lines[i + 1] !== line : this.open === 0;
    if (isLast) this.listener.line(line);
  }
}
