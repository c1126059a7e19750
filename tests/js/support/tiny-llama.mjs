// tiny-llama.mjs - the smallest of everything, for tests that make very many; for the test itself and
// for the programs that it starts.
// SPDX-License-Identifier: MIT
import { BitLlama, init, Trainer, TTT } from 'bit-ttt';

const tokens = Uint32Array.from({ length: 40 }, (_, i) => i % 16);
const config = { hiddenDim: 16, numLayers: 1, mlpDim: 16, innerDim: 16, headDim: 16 };
const training = { batch: 1, context: 16, steps: 1, threads: 1 };

/** Options of the smallest trainer. */
export const smallest = { tokens, training, config: { ...config, vocabSize: 16 } };

/**
 * Makers of each kind of object. Sessions are of a vocabulary that makes them 300 KB, clones of a layer
 * that makes them 200 KB, and models small, since it takes time to make them.
 */
export async function makers(backend) {
  await init({ backend });
  const wide = { ...smallest, backend, config: { ...config, vocabSize: 8192 } };
  const wideTrainer = await Trainer.create(wide);
  const model = wideTrainer.model();
  const session = model.createSession();
  const trainer = await Trainer.create({ ...smallest, backend });
  const file = trainer.model().pack();
  const layer = await TTT.create({ hiddenDim: 512, backend });
  return {
    layer: () => TTT.create({ hiddenDim: 128, backend }),
    clone: () => layer.clone(),
    session: () => model.createSession(),
    fork: () => session.fork(),
    snapshot: () => session.save(),
    model: () => trainer.model(),
    'opened model': () => BitLlama.load(file, { backend }),
    'wide model': () => wideTrainer.model(),
    trainer: () => Trainer.create({ ...smallest, backend }),
  };
}
