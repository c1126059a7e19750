/**
 * generate.ts - the command that writes a text, as it comes.
 * SPDX-License-Identifier: MIT
 */
import type { Session } from 'bit-ttt';
import { TTTError } from 'bit-ttt';
import type { Loaded } from '../files/model.js';
import { introductionOf, loadModel, modelOptions } from '../files/model.js';
import { checkSession, saveSession } from '../files/session-file.js';
import { readText } from '../files/text.js';
import type { Command, CommandLine } from '../screen/command-line.js';
import { outputOptions, SAVE_OPTIONS } from '../screen/command-line.js';
import { engineInUse } from '../screen/engine.js';
import { asFailure, UsageError } from '../screen/failure.js';
import { exitCodeOf, Interrupt } from '../screen/interrupt.js';
import { drained, goOnWithoutReader } from '../screen/output.js';
import { outputPalette, safeJson } from '../screen/terminal.js';
import { ownVoice, TextScreen } from '../screen/text-screen.js';
import { beginSession, RECALL_OPTIONS, readRecall } from './recall.js';
import type { Sampling } from './sampling.js';
import { readSampling, samplingOptions } from './sampling.js';

const DEFAULT_TOKENS = 500;

const HELP = [
  `Writes a text that goes on from PROMPT (- for standard input), as it comes; without one, a text
from its beginning: with the stories' model, which it takes by itself, a story.`,
  {
    ...modelOptions('stories'),
    '-p, --prompt TEXT': { empty: true, text: 'another way to give PROMPT' },
    ...samplingOptions(DEFAULT_TOKENS),
    ...RECALL_OPTIONS,
    '--load FILE': 'go on from a session that was saved: the model knows what it read before',
    '--save FILE': 'save the session at the end',
    ...SAVE_OPTIONS,
    ...outputOptions('print {text, tokens, prompt, seed, reason}: what was written, and its ids'),
  },
  'Ctrl-C, like the signals TERM and HUP, ends the text; the session is saved.',
];

/** What was written, and why it ended. */
export interface Answer {
  text: string;
  tokens: number[];
  reason: 'stop' | 'length' | 'interrupted';
  /** Whether the model ended its text, rather than a stop string or a limit. */
  ended: boolean;
}

const isAbort = (error: unknown): boolean => error instanceof TTTError && error.code === 'ABORTED';

/**
 * Lets a session continue `prompt`, and gives each piece of text to `print`. After `signal` the answer is what
 * was written until then.
 */
export async function answer(
  session: Session,
  prompt: string | Uint32Array,
  sampling: Sampling,
  signal: AbortSignal,
  print: (piece: string) => unknown,
): Promise<Answer> {
  const tokens: number[] = [];
  const onToken = (token: number): void => void tokens.push(token);
  const pieces = session.generate(prompt, { ...sampling, signal, onToken });
  let text = '';
  try {
    for (;;) {
      const next = await pieces.next();
      if (next.done === true) {
        const { reason, stopToken } = next.value;
        return { text, tokens, reason, ended: stopToken !== undefined };
      }
      text += next.value;
      print(next.value);
      await drained(signal);
    }
  } catch (error) {
    if (!isAbort(error)) throw error;
    return { text, tokens, reason: 'interrupted', ended: false };
  }
}

/** The prompt as it was given: `-` stands for standard input. */
function promptOf(line: CommandLine): string {
  const [first, extra] = line.positionals;
  const option = line.values.get('prompt');
  if (extra !== undefined || (first !== undefined && option !== undefined)) {
    throw new UsageError(`generate takes one PROMPT, but "${extra ?? first}" comes too; quote it`);
  }
  return first ?? option ?? '';
}

/** Says which model writes, and how to have the other if nobody has chosen this one. */
function tellModel(line: CommandLine, loaded: Loaded, screen: TextScreen): void {
  const other = line.repeated.has('model') ? '' : '; -m english takes the other';
  if (process.stdout.isTTY === true) screen.remark(`${introductionOf(line, loaded)}${other}\n`);
  else if (other !== '') process.stderr.write(`bit-ttt: the stories' model writes${other}\n`);
}

/** `bit-ttt generate`. */
export const generate: Command = {
  usage: '[PROMPT]',
  summary: 'write a text that goes on from PROMPT, or a story',
  help: HELP,
  run,
};

async function run(line: CommandLine): Promise<void> {
  const sampling = readSampling(line, DEFAULT_TOKENS);
  const given = promptOf(line);
  readRecall(line); // a wrong use, before any work
  const save = checkSession(line, given === '-' ? [{ path: '-', name: 'PROMPT' }] : []);
  if (save !== undefined) goOnWithoutReader();
  const interrupt = new Interrupt(() => undefined, '');
  const json = line.flags.has('json');
  const palette = outputPalette(line.flags);
  const screen = new TextScreen(palette);
  let loaded: Loaded | undefined;
  let session: Session | undefined;
  try {
    const prompt = given === '-' ? (await readText('-', 'generate')).text : given;
    await engineInUse();
    loaded = await loadModel(line);
    const { model } = loaded;
    session = await beginSession(line, model);
    if (!json) tellModel(line, loaded, screen);
    interrupt.begin(save === undefined ? '' : 'interrupted; the session was not saved');
    if (!json) screen.write(prompt, ownVoice(palette));
    const written = await answer(
      session,
      prompt,
      sampling,
      interrupt.signal,
      (piece) => json || screen.write(piece),
    );
    if (!json) screen.end(written.reason === 'length');
    else {
      const { text, tokens, reason } = written;
      const seed = String(sampling.seed);
      process.stdout.write(`${safeJson({ text, tokens, prompt, seed, reason })}\n`);
    }
    if (save !== undefined) saveSession(save, model, session);
    if (interrupt.caught !== undefined) process.exitCode = exitCodeOf(interrupt.caught);
  } catch (error) {
    throw loaded === undefined ? error : asFailure('generate with', loaded.path, error);
  } finally {
    interrupt.end();
    session?.destroy();
    loaded?.model.destroy();
  }
}
