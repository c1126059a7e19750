/**
 * signal-report.ts - what `signal` prints: a report for people, JSON for programs.
 * SPDX-License-Identifier: MIT
 */
import { WARM } from '../../detect/signal-score.js';
import type { Palette } from '../screen/terminal.js';
import { compact, displayWidth, fit, grouped, safeJson, visible } from '../screen/terminal.js';
import type { SignalRow } from './signal-outline.js';
import { meanOf } from './signal-outline.js';
import type { SeriesSummary, SignalTable } from './signal-read.js';

/** All that is reported about one run. */
export interface SignalResult {
  file: string;
  table: SignalTable;
  above: number | undefined;
  loaded: string | null;
  saved: string | null;
  savedBytes: number;
  plot: string | null;
  seconds: number;
}

const BARS = '\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588';
/** Series that are drawn in the report. */
const MOST_DRAWN = 12;

const rounded = (x: number, digits = 6): number => Number(x.toFixed(digits));
const short = (x: number): number => Number(x.toPrecision(6));
const plural = (n: number, name: string): string => `${grouped(n)} ${name}${n === 1 ? '' : 's'}`;

/** A number as people write it. */
export function figure(x: number): string {
  const value = short(x);
  const size = Math.abs(value);
  if (value !== 0 && (size >= 1e9 || size < 1e-4)) return value.toExponential().replace('e+', 'e');
  const [whole, part] = String(size).split('.');
  return `${value < 0 ? '-' : ''}${grouped(Number(whole))}${part === undefined ? '' : `.${part}`}`;
}

/** A range, to a hundredth of its width. */
export function rangeText([low, high]: readonly [number, number]): string {
  const width = high / 2 - low / 2;
  const digits = Math.ceil(1.7 - Math.log10(width));
  if (!(digits >= -20 && digits <= 20))
    return low === high ? figure(low) : `${figure(low)} to ${figure(high)}`;
  const step = 10 ** -digits;
  const near = (x: number): number =>
    digits > 0 ? Number(x.toFixed(digits)) : Math.round(x / step) * step;
  return `${figure(near(low))} to ${figure(near(high))}`;
}

const boundedOf = ([low, high]: readonly [number, number]): number[] | null =>
  Number.isFinite(low) && Number.isFinite(high) ? [short(low), short(high)] : null;

function rowFields(row: SignalRow, { columns, isMany }: SignalTable): object {
  const { value } = row;
  return {
    row: row.row,
    ...(isMany ? { series: row.series } : {}),
    ...(columns?.time === undefined ? {} : { time: row.timeText }),
    value: Number.isNaN(value) ? null : value,
    score: rounded(row.score),
    alarm: row.alarm,
    expected: boundedOf(row.expected),
  };
}

/** One line of `--all --json`. */
export function jsonRow(row: SignalRow, table: SignalTable): string {
  return `${safeJson(rowFields(row, table))}\n`;
}

function seriesFields(one: SeriesSummary, isMany: boolean): object {
  const { name, values, missing, low, high, alarms, findings, detector } = one;
  return {
    ...(isMany ? { series: name } : {}),
    values,
    missing,
    low: values > 0 ? low : null,
    high: values > 0 ? high : null,
    alarm_rate: detector.alarmRate,
    alarms,
    findings,
    warm: isWarm(one),
    values_learned: detector.valuesSeen,
  };
}

/** The document of `--json`. */
export function jsonReport({ file, table, above, loaded, saved, plot }: SignalResult): string {
  const { columns } = table;
  const document = {
    file,
    columns: {
      time: columns?.time?.name ?? null,
      values: columns?.values.map(({ name }) => name) ?? [],
      by: columns?.by?.name ?? null,
    },
    rows: table.rows,
    above: above ?? null,
    series: [...table.series.values()].map((one) => seriesFields(one, table.isMany)),
    findings: inOrder(table.top).map((row) => rowFields(row, table)),
    findings_left_out: table.findings - table.top.length,
    memory: { loaded, saved },
    plot,
  };
  return `${safeJson(document, 2)}\n`;
}

function inOrder(rows: readonly SignalRow[]): SignalRow[] {
  return [...rows].sort((a, b) => a.row - b.row);
}

const isWarm = ({ detector }: SeriesSummary): boolean => detector.valuesSeen > WARM;

/** The series as bars, from its lowest mean to its highest; red where there is a finding. */
function sparkline({ outline }: SeriesSummary, palette: Palette, columns: number): string {
  const parts = outline.grouped(columns);
  const means = parts.map((part) => (part.count === 0 ? NaN : meanOf(part)));
  const known = means.filter((mean) => !Number.isNaN(mean));
  const low = Math.min(...known) / 2;
  const range = Math.max(...known) / 2 - low;
  return parts
    .map(({ odd }, i) => {
      const height = range > 0 ? Math.floor(((means[i]! / 2 - low) / range) * 8) : 3;
      const bar = Number.isNaN(means[i]!) ? ' ' : BARS[Math.min(7, height)]!;
      return (odd === undefined ? palette.cyan : palette.red)(bar);
    })
    .join('');
}

function drawing(table: SignalTable, palette: Palette, columns: number): string[] {
  const all = [...table.series.values()].filter(({ values }) => values > 0);
  const marks = palette.enabled && table.findings > 0 ? '; red: where the findings are' : '';
  const lines = all.slice(0, MOST_DRAWN).flatMap((one) => {
    const name = table.isMany ? `${visible(one.name)}: ` : '';
    const range =
      one.low === one.high ? figure(one.low) : `${figure(one.low)} to ${figure(one.high)}`;
    const legend = `${name}${range}${marks}`;
    return [
      '',
      `  ${sparkline(one, palette, columns - 4)}`,
      `  ${palette.dim(fit(legend, columns - 4))}`,
    ];
  });
  if (all.length > MOST_DRAWN) {
    lines.push('', palette.dim(`  ... and ${all.length - MOST_DRAWN} more series`));
  }
  return lines;
}

/** Columns of text, each as wide as it needs; `right` says which are flush right. */
function aligned(rows: readonly string[][], right: readonly boolean[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => displayWidth(row[i]!))));
  return rows.map((row) =>
    row
      .map((cell, i) => {
        const pad = ' '.repeat(widths[i]! - displayWidth(cell));
        return right[i] ? pad + cell : cell + pad;
      })
      .join('  ')
      .trimEnd(),
  );
}

/**
 * The findings to show. Of alarms only those about as rare as was asked for: where little is odd, the rate is
 * kept by others, too.
 */
function shownOf({ table, above }: SignalResult): SignalRow[] {
  if (above !== undefined) return inOrder(table.top);
  const least = ({ series }: SignalRow): number =>
    -Math.log10(table.series.get(series)!.detector.alarmRate) - 1;
  return inOrder(table.top.filter((row) => row.score >= least(row)));
}

function findingsTable(
  rows: readonly SignalRow[],
  table: SignalTable,
  palette: Palette,
  columns: number,
): string[] {
  const isTimed = table.columns?.time !== undefined;
  const cells = rows.map((row) => [
    ...(isTimed ? [visible(row.timeText ?? '')] : []),
    grouped(row.row),
    ...(table.isMany ? [fit(visible(row.series), 30)] : []),
    figure(row.value),
    boundedOf(row.expected) === null ? '' : rangeText(row.expected),
    row.score.toFixed(1),
  ]);
  const head = ['row', ...(table.isMany ? ['series'] : []), 'value', 'expected', 'score'];
  const right = [true, ...(table.isMany ? [false] : []), true, false, true];
  const [first, ...rest] = aligned(
    [[...(isTimed ? ['time'] : []), ...head], ...cells],
    isTimed ? [false, ...right] : right,
  );
  const shown = rest.map((text, i) => {
    const paint = rows[i]!.score >= 5 ? palette.red : palette.yellow;
    return `  ${paint(fit(text, columns - 2))}`;
  });
  return [palette.dim(`  ${first!}`), ...shown];
}

/** What stands out, in a sentence, and why it may be little. */
function sentences(result: SignalResult): string[] {
  const { table, above } = result;
  const all = [...table.series.values()];
  const lines: string[] = [];
  const cold = all.filter((one) => !isWarm(one));
  if (cold.length > 0) {
    const which = table.isMany
      ? `${cold.length} of ${all.length} series have too few values yet`
      : `Only ${plural(cold[0]!.detector.valuesSeen, 'value')} so far`;
    lines.push(`${which}: the first ${WARM} of a series are only learnt.`);
  }
  const { findings, top } = table;
  const values = all.reduce((sum, one) => sum + one.values, 0);
  if (findings === 0) {
    if (cold.length < all.length) lines.push('Nothing stands out.');
    return lines;
  }
  const rate = all[0]!.detector.alarmRate;
  const asked =
    above === undefined ? `asked for: 1 in ${figure(1 / rate)}` : `score ${above} and above`;
  const stand = findings === 1 ? '1 value stands' : `${grouped(findings)} values stand`;
  const shown = shownOf(result).length;
  const which =
    shown === top.length ? `the ${shown} oddest are` : `${shown || 'none'} of them clearly`;
  lines.push(
    `${stand} out of ${grouped(values)} (${asked})${shown < findings ? `; ${which}` : ''}`,
  );
  return lines;
}

function stateText({ table, loaded, saved, savedBytes, plot }: SignalResult): string[] {
  const lines: string[] = [];
  const learned = [...table.detectors.values()].reduce((sum, one) => sum + one.valuesSeen, 0);
  const parts: string[] = [];
  if (loaded !== null) parts.push(`loaded from ${visible(loaded)}`);
  if (saved !== null) parts.push(`saved to ${visible(saved)} (${compact(savedBytes)}B)`);
  if (parts.length > 0) lines.push(`memory: ${plural(learned, 'value')} read, ${parts.join(', ')}`);
  if (plot !== null) lines.push(`chart: ${visible(plot)}`);
  return lines;
}

/** The report for people. `columns` is the width to keep to. */
export function textReport(result: SignalResult, palette: Palette, columns: number): string {
  const { table, seconds } = result;
  const { bold, dim } = palette;
  const all = [...table.series.values()];
  const values = all.reduce((sum, one) => sum + one.values, 0);
  const missing = all.reduce((sum, one) => sum + one.missing, 0);
  const name = result.file === '-' ? 'standard input' : visible(result.file);
  const parts = [plural(values, 'value')];
  if (table.isMany) parts[0] += ` of ${all.length} series`;
  if (missing > 0) parts.push(`${grouped(missing)} missing`);
  if (table.firstTime !== null) {
    parts.push(`${visible(table.firstTime)} to ${visible(table.lastTime!)}`);
  }
  const lines = [`${bold(name)}: ${parts.join(', ')}`, ...drawing(table, palette, columns), ''];
  lines.push(...sentences(result).map((line) => fit(line, Math.max(columns, 120))));
  const shown = shownOf(result);
  if (shown.length > 0) lines.push('', ...findingsTable(shown, table, palette, columns));
  lines.push('', ...stateText(result).map((line) => dim(line)));
  const rate = compact(values / Math.max(seconds, 1e-9));
  lines.push(dim(`${seconds.toFixed(2)} s, ${rate} values/s`));
  return `${lines.join('\n')}\n`;
}

/** One line of `--all`. */
export function textRow(row: SignalRow, table: SignalTable, palette: Palette): string {
  const isOdd = table.isFinding(row);
  const parts = [
    isOdd ? '!' : ' ',
    row.score.toFixed(1),
    row.timeText === null ? grouped(row.row) : visible(row.timeText),
    ...(table.isMany ? [visible(row.series)] : []),
    Number.isNaN(row.value) ? '-' : figure(row.value),
  ];
  const range =
    isOdd && boundedOf(row.expected) !== null ? ` (expected ${rangeText(row.expected)})` : '';
  const text = parts.join(' ') + range;
  return `${isOdd ? palette.red(text) : text}\n`;
}
