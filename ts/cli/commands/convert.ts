/**
 * convert.ts - the command that turns model files of one format into another.
 * SPDX-License-Identifier: MIT
 */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BitLlama, convertModel } from 'bit-ttt';
import { tensorsStart } from '../../files/model-extent.js';
import type { BesideFile, ModelFiles } from '../../files/model-files.js';
import { CONFIG_NAME, TOKENIZER_NAME, WEIGHTS_NAME } from '../../files/model-files.js';
import { nameOf } from '../files/input.js';
import { fingerprintOf, openModel, readModel, readTokenizer, sourceOf } from '../files/model.js';
import { readHeaders } from '../files/model-header.js';
import { MODEL_NAMES, modelPath } from '../files/model-names.js';
import type { Named } from '../files/places.js';
import { checkPlaces, modelFiles } from '../files/places.js';
import type { Result } from '../files/save.js';
import { checkFiles, resultOf, saveFile } from '../files/save.js';
import { folderMetadata, WRITER } from '../files/written.js';
import type { Command, CommandLine } from '../screen/command-line.js';
import { outputOptions, SAVE_OPTIONS } from '../screen/command-line.js';
import { engineInUse } from '../screen/engine.js';
import { asFailure, Failure, fileFailure, UsageError } from '../screen/failure.js';
import { compact, outputPalette, safeJson, visible } from '../screen/terminal.js';

const HELP = [
  `Turns a model from one format into another. IN is a .bitt or .safetensors file, the index of
several (model.safetensors.index.json), or a folder with these and with config.json and
tokenizer.json, as the original engine has them (f32, f16 or bf16); - is standard input, and
english and stories are the models of the package (a file that is called so is ./english).
OUT says by its name what is written:

  NAME.bitt          one compact file: ternary weights in 2 bits, int8 embedding and head
  NAME.bitt --f32    the original's single file, with f32 weights
  NAME.safetensors   f32 weights, with configuration and tokenizer in the metadata
  any other name     a folder with model.safetensors, config.json and tokenizer.json

Weights of a compact file become f32 weights that quantise to the same model again. The original
engine itself runs only layers of "reconstruct" whose BitLinears neither rescale nor quantise.`,
  {
    '--f32': 'f32 weights, also in NAME.bitt',
    '--tokenizer FILE': "a tokenizer.json to put in, instead of IN's own",
    ...SAVE_OPTIONS,
    ...outputOptions('print {in, out, bytes, fingerprint, same}'),
  },
];

/** JSON, as it stands in the files. */
interface Texts {
  config: string;
  tokenizer: string | undefined;
}

/** A file to write, with its contents. */
interface Output {
  result: Result;
  content: Uint8Array | string;
}

/** The texts of IN, in any of its forms. */
function textsOf(path: string, files: ModelFiles, other: BesideFile | undefined): Texts {
  const found = readHeaders(files);
  const textOf = (file: BesideFile | undefined): string | undefined =>
    file && new TextDecoder().decode(file.bytes);
  const config = textOf(files.config) ?? found.config;
  if (config === undefined) throw new Failure(`${nameOf(path)} has no configuration`);
  return { config, tokenizer: textOf(other ?? files.tokenizer) ?? found.tokenizer };
}

/** The files of a folder; the weights last, which name the others' digests. */
const FOLDER = [CONFIG_NAME, TOKENIZER_NAME, WEIGHTS_NAME];

/** The results that OUT stands for: one file, or those of a folder. */
function resultsOf(line: CommandLine, out: string): Result[] {
  if (out.endsWith('.bitt')) return [resultOf(line, out, 'OUT', 'model')];
  if (out.endsWith('.safetensors')) return [resultOf(line, out, 'OUT', 'weights')];
  return FOLDER.map((name) => resultOf(line, join(out, name), name, 'model folder'));
}

/** Without white space, and numbers as JavaScript writes them. */
const normalised = (json: string): string => JSON.stringify(JSON.parse(json));

/** The outputs with f32 weights; those come last. */
async function f32Outputs(
  files: ModelFiles,
  { config, tokenizer }: Texts,
  results: readonly Result[],
): Promise<Output[]> {
  const { weights } = files;
  const isFile = weights instanceof Uint8Array;
  // A .bitt takes no other configuration; the safetensors file within it does.
  const source = isFile ? weights.subarray(tensorsStart(weights)) : sourceOf(files);
  const result = results[0]!;
  if (result.kind === 'model') {
    const options = { config: normalised(config), tokenizer, metadata: WRITER };
    return [{ result, content: await convertModel(source, { ...options, to: 'bitt' }) }];
  }
  const write = (metadata: Record<string, string>): Promise<Uint8Array> =>
    convertModel(source, { config, tokenizer, metadata, to: 'safetensors' });
  if (result.kind === 'weights') {
    const texts = { config, ...(tokenizer === undefined ? {} : { tokenizer }) };
    return [{ result, content: await write({ ...WRITER, ...texts }) }];
  }
  const texts: Record<string, string> = { [CONFIG_NAME]: `${config}\n` };
  if (tokenizer !== undefined) texts[TOKENIZER_NAME] = `${tokenizer}\n`;
  const contents = { ...texts, [WEIGHTS_NAME]: await write(folderMetadata(texts)) };
  return results.flatMap((one): Output[] => {
    const content = contents[one.name as keyof typeof contents];
    return content === undefined ? [] : [{ result: one, content }];
  });
}

/** The fingerprint of what is about to be written. */
async function writtenFingerprint(outputs: readonly Output[]): Promise<string> {
  const weights = outputs.at(-1)!.content as Uint8Array;
  const config = outputs.length > 1 ? outputs[0]!.content : undefined;
  const model = await BitLlama.load(weights, { config });
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
export const convert: Command = {
  usage: 'IN OUT',
  summary: 'turn a model from one format into another',
  help: HELP,
  words: MODEL_NAMES,
  run,
};

async function run(line: CommandLine): Promise<void> {
  const [given, out, extra] = line.positionals;
  if (given === undefined || out === undefined) throw new UsageError('convert needs IN and OUT');
  if (extra !== undefined) throw new UsageError(`convert takes IN and OUT, but "${extra}" follows`);
  const input = modelPath(given);
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
      ? await f32Outputs(files, textsOf(input, files, other), results)
      : [{ result: results[0]!, content: model.pack() }];
  } catch (error) {
    throw asFailure('convert', input, error);
  } finally {
    model.destroy();
  }
  const same = (await writtenFingerprint(outputs)) === fingerprint;
  if (results.length > 1) makeFolder(out);
  let bytes = 0;
  for (const { result, content } of outputs) {
    saveFile(result, [content]);
    bytes += Buffer.byteLength(content);
  }
  if (line.flags.has('json')) {
    process.stdout.write(`${safeJson({ in: input, out, bytes, fingerprint, same }, 2)}\n`);
    return;
  }
  const { bold, dim } = outputPalette(line.flags);
  const verdict = same ? `the same model, ${fingerprint}` : 'the same but for rounding';
  process.stdout.write(`${bold(visible(out))}: ${compact(bytes)}B\n${dim(verdict)}\n`);
}
