/**
 * places.ts - finds which file a path names, however it is spelt, so that no command writes two results,
 * or a result and one of its inputs, to one file.
 * SPDX-License-Identifier: MIT
 */
import { fstatSync, lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { CONFIG_NAME, TOKENIZER_NAME } from '../../files/model-files.js';
import { isIndexName } from '../../files/sharded.js';
import { UsageError } from '../screen/failure.js';

/** A file of a command, and what messages call it: FILE, or the option that names it. */
export interface Named {
  path: string;
  name: string;
}

/** Something that a command writes; `replaces` is the name of an input that it may replace. */
export interface Written extends Named {
  replaces?: string | undefined;
}

const MOST_LINKS = 40;

/** The end of a chain of links, which need not be there. */
export function followLinks(path: string): string {
  for (let links = 0; links < MOST_LINKS; links++) {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return path;
    const to = readlinkSync(path);
    // Not join, which drops `folder/..`: if `folder` is a link, that is another place.
    path = isAbsolute(to) ? to : `${dirname(path)}/${to}`;
  }
  throw Object.assign(new Error(), { code: 'ELOOP' });
}

/** A name as file systems compare it: those of Windows and macOS ignore case. */
function folded(name: string): string {
  const ignoresCase = process.platform === 'win32' || process.platform === 'darwin';
  return ignoresCase ? name.normalize('NFC').toLowerCase() : name;
}

interface Identity {
  dev: bigint;
  ino: bigint;
}

const identityOf = ({ dev, ino }: Identity): string => `${dev}:${ino}`;

/** Equal for two paths exactly if they name one file, or would once it is written. */
function placeOf(path: string): string {
  try {
    const end = followLinks(path);
    const stat = statSync(end, { bigint: true, throwIfNoEntry: false });
    if (stat !== undefined) return identityOf(stat);
    const folder = dirname(end);
    return folder === end ? end : `${placeOf(folder)}/${folded(basename(end))}`;
  } catch {
    return resolve(path); // using it will report what is wrong
  }
}

/** The place of a stream that the shell has connected, if that is a file. */
function placeOfStream(descriptor: number): string | undefined {
  try {
    const stat = fstatSync(descriptor, { bigint: true });
    return stat.isFile() ? identityOf(stat) : undefined;
  } catch {
    return undefined;
  }
}

const placeOfInput = (path: string): string | undefined =>
  path === '-' ? placeOfStream(0) : placeOf(path);

/** All files that may be read for a path; of a folder, or of an index's folder, all JSON and weights. */
function modelPaths(path: string): string[] {
  const folder = isIndexName(path) ? dirname(path) : path;
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    const names = readdirSync(folder).filter((name) => /\.(json|safetensors)$/.test(name));
    return names.map((name) => join(folder, name));
  }
  if (!path.endsWith('.safetensors')) return [path];
  return [path, ...[CONFIG_NAME, TOKENIZER_NAME].map((name) => join(dirname(path), name))];
}

/** The files that are read for the model at `path`; `name` is what messages call it. */
export function modelFiles(path: string, name: string): Named[] {
  try {
    return (path === '-' ? [path] : modelPaths(path)).map((file) => ({ path: file, name }));
  } catch {
    return [{ path, name }]; // loading it will report what is wrong
  }
}

/** Refuses a result that is something else that the command reads or writes. */
export function checkPlaces(reads: readonly Named[], writes: readonly Written[]): void {
  const streams = reads.filter(({ path }) => path === '-');
  if (streams.length > 1) {
    const [a, b] = streams as [Named, Named]; // it can be read only once
    throw new UsageError(`standard input cannot be both ${a.name} and ${b.name}`);
  }
  const inputs = reads.map((read) => ({ ...read, place: placeOfInput(read.path) }));
  const taken = new Map<string, string>();
  for (const descriptor of [1, 2]) {
    const place = placeOfStream(descriptor);
    if (place === undefined) continue;
    const name = descriptor === 1 ? 'standard output' : 'the error stream';
    const input = inputs.find((read) => read.place === place);
    if (input !== undefined) {
      throw new UsageError(`${name} is the file to be read (${input.name})`);
    }
    taken.set(place, name);
  }
  for (const { path, name, replaces } of writes) {
    if (path === '-') {
      throw new UsageError(`${name} needs a file; for one of this name write ./-`);
    }
    const place = placeOf(path);
    const input = inputs.find((read) => read.place === place && read.name !== replaces);
    if (input !== undefined) {
      throw new UsageError(`cannot save ${path}: it is the file to be read (${input.name})`);
    }
    const other = taken.get(place);
    if (other !== undefined) {
      throw new UsageError(`cannot save ${path}: ${other} and ${name} are one file`);
    }
    taken.set(place, name);
  }
}
