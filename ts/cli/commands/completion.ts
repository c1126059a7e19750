/**
 * completion.ts - the command that prints a shell's script of completion.
 * SPDX-License-Identifier: MIT
 */
import { suggestion } from '../../common/suggestion.js';
import type { Command } from '../screen/command-line.js';
import { completionScript, SHELLS } from '../screen/completion.js';
import { UsageError } from '../screen/failure.js';

const HELP = [
  `Prints a script with which a shell completes the commands of bit-ttt when Tab is pressed, their
options, the values of those that are one of a few, and files. It is for bit-ttt as it is installed
(npm install --global, or a folder node_modules/.bin in the PATH); npx has no completion. What to add to
which file:

  bash  ~/.bashrc                   eval "$(bit-ttt completion bash)"
  zsh   ~/.zshrc, after compinit    eval "$(bit-ttt completion zsh)"
  fish  ~/.config/fish/config.fish  bit-ttt completion fish | source`,
  { '-h, --help': 'this help' },
];

/** `bit-ttt completion`, for all of `commands` when it runs. */
export const completionOf = (commands: () => Readonly<Record<string, Command>>): Command => ({
  usage: SHELLS.join('|'),
  summary: 'print a script that completes all this in a shell',
  help: HELP,
  words: SHELLS,
  run({ positionals }): Promise<void> {
    const [name, extra] = positionals;
    const shell = SHELLS.find((one) => one === name);
    const known = `${SHELLS.slice(0, -1).join(', ')} or ${SHELLS.at(-1)}`;
    if (name === undefined) throw new UsageError(`completion needs a shell: ${known}`);
    if (shell === undefined) {
      const near = suggestion(name, SHELLS);
      throw new UsageError(`completion is there for ${known}, not for "${name}"${near}`);
    }
    if (extra !== undefined) {
      throw new UsageError(`completion takes one shell, but "${extra}" follows`);
    }
    process.stdout.write(completionScript(shell, commands()));
    return Promise.resolve();
  },
});
