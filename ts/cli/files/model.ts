/**
 * model.ts - finds and loads the model that a command works with.
 * SPDX-License-Identifier: MIT
 */
import { existsSync } from 'node:fs';
import type { ModelSource, SharedModel } from 'bit-ttt';
import { BitLlama, Tokenizer, TTTError } from 'bit-ttt';
import { hex64 } from '../../common/hex.js';
import { MAX_MODEL_BYTES } from '../../common/limits.js';
import { localFiles } from '../../files/file-bytes.js';
import { headerLength, isBitt, JSON_LIMITS, modelExtent } from '../../files/model-extent.js';
import type { BesideFile, ModelFiles } from '../../files/model-files.js';
import { readModelFiles } from '../../files/model-files.js';
import type { CommandLine, OptionTable } from '../screen/command-line.js';
import { asFailure, Failure, fileFailure } from '../screen/failure.js';
import { compact, visible } from '../screen/terminal.js';
import { headedKind } from './headed-file.js';
import { nameOf } from './input.js';
import { readHeader } from './model-header.js';
import type { ModelName } from './model-names.js';
import { isModelName, MODEL_NAMES, modelPath, shippedModel } from './model-names.js';
import type { Named } from './places.js';
import { modelFiles } from './places.js';
import { readWhole } from './read-file.js';

/** Options of a command that works with a model, and takes this one of the package unless another is named. */
export const modelOptions = (taken?: ModelName): OptionTable => ({
  '-m, --model MODEL': {
    choices: MODEL_NAMES,
    ...(taken === undefined ? {} : { default: taken }),
    text: `english or stories, the models of the package; or a .bitt or .safetensors file, the index
      of several (model.safetensors.index.json), or a folder with these and with config.json and
      tokenizer.json; - for standard input. A file that is called english is ./english`,
  },
  '--tokenizer FILE': "a tokenizer.json instead of the model's own, of the same vocabulary",
});

/** A model with the tokenizer that goes with it, and what messages call it. */
export interface Loaded {
  path: string;
  model: BitLlama;
  tokenizer: Tokenizer;
}

/** The path of the model that --model names, or that the command takes by itself. */
const pathOfModel = ({ values }: CommandLine): string => modelPath(values.get('model')!);

/** What model this is and what it can write, in a line that a terminal of 80 columns has room for. */
export function introductionOf({ values }: CommandLine, { path, model }: Loaded): string {
  const given = values.get('model')!;
  const { called, writes } = isModelName(given)
    ? shippedModel(given)
    : { called: nameOf(path), writes: 'texts like those that it was trained on' };
  return `${called}, ${compact(model.parameters)} weights: ${writes}`;
}

/** The files that --model and --tokenizer name, or that belong to the model that the command takes by itself. */
export function filesOfModel(line: CommandLine): Named[] {
  const { values } = line;
  const reads = modelFiles(pathOfModel(line), '--model');
  const tokenizer = values.get('tokenizer');
  if (tokenizer !== undefined) reads.push({ path: tokenizer, name: '--tokenizer' });
  return reads;
}

const told = new Set<string>();

/** Says once which parts of a tokenizer.json have no effect. */
function tellIgnored(path: string, { ignored }: Tokenizer): void {
  if (ignored.length === 0 || told.has(path)) return;
  told.add(path);
  process.stderr.write(`bit-ttt: ${visible(path)}: ${visible(ignored.join(', '))} is ignored\n`);
}

/** The tokenizer of a tokenizer.json. */
export async function loadTokenizer(path: string): Promise<Tokenizer> {
  return tokenizerOf(await readTokenizer(path));
}

/** The file that `--tokenizer` names. */
export async function readTokenizer(path: string): Promise<BesideFile> {
  return { path, bytes: await readWhole(path, 'load', JSON_LIMITS) };
}

function tokenizerOf({ path, bytes }: BesideFile): Tokenizer {
  try {
    const tokenizer = Tokenizer.from(bytes);
    tellIgnored(path, tokenizer);
    return tokenizer;
  } catch (error) {
    throw asFailure('load', nameOf(path), error);
  }
}

/**
 * Finds and reads a model's files: of a folder, or the file itself with what it lacks from beside it, or
 * standard input. `extentOf` is for a file that may also be something else.
 */
export async function findModel(path: string, extentOf = modelExtent): Promise<ModelFiles> {
  const limits = { maxBytes: MAX_MODEL_BYTES, extentOf };
  if (path === '-') {
    const weights = await readWhole(path, 'load', limits);
    return { path, weights, config: undefined, tokenizer: undefined };
  }
  try {
    return await readModelFiles(localFiles(path), limits);
  } catch (error) {
    // The library names the file at fault, which may be another one of the folder.
    if (error instanceof TTTError) throw new Failure(error.message, { cause: error });
    const { path: other } = error as { path?: unknown };
    throw fileFailure('load', typeof other === 'string' ? other : path, error);
  }
}

/** The same for what must be a model. */
export async function readModel(path: string): Promise<ModelFiles> {
  const files = await findModel(path);
  if (!(files.weights instanceof Uint8Array)) return files;
  checkIsModel(files.weights, nameOf(files.path));
  return ownFiles(files);
}

/** The files without those beside weights that carry a configuration of their own. */
export function ownFiles(files: ModelFiles): ModelFiles {
  const { path, weights } = files;
  const isFile = weights instanceof Uint8Array && path.endsWith('.safetensors');
  if (!isFile || !carriesConfig(weights)) return files;
  return { path, weights, config: undefined, tokenizer: undefined };
}

/** Names files of other kinds; what may be a model is the library's to judge. */
function checkIsModel(bytes: Uint8Array, name: string): void {
  const kind = headedKind(bytes);
  if (kind !== undefined) throw new Failure(`${name} is a ${kind} file of bit-ttt, not a model`);
  if (isBitt(bytes) || bytes.length < 8 || headerLength(bytes) <= bytes.length) return;
  throw new Failure(`${name} is no model: neither a .bitt nor a .safetensors file`);
}

/** Whether a file needs no config.json; the library says what is wrong with a damaged one. */
function carriesConfig(bytes: Uint8Array): boolean {
  try {
    return readHeader(bytes).config !== undefined;
  } catch {
    return false;
  }
}

/** What the library loads. */
export function sourceOf({ weights }: ModelFiles): Exclude<ModelSource, SharedModel> {
  if (weights instanceof Uint8Array) return weights;
  const { index, shards } = weights;
  return { index, shards: Object.fromEntries(shards.map(({ name, bytes }) => [name, bytes])) };
}

/** Loads a model from its files, with another tokenizer if one is given; messages call it `path`. */
export async function openModel(
  path: string,
  files: ModelFiles,
  other?: BesideFile,
): Promise<BitLlama> {
  const own = files.tokenizer && tokenizerOf(files.tokenizer);
  const given = other && tokenizerOf(other);
  const source = sourceOf(files);
  const config = files.config?.bytes;
  try {
    if (given !== undefined && other !== undefined) {
      const plain = await BitLlama.load(source, { config });
      plain.destroy();
      checkVocabulary(own ?? plain.tokenizer, given, nameOf(other.path));
    }
    return await BitLlama.load(source, { config, tokenizer: given ?? own });
  } catch (error) {
    throw asFailure('load', nameOf(path), error);
  }
}

/** Refuses a tokenizer for a model that has one of another size: its tokens mean other texts. */
function checkVocabulary(own: Tokenizer | undefined, given: Tokenizer, name: string): void {
  if (own === undefined || own.vocabSize === given.vocabSize) return;
  const sizes = `${given.vocabSize} tokens, the model's own ${own.vocabSize}`;
  throw new Failure(`${name} is the tokenizer of another model: it has ${sizes}`);
}

/** A model's fingerprint as it is printed and stored. */
export function fingerprintOf({ fingerprint }: BitLlama): string {
  return hex64(fingerprint);
}

/** What there is to say of a model of the package; the names are those of doctor's JSON document. */
export interface ShippedFacts {
  name: ModelName;
  path: string;
  /** Whether there is such a file. */
  found: boolean;
  /** Null if it cannot be loaded. */
  fileBytes: number | null;
  parameters: number | null;
  fingerprint: string | null;
  /** Why it cannot be loaded. */
  problem: string | null;
}

/** Loads a model of the package to see whether it is sound; what is wrong with it is in the result. */
export async function factsOfShipped(name: ModelName): Promise<ShippedFacts> {
  const { path } = shippedModel(name);
  const found = existsSync(path);
  try {
    const files = await readModel(modelPath(name));
    const model = await openModel(path, files);
    const fileBytes = files.weights instanceof Uint8Array ? files.weights.length : null;
    const { parameters } = model;
    const fingerprint = fingerprintOf(model);
    model.destroy();
    return { name, path, found, fileBytes, parameters, fingerprint, problem: null };
  } catch (error) {
    const problem = (error as Error).message;
    return { name, path, found, fileBytes: null, parameters: null, fingerprint: null, problem };
  }
}

/** The model of the package that has this fingerprint; undefined if none that can be loaded has it. */
export async function modelWithFingerprint(wanted: string): Promise<ModelName | undefined> {
  for (const name of MODEL_NAMES) {
    if ((await factsOfShipped(name)).fingerprint === wanted) return name;
  }
  return undefined;
}

/** The model that the command line names, which must have a tokenizer. */
export async function loadModel(line: CommandLine): Promise<Loaded> {
  const path = pathOfModel(line);
  const files = await readModel(path);
  const other = line.values.get('tokenizer');
  const model = await openModel(
    path,
    files,
    other === undefined ? other : await readTokenizer(other),
  );
  const { tokenizer } = model;
  if (tokenizer !== undefined) return { path, model, tokenizer };
  model.destroy();
  throw new Failure(`${nameOf(path)} has no tokenizer; name one with --tokenizer FILE`);
}
