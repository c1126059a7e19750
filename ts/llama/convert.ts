/**
 * convert.ts - model files of one format turned into those of another, by the core.
 * SPDX-License-Identifier: MIT
 */
import { checkObject, checkText, reading, wrongType } from '../common/args.js';
import { describe } from '../common/brands.js';
import { TTTError } from '../common/errors.js';
import { letFinalizersRun } from '../common/lifecycle.js';
import { takeOptions } from '../common/named-options.js';
import type { Bytes } from '../common/types.js';
import { resolveEngine } from '../engine/choose.js';
import type { Engine, ModelEngine } from '../engine/engine.js';
import { made, part } from '../engine/made.js';
import { modelOf } from './model.js';
import { filesOf, openFiles } from './open.js';
import { CONVERT } from './option-names.js';
import { tokenizerBytes } from './shared.js';
import type { ModelParts } from './source.js';
import { readModel } from './source.js';
import type { ConvertOptions, LoadOptions, ModelSource, SharedModel } from './types.js';

/** BITLLAMA_MAX_METADATA. */
const MAX_METADATA = 64;

function readFormat(value: unknown): ConvertOptions['to'] {
  if (value === 'bitt' || value === 'safetensors') return value;
  const wanted = "'bitt' or 'safetensors'";
  if (typeof value !== 'string') throw wrongType('to', wanted, value);
  throw new TTTError('INVALID_OPTION', `to must be ${wanted}, not ${describe(value)}`);
}

/** C ends a text at NUL, and UTF-8 has no lone surrogates. */
function checkEncodable(text: unknown): asserts text is string {
  checkText(text, 'each value of metadata');
  if (!text.includes('\0') && !/\p{Surrogate}/u.test(text)) return;
  const why = 'metadata may have no NUL characters and no lone surrogates';
  throw new TTTError('INVALID_ARGUMENT', why);
}

/** Keys and values in turn. */
function readMetadata(value: unknown): string[] | undefined {
  if (value === undefined) return undefined;
  checkObject(value, 'metadata');
  const texts = reading('metadata', () => Object.entries(value)).flat();
  for (const text of texts) checkEncodable(text);
  if (texts.length <= 2 * MAX_METADATA) return texts as string[];
  throw new TTTError('INVALID_OPTION', `metadata may have ${MAX_METADATA} entries at most`);
}

/** What a file needs so that nothing must lie beside it, and the tokenizer that was given, if it is one. */
function textsOf(engine: Engine, models: ModelEngine, parts: ModelParts) {
  const handle = openFiles(models, parts);
  const model = modelOf(engine, handle, parts.tokenizer);
  try {
    const { tokenizer } = model;
    const standalone = ['config', made(models.configJson(handle))];
    if (tokenizer) standalone.push('tokenizer', JSON.stringify(tokenizer));
    const bytes = tokenizerBytes(tokenizer) ?? new Uint8Array(); // of length 0: there is to be none
    return { standalone, given: parts.tokenizer === undefined ? undefined : bytes };
  } finally {
    model.destroy();
  }
}

/**
 * Writes a model's weights as f32 to the bytes of a new file: the original's single `.bitt`, or a
 * `.safetensors`.
 *
 * f32 tensors stay as they are, f16 and bf16 are widened, and the weights of a compact file become
 * f32 weights that quantise to the same model. Sources and options are those of `BitLlama.load`,
 * but for models that another thread shares; for the compact `.bitt` there is `BitLlama.pack`.
 * Works on the calling thread. Codes: those of `BitLlama.load`; `INVALID_OPTION` (another `to`,
 * more than 64 entries of metadata); `INVALID_DATA` (metadata that is too large).
 *
 * @example
 * ```js
 * import { convertModel } from 'bit-ttt';
 * import { modelUrl } from 'bit-ttt/models/stories';
 *
 * const file = await convertModel(modelUrl, { to: 'safetensors' });
 * console.log(`${(file.length / 1e6).toFixed(1)} MB`); // of 4.8 million weights in 4 bytes each
 * ```
 *
 * ```text
 * 19.5 MB
 * ```
 */
export async function convertModel(
  source: Exclude<ModelSource, SharedModel>,
  options: ConvertOptions,
): Promise<Bytes> {
  const given = takeOptions(options, CONVERT);
  const safetensors = readFormat(given.to) === 'safetensors';
  const metadata = readMetadata(given.metadata);
  const { engine } = await resolveEngine(given);
  await letFinalizersRun();
  const models = part(engine, 'models');
  const parts = await readModel(source, given as LoadOptions);
  const texts = textsOf(engine, models, parts);
  const { index, names, files } = filesOf(parts.weights);
  const entries = metadata ?? (safetensors ? texts.standalone : []);
  return made(
    models.rewrite(index, names, files, parts.config, texts.given, entries, safetensors),
    parts.name,
  );
}
