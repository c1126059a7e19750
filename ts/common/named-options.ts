/**
 * named-options.ts - reads options from an object, each once, and refuses unknown names.
 * SPDX-License-Identifier: MIT
 */
import { checkObject, reading, wrongType } from './args.js';
import { kindOf } from './brands.js';
import { TTTError } from './errors.js';
import { suggestion } from './suggestion.js';

/** The names of an interface's options: all of them, and no others. */
export type NamesOf<T> = Readonly<Record<keyof T, true>>;

/** Built-in classes whose instances are never meant as options. */
const NO_OPTIONS =
  /^(.*Array|.*ArrayBuffer|DataView|(Weak)?(Map|Set)|Promise|Date|RegExp|Abort(Signal|Controller)|URL|Error|String|Number|Boolean|BigInt|Symbol)$/;

function unknownName(key: string, known: readonly string[], prefix: string): TTTError {
  const near = suggestion(key, known, prefix);
  const hint = near === '' ? `; there are ${known.map((name) => prefix + name).join(', ')}` : near;
  const name = prefix + (key.length > 40 ? `${key.slice(0, 40)}...` : key);
  return new TTTError(
    'INVALID_ARGUMENT',
    `unknown option ${JSON.stringify(name).slice(1, -1)}${hint}`,
  );
}

/** Whether an object is an instance of such a class. */
function hasNoOptions(value: object): boolean {
  return Object.getPrototypeOf(value) !== Object.prototype && NO_OPTIONS.test(kindOf(value));
}

/**
 * The options in `value`, each read once. Throws `INVALID_ARGUMENT` for a name that is not in
 * `names`, as it may be misspelt, unless its value is undefined or it is in `shared`: the names of
 * other functions that may be given the same object.
 *
 * @param within the option that holds these, such as `training`; '' for a function's own
 */
export function takeOptions<Name extends string>(
  value: unknown,
  names: Readonly<Record<Name, true>>,
  within = '',
  shared: Readonly<Record<string, true>> = names,
): Record<Name, unknown> {
  const what = within === '' ? 'options' : within;
  const prefix = within === '' ? '' : `${within}.`;
  checkObject(value, what);
  if (reading(what, () => hasNoOptions(value))) {
    throw wrongType(what, 'an object with options', value);
  }
  // Called for every token of a stream: no function and no text is made for each name.
  const options = value as Record<string, unknown>;
  const taken = {} as Record<Name, unknown>;
  let unknown: string | undefined;
  let current = '';
  try {
    for (current of Object.keys(options)) {
      if (shared[current] === true || (names as typeof shared)[current] === true) continue;
      if (options[current] !== undefined) unknown ??= current;
    }
    for (const name in names) {
      current = name;
      taken[name] = options[name];
    }
  } catch (cause) {
    const name = current === '' ? what : prefix + current;
    throw new TTTError('INVALID_ARGUMENT', `${name} cannot be read`, { cause });
  }
  if (unknown !== undefined) throw unknownName(unknown, Object.keys(names), prefix);
  return taken;
}
