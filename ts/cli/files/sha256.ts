/**
 * sha256.ts - the digest that files carry of their parts.
 * SPDX-License-Identifier: MIT
 */
import { createHash } from 'node:crypto';

/** In hexadecimal digits; a text is taken as UTF-8. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
