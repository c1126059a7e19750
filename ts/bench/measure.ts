/**
 * measure.ts - times the layer on every engine and in plain JavaScript, in rounds that go through all
 * of these contestants in turn, so that a busy moment of the machine slows all alike.
 * SPDX-License-Identifier: MIT
 */
import type { BackendOptions } from 'bit-ttt';
import { setKernel, TTT } from 'bit-ttt';
import { PlainLayer } from './plain-js.js';

/** What is measured: an engine with a kernel and threads, or plain JavaScript. */
export interface Contestant {
  target: 'native' | 'wasm' | 'js';
  kernel: string;
  threads: number;
}

/** One figure; the keys are those of `bench --json`. */
export interface Measurement extends Contestant {
  hidden_dim: number;
  seq_len: number;
  /** Median over the samples. */
  tokens_per_second: number;
  /** (fastest - slowest) / median; 0 if there is one sample only. */
  spread: number;
  samples: number;
}

/** Tokens per call that are measured. */
export const SEQ_LENS: readonly number[] = [1, 1000];

/** Rounds over all contestants. */
export const ROUNDS = 5;

type Forward = (input: Float32Array, output: Float32Array) => void;

/** Where the WebAssembly module is, if the package does not carry it. */
type Module = Pick<BackendOptions, 'wasm'>;

/** A layer of one contestant, ready to run. */
interface Runner {
  contestant: Contestant;
  activate(): Promise<void>;
  forward: Forward;
  destroy(): void;
}

/** Uniform numbers from -1 to 1, the same on every machine. */
function makeInput(floats: number): Float32Array {
  const input = new Float32Array(floats);
  let state = 12345;
  for (let i = 0; i < floats; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    input[i] = state / 2 ** 31;
  }
  return input;
}

async function makeRunner(contestant: Contestant, dim: number, module: Module): Promise<Runner> {
  const { target, kernel, threads } = contestant;
  if (target === 'js') {
    const layer = await TTT.create({ hiddenDim: dim, ...module });
    const plain = new PlainLayer(dim, layer.innerLr, layer.objective, layer.getWeights());
    layer.destroy();
    return {
      contestant,
      activate: async () => {},
      forward: (input, output) => plain.forward(input, output),
      destroy: () => {},
    };
  }
  const layer = await TTT.create({ hiddenDim: dim, backend: target, threads, ...module });
  return {
    contestant,
    activate: () => setKernel(kernel, { backend: target, ...module }),
    forward: (input, output) => void layer.forward(input, output),
    destroy: () => layer.destroy(),
  };
}

/** Seconds that `calls` calls take. */
function time(forward: Forward, input: Float32Array, output: Float32Array, calls: number): number {
  const start = performance.now();
  for (let i = 0; i < calls; i++) forward(input, output);
  return (performance.now() - start) / 1000;
}

/** Tokens per second over about `seconds` of calls, at least one; [figure, seconds taken]. */
function sample(
  forward: Forward,
  input: Float32Array,
  output: Float32Array,
  tokens: number,
  seconds: number,
): [number, number] {
  let calls = 0;
  let taken = 0;
  let step = 1;
  while (taken < seconds) {
    const spent = time(forward, input, output, step);
    calls += step;
    taken += spent;
    if (spent < seconds / 50)
      step *= 2; // so that the clock costs nothing
    else if (taken + spent > 1.5 * seconds) break;
  }
  return [(calls * tokens) / taken, taken];
}

/** The middle of the figures. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** One thing to measure and what came out so far. */
interface Cell {
  runner: Runner;
  tokens: number;
  figures: number[];
  seconds: number;
}

function summary({ runner, tokens, figures }: Cell, dim: number): Measurement {
  const middle = median(figures);
  return {
    ...runner.contestant,
    hidden_dim: dim,
    seq_len: tokens,
    tokens_per_second: Number(middle.toPrecision(6)),
    spread: Number(((Math.max(...figures) - Math.min(...figures)) / middle).toFixed(4)),
    samples: figures.length,
  };
}

/**
 * Measures all contestants at one hidden_dim, each for about `seconds` per length of call, or for one
 * call if that takes longer. `onProgress` gets a line on what is being measured; `module` is for contestants on WebAssembly.
 */
export async function measureDim(
  contestants: readonly Contestant[],
  dim: number,
  seconds: number,
  onProgress: (text: string) => void,
  module: Module = {},
): Promise<Measurement[]> {
  const input = makeInput(Math.max(...SEQ_LENS) * dim);
  const output = new Float32Array(input.length);
  const runners = await Promise.all(
    contestants.map((contestant) => makeRunner(contestant, dim, module)),
  );
  const cells: Cell[] = SEQ_LENS.flatMap((tokens) =>
    runners.map((runner) => ({ runner, tokens, figures: [], seconds: 0 })),
  );
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const cell of cells) {
        if (cell.seconds >= 1.2 * seconds) continue;
        const { runner, tokens } = cell;
        const { target, kernel } = runner.contestant;
        onProgress(`hidden_dim ${dim}, round ${round + 1} of ${ROUNDS}, ${target} ${kernel}`);
        await runner.activate();
        const single = [input.subarray(0, dim), output.subarray(0, dim)] as const;
        sample(runner.forward, ...single, 1, round === 0 ? 0.02 : 0); // warm up
        const whole = [input.subarray(0, tokens * dim), output.subarray(0, tokens * dim)] as const;
        const [figure, taken] = sample(runner.forward, ...whole, tokens, seconds / ROUNDS);
        cell.figures.push(figure);
        cell.seconds += taken;
      }
    }
  } finally {
    for (const runner of runners) runner.destroy();
  }
  return cells.map((cell) => summary(cell, dim));
}
