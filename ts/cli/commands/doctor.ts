/**
 * doctor.ts - the command that says which engine is in use and why, and checks its results.
 * SPDX-License-Identifier: MIT
 */
import { arch, cpus, platform } from 'node:os';
import type { BackendInfo, BackendKind } from 'bit-ttt';
import {
  conformanceHash,
  getInfo,
  llamaConformanceHash,
  recallConformanceHash,
  rlsConformanceHash,
  setKernel,
} from 'bit-ttt';
import { variable } from '../../common/environment.js';
import type { ShippedFacts } from '../files/model.js';
import { factsOfShipped } from '../files/model.js';
import { MODEL_NAMES } from '../files/model-names.js';
import type { Command, CommandLine } from '../screen/command-line.js';
import { checkNoArguments, outputOptions } from '../screen/command-line.js';
import { backendReason, engineInUse, ignoredKernel, kernelReason } from '../screen/engine.js';
import { Failure } from '../screen/failure.js';
import type { Palette } from '../screen/terminal.js';
import { compact, grouped, outputPalette, visible } from '../screen/terminal.js';
import { plain } from '../screen/wrap.js';

const HELP = [
  `Shows which engine is in use and why, and four hashes of its results, those of the layer with
its two rules, the language model and the recall, computed now with every kernel that this machine
can run and with WebAssembly: they must be the same everywhere. Then the models of the package, by
the names that --model takes. The exit code is 1 if two engines differ, if a variable asks for what
cannot be had, or if a model is damaged.`,
  outputOptions('print one JSON document'),
  `BIT_TTT_BACKEND (native, wasm or auto) and BIT_TTT_KERNEL (such as avx2 or baseline; the addon's
only) choose.`,
];

/** The hashes of the results of the layer with its two rules, the language model and the recall. */
interface Hashes<Missing = never> {
  hash: string | Missing;
  rlsHash: string | Missing;
  llamaHash: string | Missing;
  recallHash: string | Missing;
}

/** What one engine computed, or why there is nothing. */
interface Check extends Hashes<null> {
  backend: BackendKind;
  kernel: string;
  problem: string | null;
}

/** What `doctor` found; the keys are those of its JSON document. */
interface Diagnosis extends BackendInfo, Hashes {
  /** Why the wish of a variable cannot be met; the rest then describes what is used without it. */
  problem: string | null;
  reason: string;
  kernelReason: string;
  agree: boolean;
  checks: Check[];
  /** The models of the package. */
  models: ShippedFacts[];
  node: string;
  platform: string;
  cpu: string;
}

async function compute(options?: { backend: BackendKind }): Promise<Hashes> {
  return {
    hash: await conformanceHash(options),
    rlsHash: await rlsConformanceHash(options),
    llamaHash: await llamaConformanceHash(options),
    recallHash: await recallConformanceHash(options),
  };
}

function nothing(backend: BackendKind, kernel: string, problem: string): Check {
  const none = { hash: null, rlsHash: null, llamaHash: null, recallHash: null };
  return { backend, kernel, ...none, problem };
}

async function check(backend: BackendKind, kernel: string): Promise<Check> {
  try {
    await setKernel(kernel, { backend });
    return { backend, kernel, ...(await compute({ backend })), problem: null };
  } catch (error) {
    return nothing(backend, kernel, (error as Error).message);
  }
}

function same(one: Hashes<null>, other: Hashes): boolean {
  const keys = ['hash', 'rlsHash', 'llamaHash', 'recallHash'] as const;
  return keys.every((key) => one[key] === other[key]);
}

/** Checks all kernels of a backend, and sets the one in use again. */
async function checkKernels(info: BackendInfo): Promise<Check[]> {
  const { backend } = info;
  const checks: Check[] = [];
  for (const kernel of info.compiledKernels) {
    const missing =
      backend === 'wasm' ? 'this engine has no such instructions' : 'this CPU cannot run it';
    const usable = info.kernels.includes(kernel);
    checks.push(usable ? await check(backend, kernel) : nothing(backend, kernel, missing));
  }
  await setKernel(info.kernel, { backend });
  return checks;
}

/** The addon's kernels, if that is in use, and WebAssembly's. */
async function checkAll(info: BackendInfo): Promise<Check[]> {
  const checks = info.backend === 'native' ? await checkKernels(info) : [];
  try {
    checks.push(...(await checkKernels(await getInfo({ backend: 'wasm' }))));
  } catch (error) {
    checks.push(nothing('wasm', '', (error as Error).message));
  }
  return checks;
}

async function diagnose(problem: string | null): Promise<Diagnosis> {
  const info = await engineInUse();
  const hashes = await compute();
  const checks = await checkAll(info);
  const models: ShippedFacts[] = [];
  for (const name of MODEL_NAMES) models.push(await factsOfShipped(name));
  const { backend, fallback, kernel, kernels, compiledKernels, version } = info;
  return {
    version,
    backend,
    kernel,
    kernels,
    ...hashes,
    fallback,
    problem: problem ?? ignoredKernel(info),
    reason: backendReason(info),
    kernelReason: kernelReason(info),
    compiledKernels,
    agree: checks.every((one) => one.problem !== null || same(one, hashes)),
    checks,
    models,
    node: process.versions.node,
    platform: `${platform()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
  };
}

/**
 * The diagnosis also where the wish of a variable cannot be met: then that of what is used without it. The
 * kernel's variable is left out first, so that a backend that can be had is still shown.
 */
async function diagnoseAnyway(): Promise<Diagnosis> {
  let problem: string | null = null;
  for (const name of ['BIT_TTT_KERNEL', 'BIT_TTT_BACKEND']) {
    try {
      return await diagnose(problem);
    } catch (error) {
      problem ??= (error as Error).message;
      if (variable(name) !== undefined) delete process.env[name];
    }
  }
  return diagnose(problem);
}

function checkLine(one: Check, found: Diagnosis, palette: Palette): string {
  const inUse = one.backend === found.backend && one.kernel === found.kernel;
  const name = (inUse ? palette.bold : plain)(`${one.backend.padEnd(7)} ${one.kernel.padEnd(9)}`);
  if (one.problem !== null) return palette.dim(`  --  ${name}  ${one.problem}`);
  const sign = same(one, found) ? palette.green('ok') : palette.red('!!');
  const hashes = [one.hash, one.rlsHash, one.llamaHash, one.recallHash].join('  ');
  return `  ${sign}  ${name}  ${hashes}`;
}

function modelLine({ name, parameters, fileBytes, fingerprint, problem }: ShippedFacts): string {
  if (problem !== null) return `  ${name.padEnd(8)} ${visible(problem)}`;
  const size = `${grouped(parameters!)} parameters, ${compact(fileBytes!)}B`;
  return `  ${name.padEnd(8)} ${fingerprint}  ${size}`;
}

function textDiagnosis(found: Diagnosis, palette: Palette): string {
  const { bold, dim, green, red } = palette;
  const ran = found.checks.filter((one) => one.problem === null).length;
  const verdict = found.agree
    ? green(ran > 1 ? `All ${ran} compute the same bits.` : 'One engine, nothing to compare with.')
    : red('The results differ: do not trust them, and please report this.');
  const lines = [
    `${bold(`bit-ttt ${found.version}`)}  node ${found.node}, ${found.platform}, ${found.cpu}`,
    '',
    `  backend  ${bold(found.backend.padEnd(9))} ${dim(found.reason)}`,
    `  kernel   ${bold(found.kernel.padEnd(9))} ${dim(found.kernelReason)}`,
    '',
    dim('                         layer             layer, rls        language model    recall'),
    ...found.checks.map((one) => checkLine(one, found, palette)),
    '',
    verdict,
    '',
    dim('  models of the package'),
    ...found.models.map(modelLine),
  ];
  return `${lines.join('\n')}\n`;
}

/** `bit-ttt doctor`. Throws a Failure if two engines disagree. */
export const doctor: Command = {
  usage: '',
  summary: 'show which engine is in use and why, and check its results',
  help: HELP,
  run,
};

async function run(line: CommandLine): Promise<void> {
  checkNoArguments(line, 'doctor');
  const found = await diagnoseAnyway();
  const palette = outputPalette(line.flags);
  process.stdout.write(
    line.flags.has('json') ? `${JSON.stringify(found, null, 2)}\n` : textDiagnosis(found, palette),
  );
  if (found.problem !== null) throw new Failure(found.problem);
  if (!found.agree) throw new Failure('the results of two kernels differ');
  const damaged = found.models.find((one) => one.found && one.problem !== null);
  if (damaged?.problem) throw new Failure(damaged.problem);
}
