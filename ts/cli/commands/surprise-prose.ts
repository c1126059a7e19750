/**
 * surprise-prose.ts - `surprise --model`: reads prose with a language model, and marks the words that a reader
 * would stumble over.
 * SPDX-License-Identifier: MIT
 */
import type { ReadWord } from 'bit-ttt';
import { proofread } from 'bit-ttt';
import { filesOfModel, fingerprintOf, loadModel, modelOptions } from '../files/model.js';
import { checkPlaces } from '../files/places.js';
import type { Recall } from '../files/session-state.js';
import { documentsOf, readText, TEXT_OPTIONS } from '../files/text.js';
import type { Command, CommandLine, OptionTable } from '../screen/command-line.js';
import { fileArgument, numberOption, optionsOf } from '../screen/command-line.js';
import { engineInUse } from '../screen/engine.js';
import { Failure, UsageError } from '../screen/failure.js';
import { watched } from '../screen/interrupt.js';
import { print } from '../screen/output.js';
import type { Palette, Progress } from '../screen/terminal.js';
import { grouped, outputPalette, safeJson, visible, visibleLines } from '../screen/terminal.js';
import { RECALL_OPTIONS, recallName, recallOf } from './recall.js';

const DEFAULT_PERCENT = 5;

/** Options of this way of reading, and what those of both mean here. */
const PROSE_OPTIONS: OptionTable = {
  ...modelOptions(),
  ...RECALL_OPTIONS,
  '-n, --top PERCENT': `how many of the words to mark, 0 to 100 (default: ${DEFAULT_PERCENT})`,
  ...TEXT_OPTIONS,
  '--json': 'print {words, marked: [{line, column, word, bits, score}], bits_per_word, ...}',
};

const PROSE_NAMES = optionsOf([PROSE_OPTIONS]);

/** The part of the help that is about prose. */
export const PROSE_HELP: Command['help'] = [
  `With --model it reads prose: FILE is one text, of which the words are marked that a reader would
stumble over, such as wrong, misspelt or doubled ones.`,
  PROSE_OPTIONS,
  `The text is printed with its marked words in colour, or in [brackets] where there is none, and then
where they stand. Bits are -log2 of the probability that a word had after all before it; the score
says how much better the text reads without the word, or with another one, or without its sentence,
for comparison within a text.
Lines <|endoftext|> separate documents. The other options are for logs.`,
];

/** Options of both ways of reading; all others are for logs. */
const SHARED = new Set(['top', 'json', 'color', 'no-color', 'help']);

/**
 * What is no prose that the model knows: of logs and programs fewer of the characters but blanks are letters
 * (of documents in English 0.89 to 0.97), and a byte of other languages takes more bits.
 */
const LEAST_LETTERS = 0.87;
const MOST_BITS_PER_BYTE = 4;

/** What is asked for, checked. */
interface Request {
  file: string;
  share: number;
  recall: Recall;
  lossy: boolean;
  json: boolean;
  palette: Palette;
}

/** A marked word with its place; lines and columns count from 1, columns in characters. */
interface Mark extends ReadWord {
  line: number;
  column: number;
}

/** What was found. */
interface Found {
  name: string;
  text: string;
  words: readonly ReadWord[];
  marks: readonly Mark[];
  seconds: number;
}

/** Whether the command line asks for prose to be read. Refuses what belongs to the other way of reading. */
export function readsProse({ values, flags }: CommandLine): boolean {
  const isProse = values.has('model');
  for (const name of [...values.keys(), ...flags]) {
    if (SHARED.has(name)) continue;
    const isOfProse = PROSE_NAMES.has(name);
    if (isProse && !isOfProse) {
      throw new UsageError(`--${name} is for logs; with --model surprise reads prose`);
    }
    if (!isProse && isOfProse) {
      throw new UsageError(`--${name} is for prose; name a model, such as --model english`);
    }
  }
  return isProse;
}

function readRequest(line: CommandLine): Request {
  const file = fileArgument(line, 'surprise', 'with --model takes');
  checkPlaces([{ path: file, name: 'FILE' }, ...filesOfModel(line)], []);
  const percent = numberOption(line, 'top', { min: 0, max: 100 }) ?? DEFAULT_PERCENT;
  return {
    file,
    share: percent / 100,
    recall: recallOf(line),
    lossy: line.flags.has('lossy'),
    json: line.flags.has('json'),
    palette: outputPalette(line.flags),
  };
}

/** The marked words with their lines and columns. */
function marksOf(text: string, words: readonly ReadWord[]): Mark[] {
  let [line, begin, at] = [1, 0, 0];
  return words
    .filter(({ marked }) => marked)
    .map((word) => {
      for (; at < word.start; at++) {
        if (text[at] !== '\n') continue;
        line++;
        begin = at + 1;
      }
      return { ...word, line, column: [...text.slice(begin, word.start)].length + 1 };
    });
}

function bitsPerWord(words: readonly ReadWord[]): number {
  return words.reduce((sum, { bits }) => sum + bits, 0) / words.length;
}

/** The text with its marked words. */
function markedText({ text, marks }: Found, { enabled, red, underline }: Palette): string {
  let [marked, at] = ['', 0];
  for (const { start, end, text: word } of marks) {
    marked += visibleLines(text.slice(at, start).replaceAll('\r\n', '\n'));
    marked += enabled ? red(underline(visible(word))) : `[${visible(word)}]`;
    at = end;
  }
  return marked + visibleLines(text.slice(at).replaceAll('\r\n', '\n'));
}

function textReport(found: Found, { palette, recall }: Request): string {
  const { name, words, marks } = found;
  const rows = marks.map(({ line, column, bits, score, text: word }) => {
    const place = `${line}:${column}`.padEnd(9);
    return `${place} ${bits.toFixed(1).padStart(5)} ${score.toFixed(1).padStart(6)}  ${visible(word)}`;
  });
  const many = `${grouped(marks.length)} of ${grouped(words.length)} words marked`;
  return [
    markedText(found, palette).trimEnd(),
    '',
    ...(rows.length > 0 ? [palette.dim('line:col   bits  score  word'), ...rows, ''] : []),
    `${palette.bold(visible(name))}: ${many}; ${bitsPerWord(words).toFixed(1)} bits a word, ${recallName(recall)}`,
    '',
  ].join('\n');
}

function jsonReport({ words, marks, seconds }: Found, recall: Recall, model: string): string {
  return `${safeJson(
    {
      words: words.length,
      marked: marks.map(({ line, column, text: word, bits, score }) => {
        return { line, column, word, bits, score };
      }),
      bits_per_word: bitsPerWord(words),
      seconds: Number(seconds.toFixed(3)),
      model,
      recall: recall || null,
    },
    2,
  )}\n`;
}

/** Why the marks say little; undefined for prose that the model knows. */
function strangeness({ text, words }: Found): string | undefined {
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  const share = letters / (text.match(/\S/gu)?.length ?? 1);
  if (share < LEAST_LETTERS) {
    return `is not like prose (${Math.round(100 * share)} % of its characters are letters)`;
  }
  const bytes = words.reduce((sum, word) => sum + Buffer.byteLength(word.text) + 1, 0);
  const perByte = (bitsPerWord(words) * words.length) / bytes;
  if (perByte <= MOST_BITS_PER_BYTE) return undefined;
  return `is not like the prose that this model knows (${perByte.toFixed(1)} bits a byte)`;
}

function tellIfStrange(found: Found): void {
  const why = strangeness(found);
  if (why === undefined) return;
  const advice = 'so that the marks say little; logs are read without --model';
  process.stderr.write(`bit-ttt: ${visible(found.name)} ${why}, ${advice}\n`);
}

/** Reads a text and marks its words. */
export async function surpriseOfProse(line: CommandLine): Promise<void> {
  const request = readRequest(line);
  await watched(true, (progress) => mark(line, request, progress));
}

async function mark(line: CommandLine, request: Request, progress: Progress): Promise<void> {
  await engineInUse();
  const { model } = await loadModel(line);
  try {
    const { name, text } = await readText(request.file, 'surprise', request.lossy);
    documentsOf({ name, text }); // there must be one
    progress.update(() => `${visible(name)}: reading`);
    const started = performance.now();
    const words = await proofread(model, text, { share: request.share, recall: request.recall });
    if (words.length === 0) throw new Failure(`${name} has no words`);
    const seconds = (performance.now() - started) / 1000;
    const found = { name, text, words, marks: marksOf(text, words), seconds };
    progress.clear();
    tellIfStrange(found);
    const { json, recall } = request;
    print(json ? jsonReport(found, recall, fingerprintOf(model)) : textReport(found, request));
  } finally {
    model.destroy();
  }
}
