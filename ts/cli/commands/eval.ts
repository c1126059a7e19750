/**
 * eval.ts - the command that measures how well a model predicts a text.
 * SPDX-License-Identifier: MIT
 */
import { filesOfModel, fingerprintOf, loadModel, modelOptions } from '../files/model.js';
import { checkPlaces } from '../files/places.js';
import type { Recall } from '../files/session-state.js';
import { documentsOf, readText, TEXT_OPTIONS } from '../files/text.js';
import type { Command, CommandLine } from '../screen/command-line.js';
import { fileArgument, outputOptions } from '../screen/command-line.js';
import { engineInUse } from '../screen/engine.js';
import { Failure } from '../screen/failure.js';
import type { Interrupt } from '../screen/interrupt.js';
import { watched } from '../screen/interrupt.js';
import type { Palette, Progress } from '../screen/terminal.js';
import { compact, grouped, outputPalette, safeJson, visible } from '../screen/terminal.js';
import { RECALL_OPTIONS, recallName, recallOf } from './recall.js';
import type { Score } from './scoring.js';
import { bitsPerByte, natsPerToken, scoreDocuments } from './scoring.js';

const HELP = [
  `Measures how well a model foresees a text (- for standard input): nats per token, and bits per
byte, which compares models with different tokenizers.`,
  {
    ...modelOptions('english'),
    ...RECALL_OPTIONS,
    ...TEXT_OPTIONS,
    ...outputOptions(`print {tokens, bytes, nats_per_token, bits_per_byte, documents, seconds,
      model, recall}`),
  },
  `Lines <|endoftext|> separate documents; a text without them is one document. White space around a
document is left out. Memory and recall are empty at the start of each, and learn while it is
read. Each is preceded by the model's end-of-text token, which is not counted, and ended by
another, which counts as a token of the text but has no bytes:

  nats_per_token = sum of -ln p / (tokens of the documents + one for each)
  bits_per_byte  = sum of -ln p / ln 2 / bytes of the documents in UTF-8`,
];

/** What was measured, and in how many seconds. */
interface Found {
  score: Score;
  seconds: number;
  recall: Recall;
}

function textReport(name: string, { score, seconds, recall }: Found, palette: Palette): string {
  const { documents, tokens, bytes } = score;
  const plural = documents === 1 ? '' : 's';
  const amount = `${grouped(documents)} document${plural}, ${grouped(tokens)} tokens`;
  const rate = `${compact(tokens / Math.max(seconds, 1e-9))} tokens/s`;
  return [
    `${palette.bold(visible(name))}: ${amount}, ${grouped(bytes)} bytes`,
    `  ${palette.bold(bitsPerByte(score).toFixed(4))} bits per byte, ${recallName(recall)}`,
    `  ${natsPerToken(score).toFixed(4)} nats per token`,
    palette.dim(`${seconds.toFixed(1)} s, ${rate}`),
    '',
  ].join('\n');
}

function jsonReport({ score, seconds, recall }: Found, fingerprint: string): string {
  return `${safeJson(
    {
      tokens: score.tokens,
      bytes: score.bytes,
      nats_per_token: natsPerToken(score),
      bits_per_byte: bitsPerByte(score),
      documents: score.documents,
      seconds: Number(seconds.toFixed(3)),
      model: fingerprint,
      recall: recall || null,
    },
    2,
  )}\n`;
}

/** `bit-ttt eval`. */
export const evaluate: Command = {
  usage: 'FILE|-',
  summary: 'measure how well a model foresees a text',
  help: HELP,
  run,
};

async function run(line: CommandLine): Promise<void> {
  const file = fileArgument(line, 'eval');
  const recall = recallOf(line);
  checkPlaces([{ path: file, name: 'FILE' }, ...filesOfModel(line)], []);
  await watched(true, (progress, interrupt) =>
    measureText(line, file, recall, progress, interrupt),
  );
}

/** Reads the text, measures the model on it, and reports. */
async function measureText(
  line: CommandLine,
  file: string,
  recall: Recall,
  progress: Progress,
  interrupt: Interrupt,
): Promise<void> {
  await engineInUse();
  const { model } = await loadModel(line);
  try {
    const text = await readText(file, 'eval', line.flags.has('lossy'));
    const documents = documentsOf(text);
    const all = grouped(documents.length);
    interrupt.begin('interrupted');
    const started = performance.now();
    const onProgress = (now: Score): void => {
      if (documents.length === 1) return; // it is at its end
      progress.update(() => {
        const far = `${grouped(now.documents)} of ${all} documents`;
        return `${far}, ${bitsPerByte(now).toFixed(3)} bits per byte`;
      });
    };
    const score = await scoreDocuments(model, documents, {
      recall,
      onProgress,
      stop: interrupt.signal,
    });
    if (score.documents === 0) interrupt.check(() => 'interrupted before a document was read');
    const seconds = (performance.now() - started) / 1000;
    progress.clear();
    if (!Number.isFinite(score.nats)) throw new Failure(`the loss of ${text.name} is not finite`);
    process.stdout.write(
      line.flags.has('json')
        ? jsonReport({ score, seconds, recall }, fingerprintOf(model))
        : textReport(text.name, { score, seconds, recall }, outputPalette(line.flags)),
    );
    interrupt.check(() => `interrupted after ${grouped(score.documents)} of ${all} documents`);
  } finally {
    model.destroy();
  }
}
