/**
 * main.ts - the command `bit-ttt`: finds the subcommand, and turns every failure into one sentence
 * on stderr and an exit code (1 for what failed, 2 for a wrong command line).
 * SPDX-License-Identifier: MIT
 */
import { suggestion } from '../common/suggestion.js';
import { VERSION } from '../common/version.js';
import { COMMANDS } from './commands/all.js';
import type { Command } from './screen/command-line.js';
import { optionsOf, readCommandLine } from './screen/command-line.js';
import { describeFailure, UsageError } from './screen/failure.js';
import { helpOf, helpOfAll } from './screen/help.js';
import { watchOutput } from './screen/output.js';
import { visible } from './screen/terminal.js';

const HELP_NAMES = ['--help', '-h', 'help'];

function commandOf(name: string): Command {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command !== undefined) return command;
  const kind = name.startsWith('-') ? 'option' : 'command';
  const near = suggestion(name, Object.keys(COMMANDS));
  throw new UsageError(`unknown ${kind} ${name}${near} (bit-ttt --help lists the commands)`);
}

async function runCommand(name: string, argv: readonly string[]): Promise<void> {
  const command = commandOf(name);
  const line = readCommandLine(argv, optionsOf(command.help));
  if (line.flags.has('help')) process.stdout.write(helpOf(name, command));
  else await command.run(line);
}

async function main(argv: readonly string[]): Promise<void> {
  const [name, ...rest] = argv;
  if (name === undefined) {
    process.stderr.write(helpOfAll(COMMANDS));
    process.exitCode = 2;
    return;
  }
  if (HELP_NAMES.includes(name)) {
    const [about, ...more] = rest;
    if (about !== undefined && !HELP_NAMES.includes(about)) {
      return runCommand(about, [...more, '--help']);
    }
    process.stdout.write(helpOfAll(COMMANDS));
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
  process.stderr.write(`bit-ttt: ${sentence}\n`);
  process.exitCode = exitCode;
});
