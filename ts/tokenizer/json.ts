/**
 * json.ts - the types of a tokenizer.json, and the one of a trained vocabulary.
 * SPDX-License-Identifier: MIT
 */

/** A token that is found in a text before the text is cut into words. */
export interface AddedTokenJson {
  id: number;
  content: string;
  single_word?: boolean;
  lstrip?: boolean;
  rstrip?: boolean;
  normalized?: boolean;
  special?: boolean;
}

/** Two tokens that become one; older files write them as one string with a space between. */
export type MergeJson = readonly [string, string] | string;

/** The part of a `BPE` model that is used here. */
export interface BpeModelJson {
  type?: string;
  vocab: Record<string, number>;
  merges: readonly MergeJson[];
  [key: string]: unknown;
}

/** A tokenizer.json of HuggingFace's libraries, as far as this package uses it. */
export interface TokenizerJson {
  version?: string;
  added_tokens?: readonly AddedTokenJson[];
  normalizer?: unknown;
  pre_tokenizer?: unknown;
  post_processor?: unknown;
  decoder?: unknown;
  model: BpeModelJson;
  [key: string]: unknown;
}

/** The `ByteLevel` step, as HuggingFace's library writes it for encoding and decoding alike. */
function byteLevel(addPrefixSpace: boolean): object {
  return {
    type: 'ByteLevel',
    add_prefix_space: addPrefixSpace,
    trim_offsets: true,
    use_regex: true,
  };
}

function specialToken(content: string, id: number): AddedTokenJson {
  return {
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  };
}

/**
 * The file of a byte-level BPE tokenizer: `tokens` by id, of which the first `specials` are
 * special, and the merges in order of rank.
 */
export function makeTokenizerJson(
  tokens: readonly string[],
  specials: number,
  merges: readonly (readonly [string, string])[],
): TokenizerJson {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: tokens.slice(0, specials).map(specialToken),
    normalizer: null,
    pre_tokenizer: byteLevel(false),
    post_processor: null,
    decoder: byteLevel(true),
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
}
