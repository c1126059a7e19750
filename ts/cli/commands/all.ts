/**
 * all.ts - the commands, in the order of the help.
 * SPDX-License-Identifier: MIT
 */
import type { Command } from '../screen/command-line.js';
import { adapt } from './adapt.js';
import { bench } from './bench.js';
import { chat } from './chat.js';
import { completionOf } from './completion.js';
import { convert } from './convert.js';
import { doctor } from './doctor.js';
import { evaluate } from './eval.js';
import { generate } from './generate.js';
import { info } from './info.js';
import { signal } from './signal.js';
import { suggest } from './suggest.js';
import { surprise } from './surprise.js';
import { tokenizer } from './tokenizer.js';
import { train } from './train.js';

export const COMMANDS: Readonly<Record<string, Command>> = {
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
  completion: completionOf(() => COMMANDS),
};
