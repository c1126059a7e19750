/**
 * log-detector.ts - the class that finds the odd lines of a log.
 * SPDX-License-Identifier: MIT
 */
/// <reference lib="esnext.disposable" preserve="true" />
import { checkBytes, wrongType } from '../common/args.js';
import { TTTError } from '../common/errors.js';
import { DISPOSE, Lifecycle } from '../common/lifecycle.js';
import { ALARM_RATES, DEFAULT_ALARM_RATE } from '../common/limits.js';
import { guardReceivers } from '../common/receiver.js';
import { Turns } from '../common/turns.js';
import type { BackendOptions, Bytes } from '../common/types.js';
import { TTT } from '../layer/ttt.js';
import { ByteReader, ByteWriter } from './bytes.js';
import { LINE_DIM } from './line-features.js';
import { LogMemory } from './log-memory.js';
import type { LogOptions } from './log-options.js';
import { readLogOptions } from './log-options.js';
import { linesOf } from './log-source.js';
import { findingsStream } from './log-stream.js';
import { LogWatcher } from './log-watcher.js';
import { Rates } from './rates.js';
import { Recall } from './recall.js';
import { Sessions, sessionOf } from './sessions.js';
import type {
  LineReading,
  LogDetectorOptions,
  LogFinding,
  LogSource,
  LogTransform,
  RateFinding,
  SessionReading,
} from './types.js';

const MAGIC = 'BitTTTlo';
const VERSION = 1;
const WHAT = 'a saved LogDetector';

/* The memory of second order: half of a line's weight is gone after 7,000 lines. */
const LAYER = { hiddenDim: LINE_DIM, rule: 'rls', forgetting: 0.9999, ridge: 0.005 } as const;
/* The sequence of lines: kinds of lines in their order, two before each. */
const SEQUENCE = { order: 2, capacity: 1 << 15 };

const MOST_FINDINGS = 1000;

/** Only this file has it, so only `create` and `load` make detectors. */
const KEY = Symbol('bit-ttt');

/** What a detector is made of. */
interface Parts {
  layer: TTT;
  recall: Recall;
  memory: LogMemory;
  options: LogOptions & { alarmRate: number; masks: RegExp[] };
}

async function makeParts(options: LogOptions, alarmRate: number): Promise<Parts> {
  const masks = options.masks ?? [];
  const layer = await TTT.create({ ...(options.choice as BackendOptions), ...LAYER });
  try {
    const recall = await Recall.create({ ...SEQUENCE, choice: options.choice });
    const memory = new LogMemory(layer, recall, alarmRate, masks);
    return { layer, recall, memory, options: { ...options, alarmRate, masks } };
  } catch (error) {
    layer.destroy();
    throw error;
  }
}

/** Findings that were not asked for yet. */
function readFindings(from: ByteReader): (RateFinding | SessionReading)[] {
  try {
    const found: unknown = JSON.parse(from.text(1 << 24));
    if (Array.isArray(found)) return found as (RateFinding | SessionReading)[];
  } catch {
    // It is no JSON.
  }
  throw from.damaged();
}

/** The patterns of masks and sessions as texts, to tell whether a saved detector had the same. */
function patternTexts({ masks, session }: Parts['options']): string {
  return JSON.stringify([masks.map(String), session === undefined ? null : String(session)]);
}

/**
 * Finds the odd lines of a log without rules or training: it learns with every line it reads, and
 * says of each how odd it is compared with all before.
 *
 * What it says is equal, to the last bit, on every backend and machine. Memory is bounded, whatever
 * is read. A detector belongs to the thread that made it.
 *
 * @example
 * ```js
 * import { LogDetector } from 'bit-ttt';
 *
 * const log = await LogDetector.create();
 * for (let i = 0; i < 1000; i++) log.read(`shop: order ${i} accepted`);
 * const { alarm, cause, like } = log.read('shop: order 1000 refused');
 * console.log(alarm, cause, like);
 * ```
 *
 * ```text
 * true words shop: order <n> accepted
 * ```
 */
export class LogDetector {
  /** The share of lines that are to be alarms. */
  readonly alarmRate: number;

  static {
    guardReceivers(this, 'LogDetector', (value) => #life in value);
  }

  readonly #parts: Parts;
  readonly #sessions: Sessions;
  readonly #rates = new Rates();
  readonly #life: Lifecycle;
  #lines = 0;
  #findings: (RateFinding | SessionReading)[] = [];

  private constructor(key: symbol, parts: Parts) {
    if (key !== KEY) {
      const text = 'detectors are made by `await LogDetector.create(options)`';
      throw new TTTError('INVALID_ARGUMENT', text);
    }
    const { layer, recall, options } = parts;
    this.#parts = parts;
    this.#sessions = new Sessions(options.alarmRate);
    this.alarmRate = options.alarmRate;
    this.#life = new Lifecycle(this, 'the detector', () => {
      layer.destroy();
      recall.destroy();
      return 0;
    });
  }

  /**
   * Makes a detector that has read nothing. Codes: `INVALID_ARGUMENT`, `INVALID_OPTION` (alarmRate),
   * `OUT_OF_MEMORY`, `BACKEND_UNAVAILABLE`.
   */
  static async create(options: LogDetectorOptions = {}): Promise<LogDetector> {
    const read = readLogOptions(options);
    return new LogDetector(KEY, await makeParts(read, read.alarmRate ?? DEFAULT_ALARM_RATE));
  }

  /**
   * A detector that goes on from what `save` gave. `mask` and `session` must be those of the one that was
   * saved; `alarmRate` is taken from it unless given. Codes: those of `create`, `STATE_DAMAGED`,
   * `STATE_VERSION`.
   */
  static async load(
    bytes: Uint8Array | ArrayBuffer,
    options: LogDetectorOptions = {},
  ): Promise<LogDetector> {
    const given = readLogOptions(options);
    const from = new ByteReader(checkBytes(bytes, 'the state'), MAGIC, VERSION, WHAT);
    const rate = from.f64();
    if (!(rate >= ALARM_RATES.min && rate <= ALARM_RATES.max)) throw from.damaged();
    const parts = await makeParts(given, given.alarmRate ?? rate);
    const detector = new LogDetector(KEY, parts);
    try {
      const texts = from.text(1 << 20);
      if (texts !== patternTexts(parts.options)) {
        const text = `mask and session must be those of the saved detector, ${texts}`;
        throw new TTTError('INVALID_OPTION', text);
      }
      detector.#load(from);
      return detector;
    } catch (error) {
      detector.destroy();
      throw error;
    }
  }

  #load(from: ByteReader): void {
    this.#lines = from.count();
    this.#parts.memory.load(from);
    this.#sessions.load(from);
    this.#rates.load(from);
    this.#findings = readFindings(from);
    from.finish();
  }

  /** True once `destroy` has been called. */
  get destroyed(): boolean {
    return this.#life.destroyed;
  }

  /** Lines read so far. */
  get lines(): number {
    return this.#lines;
  }

  /**
   * Judges a line and learns it. Several lines that are one event, such as an error and its stack trace, may
   * be given as one text. Only the first 65,536 UTF-16 units count; a blank line has score 0.
   */
  read(line: string): LineReading {
    if (typeof line !== 'string') throw wrongType('line', 'a string', line);
    this.#life.checkLiving();
    const { memory, options } = this.#parts;
    const own = sessionOf(line, options.session);
    const session = own && { before: this.#sessions.before(own.name), range: own.range };
    const reading = memory.read(line, session);
    this.#lines++;
    if (own !== undefined) {
      reading.session = own.name;
      const ended = this.#sessions.see(own.name, memory.kind);
      if (ended !== undefined) this.#note([ended]);
    }
    if (reading.time !== undefined) {
      this.#note(this.#rates.see(reading.time, memory.kind, memory.textOf));
    }
    return reading;
  }

  #note(found: readonly (RateFinding | SessionReading)[]): void {
    if (found.length === 0) return;
    this.#findings.push(...found);
    if (this.#findings.length > MOST_FINDINGS) this.#findings.splice(0, found.length);
  }

  /**
   * What was found besides the lines since this was called last: spikes, silences and missing lines where the
   * lines have times, and sessions that were ended to make room for others (more than 4096 were open). At most the last 1000 are kept.
   */
  findings(): (RateFinding | SessionReading)[] {
    this.#life.checkLiving();
    const found = this.#findings;
    this.#findings = [];
    return found;
  }

  /** Tells that it is now `seconds`, as the lines' times are, so that a silence is found while it lasts. */
  tick(seconds: number): void {
    if (typeof seconds !== 'number' || !Number.isFinite(seconds)) {
      throw wrongType('seconds', 'a finite number', seconds);
    }
    this.#life.checkLiving();
    this.#note(this.#rates.tick(seconds));
  }

  /** Ends the session of this name, or all that are open, and judges them; the longest silent first. */
  endSessions(name?: string): SessionReading[] {
    if (name !== undefined && typeof name !== 'string') throw wrongType('name', 'a string', name);
    this.#life.checkLiving();
    const names = name === undefined ? this.#sessions.names() : [name];
    return names.flatMap((each) => this.#sessions.end(each) ?? []);
  }

  /**
   * Reads a log to its end and gives what was found as it comes: alarms, bursts folded, spikes, silences and
   * missing lines, and odd sessions. Lines that are one event, such as an error and its stack trace, are joined.
   * The source is closed if the loop is left. Codes: `INVALID_ARGUMENT`; what a source throws is passed on.
   */
  async *watch(source: LogSource): AsyncGenerator<LogFinding, void, undefined> {
    this.#life.checkLiving();
    const watcher = this.#watcher();
    const turns = new Turns();
    for await (const lines of linesOf(source)) {
      if (lines === undefined) yield* watcher.idle();
      for (const line of lines ?? []) {
        yield* watcher.line(line);
        await turns.rest();
      }
    }
    yield* watcher.end();
  }

  /**
   * A web TransformStream that takes the pieces of a log, strings or bytes in UTF-8, and gives what `watch` does:
   * LogFindings. Node's `stream.pipeline` takes it too, and `Duplex.fromWeb` makes a stream of Node of it.
   */
  transform(): LogTransform {
    this.#life.checkLiving();
    const watcher = this.#watcher();
    return findingsStream(watcher) as LogTransform;
  }

  #watcher(): LogWatcher {
    return new LogWatcher(this);
  }

  /** All that was learnt, to be loaded on any machine and backend. It grows with what was read, to some MB. */
  save(): Bytes {
    this.#life.checkLiving();
    const to = new ByteWriter(MAGIC, VERSION);
    to.f64(this.alarmRate);
    to.text(patternTexts(this.#parts.options));
    to.count(this.#lines);
    this.#parts.memory.save(to);
    this.#sessions.save(to);
    this.#rates.save(to);
    to.text(JSON.stringify(this.#findings));
    return to.finish();
  }

  /** Frees the detector; calling it again does nothing. */
  destroy(): void {
    this.#life.destroy();
  }

  /** `destroy`, for `using log = await LogDetector.create()`. */
  [DISPOSE](): void {
    this.destroy();
  }
}
