/**
 * growth.mjs - reads long streams and keeps many sessions: `layer|model N speed|memory`,
 * `sessions N speed|memory`; tokens/s, or resident MB. N only grows within a kind.
 * SPDX-License-Identifier: MIT
 */
import { BitLlama, getInfo, TTT } from 'bit-ttt';
import { modelUrl } from 'bit-ttt/models/stories';
import { serveJobs } from '../lib/contestant.mjs';

const DIM = 128;
const PART = 1000;

const seconds = (work) => {
  const begin = performance.now();
  work();
  return (performance.now() - begin) / 1000;
};

/** A stream that goes on where it stopped; the speed is that of its last parts. */
function stream(read, seen) {
  let rate = 0;
  return (n) => {
    const parts = Math.max(1, Math.round((n - seen()) / PART));
    const times = [];
    for (let i = 0; i < parts; i++) times.push(seconds(read));
    const last = times.slice(-200).sort((a, b) => a - b);
    if (seen() <= n + PART) rate = PART / last[Math.floor(last.length / 2)];
    return rate;
  };
}

async function layerStream() {
  const layer = await TTT.create({ hiddenDim: DIM });
  const input = Float32Array.from(
    { length: PART * DIM },
    (_, i) => Math.sin(i * 0.7) + Math.sin(i * i),
  );
  const output = new Float32Array(input.length);
  for (let i = 0; i < 20; i++) layer.forward(input, output); // the processor wakes up, pages come in
  layer.reset();
  return stream(
    () => layer.forward(input, output),
    () => Number(layer.tokensSeen),
  );
}

async function modelStream() {
  const model = await BitLlama.load(modelUrl);
  const session = model.createSession({ recall: false });
  const ids = Uint32Array.from({ length: PART }, (_, i) => (i * 7919) % model.config.vocabSize);
  return stream(
    () => session.read(ids),
    () => Number(session.tokensSeen),
  );
}

async function manySessions() {
  const model = await BitLlama.load(modelUrl);
  const sessions = [];
  return (n) => {
    while (sessions.length < n) sessions.push(model.createSession({ recall: false }));
    const turns = Math.max(1, Math.ceil(2000 / n));
    const read = () => {
      for (let turn = 0; turn < turns; turn++)
        for (const session of sessions) session.read(Uint32Array.of((turn * 31) % 2048));
    };
    read();
    return (turns * n) / seconds(read);
  };
}

const makers = { layer: layerStream, model: modelStream, sessions: manySessions };
const made = new Map();
const { version, kernel } = await getInfo();

await serveJobs(`${version} ${kernel}`, async ([kind, count, what]) => {
  if (!makers[kind]) throw new Error('unknown job');
  if (!made.has(kind)) made.set(kind, await makers[kind]());
  if (what === 'speed') return made.get(kind)(Number(count));
  globalThis.gc?.();
  return process.memoryUsage().rss / 1e6;
});
