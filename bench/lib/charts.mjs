/**
 * charts.mjs - results as pictures (SVG, light and dark): a panel of bars for each case, or lines where
 * rows have an x.
 * SPDX-License-Identifier: MIT
 */
import { compact } from './report.mjs';

const WIDTH = 760;
const LABEL = 210; // room for names
const VALUE = 84; // room for figures
const BAR = 16;
const GAP = 6;
const LOW = 150; // a panel of one or two lines
const HIGH = 320; // of more, with a stroke at each whole number
const LINE = 15; // from one line of text to the next
const MARGIN = 16;
const MOST_CASES = 8;

const STYLE = `<style>
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; font-size: 14px; }
  .case { font-weight: 600; }
  .ours { fill: #1a7f64; stroke: #1a7f64; }
  .peer { fill: #9aa4ae; stroke: #9aa4ae; }
  .line { fill: none; stroke-width: 2; }
  .axis { stroke: #d0d7de; }
  .back { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .ours { fill: #3fb995; stroke: #3fb995; }
    .peer { fill: #6e7781; stroke: #6e7781; }
    .axis { stroke: #30363d; }
    .back { fill: #0d1117; }
  }
</style>`;

const escapeXml = (text) =>
  String(text).replace(
    /[&<>"]/g,
    (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c],
  );

/** Ours are named so, or are kernels of ours; everything else is a peer or a limit. */
const isOurs = (row) => /bit-ttt|bit-llama/i.test(row.contestant) || row.kernel !== undefined;

function text(x, y, words, { anchor = 'start', kind = '' } = {}) {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}"${kind && ` class="${kind}"`}>${escapeXml(words)}</text>`;
}

function barPanel(name, rows, top) {
  const measured = rows.filter((row) => row.median !== null);
  const sorted = measured.toSorted((a, b) => (b.median - a.median) * (b.higherIsBetter ? 1 : -1));
  const most = Math.max(...sorted.map((row) => row.median));
  const room = WIDTH - LABEL - VALUE - 2 * MARGIN;
  const parts = [text(MARGIN, top + 12, `${name} (${rows[0].unit})`, { kind: 'case' })];
  let y = top + 22;
  for (const row of sorted) {
    const length = Math.max(1, (row.median / most) * room);
    parts.push(text(MARGIN + LABEL - 8, y + 12, row.contestant, { anchor: 'end' }));
    parts.push(
      `<rect class="${isOurs(row) ? 'ours' : 'peer'}" x="${MARGIN + LABEL}" y="${y}" width="${length.toFixed(1)}" height="${BAR}" rx="2"/>`,
    );
    parts.push(text(MARGIN + LABEL + length + 6, y + 12, compact(row.median)));
    y += BAR + GAP;
  }
  return { svg: parts.join('\n'), height: y - top + 10 };
}

/** Tick places of a logarithmic axis: powers of ten that it covers. */
function powers(low, high) {
  const ticks = [];
  for (let p = Math.floor(Math.log10(low)); p <= Math.ceil(Math.log10(high)); p++)
    ticks.push(10 ** p);
  return ticks;
}

/** Places for labels as near to `wanted` (sorted) as lines of text may come to each other. */
function spreadLabels(wanted) {
  const groups = []; // labels that touch: around the middle of where they should be
  const first = ({ sum, count }) => sum / count - ((count - 1) / 2) * LINE;
  for (const y of wanted) {
    let group = { sum: y, count: 1 };
    while (groups.length > 0) {
      const above = groups.at(-1);
      if (first(above) + above.count * LINE <= first(group)) break;
      group = { sum: group.sum + above.sum, count: group.count + above.count };
      groups.pop();
    }
    groups.push(group);
  }
  return groups.flatMap((group) =>
    Array.from({ length: group.count }, (_, i) => first(group) + i * LINE),
  );
}

/** The axes of a panel of lines: their ticks, and where a row lies. */
function linePlane(measured, top, height) {
  const [left, right] = [MARGIN + 60, WIDTH - MARGIN - LABEL];
  const xs = measured.map((row) => row.x);
  const [low, high] = [Math.min(...xs), Math.max(...xs)];
  const most = Math.max(...measured.map((row) => row.median)) * 1.1;
  const bottom = top + height;
  const at = (row) => [
    left + (Math.log(row.x / low) / Math.log(high / low || 2)) * (right - left),
    bottom - height * (row.median / most),
  ];
  const parts = [
    `<path class="axis" d="M${left} ${top}V${bottom}H${right}" fill="none"/>`,
    text(left - 6, top + 8, compact(most), { anchor: 'end' }),
    text(left - 6, bottom, '0', { anchor: 'end' }),
  ];
  for (let y = 1; height > LOW && most < 10 && y < most; y++) {
    const level = at({ x: low, median: y })[1];
    parts.push(`<path class="axis" d="M${left} ${level.toFixed(1)}H${right}"/>`);
    parts.push(text(left - 6, level + 4, y, { anchor: 'end' }));
  }
  for (const tick of powers(low, high).filter((x) => x >= low && x <= high))
    parts.push(
      text(at({ x: tick, median: 0 })[0], bottom + 16, compact(tick), { anchor: 'middle' }),
    );
  return { at, right, parts };
}

/**
 * Lines over a logarithmic x, from zero up: a flat line is what constant cost looks like. A panel of many
 * lines is higher; thin strokes lead from their ends to their names and last figures.
 */
function linePanel(name, rows, top) {
  const measured = rows.filter((row) => row.median !== null);
  const lines = [...new Set(measured.map((row) => row.contestant))]
    .map((contestant) =>
      measured.filter((row) => row.contestant === contestant).toSorted((a, b) => a.x - b.x),
    )
    .toSorted((a, b) => b.at(-1).median - a.at(-1).median);
  const many = lines.length > 2;
  const height = many ? HIGH : LOW;
  const { at, right, parts } = linePlane(measured, top + 24, height);
  const places = spreadLabels(lines.map((line) => at(line.at(-1))[1]));
  lines.forEach((line, i) => {
    const points = line.map((row) =>
      at(row)
        .map((v) => v.toFixed(1))
        .join(' '),
    );
    const { contestant, median } = line.at(-1);
    const ours = isOurs(line[0]);
    parts.push(
      `<path class="line ${ours ? 'ours' : 'peer'}" style="fill:none" d="M${points.join('L')}"/>`,
    );
    if (many)
      parts.push(
        `<path class="axis" d="M${points.at(-1)}L${right + 14} ${places[i].toFixed(1)}" fill="none"/>`,
        text(right + 18, (places[i] + 4).toFixed(1), `${contestant}: ${compact(median)}`, {
          kind: ours ? 'case' : '',
        }),
      );
    else parts.push(text(right + 6, places[i] + 4, contestant));
  });
  parts.unshift(text(MARGIN, top + 12, `${name} (${rows[0].unit})`, { kind: 'case' }));
  return { svg: parts.join('\n'), height: height + 58 };
}

/** One picture for a suite, of all cases or of those that it wants `drawn`; undefined where nothing was measured. */
function drawSuite(suite, machine) {
  const cases = new Map();
  for (const row of suite.rows) {
    if (row.limit) continue;
    const name = row.x === undefined ? row.case : (row.chart ?? row.case);
    if (suite.drawn && !suite.drawn.includes(name)) continue;
    cases.set(name, [...(cases.get(name) ?? []), row]);
  }
  const panels = [];
  let y = MARGIN + 24;
  for (const [name, rows] of [...cases].slice(0, MOST_CASES)) {
    if (rows.every((row) => row.median === null)) continue;
    const panel = (rows[0].x === undefined ? barPanel : linePanel)(name, rows, y);
    panels.push(panel.svg);
    y += panel.height;
  }
  if (panels.length === 0) return undefined;
  const height = y + MARGIN;
  const label = `${suite.title}; ${machine.processor}, ${machine.date}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escapeXml(label)}">
${STYLE}
<rect class="back" width="${WIDTH}" height="${height}"/>
${text(MARGIN, MARGIN + 8, suite.title, { kind: 'title' })}
${panels.join('\n')}
${text(WIDTH - MARGIN, height - 8, `${machine.processor}, ${machine.date}`, { anchor: 'end' })}
</svg>
`;
}

/**
 * @returns {Record<string, string>} pictures by file name, one for each suite
 */
export function drawCharts(results) {
  const charts = {};
  for (const suite of results.suites) {
    const svg = drawSuite(suite, results.machine);
    if (svg) charts[`${suite.name}.svg`] = svg;
  }
  return charts;
}
