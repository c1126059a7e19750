// The frame around every page: navigation, title, and nothing that needs a script.
// SPDX-License-Identifier: MIT
import { dirname, relative } from 'node:path/posix';

import { escapeHtml } from './markdown.mjs';
import { pageGroups, references } from './pages.mjs';

/** The way from one file of the site to another. */
export const wayTo = (from, to) => relative(dirname(from), to) || to.split('/').at(-1);

function navigation(out) {
  const groups = [...pageGroups()];
  groups.splice(2, 0, { title: 'Reference', pages: references });
  return groups
    .map(({ title, pages }) => {
      const items = pages.map((page) => {
        const here = page.out === out ? ' aria-current="page"' : '';
        return `<li><a href="${wayTo(out, page.out)}"${here}>${escapeHtml(page.title)}</a></li>`;
      });
      return `<h2>${escapeHtml(title)}</h2>\n<ul>${items.join('\n')}</ul>`;
    })
    .join('\n');
}

/** A whole page for the file `out` of the site. */
export function layout({ out, title, content }) {
  const full = title === 'Bit-TTT' ? title : `${title} · Bit-TTT`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(full)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${wayTo(out, 'style.css')}">
</head>
<body>
<a class="jump" href="#navigation">All pages</a>
<main>
${content}</main>
<nav id="navigation" aria-label="All pages">
${navigation(out)}
</nav>
</body>
</html>
`;
}
