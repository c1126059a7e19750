/**
 * interrupt.ts - what Ctrl-C and the other signals do that ask a command to end.
 * SPDX-License-Identifier: MIT
 */
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { Interrupted } from './failure.js';
import { Progress } from './terminal.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type Signal = (typeof SIGNALS)[number];

/** The exit code that shells expect of a program that such a signal has ended. */
export function exitCodeOf(signal: Signal): number {
  return 128 + constants.signals[signal];
}

/** Ends the process at once, with a sentence if there is one. */
export function endAtOnce(signal: Signal, text = ''): never {
  if (text !== '') process.stderr.write(`bit-ttt: ${text}\n`);
  process.exit(exitCodeOf(signal));
}

/** Lets the signal itself end the process. */
function endBySignal(): void {
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
}

/**
 * Calls `handle` on every such signal, until the function that it returns is called. After a terminal has
 * hung up, Node would abort at its exit because it cannot restore the terminal (ResetStdio); so the signal
 * itself ends the process when everything is done. Shells report the same exit code for both.
 */
export function onSignal(handle: (signal: Signal) => void): () => void {
  const terminal = [0, 1, 2].some((descriptor) => isatty(descriptor));
  const take = (signal: Signal): void => {
    if (signal === 'SIGHUP' && terminal) process.once('exit', endBySignal);
    handle(signal);
  };
  for (const signal of SIGNALS) process.on(signal, take);
  return () => {
    for (const signal of SIGNALS) process.removeListener(signal, take);
  };
}

/**
 * Watches for signals while a command works. Before `begin` a signal ends the command at once. After it the
 * first signal asks the command to stop, report and save (`signal` is aborted), and a second one ends it.
 */
export class Interrupt {
  private readonly abort = new AbortController();
  private readonly unwatch: () => void;
  private begun: string | undefined;
  private first: Signal | undefined;

  /** `clear` wipes the line of progress; `early` is what a signal before `begin` says. */
  constructor(
    private readonly clear: () => void,
    early: string,
  ) {
    this.unwatch = onSignal((signal) => {
      if (this.begun !== undefined && this.first === undefined) {
        this.first = signal;
        this.abort.abort();
        return;
      }
      this.clear();
      endAtOnce(signal, this.begun ?? early);
    });
  }

  /** From now on there is something to report or save; a second signal says `late`: it is lost. */
  begin(late: string): void {
    this.begun = late;
  }

  /** Aborted when the command is to stop. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  /** What asked the command to stop, if anything did. */
  get caught(): Signal | undefined {
    return this.first;
  }

  /** Throws an Interrupted with this sentence if the command was stopped. */
  check(text: () => string): void {
    if (this.first !== undefined) throw new Interrupted(text(), exitCodeOf(this.first));
  }

  /** Signals are no longer watched. */
  end(): void {
    this.unwatch();
  }
}

/**
 * Runs work that shows its progress, if `shown`, and that signals stop; `early` is what a signal says that
 * comes before the work has called `begin`.
 */
export async function watched(
  shown: boolean,
  work: (progress: Progress, interrupt: Interrupt) => Promise<void>,
  early = 'interrupted',
): Promise<void> {
  const progress = new Progress(process.stderr, shown && process.stderr.isTTY === true, 500);
  const interrupt = new Interrupt(() => progress.clear(), early);
  try {
    await work(progress, interrupt);
  } finally {
    progress.clear();
    interrupt.end();
  }
}
