// licenses.mjs - makes THIRD-PARTY-LICENSES: whose code is in the published files, and on what terms.
//
// The packages are those that the bundler says it has put into a file, so that a new one cannot be
// forgotten; what the C and C++ compilers link is named here, since no bundler sees it.
// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { StepError } from './cmake.mjs';
import { root } from './stamps.mjs';

/** Terms under which code may be passed on with this project's, given their text. */
const ALLOWED = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0'];

/** Linked by a compiler. dlmalloc (CC0) and compiler-rt (LLVM exception) ask for no notice. */
const LINKED = [
  { name: 'node-api-headers', where: 'the addon (dist/native)' },
  { name: 'Emscripten', where: 'the WebAssembly modules', license: 'MIT', file: 'emscripten.txt' },
  { name: 'musl libc', where: 'the WebAssembly modules', license: 'MIT', file: 'musl.txt' },
];

/** Names of the npm packages that files come from. */
export function packagesOf(files) {
  const names = files.map((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

/** The terms of an npm package; throws StepError if they are unknown or not allowed. */
function termsOf(name) {
  const folder = join(root, 'node_modules', name);
  const { license, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (!ALLOWED.includes(license))
    throw new StepError(`${name} is under ${license}, which nobody has looked at`);
  const texts = readdirSync(folder)
    .filter((file) => /^(licen[cs]e|notice)(\.\w+)?$/i.test(file))
    .sort();
  if (texts.length === 0) throw new StepError(`${name} comes without the text of its license`);
  const text = texts.map((file) => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n');
  return { title: `${name} ${version}`, license, text };
}

function linkedTerms({ name, license, file }) {
  if (file === undefined) return termsOf(name);
  return {
    title: name,
    license,
    text: readFileSync(join(root, 'scripts/licenses', file), 'utf8').trim(),
  };
}

const RULE = '-'.repeat(80);

function section({ title, license, text }, where) {
  return [
    RULE,
    `${title} (${license}), in ${where}`,
    RULE,
    '',
    text.replaceAll('\r\n', '\n'),
    '',
  ].join('\n');
}

/** The file's text for bundles that were made of these source files. */
export function thirdPartyLicenses(files) {
  const sections = packagesOf(files).map((name) =>
    section(termsOf(name), 'the JavaScript bundles'),
  );
  sections.push(...LINKED.map((part) => section(linkedTerms(part), part.where)));
  const head = 'Code of others in the files of this package, and the terms that it came under.\n';
  return `${head}\n${sections.join('\n')}`;
}

/** For a page that contains the published bundles and these source files besides. */
export function pageLicenses(files) {
  const published = readFileSync(join(root, 'THIRD-PARTY-LICENSES'), 'utf8').trim();
  const own = readFileSync(join(root, 'LICENSE'), 'utf8').trim();
  const sections = packagesOf(files).map((name) => section(termsOf(name), 'the page'));
  return [own, '', published, '', ...sections].join('\n');
}
