/**
 * convert.ts - the command that turns model files of one format into another.
 * SPDX-License-Identifier: MIT
 */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BitLlama } from '../index.js';
import type { BesideFile, ModelFiles } from '../model-files.js';
import { engineInUse } from './engine.js';
import { Failure, fileFailure, UsageError } from './failure.js';
import { checkNotRead, checkSavePath, saveFile } from './files.js';
import { fingerprintOf, loadFailure, openModel, pathsOf, readModel, readTokenizer } from './model.js';
import { COMMON_OPTIONS, readCommandLine } from './options.js';
import type { OptionSpecs } from './options.js';
import { nameOf } from './read-file.js';
import { bittParts, readAllParts, safetensorsParts, toFloats } from './tensors.js';
import type { Tensor } from './tensors.js';
import { compact, makePalette, safeJson, visible, wantsColor } from './terminal.js';

const OPTIONS: OptionSpecs = {
  ...COMMON_OPTIONS,
  tokenizer: { type: 'string', reads: true },
  f32: { type: 'boolean' },
};

const HELP = `Usage: bit-ttt convert IN OUT [options]

Turns a model from one format into another. IN is a .bitt or .safetensors file, the index of
several (model.safetensors.index.json), or a folder with these and with config.json and
tokenizer.json, as the original engine has them (f32, f16 or bf16); - is standard input.
OUT says by its name what is written:

  NAME.bitt          one compact file: ternary weights in 2 bits, int8 embedding and head
  NAME.bitt --f32    the original's single file, with f32 weights
  NAME.safetensors   f32 weights, with configuration and tokenizer in the metadata
  any other name     a folder with model.safetensors, config.json and tokenizer.json

Weights of a compact file become f32 weights that quantise to the same model again. The original
engine itself runs only layers of "reconstruct" whose BitLinears neither rescale nor quantise.

  --tokenizer FILE   a tokenizer.json to put in, instead of IN's own
  --json             print {in, out, bytes, fingerprint, same}
  --color, --no-color
`;

/** A model, taken apart. */
interface Apart {
  config: string;
  tokenizer: string | undefined;
  tensors: Tensor[];
}

/** Files to write: names with their bytes. */
interface Output {
  path: string;
  parts: readonly (Uint8Array | string)[];
}

const sizeOf = (part: Uint8Array | string): number => Buffer.byteLength(part);

/** Texts and weights of IN, whatever it is. */
function takeApart(path: string, files: ModelFiles, other: BesideFile | undefined): Apart {
  const found = readAllParts(files);
  const textOf = (file: BesideFile | undefined): string | undefined =>
    file && new TextDecoder().decode(file.bytes);
  const config = textOf(files.config) ?? found.config;
  if (config === undefined) throw new Failure(`${nameOf(path)} has no configuration`);
  const vocabulary = textOf(other ?? files.tokenizer) ?? found.tokenizer;
  return { config, tokenizer: vocabulary, tensors: toFloats(found) };
}

/** What is to be written where; the weights last. */
function f32Outputs({ config, tokenizer: vocabulary, tensors }: Apart, out: string): Output[] {
  if (out.endsWith('.bitt')) {
    return [{ path: out, parts: bittParts(tensors, config, vocabulary) }];
  }
  const metadata = { config, ...(vocabulary === undefined ? {} : { tokenizer: vocabulary }) };
  if (out.endsWith('.safetensors')) {
    return [{ path: out, parts: safetensorsParts(tensors, metadata) }];
  }
  return [
    { path: join(out, 'config.json'), parts: [`${config}\n`] },
    ...(vocabulary === undefined
      ? []
      : [{ path: join(out, 'tokenizer.json'), parts: [`${vocabulary}\n`] }]),
    { path: join(out, 'model.safetensors'), parts: safetensorsParts(tensors, {}) },
  ];
}

/** The fingerprint of what is about to be written. */
async function writtenFingerprint(outputs: readonly Output[]): Promise<string> {
  const bytes = Buffer.concat(outputs.at(-1)!.parts.map((part) => Buffer.from(part)));
  const config = outputs.length > 1 ? outputs[0]!.parts.join('') : undefined;
  const model = await BitLlama.load(bytes, config === undefined ? {} : { config });
  const fingerprint = fingerprintOf(model);
  model.destroy();
  return fingerprint;
}

function makeFolder(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isDirectory()) {
    throw new Failure(
      `cannot save ${path}: it is a file; a folder, NAME.bitt or NAME.safetensors can be written`,
    );
  }
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw fileFailure('save', path, error);
  }
}

/** `bit-ttt convert`. */
export async function convert(argv: readonly string[]): Promise<void> {
  const line = readCommandLine(argv, OPTIONS);
  if (line.flags.has('help')) {
    process.stdout.write(HELP);
    return;
  }
  const [input, out, extra] = line.positionals;
  if (input === undefined || out === undefined) throw new UsageError('convert needs IN and OUT');
  if (extra !== undefined) throw new UsageError(`convert takes IN and OUT, but "${extra}" follows`);
  const f32 = line.flags.has('f32') || !out.endsWith('.bitt');
  const isFile = /\.(bitt|safetensors)$/.test(out);
  if (isFile) checkSavePath(out, out.endsWith('.bitt') ? 'model' : 'weights');
  await engineInUse();
  const tokenizer = line.values.get('tokenizer');
  const files = await readModel(input);
  const other = tokenizer === undefined ? undefined : await readTokenizer(tokenizer);
  const model = await openModel(input, files, other);
  const fingerprint = fingerprintOf(model);
  let outputs: Output[];
  try {
    outputs = f32
      ? f32Outputs(takeApart(input, files, other), out)
      : [{ path: out, parts: [model.pack()] }];
  } catch (error) {
    throw loadFailure('convert', input, error);
  } finally {
    model.destroy();
  }
  for (const { path } of outputs) checkNotRead(path, [input, ...pathsOf(files), tokenizer ?? '-']);
  const same = (await writtenFingerprint(outputs)) === fingerprint;
  if (!isFile) makeFolder(out);
  let bytes = 0;
  for (const { path, parts } of outputs) {
    saveFile(path, parts);
    bytes += parts.reduce((sum, part) => sum + sizeOf(part), 0);
  }
  if (line.flags.has('json')) {
    process.stdout.write(`${safeJson({ in: input, out, bytes, fingerprint, same }, 2)}\n`);
    return;
  }
  const { bold, dim } = makePalette(wantsColor(process.stdout, line.flags, process.env));
  const verdict = same ? `the same model, ${fingerprint}` : 'the same but for rounding';
  process.stdout.write(`${bold(visible(out))}: ${compact(bytes)}B\n${dim(verdict)}\n`);
}
