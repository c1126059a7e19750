// counted-wasm.mjs - the WebAssembly module with its blocks and objects counted, each call of it
// recorded, and any one call made to fail.
//
// What the module's own C code allocates inside is counted by the C tests (tests/c/test_faults.c,
// test_model_faults.c); here it is what JavaScript asks for: blocks, and objects by their address.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { root } from './backends.mjs';

const OUT_OF_MEMORY = 6;

/** What makes something that must be given back: from a result, or the index of an out pointer. */
const MAKERS = {
  malloc: 'result',
  ttt_clone: 'result',
  ttt_create_from_config: 1,
  ttt_recall_create: 1,
  ttt_recall_clone: 1,
  bitllama_open: 4,
  bitllama_open_sharded: 6,
  bitllama_session_create_with: 2,
  bitllama_session_fork: 1,
  bitllama_trainer_create: 4,
  bitllama_trainer_model: 3,
};

/** Where a failure is also described: the index of the pointer to it. */
const ERRORS = {
  bitllama_open: 5,
  bitllama_open_sharded: 7,
  bitllama_rewrite: 4,
  bitllama_trainer_create: 5,
  bitllama_trainer_load: 3,
};

const FREERS = [
  'free',
  'ttt_destroy',
  'ttt_recall_destroy',
  'bitllama_release',
  'bitllama_session_destroy',
  'bitllama_trainer_destroy',
];

/** The functions that the module exports, by the types that ts/engine/wasm/exports.ts gives them. */
const typed = [
  ...readFileSync(`${root}ts/engine/wasm/exports.ts`, 'utf8').matchAll(
    /^ {2}(\w+): (Call|BigCall);$/gm,
  ),
].map(([, name, type]) => [name, type]);
export const listed = typed.map(([name]) => name);

/** What cannot fail, as it gives no status. */
const SURE = [
  ...FREERS,
  ...typed.filter(([, type]) => type === 'BigCall').map(([name]) => name),
  ...['ttt_threads', 'ttt_state_size', 'ttt_footprint', 'ttt_version', 'ttt_kernel'],
  ...['ttt_kernel_count', 'ttt_kernel_name', 'ttt_kernel_usable', 'bitllama_config_json'],
  ...['bitllama_tokenizer_json', 'bitllama_model_footprint', 'bitllama_session_footprint'],
  ...['bitllama_trainer_footprint', 'bitllama_session_state_size', 'bitllama_trainer_state_size'],
  ...['ttt_recall_footprint', 'ttt_recall_state_size'],
];

export class CountedWasm {
  /** What was made and not yet given back: the maker's name by address. */
  live = new Map();
  /** The results that each function has had; of those without a status, undefined. */
  results = new Map();
  /** Calls that may fail until one is made to; undefined: none is. */
  failAfter = undefined;

  /** Exports in place of an instance's. */
  wrap(exports) {
    this.memory = exports.memory;
    const wrapped = { memory: exports.memory, _initialize: exports._initialize };
    for (const name of listed) wrapped[name] = this.#wrapped(name, exports[name]);
    return wrapped;
  }

  #wrapped(name, call) {
    const results = new Set();
    this.results.set(name, results);
    if (FREERS.includes(name)) {
      return (pointer) => {
        results.add(undefined);
        if (!this.live.delete(pointer)) throw new Error(`${name} of what is not there`);
        call(pointer);
      };
    }
    if (SURE.includes(name)) {
      return (...args) => {
        results.add(undefined);
        return call(...args);
      };
    }
    const maker = MAKERS[name];
    return (...args) => {
      const failed = this.#mustFail();
      const result = failed ? (maker === 'result' ? 0 : OUT_OF_MEMORY) : call(...args) >>> 0;
      if (failed && ERRORS[name] !== undefined) this.#describe(args[ERRORS[name]]);
      if (maker === 'result') {
        results.add(result === 0 ? OUT_OF_MEMORY : 0);
        if (result !== 0) this.live.set(result, name);
      } else {
        results.add(result);
        if (maker !== undefined && result === 0) this.live.set(this.#word(args[maker]), name);
      }
      return result;
    };
  }

  #word(pointer) {
    return new DataView(this.memory.buffer).getUint32(pointer, true);
  }

  /** A ttt_error without words. */
  #describe(error) {
    const view = new DataView(this.memory.buffer, error);
    view.setUint32(0, OUT_OF_MEMORY, true);
    view.setBigUint64(8, 0n, true);
    view.setUint8(16, 0);
  }

  #mustFail() {
    if (this.failAfter === undefined) return false;
    if (this.failAfter-- > 0) return false;
    this.failAfter = undefined;
    return true;
  }

  /** What is live, by its maker. */
  counts() {
    const found = {};
    for (const name of this.live.values()) found[name] = (found[name] ?? 0) + 1;
    return found;
  }
}

/** Has the package make its instance of `module`, the next one, with counted exports. */
export function interceptNext(module, counted) {
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (given, imports) => {
    const instance = await instantiate(given, imports);
    if (given !== module) return instance;
    WebAssembly.instantiate = instantiate;
    return { exports: counted.wrap(instance.exports) };
  };
}

/** The error of a run in which one call of the module was made to fail may only be of that. */
function checkError(error) {
  if (!error || error.code === 'ERR_ASSERTION') return; // another result than without the failure
  assert.equal(error.code, 'OUT_OF_MEMORY', error.stack);
}

/**
 * Runs an exercise, which destroys what it makes, then again and again with the first call of the module
 * failing, the second, and so on. Each time everything must have been given back.
 */
export async function walkFailures(counted, exercise, isAlive) {
  await exercise(); // work space, which stays, is made now
  const before = counted.counts();
  await exercise();
  assert.deepEqual(counted.counts(), before);
  let reached = true;
  let calls = 0;
  for (; reached && calls < 2000; calls++) {
    counted.failAfter = calls;
    checkError(
      await exercise().then(
        () => undefined,
        (error) => error,
      ),
    );
    reached = counted.failAfter === undefined;
    counted.failAfter = undefined;
    assert.ok(isAlive(), `the instance was given up after call ${calls} failed`);
    for (const [name, count] of Object.entries(counted.counts())) {
      assert.ok(count <= (before[name] ?? 0), `${name}: ${count}, after call ${calls} failed`);
    }
  }
  await exercise();
  assert.deepEqual(counted.counts(), before);
  assert.ok(calls > 1, 'no call could be made to fail');
}
