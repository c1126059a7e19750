/**
 * doctor.ts - the command that says which engine is in use and why, and checks its results.
 * SPDX-License-Identifier: MIT
 */
import { arch, cpus, platform } from 'node:os';
import { conformanceHash, getInfo, setKernel } from '../index.js';
import type { BackendInfo, BackendKind } from '../index.js';
import { backendReason, engineInUse, kernelReason } from './engine.js';
import { Failure, UsageError } from './failure.js';
import { COMMON_OPTIONS, readCommandLine } from './options.js';
import { makePalette, wantsColor } from './terminal.js';
import type { Palette } from './terminal.js';

const HELP = `Usage: bit-ttt doctor [--json]

Shows which engine is in use and why, and the hash of its results, computed now with every kernel
that this machine can run and with WebAssembly: it must be the same everywhere. The exit code is 1
if two of them differ.

  --json             print one JSON document
  --color, --no-color

BIT_TTT_BACKEND (native, wasm or auto) and BIT_TTT_KERNEL (such as avx2 or baseline) choose.
`;

/** The hash that one engine computed, or why there is none. */
interface Check {
  backend: BackendKind;
  kernel: string;
  hash: string | null;
  problem: string | null;
}

/** What `doctor` found; the keys are those of its JSON document. */
interface Diagnosis extends BackendInfo {
  hash: string;
  reason: string;
  kernelReason: string;
  agree: boolean;
  checks: Check[];
  node: string;
  platform: string;
  cpu: string;
}

async function check(backend: BackendKind, kernel: string): Promise<Check> {
  try {
    if (backend === 'native') await setKernel(kernel, { backend });
    return { backend, kernel, hash: await conformanceHash({ backend }), problem: null };
  } catch (error) {
    return { backend, kernel, hash: null, problem: (error as Error).message };
  }
}

async function checkWasm(): Promise<Check> {
  try {
    return await check('wasm', (await getInfo({ backend: 'wasm' })).kernel);
  } catch (error) {
    return { backend: 'wasm', kernel: '', hash: null, problem: (error as Error).message };
  }
}

/** Every kernel of the addon, if that is in use, and WebAssembly. */
async function checkAll(info: BackendInfo): Promise<Check[]> {
  const checks: Check[] = [];
  if (info.backend === 'native') {
    for (const kernel of info.compiledKernels) {
      const usable = info.kernels.includes(kernel);
      const problem = 'this CPU cannot run it';
      checks.push(
        usable ? await check('native', kernel) : { backend: 'native', kernel, hash: null, problem },
      );
    }
    await setKernel(info.kernel, { backend: 'native' });
  }
  checks.push(await checkWasm());
  return checks;
}

async function diagnose(): Promise<Diagnosis> {
  const info = await engineInUse();
  const hash = await conformanceHash();
  const checks = await checkAll(info);
  const { backend, fallback, kernel, kernels, compiledKernels, version } = info;
  return {
    version,
    backend,
    kernel,
    kernels,
    hash,
    fallback,
    reason: backendReason(info),
    kernelReason: kernelReason(info),
    compiledKernels,
    agree: checks.every((one) => one.hash === null || one.hash === hash),
    checks,
    node: process.versions.node,
    platform: `${platform()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
  };
}

function checkLine(one: Check, { hash, backend, kernel }: Diagnosis, palette: Palette): string {
  const name = `${one.backend.padEnd(7)} ${one.kernel.padEnd(9)}`;
  if (one.hash === null) return palette.dim(`  --  ${name}  ${one.problem}`);
  const sign = one.hash === hash ? palette.green('ok') : palette.red('!!');
  const inUse = one.backend === backend && one.kernel === kernel ? '  in use' : '';
  return `  ${sign}  ${name}  ${one.hash}${inUse}`;
}

function textDiagnosis(found: Diagnosis, palette: Palette): string {
  const { bold, dim, green, red } = palette;
  const ran = found.checks.filter((one) => one.hash !== null).length;
  const verdict = found.agree
    ? green(ran > 1 ? `All ${ran} compute the same bits.` : 'One engine, nothing to compare with.')
    : red('The results differ: do not trust them, and please report this.');
  const lines = [
    `${bold(`bit-ttt ${found.version}`)}  node ${found.node}, ${found.platform}, ${found.cpu}`,
    '',
    `  backend  ${bold(found.backend.padEnd(9))} ${dim(found.reason)}`,
    `  kernel   ${bold(found.kernel.padEnd(9))} ${dim(found.kernelReason)}`,
    `  hash     ${bold(found.hash)}`,
    '',
    ...found.checks.map((one) => checkLine(one, found, palette)),
    '',
    verdict,
  ];
  return `${lines.join('\n')}\n`;
}

/** `bit-ttt doctor`. Throws a Failure if two engines disagree. */
export async function doctor(argv: readonly string[]): Promise<void> {
  const line = readCommandLine(argv, COMMON_OPTIONS);
  if (line.flags.has('help')) {
    process.stdout.write(HELP);
    return;
  }
  if (line.positionals.length > 0) {
    throw new UsageError(`doctor takes no arguments, but got "${line.positionals[0]}"`);
  }
  const found = await diagnose();
  const palette = makePalette(wantsColor(process.stdout, line.flags, process.env));
  process.stdout.write(
    line.flags.has('json') ? `${JSON.stringify(found, null, 2)}\n` : textDiagnosis(found, palette),
  );
  if (!found.agree) throw new Failure('the results of two kernels differ');
}
