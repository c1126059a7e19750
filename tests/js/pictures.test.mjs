// The README's pictures of a terminal: they are what the command prints now, and stand alone.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { drawPictures, PICTURES } from '../../scripts/pictures.mjs';
import { scenes, typed } from '../../scripts/scenes.mjs';
import { runsOf, terminalSvg, themes } from '../../scripts/terminal-svg.mjs';
import { root } from './support/backends.mjs';
import { output } from './support/cli.mjs';

const AGAIN = 'the command prints something else now: npm run pictures';

const names = readdirSync(join(root, PICTURES)).sort();
const picture = (name) => readFileSync(join(root, PICTURES, name), 'utf8');

const unescaped = (text) =>
  text.replace(
    /&(amp|lt|gt|quot);/g,
    (_, name) => ({ amp: '&', lt: '<', gt: '>', quot: '"' })[name],
  );

/** The runs of text of a picture: { x, y, width, text }. */
function runsIn(svg) {
  const run = /<text x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)"[^>]*>([^<]*)<\/text>/g;
  return [...svg.matchAll(run)].map(([, x, y, width, text]) => {
    return { x: Number(x), y: Number(y), width: Number(width), text: unescaped(text) };
  });
}

/** The lines that one reads in a picture, without empty ones: each run in the column in which it is drawn. */
function linesIn(svg) {
  const runs = runsIn(svg);
  const column = runs[0].width / runs[0].text.length;
  const left = Math.min(...runs.map(({ x }) => x));
  const rows = new Map();
  for (const { x, y, text } of runs) {
    const at = Math.round((x - left) / column);
    rows.set(y, (rows.get(y) ?? '').padEnd(at) + text);
  }
  return [...rows].sort(([a], [b]) => a - b).map(([, line]) => line);
}

/** What a command prints, in colour and plain; a file for `cat`. */
async function printed({ program, words }) {
  if (program === 'cat') return readFileSync(join(root, words[0]), 'utf8');
  const env = { FORCE_COLOR: '1', COLUMNS: '97' };
  const coloured = await output(words, { cwd: root, env });
  return coloured.replace(/\x1b\[\d+m/g, '');
}

/** The lines of a scene that are in its picture. */
async function linesOf(name) {
  const lines = [];
  for (const command of scenes[name]) {
    lines.push(`$ ${typed(command)}`, ...(await printed(command)).split('\n'));
  }
  const speed = lines.findIndex((line) => line.startsWith('memory: '));
  return lines.slice(0, speed < 0 ? undefined : speed).filter((line) => line !== '');
}

describe('pictures', () => {
  it('are of a log and of suggestions, light and dark', () => {
    assert.deepEqual(names, [
      'log-dark.svg',
      'log-light.svg',
      'suggest-dark.svg',
      'suggest-light.svg',
    ]);
  });

  for (const name of ['log', 'suggest']) {
    it(`of ${name} show what the command prints now`, async () => {
      const lines = await linesOf(name);
      assert.ok(lines.length > 9);
      for (const theme of Object.keys(themes))
        assert.deepEqual(linesIn(picture(`${name}-${theme}.svg`)), lines, AGAIN);
    });
  }

  it('are drawn as npm run pictures draws them', () => {
    const drawn = drawPictures();
    for (const name of names) assert.equal(picture(name), drawn[name], AGAIN);
  });

  it('are small and take nothing from elsewhere', () => {
    for (const name of names) {
      const svg = picture(name);
      assert.ok(Buffer.byteLength(svg) < 30_000, name);
      assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 800 \d+"/);
      assert.match(svg, /<title>[^<]+<\/title>/);
      const rest = svg.replace('http://www.w3.org/2000/svg', '');
      assert.doesNotMatch(
        rest,
        /:\/\/|href|url\(|@import|@font-face|<script|<image|<foreignObject/,
      );
      for (const { x, width } of runsIn(svg)) assert.ok(x + width <= 790, `${name}: ${x + width}`);
    }
  });

  it('have texts that are told from the ground', () => {
    const light = (hex) => {
      const parts = hex.match(/\w\w/g).map((part) => Number.parseInt(part, 16) / 255);
      const [r, g, b] = parts.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    for (const { ground, edge, ...colours } of Object.values(themes)) {
      for (const [name, colour] of Object.entries(colours)) {
        const [low, high] = [light(ground), light(colour)].sort((a, b) => a - b);
        assert.ok((high + 0.05) / (low + 0.05) >= 4.5, `${name} ${colour} on ${ground}`);
      }
    }
  });
});

describe('terminalSvg', () => {
  it('cuts a line into runs of one style', () => {
    assert.deepEqual(runsOf('  \x1b[2m$ \x1b[22m \x1b[1m\x1b[31mred\x1b[39m\x1b[22m end  '), [
      { column: 2, text: '$', styles: ['dim'] },
      { column: 5, text: 'red', styles: ['bold', 'red'] },
      { column: 9, text: 'end', styles: [] },
    ]);
  });

  it('refuses a style that it cannot draw', () => {
    assert.throws(() => runsOf('\x1b[7mreversed\x1b[27m'), /no style for the escape sequence 7/);
  });

  it('writes what XML needs escaped', () => {
    const svg = terminalSvg(['a <b> & "c"'], 'light', 'x < y');
    assert.match(svg, /<title>x &lt; y<\/title>/);
    assert.match(svg, />a &lt;b&gt; &amp; &quot;c&quot;<\/text>/);
    assert.deepEqual(linesIn(svg), ['a <b> & "c"']);
  });
});
