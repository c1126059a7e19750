/**
 * fetching.ts - shows how far the files of the models are downloaded.
 * SPDX-License-Identifier: MIT
 */
import { find } from './dom.js';
import type { Calls, ModelName } from './protocol.js';

const CALLED: Record<ModelName, string> = {
  english: 'the English model',
  stories: 'the stories\u2019 model',
};

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

/** Shows a download; without a value it has ended. */
export function showFetching(name: ModelName, progress?: Calls['open']['event']): void {
  const place = find(document, '#fetching');
  const bar = find<HTMLProgressElement>(place, 'progress');
  place.hidden = progress === undefined;
  if (progress === undefined) return;
  const { bytes, total } = progress;
  const size = total === undefined ? '' : ` of ${megabytes(total)}`;
  find(place, 'span').textContent = `Fetching ${CALLED[name]}: ${megabytes(bytes)}${size} MB`;
  if (total === undefined) bar.removeAttribute('value');
  else bar.value = bytes / total;
}
