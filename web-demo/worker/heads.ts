/**
 * heads.ts - finds the memory's matrices in a saved session, to look at them. The format is written
 * down at the head of src/model/session_state.c.
 * SPDX-License-Identifier: MIT
 */
import type { LlamaConfig } from 'bit-ttt';

import type { HeadMap } from '../protocol.js';

const HEADER_BYTES = 64;
const RECENT_BYTES = 4 * 64; // ids of the last tokens: BT_PENALTY_WINDOW of the core

/** All heads of all layers. `state` is what `session.save()` gave for a model of this shape. */
export function headsOf(config: LlamaConfig, state: Uint8Array): HeadMap[] {
  const body = state.slice(HEADER_BYTES + RECENT_BYTES); // at an address fit for floats
  const floats = new Float32Array(body.buffer, 0, body.length >> 2);
  const maps: HeadMap[] = [];
  let at = 0;
  config.mixers.forEach((mixer, layer) => {
    const induction = mixer === 'induction';
    const width = induction ? config.innerDim : config.hiddenDim / 4;
    const size = induction ? config.headDim : width;
    for (let head = 0; head < width / size; head++, at += size * size) {
      maps.push({ layer, head, size, values: floats.slice(at, at + size * size) });
    }
    at += 2 * width; // the last feature and reading
  });
  return maps;
}
