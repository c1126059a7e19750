/**
 * completion.ts - scripts with which shells complete commands, options and their values. They are made of the
 * commands' descriptions and hold all there is to know, so that no Tab has to wait for Node.
 * SPDX-License-Identifier: MIT
 */
import type { Command, Option } from './command-line.js';
import { optionsOf } from './command-line.js';
import { fit } from './terminal.js';

/** What may stand at a place of the command line: some words, a file, both, or something else. */
interface Values {
  words: readonly string[];
  files: boolean;
}

/** An option as scripts need it; no `values`: it takes none. */
interface Choice extends Pick<Option, 'name' | 'short' | 'value'> {
  repeatable: boolean;
  brief: string;
  values: Values | undefined;
}

/** A command as scripts need it. */
interface Entry {
  name: string;
  summary: string;
  options: readonly Choice[];
  /** Its arguments. */
  values: Values;
}

const BRIEF_COLUMNS = 70;

function choiceOf({ name, short, value, text, choices = [], repeatable = false }: Option): Choice {
  const [first = ''] = text.replace(/\s+/g, ' ').split(/[:;([]/);
  const brief = fit(first.trim(), BRIEF_COLUMNS);
  const values = value === undefined ? value : { words: choices, files: /FILE|MODEL/.test(value) };
  return { name, short, value, repeatable, brief, values };
}

function entriesOf(commands: Readonly<Record<string, Command>>): Entry[] {
  const all = Object.entries(commands).map(([name, { usage, summary, help, words = [] }]) => {
    const options = [...optionsOf(help).values()].map(choiceOf);
    return { name, summary, options, values: { words, files: /FILE|IN OUT/.test(usage) } };
  });
  const help = { words: Object.keys(commands), files: false };
  return [...all, { name: 'help', summary: 'the help of a command', options: [], values: help }];
}

const FIRST_OPTIONS = ['--help', '--version'];

/** Both names of an option. */
const namesOf = ({ name, short }: Choice): string[] => [
  ...(short === undefined ? [] : [`-${short}`]),
  `--${name}`,
];

/* In bash `words` and `files` are what may stand there, `options` what may stand there after a hyphen. */

const inBash = ({ words, files }: Values): string =>
  `words='${words.join(' ')}' files=${files ? 'yes' : ''}`;

function bashCase({ name, options, values }: Entry): string {
  const byValues = new Map<string, string[]>();
  for (const choice of options) {
    if (choice.values === undefined) continue;
    const said = inBash(choice.values);
    byValues.set(said, [...(byValues.get(said) ?? []), ...namesOf(choice)]);
  }
  const cases = [...byValues].map(([said, names]) => `        ${names.join('|')}) ${said} ;;`);
  const long = options.map((choice) => `--${choice.name}`).join(' ');
  const rest = `        *) options='${long}' ${inBash(values)} ;;`;
  return `    ${name}) case $before in\n${[...cases, rest].join('\n')}\n      esac ;;`;
}

function bashScript(entries: readonly Entry[]): string {
  const names = [...entries.map(({ name }) => name), ...FIRST_OPTIONS].join(' ');
  return `# Completion of bit-ttt for bash; a line for ~/.bashrc: eval "$(bit-ttt completion bash)"
_bit_ttt() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]}
  local options='' words='' files='' found
  # bash takes --option=value for three words
  if [[ $word == = ]]; then word=''
  elif [[ $before == = ]]; then before=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  if ((COMP_CWORD == 1)); then words='${names}'
  else case \${COMP_WORDS[1]} in
${entries.map(bashCase).join('\n')}
  esac
  fi
  if [[ $word == -* && -n $options ]]; then words=$options files=''; fi
  COMPREPLY=()
  while IFS= read -r found; do COMPREPLY+=("$found"); done < <(
    compgen -W "$words" -- "$word"
    if [[ -n $files ]]; then compgen -f -- "$word"; fi
  )
  # default: where nothing is found, readline looks for files, which knows quotes and ~
  if [[ -n $files ]]; then compopt -o filenames -o default 2> /dev/null; fi
}
complete -F _bit_ttt bit-ttt
`;
}

/** A text in quotes, as zsh and, with another escape for quotes, fish take it. */
const quoted = (text: string, quote = `'\\''`): string => `'${text.replaceAll("'", quote)}'`;

/** How zsh's _arguments is told what a value may be. */
function zshAction({ words, files }: Values): string {
  const list = `(${words.join(' ')})`;
  if (words.length === 0) return files ? '_files' : ' ';
  return files ? `{_alternative "words:word:${list}" "files:file:_files"}` : list;
}

function zshCase({ name, options, values }: Entry): string {
  const specs = options.flatMap((choice) => {
    const names = namesOf(choice);
    const once = choice.repeatable ? '*' : `(${names.join(' ')})`;
    const value = choice.values === undefined ? '' : `:${choice.value}:${zshAction(choice.values)}`;
    return names.map((one) => {
      const joined = value === '' ? '' : one.startsWith('--') ? '=' : '+';
      return quoted(`${once}${one}${joined}[${choice.brief}]${value}`);
    });
  });
  const { words, files } = values;
  if (files || words.length > 0) specs.push(quoted(`*:argument:${zshAction(values)}`));
  return `    ${name}) _arguments \\\n      ${specs.join(' \\\n      ')} ;;`;
}

function zshScript(entries: readonly Entry[]): string {
  const names = entries.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  return `#compdef bit-ttt
# Completion of bit-ttt for zsh; a line for ~/.zshrc, after compinit: eval "$(bit-ttt completion zsh)"
_bit_ttt() {
  local -a commands=(
${names.join('\n')}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    compadd -- ${FIRST_OPTIONS.join(' ')}
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${entries.map(zshCase).join('\n')}
  esac
}
if [[ $funcstack[1] == _bit_ttt ]]; then _bit_ttt "$@"; else compdef _bit_ttt bit-ttt; fi
`;
}

function fishLines({ name, summary, options, values }: Entry): string[] {
  const inFish = (text: string): string => quoted(text.replaceAll('\\', '\\\\'), "\\'");
  const listed = ({ words }: Values): string =>
    words.length === 0 ? '' : ` -a ${inFish(words.join(' '))}`;
  const within = `complete -c bit-ttt -n '__bit_ttt_is ${name}'`;
  const lines = options.map((choice) => {
    const short = choice.short === undefined ? '' : ` -s ${choice.short}`;
    const value = choice.values;
    const takes = value === undefined ? '' : `${value.files ? ' -r -F' : ' -x'}${listed(value)}`;
    return `${within}${short} -l ${choice.name}${takes} -d ${inFish(choice.brief)}`;
  });
  const argument = `${within}${values.files ? ' -F' : ''}${listed(values)}`;
  return [
    `complete -c bit-ttt -n __bit_ttt_first -a ${name} -d ${inFish(summary)}`,
    ...lines,
    ...(argument === within ? [] : [argument]),
  ];
}

function fishScript(entries: readonly Entry[]): string {
  return `# Completion of bit-ttt for fish; in config.fish: bit-ttt completion fish | source
function __bit_ttt_first
  test (count (commandline -opc)) -eq 1
end
function __bit_ttt_is
  set -l words (commandline -opc)
  test (count $words) -gt 1; and test $words[2] = $argv[1]
end
complete -c bit-ttt -f
complete -c bit-ttt -n __bit_ttt_first -l help -d 'what there is'
complete -c bit-ttt -n __bit_ttt_first -l version -d 'the version'
${entries.flatMap(fishLines).join('\n')}
`;
}

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/** A shell that there is a script for. */
export type Shell = keyof typeof SCRIPTS;

/** All of them. */
export const SHELLS = Object.keys(SCRIPTS) as Shell[];

/** The script that completes these commands in a shell. */
export function completionScript(
  shell: Shell,
  commands: Readonly<Record<string, Command>>,
): string {
  return SCRIPTS[shell](entriesOf(commands));
}
