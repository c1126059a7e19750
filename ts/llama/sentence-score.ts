/**
 * sentence-score.ts - how likely it is that a sentence of a text belongs to another one, by what a model says
 * about it.
 *
 * The weights were fitted by conditional logistic regression, on documents into which a sentence of another text
 * was put, and on the same documents without it.
 * SPDX-License-Identifier: MIT
 */

/** What a model says about a sentence, in bits. */
export interface SentenceEvidence {
  characters: number;
  words: number;
  tokens: number;
  /** It takes so many where it stands, by itself, and read once more after what follows it. */
  bits: number;
  alone: number;
  after: number;
  /** So many more what follows takes than if the sentence were not there. */
  harm: number;
}

/** For each of the features below, and the score of "no sentence of this text". */
const WEIGHTS = [1.38, -0.146, 1.65, 0.358, -0.206, -0.547, -1.88, -0.0906, -0.753, 0.152] as const;
const NONE = 5.17;

function featuresOf(one: SentenceEvidence): number[] {
  const { characters, words, tokens, bits, alone, after, harm } = one;
  return [
    bits / characters,
    bits / words,
    (bits - alone) / tokens,
    (after - alone) / words,
    (after - bits) / words,
    after / alone,
    Math.log(words),
    after / characters,
    characters / words,
    harm,
  ];
}

/**
 * For each sentence of a text the logarithm of the odds that it is the one that does not belong there, at most
 * one being so. What counts is how it differs from the text's other sentences.
 */
export function sentenceOdds(sentences: readonly SentenceEvidence[]): number[] {
  const features = sentences.map(featuresOf);
  const means = WEIGHTS.map(
    (_, k) => features.reduce((sum, one) => sum + one[k]!, 0) / features.length,
  );
  const scores = features.map((one) =>
    one.reduce((sum, value, k) => sum + WEIGHTS[k]! * (value - means[k]!), 0),
  );
  const most = Math.max(NONE, ...scores);
  const weights = scores.map((score) => Math.exp(score - most));
  const all = weights.reduce((sum, weight) => sum + weight, Math.exp(NONE - most));
  return weights.map((weight) => Math.log(weight / Math.max(all - weight, Number.EPSILON * all)));
}
