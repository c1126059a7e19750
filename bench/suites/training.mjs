/**
 * training.mjs - training beside PyTorch: the same model, batch and optimiser, one core; and two
 * threads of ours beside one.
 * SPDX-License-Identifier: MIT
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { advice, install, pythonWith } from '../../scripts/toolchain.mjs';
import { absent, startProcess } from '../lib/contestant.mjs';
import { interleave, ratioOf } from '../lib/measure.mjs';

export const title = 'Training: 1.35 M parameters, batch 16 of 128 tokens';

const TARGETS = { induction: 1.6, reconstruct: 1.3 };
const OURS = 'Bit-TTT (C)';
const OURS_BF16 = 'Bit-TTT (C), bf16 products';
const TORCH = 'PyTorch';
const TORCH_BF16 = 'PyTorch, bf16 products';
const script = fileURLToPath(new URL('../contestants/torch_train.py', import.meta.url));

/** One thread, and freed memory kept: malloc would give large blocks back and fault them in anew. */
const TORCH_ENV = {
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  MALLOC_MMAP_THRESHOLD_: String(32 << 20),
  MALLOC_TRIM_THRESHOLD_: String(2 ** 32),
  PYTHONDONTWRITEBYTECODE: '1',
};

/* ---- PyTorch ---- */

/** The Python that has PyTorch. */
function findTorch(log) {
  log('looking for PyTorch');
  install(['PyTorch']);
  const python = pythonWith('torch');
  if (!python) throw new Error(advice(['PyTorch']));
  return python;
}

/** A contestant, or a stand-in that says why there is none. */
async function startTorch(name, log) {
  try {
    return await startProcess(name, findTorch(log), [script], { env: TORCH_ENV });
  } catch (error) {
    return { ...absent(name, error), problem: error };
  }
}

/** Whether the CPU multiplies bf16; without that PyTorch would emulate it. */
function hasBf16() {
  const path = '/proc/cpuinfo';
  return existsSync(path) && /\bavx512_bf16\b|\bamx_bf16\b/.test(readFileSync(path, 'utf8'));
}

/* ---- the same model ---- */

const CHECKED_STEPS = 8;

/** What our trainer says of its first steps, and files of the weights and the window it began with. */
async function ourSteps(mixer, work) {
  const { Trainer } = await import('../../dist/index.mjs');
  const context = 128;
  const tokens = Array.from({ length: context + 1 }, (_, i) => (i * i * 31 + (i % 40) * 7) % 2048);
  const rate = 5e-3;
  const trainer = await Trainer.create({
    tokens,
    config: {
      vocabSize: 2048,
      hiddenDim: 128,
      numLayers: 4,
      mlpDim: 512,
      innerDim: 64,
      headDim: 32,
      mixers: mixer,
    },
    training: {
      batch: 1,
      context,
      steps: CHECKED_STEPS,
      warmup: 0,
      learningRate: rate,
      finalLearningRate: rate,
      repeat: 0,
      fromStart: 0,
    },
  });
  const files = [join(work, `training-${mixer}.safetensors`), join(work, 'training-window.json')];
  writeFileSync(files[0], trainer.weights());
  writeFileSync(files[1], JSON.stringify(tokens));
  const steps = Array.from({ length: CHECKED_STEPS }, () => trainer.step());
  trainer.destroy();
  return { files, steps };
}

/** How far a contestant is from ours: loss and gradients of the first step, loss of a later one. */
async function differences(contestant, mixer, work, variant) {
  const { files, steps } = await ourSteps(mixer, work);
  const last = steps.length;
  const of = (what, step) =>
    contestant.measure(`check ${what} ${mixer} ${files.join(' ')} ${step} ${variant}`);
  const relative = (a, b) => Math.abs(a / b - 1);
  return {
    first: relative(await of('loss', 1), steps[0].loss),
    norm: relative(await of('norm', 1), steps[0].gradientNorm),
    last: relative(await of('loss', last), steps[last - 1].loss),
  };
}

/** Relative differences beyond which it is not the same model; bf16 rounds to 8 bits. */
const LIMITS = {
  f32: { first: 1e-4, norm: 1e-2, last: 2e-2 },
  bf16: { first: 1e-2, norm: 5e-2, last: 1e-1 },
};

/** A sentence for the notes; throws if the contestant computes something else. */
async function checkModel(contestant, mixer, work, variant) {
  const found = await differences(contestant, mixer, work, variant);
  const limits = LIMITS[variant.includes('bf16=1') ? 'bf16' : 'f32'];
  const text =
    `${mixer}, from our weights on the same tokens: loss of the first step differs by ` +
    `${found.first.toExponential(1)} of it, norm of the gradients by ${found.norm.toExponential(1)}, ` +
    `loss of step ${CHECKED_STEPS} by ${found.last.toExponential(1)}`;
  const wrong = Object.keys(limits).some((key) => !(found[key] <= limits[key]));
  if (wrong) throw new Error(`not the same model: ${text}`);
  return `${contestant.name}: ${text}.`;
}

/* ---- the case ---- */

/**
 * The faster of the memory's two closed forms, and a sentence about the other; a quick run takes the first
 * one untried.
 */
async function choosePeerForm(contestant, mixer, { full, seconds }, bf16) {
  const forms = [`bf16=${bf16} chunk=0`, `bf16=${bf16} chunk=32`];
  const names = ['one solve a window', 'chunks of 32 tokens'];
  const head = `${contestant.name}, ${mixer}: the memory's closed form in`;
  if (!full)
    return { variant: forms[0], note: `${head} ${names[0]}; a full run also tries ${names[1]}.` };
  const samples = forms.map(() => []);
  for (let i = 0; i < 3; i++)
    for (const [k, form] of forms.entries())
      samples[k].push(await contestant.measure(`train ${mixer} 1 ${seconds} ${form}`));
  const rates = samples.map((one) => Math.max(...one));
  const faster = rates[0] >= rates[1] ? 0 : 1;
  const words = rates.map((rate, k) => `${names[k]} ${Math.round(rate)} tokens/s`);
  return { variant: forms[faster], note: `${head} ${words[faster]} (kept), ${words[1 - faster]}.` };
}

const rowOf = (mixer, threads = 1) => ({
  suite: 'training',
  unit: 'tokens/s',
  higherIsBetter: true,
  case: `${mixer}${threads > 1 ? `, ${threads} threads` : ''}`,
});

/** Checks a peer on a mixer; its entry, or one that fails with the reason. */
async function peerEntry(contestant, mixer, context, notes) {
  const bf16 = contestant.name === TORCH_BF16 ? 1 : 0;
  const row = rowOf(mixer);
  try {
    if (contestant.problem) throw contestant.problem;
    const form = await choosePeerForm(contestant, mixer, context, bf16);
    notes.push(form.note, await checkModel(contestant, mixer, context.work, form.variant));
    return { contestant, row, job: `train ${mixer} 1 ${context.seconds} ${form.variant}` };
  } catch (error) {
    return { contestant: absent(contestant.name, error), row, job: '' };
  }
}

function targetsOf(rows, mixers) {
  const find = (mixer, name) => rows.find((row) => row.case === mixer && row.contestant === name);
  return mixers.flatMap((mixer) =>
    [
      [OURS, TORCH],
      [OURS_BF16, TORCH_BF16],
    ].flatMap(([ours, peer]) => {
      const value = ratioOf(find(mixer, ours), find(mixer, peer));
      const target = TARGETS[mixer];
      if (value === undefined || !target) return [];
      return [{ text: `${mixer}: ${ours} against ${peer}`, value, target, met: value >= target }];
    }),
  );
}

function threadsNote(rows) {
  const [one, two] = [1, 2].map((n) =>
    rows.find((row) => row.contestant === OURS && row.case === rowOf('induction', n).case),
  );
  const value = ratioOf(two, one);
  if (value === undefined) return [];
  return [`Ours, induction: two threads are ${value.toFixed(2)} times as fast as one.`];
}

/** @param {import('../run.mjs').Context} context */
export async function run(context) {
  const { full, rounds, seconds, log } = context;
  const mixers = ['induction', 'reconstruct', ...(full ? ['predict'] : [])];
  const native = await context.native(OURS);
  const peers = [await startTorch(TORCH, log)];
  if (hasBf16()) peers.push(await startTorch(TORCH_BF16, log));
  const notes = [];
  const entries = [];
  for (const mixer of mixers) {
    entries.push({
      contestant: native,
      row: rowOf(mixer),
      job: `train auto ${mixer} 1 f32 ${seconds}`,
    });
    if (hasBf16())
      entries.push({
        contestant: { ...native, name: OURS_BF16 },
        row: rowOf(mixer),
        job: `train auto ${mixer} 1 bf16 ${seconds}`,
      });
    for (const peer of peers) {
      log(`checking ${peer.name}, ${mixer}`);
      entries.push(await peerEntry(peer, mixer, context, notes));
    }
  }
  entries.push({
    contestant: native,
    row: rowOf('induction', 2),
    job: `train auto induction 2 f32 ${seconds}`,
  });
  const rows = await interleave(entries, rounds, log);
  notes.push(
    ...threadsNote(rows),
    'PyTorch has backward passes of our own for norms, SwiGLU, head and memory, ternary weights and ' +
      'int8 activations as ours, and keeps freed memory, which made it faster; Debian builds it ' +
      'without torch.compile. With bf16 products both round operands to 8 bits of mantissa and sum in f32.',
  );
  return { rows, targets: targetsOf(rows, mixers), notes };
}
