// Who imports whom in the TypeScript sources, types included.
// SPDX-License-Identifier: MIT
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\b[^'";]*?\bfrom\s*'([^']+)'|\bimport\s*\(?\s*'([^']+)'/g;

/** What a source's text imports, in order. Comments do not count. */
export function importsOf(text) {
  const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  return [...code.matchAll(IMPORT)].map(([, from, bare]) => from ?? bare);
}

/** All `.ts` files below folders of `root`, as paths from there. */
function sourcesBelow(root, folders) {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .map((name) => posix.join(folder, String(name).replaceAll('\\', '/')))
      .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
      .sort(),
  );
}

/** { file: [what it imports] }: paths of sources from `root`, and the names of packages. */
export function importGraph(root, folders) {
  const graph = new Map();
  for (const file of sourcesBelow(root, folders)) {
    const found = importsOf(readFileSync(join(root, file), 'utf8')).map((name) => {
      if (!name.startsWith('.')) return name;
      const path = posix.join(posix.dirname(file), name);
      const source = path.replace(/\.js$/, '.ts');
      return existsSync(join(root, source)) ? source : path;
    });
    graph.set(file, found);
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
