// terminal-svg.mjs - draws what a command has printed as a picture of a terminal. Every run of characters of one style
// is as wide as its columns, whatever monospaced font there is.
// SPDX-License-Identifier: MIT

const WIDTH = 800;
const MARGIN = 20;
/* Of the font size: the width of a column and the height of a row; letters stand on it so far down. */
const COLUMN = 0.6;
const ROW = 1.5;
const BASELINE = 1.08;
const LARGEST_FONT = 16;
/* The bar with three dots. */
const BAR = 32;

const FONT =
  "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace";

/** Colours of each theme; texts have a contrast of at least 4.5 to the ground. */
export const themes = {
  light: {
    ground: '#ffffff',
    edge: '#d0d7de',
    text: '#1f2328',
    dim: '#59636e',
    red: '#c5161f',
    yellow: '#7a5200',
    green: '#176f2c',
    cyan: '#0b6579',
  },
  dark: {
    ground: '#0d1117',
    edge: '#3d444d',
    text: '#e6edf3',
    dim: '#9198a1',
    red: '#ff7b72',
    yellow: '#e3b341',
    green: '#56d364',
    cyan: '#56d4dd',
  },
};

/** What the escape sequences of the command turn on and off. */
const ON = { 1: 'bold', 2: 'dim', 31: 'red', 32: 'green', 33: 'yellow', 36: 'cyan' };
const OFF = { 22: ['bold', 'dim'], 39: ['red', 'green', 'yellow', 'cyan'] };

/** The runs of a line: { column, text, styles }, without blanks at their ends. Throws for an unknown sequence. */
export function runsOf(line) {
  const runs = [];
  const styles = new Set();
  let column = 0;
  for (const part of line.split(/(\x1b\[\d+m)/)) {
    const code = /^\x1b\[(\d+)m$/.exec(part)?.[1];
    if (code === undefined) {
      const text = part.trim();
      const first = column + part.length - part.trimStart().length;
      if (text !== '') runs.push({ column: first, text, styles: [...styles] });
      column += part.length;
    } else if (ON[code]) styles.add(ON[code]);
    else if (OFF[code]) for (const name of OFF[code]) styles.delete(name);
    else throw new Error(`no style for the escape sequence ${code}`);
  }
  return runs;
}

const escaped = (text) =>
  text.replace(
    /[&<>"]/g,
    (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[char],
  );
const short = (number) => String(Number(number.toFixed(2)));

/** Where rows and columns lie: as large as the widest row allows. */
function layoutOf(rows) {
  const ends = rows.flat().map(({ column, text }) => column + text.length);
  const font = Math.min(LARGEST_FONT, (WIDTH - 2 * MARGIN) / (COLUMN * Math.max(...ends)));
  const height = BAR + MARGIN / 2 + ROW * font * rows.length + MARGIN;
  return { font, height: Math.ceil(height) };
}

function drawRun({ column, text, styles }, row, font) {
  const x = short(MARGIN + COLUMN * font * column);
  const y = short(BAR + MARGIN / 2 + font * (ROW * row + BASELINE));
  const names = styles.length > 0 ? ` class="${styles.join(' ')}"` : '';
  const width = `textLength="${short(COLUMN * font * text.length)}" lengthAdjust="spacingAndGlyphs"`;
  return `<text x="${x}" y="${y}" ${width}${names}>${escaped(text)}</text>`;
}

/**
 * A picture, 800 wide.
 * @param {string[]} lines with the escape sequences of colours
 * @param {'light' | 'dark'} theme
 * @param {string} title what it shows, for who cannot see it
 */
export function terminalSvg(lines, theme, title) {
  const { ground, edge, text, ...colours } = themes[theme];
  const rows = lines.map(runsOf);
  const { font, height } = layoutOf(rows);
  const style = [
    `text{font:${short(font)}px ${FONT};fill:${text};white-space:pre}`,
    '.bold{font-weight:700}',
    ...Object.entries(colours).map(([name, colour]) => `.${name}{fill:${colour}}`),
  ];
  const dots = [0, 1, 2].map((i) => {
    return `<circle cx="${MARGIN + 6 + 20 * i}" cy="${BAR / 2 + 2}" r="6" fill="${edge}"/>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style.join('')}</style>`,
    `<rect x=".5" y=".5" width="${WIDTH - 1}" height="${height - 1}" rx="8" fill="${ground}" stroke="${edge}"/>`,
    ...dots,
    ...rows.flatMap((runs, row) => runs.map((run) => drawRun(run, row, font))),
    '</svg>',
    '',
  ].join('\n');
}
