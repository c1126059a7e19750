/**
 * motion.ts - what moves, and for whom it does not.
 * SPDX-License-Identifier: MIT
 */

const reduced = matchMedia('(prefers-reduced-motion: reduce)');

/** Whether the person wants nothing to move. */
export const calm = (): boolean => reduced.matches;

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
