/**
 * adapt.ts - the command that measures whether a model learns while it reads.
 * SPDX-License-Identifier: MIT
 */
import { encodeDocuments } from 'bit-ttt';
import {
  filesOfModel,
  fingerprintOf,
  loadModel,
  MODEL_HELP,
  MODEL_OPTIONS,
} from '../files/model.js';
import { checkPlaces } from '../files/places.js';
import { documentsOf, readText } from '../files/text.js';
import type { Command, CommandLine, OptionSpecs } from '../screen/command-line.js';
import { fileArgument, numberOption } from '../screen/command-line.js';
import { engineInUse } from '../screen/engine.js';
import { Failure, UsageError } from '../screen/failure.js';
import type { Interrupt } from '../screen/interrupt.js';
import { watched } from '../screen/interrupt.js';
import type { Palette, Progress } from '../screen/terminal.js';
import { grouped, outputPalette, safeJson, visible } from '../screen/terminal.js';
import type { AdaptPlan, Readings, Rests } from './adapt-measure.js';
import { AdaptMeasure } from './adapt-measure.js';

const OPTIONS: OptionSpecs = {
  ...MODEL_OPTIONS,
  passage: { type: 'string' },
  passages: { type: 'string' },
  places: { type: 'string' },
  before: { type: 'string' },
  beginning: { type: 'string' },
  after: { type: 'string' },
  lossy: { type: 'boolean' },
};

/** What is measured unless something else is asked for. */
const DEFAULTS: AdaptPlan = {
  passage: 128,
  passages: 24,
  places: 8,
  before: 2048,
  beginning: 64,
  after: 512,
};

const HELP = `Usage: bit-ttt adapt FILE|- [options]

Measures whether a model learns while it reads: how much cheaper, in nats per token, a passage
becomes when it is read again, and the rest of a text after its beginning. The weights of a model
never change here: what it learns is in the memory of its session alone.

${MODEL_HELP}
  --passage N        tokens of a passage (default: ${DEFAULTS.passage})
  --passages N       how many, evenly spaced over the text (default: ${DEFAULTS.passages})
  --places N         how many places to read on from, evenly spaced; 0: none
                     (default: ${DEFAULTS.places})
  --before N         tokens read before such a place (default: ${DEFAULTS.before})
  --beginning N      of them, how many before the memory is frozen (default: ${DEFAULTS.beginning})
  --after N          tokens measured after it (default: ${DEFAULTS.after})
  --lossy            read invalid UTF-8 as U+FFFD
  --json             print one JSON document
  --color, --no-color

Every reading begins with an empty memory and an end-of-text token. A passage is read twice in one
session, the second time with the memory as it is, frozen (used, but not changed), empty again, or
saved and restored into another session, which must give the same bits.
`;

function readPlan(line: CommandLine): AdaptPlan {
  const count = (name: keyof AdaptPlan, min: number): number =>
    numberOption(line, name, { min, max: 1e6, integer: true }) ?? DEFAULTS[name];
  const plan: AdaptPlan = {
    passage: count('passage', 1),
    passages: count('passages', 1),
    places: count('places', 0),
    before: count('before', 1),
    beginning: count('beginning', 1),
    after: count('after', 1),
  };
  if (plan.beginning <= plan.before) return plan;
  throw new UsageError(`--beginning must be at most --before: ${plan.before}`);
}

const signed = (x: number): string => (x < 0 ? '\u2212' : '+') + Math.abs(x).toFixed(3);

/** A title, and rows of a name, a loss, and the difference to the first. */
function table(title: string, rows: [string, number, string?][], palette: Palette): string[] {
  const first = rows[0]![1];
  const lines = rows.map(([name, loss, more = ''], i) => {
    const gain = i === 0 ? '' : signed(loss - first);
    const paint = loss < first - 0.0005 ? palette.green : palette.dim;
    return `  ${name.padEnd(46)} ${loss.toFixed(3)}  ${paint(gain)}${palette.dim(more)}`.trimEnd();
  });
  return [palette.bold(title), ...lines];
}

function readingRows(found: Readings): [string, number, string?][] {
  const verdict = found.restoredSame ? '  the same bits' : '  NOT the same bits';
  return [
    ['first reading', found.first],
    ['second reading', found.second],
    ['  memory frozen after the first', found.frozen],
    ['  memory empty again', found.fresh],
    ['  memory saved and restored', found.restored, verdict],
  ];
}

function textReport(
  name: string,
  plan: AdaptPlan,
  readings: Readings,
  rests: Rests | undefined,
  palette: Palette,
): string {
  const { passage, before, beginning, after } = plan;
  const title = `${visible(name)}: ${readings.count} passages of ${passage} tokens, nats/token`;
  const lines = table(title, readingRows(readings), palette);
  if (rests !== undefined) {
    const where = `${grouped(after)} tokens at ${rests.count} place${rests.count === 1 ? '' : 's'}`;
    const rows: [string, number][] = [
      ['memory empty', rests.fresh],
      [`memory of the ${grouped(before)} tokens before`, rests.learned],
      [`memory frozen after the first ${grouped(beginning)} of them`, rests.frozen],
    ];
    lines.push('', ...table(`The rest of a text, ${where}`, rows, palette));
  }
  return `${lines.join('\n')}\n`;
}

function jsonReport(
  plan: AdaptPlan,
  readings: Readings,
  rests: Rests | undefined,
  fingerprint: string,
): string {
  const document = {
    model: fingerprint,
    passages: {
      count: readings.count,
      tokens: plan.passage,
      first: readings.first,
      second: readings.second,
      gain: readings.first - readings.second,
      second_frozen: readings.frozen,
      second_fresh: readings.fresh,
      second_restored: readings.restored,
      restored_same_bits: readings.restoredSame,
    },
    rest:
      rests === undefined
        ? null
        : {
            count: rests.count,
            tokens: plan.after,
            before: plan.before,
            beginning: plan.beginning,
            fresh: rests.fresh,
            learned: rests.learned,
            gain: rests.fresh - rests.learned,
            frozen: rests.frozen,
          },
  };
  return `${safeJson(document, 2)}\n`;
}

/** `bit-ttt adapt`. */
export const adapt: Command = { options: OPTIONS, help: HELP, run };

async function run(line: CommandLine): Promise<void> {
  const file = fileArgument(line, 'adapt');
  const plan = readPlan(line);
  checkPlaces([{ path: file, name: 'FILE' }, ...filesOfModel(line)], []);
  await watched(true, (progress, interrupt) => measureAll(line, file, plan, progress, interrupt));
}

/** Reads the text, measures the model on it, and reports. */
async function measureAll(
  line: CommandLine,
  file: string,
  plan: AdaptPlan,
  progress: Progress,
  interrupt: Interrupt,
): Promise<void> {
  await engineInUse();
  const { model, tokenizer } = await loadModel(line);
  const text = await readText(file, 'adapt', line.flags.has('lossy'));
  const { endOfText } = tokenizer;
  const start = Uint32Array.from(endOfText === undefined ? [] : [endOfText]);
  const ids = (await encodeDocuments(documentsOf(text), tokenizer)).subarray(start.length);
  if (ids.length < plan.passage) {
    throw new Failure(`${text.name} has ${ids.length} tokens, and a passage ${plan.passage}`);
  }
  let part = 'passages';
  const onProgress = (share: number): void =>
    progress.update(() => `${part}: ${Math.floor(100 * share)} %`);
  const measure = new AdaptMeasure(model, start, onProgress, interrupt.signal);
  interrupt.begin('interrupted');
  try {
    const readings = await measure.readings(ids, plan);
    if (readings.count === 0)
      interrupt.check(() => 'interrupted before the first passage was read');
    part = 'places';
    const fits = plan.places > 0 && ids.length >= plan.before + plan.after;
    const found = fits ? await measure.rests(ids, plan) : undefined;
    const rests = found?.count === 0 ? undefined : found; // there was no time for one
    progress.clear();
    process.stdout.write(
      line.flags.has('json')
        ? jsonReport(plan, readings, rests, fingerprintOf(model))
        : textReport(text.name, plan, readings, rests, outputPalette(line.flags)),
    );
    if (!readings.restoredSame) throw new Failure('a restored memory gave other bits');
    const places = `${readings.count} passages and ${rests?.count ?? 0} places`;
    interrupt.check(() => `interrupted after ${places}`);
  } finally {
    measure.destroy();
    model.destroy();
  }
}
