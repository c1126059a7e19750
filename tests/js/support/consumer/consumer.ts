// consumer.ts - a user's file, compiled against the packed package: types resolve and are right.
// SPDX-License-Identifier: MIT

import type {
  BackendInfo,
  Observation,
  SignalDetectorOptions,
  SignalReading,
  TTTErrorCode,
  TTTOptions,
  TTTWeights,
} from 'bit-ttt';
import { conformanceHash, getInfo, init, SignalDetector, setKernel, TTT, TTTError } from 'bit-ttt';
import { TTT as NativeTTT } from 'bit-ttt/native';
import { TTT as WasmTTT } from 'bit-ttt/wasm';

export async function use(): Promise<number> {
  const options: TTTOptions = { hiddenDim: 64, innerLr: 0.1, objective: 'predict', seed: 5n };
  using layer = await TTT.create(options);
  const out: Float32Array<ArrayBuffer> = layer.forward(new Float32Array(64));
  const seen: Observation = layer.observe(out, { surprise: new Float32Array(1) });
  const controller = new AbortController();
  await layer.forwardAsync(seen.output, { signal: controller.signal, output: out });
  const state: Uint8Array<ArrayBuffer> = layer.saveState();
  layer.loadState(state.buffer);
  const weights: TTTWeights = layer.getWeights();
  layer.clone().setWeights(weights);
  const info: BackendInfo = await getInfo({ backend: 'auto', wasm: new URL('file:///x') });
  await init();
  await setKernel(info.kernels[0] ?? 'auto', { backend: info.backend });
  const hash: string = await conformanceHash();
  const print: bigint = layer.fingerprint;
  return hash.length + layer.tokensSeen + Number(print) + WasmTTT.length + NativeTTT.length;
}

export async function watch(): Promise<[number, boolean]> {
  const options: SignalDetectorOptions = { alarmRate: 0.001 };
  const signal = await SignalDetector.create(options);
  const seen: SignalReading = signal.read(20.5, new Date());
  signal.read(null, 1.7e9);
  const [low, high]: [number, number] = seen.expected;
  const bytes: Uint8Array<ArrayBuffer> = signal.save();
  const loaded: SignalDetector = await SignalDetector.load(bytes, { alarmRate: signal.alarmRate });
  return [high - low + seen.score + loaded.valuesSeen, seen.alarm && seen.warm];
}

declare const signal: SignalDetector;
// @ts-expect-error: detectors are made by SignalDetector.create
new SignalDetector();
// @ts-expect-error: not a number
signal.read('20.5');

export function explain(error: unknown): TTTErrorCode | undefined {
  if (!(error instanceof TTTError)) return undefined;
  const status: number = error.status;
  return status > 0 ? error.code : undefined;
}

declare const layer: TTT;
// @ts-expect-error: layers are made by TTT.create
new TTT();
// @ts-expect-error: hiddenDim is required
void TTT.create({});
// @ts-expect-error: not an objective
void TTT.create({ hiddenDim: 64, objective: 'guess' });
// @ts-expect-error: not a Float32Array
layer.forward([1, 2, 3]);
// @ts-expect-error: read-only
layer.hiddenDim = 5;
