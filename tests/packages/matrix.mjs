// matrix.mjs - packs the package, installs it into empty projects, and uses it from each runtime,
// kind of module, bundler, test runner and browser setting: the same memory must give the same
// bits.
//
//   npm run matrix                   all rows
//   npm run matrix -- vite jest      rows whose name or group contains one of the words
//   npm run matrix -- --write        all rows, and the table in docs/runtimes.md
//
// SPDX-License-Identifier: MIT
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import browsers from './browsers.mjs';
import bundlers from './bundlers.mjs';
import electron from './electron.mjs';
import { closeBrowser } from './lib/chromium.mjs';
import { exerciseModule, resultsIn } from './lib/programs.mjs';
import { installed, makeWorkspace, output, project, root, Skip } from './lib/workspace.mjs';
import modules from './modules.mjs';
import runners from './runners.mjs';
import runtimes from './runtimes.mjs';

const groups = {
  Runtimes: runtimes,
  'Modules and types': modules,
  Bundlers: bundlers,
  'Test runners': runners,
  'Browser (Chromium)': browsers,
  Electron: electron,
};

const firstProgram = `import * as library from 'bit-ttt';
import { modelUrl as english } from 'bit-ttt/models/english';
import { modelUrl as stories } from 'bit-ttt/models/stories';
import { exercise, remember, tell } from './exercise.mjs';
const memory = await remember(library);
const { backend, hash } = await exercise(library, memory);
const { story } = await tell(library, stories);
const { story: text } = await tell(library, english);
console.log('RESULT ' + JSON.stringify({ memory, backend, hash, story, text }));`;

/** What every row is given: folders, tools, a memory of Node's addon, and what it leads to. */
async function prepare(tools) {
  const workspace = await makeWorkspace(tools);
  const files = { 'first.mjs': firstProgram, 'exercise.mjs': exerciseModule('') };
  const cwd = await project(workspace, 'first', files);
  const [first] = resultsIn(await output(process.execPath, ['first.mjs'], { cwd }));
  if (first?.backend !== 'native') throw new Error("Node's addon is not in the package");
  return {
    workspace,
    memory: first.memory,
    /** What each model is to tell. */
    story: { story: first.story },
    english: { story: first.text },
    expected: (backend) => ({ backend, hash: first.hash }),
    tool: (path) => join(tools, 'node_modules', path),
  };
}

async function installTools() {
  try {
    return { tools: await installed('tools') };
  } catch (error) {
    const reason = error.message.trim().split('\n').slice(0, 3).join(' ');
    return { tools: null, reason: `the tools cannot be installed: ${reason}` };
  }
}

/** Runs one row; gives its outcome and what there is to say about it. */
async function attempt(row, context, reason) {
  try {
    if (row.needs?.includes('tools') && reason) throw new Skip(reason);
    await row.run(context);
    return { outcome: 'ok', said: '' };
  } catch (error) {
    if (error instanceof Skip) return { outcome: 'skip', said: error.message };
    return { outcome: 'FAIL', said: error.stack ?? String(error) };
  }
}

/** The rows whose name or group contains one of the words, in order, with their group. */
function pick(words) {
  const all = Object.entries(groups).flatMap(([group, rows]) =>
    rows.map((row) => ({ ...row, group })),
  );
  if (words.length === 0) return all;
  const text = ({ name, group }) => `${group} ${name}`.toLowerCase();
  return all.filter((row) => words.some((word) => text(row).includes(word.toLowerCase())));
}

const marks = { ok: 'yes', skip: 'not run here', FAIL: '**no**' };

function table(rows) {
  const lines = ['| where | with what | what was run | works |', '|---|---|---|---|'];
  let group = '';
  for (const row of rows) {
    const first = row.group === group ? '' : row.group;
    lines.push(`| ${first} | ${row.name} | ${row.uses} | ${marks[row.outcome]} |`);
    group = row.group;
  }
  return lines.join('\n');
}

/** Puts the table where docs/runtimes.md has its marks. */
function writeTable(rows) {
  const path = join(root, 'docs/runtimes.md');
  const text = readFileSync(path, 'utf8');
  const place = /<!-- matrix -->[^]*?<!-- \/matrix -->/;
  if (!place.test(text))
    throw new Error('docs/runtimes.md has no <!-- matrix --> ... <!-- /matrix -->');
  writeFileSync(path, text.replace(place, `<!-- matrix -->\n${table(rows)}\n<!-- /matrix -->`));
}

async function runRows(rows, context, reason) {
  const counts = { ok: 0, FAIL: 0, skip: 0 };
  for (const row of rows) {
    const began = Date.now();
    // For tests/run.mjs, which shows what is running.
    if (process.env.BIT_TTT_PARTS) console.log(`.. ${row.group}: ${row.name}`);
    Object.assign(row, await attempt(row, context, reason));
    counts[row.outcome] += 1;
    const seconds = ((Date.now() - began) / 1000).toFixed(1).padStart(5);
    const said = row.outcome === 'skip' ? `  (${row.said})` : '';
    console.log(`${row.outcome.padEnd(4)} ${seconds} s  ${row.group}: ${row.name}${said}`);
    if (row.outcome === 'FAIL') console.log(row.said.replace(/^/gm, '      '));
  }
  return counts;
}

const args = process.argv.slice(2);
const flags = args.filter((arg) => arg.startsWith('-'));
const words = args.filter((arg) => !arg.startsWith('-'));
const rows = pick(words);
const wrong = flags.find((flag) => flag !== '--write' && flag !== '--keep');
if (wrong || rows.length === 0 || (flags.includes('--write') && words.length > 0)) {
  console.error('usage: npm run matrix -- [words of a row | --write] [--keep]; the rows are:');
  for (const { group, name } of pick([])) console.error(`  ${group}: ${name}`);
  process.exit(2);
}
const { tools, reason } = await installTools();
const context = await prepare(tools);
try {
  const counts = await runRows(rows, context, reason);
  if (flags.includes('--write')) writeTable(rows);
  console.log(`${counts.ok} passed, ${counts.FAIL} failed, ${counts.skip} skipped`);
  process.exitCode = counts.FAIL === 0 ? 0 : 1;
} finally {
  await closeBrowser();
  if (flags.includes('--keep')) console.log(`kept: ${context.workspace.folder}`);
  else rmSync(context.workspace.folder, { recursive: true, force: true });
}
