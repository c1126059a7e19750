/**
 * measurement.ts - figures of the benchmark; types only, which the demo shares.
 * SPDX-License-Identifier: MIT
 */
/** What is measured: an engine and how it is used. */
export interface Engine {
  target: 'native' | 'wasm' | 'js';
  kernel: string;
  threads: number;
}

/** One figure; the keys are those of `bench --json`. */
export interface Measurement extends Engine {
  hidden_dim: number;
  seq_len: number;
  /** Median over the samples. */
  tokens_per_second: number;
  /** (fastest - slowest) / median; 0 if there is one sample only. */
  spread: number;
  samples: number;
}
