/**
 * model-names.ts - the models that come with the package, and which file the name of one stands for.
 * SPDX-License-Identifier: MIT
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { modelUrl as englishUrl } from 'bit-ttt/models/english';
import { modelUrl as storiesUrl } from 'bit-ttt/models/stories';
import { suggestion } from '../../common/suggestion.js';
import { Failure } from '../screen/failure.js';

/** A model that comes with the package. */
interface ShippedModel {
  path: string;
  /** How sentences call it. */
  called: string;
  /** What it writes, in few words. */
  writes: string;
}

const SHIPPED = {
  english: {
    path: fileURLToPath(englishUrl),
    called: 'the English model',
    writes: 'everyday English, but no facts',
  },
  stories: {
    path: fileURLToPath(storiesUrl),
    called: "the stories' model",
    writes: 'short stories',
  },
} as const satisfies Record<string, ShippedModel>;

/** What `--model` calls one of them. */
export type ModelName = keyof typeof SHIPPED;

/** All of them. */
export const MODEL_NAMES = Object.keys(SHIPPED) as ModelName[];

/** Whether this is the name of a model of the package: a file of that name is `./NAME`. */
export function isModelName(given: string): given is ModelName {
  return Object.hasOwn(SHIPPED, given);
}

/** Where the model of this name lies, whether or not it is there, and what there is to say of it. */
export function shippedModel(name: ModelName): ShippedModel {
  return SHIPPED[name];
}

/**
 * The path of the model that a person named: of the package, by its name, or a file, a folder or `-` as given.
 * Throws a Failure if the package lacks its model, or for a word that is no file but nearly a name.
 */
export function modelPath(given: string): string {
  if (!isModelName(given)) {
    checkSpelling(given);
    return given;
  }
  const { path, called } = SHIPPED[given];
  if (existsSync(path)) return path;
  throw new Failure(
    `${called}, which comes with the package, is not there (${path}); ` +
      'name another with --model FILE, or make one with bit-ttt train TEXT',
  );
}

/** What is no file at all is reported where it is read. */
function checkSpelling(given: string): void {
  if (/[./\\]/.test(given) || existsSync(given)) return;
  const near = suggestion(given, MODEL_NAMES);
  if (near !== '') throw new Failure(`there is no file and no model called ${given}${near}`);
}
