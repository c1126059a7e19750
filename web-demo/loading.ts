/**
 * loading.ts - how far a model's file is downloaded, in a sentence.
 * SPDX-License-Identifier: MIT
 */
import type { Calls, ModelName } from './protocol.js';

/** Shows what is waited for, and how much of it is done, in percent. */
export type Report = (text: string, done?: number) => void;

const CALLED: Record<ModelName, string> = { english: 'the English model', stories: 'the model' };

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** What is said of a download, and its percentage if it is known. */
export function loadingText(
  name: ModelName,
  { bytes, total }: Calls['open']['event'],
): [text: string, done: number] {
  const what = `Loading ${CALLED[name]}`;
  if (total === undefined) return [`${what}, ${megabytes(bytes)} so far`, 0];
  const done = Math.floor((100 * bytes) / total);
  return [`${what}, ${done} % of ${megabytes(total)}`, done];
}
