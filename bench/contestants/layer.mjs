/**
 * layer.mjs - the layer, ours and as others would build it: `layer DIM SEQ_LEN SECONDS` gives tokens/s.
 * Usage: node layer.mjs native|wasm|plain|tfjs|onnx-node|onnx-web [PEERS_FOLDER]
 * SPDX-License-Identifier: MIT
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getInfo } from 'bit-ttt';
import { serveJobs } from '../lib/contestant.mjs';
import { layerJobs, ourJobs, RATE } from '../lib/layer-jobs.mjs';
import { layerGraph } from '../lib/onnx.mjs';

const [kind, peers = '.'] = process.argv.slice(2);
const require = createRequire(resolve(peers, 'package.json'));
const versionOf = (name) =>
  JSON.parse(readFileSync(join(peers, 'node_modules', name, 'package.json'), 'utf8')).version;

/** The command's own layer in plain JavaScript, straight from its source. */
async function plain() {
  const { build } = await import('esbuild');
  const entry = fileURLToPath(new URL('../../ts/bench/plain-js.ts', import.meta.url));
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    write: false,
  });
  const code = Buffer.from(outputFiles[0].contents).toString('base64');
  const { PlainLayer } = await import(`data:text/javascript;base64,${code}`);
  return layerJobs((dim, weights) => {
    const layer = new PlainLayer(dim, RATE, 'reconstruct', weights);
    return (input) => {
      const output = new Float32Array(input.length);
      layer.forward(input, output);
      return output;
    };
  });
}

function onnx(runtime, options) {
  const { InferenceSession, Tensor } = runtime;
  return layerJobs(async (dim, { down, up }) => {
    const model = layerGraph({ dim, rate: RATE, down, up });
    const session = await InferenceSession.create(model, options);
    const d = dim / 4;
    let memory = new Tensor('float32', new Float32Array(d * d), [d, d]);
    return async (input) => {
      const x = new Tensor('float32', input, [input.length / dim, dim]);
      const { w_after: after, y } = await session.run({ w: memory, x });
      memory = after;
      return y.data;
    };
  });
}

/** Ops of TensorFlow.js, token by token; the memory is a tensor. */
async function tfjs() {
  const tf = require('@tensorflow/tfjs-core');
  const { setWasmPaths } = require('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(join(peers, 'node_modules/@tensorflow/tfjs-backend-wasm/dist/'));
  await tf.setBackend('wasm');
  await tf.ready();
  const quantise = (x) => {
    const scale = tf.div(127, tf.maximum(tf.max(tf.abs(x)), 1e-9));
    const whole = tf.floor(tf.add(tf.mul(tf.abs(x), scale), 0.5));
    const sign = tf.sub(tf.cast(tf.greater(x, 0), 'float32'), tf.cast(tf.less(x, 0), 'float32'));
    return { q: tf.mul(whole, sign), scale };
  };
  return layerJobs((dim, weights) => {
    const d = dim / 4;
    const down = tf.tensor2d(Float32Array.from(weights.down), [dim, d]);
    const up = tf.tensor2d(Float32Array.from(weights.up), [d, dim]);
    let w = tf.zeros([d, d]);
    const token = (x) => {
      const { q, scale } = quantise(x);
      const raw = tf.div(tf.matMul(q, down), scale);
      const f = tf.div(raw, tf.maximum(tf.sqrt(tf.sum(tf.mul(raw, raw))), 1e-6));
      const p = tf.matMul(f, w, false, true);
      const next = tf.sub(w, tf.matMul(tf.mul(tf.sub(p, f), RATE), f, true, false));
      const back = quantise(p);
      return [tf.add(tf.div(tf.matMul(back.q, up), back.scale), x), next];
    };
    return (input) => {
      const output = new Float32Array(input.length);
      for (let at = 0; at < input.length; at += dim) {
        const [y, next] = tf.tidy(() => token(tf.tensor2d(input.slice(at, at + dim), [1, dim])));
        output.set(y.dataSync(), at);
        tf.dispose([y, w]);
        w = next;
      }
      return output;
    };
  });
}

async function ours(backend) {
  const { version, kernel } = await getInfo({ backend });
  return [`${version} ${kernel}`, ourJobs(backend)];
}

const makers = {
  native: () => ours('native'),
  wasm: () => ours('wasm'),
  plain: async () => ['', await plain()],
  tfjs: async () => [versionOf('@tensorflow/tfjs-core'), await tfjs()],
  'onnx-node': () => {
    const options = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' };
    return [versionOf('onnxruntime-node'), onnx(require('onnxruntime-node'), options)];
  },
  'onnx-web': () => {
    const runtime = require('onnxruntime-web');
    runtime.env.wasm.numThreads = 1;
    return [versionOf('onnxruntime-web'), onnx(runtime, { executionProviders: ['wasm'] })];
  },
};

const [version, answer] = await makers[kind]();
await serveJobs(version, answer);
