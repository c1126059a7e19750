// Makes the C reference of the public headers, as Markdown. Their manner is uniform: a head comment, then
// paragraphs in which a comment stands before the declarations that it explains.
// SPDX-License-Identifier: MIT
const SECTION = /^\/\* -+ (.*?) -+ \*\/$/;

/** The text of a comment without its stars. */
function commentText(source) {
  return source
    .replace(/^\/\*+ ?/, '')
    .replace(/\s*\*\/$/, '')
    .split('\n')
    .map((line) => line.replace(/^ ?\* ?/, '').replace(/^ {3}(?=\S)/, ''))
    .filter((line) => !line.startsWith('SPDX-License-Identifier'))
    .join('\n');
}

/** A header without its guard, `extern "C"` and the macros of symbol visibility. */
function body(source) {
  return source
    .replace(/^#if defined\(_WIN32\)[^]*?^#endif$/m, '')
    .replace(/^#ifdef __cplusplus[^]*?^#endif$/gm, '')
    .replace(/^#(?:ifndef|include|endif).*$|^#define BIT_TTT_\w+_H$/gm, '');
}

/** End of the declaration that begins at `at`: its semicolon, and a comment behind it. */
function endOfDeclaration(text, at) {
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    if (text.startsWith('/*', i)) i = text.indexOf('*/', i) + 1;
    else if (text[i] === '{') depth++;
    else if (text[i] === '}') depth--;
    else if (text[i] === ';' && depth === 0) {
      const behind = /^;[ \t]*\/\*(?:[^*]|\*(?!\/))*\*\//.exec(text.slice(i));
      return i + (behind ? behind[0].length : 1);
    }
  }
  throw new Error(`a declaration without an end: ${text.slice(at, at + 60)}`);
}

/** What a declaration declares: { kind, name, members }. */
function describe(code) {
  const plain = code.replace(/\/\*[^]*?\*\//g, '');
  const constant = /^#define (\w+)/.exec(plain);
  if (constant) return { kind: 'constant', name: constant[1], members: [] };
  const type = /^typedef (\w+) (\w+)/.exec(plain);
  if (type) {
    const values = type[1] === 'enum' ? plain.slice(plain.indexOf('{')) : '';
    const members = [...values.matchAll(/\b([A-Z][A-Z0-9_]+)\b\s*[=,}]/g)].map((m) => m[1]);
    return { kind: type[1], name: type[2], members };
  }
  const called = /(\w+)\s*\(/.exec(plain.replace(/^BT_API /, ''));
  if (!called) throw new Error(`a declaration that the C reference cannot read: ${code}`);
  return { kind: 'function', name: called[1], members: [] };
}

/**
 * A header as { intro, entries }: each entry is a section { section }, or { comment, declarations }
 * where a declaration has its code, kind, name and the constants that it lists.
 */
export function readHeader(source) {
  const head = /^\/\*[^]*?\*\//.exec(source)[0];
  const text = body(source.slice(head.length));
  const entries = [];
  let entry;
  for (let at = 0; at < text.length; ) {
    const gap = /^\s+/.exec(text.slice(at))?.[0];
    if (gap) {
      if (/\n\s*\n/.test(gap)) entry = undefined;
      at += gap.length;
      continue;
    }
    if (text.startsWith('/*', at)) {
      const comment = text.slice(at, text.indexOf('*/', at) + 2);
      const section = SECTION.exec(comment);
      entry = section ? undefined : { comment: commentText(comment), declarations: [] };
      entries.push(entry ?? { section: section[1] });
      at += comment.length;
      continue;
    }
    const isMacro = text[at] === '#';
    const end = isMacro ? text.indexOf('\n', at) : endOfDeclaration(text, at);
    const code = text.slice(at, end).replace(/^BT_API /, '');
    if (!entry) entries.push((entry = { comment: '', declarations: [] }));
    entry.declarations.push({ code, ...describe(code) });
    at = end;
  }
  return { intro: commentText(head), entries };
}

const NAME = /\b(?:ttt|bitllama|TTT|BITLLAMA)_\w+/g;

/** Names of the API as links, in code that has been highlighted. */
export const linkNames = (html) => html.replace(NAME, (name) => `<a href="#${name}">${name}</a>`);

/** The anchor of a header on the page. */
export const headerAnchor = (path) => path.split('/').at(-1).replace('.', '-');

/** A line of a comment as Markdown: only lists, code and the API's names mean something there. */
function lineMarkdown(line, known) {
  if (line.startsWith('    ')) return line;
  const parts = line.split(/(`[^`]*`)/);
  const link = (name, shown) => (known.has(name) ? `<a href="#${name}">${shown}</a>` : shown);
  return parts
    .map((part) => {
      if (part.startsWith('`')) return link(part.slice(1, -1), part);
      const escaped = part.replace(/[\\*<>[\]|#~]/g, '\\$&');
      return escaped.replace(NAME, (name) => link(name, name));
    })
    .join('');
}

const commentMarkdown = (comment, known) =>
  comment
    .split('\n')
    .map((line) => lineMarkdown(line, known))
    .join('\n');

function entryMarkdown({ section, comment, declarations }, header, known) {
  if (section) return `## ${header}: ${section}\n`;
  const [first, ...others] = declarations.flatMap(({ name, members }) => [name, ...members]);
  const titles = declarations.map(({ name }) => `\`${name}\``).join(', ');
  const marks = others.map((name) => `<a id="${name}"></a>`).join('');
  const code = declarations.map((one) => one.code).join('\n');
  const text = commentMarkdown(comment, known);
  return `### ${titles} {#${first}}\n\n${marks}\n\n\`\`\`c reference\n${code}\n\`\`\`\n\n${text}\n`;
}

function indexMarkdown(title, names) {
  const items = names.map((name) => `<li><a href="#${name}"><code>${name}</code></a></li>`);
  return `### ${title}\n\n<ul class="columns">${items.join('')}</ul>\n`;
}

/** The page: `files` are [path, source] of the headers. */
export function cReference(files) {
  const read = files.map(([path, source]) => ({ path, ...readHeader(source) }));
  const all = read.flatMap(({ entries }) => entries.flatMap((one) => one.declarations ?? []));
  const known = new Set(all.flatMap(({ name, members }) => [name, ...members]));
  const ofKind = (...kinds) => all.filter((one) => kinds.includes(one.kind)).map((one) => one.name);
  const constants = [...ofKind('constant'), ...all.flatMap((one) => one.members)];
  const index = [
    indexMarkdown('Functions', ofKind('function')),
    indexMarkdown('Types', ofKind('struct', 'enum')),
    indexMarkdown('Constants', constants),
  ];
  const parts = read.map(({ path, intro, entries }) => {
    const include = path.replace('include/', '');
    const about = commentMarkdown(intro.replace(/^[\w.]+ - /, ''), known);
    const header = path.split('/').at(-1);
    const body = entries.map((one) => entryMarkdown(one, header, known)).join('\n');
    return `## \`#include <${include}>\` {#${headerAnchor(path)}}\n\n${about}\n\n${body}`;
  });
  return `---
outline: 2
---

# C reference

One shared library, made from the headers as they are. Names are links.

::: v-pre

## All names

${index.join('\n')}
${parts.join('\n')}
:::
`;
}
