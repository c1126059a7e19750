// prebuild.mjs - builds, checks and places the addons that a release carries.
//
//   node scripts/prebuild.mjs [platform ...]     builds for this machine, or for those named
//   node scripts/prebuild.mjs --complete         only checks that dist has every platform's addon
//
// An addon for this machine is also loaded, in a process of its own, and must give the conformance
// hash. Needs `npm ci --ignore-scripts`, CMake and a compiler.
// SPDX-License-Identifier: MIT
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { addonPath, buildAddon, demandsOf, hashOf, host, targets } from './addon.mjs';
import { StepError } from './cmake.mjs';
import { root } from './stamps.mjs';

const golden = readFileSync(join(root, 'tests/golden/conformance.txt'), 'utf8').trim();

function checkDemands(target) {
  const { nodeApi, wrong } = demandsOf(target);
  if (nodeApi.length < 20) throw new StepError('the list of imported symbols cannot be read');
  if (wrong.length > 0) throw new StepError(`not every Node has ${wrong.join(', ')}`);
  return `${nodeApi.length} Node-API functions`;
}

function checkHash(target) {
  const hash = hashOf(target);
  if (hash !== golden) throw new StepError(`gives the hash ${hash}, not ${golden}`);
  return 'gives the conformance hash';
}

function prebuild(target) {
  const start = Date.now();
  buildAddon(target);
  const said = [checkDemands(target)];
  said.push(target === host ? checkHash(target) : 'cross-compiled, not run');
  const kilobytes = Math.round(statSync(join(root, addonPath(target))).size / 1024);
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  console.log(`${target}: ${kilobytes} KB, ${said.join(', ')} (${seconds} s)`);
}

/** Runs one step for a platform and reports its failure; false if it failed. */
function attempt(step, target) {
  try {
    step(target);
    return true;
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    console.error(`${target}: ${error.message}`);
    if (error.output) console.error(error.output.split('\n').slice(-40).join('\n'));
    return false;
  }
}

function present(target) {
  if (!existsSync(join(root, addonPath(target)))) throw new StepError('has no addon in dist');
}

const args = process.argv.slice(2);
const complete = args.length === 1 && args[0] === '--complete';
const wanted = complete ? Object.keys(targets) : args.length > 0 ? args : [host];
const unknown = wanted.filter((target) => !Object.hasOwn(targets, target));
if (unknown.length > 0) {
  const known = Object.keys(targets).join(', ');
  console.error(`no place in the package for ${unknown.join(', ')}; there are: ${known}`);
  process.exit(2);
}
const results = wanted.map((target) => attempt(complete ? present : prebuild, target));
if (results.includes(false)) process.exit(1);
if (complete) console.log(`dist has all ${wanted.length} addons`);
