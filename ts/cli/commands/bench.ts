/**
 * bench.ts - the command that measures the layer's speed on every kernel of this machine, beside
 * plain JavaScript.
 * SPDX-License-Identifier: MIT
 */

import { cpus } from 'node:os';
import type { BackendInfo } from 'bit-ttt';
import { getInfo } from 'bit-ttt';
import type { Contestant, Measurement } from '../../bench/measure.js';
import { measureDim, median, ROUNDS, SEQ_LENS } from '../../bench/measure.js';
import { variable } from '../../common/environment.js';
import { MAX_THREADS } from '../../common/limits.js';
import { drawChart, seriesOf } from '../charts/speed-chart.js';
import type { Result } from '../files/save.js';
import { checkFiles, resultOf, saveFile } from '../files/save.js';
import type { Command, CommandLine } from '../screen/command-line.js';
import {
  checkNoArguments,
  numberListOption,
  numberOption,
  outputOptions,
  SAVE_OPTIONS,
} from '../screen/command-line.js';
import { engineInUse } from '../screen/engine.js';
import type { Palette } from '../screen/terminal.js';
import { compact, outputPalette, Progress, visible } from '../screen/terminal.js';

const ALL_DIMS = [64, 128, 256, 512, 1024, 2048, 4096];
const QUICK_DIMS = [64, 256, 1024];
const DEFAULT_CHART = 'bit-ttt-bench.svg';

const HELP = [
  `Measures tokens per second of the layer for every kernel that this machine can run, for
WebAssembly and for the same layer in plain JavaScript, with ${SEQ_LENS.join(' and ')} tokens per
call. Figures are medians over ${ROUNDS} rounds, each of which goes through all engines in turn.`,
  {
    '--dims N,N,...': `sizes to measure (default: ${ALL_DIMS.join(',')})`,
    '--seconds X': 'time for each figure (default: 0.4); what takes longer is run once',
    '--quick': `only ${QUICK_DIMS.join(', ')}, and a quarter of the time`,
    '--threads N': 'threads of the addon (default: 1)',
    '--chart FILE': `where to draw the chart (default: ${DEFAULT_CHART}; with --json, none)`,
    '--no-chart': 'draw none',
    ...SAVE_OPTIONS,
    ...outputOptions(`print a JSON list of {target, kernel, threads, hidden_dim, seq_len,
      tokens_per_second, spread, samples}`),
  },
  'BIT_TTT_BACKEND and BIT_TTT_KERNEL limit what is measured.',
];

/** What to measure: the engines that the environment allows, fastest kernel first, and plain JavaScript. */
async function findContestants(info: BackendInfo, threads: number): Promise<Contestant[]> {
  const contestants: Contestant[] = [];
  if (info.backend === 'native') {
    const wish = variable('BIT_TTT_KERNEL') ?? '';
    const kernels = info.kernels.includes(wish) ? [wish] : info.kernels;
    contestants.push(...kernels.map((kernel) => ({ target: 'native' as const, kernel, threads })));
  }
  if (variable('BIT_TTT_BACKEND') !== 'native') {
    try {
      const { kernel } = await getInfo({ backend: 'wasm' });
      contestants.push({ target: 'wasm', kernel, threads: 1 });
    } catch (error) {
      process.stderr.write(`bit-ttt: WebAssembly is left out: ${(error as Error).message}\n`);
    }
  }
  contestants.push({ target: 'js', kernel: 'plain', threads: 1 });
  return contestants;
}

/** The figure of one contestant at one size, if it was measured. */
function figure(points: readonly Measurement[], dim: number, seqLen: number): number | undefined {
  return points.find((p) => p.hidden_dim === dim && p.seq_len === seqLen)?.tokens_per_second;
}

function ratio(a: number | undefined, b: number | undefined): string {
  if (a === undefined || b === undefined) return '';
  const value = a / b;
  return `${value >= 99.5 ? value.toFixed(0) : value.toPrecision(2)}x`;
}

/** One table: a row for each size, a column for each contestant, and the first one against plain JS. */
function table(all: readonly Measurement[], seqLen: number, palette: Palette): string[] {
  const series = seriesOf(all);
  const dims = [...new Set(all.map((m) => m.hidden_dim))];
  const plain = series.find((one) => one.target === 'js');
  const head = ['hidden_dim', ...series.map((one) => one.name)];
  const compared = series.filter((one) => one !== plain);
  const best = compared[0];
  const wasm = compared.find((one) => one.target === 'wasm');
  const ratios = [best, wasm === best ? undefined : wasm].filter((one) => one !== undefined);
  head.push(...ratios.map((one) => `${one.points[0]!.kernel} / JS`));
  const rows = dims.map((dim) => {
    const values = series.map((one) => figure(one.points, dim, seqLen));
    const js = plain && figure(plain.points, dim, seqLen);
    return [
      String(dim),
      ...values.map((value) => (value === undefined ? '-' : compact(value))),
      ...ratios.map((one) => ratio(figure(one.points, dim, seqLen), js)),
    ];
  });
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, i) => cell.padStart(widths[i]!)).join('  ')}`;
  const title = seqLen === 1 ? 'one token per call' : `${seqLen} tokens per call`;
  return [palette.bold(`tokens/s, ${title}`), palette.dim(line(head)), ...rows.map(line), ''];
}

/** What was measured where; `threads` are those of the addon. */
function machine(info: BackendInfo, threads: number): string {
  const cpu = cpus()[0]?.model.trim() ?? 'unknown CPU';
  const more = threads > 1 ? `, ${threads} threads (native)` : '';
  const software = `bit-ttt ${info.version}, node ${process.versions.node}`;
  return `${software}, ${cpu}, ${process.platform}${more}`;
}

function textBench(all: readonly Measurement[], where: string, palette: Palette): string {
  const spreads = all.filter((m) => m.samples > 1).map((m) => m.spread);
  const percent = (x: number): string => `${Math.round(100 * x)} %`;
  const noise =
    spreads.length === 0
      ? 'one sample each'
      : `medians of up to ${ROUNDS} rounds; fastest to slowest ` +
        `${percent(median(spreads))} apart (typical), ${percent(Math.max(...spreads))} (worst)`;
  const lines = [...SEQ_LENS].reverse().flatMap((seqLen) => table(all, seqLen, palette));
  return `${[...lines, palette.dim(where), palette.dim(noise)].join('\n')}\n`;
}

/** `bit-ttt bench`. */
export const bench: Command = {
  usage: '',
  summary: 'measure its speed, beside plain JavaScript',
  help: HELP,
  run,
};

async function run(line: CommandLine): Promise<void> {
  checkNoArguments(line, 'bench');
  const { flags, values } = line;
  const quick = flags.has('quick');
  const dimRange = { min: 4, max: 8192, integer: true };
  const dims = numberListOption(line, 'dims', dimRange) ?? (quick ? QUICK_DIMS : ALL_DIMS);
  const seconds = numberOption(line, 'seconds', { min: 0.001, max: 600 }) ?? (quick ? 0.1 : 0.4);
  const threads = numberOption(line, 'threads', { min: 1, max: MAX_THREADS, integer: true }) ?? 1;
  const json = flags.has('json');
  const chart = flags.has('no-chart')
    ? undefined
    : (values.get('chart') ?? (json ? undefined : DEFAULT_CHART));
  const results: Result[] = chart === undefined ? [] : [resultOf(line, chart, '--chart', 'chart')];
  checkFiles([], results);
  const info = await engineInUse();
  const where = machine(info, threads);
  const contestants = await findContestants(info, threads);
  const progress = new Progress(process.stderr, process.stderr.isTTY === true, 0);
  const all: Measurement[] = [];
  for (const dim of [...new Set(dims)].sort((a, b) => a - b)) {
    all.push(
      ...(await measureDim(contestants, dim, seconds, (text) => progress.update(() => text))),
    );
  }
  progress.clear();
  const palette = outputPalette(flags);
  process.stdout.write(json ? `${JSON.stringify(all, null, 2)}\n` : textBench(all, where, palette));
  for (const result of results) {
    saveFile(result, [drawChart(all, `${where}; medians of ${ROUNDS} rounds`)]);
    if (!json) process.stdout.write(`chart: ${visible(result.path)}\n`);
  }
}
