/**
 * watch.ts - the tab that shows which lines of a log the memory did not predict.
 * SPDX-License-Identifier: MIT
 */
import type { Unit } from '../../ts/detect/detector.js';
import { reader } from '../client.js';
import { figure, find, make, numberOf, Panel } from '../dom.js';
import type { PlotOptions } from '../plot.js';
import { Plot } from '../plot.js';
import type { Around, Calls, Parts, WatchResult } from '../protocol.js';
import { sampleLog } from '../samples.js';
import { TextBox } from '../textbox.js';

function withMark(element: HTMLElement, [before, word, after]: Parts): HTMLElement {
  element.append(before, ...(word === '' ? [] : [make('mark', word)]), after);
  return element;
}

/** The chosen line and its neighbours. */
function showAround(place: HTMLElement, { number, first, lines, parts }: Around): void {
  const rows = lines.map((line, i) => {
    const chosen = first + i === number;
    const row = make('span', `${first + i}  `, chosen ? 'chosen' : '');
    return withMark(row, chosen ? parts : [line, '', '']);
  });
  place.replaceChildren(...rows);
}

/** Lines to go for a key; the plot has the focus. */
const STEPS: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, PageDown: 25, PageUp: -25 };

class Watch {
  readonly panel = new Panel('watch');
  readonly box = new TextBox(this.panel);
  readonly #plot = new Plot(this.panel.element);
  readonly #around = find(this.panel.element, '.around');
  #found: WatchResult | undefined;
  /** The line that is looked at; counts lines that were read. */
  #chosen = 0;
  readonly #options: PlotOptions = {
    x: 'line',
    y: 'surprise',
    lines: [{ label: 'surprise' }],
    onClick: (point) => void this.#choose(this.#found!.indices[point]!, true),
  };

  async read(signal: AbortSignal): Promise<void> {
    const { panel, box } = this;
    if (box.empty) throw new Error('There is nothing to read yet.');
    const by = panel.field<HTMLSelectElement>('by').value as Unit;
    const began = performance.now();
    const event = ({ lines, of }: Calls['watch']['event']): void =>
      panel.status(`${figure(lines)} of ${numberOf(of, 'line')}`);
    const found = await reader.call('watch', { text: box.source, by }, { signal, event });
    this.#found = found;
    const seconds = (performance.now() - began) / 1000;
    panel.status(`${numberOf(found.count, 'line')} in ${figure(seconds)} s. Click on a peak.`);
    this.#plot.show(this.#options, [found.numbers, found.surprise]);
    this.#showTop(found.top);
    await this.#choose(found.top[0]?.index ?? 0);
  }

  walk(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    if (step === undefined || !this.#found) return;
    event.preventDefault();
    void this.#choose(this.#chosen + step);
  }

  /** Shows a line and its neighbours; with `scroll` where the person can see them. */
  async #choose(index: number, scroll = false): Promise<void> {
    const count = this.#found?.count ?? 0;
    if (count === 0) return;
    const wanted = (this.#chosen = Math.min(count - 1, Math.max(0, index)));
    try {
      const lines = await reader.call('around', { index: wanted });
      if (wanted !== this.#chosen) return; // another one was chosen meanwhile
      this.#plot.choose(lines.number);
      showAround(this.#around, lines);
      if (scroll) this.#around.scrollIntoView({ block: 'nearest' });
    } catch (error) {
      this.panel.complain(error instanceof Error ? error.message : String(error));
    }
  }

  #showTop(top: WatchResult['top']): void {
    const items = top.map(({ index, number, surprise, parts }) => {
      const button = make('button');
      button.type = 'button';
      button.append(make('span', surprise.toFixed(2)), make('span', `line ${number}`));
      button.append(withMark(make('span'), parts));
      button.addEventListener('click', () => void this.#choose(index, true));
      const item = make('li');
      item.append(button);
      return item;
    });
    find(this.panel.element, '.top').replaceChildren(...items);
    find(this.panel.element, 'h2').hidden = items.length === 0;
  }
}

export function setUpWatch(): void {
  const tab = new Watch();
  const { panel, box } = tab;
  find(panel.element, '.plot').addEventListener('keydown', (event) => tab.walk(event));
  panel.onClick('sample', () => {
    box.text = sampleLog();
    panel.status('A web service’s log of a night on which three things went wrong.');
  });
  panel.onSubmit((signal) => tab.read(signal));
}
