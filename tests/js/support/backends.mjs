// backends.mjs - runs the same tests on every backend, and the small tools that they share.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';

import { init, TTT, TTTError } from 'bit-ttt';

/** The repository's root. */
export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Both, unless a machine without a C++ compiler or Emscripten says which one it has. */
export const backends = (process.env.BIT_TTT_TEST_BACKENDS ?? 'native,wasm').split(',');

export const objectives = ['reconstruct', 'predict'];

/** A mocha block for each backend, which must load: a missing one fails, it is not passed over. */
export function onEachBackend(title, body) {
  for (const backend of backends) {
    describe(`${title} (${backend})`, () => {
      before(() => init({ backend }));
      body(backend, (options) => TTT.create({ hiddenDim: 16, ...options, backend }));
    });
  }
}

/**
 * How many turns the event loop has had when `work` is done: a number of events, which a busy machine
 * makes no smaller, as milliseconds would.
 */
export async function turnsDuring(work) {
  let turns = 0;
  let running = true;
  const count = () => {
    if (!running) return;
    turns++;
    setImmediate(count);
  };
  setImmediate(count);
  try {
    await work();
  } finally {
    running = false;
  }
  return turns;
}

/** Deterministic floats between -1 and 1. */
export function noise(length, seed = 1) {
  let state = seed >>> 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 23 - 1;
  });
}

/** Equal to the last bit; NaN equals NaN, and 0 is not -0. */
export function sameBits(actual, expected, message) {
  assert.equal(actual.length, expected.length, message);
  const a = Buffer.from(actual.buffer, actual.byteOffset, actual.byteLength);
  const b = Buffer.from(expected.buffer, expected.byteOffset, expected.byteLength);
  assert.ok(a.equals(b), message ?? 'the bits differ');
}

function checkError(error, code, pattern) {
  assert.ok(error instanceof TTTError, `not a TTTError: ${error?.stack ?? error}`);
  if (code) assert.equal(error.code, code, error.message);
  assert.ok(Number.isInteger(error.status) && error.status > 0);
  if (pattern) assert.match(error.message, pattern);
  return error;
}

/** The call must throw a TTTError with this code; returns it. */
export function fails(call, code, pattern) {
  let error;
  try {
    call();
  } catch (caught) {
    error = caught;
  }
  assert.ok(error, `nothing was thrown, expected ${code}`);
  return checkError(error, code, pattern);
}

/** The promise must be rejected, never throw at once, with a TTTError of this code. */
export async function rejects(call, code, pattern) {
  const promise = call();
  assert.ok(promise instanceof Promise);
  let error;
  await promise.catch((caught) => (error = caught));
  assert.ok(error, `the promise was fulfilled, expected ${code}`);
  return checkError(error, code, pattern);
}

/** Runs `attempt`, which must fail, and checks that it left the layer's memory as it was. */
export async function unharmed(layer, attempt) {
  const before = layer.saveState();
  const result = await attempt();
  sameBits(layer.saveState(), before, 'the memory has changed');
  return result;
}
