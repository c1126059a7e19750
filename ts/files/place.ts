/**
 * place.ts - tells URLs from paths.
 * SPDX-License-Identifier: MIT
 */
import { readProperty } from '../common/args.js';

/** What can be fetched, and files. Anything else before a colon belongs to a path: C:\, story:v1. */
const URL_START = /^(https?|file|data|blob):/i;

/** The URL in a string, or undefined for a path. Throws for a URL that makes no sense. */
export function asUrl(place: string): URL | undefined {
  return URL_START.test(place) ? new URL(place) : undefined;
}

/** The address of a URL object of any realm. `name` is what messages call the source. */
export function hrefOf(source: unknown, name: string): string | undefined {
  if (typeof source !== 'object' || source === null) return undefined;
  const href = readProperty(source, 'href', name);
  return typeof href === 'string' ? href : undefined;
}
