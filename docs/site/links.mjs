// Finds links of the site that lead nowhere: files that are missing, anchors that no page has.
// SPDX-License-Identifier: MIT
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** { pages, links, dead }: how many pages and relative links there are, and which are dead. */
export function deadLinks(site) {
  const names = readdirSync(site, { recursive: true }).filter((name) => name.endsWith('.html'));
  const read = (name) => [join(site, name), readFileSync(join(site, name), 'utf8')];
  const text = new Map(names.map(read));
  const anchors = new Map(
    [...text].map(([file, html]) => {
      const ids = [...html.matchAll(/\sid="([^"]*)"/g)];
      return [file, new Set(ids.map((match) => match[1]))];
    }),
  );
  const dead = [];
  let links = 0;
  for (const [file, html] of text) {
    for (const [, target] of html.matchAll(/\s(?:href|src)="([^"]*)"/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      links++;
      const [path, anchor] = target.split('#');
      const other = path === '' ? file : join(dirname(file), decodeURIComponent(path));
      const known = anchors.get(other);
      const missing = anchor && known && !known.has(decodeURIComponent(anchor));
      if (!existsSync(other) || missing) dead.push(`${file.slice(site.length + 1)} -> ${target}`);
    }
  }
  return { pages: names.length, links, dead };
}
