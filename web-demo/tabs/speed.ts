/**
 * speed.ts - the tab that measures the layer on this device.
 * SPDX-License-Identifier: MIT
 */
import type { Measurement } from '../../ts/bench/measure.js';
import { bench, WorkerClient } from '../client.js';
import { figure, find, make, Panel } from '../dom.js';
import type { PlotOptions } from '../plot.js';
import { Plot } from '../plot.js';

const DIMS = [64, 128, 256, 512];
const SECONDS = 0.3;
const MOST_THREADS = 8;

/** Shared memory is there only where the page is cross-origin isolated. */
const isolated = crossOriginIsolated && typeof SharedArrayBuffer === 'function';
const threads = Math.min(MOST_THREADS, navigator.hardwareConcurrency || 1);

/** A row of the table: tokens a second by dimension. */
interface Row {
  name: string;
  rates: number[];
}

function rowOf(name: string, target: Measurement['target'], all: readonly Measurement[]): Row {
  const rates = DIMS.map((dim) => {
    const found = all.find((m) => m.target === target && m.hidden_dim === dim && m.seq_len > 1);
    return found?.tokens_per_second ?? NaN;
  });
  return { name, rates };
}

/** The rates of all threads together, each with a memory of its own. */
async function measureThreads(
  onProgress: (text: string) => void,
  signal: AbortSignal,
): Promise<Row> {
  const workers = Array.from({ length: threads }, () => new WorkerClient());
  const stop = (): void => workers.forEach((worker) => worker.end());
  signal.addEventListener('abort', stop);
  try {
    const rates: number[] = [];
    for (const dim of DIMS) {
      onProgress(`${threads} threads, dimension ${dim}`);
      const gate = new Int32Array(new SharedArrayBuffer(4));
      const params = { dim, seconds: SECONDS, gate, workers: threads };
      const all = await Promise.all(workers.map((worker) => worker.call('spin', params)));
      rates.push(all.reduce((sum, rate) => sum + rate, 0));
    }
    return { name: `SIMD, ${threads} threads`, rates };
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

function showTable(table: HTMLTableElement, rows: readonly Row[]): void {
  const head = make('tr');
  head.append(make('td'), ...DIMS.map((dim) => make('th', `dim ${dim}`)));
  const lines = rows.map(({ name, rates }) => {
    const line = make('tr');
    const first = make('th', name);
    first.scope = 'row';
    line.append(first, ...rates.map((rate) => make('td', figure(rate / 1000))));
    return line;
  });
  table.createTHead().replaceChildren(head);
  (table.tBodies[0] ?? table.createTBody()).replaceChildren(...lines);
  table.hidden = false;
}

export function setUpSpeed(): void {
  const panel = new Panel('speed');
  const plot = new Plot(panel.element);
  panel.onSubmit(async (signal) => {
    const event = (text: string): void => panel.status(`Measuring: ${text} …`);
    const all = await bench.call('bench', { dims: DIMS, seconds: SECONDS }, { signal, event });
    if (signal.aborted) {
      panel.status('Stopped.');
      return;
    }
    const rows = [rowOf('plain JavaScript', 'js', all), rowOf('WebAssembly SIMD', 'wasm', all)];
    if (isolated && threads > 1) rows.push(await measureThreads(event, signal));
    const options: PlotOptions = {
      x: 'dimension',
      y: 'tokens a second',
      log: true,
      bars: DIMS.map(String),
      lines: rows.map(({ name }) => ({ label: name })),
    };
    plot.show(options, [DIMS.map((_, i) => i), ...rows.map(({ rates }) => rates)]);
    showTable(find<HTMLTableElement>(panel.element, '.figures'), rows);
    const reason = isolated ? 'this device has one' : 'the page is not cross-origin isolated';
    panel.status(rows.length > 2 ? 'Done.' : `Done. Threads were not measured: ${reason}.`);
  });
}
