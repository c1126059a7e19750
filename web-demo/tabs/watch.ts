/**
 * watch.ts - the tab that shows what stands out in a log or a signal.
 * SPDX-License-Identifier: MIT
 */
import { reader } from '../client.js';
import { figure, find, make, numberOf, Panel } from '../dom.js';
import { OddList, tinted } from '../odd-list.js';
import type { PlotOptions } from '../plot.js';
import { Plot } from '../plot.js';
import type { Around, Calls, WatchParams, WatchResult } from '../protocol.js';
import { sampleLog, sampleSignal } from '../samples.js';
import { TextBox } from '../textbox.js';

/** Lines to go for a key; the plot has the focus. */
const STEPS: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, PageDown: 25, PageUp: -25 };
const KEYS =
  'Left and right choose a line, up and down an alarm; Enter goes to what is said of it.';

/** The chosen line and its neighbours. */
function showAround(place: HTMLElement, { number, first, lines, pieces }: Around): void {
  const rows = lines.map((line, i) => {
    const chosen = first + i === number;
    const row = make('span', `${first + i}  `, chosen ? 'chosen' : '');
    row.append(...(chosen ? tinted(pieces) : [line]));
    return row;
  });
  place.replaceChildren(...rows);
}

/** Numbers of a curve; what is not finite is not drawn. */
function drawn(values: Float32Array): (number | null)[] {
  return Array.from(values, (value) => (Number.isFinite(value) ? value : null));
}

class Watch {
  readonly panel = new Panel('watch');
  readonly box = new TextBox(this.panel);
  readonly #place = find(this.panel.element, '.plot');
  readonly #plot = new Plot(this.panel.element);
  readonly #around = find(this.panel.element, '.around');
  readonly #list = new OddList(
    find(this.panel.element, '.odd'),
    ({ index }) => void this.#choose(index),
  );
  #found: WatchResult | undefined;
  /** The line that is looked at; counts events or values that were read. */
  #chosen = -1;

  async read(signal: AbortSignal): Promise<void> {
    const { panel, box } = this;
    if (box.empty) throw new Error('There is nothing to read yet.');
    const value = (name: string): string => panel.field<HTMLSelectElement>(name).value;
    const params: WatchParams = {
      text: box.source,
      as: value('as') as WatchParams['as'],
      rate: Number(value('rate')),
      column: value('column'),
    };
    this.#clear();
    const began = performance.now();
    const event = ({ lines, of }: Calls['watch']['event']): void =>
      panel.status(`${figure(lines)} of ${numberOf(of, 'line')}`, (100 * lines) / of);
    const found = await reader.call('watch', params, { signal, event });
    this.#show(found, (performance.now() - began) / 1000);
  }

  /** Reads what was read last once more, as something has been chosen anew. */
  again(): void {
    if (!this.box.empty) void this.panel.run((signal) => this.read(signal));
  }

  /** Nothing is shown any more of what was read before. */
  #clear(): void {
    this.#found = undefined;
    this.#chosen = -1;
    this.#plot.clear();
    this.#around.replaceChildren();
    this.#place.after(this.#around);
    this.#place.setAttribute('aria-label', 'The curve: nothing read yet');
    find(this.panel.element, 'h3').hidden = true;
    find(this.panel.element, '.note').textContent = '';
    this.#list.show([]);
  }

  #show(found: WatchResult, seconds: number): void {
    const { panel } = this;
    const { read, kind, entries, note, columns, column } = found;
    this.#found = found;
    const log = kind === 'log';
    const what = log ? numberOf(read, 'line') : `${numberOf(read, 'value')} of ${columns[column]}`;
    const hint = log ? ' A score of 3 is one line in 1,000.' : '';
    const marks = entries.length > 0 ? ' Choose a mark.' : '';
    panel.status(`${what} in ${figure(seconds)} s.${hint}${marks}`);
    this.#draw(found);
    this.#place.setAttribute(
      'aria-label',
      `The curve of ${what}, ${entries.length} marked. ${KEYS}`,
    );
    find(panel.element, 'h3').hidden = false;
    find(panel.element, '.note').textContent = note;
    this.#list.show(entries);
    const options = columns.map((name) => Object.assign(make('option', name), { value: name }));
    panel.field<HTMLSelectElement>('column').replaceChildren(...options);
    if (columns.length > 0) panel.field<HTMLSelectElement>('column').selectedIndex = column;
    find(panel.element, '.column').hidden = columns.length < 2;
  }

  #draw({ kind, numbers, values, alarms, low, high, columns, column, indices }: WatchResult): void {
    const onClick = (point: number): void => void this.#choose(indices[point]!, true);
    const curve = drawn(values);
    const marks = curve.map((value, i) => (alarms[i] ? value : null));
    const log = kind === 'log';
    const name = log ? 'score' : columns[column]!;
    const options: PlotOptions = {
      x: 'line',
      y: name,
      lines: [{ label: name }, { label: 'alarm', points: true }],
      onClick,
    };
    const columnsOf = [numbers, curve, marks];
    if (!log) {
      options.lines.push({ label: 'expected at most', edge: true });
      options.lines.push({ label: 'at least', edge: true });
      options.band = [2, 3];
      columnsOf.push(drawn(high), drawn(low));
    }
    this.#plot.show(options, columnsOf);
  }

  walk(event: KeyboardEvent): void {
    const { key } = event;
    if (!this.#found) return;
    const step = STEPS[key];
    if (step !== undefined) void this.#choose(this.#chosen + step);
    else if (key === 'ArrowUp' || key === 'ArrowDown') {
      const next = this.#list.next(this.#chosen, key === 'ArrowDown' ? 1 : -1);
      if (next !== undefined) void this.#choose(next);
    } else if (key === 'Enter') this.#list.focus(this.#chosen);
    else return;
    event.preventDefault();
  }

  /** From the list back to the curve. */
  leave(event: KeyboardEvent): void {
    if (event.key === 'Escape') this.#place.focus();
  }

  /** Shows a line and its neighbours, below its entry if it has one; with `scroll` where they can be seen. */
  async #choose(index: number, scroll = false): Promise<void> {
    const count = this.#found?.count ?? 0;
    if (count === 0) return;
    const wanted = (this.#chosen = Math.min(count - 1, Math.max(0, index)));
    try {
      const lines = await reader.call('around', { index: wanted });
      if (wanted !== this.#chosen) return; // another one was chosen meanwhile
      this.#plot.choose(lines.number);
      showAround(this.#around, lines);
      const entry = this.#list.choose(wanted);
      if (entry) entry.append(this.#around);
      else this.#place.after(this.#around);
      if (scroll) (entry ?? this.#around).scrollIntoView({ block: 'nearest' });
    } catch (error) {
      this.panel.complain(error instanceof Error ? error.message : String(error));
    }
  }
}

/**
 * Sets the tab up; `start` lets it read its sample, unless something else is there. The address of the button that
 * has the sample signal begins with that one.
 */
export function setUpWatch(): { start: () => Promise<void> } {
  const tab = new Watch();
  const { panel, box } = tab;
  find(panel.element, '.plot').addEventListener('keydown', (event) => tab.walk(event));
  find(panel.element, '.odd').addEventListener('keydown', (event) => tab.leave(event));
  for (const name of ['rate', 'as', 'column'])
    panel.field(name).addEventListener('change', () => tab.again());
  const samples = { sample: sampleLog, signal: sampleSignal };
  for (const [name, make] of Object.entries(samples))
    panel.onClick(name, (signal) => {
      box.text = make();
      panel.field<HTMLSelectElement>('as').value = 'looks';
      return tab.read(signal);
    });
  panel.onSubmit((signal) => tab.read(signal));
  const begin = location.hash === '#watch-signal' ? sampleSignal() : sampleLog();
  const untouched = box.prefill(begin);
  return {
    start: async () => {
      if (untouched && box.prefill(begin)) await panel.run((signal) => tab.read(signal));
    },
  };
}
