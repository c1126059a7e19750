/**
 * named-options.ts - takes options from an object: each once, and none that nobody knows.
 * SPDX-License-Identifier: MIT
 */
import { checkObject, describe, kindOf, reading, readProperty } from './args.js';
import { TTTError } from './errors.js';
import { suggestion } from './suggestion.js';

/** The names of an interface's options: all of them, and no others. */
export type NamesOf<T> = Readonly<Record<keyof T, true>>;

/** Objects that have no options, however many properties somebody gives them. */
const NO_OPTIONS =
  /^(.*Array|.*ArrayBuffer|DataView|(Weak)?(Map|Set)|Promise|Date|RegExp|AbortSignal|URL)$/;

function unknownName(key: string, known: readonly string[], prefix: string): TTTError {
  const near = suggestion(key, known, prefix);
  const hint = near === '' ? `; there are ${known.map((name) => prefix + name).join(', ')}` : near;
  const name = prefix + (key.length > 40 ? `${key.slice(0, 40)}...` : key);
  return new TTTError('INVALID_ARGUMENT', `unknown option ${JSON.stringify(name).slice(1, -1)}${hint}`);
}

/**
 * The options in `value`, each read once. A name that is not in `names` is an error, as a slip of the
 * finger would otherwise go unnoticed, unless its value is undefined, which is as if it were not
 * given, or it is in `shared`: names of functions that an object may be meant for as well.
 *
 * @param within the option that holds these, as `training`; '' for a function's own
 */
export function takeOptions<Name extends string>(
  value: unknown,
  names: Readonly<Record<Name, true>>,
  within = '',
  shared: object = names,
): Record<Name, unknown> {
  const what = within === '' ? 'options' : within;
  const prefix = within === '' ? '' : `${within}.`;
  checkObject(value, what);
  if (NO_OPTIONS.test(kindOf(value))) {
    throw new TTTError('INVALID_ARGUMENT', `${what} must be an object with options, not ${describe(value)}`);
  }
  for (const key of reading(what, () => Object.keys(value))) {
    if (Object.hasOwn(names, key) || Object.hasOwn(shared, key)) continue;
    if (readProperty(value, key, prefix + key) === undefined) continue;
    throw unknownName(key, Object.keys(names), prefix);
  }
  const known = Object.keys(names) as Name[];
  const taken = known.map((name) => [name, readProperty(value, name, prefix + name)]);
  return Object.fromEntries(taken) as Record<Name, unknown>;
}
