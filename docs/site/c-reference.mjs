// Makes the C reference of the public headers. Their manner is uniform: a head comment, then
// paragraphs in which a comment stands before the declarations that it explains.
// SPDX-License-Identifier: MIT
import { escapeHtml, highlight, renderComment } from './markdown.mjs';

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
    const members = [...values.matchAll(/\b([A-Z][A-Z0-9_]+)\b\s*=/g)].map((m) => m[1]);
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

/** Adds links to the names in a piece of highlighted code. */
function linked(html, known, own) {
  return html.replace(/\b(?:ttt|bitllama|TTT|BITLLAMA)_\w+/g, (name) =>
    known.has(name) && !own.includes(name) ? `<a href="#${name}">${name}</a>` : name,
  );
}

function entryHtml({ section, comment, declarations }, known) {
  if (section) return `<h3>${escapeHtml(section)}</h3>\n`;
  const own = declarations.flatMap(({ name, members }) => [name, ...members]);
  const marks = own.map((name) => `<a id="${name}"></a>`).join('');
  const code = declarations.map((one) => one.code).join('\n');
  const html = linked(highlight(code, 'c'), known, own);
  const text = linked(renderComment(comment), known, []);
  return `<section class="entry">${marks}<pre><code>${html}</code></pre>\n${text}</section>\n`;
}

function indexHtml(title, names) {
  const items = names.map((name) => `<li><a href="#${name}"><code>${name}</code></a></li>`);
  return `<h3>${title}</h3>\n<ul class="columns">${items.join('')}</ul>\n`;
}

/** The page: `files` are [path, source] of the headers. */
export function cReference(files) {
  const read = files.map(([path, source]) => ({ path, ...readHeader(source) }));
  const all = read.flatMap(({ entries }) => entries.flatMap((one) => one.declarations ?? []));
  const known = new Set(all.flatMap(({ name, members }) => [name, ...members]));
  const ofKind = (...kinds) => all.filter((one) => kinds.includes(one.kind)).map((one) => one.name);
  const constants = [...ofKind('constant'), ...all.flatMap((one) => one.members)];
  const index = [
    indexHtml('Functions', ofKind('function')),
    indexHtml('Types', ofKind('struct', 'enum')),
    indexHtml('Constants', constants),
  ];
  const parts = read.map(({ path, intro, entries }) => {
    const name = path.split('/').at(-1);
    const include = path.replace('include/', '');
    const about = linked(renderComment(intro.replace(/^[\w.]+ - /, '')), known, []);
    const body = entries.map((one) => entryHtml(one, known)).join('');
    return `<h2 id="${name}"><code>#include &lt;${include}&gt;</code></h2>\n${about}${body}`;
  });
  return `<h1>C reference</h1>
<p>One shared library, made from the headers as they are. Names are links.</p>
${index.join('')}${parts.join('\n')}`;
}
