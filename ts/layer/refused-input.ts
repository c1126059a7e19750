/**
 * refused-input.ts - why tokens were not read.
 * SPDX-License-Identifier: MIT
 */
import { findNonFinite } from '../common/args.js';
import { plainView } from '../common/brands.js';
import type { TTTError } from '../common/errors.js';
import { errorOf, statusOf } from '../common/errors.js';

/** The error for a status that reading tokens gave; it names the wrong value if there is one. */
export function readError(status: number, input: Float32Array): TTTError {
  if (status !== statusOf('NON_FINITE')) return errorOf(status);
  const values = plainView(input);
  const at = findNonFinite(values);
  const what = at < 0 ? 'the input held a NaN or an infinity' : `input[${at}] is ${values[at]}`;
  return errorOf(status, `${what}; all values must be finite`);
}
