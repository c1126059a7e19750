// What is made of the commands' descriptions: the help at any width, and completion in real shells.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

import { onPath } from '../../scripts/toolchain.mjs';
import { importSource, output, refuses, temporaryFolder } from './support/cli.mjs';
import { bare, hasTerminal, inTerminal } from './support/pseudo-terminal.mjs';

const folder = temporaryFolder();
const { COMMANDS } = await importSource('cli/commands/all');
const { optionsOf } = await importSource('cli/screen/command-line');
const { completionScript, SHELLS } = await importSource('cli/screen/completion');

/** The script for a shell, in a file. */
const scriptFor = (shell) => folder.write(`completion.${shell}`, completionScript(shell, COMMANDS));

describe('help', () => {
  const wordsOf = (text) => text.split(/\s+/).filter((word) => word !== '');

  it('says the same at any width, and keeps to it', async () => {
    const { helpOf } = await importSource('cli/screen/help');
    for (const [name, command] of Object.entries(COMMANDS)) {
      const usual = helpOf(name, command, 100);
      const laidOut = /^ {2}(?!-)\S.*$/gm; // tables of other things than options
      const byHand = new Set(usual.match(laidOut) ?? []);
      for (const width of [40, 60, 80, 100]) {
        const help = helpOf(name, command, width);
        assert.deepEqual(wordsOf(help), wordsOf(usual), `${name}, ${width}`);
        for (const line of help.split('\n').filter((one) => !byHand.has(one))) {
          if (/^(Usage| {2}-| {7}bit-ttt)/.test(line) && width < 60) continue; // one name may be longer
          assert.ok(line.length <= width, `${name}, ${width}: ${line}`);
        }
      }
    }
  });

  it('explains every option, in words that begin with its meaning', () => {
    for (const [name, { help }] of Object.entries(COMMANDS)) {
      const options = [...optionsOf(help).values()];
      assert.ok(options.length > 0 && options.some((option) => option.name === 'help'), name);
      const shorts = options.flatMap(({ short }) => short ?? []);
      assert.equal(new Set(shorts).size, shorts.length, `${name}: a short name twice`);
      for (const option of options) {
        assert.match(option.name, /^[a-z][a-z\d-]*$/);
        assert.match(option.text, /^[a-zU][\w.' -]{3}/, `${name} --${option.name}`);
      }
    }
  });
});

describe('completion: the command', () => {
  it('prints what the descriptions say', async () => {
    for (const shell of SHELLS) {
      assert.equal(await output(['completion', shell]), completionScript(shell, COMMANDS));
    }
  });

  it('refuses other shells', async () => {
    await refuses(['completion'], 2, /completion needs a shell: bash, zsh or fish/);
    await refuses(['completion', 'fihs'], 2, /for bash, zsh or fish, not for "fihs"; .* fish\?/);
    await refuses(['completion', 'zsh', 'bash'], 2, /takes one shell, but "bash" follows/);
  });
});

describe('completion: bash', () => {
  /** What the function answers to each of these command lines, the last word of which is unfinished. */
  function answers(lines) {
    const calls = lines.map(
      (words) =>
        `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
        _bit_ttt; printf '%s\\n' "\${COMPREPLY[@]-}" =====`,
    );
    const script = `set -u; source ${scriptFor('bash')}; cd ${folder.path('.')}\n${calls.join('\n')}`;
    const printed = execFileSync('bash', ['--norc', '--noprofile', '-c', script], {
      encoding: 'utf8',
    });
    return printed
      .split('=====\n')
      .slice(0, -1)
      .map((one) => one.split('\n').filter((word) => word !== ''));
  }

  before(function () {
    if (!onPath('bash')) this.skip();
  });

  it('knows every command and every option', () => {
    const names = Object.keys(COMMANDS);
    const lines = [['bit-ttt', ''], ...names.map((name) => ['bit-ttt', name, '--'])];
    const [first, ...rest] = answers(lines);
    assert.deepEqual(first, [...names, 'help', '--help', '--version']);
    for (const [i, name] of names.entries()) {
      const wanted = [...optionsOf(COMMANDS[name].help).keys()].map((option) => `--${option}`);
      assert.deepEqual(rest[i], wanted, name);
    }
  });

  it('knows the values that there are, and else files or nothing', () => {
    folder.write('stone.txt', '');
    folder.write('a name with * and blanks.txt', '');
    const cases = [
      [
        ['train', '--optimizer', ''],
        ['adamw', 'muon'],
      ],
      [
        ['train', '--optimizer', '='],
        ['adamw', 'muon'],
      ],
      [['train', '--mixer', '=', 'pre'], ['predict']],
      [['chat', '-m', 'e'], ['english']],
      [
        ['generate', '--model', '=', 'st'],
        ['stories', 'stone.txt'],
      ],
      [['train', '--dim', ''], []],
      [['train', 'sto'], ['stone.txt']],
      [['train', 'a n'], ['a name with * and blanks.txt']],
      [['train', '--steps', '5', '-o', 'sto'], ['stone.txt']],
      [['generate', 'sto'], []],
      [
        ['info', 'st'],
        ['stories', 'stone.txt'],
      ],
      [['tokenizer', 't'], ['train']],
      [
        ['help', 'su'],
        ['suggest', 'surprise'],
      ],
      [['completion', ''], SHELLS],
      [['nothing', ''], []],
      [['su'], ['suggest', 'surprise']],
    ];
    const found = answers(cases.map(([words]) => ['bit-ttt', ...words]));
    for (const [i, [words, wanted]] of cases.entries()) {
      assert.deepEqual(found[i], [...wanted], words.join(' '));
    }
  });
});

describe('completion: as it is typed', () => {
  const keys = 'bit-ttt tra\t--opti\tm\t --mixer=pre\t leaf\t\n';
  const shells = {
    bash: { start: 'bash --norc --noprofile -i', prepare: '' },
    zsh: { start: 'zsh -f -i', prepare: 'autoload -Uz compinit; compinit -u -D; ' },
  };

  for (const [shell, { start, prepare }] of Object.entries(shells)) {
    it(`in ${shell}`, async function () {
      if (!hasTerminal || !onPath(shell)) this.skip();
      folder.write('leaf.txt', '');
      const load = `source ${scriptFor(shell)}; bit-ttt() { printf '<%s>' "$@"; echo; }`;
      const screen = await inTerminal(start, {
        columns: 200,
        cwd: folder.path('.'),
        keys: [
          [/[$%#] /, `${prepare}${load}; PS1='rea''dy> '\n`],
          [/ready> /, keys],
          [/<train>/, 'exit\n'],
        ],
      });
      const [typed] = bare(screen).match(/<train>.*?<leaf[^>]*>|$/);
      const wanted = '<train><--optimizer><muon><--mixer=predict><leaf.txt>';
      assert.equal(typed.replace('optimizer=', 'optimizer><'), wanted);
    });
  }
});

describe('completion: fish', () => {
  before(function () {
    if (!onPath('fish')) this.skip();
  });

  it('completes commands, options, values and files', () => {
    folder.write('branch.txt', '');
    const lines = {
      'bit-ttt sug': ['suggest'],
      'bit-ttt train --opti': ['--optimizer'],
      'bit-ttt train --optimizer m': ['muon'],
      'bit-ttt train --optimizer=m': ['--optimizer=muon'],
      'bit-ttt chat -m e': ['english'],
      'bit-ttt train --dim ': [],
      'bit-ttt train br': ['branch.txt'],
      'bit-ttt generate br': [],
      'bit-ttt train -o br': ['branch.txt'],
      'bit-ttt tokenizer tr': ['train'],
      'bit-ttt help comp': ['completion'],
      'bit-ttt completion ': ['bash', 'fish', 'zsh'],
    };
    const asked = Object.keys(lines).map((line) => `complete -C '${line}'; echo =====`);
    const script = `source ${scriptFor('fish')}; cd ${folder.path('.')}; ${asked.join('; ')}`;
    const printed = execFileSync('fish', ['--no-config', '-c', script], { encoding: 'utf8' });
    const found = printed.split('=====\n').map((one) =>
      one
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split('\t')[0]),
    );
    for (const [i, [line, wanted]] of Object.entries(lines).entries()) {
      assert.deepEqual(found[i], wanted, line);
    }
  });

  it('knows every option', () => {
    const names = Object.keys(COMMANDS);
    const asked = names.map((name) => `complete -C 'bit-ttt ${name} --'; echo =====`);
    const script = `source ${scriptFor('fish')}; ${asked.join('; ')}`;
    const printed = execFileSync('fish', ['--no-config', '-c', script], { encoding: 'utf8' });
    for (const [i, one] of printed.split('=====\n').slice(0, -1).entries()) {
      const found = one.split('\n').flatMap((line) => /^--[\w-]+/.exec(line)?.[0] ?? []);
      const wanted = [...optionsOf(COMMANDS[names[i]].help).keys()].map((name) => `--${name}`);
      assert.deepEqual(found.sort(), wanted.sort(), names[i]);
    }
  });
});
