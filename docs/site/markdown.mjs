// Turns Markdown into HTML: headings with anchors, tables that scroll, coloured code, and links
// rewritten by the caller.
// SPDX-License-Identifier: MIT
import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import c from 'highlight.js/lib/languages/c';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import MarkdownIt from 'markdown-it';

import { slug } from './anchors.mjs';

const languages = { js: javascript, ts: typescript, c, sh: bash, json, html: xml };
for (const [name, language] of Object.entries(languages)) hljs.registerLanguage(name, language);

export const escapeHtml = (text) => new MarkdownIt().utils.escapeHtml(text);

/** Code as HTML, with classes for its colours where the language is known. */
export function highlight(code, language) {
  return language in languages ? hljs.highlight(code, { language }).value : escapeHtml(code);
}

/** Gives each heading its anchor. */
function anchors(md) {
  md.core.ruler.push('anchors', (state) => {
    const taken = new Map();
    state.tokens.forEach((token, i) => {
      if (token.type !== 'heading_open') return;
      const children = state.tokens[i + 1].children ?? [];
      const text = children.filter((t) => t.type === 'text' || t.type === 'code_inline');
      token.attrSet('id', slug(text.map((t) => t.content).join(''), taken));
    });
  });
}

/** The tokens of a line of text with `link` applied; a link that it refuses becomes its text. */
function relink(tokens, link) {
  const open = []; // for each open link, whether it is kept
  return tokens.filter((token) => {
    if (token.type === 'link_close') return open.pop();
    const name = { link_open: 'href', image: 'src' }[token.type];
    if (!name) return true;
    const target = link(token.attrGet(name));
    token.attrSet(name, target);
    if (token.type === 'link_open') open.push(target !== '');
    return target !== '';
  });
}

function links(md) {
  md.core.ruler.push('links', ({ tokens, env }) => {
    if (!env.link) return;
    for (const block of tokens) {
      if (block.type === 'inline') block.children = relink(block.children, env.link);
    }
  });
}

function fence(tokens, index) {
  const { info, content } = tokens[index];
  const [language] = info.trim().split(/\s+/);
  return `<pre><code>${highlight(content, language)}</code></pre>\n`;
}

/** @param html whether HTML in the Markdown is passed through: only for what we generate */
function renderer(html) {
  const md = new MarkdownIt({ html }).use(anchors).use(links);
  md.renderer.rules.fence = fence;
  md.renderer.rules.table_open = () => '<div class="scroll"><table>\n';
  md.renderer.rules.table_close = () => '</table></div>\n';
  return md;
}

const handwritten = renderer(false),
  generated = renderer(true);

/** `link` gets each address and gives another, '' for a link that is to be left out. */
export function renderMarkdown(text, { link, html = false } = {}) {
  return (html ? generated : handwritten).render(text, { link });
}

/** Comments of C headers: paragraphs, lists and indented code, and nothing else. */
const plain = new MarkdownIt('zero').enable(['code', 'list', 'backticks']);
export const renderComment = (text) => plain.render(text);
