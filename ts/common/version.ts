/**
 * version.ts - the package's version, which the build takes from package.json.
 * SPDX-License-Identifier: MIT
 */
declare const BIT_TTT_VERSION: string;

/** MAJOR.MINOR.PATCH; addon and WebAssembly module must be of the same one. */
export const VERSION: string = BIT_TTT_VERSION;
