/**
 * chat.ts - the command in which a person and a model write a text together, line by line.
 * SPDX-License-Identifier: MIT
 */
import type { Interface } from 'node:readline';
import { createInterface } from 'node:readline';
import type { Session } from 'bit-ttt';
import { suggestion } from '../../common/suggestion.js';
import { afterTerminal, checkStandardInput } from '../files/input.js';
import type { Loaded } from '../files/model.js';
import { filesOfModel, introductionOf, loadModel, modelOptions } from '../files/model.js';
import type { Named } from '../files/places.js';
import { checkFiles } from '../files/save.js';
import {
  checkSession,
  loadSession,
  saveSession,
  sessionResult,
  tokensRead,
} from '../files/session-file.js';
import type { Command, CommandLine } from '../screen/command-line.js';
import { checkNoArguments, outputOptions, SAVE_OPTIONS } from '../screen/command-line.js';
import { engineInUse } from '../screen/engine.js';
import { describeFailure, fileFailure, systemCode, UsageError } from '../screen/failure.js';
import type { Signal } from '../screen/interrupt.js';
import { endAtOnce, exitCodeOf, onSignal } from '../screen/interrupt.js';
import { goOnWithoutReader } from '../screen/output.js';
import type { Palette } from '../screen/terminal.js';
import { compact, outputPalette, safeJson, visible, visibleLines } from '../screen/terminal.js';
import { ownVoice, TextScreen } from '../screen/text-screen.js';
import { answer } from './generate.js';
import { beginSession, RECALL_OPTIONS, readRecall } from './recall.js';
import type { Sampling } from './sampling.js';
import { MAX_TEMPERATURE, readSampling, samplingOptions } from './sampling.js';

const DEFAULT_TOKENS = 200;

const LINES: Named = { path: '-', name: 'the lines to read' };

const COMMANDS: Record<string, string> = {
  '/save FILE': 'keep what was read and written',
  '/load FILE': 'go on from what was kept',
  '/reset': 'forget everything',
  '/temp X': 'temperature: 0 is the likeliest, above 1 is bold',
  '/help': 'this list',
  '/quit': 'leave, as the end of the input does',
};

const commandList = Object.entries(COMMANDS)
  .map(([name, text]) => `  ${name.padEnd(12)} ${text}`)
  .join('\n');

const HELP = [
  `Write the beginning of a text; the model goes on with it, and you with what it wrote. An empty
line lets it go on by itself. When it has come to an end, your next line begins another text. It
learns while it reads, and remembers word for word what you write, but not what it writes itself.
Ctrl-C stops an answer, a second one leaves, as the signals TERM and HUP do at once. Works from a
pipe as well, a line at a time.`,
  commandList,
  'A FILE may have blanks within its name, but not around it.',
  {
    ...modelOptions('english'),
    ...samplingOptions(DEFAULT_TOKENS),
    ...RECALL_OPTIONS,
    '--load FILE': 'go on from a session that was saved',
    '--save FILE': 'save the session at the end, also at one by a signal',
    ...SAVE_OPTIONS,
    ...outputOptions('print {prompt, text, tokens, reason} for each answer, one a line'),
  },
];

/** The lines of the input, in a queue. */
class Lines {
  private queue: string[] = [];
  private ended = false;
  private failure: Error | undefined;
  private wake: () => void = () => undefined;

  constructor(input: Interface) {
    input.on('line', (line) => {
      if (!this.ended) this.queue.push(line);
      this.wake();
    });
    const end = (): void => {
      this.ended = true;
      this.wake();
    };
    input.on('close', end);
    const fail = (error: Error): void => {
      if (systemCode(error) !== 'EIO') this.failure = error; // EIO: the terminal hung up
      end();
    };
    process.stdin.on('error', fail);
    input.on('error', fail); // readline hands it on, and makes some of its own
  }

  /** Ends the lines, also those that wait in the queue. */
  end(): void {
    this.queue = [];
    this.ended = true;
    this.wake();
  }

  /** The next line, or undefined at the end of the input. */
  async next(): Promise<string | undefined> {
    while (this.queue.length === 0 && !this.ended) {
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    const line = this.queue.shift();
    if (line !== undefined || this.failure === undefined) return line;
    throw fileFailure('read', 'standard input', this.failure);
  }
}

/** A chat under way. */
class Chat {
  /** Stops the answer that is being written. */
  private writing: AbortController | undefined;
  private warned = false;
  /** Whether the model ended its text: the next line begins another one. */
  private ended = false;

  constructor(
    private readonly loaded: Loaded,
    /** /load puts another one in its place. */
    public session: Session,
    private readonly sampling: Sampling,
    private readonly line: CommandLine,
    private readonly json: boolean,
    private readonly palette: Palette,
    private readonly screen: TextScreen,
  ) {}

  /** Stops the answer that is being written; returns whether there was one. */
  stop(): boolean {
    if (this.writing === undefined || this.writing.signal.aborted) return false;
    this.writing.abort();
    return true;
  }

  /** What Ctrl-C does: it stops the answer, or warns; returns false if it ends the chat. */
  interrupt(): boolean {
    const leaves = !this.stop() && (this.warned || this.writing !== undefined);
    if (!leaves && this.writing === undefined) this.say('Ctrl-C once more, or /quit, leaves');
    this.warned = true;
    return !leaves;
  }

  /** Prints something that the model has not written. */
  private say(text: string): void {
    const stream = this.json ? process.stderr : process.stdout;
    stream.write(`${this.palette.dim(visibleLines(text))}\n`);
  }

  /** Runs the command in a line, or answers the line; returns false if that ends the chat. */
  async take(line: string): Promise<boolean> {
    this.warned = false;
    if (!line.startsWith('/')) {
      await this.reply(line);
      return true;
    }
    const [, name = '', argument = ''] = /^(\S*)\s*(.*)$/s.exec(line.trim()) ?? [];
    if (name === '/quit' || name === '/exit') return false;
    try {
      await this.runCommand(name, argument);
    } catch (error) {
      this.say(describeFailure(error).text);
    }
    return true;
  }

  /** What the model reads of a line: the text goes on, or another one begins if the model has ended it. */
  private promptFor(line: string): string | Uint32Array {
    const { tokenizer } = this.loaded;
    if (this.session.tokensSeen === 0) return line;
    if (!this.ended) return line === '' ? line : `\n${line}`;
    const ids = tokenizer.encode(line);
    return Uint32Array.from(
      tokenizer.endOfText === undefined ? ids : [tokenizer.endOfText, ...ids],
    );
  }

  private async reply(line: string): Promise<void> {
    this.writing = new AbortController();
    try {
      const options = { ...this.sampling };
      const { text, tokens, reason, ended } = await answer(
        this.session,
        this.promptFor(line),
        options,
        this.writing.signal,
        (piece) => this.json || this.screen.write(piece),
      );
      this.ended = ended;
      if (this.json) process.stdout.write(`${safeJson({ prompt: line, text, tokens, reason })}\n`);
      else this.screen.end(reason === 'length');
      if (ended && !this.json) this.screen.remark('the text is at its end; a line begins another');
    } finally {
      this.writing = undefined;
    }
  }

  private async load(path: string): Promise<void> {
    const next = await loadSession(path, this.loaded.model, readRecall(this.line));
    this.session.destroy();
    this.session = next;
    this.ended = false;
  }

  private async runCommand(name: string, argument: string): Promise<void> {
    const { model } = this.loaded;
    switch (name) {
      case '/save': {
        if (argument === '') throw new UsageError('/save needs a FILE');
        const result = sessionResult(this.line, argument, '/save');
        checkFiles([...filesOfModel(this.line), LINES], [result]);
        const bytes = saveSession(result, model, this.session);
        const read = tokensRead(this.session);
        return this.say(`saved ${read}, to ${argument} (${compact(bytes)}B)`);
      }
      case '/load':
        if (argument === '' || argument === '-') throw new UsageError('/load needs a FILE');
        await this.load(argument);
        return this.say(`loaded ${argument}: ${tokensRead(this.session)}`);
      case '/reset':
        this.session.reset();
        this.ended = false;
        return this.say('everything is forgotten');
      case '/temp':
        this.sampling.temperature = readTemperature(argument);
        return this.say(`temperature ${this.sampling.temperature}`);
      case '/help':
        return this.say(commandList);
      default: {
        const known = Object.keys(COMMANDS).map((text) => text.split(' ')[0]!);
        const near = suggestion(name, known);
        throw new UsageError(`unknown command ${visible(name)}${near} (/help lists them)`);
      }
    }
  }
}

function readTemperature(text: string): number {
  const value = text === '' ? NaN : Number(text);
  if (value >= 0 && value <= MAX_TEMPERATURE) return value;
  throw new UsageError(`/temp needs a number from 0 to ${MAX_TEMPERATURE}`);
}

/** Takes lines until the end; returns the signal that ended the chat, if one did. */
async function converse(
  chat: Chat,
  terminal: boolean,
  palette: Palette,
): Promise<Signal | undefined> {
  // What is typed is in the colour of the prompt, until the line ends.
  const [prompt = '', ended = ''] = ownVoice(palette)('> \0').split('\0');
  const input = createInterface({
    input: process.stdin,
    ...(terminal ? { output: process.stdout, terminal: true, prompt } : { terminal: false }),
  });
  if (terminal) input.on('line', () => process.stdout.write(ended));
  const lines = new Lines(input);
  let left: Signal | undefined;
  const handle = (signal: Signal): void => {
    if (left !== undefined) endAtOnce(signal);
    if (signal === 'SIGINT' && chat.interrupt()) return;
    left = signal;
    chat.stop();
    lines.end();
  };
  input.on('SIGINT', () => handle('SIGINT'));
  const unwatch = onSignal(handle);
  try {
    for (;;) {
      if (terminal) input.prompt();
      const line = await lines.next();
      if (line === undefined || !(await chat.take(line))) break;
    }
  } finally {
    if (terminal) process.stdout.write(ended);
    if (terminal) await afterTerminal();
    unwatch();
    input.close();
    process.stdin.destroy();
  }
  return left;
}

/** What a terminal shows at the start. */
export function greeting({ recall }: Pick<Session, 'recall'>): string {
  const kept = recall === false ? '' : 'what you write is remembered word for word; ';
  return `${kept}/help lists commands, Enter goes on`;
}

/** `bit-ttt chat`. */
export const chat: Command = {
  usage: '',
  summary: 'write a text together, line by line',
  help: HELP,
  run,
};

async function run(line: CommandLine): Promise<void> {
  checkNoArguments(line, 'chat');
  const sampling = readSampling(line, DEFAULT_TOKENS);
  const save = checkSession(line, [LINES]);
  readRecall(line); // a wrong use, before any work
  checkStandardInput();
  if (save !== undefined) goOnWithoutReader();
  await engineInUse();
  const loaded = await loadModel(line);
  const json = line.flags.has('json');
  const terminal = process.stdin.isTTY === true && process.stdout.isTTY === true && !json;
  const palette = outputPalette(line.flags);
  let talk: Chat | undefined;
  try {
    const session = await beginSession(line, loaded.model);
    const screen = new TextScreen(palette, true);
    talk = new Chat(loaded, session, sampling, line, json, palette, screen);
    if (terminal) screen.remark(`${introductionOf(line, loaded)}\n${greeting(session)}`);
    const signal = await converse(talk, terminal, palette);
    if (signal !== undefined && !json) process.stdout.write('\n');
    if (save !== undefined) saveSession(save, loaded.model, talk.session);
    if (signal !== undefined) process.exitCode = exitCodeOf(signal);
  } finally {
    talk?.session.destroy();
    loaded.model.destroy();
  }
}
