/**
 * convert.ts - the command that turns model files of one format into another.
 * SPDX-License-Identifier: MIT
 */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BitLlama } from 'bit-ttt';
import type { BesideFile, ModelFiles } from '../../files/model-files.js';
import { CONFIG_NAME, TOKENIZER_NAME, WEIGHTS_NAME } from '../../files/model-files.js';
import { nameOf } from '../files/input.js';
import { fingerprintOf, openModel, readModel, readTokenizer } from '../files/model.js';
import type { Named } from '../files/places.js';
import { checkPlaces, modelFiles } from '../files/places.js';
import type { Result } from '../files/save.js';
import { checkFiles, resultOf, saveFile } from '../files/save.js';
import type { Tensor } from '../files/tensors.js';
import { bittParts, readAllParts, safetensorsParts, toFloats } from '../files/tensors.js';
import { folderMetadata, WRITER } from '../files/written.js';
import type { Command, CommandLine, OptionSpecs } from '../screen/command-line.js';
import { FORCE_HELP, SAVE_OPTIONS } from '../screen/command-line.js';
import { engineInUse } from '../screen/engine.js';
import { asFailure, Failure, fileFailure, UsageError } from '../screen/failure.js';
import { compact, outputPalette, safeJson, visible } from '../screen/terminal.js';

const OPTIONS: OptionSpecs = {
  ...SAVE_OPTIONS,
  tokenizer: { type: 'string' },
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
${FORCE_HELP}
  --json             print {in, out, bytes, fingerprint, same}
  --color, --no-color
`;

/** A model, taken apart. */
interface Apart {
  config: string;
  tokenizer: string | undefined;
  tensors: Tensor[];
}

/** Files to write, with their bytes. */
interface Output {
  result: Result;
  parts: readonly (Uint8Array | string)[];
}

const sizeOf = (part: Uint8Array | string): number => Buffer.byteLength(part);

/** The texts and weights of IN, in any of its forms. */
function takeApart(path: string, files: ModelFiles, other: BesideFile | undefined): Apart {
  const found = readAllParts(files);
  const textOf = (file: BesideFile | undefined): string | undefined =>
    file && new TextDecoder().decode(file.bytes);
  const config = textOf(files.config) ?? found.config;
  if (config === undefined) throw new Failure(`${nameOf(path)} has no configuration`);
  const vocabulary = textOf(other ?? files.tokenizer) ?? found.tokenizer;
  return { config, tokenizer: vocabulary, tensors: toFloats(found) };
}

/** The files of a folder; the weights last, which name the others' digests. */
const FOLDER = [CONFIG_NAME, TOKENIZER_NAME, WEIGHTS_NAME];

/** The results that OUT stands for: one file, or those of a folder. */
function resultsOf(line: CommandLine, out: string): Result[] {
  if (out.endsWith('.bitt')) return [resultOf(line, out, 'OUT', 'model')];
  if (out.endsWith('.safetensors')) return [resultOf(line, out, 'OUT', 'weights')];
  return FOLDER.map((name) => resultOf(line, join(out, name), name, 'model folder'));
}

/** The outputs with f32 weights; those come last. */
function f32Outputs(
  { config, tokenizer: vocabulary, tensors }: Apart,
  results: readonly Result[],
): Output[] {
  const result = results[0]!;
  if (result.kind === 'model') {
    return [{ result, parts: bittParts(tensors, config, vocabulary) }];
  }
  if (result.kind === 'weights') {
    const texts = { config, ...(vocabulary === undefined ? {} : { tokenizer: vocabulary }) };
    return [{ result, parts: safetensorsParts(tensors, { ...WRITER, ...texts }) }];
  }
  const texts: Record<string, string> = { [CONFIG_NAME]: `${config}\n` };
  if (vocabulary !== undefined) texts[TOKENIZER_NAME] = `${vocabulary}\n`;
  const weights = safetensorsParts(tensors, folderMetadata(texts));
  return results.flatMap((one): Output[] => {
    const text = texts[one.name];
    if (one.name === WEIGHTS_NAME) return [{ result: one, parts: weights }];
    return text === undefined ? [] : [{ result: one, parts: [text] }];
  });
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

/** Throws before any work if the results could not, or should not, be saved. */
function checkResults(out: string, reads: readonly Named[], results: readonly Result[]): void {
  if (results.length === 1) return checkFiles(reads, results);
  const stat = statSync(out, { throwIfNoEntry: false });
  if (stat === undefined) return checkPlaces(reads, results);
  if (stat.isDirectory()) return checkFiles(reads, results);
  throw new Failure(
    `cannot save ${out}: it is a file; a folder, NAME.bitt or NAME.safetensors can be written`,
  );
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw fileFailure('save', path, error);
  }
}

/** `bit-ttt convert`. */
export const convert: Command = { options: OPTIONS, help: HELP, run };

async function run(line: CommandLine): Promise<void> {
  const [input, out, extra] = line.positionals;
  if (input === undefined || out === undefined) throw new UsageError('convert needs IN and OUT');
  if (extra !== undefined) throw new UsageError(`convert takes IN and OUT, but "${extra}" follows`);
  const f32 = line.flags.has('f32') || !out.endsWith('.bitt');
  const results = resultsOf(line, out);
  const tokenizer = line.values.get('tokenizer');
  const reads = modelFiles(input, 'IN');
  if (tokenizer !== undefined) reads.push({ path: tokenizer, name: '--tokenizer' });
  checkResults(out, reads, results);
  await engineInUse();
  const files = await readModel(input);
  const other = tokenizer === undefined ? undefined : await readTokenizer(tokenizer);
  const model = await openModel(input, files, other);
  const fingerprint = fingerprintOf(model);
  let outputs: Output[];
  try {
    outputs = f32
      ? f32Outputs(takeApart(input, files, other), results)
      : [{ result: results[0]!, parts: [model.pack()] }];
  } catch (error) {
    throw asFailure('convert', input, error);
  } finally {
    model.destroy();
  }
  const same = (await writtenFingerprint(outputs)) === fingerprint;
  if (results.length > 1) makeFolder(out);
  let bytes = 0;
  for (const { result, parts } of outputs) {
    saveFile(result, parts);
    bytes += parts.reduce((sum, part) => sum + sizeOf(part), 0);
  }
  if (line.flags.has('json')) {
    process.stdout.write(`${safeJson({ in: input, out, bytes, fingerprint, same }, 2)}\n`);
    return;
  }
  const { bold, dim } = outputPalette(line.flags);
  const verdict = same ? `the same model, ${fingerprint}` : 'the same but for rounding';
  process.stdout.write(`${bold(visible(out))}: ${compact(bytes)}B\n${dim(verdict)}\n`);
}
