/**
 * watch.ts - the tab that shows which lines of a log the memory did not foresee.
 * SPDX-License-Identifier: MIT
 */
import type { Unit } from '../../ts/detect/detector.js';
import { reader } from '../client.js';
import { figure, find, make, numberOf, Panel } from '../dom.js';
import { Plot } from '../plot.js';
import type { PlotOptions } from '../plot.js';
import type { Around, Parts, WatchResult } from '../protocol.js';
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

export function setUpWatch(): void {
  const panel = new Panel('watch');
  const plot = new Plot(panel.element);
  const box = new TextBox(panel);
  const around = find(panel.element, '.around');
  const list = find(panel.element, '.top');
  const place = find(panel.element, '.plot');
  let found: WatchResult | undefined;
  let chosen = 0; // counts lines that were read

  const choose = async (index: number, show = false): Promise<void> => {
    if (!found || found.count === 0) return;
    const wanted = (chosen = Math.min(found.count - 1, Math.max(0, index)));
    try {
      const lines = await reader.call('around', { index: wanted });
      if (wanted !== chosen) return; // another one was chosen meanwhile
      plot.choose(lines.number);
      showAround(around, lines);
      if (show) around.scrollIntoView({ block: 'nearest' });
    } catch (error) {
      panel.complain(error instanceof Error ? error.message : String(error));
    }
  };
  const options: PlotOptions = {
    x: 'line',
    y: 'surprise',
    lines: [{ label: 'surprise' }],
    onClick: (point) => void choose(found!.indices[point]!, true),
  };
  place.addEventListener('keydown', (event) => {
    const steps: Record<string, number> = {
      ArrowRight: 1,
      ArrowLeft: -1,
      PageDown: 25,
      PageUp: -25,
    };
    const step = steps[event.key];
    if (step === undefined || !found) return;
    event.preventDefault();
    void choose(chosen + step);
  });

  const showTop = (top: WatchResult['top']): void => {
    const items = top.map(({ index, number, surprise, parts }) => {
      const button = make('button');
      button.type = 'button';
      button.append(make('span', surprise.toFixed(2)), make('span', `line ${number}`));
      button.append(withMark(make('span'), parts));
      button.addEventListener('click', () => void choose(index, true));
      const item = make('li');
      item.append(button);
      return item;
    });
    list.replaceChildren(...items);
    find(panel.element, 'h2').hidden = items.length === 0;
  };

  panel.onClick('sample', () => {
    box.text = sampleLog();
    panel.status('A web service’s log of a night on which three things went wrong.');
  });
  panel.onSubmit(async (signal) => {
    if (box.empty) throw new Error('There is nothing to read yet.');
    const by = panel.field<HTMLSelectElement>('by').value as Unit;
    const began = performance.now();
    found = await reader.call(
      'watch',
      { text: box.source, by },
      {
        signal,
        event: ({ lines, of }) => panel.status(`${figure(lines)} of ${numberOf(of, 'line')}`),
      },
    );
    const seconds = (performance.now() - began) / 1000;
    panel.status(`${numberOf(found.count, 'line')} in ${figure(seconds)} s. Click on a peak.`);
    plot.show(options, [found.numbers, found.surprise]);
    showTop(found.top);
    await choose(found.top[0]?.index ?? 0);
  });
}
