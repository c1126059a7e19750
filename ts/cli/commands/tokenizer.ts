/**
 * tokenizer.ts - the command that makes a tokenizer for a text.
 * SPDX-License-Identifier: MIT
 */
import { trainBpe } from 'bit-ttt';
import type { TrainedBpe } from 'bit-ttt';
import { UsageError } from '../screen/failure.js';
import { Interrupt } from '../screen/interrupt.js';
import { COMMON_OPTIONS, FORCE_HELP, numberOption, onlyArgument } from '../screen/command-line.js';
import { readCommandLine, SAVE_OPTIONS, suggestion } from '../screen/command-line.js';
import type { CommandLine, OptionSpecs } from '../screen/command-line.js';
import { checkFiles, saveFile } from '../files/save.js';
import type { Result } from '../files/save.js';
import {
  grouped,
  makePalette,
  Progress,
  safeJson,
  visible,
  wantsColor,
} from '../screen/terminal.js';
import { documentsOf, readText } from '../files/text.js';
import { tokenizerText } from '../files/written.js';

const OPTIONS: OptionSpecs = {
  ...COMMON_OPTIONS,
  ...SAVE_OPTIONS,
  vocab: { type: 'string' },
  out: { type: 'string', short: 'o' },
  lossy: { type: 'boolean' },
};

const DEFAULT_VOCAB = 2048;
const DEFAULT_OUT = 'tokenizer.json';

const HELP = `Usage: bit-ttt tokenizer train FILE|- [options]

Makes a tokenizer for a text (- for standard input): byte-level BPE, in a tokenizer.json that
HuggingFace's libraries load as well. <|endoftext|>, which separates documents, has the id 0.

  --vocab N          tokens in all, 258 to 1048576 (default: ${DEFAULT_VOCAB})
  -o, --out FILE     where to put it (default: ${DEFAULT_OUT})
${FORCE_HELP}
  --lossy            read invalid UTF-8 as U+FFFD
  --json             print {file, vocab_size, words, different_words, bytes}
  --color, --no-color

bit-ttt info FILE says what a tokenizer.json holds.
`;

async function train(line: CommandLine, file: string): Promise<void> {
  const range = { min: 258, max: 2 ** 20, integer: true };
  const vocabSize = numberOption(line, 'vocab', range) ?? DEFAULT_VOCAB;
  const out = line.values.get('out') ?? DEFAULT_OUT;
  const result: Result = {
    path: out,
    name: '--out',
    kind: 'tokenizer',
    force: line.flags.has('force'),
  };
  checkFiles([{ path: file, name: 'FILE' }], [result]);
  const progress = new Progress(process.stderr, process.stderr.isTTY === true, 300);
  const interrupt = new Interrupt(() => progress.clear(), 'interrupted; nothing was saved');
  let trained: TrainedBpe;
  try {
    const text = await readText(file, 'tokenizer train', line.flags.has('lossy'));
    documentsOf(text);
    progress.update(() => 'counting words');
    trained = await trainBpe(text.text, { vocabSize });
    saveFile(result, [tokenizerText(trained.json)]);
  } finally {
    progress.clear();
    interrupt.end();
  }
  const { vocabSize: size, wantedVocabSize: wanted, words, differentWords, bytes } = trained;
  if (line.flags.has('json')) {
    const report = { file: out, vocab_size: size, words, different_words: differentWords, bytes };
    process.stdout.write(`${safeJson(report, 2)}\n`);
    return;
  }
  const { bold, dim } = makePalette(wantsColor(process.stdout, line.flags, process.env));
  const few = size < wanted ? ` (the text has no pairs left for ${grouped(wanted)})` : '';
  const from = `${grouped(words)} words, ${grouped(differentWords)} of them different`;
  process.stdout.write(
    `${bold(visible(out))}: ${grouped(size)} tokens${few}\n` +
      `${dim(`from ${grouped(bytes)} bytes, ${from}`)}\n`,
  );
}

/** `bit-ttt tokenizer`. */
export async function tokenizer(argv: readonly string[]): Promise<void> {
  const line = readCommandLine(argv, OPTIONS);
  if (line.flags.has('help')) {
    process.stdout.write(HELP);
    return;
  }
  const [action, ...files] = line.positionals;
  if (action !== 'train') {
    const given = action === undefined ? 'tokenizer needs an action' : `unknown action ${action}`;
    const near = action === undefined ? '' : suggestion(action, ['train']);
    throw new UsageError(`${given}${near} (bit-ttt tokenizer train FILE)`);
  }
  const rest = { ...line, positionals: files };
  await train(line, onlyArgument(rest, 'tokenizer train', 'a FILE, or - for standard input'));
}
