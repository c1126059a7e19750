// What the browser and Node both do: pseudo-random tokens to read, a model to train and ask.
// SPDX-License-Identifier: MIT

/** `length` floats in [-1, 1), exact in float32, from a linear congruential generator. */
export function makeInput(length) {
  let state = 12345;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) * 2 ** -23 - 1;
  });
}

/** Reads a signal, half of it with a detector that was saved and loaded; gives all that must be equal. */
export async function readSignal({ SignalDetector }) {
  const values = makeInput(3000);
  let detector = await SignalDetector.create({ alarmRate: 0.01 });
  const readings = [];
  for (let i = 0; i < values.length; i++) {
    if (i === 1500) detector = await SignalDetector.load(detector.save());
    const { score, alarm, expected } = detector.read(values[i] * (1 + (i % 50)), 1e9 + 300 * i);
    if (i > 1) readings.push([score, alarm, ...expected]);
  }
  return { readings, state: [...detector.save()] };
}

const WORDS = ['order', 'user', 'cache', 'hit', 'miss', 'sent', 'failed', 'retry'];

/** Reads a log, half of it with a detector that was saved and loaded; gives all that must be equal. */
export async function readLog({ LogDetector }) {
  const values = makeInput(4 * 800);
  let detector = await LogDetector.create({ alarmRate: 0.01 });
  const readings = [];
  for (let i = 0; i < 800; i++) {
    if (i === 400) {
      const saved = detector.save();
      detector.destroy();
      detector = await LogDetector.load(saved);
    }
    const [a, b, c, d] = values
      .subarray(4 * i, 4 * i + 4)
      .map((value) => Math.floor(4 + 4 * value));
    const time = new Date(1.78e12 + 1000 * i).toISOString();
    const line = `${time} ${WORDS[a]} ${WORDS[b]} ${100 * c + i} of ${WORDS[d % 3]}`;
    readings.push(detector.read(i % 97 === 96 ? `${line}, unseen${i}` : line));
  }
  const state = [...detector.save()];
  detector.destroy();
  return { readings: JSON.stringify(readings), state };
}

const SENTENCES = ['the cat saw the dog.', 'a dog ran to the tree.', 'the tree was big and old.'];

/** Trains a small model on WebAssembly, writes with it, and gives all that must be equal. */
export async function tellStory({ BitLlama, Trainer, trainBpe }) {
  const text = Array.from({ length: 200 }, (_, i) => SENTENCES[(i * i) % 3]).join(
    '\n<|endoftext|>\n',
  );
  const { json } = await trainBpe(text, { vocabSize: 288 });
  const trainer = await Trainer.create({
    text,
    tokenizer: json,
    backend: 'wasm',
    config: { hiddenDim: 64, numLayers: 1, headDim: 32, mlpDim: 64 },
    training: { steps: 20, warmup: 2, batch: 4, context: 32 },
  });
  const losses = [];
  for await (const { loss } of trainer.run()) losses.push(loss);
  const packed = trainer.model().pack();
  trainer.destroy();
  const model = await BitLlama.load(packed);
  const session = model.createSession();
  let story = '';
  for await (const piece of session.generate('the', { maxTokens: 40, seed: 7 })) story += piece;
  const state = [...session.save()];
  model.destroy();
  session.destroy();
  return { losses, packed: [...packed], story, state };
}
