/**
 * line.ts - a line of a log or text, as the detector reads it.
 * SPDX-License-Identifier: MIT
 */
/** Longer lines are read in pieces of this many UTF-16 units, each a line of its own. */
export const MAX_LINE = 65536;

/** A line, or a piece of a long one. */
export interface Line {
  /** Counted from 1. */
  number: number;
  /** Where in its line the text begins, counted from 1: above 1 only for pieces. */
  column: number;
  /** Without its line end. */
  text: string;
}
