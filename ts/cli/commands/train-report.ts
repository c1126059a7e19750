/**
 * train-report.ts - what `train` prints: a table for people, an object a line for programs.
 * SPDX-License-Identifier: MIT
 */
import type { Palette } from '../screen/terminal.js';
import { compact, grouped, Progress, safeJson, shellWord, visible } from '../screen/terminal.js';
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
  /** The score on what was held out, if it was measured now. */
  valid: Score | undefined;
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

/** 95 s, 12 min, 3.5 h. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

const rounded = (x: number): number => Number(x.toPrecision(7));

/** Prints lines on stdout, and shows the present step on a terminal. */
export class TrainReport {
  private readonly progress: Progress;
  private headed = false;

  constructor(
    private readonly json: boolean,
    private readonly palette: Palette,
  ) {
    this.progress = new Progress(process.stderr, process.stderr.isTTY === true, 0);
  }

  /** Wipes the line of progress; to be called before anything else is printed. */
  clear(): void {
    this.progress.clear();
  }

  /** Shows what is being done. */
  doing(text: () => string): void {
    this.progress.update(text);
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
        valid_loss: valid === undefined ? null : rounded(natsPerToken(valid)),
        valid_bits_per_byte: valid === undefined ? null : rounded(bitsPerByte(valid)),
        learning_rate: rounded(now.learningRate),
        gradient_norm: rounded(now.gradientNorm),
        tokens_per_second: Math.round(now.tokensPerSecond),
        seconds_left: Math.round(now.secondsLeft),
      };
      process.stdout.write(`${safeJson(object)}\n`);
      return;
    }
    const { dim, bold } = this.palette;
    if (!this.headed) {
      this.say(dim('    step     loss  held out  bits/byte  tokens/s      left'));
      this.headed = true;
    }
    const cells = [
      grouped(now.step).padStart(8),
      now.loss.toFixed(3).padStart(7),
      (valid === undefined ? '-' : natsPerToken(valid).toFixed(3)).padStart(8),
      bold((valid === undefined ? '-' : bitsPerByte(valid).toFixed(3)).padStart(9)),
      compact(now.tokensPerSecond).padStart(8),
      duration(now.secondsLeft).padStart(8),
    ];
    this.say(cells.join('  '));
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
        valid_loss: valid === undefined ? null : rounded(natsPerToken(valid)),
        valid_bits_per_byte: valid === undefined ? null : rounded(bitsPerByte(valid)),
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
    if (found.best < found.step) {
      const step = `step ${grouped(found.best)} of ${grouped(found.step)}`;
      this.say(`these are the weights of ${step}, which did best on what was held out`);
    }
    if (more.length > 0) this.say(dim(`also ${more.join(', ')}`));
    this.say(dim(`${grouped(found.tokens)} tokens in ${duration(found.seconds)}`));
    this.say(`try: bit-ttt generate --model ${shellWord(found.out)}`);
  }
}
