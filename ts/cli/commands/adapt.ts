/**
 * adapt.ts - the command that measures whether a model learns while it reads.
 * SPDX-License-Identifier: MIT
 */
import { encodeDocuments } from 'bit-ttt';
import { filesOfModel, fingerprintOf, loadModel, modelOptions } from '../files/model.js';
import { checkPlaces } from '../files/places.js';
import type { Recall } from '../files/session-state.js';
import { documentsOf, readText, TEXT_OPTIONS } from '../files/text.js';
import type { Command, CommandLine } from '../screen/command-line.js';
import { fileArgument, numberOption, outputOptions } from '../screen/command-line.js';
import { engineInUse } from '../screen/engine.js';
import { Failure, UsageError } from '../screen/failure.js';
import type { Interrupt } from '../screen/interrupt.js';
import { watched } from '../screen/interrupt.js';
import type { Palette, Progress } from '../screen/terminal.js';
import { grouped, outputPalette, safeJson, visible } from '../screen/terminal.js';
import type { AdaptPlan, Measured, Readings, Rests } from './adapt-measure.js';
import { AdaptMeasure } from './adapt-measure.js';
import { RECALL_OPTIONS, recallOf } from './recall.js';

/** What is measured unless something else is asked for. */
const DEFAULTS: AdaptPlan = {
  passage: 128,
  passages: 24,
  places: 8,
  before: 2048,
  beginning: 64,
  after: 512,
};

const HELP = [
  `Measures whether a model learns while it reads: how much cheaper, in nats per token, a passage
becomes when it is read again, and the rest of a text after its beginning: with recall, as sessions
are, and the model alone. The weights of a model never change here: what it learns is in its
session.`,
  {
    ...modelOptions('english'),
    ...RECALL_OPTIONS,
    '--passage N': `tokens of a passage (default: ${DEFAULTS.passage})`,
    '--passages N': `how many, evenly spaced over the text (default: ${DEFAULTS.passages})`,
    '--places N': `how many places to read on from, evenly spaced; 0: none (default: ${DEFAULTS.places})`,
    '--before N': `tokens read before such a place (default: ${DEFAULTS.before})`,
    '--beginning N': `of them, how many before the memory is frozen (default: ${DEFAULTS.beginning})`,
    '--after N': `tokens measured after it (default: ${DEFAULTS.after})`,
    ...TEXT_OPTIONS,
    ...outputOptions('print one JSON document'),
  },
  `Every reading begins with an empty memory and an end-of-text token. A passage is read twice in one
session, the second time with the memory as it is, frozen (used, but not changed), empty again, or
saved and restored into another session, which must give the same bits.`,
];

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

/** What was measured, of each recall in turn. */
interface Found {
  recalls: readonly Recall[];
  readings: Measured<Readings>;
  rests: Measured<Rests> | undefined;
}

const signed = (x: number): string => (x < 0 ? '\u2212' : '+') + Math.abs(x).toFixed(3);

/** A row: a name, a loss for each recall, and what else there is to say. */
type Row = [string, readonly number[], string?];

const NAME_WIDTH = 46;
const COLUMN_WIDTH = 18;

/** A title with the names of the columns, and the rows with the differences to the first. */
function table(title: string, columns: string[], rows: Row[], palette: Palette): string[] {
  const first = rows[0]![1];
  const lines = rows.map(([name, losses, more = ''], i) => {
    const cells = losses.map((loss, column) => {
      const gain = i === 0 ? '' : signed(loss - first[column]!);
      const paint = loss < first[column]! - 0.0005 ? palette.green : palette.dim;
      return `${loss.toFixed(3)}  ${paint(gain)}${' '.repeat(COLUMN_WIDTH - 7 - gain.length)}`;
    });
    return `  ${name.padEnd(NAME_WIDTH)} ${cells.join('')}${palette.dim(more)}`.trimEnd();
  });
  const heads = columns
    .map((name) => name.padEnd(COLUMN_WIDTH))
    .join('')
    .trimEnd();
  return [palette.bold(title), palette.dim(`${' '.repeat(NAME_WIDTH + 3)}${heads}`), ...lines];
}

/** The values of one name, of each recall. */
const each = <T>(of: readonly T[], value: (one: T) => number): number[] => of.map(value);

function readingRows({ of }: Measured<Readings>): Row[] {
  const isSame = of.every((one) => one.restoredSame);
  return [
    ['first reading', each(of, (one) => one.first)],
    ['second reading', each(of, (one) => one.second)],
    ['  memory frozen after the first', each(of, (one) => one.frozen)],
    ['  memory empty again', each(of, (one) => one.fresh)],
    [
      '  memory saved and restored',
      each(of, (one) => one.restored),
      isSame ? 'the same bits' : 'NOT the same bits',
    ],
  ];
}

function textReport(name: string, plan: AdaptPlan, found: Found, palette: Palette): string {
  const { passage, before, beginning, after } = plan;
  const { recalls, readings, rests } = found;
  const columns = recalls.map((recall) => (recall === false ? 'model alone' : 'with recall'));
  const title = `${visible(name)}: ${readings.count} passages of ${passage} tokens, nats/token`;
  const lines = table(title, columns, readingRows(readings), palette);
  if (rests !== undefined) {
    const { count, of } = rests;
    const where = `${grouped(after)} tokens at ${count} place${count === 1 ? '' : 's'}`;
    const rows: Row[] = [
      ['memory empty', each(of, (one) => one.fresh)],
      [`memory of the ${grouped(before)} tokens before`, each(of, (one) => one.learned)],
      [
        `memory frozen after the first ${grouped(beginning)} of them`,
        each(of, (one) => one.frozen),
      ],
    ];
    lines.push('', ...table(`The rest of a text, ${where}`, columns, rows, palette));
  }
  return `${lines.join('\n')}\n`;
}

/** The part of the JSON document for the recall of this index. */
function jsonPart(plan: AdaptPlan, { readings, rests }: Found, index: number): object {
  const losses = readings.of[index]!;
  const rest = rests?.of[index];
  return {
    passages: {
      count: readings.count,
      tokens: plan.passage,
      first: losses.first,
      second: losses.second,
      gain: losses.first - losses.second,
      second_frozen: losses.frozen,
      second_fresh: losses.fresh,
      second_restored: losses.restored,
      restored_same_bits: losses.restoredSame,
    },
    rest:
      rests === undefined || rest === undefined
        ? null
        : {
            count: rests.count,
            tokens: plan.after,
            before: plan.before,
            beginning: plan.beginning,
            fresh: rest.fresh,
            learned: rest.learned,
            gain: rest.fresh - rest.learned,
            frozen: rest.frozen,
          },
  };
}

function jsonReport(plan: AdaptPlan, found: Found, fingerprint: string): string {
  const [recall, alone] = found.recalls;
  const document = {
    model: fingerprint,
    recall: recall || null,
    ...jsonPart(plan, found, 0),
    alone: alone === undefined ? null : jsonPart(plan, found, 1),
  };
  return `${safeJson(document, 2)}\n`;
}

/** `bit-ttt adapt`. */
export const adapt: Command = {
  usage: 'FILE|-',
  summary: 'measure whether it learns while it reads',
  help: HELP,
  run,
};

async function run(line: CommandLine): Promise<void> {
  const file = fileArgument(line, 'adapt');
  const plan = readPlan(line);
  const recall = recallOf(line);
  const recalls = recall === false ? [recall] : [recall, false as const];
  checkPlaces([{ path: file, name: 'FILE' }, ...filesOfModel(line)], []);
  await watched(true, (progress, interrupt) =>
    measureAll(line, file, { plan, recalls }, progress, interrupt),
  );
}

/** Reads the text, measures the model on it, and reports. */
async function measureAll(
  line: CommandLine,
  file: string,
  { plan, recalls }: { plan: AdaptPlan; recalls: readonly Recall[] },
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
  const measure = new AdaptMeasure(model, recalls, start, onProgress, interrupt.signal);
  interrupt.begin('interrupted');
  try {
    const readings = await measure.readings(ids, plan);
    if (readings.count === 0)
      interrupt.check(() => 'interrupted before the first passage was read');
    part = 'places';
    const fits = plan.places > 0 && ids.length >= plan.before + plan.after;
    const all = fits ? await measure.rests(ids, plan) : undefined;
    const rests = all?.count === 0 ? undefined : all; // there was no time for one
    const found = { recalls, readings, rests };
    progress.clear();
    process.stdout.write(
      line.flags.has('json')
        ? jsonReport(plan, found, fingerprintOf(model))
        : textReport(text.name, plan, found, outputPalette(line.flags)),
    );
    const isSame = readings.of.every((one) => one.restoredSame);
    if (!isSame) throw new Failure('a restored memory gave other bits');
    const places = `${readings.count} passages and ${rests?.count ?? 0} places`;
    interrupt.check(() => `interrupted after ${places}`);
  } finally {
    measure.destroy();
    model.destroy();
  }
}
