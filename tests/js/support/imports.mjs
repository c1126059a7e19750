// Who imports whom in the TypeScript sources, types included.
// SPDX-License-Identifier: MIT
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** A name behind import, from or require, in any quotes, on one line or several. */
const NAMED = /\b(?:from|import|require)\b\s*\(?\s*(["'`])([^"'`\n]+)\1/g;
/** Any text that is a relative path to a source: for import.meta.glob, new URL, declare module. */
const RELATIVE = /(["'`])(\.\.?\/[^"'`\n]*)\1/g;

const SOURCE = /\.[cm]?[jt]sx?$/;

/** A line of a docstring, where examples import the package; formatted code has no line that begins so. */
const DOCSTRING_LINE = /^ +\* .*$/gm;

/**
 * What a source's text imports, by whatever means. Comments count where they quote a relative path; a
 * comment cannot hide an import.
 */
export function importsOf(text) {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, ' ').replace(/(^|\s)\/\/.*$/gm, '$1');
  const names = [code, text].flatMap((each) => [...each.matchAll(RELATIVE)].map((m) => m[2]));
  const imported = [...text.replace(DOCSTRING_LINE, '').matchAll(NAMED)].filter(
    ([, quote]) => quote !== '`',
  );
  const all = [...imported, ...code.matchAll(NAMED)].map((m) => m[2]);
  return [...new Set([...all.filter((name) => !/\s/.test(name)), ...names])];
}

/** All sources below folders of `root`, as paths from there. */
function sourcesBelow(root, folders) {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .map((name) => posix.join(folder, String(name).replaceAll('\\', '/')))
      .filter((name) => SOURCE.test(name) && !name.includes('node_modules'))
      .sort(),
  );
}

/** The source that a relative name means, as the compiler and the bundlers find it, or the path as it is. */
function resolve(root, file, name) {
  const path = posix.join(posix.dirname(file), name);
  const ends = ['', '.ts', '.d.ts', '.mjs', '.js', '/index.ts'];
  const found = [path.replace(/\.([cm]?)js$/, '.$1ts'), ...ends.map((end) => path + end)];
  return found.find((each) => SOURCE.test(each) && existsSync(join(root, each))) ?? path;
}

/** { file: [what it imports] }: paths of sources from `root`, and the names of packages. */
export function importGraph(root, folders) {
  const graph = new Map();
  for (const file of sourcesBelow(root, folders)) {
    const names = importsOf(readFileSync(join(root, file), 'utf8'));
    graph.set(
      file,
      names.map((name) => (name.startsWith('.') ? resolve(root, file, name) : name)),
    );
  }
  return graph;
}

/** A circle of files, from a file back to it, or undefined if there is none. */
export function circleOf(graph) {
  const done = new Set();
  const path = [];
  const visit = (file) => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file) || !graph.has(file)) return undefined;
    path.push(file);
    for (const next of graph.get(file)) {
      const circle = visit(next);
      if (circle) return circle;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const circle = visit(file);
    if (circle) return circle;
  }
  return undefined;
}
