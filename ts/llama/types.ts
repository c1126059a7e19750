/**
 * types.ts - the types of the language model that users of the package name; no code.
 * SPDX-License-Identifier: MIT
 */
import type { AbortSignalLike, BackendOptions, Floats, LoadProgress } from '../common/types.js';
import type { Tokenizer, TokenizerSource } from '../tokenizer/index.js';

/** The memory of a layer; `induction` is the one that learns best while it reads. */
export type Mixer = 'reconstruct' | 'predict' | 'induction';

/** The shape of a model. Widths are multiples of 16. */
export interface LlamaConfig {
  vocabSize: number;
  hiddenDim: number;
  numLayers: number;
  mlpDim: number;
  /** Width of all heads of an induction memory, and of one. */
  innerDim: number;
  headDim: number;
  /** Learning rate of the memories reconstruct and predict. */
  innerLr: number;
  normEps: number;
  /** One for each layer. */
  mixers: Mixer[];
}

/** The files of a model that lies in several: its `model.safetensors.index.json`, and all that it names. */
export interface ShardedSource {
  /** Parsed, as text or as bytes. */
  readonly index: string | object | Uint8Array | ArrayBuffer;
  /** Bytes by the names that the index has: `{ 'model-00001-of-00002.safetensors': bytes, ... }`. */
  readonly shards: Readonly<Record<string, Uint8Array | ArrayBuffer>>;
}

/** What `BitLlama.share` gives and another thread of the process loads; it may be posted and cloned. */
export interface SharedModel {
  /** Means one model of this process, and nothing once no thread has it open. */
  readonly bitLlamaModel: bigint;
  /** JSON of the tokenizer, if it is not in the model's file. */
  readonly tokenizer?: string;
}

/**
 * A model's place or bytes: a path (Node), a URL, or the contents of a file, or of several; or a model
 * that another thread shares.
 */
export type ModelSource =
  | string
  | { readonly href: string }
  | Uint8Array
  | ArrayBuffer
  | ShardedSource
  | SharedModel;

/** Options of `BitLlama.load`. */
export interface LoadOptions extends BackendOptions {
  /** The config.json of a `.safetensors` that carries none: parsed, as text or as bytes. */
  config?: string | object | Uint8Array | ArrayBuffer | undefined;
  /** Instead of the tokenizer that came with the model. */
  tokenizer?: Tokenizer | TokenizerSource | undefined;
  /** Ends the reading; the promise is then rejected with the code `ABORTED`. */
  signal?: AbortSignalLike | undefined;
  /**
   * Called after each piece of a file that was read or downloaded. What it throws ends the reading, and the promise is
   * rejected with it.
   */
  onProgress?: ((progress: LoadProgress) => void) | undefined;
  /**
   * The most bytes that the model's files may have together, unpacked; beyond, the reading ends with
   * the code `MODEL_TOO_LARGE`. 4 GiB unless given, in browsers 1 GiB.
   */
  maxBytes?: number | undefined;
}

/** Options of `convertModel`. */
export interface ConvertOptions extends LoadOptions {
  /** The original's single file, with configuration and tokenizer in its header; or a safetensors file. */
  to: 'bitt' | 'safetensors';
  /**
   * Texts for the `__metadata__` of the safetensors file, also of the one within a `.bitt`; 64 entries
   * at most. Unless given: for `'safetensors'` `config` and `tokenizer`, with which the file needs no
   * others beside it; for `'bitt'` none.
   */
  metadata?: Readonly<Record<string, string>> | undefined;
}

/** How much a session remembers word for word. */
export interface RecallOptions {
  /**
   * The latest tokens that are remembered: a power of two from 256 to 4194304, 32768 unless given. Memory
   * grows with what is read, up to 28 bytes for each.
   */
  capacity?: number | undefined;
  /** Remembers also what the session writes itself; a text may then begin to repeat itself. */
  generated?: boolean | undefined;
}

/** Options of `createSession`. */
export interface SessionOptions {
  /**
   * What is read is remembered word for word, and foreseen when it comes again: true unless given. A number
   * is the capacity; false leaves it to the model's own memory alone.
   */
  recall?: boolean | number | RecallOptions | undefined;
}

/** How the next token is chosen. */
export interface SamplingOptions {
  /** 0 to 100, 0.7 unless given; 0 always takes the likeliest. */
  temperature?: number | undefined;
  /** Choose among at most this many tokens; 0, the default, is no limit. */
  topK?: number | undefined;
  /** Choose among the likeliest of this probability in all: 1e-30 to 1 (all), 1 unless given. */
  topP?: number | undefined;
  /** Leave out tokens less likely than this times the likeliest; 0.1 unless given. */
  minP?: number | undefined;
  /**
   * 1 (off) to 10: makes each of the last 64 tokens less likely. 1.1 unless given, and off at
   * temperature 0.
   */
  repetitionPenalty?: number | undefined;
  /** 0 to 2^64 - 1, 1 unless given. The same seed gives the same tokens everywhere. */
  seed?: number | bigint | undefined;
}

/** Options of `Session.generate`. */
export interface GenerateOptions extends SamplingOptions {
  /** 256 unless given. */
  maxTokens?: number | undefined;
  /**
   * Ends the text before the first of these that is complete (of those that end together, the
   * longest); they are not given out.
   */
  stop?: readonly string[] | undefined;
  /** Tokens that end the text; the tokenizer's end of text unless given. */
  stopTokens?: readonly number[] | undefined;
  /** Ends the generation with the code `ABORTED`; what was read stays read. */
  signal?: AbortSignalLike | undefined;
  /** Does not put the end-of-text token before the first text of a session. */
  raw?: boolean | undefined;
  /** Called with every token when it is drawn; what it throws ends the generation and is thrown. */
  onToken?: ((token: number) => void) | undefined;
}

/** What `generate` returns when it ends. */
export interface GenerateResult {
  /**
   * The tokens drawn and read, without the one that ended the text. After a stop string they say
   * more than the text: it and what else lies in the token that completed it.
   */
  tokens: number[];
  /** A stop string or token, or maxTokens. */
  reason: 'stop' | 'length';
  /** The stop token that ended the text, if one did; it was not read. */
  stopToken?: number;
}

/** What `Session.read` returns; a number for each token. */
export interface TokenReadings {
  /** Natural logarithm of the probability that the model gave the token. */
  logProbabilities: Floats;
  /** How badly the memories predicted what the token made them store: about 1 for what is new. */
  surprise: Floats;
}

/** Options of `Session.observe`. */
export interface ObserveTextOptions {
  /** Ends the reading with the code `ABORTED`; what was read stays read. */
  signal?: AbortSignalLike | undefined;
  /** Does not put the end-of-text token before the first text of a session. */
  raw?: boolean | undefined;
}

/** Options of calls that can be ended, and no more. */
export interface SignalOptions {
  /** Ends the call with the code `ABORTED`. */
  signal?: AbortSignalLike | undefined;
}

/** Options of `Session.suggest`. */
export interface SuggestOptions {
  /** At most so many suggestions: 1 to 32, 3 unless given. */
  count?: number | undefined;
  /** None that is less likely: 0 to 1, 0.003 unless given. */
  minProbability?: number | undefined;
}

/** Options of `Session.suggestAsync`. */
export interface SuggestAsyncOptions extends SuggestOptions, SignalOptions {}

/** A word that may be meant. */
export interface Suggestion {
  /** The whole word, with the letters typed. */
  text: string;
  /** That it comes next, given the letters typed. */
  probability: number;
}

/** A token of a text that was read. */
export interface TokenObservation {
  token: number;
  /**
   * The text that it completes; joined they are the text, after that of the end-of-text token which
   * a session begins with.
   */
  text: string;
  logProbability: number;
  surprise: number;
}

/** AdamW (arXiv 1711.05101), Muon (arXiv 2502.16982). */
export type Optimizer = 'adamw' | 'muon';

/** How a model is trained; see `bit-ttt train --help` for advice. */
export interface TrainingOptions {
  /** Windows a batch (16), tokens a window (128), batches a step (1). */
  batch: number;
  context: number;
  accumulate: number;
  /** Steps in all (1000), and those of rising rate (50, or half of all). */
  steps: number;
  warmup: number;
  threads: number;
  /**
   * Products round their operands to bfloat16 (false): faster on CPUs with AMX or AVX512_BF16, no
   * faster on others; the model is not measurably worse.
   */
  bf16: boolean;
  /** Peak rate (5e-3) and last (a twentieth of it); cosine in between. */
  learningRate: number;
  finalLearningRate: number;
  /** AdamW: 0.01, 0.9, 0.98; the largest gradient norm: 1. */
  weightDecay: number;
  beta1: number;
  beta2: number;
  clip: number;
  /** Share of windows in which a passage stands twice (0.15): teaches to recall. */
  repeat: number;
  /** Share of windows that begin where a document does (0.5 if there are documents). */
  fromStart: number;
  /** Share of the projections' inputs that is set to zero (0): against overfitting. */
  dropout: number;
  /**
   * What updates the ternary matrices ('adamw', which always updates all other weights). Muon needs
   * fewer steps to the same loss, each a little longer.
   */
  optimizer: Optimizer;
  /** Of Muon: 0.95. */
  momentum: number;
  /** The token before each document; the tokenizer's end of text unless given. */
  separator: number | undefined;
  seed: number | bigint;
}

/** What a training can begin from: a BitLlama. */
export interface StartModel {
  readonly config: LlamaConfig;
  readonly tokenizer: Tokenizer | undefined;
  /** Its compact file. */
  pack(): Uint8Array;
}

/** Options of `Trainer.create`: a text, or tokens. */
export interface TrainerOptions extends BackendOptions {
  /** Documents, separated by lines `<|endoftext|>`. Needs the tokenizer. */
  text?: string | undefined;
  tokens?: ArrayLike<number> | undefined;
  /**
   * A model whose weights are where the training begins (fine-tuning). Config and tokenizer are then its
   * own; given ones must agree with them. It is not changed, and may be destroyed afterwards.
   */
  from?: StartModel | undefined;
  /** Goes into the model. */
  tokenizer?: Tokenizer | TokenizerSource | undefined;
  /** What is left out: 4 layers of induction, hiddenDim 128, mlpDim 4 hiddenDim. */
  config?:
    | (Partial<Omit<LlamaConfig, 'mixers'>> & { mixers?: readonly Mixer[] | Mixer })
    | undefined;
  training?: Partial<TrainingOptions> | undefined;
  /** Goes on from what `save` of a trainer with the same options gave. */
  checkpoint?: Uint8Array | undefined;
  /** Ends the making of tokens, the longest part, with the code `ABORTED`. */
  signal?: AbortSignalLike | undefined;
}

/** One step of training. */
export interface TrainingStep {
  /** Steps done, this one included. */
  step: number;
  /** Mean loss of the step's tokens, in nats. */
  loss: number;
  learningRate: number;
  gradientNorm: number;
  /** Trained on since the start. */
  tokens: number;
  tokensPerSecond: number;
  /** Until the last step of the schedule. */
  secondsLeft: number;
}

/** Options of `Trainer.run`. */
export interface RunOptions {
  /** Ends the training between two steps with the code `ABORTED`. */
  signal?: AbortSignalLike | undefined;
  /** Up to this step; the last of the schedule unless given. */
  until?: number | undefined;
}

/** Options of `evaluateText`. */
export interface EvaluateOptions extends SignalOptions, SessionOptions {}

/** How well a model predicts a text. */
export interface Evaluation {
  /** Tokens scored: those of the documents, and the separator after each. */
  tokens: number;
  /** UTF-8 bytes of the documents. */
  bytes: number;
  documents: number;
  /** Not a number if there are no tokens, or no bytes. */
  natsPerToken: number;
  bitsPerByte: number;
}

/** Options of `proofread`. */
export interface ProofreadOptions extends SignalOptions, SessionOptions {
  /** The share of words that are marked: 0 to 1, 0.05 unless given. */
  share?: number | undefined;
}

/** A word of a text that was read by `proofread`. */
export interface ReadWord {
  text: string;
  /** Its place in the text, in UTF-16 units, without `end`. */
  start: number;
  end: number;
  /** -log2 of its probability after all before it. */
  bits: number;
  /** How much a reader would stumble over it, for comparison with the other words of the text. */
  score: number;
  /** It is among the share of words with the highest scores. */
  marked: boolean;
}
