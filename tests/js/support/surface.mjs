// surface.mjs - everything that the package exports, with values that it can be called with.
//
// A function is { args, options, at, fresh }: `args` makes arguments that it accepts, `options` are the names
// in the object at the place `at` (the last place unless given); `inner` has those of options in an option.
// `fresh`: it is called on an object of its own; `refused`: even these arguments are an error. tests/js/sweep.test.mjs demands that nothing is missing here.
// SPDX-License-Identifier: MIT
import { smallModel, smallTokenizer } from './small-llama.mjs';

const BACKEND = ['backend', 'nativeBinding', 'wasm'];
const LAYER = [
  ...['forgetting', 'hiddenDim', 'innerLr', 'objective', 'ridge', 'rule', 'seed', 'threads'],
  'weights',
];
const SAMPLING = ['temperature', 'topK', 'topP', 'minP', 'repetitionPenalty', 'seed'];
const TRAINING = [
  ...['batch', 'context', 'accumulate', 'steps', 'warmup', 'threads', 'bf16', 'learningRate'],
  ...[
    'finalLearningRate',
    'weightDecay',
    'beta1',
    'beta2',
    'clip',
    'repeat',
    'fromStart',
    'dropout',
    'optimizer',
    'momentum',
  ],
  ...['separator', 'seed'],
];
const CONFIG = [
  ...['vocabSize', 'hiddenDim', 'numLayers', 'mlpDim', 'innerDim', 'headDim', 'innerLr', 'normEps'],
  'mixers',
];
const LOADING = ['config', 'tokenizer', 'maxBytes', 'signal', 'onProgress'];
const BPE = ['vocabSize', 'minFrequency', 'specialTokens', 'signal', 'onProgress'];

const input = () => new Float32Array(32).fill(0.5);
const none = { args: () => [] };
const destroy = { args: () => [], fresh: true };
const signal = () => new AbortController().signal;

/** The exports of an entry of the package, on a backend. */
export async function surfaceOf(module, backend) {
  const { BitLlama, LogDetector, SignalDetector, TTT, Tokenizer, Trainer } = module;
  const bytes = await smallModel();
  const vocabulary = JSON.stringify(await smallTokenizer());
  const tokenizer = Tokenizer.from(vocabulary);
  const tiny = {
    hiddenDim: 16,
    numLayers: 1,
    mlpDim: 16,
    innerDim: 16,
    headDim: 16,
    vocabSize: 384,
  };
  const recipe = { batch: 1, context: 16, steps: 2 };
  const tokens = () => Array.from({ length: 64 }, (_, i) => (7 * i) % 300);
  const trainerOptions = () => ({ backend, tokens: tokens(), config: tiny, training: recipe });
  const layer = await TTT.create({ backend, hiddenDim: 16 });
  const savedSignal = (await SignalDetector.create()).save();
  const model = await BitLlama.load(bytes, { backend });
  const log = await LogDetector.create({ backend });
  const backendOnly = { args: () => [{ backend }], options: BACKEND };
  return {
    conformanceHash: backendOnly,
    llamaConformanceHash: backendOnly,
    recallConformanceHash: backendOnly,
    rlsConformanceHash: backendOnly,
    getInfo: backendOnly,
    init: backendOnly,
    setKernel: { args: () => ['auto', { backend }], options: BACKEND },
    splitDocuments: { args: () => ['a\n<|endoftext|>\nb'] },
    encodeDocuments: {
      args: () => [['a', 'b'], tokenizer, { signal: signal() }],
      options: ['signal'],
    },
    evaluateText: {
      args: () => [model, [1, 2, 3], { signal: signal(), recall: 256 }],
      options: ['signal', 'recall'],
    },
    proofread: {
      args: () => [model, 'a b', { signal: signal(), recall: 256, share: 0.5 }],
      options: ['signal', 'recall', 'share'],
    },
    convertModel: {
      args: () => [bytes, { backend, to: 'bitt', tokenizer: vocabulary, metadata: { a: 'b' } }],
      options: [...BACKEND, ...LOADING, 'to', 'metadata'],
    },
    trainBpe: { args: () => ['a b a b', { vocabSize: 300 }], options: BPE },
    trainBpeSteps: { args: () => [['a b', 'a b'], { vocabSize: 300 }], options: BPE },
    TTTError: {
      construct: { args: () => ['BUSY', 'text', { cause: 1 }] },
      make: () => new module.TTTError('BUSY', 'text'),
      statics: {},
      methods: {},
      accessors: ['name'],
      tolerant: true,
    },
    TTT: {
      construct: { args: () => [Symbol('k'), {}, 1, {}], refused: true },
      make: () => TTT.create({ backend, hiddenDim: 16 }),
      save: (one) => one.saveState(),
      statics: {
        create: {
          args: () => [{ backend, hiddenDim: 16, weights: layer.getWeights() }],
          options: [...BACKEND, ...LAYER],
          loose: { weights: ['down', 'up'] },
        },
      },
      methods: {
        forward: { args: () => [input(), new Float32Array(32)] },
        observe: { args: () => [input(), {}], options: ['output', 'surprise'] },
        forwardAsync: { args: () => [input(), {}], options: ['signal', 'output', 'surprise'] },
        observeAsync: { args: () => [input(), {}], options: ['signal', 'output', 'surprise'] },
        saveState: none,
        loadState: { args: () => [layer.saveState()] },
        reset: none,
        clone: none,
        getWeights: none,
        setWeights: { args: () => [layer.getWeights()], loose: { 0: ['down', 'up'] } },
        getMemory: none,
        destroy,
        [Symbol.dispose ?? Symbol.for('Symbol.dispose')]: destroy,
      },
      accessors: ['destroyed', 'tokensSeen', 'fingerprint', 'stateSize'],
    },
    LogDetector: {
      construct: { args: () => [Symbol('k'), {}], refused: true },
      make: () => LogDetector.create({ backend }),
      save: (one) => one.save(),
      statics: {
        create: {
          args: () => [{ backend, alarmRate: 0.01, mask: [/a/, /b/], session: /c/ }],
          options: [...BACKEND, 'alarmRate', 'mask', 'session'],
        },
        load: {
          args: () => [log.save(), { backend, alarmRate: 0.01 }],
          options: [...BACKEND, 'alarmRate', 'mask', 'session'],
        },
      },
      methods: {
        read: { args: () => ['GET /items 200'] },
        findings: none,
        tick: { args: () => [1e9] },
        endSessions: { args: () => ['a'] },
        watch: { args: () => ['one\ntwo\n'] },
        transform: none,
        save: none,
        destroy,
        [Symbol.dispose ?? Symbol.for('Symbol.dispose')]: destroy,
      },
      accessors: ['destroyed', 'lines'],
    },
    SignalDetector: {
      construct: { args: () => [Symbol('k'), 0.001], refused: true },
      make: () => SignalDetector.create(),
      save: (one) => one.save(),
      statics: {
        create: { args: () => [{ alarmRate: 0.01 }], options: ['alarmRate'] },
        load: { args: () => [savedSignal, { alarmRate: 0.01 }], options: ['alarmRate'] },
      },
      methods: {
        read: { args: () => [1.5, 1e9] },
        save: none,
      },
      accessors: ['alarmRate', 'valuesSeen'],
    },
    BitLlama: {
      construct: { args: () => [Symbol('k'), {}, 1, undefined], refused: true },
      make: () => BitLlama.load(bytes, { backend }),
      statics: {
        load: {
          args: () => [bytes, { backend, tokenizer: vocabulary }],
          options: [...BACKEND, ...LOADING],
        },
      },
      methods: {
        createSession: {
          args: () => [{ recall: { capacity: 256, generated: true } }],
          options: ['recall'],
          inner: { recall: ['capacity', 'generated'] },
        },
        pack: none,
        share: { args: () => [], refused: backend === 'wasm' },
        destroy,
        [Symbol.dispose ?? Symbol.for('Symbol.dispose')]: destroy,
      },
      accessors: ['destroyed'],
    },
    Session: {
      construct: { args: () => [Symbol('k'), model, {}, 1, {}], refused: true },
      make() {
        const session = model.createSession();
        session.read([5, 6, 7]);
        return session;
      },
      save: (one) => one.save(),
      statics: {},
      methods: {
        read: { args: () => [[1, 2, 3]] },
        write: { args: () => [[1, 2, 3]] },
        logits: none,
        draw: { args: () => [{ temperature: 0.5 }], options: SAMPLING },
        generate: {
          args: () => ['a', { maxTokens: 2 }],
          options: [...SAMPLING, 'maxTokens', 'stop', 'stopTokens', 'signal', 'raw', 'onToken'],
        },
        observe: { args: () => [[1, 2], {}], options: ['signal', 'raw'] },
        suggest: { args: () => ['The', 'Qu', { count: 2 }], options: ['count', 'minProbability'] },
        suggestAsync: {
          args: () => ['The', 'Qu', { count: 2 }],
          options: ['count', 'minProbability', 'signal'],
        },
        save: none,
        restore: { args: () => [model.createSession().save()] },
        fork: none,
        reset: none,
        freeze: { args: () => [false] },
        destroy,
        [Symbol.dispose ?? Symbol.for('Symbol.dispose')]: destroy,
      },
      accessors: ['tokensSeen', 'recall', 'stateSize', 'destroyed'],
    },
    Trainer: {
      construct: { args: () => [Symbol('k'), {}], refused: true },
      make: () => Trainer.create(trainerOptions()),
      save: (one) => one.save(),
      statics: {
        create: {
          args: () => [trainerOptions()],
          options: [
            ...BACKEND,
            'text',
            'tokens',
            'from',
            'tokenizer',
            'config',
            'training',
            'checkpoint',
            'signal',
          ],
          inner: { config: CONFIG, training: TRAINING },
        },
      },
      methods: {
        step: none,
        run: { args: () => [{ until: 1 }], options: ['signal', 'until'] },
        save: none,
        weights: none,
        model: none,
        evaluate: { args: () => [[1, 2, 3], {}], options: ['signal'] },
        destroy,
        [Symbol.dispose ?? Symbol.for('Symbol.dispose')]: destroy,
      },
      accessors: ['stepsDone', 'destroyed'],
    },
    Tokenizer: {
      construct: { args: () => [Symbol('k'), {}], refused: true },
      make: () => tokenizer,
      statics: { from: { args: () => [vocabulary] } },
      methods: {
        toJSON: none,
        encode: { args: () => ['text', {}], options: ['specialTokens', 'signal'] },
        encodeAsync: { args: () => ['text', {}], options: ['specialTokens', 'signal'] },
        decode: { args: () => [[1, 2], {}], options: ['skipSpecialTokens'] },
        createDecoder: { args: () => [{}], options: ['skipSpecialTokens'] },
        pieces: { args: () => [[1, 2], {}], options: ['skipSpecialTokens'] },
        tokenBytes: { args: () => [5] },
      },
      accessors: [],
    },
    /** Not an export: what `createDecoder` gives. */
    StreamDecoder: {
      hidden: tokenizer.createDecoder().constructor,
      construct: { args: () => [Symbol('k'), () => ({}), false], refused: true },
      make: () => tokenizer.createDecoder(),
      statics: {},
      methods: { push: { args: () => [5] }, flush: none },
      accessors: [],
    },
  };
}
