/**
 * train-help.ts - the help of `train`.
 * SPDX-License-Identifier: MIT
 */
import { FORCE_HELP } from '../screen/command-line.js';
import { DEFAULT_OUT, LEAST_STEPS, MIXERS, usualOf } from './train-options.js';

const usual = usualOf(undefined);
const fine = usualOf('a model');

export const TRAIN_HELP = `Usage: bit-ttt train FILE... [options]

Makes a model of texts (- for standard input), on the CPU. Lines <|endoftext|> separate documents,
and so do the ends of files; .gz and .zst files are read as what is in them. Files are read several
times, piece by piece; standard input and pipes are kept in memory. It says in advance how long it
will take.
Writes FILE.bitt, ready for bit-ttt generate --model FILE.bitt, and the curve of its loss. A model
that did better on what was held out than the last one is written instead of it.

  -o, --out FILE     the model (default: ${DEFAULT_OUT}); the curve is FILE.svg
  --weights          also the f32 weights, as FILE.safetensors
${FORCE_HELP}
  --valid FILE       a text to measure the loss on, for nothing else
  --hold-out PERCENT otherwise this much of the text: every 20th document for 5, or the end of each
                     of fewer than 20 (default: 5; 0: none)
  --lossy            read invalid UTF-8 as U+FFFD
  --no-sample        no sample of what the model writes with each measurement

Fine-tuning:
  --from MODEL       begin with the weights of a model instead of random ones: english or stories,
                     which come with the package, or a file. Shape and tokenizer are its own; in the
                     recipe other defaults apply

Shape:
  --tokenizer FILE   a tokenizer.json; otherwise one is made of the text, with
  --vocab N          tokens (default: 512 to 2048, by the size of the text)
  --dim N            width (default: 128); --layers N (default: 4); --mlp N (default: 4 dim)
  --inner N          width of the memory's keys (default: dim); --head N of one head (default: 64)
  --mixer NAME,...   the memory: ${MIXERS.join(', ')}; one for all layers or for each
                     (default: induction); the other two need a --dim that is a multiple of 64

Recipe:
  --epochs X         how often to read the text, but at least ${LEAST_STEPS} steps
                     (default: ${usual.epochs}; with --from ${fine.epochs}), or
  --steps N          this many steps, or
  --minutes X        about so long
  --context N        tokens of a window (default: 128); --batch N windows (default: 16)
  --accumulate N     batches of a step (default: 1)
  --lr X             peak rate (default: ${usual.lr}; with --from ${fine.lr})
  --warmup N         steps (default: ${100 * usual.warmup} % of them; with --from ${100 * fine.warmup} %)
  --weight-decay X   (default: 0.01); --clip X largest norm of the gradient (default: 1)
  --repeat X         share of windows in which a passage comes twice: teaches the memory to be used
                     (default: 0.15)
  --from-start X     share of windows that begin where a document does (default: ${usual.fromStart};
                     with --from ${fine.fromStart})
  --dropout X        share of what is left out at random, against learning a short text by heart
                     (default: ${usual.dropout}; with --from ${fine.dropout})
  --optimizer NAME   of the ternary matrices: adamw, or muon, which learns more from each step and
                     likes higher rates, such as 0.01 (default: adamw)
  --bf16             products in bfloat16: faster on CPUs that have such instructions
  --seed N           (default: 1)
  --threads N        (default: the processor's); they change the speed alone

Going on after Ctrl-C (or the signals TERM and HUP) or a crash:
  --checkpoint FILE  where to keep all that is needed (default: the model's name and .checkpoint;
                     deleted at the end unless it is named here)
  --checkpoint-every N  steps (default: about every two minutes)
  --resume           go on from it, to the same bits as without the break; needs the same text, and
                     shape and recipe are those of the checkpoint (another --steps makes the
                     schedule longer or shorter)

  --json             print one JSON object for each line of progress
  --color, --no-color
`;
