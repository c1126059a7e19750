/**
 * adapt-measure.ts - whether a model learns while it reads, in nats per token.
 * SPDX-License-Identifier: MIT
 */
import type { BitLlama, Session } from 'bit-ttt';
import { Turns } from '../../common/turns.js';
import type { Recall } from '../files/session-state.js';

/** Tokens that are read in one call; signals are handled between calls. */
const READ_AT_ONCE = 256;

/** What to measure on a text; lengths are in tokens. */
export interface AdaptPlan {
  /** Length of a passage. */
  passage: number;
  /** Number of passages. */
  passages: number;
  /** Number of places in the text where `before` and then `after` are read. */
  places: number;
  /** Read first; the memory learns all of it, or only its `beginning`. */
  before: number;
  /** After this much of `before` the memory is frozen. */
  beginning: number;
  /** Read next, and measured. */
  after: number;
}

/** Mean losses of passages that are read twice, in nats per token. */
export interface Readings {
  first: number;
  /** The second time, with the memory of the first. */
  second: number;
  /** The second time, with the memory frozen after the first. */
  frozen: number;
  /** The second time, with an empty memory. */
  fresh: number;
  /** The second time, with the memory saved and restored into another session. */
  restored: number;
  /** Whether that gave the same bits as `second` for each token. */
  restoredSame: boolean;
}

/** Mean losses of the rest of a text, in nats per token. */
export interface Rests {
  /** With the memory of all that came before. */
  learned: number;
  /** With the memory frozen after a short beginning. */
  frozen: number;
  /** With an empty memory. */
  fresh: number;
}

/** What was measured at so many places of a text, of each recall in turn. */
export interface Measured<T> {
  count: number;
  of: T[];
}

/** The starts of `count` ranges of `length` tokens, evenly spaced; fewer if they would overlap. */
export function evenStarts(total: number, length: number, count: number): number[] {
  const most = Math.min(count, Math.floor(total / length));
  if (most <= 1) return most === 1 ? [0] : [];
  return Array.from({ length: most }, (_, i) => Math.floor((i * (total - length)) / (most - 1)));
}

const sumNats = (logProbabilities: Float32Array): number =>
  logProbabilities.reduce((nats, logP) => nats - logP, 0);

function sameBits(a: Float32Array, b: Float32Array): boolean {
  const bytes = (x: Float32Array): Buffer => Buffer.from(x.buffer, x.byteOffset, x.byteLength);
  return bytes(a).equals(bytes(b));
}

/** Two sessions with the same recall, which are used for all readings. */
interface Pair {
  main: Session;
  other: Session;
}

/** Measures one model, with each of some recalls in turn. */
export class AdaptMeasure {
  private readonly pairs: Pair[] = [];
  /** One for all readings: with one for each, many short readings would keep signals waiting. */
  private readonly turns = new Turns();

  /**
   * `start` is read before each text and not counted: the end-of-text token, if there is one. After
   * `stop` the results are those of the passages and places until then.
   */
  constructor(
    model: BitLlama,
    recalls: readonly Recall[],
    private readonly start: Uint32Array,
    private readonly progress: (share: number) => void,
    private readonly stop: AbortSignal,
  ) {
    for (const recall of recalls) {
      const main = model.createSession({ recall });
      this.pairs.push({ main, other: main.fork() });
    }
  }

  destroy(): void {
    for (const { main, other } of this.pairs) {
      main.destroy();
      other.destroy();
    }
  }

  /** Reads tokens, and gives log p of each. */
  private async read(session: Session, ids: Uint32Array): Promise<Float32Array> {
    const all = new Float32Array(ids.length);
    for (let at = 0; at < ids.length; at += READ_AT_ONCE) {
      all.set(session.read(ids.subarray(at, at + READ_AT_ONCE)).logProbabilities, at);
      await this.turns.rest();
    }
    return all;
  }

  private async begin(session: Session): Promise<void> {
    session.freeze(false);
    session.reset();
    if (this.start.length > 0) await this.read(session, this.start);
  }

  /** Calls `measure` for each start and pair in turn, until `stop`. */
  private async each<T>(
    starts: readonly number[],
    first: () => T,
    measure: (start: number, pair: Pair, sums: T) => Promise<void>,
  ): Promise<Measured<T>> {
    const of = this.pairs.map(first);
    let count = 0;
    for (const start of starts) {
      if (this.stop.aborted) break;
      for (const [i, pair] of this.pairs.entries()) await measure(start, pair, of[i]!);
      this.progress(++count / starts.length);
    }
    return { count, of };
  }

  /** Reads a passage twice, the second time with each kind of memory, and adds what it costs. */
  private async readTwice({ main, other }: Pair, part: Uint32Array, sums: Readings): Promise<void> {
    await this.begin(main);
    sums.first += sumNats(await this.read(main, part));
    const state = main.save();
    const second = await this.read(main, part);
    sums.second += sumNats(second);
    main.restore(state);
    main.freeze(true);
    sums.frozen += sumNats(await this.read(main, part));
    await this.begin(main);
    sums.fresh += sumNats(await this.read(main, part));
    other.reset();
    other.restore(state);
    const restored = await this.read(other, part);
    sums.restored += sumNats(restored);
    sums.restoredSame &&= sameBits(second, restored);
  }

  /** Reads passages twice, the second time with each kind of memory. */
  async readings(ids: Uint32Array, { passage, passages }: AdaptPlan): Promise<Measured<Readings>> {
    const found = await this.each(
      evenStarts(ids.length, passage, passages),
      () => ({ first: 0, second: 0, frozen: 0, fresh: 0, restored: 0, restoredSame: true }),
      (at, pair, sums) => this.readTwice(pair, ids.subarray(at, at + passage), sums),
    );
    const mean = ({ restoredSame, ...sums }: Readings): Readings => {
      return { ...means(sums, found.count * passage), restoredSame };
    };
    return { count: found.count, of: found.of.map(mean) };
  }

  /** Reads the rest of a text with each kind of memory. */
  async rests(ids: Uint32Array, plan: AdaptPlan): Promise<Measured<Rests>> {
    const { places, before, beginning, after } = plan;
    const none = (): Rests => ({ learned: 0, frozen: 0, fresh: 0 });
    const starts = evenStarts(ids.length, before + after, places);
    const found = await this.each(starts, none, async (at, { main }, sums) => {
      const rest = ids.subarray(at + before, at + before + after);
      await this.begin(main);
      await this.read(main, ids.subarray(at, at + before));
      sums.learned += sumNats(await this.read(main, rest));
      await this.begin(main);
      await this.read(main, ids.subarray(at, at + beginning));
      main.freeze(true);
      await this.read(main, ids.subarray(at + beginning, at + before));
      sums.frozen += sumNats(await this.read(main, rest));
      await this.begin(main);
      sums.fresh += sumNats(await this.read(main, rest));
    });
    return { count: found.count, of: found.of.map((sums) => means(sums, found.count * after)) };
  }
}

/** Each sum divided by the number of tokens. */
function means<T extends object>(sums: T, tokens: number): T {
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / tokens])) as T;
}
