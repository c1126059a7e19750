/**
 * json-line.ts - finds the values of a line of JSON, with the names that lead to each.
 * SPDX-License-Identifier: MIT
 */
import { scramble } from './words.js';

/** Gets a value: the range of its text without quotes, and the hash of the names that lead to it. */
type FieldListener = (path: number, name: string, start: number, end: number) => void;

const MAX_DEPTH = 16;
const SCALAR = /[^\s,\]}]+/y;
const ROOT = 0x6a736f6e;

/** Whether a line may be one of JSON. */
export function looksLikeJson(text: string): boolean {
  return text.charCodeAt(0) === 123 && text.charCodeAt(text.trimEnd().length - 1) === 125;
}

/** The end of a JSON string whose first character after the quote is at `from`, or -1. */
function stringEnd(text: string, from: number): number {
  for (let i = from; ; i++) {
    i = text.indexOf('"', i);
    if (i < 0) return -1;
    let slashes = 0;
    while (text.charCodeAt(i - 1 - slashes) === 92) slashes++;
    if (slashes % 2 === 0) return i;
  }
}

function skip(text: string, at: number, also: number): number {
  let i = at;
  for (;;) {
    const c = text.charCodeAt(i);
    if (c !== 32 && c !== 9 && c !== also) return i;
    i++;
  }
}

/**
 * Calls the listener for each value of an object. Values in arrays have the path of the array. False if the
 * text is no object; some values may then have been told.
 */
export function readJsonLine(text: string, listener: FieldListener): boolean {
  const value = (from: number, path: number, name: string, depth: number): number => {
    const c = text.charCodeAt(from);
    if (c === 34) {
      const end = stringEnd(text, from + 1);
      if (end < 0) return -1;
      listener(path, name, from + 1, end);
      return end + 1;
    }
    if (c === 123 || c === 91) {
      return depth < MAX_DEPTH ? members(from + 1, path, name, depth, c === 123) : -1;
    }
    SCALAR.lastIndex = from;
    if (!SCALAR.test(text)) return -1;
    listener(path, name, from, SCALAR.lastIndex);
    return SCALAR.lastIndex;
  };
  const members = (
    from: number,
    path: number,
    name: string,
    depth: number,
    named: boolean,
  ): number => {
    for (let i = skip(text, from, 44); ; i = skip(text, i, 44)) {
      if (text.charCodeAt(i) === (named ? 125 : 93)) return i + 1;
      let own = path;
      let called = name;
      if (named) {
        const end = text.charCodeAt(i) === 34 ? stringEnd(text, i + 1) : -1;
        if (end < 0) return -1;
        called = text.slice(i + 1, end);
        own = hashOf(called, path);
        i = skip(text, end + 1, 58);
      }
      i = value(i, own, called, depth + 1);
      if (i < 0) return -1;
    }
  };
  return value(0, ROOT, '', 0) === text.trimEnd().length;
}

function hashOf(name: string, path: number): number {
  let hash = path;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return scramble(hash);
}
