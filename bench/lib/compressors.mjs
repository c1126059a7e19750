/**
 * compressors.mjs - sizes that general compressors give, at their strongest; they come from Debian.
 * SPDX-License-Identifier: MIT
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { advice, install, programPath } from '../../scripts/toolchain.mjs';

const LARGEST = 1 << 30; // bytes that a program may print

/** Each compressor: its tool (see toolchain.mjs), its programs, and how it is called. */
const COMPRESSORS = [
  { name: 'xz -9e', tool: 'xz', programs: ['xz'], filter: ['-9e', '-c'] },
  { name: 'bzip2 -9', tool: 'bzip2', programs: ['bzip2'], filter: ['-9', '-c'] },
  { name: 'zstd --ultra -22', tool: 'zstd', programs: ['zstd'], filter: ['--ultra', '-22', '-qc'] },
  { name: 'brotli -q 11', tool: 'Brotli', programs: ['brotli'], filter: ['-q', '11', '-c'] },
  {
    name: '7-Zip PPMd',
    tool: '7-Zip',
    programs: ['7zz', '7z', '7za'],
    archive: (from, to) => ['a', '-m0=PPMd:o=8:mem=64m', to, from],
    suffix: '.7z',
  },
  {
    name: 'zpaq -m5',
    tool: 'zpaq',
    programs: ['zpaq'],
    archive: (from, to) => ['a', to, from, '-m5'],
    suffix: '.zpaq',
  },
];

/** Runs a program to its end; its output. */
function call(program, args, options = {}) {
  const done = spawnSync(program, args, { maxBuffer: LARGEST, ...options });
  if (done.error) throw done.error;
  if (done.status !== 0)
    throw new Error(`${program} ended with code ${done.status}: ${String(done.stderr).trim()}`);
  return done.stdout;
}

/** The size in bytes of what a compressor makes of `data`, in a folder of its own. */
function sizeOf({ filter, archive, suffix }, program, data, work) {
  if (filter) return call(program, filter, { input: data }).length;
  const made = join(work, `text${suffix}`);
  rmSync(made, { force: true });
  writeFileSync(join(work, 'text'), data);
  call(program, archive('text', made), { cwd: work });
  return readFileSync(made).length;
}

/**
 * The compressors of this machine, after installing what is missing where that is possible.
 * @param {string} work a folder for their files
 * @returns {Array<{name: string, problem?: string, frame?: number, size?: (data: Uint8Array) => number}>}
 *   size: bytes of the whole file for this data; frame: what an empty text takes (headers, checks, in
 *   archives a name and a date); problem: why it cannot be asked
 */
export function findCompressors(work) {
  install(COMPRESSORS.map(({ tool }) => tool));
  return COMPRESSORS.map((one) => {
    const program = programPath(...one.programs);
    if (!program) return { name: one.name, problem: advice([one.tool]) };
    const size = (data) => sizeOf(one, program, data, work);
    try {
      return { name: one.name, size, frame: size(new Uint8Array(0)) };
    } catch (error) {
      return { name: one.name, problem: error.message };
    }
  });
}
