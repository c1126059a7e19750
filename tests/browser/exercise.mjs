// What a browser user does with the package, from the built browser bundle.
// SPDX-License-Identifier: MIT

import * as library from '/dist/browser.mjs';
import { conformanceHash, getInfo, TTT, TTTError } from '/dist/browser.mjs';
import { makeInput, readLog, readSignal, tellStory } from './input.mjs';

export async function exercise() {
  const info = await getInfo();
  const layer = await TTT.create({ hiddenDim: 64, objective: 'predict' });
  const input = makeInput(64 * 100);
  const output = layer.forward(input);
  const memory = layer.saveState();
  const later = await layer.forwardAsync(input);
  let code = 'none';
  try {
    layer.forward(new Float32Array(64).fill(NaN));
  } catch (error) {
    code = error instanceof TTTError ? error.code : String(error);
  }
  layer.destroy();
  return {
    backend: info.backend,
    kernel: info.kernel,
    hash: await conformanceHash(),
    output: [...output.subarray(0, 64)],
    later: [...later.subarray(0, 64)],
    memory: [...memory],
    code,
    story: await tellStory(library),
    signal: await readSignal(library),
    log: await readLog(library),
  };
}
