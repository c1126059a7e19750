/**
 * place.ts - where bytes can be read from: a file by its path or `file:` URL, or any other URL, which is
 * fetched. Models and the WebAssembly module are found in the same way.
 * SPDX-License-Identifier: MIT
 */
import { readProperty } from '../common/args.js';
import type { AbortSignalLike, Bytes } from '../common/types.js';
import { download } from './download.js';
import type { Limits } from './gather.js';

/** A file, a folder, or a URL to fetch. */
export interface Place {
  /** What messages call it: a path, or the URL. */
  readonly name: string;
  /** Ends with the name of the file, without what a URL has behind it (`?download=true`). */
  readonly path: string;
  /** Whether it lies in a file system, where a folder may be looked through for what is there. */
  readonly isLocal: boolean;
  /** All its bytes; undefined for a folder. Throws the system's error, or what `gather` and `fetch` throw. */
  read(limits: Limits, signal?: AbortSignalLike): Promise<Bytes | undefined>;
  /** The file of this name in the same folder. */
  beside(name: string): Place;
  /** The file of this name in this folder. */
  inside(name: string): Place;
}

/** Finds a file by its path or `file:` URL; what a platform with a file system offers (file-bytes.ts). */
export type Files = (place: string | URL) => Place;

/** What can be fetched, and files. Anything else before a colon belongs to a path: C:\, story:v1. */
const URL_START = /^(https?|file|data|blob):/i;

/** Something to fetch. A relative URL is resolved as late as possible: `fetch` knows best against what. */
class UrlPlace implements Place {
  readonly isLocal = false;

  constructor(readonly name: string) {}

  get path(): string {
    return this.#url.pathname;
  }

  read(limits: Limits, signal?: AbortSignalLike): Promise<Bytes> {
    return download(this.name, limits, signal);
  }

  beside(name: string): Place {
    return new UrlPlace(new URL(encodeURIComponent(name), this.#url).href);
  }

  inside(name: string): Place {
    return new UrlPlace(`${this.name}/${encodeURIComponent(name)}`);
  }

  get #url(): URL {
    return new URL(this.name, globalThis.location?.href);
  }
}

/**
 * The place that a path or URL names: a file where the platform has `files`, otherwise something to
 * fetch. Throws TypeError for a URL that makes no sense.
 */
export function placeOf(given: string, files: Files | undefined): Place {
  const url = URL_START.test(given) ? new URL(given) : undefined;
  if (files && (!url || url.protocol === 'file:')) return files(url ?? given);
  return new UrlPlace(given);
}

/** The address of a URL object of any realm. `name` is what messages call the source. */
export function hrefOf(source: unknown, name: string): string | undefined {
  if (typeof source !== 'object' || source === null) return undefined;
  const href = readProperty(source, 'href', name);
  return typeof href === 'string' ? href : undefined;
}
