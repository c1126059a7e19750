/**
 * main.ts - the command `bit-ttt`: finds the subcommand, and turns every failure into one sentence
 * on stderr and an exit code (1 for what failed, 2 for a wrong command line).
 * SPDX-License-Identifier: MIT
 */
import { suggestion } from '../common/suggestion.js';
import { VERSION } from '../common/version.js';
import { adapt } from './commands/adapt.js';
import { bench } from './commands/bench.js';
import { chat } from './commands/chat.js';
import { convert } from './commands/convert.js';
import { doctor } from './commands/doctor.js';
import { evaluate } from './commands/eval.js';
import { generate } from './commands/generate.js';
import { info } from './commands/info.js';
import { signal } from './commands/signal.js';
import { suggest } from './commands/suggest.js';
import { surprise } from './commands/surprise.js';
import { tokenizer } from './commands/tokenizer.js';
import { train } from './commands/train.js';
import type { Command } from './screen/command-line.js';
import { COMMON_OPTIONS, readCommandLine } from './screen/command-line.js';
import { describeFailure, UsageError } from './screen/failure.js';
import { watchOutput } from './screen/output.js';
import { visible } from './screen/terminal.js';

const COMMANDS: Record<string, Command> = {
  generate,
  chat,
  suggest,
  train,
  eval: evaluate,
  adapt,
  tokenizer,
  convert,
  info,
  surprise,
  signal,
  doctor,
  bench,
};

const HELP = `Usage: bit-ttt COMMAND [options]

A neural memory that learns while it reads, and a language model that is made of it.

  bit-ttt generate [PROMPT]   write a text that goes on from PROMPT, or a story
  bit-ttt chat                write a text together, line by line
  bit-ttt suggest TEXT|-      complete a word as it is written
  bit-ttt train FILE|-        make a model of a text
  bit-ttt eval FILE|-         measure how well a model foresees a text
  bit-ttt adapt FILE|-        measure whether it learns while it reads
  bit-ttt tokenizer train FILE|-
                              make a tokenizer.json of a text
  bit-ttt convert IN OUT      turn a model from one format into another
  bit-ttt info FILE           say what a file is
  bit-ttt surprise FILE...    show the lines of logs that stand out
  bit-ttt signal FILE.csv|-   show the values of a signal that nothing before had led to expect
  bit-ttt doctor              show which engine is in use and why, and check its results
  bit-ttt bench               measure its speed, beside plain JavaScript

  bit-ttt COMMAND --help      options of a command, as bit-ttt help COMMAND
  bit-ttt --version

BIT_TTT_BACKEND (native, wasm or auto) and BIT_TTT_KERNEL (such as avx2 or baseline) choose the
engine; the results are the same bits with any.
`;

const HELP_NAMES = ['--help', '-h', 'help'];

function commandOf(name: string): Command {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command !== undefined) return command;
  const kind = name.startsWith('-') ? 'option' : 'command';
  const near = suggestion(name, Object.keys(COMMANDS));
  throw new UsageError(`unknown ${kind} ${name}${near} (bit-ttt --help lists the commands)`);
}

async function runCommand(name: string, argv: readonly string[]): Promise<void> {
  const { options, help, run } = commandOf(name);
  const line = readCommandLine(argv, { ...COMMON_OPTIONS, ...options });
  if (line.flags.has('help')) process.stdout.write(help);
  else await run(line);
}

async function main(argv: readonly string[]): Promise<void> {
  const [name, ...rest] = argv;
  if (name === undefined) throw new UsageError(HELP);
  if (HELP_NAMES.includes(name)) {
    const [about, ...more] = rest;
    if (about !== undefined && !HELP_NAMES.includes(about)) {
      return runCommand(about, [...more, '--help']);
    }
    process.stdout.write(HELP);
    return;
  }
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${VERSION}\n`);
    return;
  }
  await runCommand(name, rest);
}

watchOutput();

main(process.argv.slice(2)).catch((error: unknown) => {
  const { text, exitCode } = describeFailure(error);
  const sentence = visible(text.replace(/\.$/, '')); // it may quote a hostile file or name
  process.stderr.write(text === HELP ? HELP : `bit-ttt: ${sentence}\n`);
  process.exitCode = exitCode;
});
