// What every program of the matrix does with the package: a layer is made, goes on with a memory
// that Node's addon has saved, reads, and is destroyed; and a few words from the shipped model.
// SPDX-License-Identifier: MIT

/** A 64-bit hash (FNV-1a) of some bytes, as hexadecimal digits. */
function digest(...parts) {
  let hash = 0xcbf29ce484222325n;
  for (const part of parts) {
    for (const byte of new Uint8Array(part.buffer, part.byteOffset, part.byteLength)) {
      hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
    }
  }
  return hash.toString(16).padStart(16, '0');
}

/** `count` tokens of 64 floats, the same everywhere. */
function tokens(count) {
  return Float32Array.from({ length: 64 * count }, (_, i) => ((i * i) % 251) / 128 - 1);
}

/** Reads with an empty memory and gives that memory, as base64. */
export async function remember({ TTT }) {
  const layer = await TTT.create({ hiddenDim: 64, objective: 'predict' });
  layer.forward(tokens(50));
  const memory = btoa(String.fromCharCode(...layer.saveState()));
  layer.destroy();
  return memory;
}

/** Goes on with a memory; gives the backend and a hash of the outputs and of the memory after. */
export async function exercise({ TTT }, memory) {
  const layer = await TTT.create({ hiddenDim: 64, objective: 'predict' });
  layer.loadState(Uint8Array.from(atob(memory), (letter) => letter.charCodeAt(0)));
  const output = layer.forward(tokens(10));
  const later = await layer.forwardAsync(tokens(20));
  const { backend } = layer;
  const hash = digest(output, later, layer.saveState());
  layer.destroy();
  return { backend, hash };
}

/** Some words of a story, from a model wherever it lies. */
export async function tell({ BitLlama }, source) {
  const model = await BitLlama.load(source);
  const session = model.createSession();
  let story = '';
  for await (const piece of session.generate('Once', { seed: 7, maxTokens: 12 })) story += piece;
  session.destroy();
  model.destroy();
  return { story };
}
