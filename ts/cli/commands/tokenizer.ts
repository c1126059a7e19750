/**
 * tokenizer.ts - the command that makes a tokenizer for a text.
 * SPDX-License-Identifier: MIT
 */

import type { TrainedBpe } from 'bit-ttt';
import { trainBpe } from 'bit-ttt';
import { DEFAULT_VOCAB } from '../../common/limits.js';
import { suggestion } from '../../common/suggestion.js';
import { checkFiles, resultOf, saveFile } from '../files/save.js';
import { documentsOf, readText, TEXT_OPTIONS } from '../files/text.js';
import { tokenizerText } from '../files/written.js';
import type { Command, CommandLine } from '../screen/command-line.js';
import { fileArgument, numberOption, outputOptions, SAVE_OPTIONS } from '../screen/command-line.js';
import { UsageError } from '../screen/failure.js';
import { watched } from '../screen/interrupt.js';
import type { Progress } from '../screen/terminal.js';
import { grouped, outputPalette, safeJson, visible } from '../screen/terminal.js';

const DEFAULT_OUT = 'tokenizer.json';

const HELP = [
  `Makes a tokenizer for a text (- for standard input): byte-level BPE, in a tokenizer.json that
HuggingFace's libraries load as well. <|endoftext|>, which separates documents, has the id 0.`,
  {
    '--vocab N': `tokens in all, 258 to 1048576 (default: ${DEFAULT_VOCAB})`,
    '-o, --out FILE': `where to put it (default: ${DEFAULT_OUT})`,
    ...SAVE_OPTIONS,
    ...TEXT_OPTIONS,
    ...outputOptions('print {file, vocab_size, words, different_words, bytes}'),
  },
  'bit-ttt info FILE says what a tokenizer.json holds.',
];

/** `bit-ttt tokenizer`. */
export const tokenizer: Command = {
  usage: 'train FILE|-',
  summary: 'make a tokenizer.json of a text',
  help: HELP,
  words: ['train'],
  run,
};

async function run(line: CommandLine): Promise<void> {
  const [action, ...files] = line.positionals;
  if (action !== 'train') {
    const given = action === undefined ? 'tokenizer needs an action' : `unknown action ${action}`;
    const near = action === undefined ? '' : suggestion(action, ['train']);
    throw new UsageError(`${given}${near} (bit-ttt tokenizer train FILE)`);
  }
  const file = fileArgument({ ...line, positionals: files }, 'tokenizer train');
  await watched(true, (progress) => train(line, file, progress), 'interrupted; nothing was saved');
}

async function train(line: CommandLine, file: string, progress: Progress): Promise<void> {
  const range = { min: 258, max: 2 ** 20, integer: true };
  const vocabSize = numberOption(line, 'vocab', range) ?? DEFAULT_VOCAB;
  const out = line.values.get('out') ?? DEFAULT_OUT;
  const result = resultOf(line, out, '--out', 'tokenizer');
  checkFiles([{ path: file, name: 'FILE' }], [result]);
  const text = await readText(file, 'tokenizer train', line.flags.has('lossy'));
  documentsOf(text); // refuses a text without any
  progress.update(() => 'counting words');
  const trained = await trainBpe(text.text, { vocabSize });
  saveFile(result, [tokenizerText(trained.json)]);
  progress.clear();
  report(line, out, trained);
}

function report({ flags }: CommandLine, file: string, trained: TrainedBpe): void {
  const { vocabSize: size, wantedVocabSize: wanted, words, differentWords, bytes } = trained;
  if (flags.has('json')) {
    const found = { file, vocab_size: size, words, different_words: differentWords, bytes };
    process.stdout.write(`${safeJson(found, 2)}\n`);
    return;
  }
  const { bold, dim } = outputPalette(flags);
  const few = size < wanted ? ` (the text has no pairs left for ${grouped(wanted)})` : '';
  const from = `${grouped(words)} words, ${grouped(differentWords)} of them different`;
  process.stdout.write(
    `${bold(visible(file))}: ${grouped(size)} tokens${few}\n` +
      `${dim(`from ${grouped(bytes)} bytes, ${from}`)}\n`,
  );
}
