/**
 * training.mjs - training a Bit-Llama of 1.3 M parameters, ours beside the same in PyTorch (Debian's
 * python3-torch), which is shown to be the same first.
 * SPDX-License-Identifier: MIT
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Trainer } from 'bit-ttt';
import { startProcess } from '../lib/contestant.mjs';
import { interleave, ratioOf } from '../lib/measure.mjs';

export const title = 'Training: 128 wide, 4 layers, 2,048 tokens, batch 16 of 128';

const MIXERS = { quick: ['induction', 'reconstruct'], full: ['induction', 'predict', 'reconstruct'] };
const AIMS = { induction: 1.6, reconstruct: 1.3 };
/**
 * Mean difference of log-probabilities up to which two models count as the same: values at the edge between
 * two int8 steps fall either way (0.004 nats); other gates, to compare, make 0.13, no memory 0.16.
 */
const SAME = 1e-2;
/** The shape of the C program's job, which is bitllama_config_init's. */
const CONFIG = { vocabSize: 2048, innerDim: 64, headDim: 32 };
const script = fileURLToPath(new URL('../contestants/torch_train.py', import.meta.url));
const common = { suite: 'training', unit: 'tokens/s', higherIsBetter: true };

/** Debian's Python, as that is what python3-torch belongs to. */
function pythonWithTorch() {
  const has = () => {
    try {
      execFileSync('/usr/bin/python3', ['-c', 'import torch'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };
  if (has()) return '/usr/bin/python3';
  if (process.getuid?.() === 0)
    execFileSync('apt-get', ['install', '-y', 'python3-torch'], { stdio: 'ignore' });
  if (!has()) throw new Error('Debian\'s python3-torch is not installed');
  return '/usr/bin/python3';
}

/** What ours thinks of some tokens, and with which weights, as a file for PyTorch to compare with. */
async function writeCase(work, mixer) {
  const ids = Uint32Array.from({ length: 128 }, (_, i) => ((i % 50) * 7919 + i * i) % 2048);
  const trainer = await Trainer.create({
    tokens: Uint32Array.from({ length: 4096 }, (_, i) => (i * 7919) % 2048),
    config: { ...CONFIG, mixers: Array(4).fill(mixer), innerLr: mixer === 'predict' ? 0.5 : 0.1 },
    training: { steps: 1, batch: 1, context: 128 },
  });
  const weights = join(work, `${mixer}.safetensors`);
  writeFileSync(weights, trainer.weights());
  const session = trainer.model().createSession();
  const { logProbabilities } = session.read(ids);
  trainer.destroy();
  const path = join(work, `${mixer}.json`);
  writeFileSync(path, JSON.stringify({ mixer, weights, ids: [...ids], logProbabilities: [...logProbabilities] }));
  return path;
}

async function startTorch(work, mixers, notes) {
  let torch;
  try {
    torch = await startProcess('PyTorch', pythonWithTorch(), [script]);
    for (const mixer of mixers) {
      const difference = await torch.measure(`check ${await writeCase(work, mixer)}`);
      if (!(difference < SAME)) throw new Error(`its ${mixer} differs from ours by ${difference} nats a token`);
      notes.push(`${mixer}: with our weights PyTorch gives our log-probabilities, ${difference.toExponential(1)} nats a token apart.`);
    }
    return torch;
  } catch (error) {
    await torch?.stop();
    return { name: 'PyTorch', measure: () => Promise.reject(error), stop: async () => {} };
  }
}

/** @param {import('../run.mjs').Context} context */
export async function run(context) {
  const notes = ['One thread, float32 products, AdamW and clipping on both sides; ours in the memories 16 tokens at a time, PyTorch the whole context at once.'];
  const mixers = MIXERS[context.full ? 'full' : 'quick'];
  const native = await context.native('bit-ttt');
  const torch = await startTorch(context.work, mixers, notes);
  const seconds = Math.max(1, context.seconds);
  const entries = mixers.flatMap((mixer) => [
    { contestant: native, job: `train auto ${mixer} 1 ${seconds}`, row: { ...common, case: mixer } },
    { contestant: torch, job: `train ${mixer} 1 ${seconds}`, row: { ...common, case: mixer } },
  ]);
  entries.push({
    contestant: { ...native, name: 'bit-ttt, two threads' },
    job: `train auto induction 2 ${seconds}`,
    row: { ...common, case: 'induction' },
  });
  const rows = await interleave(entries, context.rounds, context.log);
  await Promise.all([native.stop(), torch.stop()]);
  const find = (name, contestant) => rows.find((row) => row.case === name && row.contestant === contestant);
  const targets = mixers.flatMap((mixer) => {
    const value = ratioOf(find(mixer, 'bit-ttt'), find(mixer, 'PyTorch'));
    const target = AIMS[mixer];
    if (value === undefined || target === undefined) return [];
    return [{ text: `${mixer}: against PyTorch`, value, target, met: value >= target }];
  });
  return { rows, targets, notes };
}
