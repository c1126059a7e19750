/**
 * surprise-read.ts - how `surprise` reads: line by line, with turns for signals and timers, and with the
 * memory saved now and then while it follows a pipe.
 * SPDX-License-Identifier: MIT
 */
import type { TTT } from 'bit-ttt';
import { Turns } from '../../common/turns.js';
import type { ReadLine } from '../../detect/detector.js';
import { LineScorer } from '../../detect/detector.js';
import { Curve, TopList } from '../../detect/digest.js';
import type { Source } from '../files/input.js';
import { LineSplitter } from '../files/lines.js';
import type { MemorySettings } from '../files/memory-file.js';
import { saveMemory } from '../files/memory-file.js';
import type { Result } from '../files/save.js';
import { Failure } from '../screen/failure.js';
import { drained } from '../screen/output.js';
import type { Progress } from '../screen/terminal.js';
import { grouped, visible } from '../screen/terminal.js';
import { excerpt } from './surprise-report.js';

/** How to read, and where and how often to save the memory. */
export interface Reading {
  settings: MemorySettings;
  top: number;
  save: Result | null;
  /** Seconds between two saves. */
  saveEvery: number;
}

/** What was found, and how far the text went. */
export interface Findings {
  top: TopList<ReadLine>;
  curve: Curve;
  lastLine: number;
  bytes: number;
}

/** Saves the memory at regular times, as long as the input has no known end. */
class RegularSave {
  private saved: number;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly save: Result,
    private readonly request: Reading,
    private readonly layer: TTT,
    private readonly scorer: LineScorer,
    private readonly progress: Progress,
  ) {
    this.saved = layer.tokensSeen;
    this.timer = setInterval(() => this.saveNew(), 1000 * request.saveEvery);
  }

  /** Saves if tokens were read since. A failure only warns: a disk that is full now may have room later. */
  private saveNew(): void {
    this.scorer.flush();
    if (this.layer.tokensSeen === this.saved) return;
    try {
      saveMemory(this.save, this.request.settings, this.layer.saveState());
      this.saved = this.layer.tokensSeen;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.progress.clear();
      process.stderr.write(`bit-ttt: ${visible(error.message)}; the reading goes on\n`);
    }
  }

  end(): void {
    clearInterval(this.timer);
  }
}

/** Reads the source to its end, or until `stop`; `show` gets every line if it is given. */
export async function readLines(
  source: Source,
  layer: TTT,
  request: Reading,
  progress: Progress,
  stop: AbortSignal,
  show: ((line: ReadLine) => void) | undefined,
): Promise<Findings> {
  const found: Findings = {
    top: new TopList(request.top, excerpt),
    curve: new Curve(),
    lastLine: 0,
    bytes: 0,
  };
  const splitter = new LineSplitter(source.name, 'surprise');
  const listener = {
    unit: (raw: number) => found.curve.add(raw),
    line: (line: ReadLine) => {
      found.top.add(line);
      show?.(line);
    },
  };
  const scorer = new LineScorer(layer, request.settings.by, listener, show !== undefined);
  const take = async (lines: ReturnType<LineSplitter['end']>): Promise<void> => {
    const turns = new Turns();
    for (const line of lines) {
      if (stop.aborted) break;
      scorer.read(line);
      found.lastLine = line.number;
      await turns.rest();
    }
    if (show !== undefined) scorer.flush();
    await drained(stop);
  };
  const { save } = request;
  const follows = save !== null && source.size === undefined;
  const regular = follows ? new RegularSave(save, request, layer, scorer, progress) : undefined;
  try {
    for await (const chunk of source.chunks) {
      found.bytes += chunk.length;
      await take(splitter.push(chunk));
      if (stop.aborted) break;
      progress.update(() => {
        const share = source.size ? ` (${Math.floor((100 * found.bytes) / source.size)} %)` : '';
        return `${grouped(found.lastLine)} lines read${share}`;
      });
    }
    if (!stop.aborted) await take(splitter.end()); // else the last line may be half of one
    scorer.flush();
  } finally {
    regular?.end();
  }
  return found;
}
