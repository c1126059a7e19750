/**
 * report.mjs - results as Markdown tables, and figures as people read them.
 * SPDX-License-Identifier: MIT
 */

/** Three digits and a suffix: 12.3 k, 8.50 M. */
export function compact(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return '-';
  const units = [
    [1e9, ' G'],
    [1e6, ' M'],
    [1e3, ' k'],
  ];
  const [divisor, suffix] = units.find(([limit]) => Math.abs(value) >= limit * 0.9995) ?? [1, ''];
  return `${Number((value / divisor).toPrecision(3))}${suffix}`;
}

/** How far the middle half of the samples spreads, as a share of the median. */
function spread(row) {
  return row.median ? `${Math.round(((row.high - row.low) / row.median) * 100)} %` : '';
}

/** Rows of a case beside the best of them, and beside the limit where one was measured. */
function caseTable(rows, all) {
  const limited = rows.some((row) => row.of);
  const best = rows
    .filter((row) => row.median !== null)
    .reduce((a, b) => {
      if (!a) return b;
      return b.higherIsBetter === b.median > a.median ? b : a;
    }, undefined);
  const head = [
    '',
    rows[0].unit,
    'spread',
    'beside the best',
    ...(limited ? ['of the limit'] : []),
  ];
  const lines = rows.map((row) => {
    if (row.median === null) return [row.contestant, `not measured: ${row.problem}`, '', ''];
    const ratio = row.higherIsBetter ? row.median / best.median : best.median / row.median;
    const limit = row.of && all.find((one) => one.suite === row.suite && one.case === row.of);
    const cells = [
      row.contestant,
      compact(row.median),
      spread(row),
      Number.isFinite(ratio) ? ratio.toFixed(ratio < 0.1 ? 3 : 2) : '',
    ];
    if (limited)
      cells.push(limit?.median ? `${Math.round((row.median / limit.median) * 100)} %` : '');
    return cells;
  });
  return table(head, lines);
}

/** A Markdown table; the first column is text, the others are figures. */
export function table(head, lines) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i ? '--:' : ':--'))), ...lines.map(line)].join('\n');
}

/** Aims are least values, or `most` says that lower is better: then each line says which it is. */
function targetTable(targets) {
  if (targets.length === 0) return '';
  const mixed = targets.some(({ most }) => most);
  // a value that rounds to the aim and misses it is shown with a digit more
  const shown = ({ value, target, met }) =>
    !met && compact(value) === compact(target) ? value.toPrecision(4) : compact(value);
  const lines = targets.map(({ text, value, target, met, most }) => [
    text,
    shown({ value, target, met }),
    mixed ? `at ${most ? 'most' : 'least'} ${compact(target)}` : compact(target),
    met ? 'yes' : 'no',
  ]);
  return table(['aim', 'measured', mixed ? 'wanted' : 'at least', 'met'], lines);
}

/** Rows of lines: what was measured at each x, a line for each contestant. */
function lineTable(rows) {
  const xs = [...new Set(rows.map((row) => row.x))];
  const lines = [...groupBy(rows, (row) => row.contestant)];
  const figures = (line) => xs.map((x) => compact(line.find((row) => row.x === x)?.median));
  if (lines.length === 1)
    return table([lines[0][0], ...xs.map(compact)], [[rows[0].unit, ...figures(rows)]]);
  return table(
    [rows[0].unit, ...xs.map(compact)],
    lines.map(([name, line]) => {
      const problem = line.find((row) => row.problem)?.problem;
      return [problem ? `${name}: not measured: ${problem}` : name, ...figures(line)];
    }),
  );
}

/** Rows with a column each: a line for each contestant, the best of a column in bold. */
function columnTable(rows) {
  const columns = [...groupBy(rows, (row) => row.column)];
  const best = new Map(
    columns.map(([name, cells]) => {
      const values = cells.flatMap(({ median }) => (median === null ? [] : [median]));
      const { higherIsBetter } = cells[0];
      if (higherIsBetter === null || values.length < 2) return [name, undefined];
      return [name, compact((higherIsBetter ? Math.max : Math.min)(...values))];
    }),
  );
  const lines = [...groupBy(rows, (row) => row.contestant)].map(([name, cells]) => {
    const problem = cells.find((row) => row.problem)?.problem;
    const figures = columns.map(([column]) => {
      const figure = compact(cells.find((row) => row.column === column)?.median);
      return figure === best.get(column) ? `**${figure}**` : figure;
    });
    return [problem ? `${name}: not measured: ${problem}` : name, ...figures];
  });
  const units = new Set(rows.map(({ unit }) => unit));
  return table([units.size === 1 ? rows[0].unit : '', ...columns.map(([name]) => name)], lines);
}

/** The table of rows that belong together. */
function tableOf(rows, all) {
  if (rows[0].column !== undefined) return columnTable(rows);
  return rows[0].x === undefined ? caseTable(rows, all) : lineTable(rows);
}

/** All tables and notes of a suite, as Markdown. */
export function suiteTables(suite) {
  const parts = [];
  for (const [name, rows] of groupBy(suite.rows, (row) => row.chart ?? row.case))
    parts.push(`**${name}**`, '', tableOf(rows, suite.rows), '');
  const targets = targetTable(suite.targets);
  if (targets) parts.push(targets, '');
  for (const note of suite.notes) parts.push(`- ${note}`);
  return `${parts.join('\n')}\n`;
}

/**
 * The report of a run.
 * @param {{machine: object, suites: Array<{name: string, title: string, rows: object[],
 *   targets: object[], notes: string[]}>}} results
 */
export function markdown(results) {
  const parts = ['# Benchmark results', '', machineLine(results.machine), ''];
  for (const suite of results.suites) parts.push(`## ${suite.title}`, '', suiteTables(suite));
  return `${parts
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()}\n`;
}

function groupBy(list, key) {
  const groups = new Map();
  for (const one of list) groups.set(key(one), [...(groups.get(key(one)) ?? []), one]);
  return groups;
}

/** One line that says where and when. */
export function machineLine(machine) {
  const words = [
    machine.date,
    `bit-ttt ${machine.bitTtt} at ${machine.commit}`,
    `${machine.processor}, ${machine.processors} processors, ${machine.memory}`,
    machine.system,
    `Node ${machine.node}`,
    machine.gcc,
    machine.clang,
    machine.emcc,
  ];
  return words.filter(Boolean).join('; ');
}
