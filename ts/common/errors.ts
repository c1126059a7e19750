/**
 * errors.ts - the one error class: a `code` to switch on and the numeric `status` of the C ABI.
 * What the command imports may use nothing but TTTError of this file, as the command's bundle takes
 * that class from the package (scripts/bundle.mjs).
 * SPDX-License-Identifier: MIT
 */
import { describe } from './brands.js';

/** Every code with its number: 1 to 59 and 99 are the core's, the others the package's own. */
const STATUS = {
  NULL_POINTER: 1,
  DIMENSION_MISMATCH: 2,
  NON_FINITE: 3,
  INPUT_RANGE: 4,
  DIVERGED: 5,
  OUT_OF_MEMORY: 6,
  INVALID_CONFIG: 7,
  INVALID_WEIGHTS: 8,
  OVERLAP: 9,
  UNKNOWN_KERNEL: 10,
  UNSUPPORTED_KERNEL: 11,
  BUFFER_SIZE: 12,
  STATE_DAMAGED: 20,
  STATE_VERSION: 21,
  STATE_DIMENSIONS: 22,
  STATE_LEARNING_RATE: 23,
  STATE_OBJECTIVE: 24,
  STATE_WEIGHTS: 25,
  STATE_RECALL: 26,
  STATE_RULE: 27,
  INVALID_TOKEN: 30,
  INVALID_OPTION: 31,
  INVALID_PROBABILITY: 32,
  MODEL_FORMAT: 40,
  MODEL_VERSION: 41,
  MODEL_CONFIG: 42,
  MODEL_TENSOR: 43,
  MODEL_NON_FINITE: 44,
  CHECKPOINT: 45,
  INVALID_DATA: 46,
  INVALID_ARGUMENT: 60,
  DESTROYED: 61,
  BUSY: 62,
  ABORTED: 63,
  BACKEND_UNAVAILABLE: 64,
  POISONED: 65,
  INVALID_TOKENIZER: 66,
  MODEL_UNAVAILABLE: 67,
  MODEL_TOO_LARGE: 68,
  PANIC: 99,
} as const;

/** What went wrong, as a word: each is explained in the guide on errors. */
export type TTTErrorCode = keyof typeof STATUS;

/** Messages for errors that come as a bare status. */
const TEXT: Partial<Record<TTTErrorCode, string>> = {
  INPUT_RANGE: 'an input value is finite, but so large that its projection would overflow',
  DIVERGED:
    'the memory grows without bound with this innerLr (0 to below 2 is stable); ' +
    'nothing was changed',
  OUT_OF_MEMORY: 'out of memory (or of threads); nothing was changed',
  STATE_DAMAGED: 'not a saved state, or a truncated or altered one',
  STATE_VERSION: 'the state was written by a newer version of bit-ttt',
  STATE_DIMENSIONS: 'the state is of a layer with another hiddenDim',
  STATE_LEARNING_RATE: 'the state is of a layer with another innerLr',
  STATE_OBJECTIVE: 'the state is of a layer with another objective',
  STATE_WEIGHTS: 'the state is of a layer with other weights (another seed?)',
  STATE_RECALL: 'the state is of a session with another recall',
  STATE_RULE: 'the state is of a layer with another rule, forgetting or ridge',
  INVALID_TOKEN: 'a token id is not below the size of the vocabulary',
  INVALID_OPTION: 'an option is out of its range',
  INVALID_PROBABILITY: 'a probability is not a number from 0 to 1',
  INVALID_DATA: 'the data cannot be used',
  MODEL_FORMAT: 'the bytes are no model file',
  MODEL_VERSION: 'the model is of a version of the format that this bit-ttt cannot read',
  MODEL_CONFIG: 'the configuration of the model is not usable',
  MODEL_TENSOR: 'a tensor of the model is missing, or not what the configuration says',
  MODEL_NON_FINITE:
    'a weight is not finite, or too large to be stored: a training with a smaller learning rate ' +
    'may help',
  CHECKPOINT: 'not a checkpoint of this training, or a damaged one',
  DESTROYED: 'the layer was destroyed',
  BUSY: 'an asynchronous call is at work on this layer; wait for its promise',
  POISONED:
    'the WebAssembly instance failed in the middle of a call and cannot be trusted any more; ' +
    'create new layers and load their last saved states',
};

function causeIn(options: { cause?: unknown } | undefined): { cause?: unknown } {
  try {
    return options && 'cause' in options ? { cause: options.cause } : {};
  } catch {
    return {};
  }
}

/**
 * Any failure of the package. `status` is the number that the C functions return for it.
 *
 * @example
 * ```js
 * import { TTT, TTTError } from 'bit-ttt';
 *
 * const error = await TTT.create({ hiddenDim: 3 }).catch((reason) => reason);
 * console.log(error instanceof TTTError, error.code, error.status);
 * console.log(error.message);
 * ```
 *
 * ```text
 * true DIMENSION_MISMATCH 2
 * hiddenDim must be an integer from 4 to 65536, not 3
 * ```
 */
export class TTTError extends Error {
  readonly code: TTTErrorCode;
  readonly status: number;

  constructor(code: TTTErrorCode, message: string, options?: { cause?: unknown }) {
    // Never fails itself, whatever it is given.
    super(typeof message === 'string' ? message : describe(message), causeIn(options));
    this.code = code;
    this.status =
      typeof code === 'string' && Object.hasOwn(STATUS, code) ? STATUS[code] : STATUS.PANIC;
  }

  /** `AbortError` for an aborted call, as everywhere on the platform; otherwise `TTTError`. */
  override get name(): string {
    return this.code === 'ABORTED' ? 'AbortError' : 'TTTError';
  }
}

/** The code of a status; PANIC for an unknown one. */
export function codeOf(status: number): TTTErrorCode {
  const codes = Object.keys(STATUS) as TTTErrorCode[];
  return codes.find((code) => STATUS[code] === status) ?? 'PANIC';
}

/** The status of a code. */
export function statusOf(code: TTTErrorCode): number {
  return STATUS[code];
}

/** An error for a bare status, with its general text unless a better one is given. */
export function errorOf(status: number, message?: string): TTTError {
  const code = codeOf(status);
  return new TTTError(code, message ?? TEXT[code] ?? `internal failure (status ${status})`);
}
