/**
 * first.mjs - loads one library, computes one thing, prints the resident bytes.
 * Usage: node first.mjs nothing|native|wasm|story-native|story-wasm|onnx-node|onnx-web|tfjs [PEERS_FOLDER]
 * SPDX-License-Identifier: MIT
 */
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const [kind, peers = '.'] = process.argv.slice(2);
const require = createRequire(resolve(peers, 'package.json'));
const DIM = 64;

async function layer(backend) {
  const { TTT } = await import('bit-ttt');
  const one = await TTT.create({ hiddenDim: DIM, backend });
  one.forward(new Float32Array(DIM).fill(0.5));
}

async function story(backend) {
  const { BitLlama } = await import('bit-ttt');
  const { modelUrl } = await import('bit-ttt/models/stories');
  const model = await BitLlama.load(modelUrl, { backend });
  await model.createSession({ recall: false }).generate('Once', { maxTokens: 2 }).next();
}

async function onnx(name) {
  const { layerGraph } = await import('../lib/onnx.mjs');
  const runtime = require(name);
  const weights = new Int8Array((DIM * DIM) / 4).fill(1);
  const model = layerGraph({ dim: DIM, rate: 0.1, down: weights, up: weights });
  const session = await runtime.InferenceSession.create(model);
  const { Tensor } = runtime;
  await session.run({
    w: new Tensor('float32', new Float32Array(256), [16, 16]),
    x: new Tensor('float32', new Float32Array(DIM).fill(0.5), [1, DIM]),
  });
}

async function tfjs() {
  const tf = require('@tensorflow/tfjs-core');
  const { setWasmPaths } = require('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(join(peers, 'node_modules/@tensorflow/tfjs-backend-wasm/dist/'));
  await tf.setBackend('wasm');
  tf.matMul(tf.ones([1, DIM]), tf.ones([DIM, DIM / 4])).dataSync();
}

const kinds = {
  nothing: async () => {},
  native: () => layer('native'),
  wasm: () => layer('wasm'),
  'story-native': () => story('native'),
  'story-wasm': () => story('wasm'),
  'onnx-node': () => onnx('onnxruntime-node'),
  'onnx-web': () => onnx('onnxruntime-web'),
  tfjs,
};
await kinds[kind]();
console.log(process.memoryUsage().rss);
process.exit(0);
