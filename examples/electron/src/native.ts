/**
 * native.ts - in place of the demo's WebAssembly module: what the package finds by itself, here the addon.
 * SPDX-License-Identifier: MIT
 */
export const ENGINE = {};
