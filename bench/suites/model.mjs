/**
 * model.mjs - a language model of one shape with random weights: ours in C, through the addon, as
 * WebAssembly in Node and in Chromium, beside llama.cpp through node-llama-cpp and wllama; and how
 * much of the rate in C is left in JavaScript for the model that is shipped. One thread each.
 * SPDX-License-Identifier: MIT
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProcess } from '../lib/contestant.mjs';
import { parametersOf, writeModel } from '../lib/gguf.mjs';
import { interleave, ratioOf } from '../lib/measure.mjs';
import { makeTold, recallParticipants } from '../lib/told.mjs';

export const title = 'A language model';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const contestants = join(root, 'bench', 'contestants');
const shipped = join(root, 'models', 'stories.bitt');

/** The shape, as llama.cpp has it; ours has its memories where llama has attention. */
const SHAPE = { dim: 256, layers: 4, heads: 4, mlp: 1024, vocab: 16384 };
const WRITTEN = 128; // tokens of a generation
const PROMPT = 128;
const RECALL = 32768; // the usual one, which the text fills
const WRITTEN_WLLAMA = 64; // it takes seconds for more

const CASES = {
  decode: 'decode, greedy',
  prefill: `prefill of ${PROMPT} tokens`,
  judge: `prefill of ${PROMPT} tokens with the probability of each`,
  decodeBrowser: 'decode, greedy, in Chromium',
  prefillBrowser: `prefill of ${PROMPT} tokens, in Chromium`,
  judgeBrowser: `prefill of ${PROMPT} tokens with the probability of each, in Chromium`,
  shipped: 'the shipped model: decode, greedy',
  recall: 'the shipped model: decode, drawn, after a long text was read',
  suggest: 'the shipped model: `suggest`, three words, after a long text was read',
};
const UNITS = { suggest: 'calls/s' };

/**
 * @typedef {object} Participant
 * @property {string} name
 * @property {'ours' | 'peer'} side
 * @property {string} process participants with the same one share a process
 * @property {() => Promise<import('../lib/contestant.mjs').Contestant>} start
 * @property {Record<string, string>} jobs by case
 * @property {string} [version] where its contestant does not tell
 * @property {string} [sameness] those with the same word must answer the job `same` alike
 */

// ---- who takes part ----------------------------------------------------------------------------

/** A model of ours of the shape, with random weights: a trainer's before its first step. */
async function makeOurs(path) {
  const { Trainer, getInfo } = await import('../../dist/index.mjs');
  const { dim: hiddenDim, layers: numLayers, mlp: mlpDim, vocab: vocabSize } = SHAPE;
  const config = { vocabSize, hiddenDim, numLayers, mlpDim, innerDim: hiddenDim / 2, headDim: 32 };
  const training = { batch: 1, context: 16 };
  const trainer = await Trainer.create({ tokens: new Uint32Array(64), config, training });
  const model = trainer.model();
  writeFileSync(path, model.pack());
  const { parameters } = model;
  model.destroy();
  trainer.destroy();
  const { backend, kernel } = await getInfo();
  return { path, parameters, kernel: backend === 'native' ? kernel : 'baseline' };
}

const node = (name, script, ...args) =>
  startProcess(name, process.execPath, [join(contestants, script), ...args]);

/** Jobs of a session of ours; suffix: which cases. */
const sessionJobs = ({ full, seconds }, suffix) => ({
  [`decode${suffix}`]: `write ${WRITTEN} ${seconds}`,
  [`prefill${suffix}`]: `read ${PROMPT} ${seconds}`,
  ...(full ? { [`judge${suffix}`]: `judge ${PROMPT} ${seconds}` } : {}),
});

/** @returns {Participant[]} */
function ourParticipants(context, { path, kernel }) {
  const { full, seconds } = context;
  const inC = (file, tokens) => `read ${kernel} ${file} ${tokens} ${seconds}`;
  const ours = (name, process, start, jobs, sameness, version) => ({
    name: `bit-ttt (${name})`,
    side: 'ours',
    process,
    start,
    jobs,
    sameness,
    version,
  });
  const shippedJobs = { shipped: `write ${WRITTEN} ${seconds}` };
  const list = [
    ours(
      'C',
      'C',
      () => context.native(),
      { decode: inC(path, 1), prefill: inC(path, PROMPT), shipped: inC(shipped, 1) },
      undefined,
      kernel,
    ),
    ours(
      'addon',
      'addon',
      () => node('addon', 'model-node.mjs', 'native', path),
      sessionJobs(context, ''),
      'ours',
    ),
    ours(
      'WebAssembly, Node',
      'wasm',
      () => node('wasm', 'model-node.mjs', 'wasm', path),
      sessionJobs(context, ''),
      'ours',
    ),
    ours(
      'Chromium',
      'page',
      () => node('Chromium', 'model-chromium.mjs', path),
      sessionJobs(context, 'Browser'),
      'ours',
    ),
    ours(
      'addon',
      'addon shipped',
      () => node('addon', 'model-node.mjs', 'native', shipped),
      shippedJobs,
      'shipped',
    ),
  ];
  if (full)
    list.push(
      ours(
        'WebAssembly, Node',
        'wasm shipped',
        () => node('wasm', 'model-node.mjs', 'wasm', shipped),
        shippedJobs,
        'shipped',
      ),
    );
  return list;
}

/** A file of the type, written anew. */
function ggufFile(context, type) {
  const path = join(context.work, `model-random-${type}.gguf`);
  writeModel(path, SHAPE, type);
  return path;
}

/** @returns {Participant[]} */
function peerParticipants(context) {
  const { full, seconds } = context;
  const peers = () => context.peers('model');
  const list = [];
  for (const type of full ? ['TQ2_0', 'Q4_0', 'Q8_0', 'BF16'] : ['TQ2_0', 'Q4_0']) {
    const start = async () =>
      node('node-llama-cpp', 'model-llama-cpp.mjs', await peers(), ggufFile(context, type));
    for (const flash of full ? ['on', 'off'] : ['on']) {
      const name = `node-llama-cpp, ${type}${flash === 'on' ? ', flash attention' : ''}`;
      const jobs = {
        decode: `write ${WRITTEN} ${flash} ${seconds}`,
        prefill: `read ${PROMPT} ${flash} ${seconds}`,
      };
      list.push({ name, side: 'peer', process: `llama ${type}`, start, jobs, sameness: 'peers' });
    }
  }
  for (const type of full ? ['F32', 'TQ2_0'] : ['F32']) {
    const start = async () =>
      node('wllama', 'model-wllama.mjs', await peers(), ggufFile(context, type));
    const jobs = {
      decodeBrowser: `write ${WRITTEN_WLLAMA} ${seconds}`,
      prefillBrowser: `read ${PROMPT} ${seconds}`,
    };
    const name = `wllama, ${type}`;
    list.push({ name, side: 'peer', process: name, start, jobs, sameness: 'peers' });
  }
  return list;
}

/** What is wrong, cut to what fits into a table. */
function sentence(message) {
  const text = String(message).replaceAll(/\s+/g, ' ').trim();
  return text.length > 240 ? `${text.slice(0, 240)}...` : text;
}

/** Starts the processes of all, one after another; what fails is remembered. */
async function startAll(participants, log) {
  const processes = new Map();
  for (const { name, process: key, start, sameness } of participants) {
    if (processes.has(key)) continue;
    log(`starting ${name}`);
    const started = { sameness };
    processes.set(key, started);
    try {
      started.contestant = await start();
      if (sameness) started.same = await started.contestant.measure('same');
    } catch (error) {
      started.problem = sentence(error.message);
    }
  }
  return processes;
}

// ---- measuring ---------------------------------------------------------------------------------

/** The rows of a case, those without a figure last. */
async function measureCase(id, participants, processes, { rounds, log }) {
  const entries = [];
  const failed = [];
  for (const { name, side, process: key, jobs, version: told } of participants) {
    if (!jobs[id]) continue;
    const { contestant, problem } = processes.get(key);
    const unit = UNITS[id] ?? 'tokens/s';
    const row = { suite: 'model', case: CASES[id], unit, higherIsBetter: true, side };
    if (contestant && !problem) {
      const version = contestant.version ?? told;
      entries.push({ contestant: { ...contestant, name, version }, job: jobs[id], row });
    } else {
      const none = { median: null, low: null, high: null, samples: [] };
      failed.push({ ...row, contestant: name, ...none, problem });
    }
  }
  return [...(await interleave(entries, rounds, log)), ...failed];
}

/** What each target compares: a row of ours with the peer's best, with another row of ours, or with a rate. */
const TARGETS = [
  {
    id: 'decode',
    target: 5,
    ours: 'bit-ttt (addon)',
    text: "decode at least 5 times node-llama-cpp's best type",
  },
  {
    id: 'prefill',
    target: 3,
    ours: 'bit-ttt (addon)',
    text: "prefill at least 3 times node-llama-cpp's best type",
  },
  {
    id: 'decodeBrowser',
    target: 15,
    ours: 'bit-ttt (Chromium)',
    text: "decode in Chromium at least 15 times wllama's best type",
  },
  {
    id: 'prefillBrowser',
    target: 4,
    ours: 'bit-ttt (Chromium)',
    text: "prefill in Chromium at least 4 times wllama's best type",
  },
  {
    id: 'shipped',
    target: 0.7,
    ours: 'bit-ttt (addon)',
    other: 'bit-ttt (C)',
    text: 'the shipped model through `generate()`: at least 0.70 of the rate in C',
  },
  ...['C', 'addon', 'WebAssembly, Node'].map((name) => ({
    id: 'recall',
    target: 0.9,
    ours: `bit-ttt (${name}, recall)`,
    other: `bit-ttt (${name})`,
    text: `${name}: with recall at least 0.90 of the rate without`,
  })),
  ...['addon', 'WebAssembly, Node'].map((name) => ({
    id: 'suggest',
    target: 200,
    ours: `bit-ttt (${name}, recall)`,
    text: `${name}: three suggestions in 5 ms, 200 calls a second`,
  })),
];

function targetsOf(rows) {
  return TARGETS.map(({ id, target, ours, other, text }) => {
    const measured = rows.filter((row) => row.case === CASES[id] && row.median !== null);
    const isRival = (row) => (other ? row.contestant === other : row.side === 'peer');
    const rivals = measured.filter(isRival);
    const best = rivals.toSorted((a, b) => b.median - a.median)[0];
    const own = measured.find((row) => row.contestant === ours);
    const value = id === 'suggest' ? own?.median : ratioOf(own, best);
    return { text, value: value ?? null, target, met: value >= target };
  });
}

/** Whether those who should write the same did. */
function samenessNotes(processes) {
  const words = {
    ours: 'Ours, whatever runs it',
    shipped: 'Ours, with the shipped model',
    peers: 'The peers, for all types',
  };
  const notes = [];
  for (const [sameness, who] of Object.entries(words)) {
    const answers = [...processes.values()]
      .filter((one) => one.sameness === sameness && one.same !== undefined)
      .map((one) => one.same);
    if (answers.length < 2) continue;
    const did = new Set(answers).size === 1 ? 'wrote' : 'DID NOT WRITE';
    notes.push(`${who}, ${did} the same tokens when asked before the measuring.`);
  }
  return notes;
}

function notesOf(ours, processes) {
  const millions = (count) => `${(count / 1e6).toFixed(1)} M`;
  const { dim, layers, mlp, vocab } = SHAPE;
  return [
    `One shape, random weights: width ${dim}, ${layers} layers, SwiGLU of ${mlp}, ` +
      `${vocab} tokens, an own head; ${millions(parametersOf(SHAPE))} weights as llama, ` +
      `${millions(ours.parameters)} as Bit-Llama, whose memories of half the width stand where ` +
      'llama has attention, and whose embedding and head are int8.',
    "The peers' weights are ternary in every type, so all their files are one model. It never " +
      "writes byte tokens: text that is not UTF-8 ends wllama's worker.",
    'Rates are by the clock, with all that JavaScript adds; those of wllama are what it reports ' +
      'itself, without its messages between page and worker. Engines are warm.',
    `Generations are of ${WRITTEN} tokens (wllama: ${WRITTEN_WLLAMA}). node-llama-cpp reads a ` +
      'prompt without logits, and so does bit-ttt, which makes them when they are asked for.',
    `With recall: sessions that hold the last ${RECALL} tokens of a text. All other lines are of the model alone.`,
    ...samenessNotes(processes),
  ];
}

/** @returns {Promise<{rows: object[], targets: object[], notes: string[]}>} */
export async function run(context) {
  mkdirSync(context.work, { recursive: true });
  const ours = await makeOurs(join(context.work, 'model-random.bitt'));
  const told = await makeTold(join(context.work, 'told.u32'), shipped, RECALL);
  const setting = { kernel: ours.kernel, model: shipped, told, recall: RECALL, written: WRITTEN };
  const participants = [
    ...ourParticipants(context, ours),
    ...recallParticipants(context, node, setting),
    ...peerParticipants(context),
  ];
  const processes = await startAll(participants, context.log);
  const rows = [];
  for (const id of Object.keys(CASES))
    rows.push(...(await measureCase(id, participants, processes, context)));
  const targets = targetsOf(rows);
  for (const row of rows) delete row.side;
  return { rows, targets, notes: notesOf(ours, processes) };
}
