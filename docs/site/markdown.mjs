// Markdown files of the repository as pages of the site: their links, and where the demo is shown.
// SPDX-License-Identifier: MIT
import { dirname, relative } from 'node:path/posix';

/** The way from one file of the site to another. */
export const wayTo = (from, to) => {
  const way = relative(dirname(from), to) || to.split('/').at(-1);
  return way.startsWith('.') ? way : `./${way}`;
};

/** The way to a picture from the top of the site, as VitePress wants files that it only copies. */
const fromTop = (way) => way.replace(/^(?:\.\.?\/)+/, '/');

const FENCED = /^( {0,3}```[^]*?^ {0,3}```.*)$/m;
const MARKDOWN_LINK = /(!?)(\[(?:[^[\]\\]|\\.|\[[^[\]]*\])*\])\(([^)\s]+)\)/g;
const PICTURE = /(<(?:img|source)\b[^>]*?\s(?:src|srcset)=")([^"]+)(")/g;
const FRAME = /(<iframe\b[^>]*?\ssrc=")([^"]+)(")/g;
const LONE_LINK = /^\[([^\]]+)\]\(([^)\s]+)\)\.?$/gm;

/** A text with `change` applied to what is not in fenced blocks. */
const outsideBlocks = (text, change) =>
  text
    .split(FENCED)
    .map((part, i) => (i % 2 === 0 ? change(part) : part))
    .join('');

/**
 * A text whose links and pictures `resolve` has changed: for a target it gives { href, inside }. What is not
 * a page of the site opens beside it, as the site's own navigation cannot show it.
 */
export function relink(text, resolve) {
  const inMarkdown = (_, image, label, target) => {
    const { href, inside } = resolve(target);
    if (image) return `!${label}(${fromTop(href)})`;
    const shown = label.replace(MARKDOWN_LINK, inMarkdown); // a picture that is a link
    return `${shown}(${href})${inside ? '' : '{target="_blank"}'}`;
  };
  const picture = (_, before, target, after) => before + fromTop(resolve(target).href) + after;
  const frame = (_, before, target, after) => before + resolve(target).href + after;
  return outsideBlocks(text, (prose) =>
    prose.replace(MARKDOWN_LINK, inMarkdown).replace(PICTURE, picture).replace(FRAME, frame),
  );
}

/**
 * A text in which each paragraph that is nothing but a link to the page `demo`, a file of the repository, has
 * become a frame that shows that page, loaded when it is opened; the link stays below it.
 */
export function framed(text, demo) {
  const frame = (link, label, target) => {
    if (target.replace(/^(?:\.\.\/)+/, '').split('#')[0] !== demo) return link;
    return `<details class="demo"><summary>${label}</summary>
<iframe title="${label}" loading="lazy" src="${target}"></iframe>

[Open it in a window of its own](${target})

</details>`;
  };
  return outsideBlocks(text, (prose) => prose.replace(LONE_LINK, frame));
}
