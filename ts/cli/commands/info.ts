/**
 * info.ts - the command that says what a file of bit-ttt is.
 * SPDX-License-Identifier: MIT
 */
import { Tokenizer } from 'bit-ttt';
import type { Extent } from '../../files/gather.js';
import { beginsJson, headerLength, isBitt, modelExtent } from '../../files/model-extent.js';
import type { ModelFiles } from '../../files/model-files.js';
import { parseCheckpoint } from '../files/checkpoint-file.js';
import type { HeadedKind } from '../files/headed-file.js';
import { bareState, headedExtent, headedKind, parseHeaded } from '../files/headed-file.js';
import { nameOf } from '../files/input.js';
import { readMemoryFields } from '../files/memory-file.js';
import { findModel, fingerprintOf, openModel, ownFiles } from '../files/model.js';
import type { ModelHeader } from '../files/model-header.js';
import { readHeaders } from '../files/model-header.js';
import { MODEL_NAMES, modelPath } from '../files/model-names.js';
import { readSessionFields } from '../files/session-file.js';
import { recalledIn } from '../files/session-state.js';
import { readSignalFields } from '../files/signal-file.js';
import type { Command, CommandLine } from '../screen/command-line.js';
import { fileArgument, outputOptions } from '../screen/command-line.js';
import { engineInUse } from '../screen/engine.js';
import { asFailure, Failure } from '../screen/failure.js';
import type { Palette } from '../screen/terminal.js';
import { compact, grouped, outputPalette, safeJson, visible } from '../screen/terminal.js';

const HELP = [
  `Says what FILE is (- for standard input): a model (.bitt, .safetensors, an index of several, or a
folder), a tokenizer.json, a session of generate or chat, a checkpoint of train, a memory of
surprise, or what signal has learnt; and checks that it is sound. english and stories are the
models of the package; a file that is called so is ./english.`,
  outputOptions('print one JSON document'),
];

/** What is known of a file; the names are those of the JSON document. */
type Facts = Record<string, string | number | boolean | null | readonly (string | number)[]>;

/** How the weights are stored: all types that at least a twentieth of them has. */
function storedAs({ tensors }: ModelHeader): string {
  const names: Record<string, string> = { U8: 'ternary in 2 bits', I8: 'int8' };
  const weights: Record<string, number> = {};
  let all = 0;
  for (const { dtype, shape } of tensors) {
    const count = shape.reduce((product, n) => product * n, dtype === 'U8' ? 4 : 1);
    weights[dtype] = (weights[dtype] ?? 0) + count;
    all += count;
  }
  const kinds = Object.keys(weights).filter((dtype) => weights[dtype]! >= all / 20);
  return kinds
    .map((dtype) => names[dtype] ?? dtype.toLowerCase())
    .sort()
    .join(', ');
}

/** Whether BitLinear rescales its products and quantises its activations; the original does neither. */
function conventionOf(config: string): Facts {
  const { bitlinear } = JSON.parse(config) as { bitlinear?: Record<string, boolean> };
  return {
    rescale: bitlinear?.['rescale'] ?? false,
    quantize_activations: bitlinear?.['quantize_activations'] ?? false,
  };
}

async function modelFacts(path: string, found: ModelFiles): Promise<Facts> {
  const files = ownFiles(found);
  const model = await openModel(path, files);
  try {
    const { config, tokenizer, parameters } = model;
    const session = model.createSession();
    const state = session.stateSize;
    session.destroy();
    const header = readHeaders(files);
    const own = files.config ? new TextDecoder().decode(files.config.bytes) : header.config;
    return {
      kind: 'model',
      weights: storedAs(header),
      parameters,
      fingerprint: fingerprintOf(model),
      vocab_size: config.vocabSize,
      hidden_dim: config.hiddenDim,
      num_layers: config.numLayers,
      mlp_dim: config.mlpDim,
      inner_dim: config.innerDim,
      head_dim: config.headDim,
      inner_lr: config.innerLr,
      norm_eps: config.normEps,
      mixers: config.mixers,
      ...conventionOf(own ?? '{}'),
      tokenizer: tokenizer?.vocabSize ?? null,
      tokenizer_ignored: tokenizer?.ignored.join(', ') || null,
      session_bytes: state,
    };
  } finally {
    model.destroy();
  }
}

function tokenizerFacts(path: string, bytes: Uint8Array): Facts {
  try {
    const tokenizer = Tokenizer.from(bytes);
    const lengths = [...tokenizer.byteLengths].filter((length) => length > 0);
    return {
      kind: 'tokenizer',
      vocab_size: tokenizer.vocabSize,
      special_tokens: [...tokenizer.specialTokens.keys()],
      end_of_text: tokenizer.endOfText ?? null,
      longest_token_bytes: lengths.reduce((most, length) => Math.max(most, length), 0),
      ignored: tokenizer.ignored.length > 0 ? tokenizer.ignored : null,
    };
  } catch (error) {
    throw asFailure('load', path, error);
  }
}

/** What the state of a session remembers word for word, and its size. */
function recallFacts(state: Uint8Array): Facts {
  const { capacity, remembered } = recalledIn(state) ?? { capacity: null, remembered: 0 };
  return { recall: capacity, remembered, state_bytes: state.length };
}

function headedFacts(path: string, bytes: Buffer, kind: HeadedKind): Facts {
  const { fields, body } = parseHeaded(bytes, path, kind);
  if (kind === 'session') {
    const { model, tokens } = readSessionFields(fields, path);
    return { kind, model, tokens, ...recallFacts(body) };
  }
  if (kind === 'memory') {
    const { lines, alarmRate } = readMemoryFields(fields, path);
    return { kind, lines, alarm_rate: alarmRate, state_bytes: body.length };
  }
  if (kind === 'signal') return { kind, ...readSignalFields(fields), state_bytes: body.length };
  const { info, state } = parseCheckpoint(fields, body, path);
  const { shape, recipe, step, steps, curve } = info;
  const last = curve.at(-1);
  return {
    kind,
    step,
    steps,
    loss: last === undefined ? null : Number(last.loss.toPrecision(6)),
    hidden_dim: shape.hiddenDim,
    num_layers: shape.numLayers,
    mixers: shape.mixers,
    context: recipe.context,
    batch: recipe.batch,
    seconds: Math.round(info.seconds),
    state_bytes: state.length,
  };
}

/** The extent of a file that may be of any kind. */
function anyExtent(bytes: Uint8Array): Extent {
  const headed = headedExtent(bytes);
  if (!headed.all || headedKind(bytes) !== undefined || bareState(bytes) !== undefined) {
    return headed;
  }
  return !isBitt(bytes) && beginsJson(bytes) ? { bytes: Infinity, all: true } : modelExtent(bytes);
}

async function factsOf(path: string, files: ModelFiles, bytes: Buffer | undefined): Promise<Facts> {
  if (bytes === undefined) return modelFacts(path, files);
  const name = nameOf(path);
  const kind = headedKind(bytes);
  if (kind !== undefined) return headedFacts(name, bytes, kind);
  const state = bareState(bytes);
  if (state !== undefined) {
    const facts = state === 'session' ? recallFacts(bytes) : { state_bytes: bytes.length };
    return { kind: `state of a ${state}`, ...facts };
  }
  if (isBitt(bytes)) return modelFacts(path, files);
  if (bytes.length > 0 && beginsJson(bytes)) return tokenizerFacts(name, bytes);
  const header = bytes.length > 8 ? headerLength(bytes) : 0;
  const isTensors = header > 0 && header < bytes.length && bytes[8] === 0x7b;
  if (isTensors || path.endsWith('.safetensors')) return modelFacts(path, files);
  throw new Failure(`${name} is no file that bit-ttt knows`);
}

function textReport(path: string, facts: Facts, size: number | null, palette: Palette): string {
  const { kind, ...rest } = facts;
  const bytes = size === null ? '' : `, ${compact(size)}B`;
  const lines = [`${palette.bold(visible(path))}: ${String(kind)}${bytes}`];
  for (const [key, value] of Object.entries(rest)) {
    const name = key.replace(/_/g, ' ');
    lines.push(`  ${palette.dim(name.padEnd(22))} ${visible(shown(value))}`);
  }
  return `${lines.join('\n')}\n`;
}

function shown(value: Facts[string] | undefined): string {
  if (typeof value === 'number') return Number.isInteger(value) ? grouped(value) : String(value);
  if (Array.isArray(value)) {
    const all = value as readonly (string | number)[];
    const alike = all.length > 1 && all.every((one) => one === all[0]);
    return alike ? `${all[0]} in all ${all.length} layers` : all.join(', ');
  }
  if (value === null) return 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** `bit-ttt info`. */
export const info: Command = {
  usage: 'FILE|NAME|-',
  summary: 'say what a file is',
  help: HELP,
  words: MODEL_NAMES,
  run,
};

async function run(line: CommandLine): Promise<void> {
  const path = modelPath(fileArgument(line, 'info'));
  await engineInUse();
  const files = await findModel(path, anyExtent);
  const { weights } = files;
  const isFile = weights instanceof Uint8Array && files.path === path;
  const bytes = isFile
    ? Buffer.from(weights.buffer, weights.byteOffset, weights.length)
    : undefined;
  const facts = await factsOf(path, files, bytes);
  const size = bytes?.length ?? null;
  if (line.flags.has('json')) {
    const { kind, ...rest } = facts;
    process.stdout.write(`${safeJson({ file: path, kind, file_bytes: size, ...rest }, 2)}\n`);
    return;
  }
  process.stdout.write(textReport(path, facts, size, outputPalette(line.flags)));
}
