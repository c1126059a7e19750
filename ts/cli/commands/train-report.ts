/**
 * train-report.ts - what `train` prints: a table for people, an object a line for programs.
 * SPDX-License-Identifier: MIT
 */
import type { Palette } from '../screen/terminal.js';
import { compact, grouped, Progress, safeJson, shellWord, visible } from '../screen/terminal.js';
import { textColumns } from '../screen/text-screen.js';
import { Wrapper } from '../screen/wrap.js';
import type { Score } from './scoring.js';
import { bitsPerByte, natsPerToken } from './scoring.js';

/** How far a training is. */
interface Standing {
  step: number;
  steps: number;
  /** Tokens trained on. */
  tokens: number;
  /** Mean over the steps since the last report. */
  loss: number;
  learningRate: number;
  gradientNorm: number;
  tokensPerSecond: number;
  secondsLeft: number;
  /** The score on what was held out, if it was measured now, and what the model writes. */
  valid: Score | undefined;
  sample?: Sample | undefined;
}

/** What is known in advance. */
interface Plan {
  steps: number;
  stepsLeft: number;
  seconds: number;
  threads: number;
}

/** What a model writes: how the text begins, and how it goes on. */
export interface Sample {
  prompt: string;
  text: string;
}

/** What came of it. */
interface Outcome {
  out: string;
  bytes: number;
  files: readonly string[];
  parameters: number;
  fingerprint: string;
  step: number;
  /** The step whose weights they are. */
  best: number;
  tokens: number;
  seconds: number;
  valid: Score | undefined;
}

/** Where samples begin, below the figures. */
const INDENT = ' '.repeat(10);

/** 95 s, 12 min, 3.5 h. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** A score as programs get it. */
const scoreFields = (valid: Score | undefined) => ({
  valid_loss: valid === undefined ? null : rounded(natsPerToken(valid)),
  valid_bits_per_byte: valid === undefined ? null : rounded(bitsPerByte(valid)),
});

const rounded = (x: number): number => Number(x.toPrecision(7));

/** Prints lines on stdout, and shows the present step on a terminal. */
export class TrainReport {
  private readonly progress: Progress;
  private readonly isTerminal = process.stderr.isTTY === true;
  private headed = false;

  constructor(
    private readonly json: boolean,
    private readonly palette: Palette,
  ) {
    this.progress = new Progress(process.stderr, this.isTerminal, 0);
  }

  /** Wipes the line of progress; to be called before anything else is printed. */
  clear(): void {
    this.progress.clear();
  }

  /** Shows what is being done. */
  doing(text: () => string): void {
    this.progress.update(text);
  }

  /** The end of a phase: a line where no terminal has shown its progress, an object for programs. */
  phase(text: string, object: Readonly<Record<string, unknown>>): void {
    this.clear();
    if (this.json) process.stdout.write(`${safeJson(object)}\n`);
    else if (!this.isTerminal) process.stdout.write(`${this.palette.dim(text)}\n`);
  }

  /** How long the training will take. */
  plan({ steps, stepsLeft, seconds, threads }: Plan): void {
    this.clear();
    if (this.json) {
      const object = { plan: true, steps, steps_left: stepsLeft, threads };
      process.stdout.write(`${safeJson({ ...object, seconds: rounded(seconds) })}\n`);
      return;
    }
    const on = `${threads} thread${threads === 1 ? '' : 's'}`;
    this.say(`about ${duration(seconds)} on ${on}; Ctrl-C keeps a checkpoint`);
  }

  /** Something for people alone. */
  say(text: string): void {
    this.clear();
    if (!this.json) process.stdout.write(`${text}\n`);
  }

  /** Something that went wrong but does not end the training. */
  warn(text: string): void {
    this.clear();
    process.stderr.write(`bit-ttt: ${text}\n`);
  }

  /** A line of JSON; people get a row of the table, if `row`. */
  line(now: Standing, row: boolean): void {
    const { valid } = now;
    if (!this.json && !row) return this.live(now);
    this.clear();
    if (this.json) {
      const object = {
        step: now.step,
        steps: now.steps,
        tokens: now.tokens,
        loss: rounded(now.loss),
        ...scoreFields(valid),
        learning_rate: rounded(now.learningRate),
        gradient_norm: rounded(now.gradientNorm),
        tokens_per_second: Math.round(now.tokensPerSecond),
        seconds_left: Math.round(now.secondsLeft),
        ...(now.sample === undefined ? {} : { sample: now.sample }),
      };
      process.stdout.write(`${safeJson(object)}\n`);
      return;
    }
    const { tokensPerSecond, secondsLeft } = now;
    this.row(now.step, now.loss.toFixed(3), valid, [
      compact(tokensPerSecond),
      duration(secondsLeft),
    ]);
    this.sample(now.sample);
  }

  /** The line of the weights that a training begins with. */
  start(valid: Score, sample: Sample | undefined): void {
    this.clear();
    if (this.json) {
      const object = {
        step: 0,
        ...scoreFields(valid),
        ...(sample === undefined ? {} : { sample }),
      };
      process.stdout.write(`${safeJson(object)}\n`);
      return;
    }
    this.row(0, '-', valid, ['', '']);
    this.sample(sample);
  }

  /** A row of the table; `speed`: tokens a second, and the time left. */
  private row(
    step: number,
    loss: string,
    valid: Score | undefined,
    speed: readonly [string, string],
  ): void {
    const { dim, bold } = this.palette;
    if (!this.headed) {
      this.say(dim('    step     loss  held out  bits/byte  tokens/s      left'));
      this.headed = true;
    }
    const cells = [
      grouped(step).padStart(8),
      loss.padStart(7),
      (valid === undefined ? '-' : natsPerToken(valid).toFixed(3)).padStart(8),
      bold((valid === undefined ? '-' : bitsPerByte(valid).toFixed(3)).padStart(9)),
      ...speed.map((cell) => cell.padStart(8)),
    ];
    this.say(cells.join('  ').trimEnd());
  }

  /** What the model writes, without its line ends: a line, or what a terminal needs of them. */
  private sample(sample: Sample | undefined): void {
    if (sample === undefined) return;
    const width = process.stdout.isTTY === true ? textColumns() - INDENT.length : Infinity;
    let lines = '';
    const wrapper = new Wrapper(
      (part) => (lines += part),
      () => width,
    );
    const line = (part: string): string => visible(part.replace(/\s+/g, ' '));
    wrapper.push(line(sample.prompt), this.palette.dim);
    wrapper.push(line(sample.text));
    wrapper.end();
    this.say(INDENT + lines.replaceAll('\n', `\n${INDENT}`));
  }

  /** Shows the present step on a terminal. */
  live(now: Standing): void {
    this.progress.update(() => {
      const rate = `${compact(now.tokensPerSecond)} tokens/s`;
      const far = `step ${grouped(now.step)} of ${grouped(now.steps)}`;
      return `${far}, loss ${now.loss.toFixed(3)}, ${rate}, ${duration(now.secondsLeft)} left`;
    });
  }

  /** Reports the outcome. */
  done(found: Outcome): void {
    this.clear();
    const { valid } = found;
    if (this.json) {
      const object = {
        done: true,
        out: found.out,
        bytes: found.bytes,
        files: found.files,
        parameters: found.parameters,
        fingerprint: found.fingerprint,
        step: found.step,
        best_step: found.best,
        tokens: found.tokens,
        ...scoreFields(valid),
        seconds: Number(found.seconds.toFixed(1)),
      };
      process.stdout.write(`${safeJson(object)}\n`);
      return;
    }
    const { bold, dim } = this.palette;
    const score = valid === undefined ? '' : `, ${bitsPerByte(valid).toFixed(3)} bits per byte`;
    const held = valid === undefined ? '' : ' on what was held out';
    const more = found.files.filter((file) => file !== found.out).map(visible);
    this.say(`${bold(visible(found.out))}: ${compact(found.bytes)}B${score}${held}`);
    if (found.best === 0) {
      this.say('these are the weights it began with: no others did better on what was held out');
    } else if (found.best < found.step) {
      const step = `step ${grouped(found.best)} of ${grouped(found.step)}`;
      this.say(`these are the weights of ${step}, which did best on what was held out`);
    }
    if (more.length > 0) this.say(dim(`also ${more.join(', ')}`));
    this.say(dim(`${grouped(found.tokens)} tokens in ${duration(found.seconds)}`));
    this.say(`try: bit-ttt generate --model ${shellWord(found.out)}`);
  }
}
