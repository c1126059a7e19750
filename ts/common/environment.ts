/**
 * environment.ts - environment variables, where there are any and they may be read.
 * SPDX-License-Identifier: MIT
 */

/** What holds environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A variable; undefined also where it may not be read (Deno without --allow-env throws). */
export function variable(name: string, environment: Environment = process.env): string | undefined {
  try {
    return environment[name];
  } catch {
    return undefined;
  }
}
