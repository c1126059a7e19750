/**
 * watch.ts - the tab that shows which lines of a log the memory did not foresee.
 * SPDX-License-Identifier: MIT
 */
import type { Unit } from '../../ts/cli/reader.js';
import { reader } from '../client.js';
import { figure, find, make, Panel } from '../dom.js';
import { Plot } from '../plot.js';
import type { PlotOptions } from '../plot.js';
import type { WatchResult } from '../protocol.js';
import { sampleLog } from '../samples.js';

const AROUND = 4;
const TOP = 12;

/** What was read last, and which of its lines is chosen (an index into `numbers`). */
class Findings {
  chosen = -1;

  constructor(
    readonly lines: readonly string[],
    readonly result: WatchResult,
  ) {}

  /** Indices of the most surprising lines, most first. */
  top(): number[] {
    const { surprise } = this.result;
    return Array.from(surprise.keys())
      .sort((a, b) => surprise[b]! - surprise[a]!)
      .slice(0, TOP);
  }

  /** A line in parts: before, within and after the word that surprised most. */
  parts(index: number): [string, string, string] {
    const { numbers, words } = this.result;
    const text = this.lines[numbers[index]! - 1]!;
    const [from, to] = [words[2 * index] ?? 0, words[2 * index + 1] ?? 0];
    return [text.slice(0, from), text.slice(from, to), text.slice(to)];
  }
}

function withMark(element: HTMLElement, [before, word, after]: [string, string, string]): HTMLElement {
  element.append(before, ...(word === '' ? [] : [make('mark', word)]), after);
  return element;
}

/** The chosen line and its neighbours. */
function showAround(place: HTMLElement, found: Findings): void {
  const number = found.result.numbers[found.chosen]!;
  const rows: HTMLElement[] = [];
  const last = Math.min(found.lines.length, number + AROUND);
  for (let n = Math.max(1, number - AROUND); n <= last; n++) {
    const row = make('span', `${n}  `, n === number ? 'chosen' : '');
    rows.push(
      n === number
        ? withMark(row, found.parts(found.chosen))
        : withMark(row, [found.lines[n - 1]!, '', '']),
    );
  }
  place.replaceChildren(...rows);
}

export function setUpWatch(): void {
  const panel = new Panel('watch');
  const plot = new Plot(panel.element);
  const area = panel.field<HTMLTextAreaElement>('text');
  const around = find(panel.element, '.around');
  const list = find(panel.element, '.top');
  const place = find(panel.element, '.plot');
  let found: Findings | undefined;

  const choose = (index: number): void => {
    if (!found || found.result.numbers.length === 0) return;
    found.chosen = Math.min(found.result.numbers.length - 1, Math.max(0, index));
    plot.choose(found.chosen);
    showAround(around, found);
  };
  const options: PlotOptions = {
    x: 'line',
    y: 'surprise',
    lines: [{ label: 'surprise' }],
    onClick: choose,
  };
  place.addEventListener('keydown', (event) => {
    const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, PageDown: 25, PageUp: -25 };
    const step = steps[event.key];
    if (step === undefined || !found) return;
    event.preventDefault();
    choose(found.chosen + step);
  });

  const showTop = (): void => {
    const items = found!.top().map((index) => {
      const button = make('button');
      button.type = 'button';
      const number = found!.result.numbers[index]!;
      button.append(make('span', found!.result.surprise[index]!.toFixed(2)), make('span', `line ${number}`));
      button.append(withMark(make('span'), found!.parts(index)));
      button.addEventListener('click', () => choose(index));
      const item = make('li');
      item.append(button);
      return item;
    });
    list.replaceChildren(...items);
    find(panel.element, 'h2').hidden = items.length === 0;
  };

  panel.takeFiles();
  panel.onClick('sample', () => {
    area.value = sampleLog();
    panel.status('A web service’s log of a night on which three things went wrong.');
  });
  panel.onSubmit(async (signal) => {
    const text = area.value;
    if (text.trim() === '') throw new Error('There is nothing to read yet.');
    const by = panel.field<HTMLSelectElement>('by').value as Unit;
    const began = performance.now();
    const result = await reader.call('watch', { text, by }, {
      signal,
      event: ({ lines, of }) => panel.status(`${figure(lines)} of ${figure(of)} lines`),
    });
    found = new Findings(text.split(/\r?\n/), result);
    const seconds = (performance.now() - began) / 1000;
    const count = result.numbers.length;
    panel.status(`${figure(count)} lines in ${figure(seconds)} s. Click on a peak.`);
    plot.show(options, [result.numbers, result.surprise]);
    showTop();
    choose(found.top()[0] ?? 0);
  });
}
