/**
 * model.ts - finds and loads the model that a command works with.
 * SPDX-License-Identifier: MIT
 */
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BitLlama, Tokenizer, TTTError } from '../index.js';
import { Failure, fileFailure, systemCode } from './failure.js';
import { BEGINNINGS, readWhole } from './files.js';
import { headedKind } from './headed-file.js';
import type { CommandLine, OptionSpecs } from './options.js';
import { readParts } from './tensors.js';
import { visible } from './terminal.js';

/** Options of every command that works with a model. */
export const MODEL_OPTIONS: OptionSpecs = {
  model: { type: 'string', short: 'm' },
  tokenizer: { type: 'string' },
};

export const MODEL_HELP = `  -m, --model FILE   a .bitt or .safetensors file, or a folder with
                     model.safetensors, config.json and tokenizer.json
                     (default: the model that comes with the package)
  --tokenizer FILE   a tokenizer.json instead of the model's own, of the same vocabulary`;

/** A model with the tokenizer that goes with it, and what messages call it. */
export interface Loaded {
  path: string;
  model: BitLlama;
  tokenizer: Tokenizer;
}

/** Where the model is that comes with the package: beside the folder of this command. */
export function defaultModelPath(): string {
  return fileURLToPath(new URL('../models/bit-llama.bitt', import.meta.url));
}

/** A failure of the library as a sentence that names the file. */
export function loadFailure(action: string, path: string, error: unknown): unknown {
  if (error instanceof Failure) return error;
  if (systemCode(error) !== undefined && !(error instanceof TTTError)) {
    return fileFailure(action, path, error);
  }
  if (!(error instanceof TTTError)) return error;
  return new Failure(`cannot ${action} ${path}: ${error.message}`, { cause: error });
}

const told = new Set<string>();

/** Says, once, what a tokenizer.json asks for and does not get. */
function tellIgnored(path: string, { ignored }: Tokenizer): void {
  if (ignored.length === 0 || told.has(path)) return;
  told.add(path);
  process.stderr.write(`bit-ttt: ${visible(path)}: ${visible(ignored.join(', '))} is ignored\n`);
}

/** The tokenizer of a tokenizer.json. */
export function loadTokenizer(path: string): Tokenizer {
  const bytes = readWhole(path, 'load');
  try {
    const tokenizer = Tokenizer.from(bytes);
    tellIgnored(path, tokenizer);
    return tokenizer;
  } catch (error) {
    throw loadFailure('load', path, error);
  }
}

/** The files of a model: of a folder, or the file itself with what it lacks from beside it. */
export interface ModelFiles {
  bytes: Buffer;
  /** Paths of a config.json and a tokenizer.json, if they are there and needed. */
  config: string | undefined;
  tokenizer: string | undefined;
}

/** Finds and reads a model's files. */
export function readModelFiles(path: string): ModelFiles {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const weights = isFolder ? join(path, 'model.safetensors') : path;
  if (isFolder && !existsSync(weights)) {
    throw new Failure(`${path} is a folder without a model.safetensors`);
  }
  const bytes = readWhole(weights, 'load');
  checkIsModel(bytes, weights);
  if (!isFolder && (!path.endsWith('.safetensors') || carriesConfig(bytes))) {
    return { bytes, config: undefined, tokenizer: undefined };
  }
  const beside = (name: string): string | undefined => {
    const file = join(dirname(weights), name);
    return existsSync(file) ? file : undefined;
  };
  return { bytes, config: beside('config.json'), tokenizer: beside('tokenizer.json') };
}

/** Names files of other kinds; what may be a model is the library's to judge. */
function checkIsModel(bytes: Buffer, path: string): void {
  const kind = headedKind(bytes);
  if (kind !== undefined) throw new Failure(`${path} is a ${kind} file of bit-ttt, not a model`);
  const isBitt = bytes.toString('latin1', 0, 4) === BEGINNINGS.model;
  if (isBitt || bytes.length < 8 || bytes.readBigUInt64LE(0) <= bytes.length) return;
  throw new Failure(`${path} is no model: neither a .bitt nor a .safetensors file`);
}

/** Whether a file needs no config.json; the library says what is wrong with a damaged one. */
function carriesConfig(bytes: Buffer): boolean {
  try {
    return readParts(bytes).config !== undefined;
  } catch {
    return false;
  }
}

/** Loads a model from its files; messages call it `path`. */
export async function openModel(
  path: string,
  files: ModelFiles,
  tokenizer?: string,
): Promise<BitLlama> {
  const vocabulary = tokenizer ?? files.tokenizer;
  const options = {
    config: files.config === undefined ? undefined : readWhole(files.config, 'load'),
    tokenizer: vocabulary === undefined ? undefined : loadTokenizer(vocabulary),
  };
  try {
    if (tokenizer !== undefined) await checkVocabulary(files, options, tokenizer);
    return await BitLlama.load(files.bytes, options);
  } catch (error) {
    throw loadFailure('load', path, error);
  }
}

/** Refuses a tokenizer for a model that has one of another size: its tokens mean other texts. */
async function checkVocabulary(
  files: ModelFiles,
  { config, tokenizer }: { config: Buffer | undefined; tokenizer: Tokenizer | undefined },
  path: string,
): Promise<void> {
  const plain = await BitLlama.load(files.bytes, { config });
  const own = files.tokenizer === undefined ? plain.tokenizer : loadTokenizer(files.tokenizer);
  plain.destroy();
  if (own === undefined || tokenizer === undefined || own.vocabSize === tokenizer.vocabSize) return;
  const sizes = `${tokenizer.vocabSize} tokens, the model's own ${own.vocabSize}`;
  throw new Failure(`${path} is the tokenizer of another model: it has ${sizes}`);
}

/** A model's fingerprint as it is printed and stored. */
export function fingerprintOf({ fingerprint }: BitLlama): string {
  return fingerprint.toString(16).padStart(16, '0');
}

/** The model that the command line names, which must have a tokenizer. */
export async function loadModel(line: CommandLine): Promise<Loaded> {
  const given = line.values.get('model');
  const path = given ?? defaultModelPath();
  if (given === undefined && !existsSync(path)) {
    throw new Failure(
      `the model that comes with the package is not there (${path}); ` +
        'name another with --model FILE, or make one with bit-ttt train TEXT',
    );
  }
  const model = await openModel(path, readModelFiles(path), line.values.get('tokenizer'));
  const { tokenizer } = model;
  if (tokenizer !== undefined) return { path, model, tokenizer };
  model.destroy();
  throw new Failure(`${path} has no tokenizer; name one with --tokenizer FILE`);
}
