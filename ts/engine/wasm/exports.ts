/**
 * exports.ts - what the WebAssembly module exports: the functions of include/bit_ttt that are called
 * here, whose parameters the headers describe, and malloc and free. This is the only list of them:
 * wasm/CMakeLists.txt reads the names from these lines.
 * SPDX-License-Identifier: MIT
 */

/** Pointers and sizes are unsigned 32-bit integers; those that come back need `>>> 0`. */
type Call = (...values: number[]) => number;
/** A uint64_t comes back as a signed BigInt. */
type BigCall = (pointer: number) => bigint;

export interface WasmExports {
  readonly memory: WebAssembly.Memory;
  malloc: Call;
  free: Call;
  ttt_create_from_config: Call;
  ttt_destroy: Call;
  ttt_forward_ex: Call;
  ttt_set_weights: Call;
  ttt_get_weights: Call;
  ttt_reset: Call;
  ttt_clone: Call;
  ttt_state_size: Call;
  ttt_save_state: Call;
  ttt_load_state: Call;
  ttt_threads: Call;
  ttt_tokens_seen: BigCall;
  ttt_weights_fingerprint: BigCall;
  ttt_footprint: Call;
  ttt_get_memory: Call;
  ttt_version: Call;
  ttt_kernel: Call;
  ttt_set_kernel: Call;
  ttt_kernel_count: Call;
  ttt_kernel_name: Call;
  ttt_kernel_usable: Call;
  ttt_conformance_hash: Call;
  ttt_recall_create: Call;
  ttt_recall_clone: Call;
  ttt_recall_reset: Call;
  ttt_recall_destroy: Call;
  ttt_recall_symbols: BigCall;
  ttt_recall_footprint: Call;
  ttt_recall_probability: Call;
  ttt_recall_learn: Call;
  ttt_recall_pass: Call;
  ttt_recall_state_size: Call;
  ttt_recall_save: Call;
  ttt_recall_load: Call;
  ttt_recall_conformance_hash: Call;
  ttt_rls_conformance_hash: Call;
  bitllama_open: Call;
  bitllama_open_sharded: Call;
  bitllama_release: Call;
  bitllama_parameters: BigCall;
  bitllama_fingerprint: BigCall;
  bitllama_model_footprint: Call;
  bitllama_config_json: Call;
  bitllama_tokenizer_json: Call;
  bitllama_pack: Call;
  bitllama_rewrite: Call;
  bitllama_session_create_with: Call;
  bitllama_session_destroy: Call;
  bitllama_session_fork: Call;
  bitllama_session_reset: Call;
  bitllama_session_tokens: BigCall;
  bitllama_session_footprint: Call;
  bitllama_session_read: Call;
  bitllama_session_write: Call;
  bitllama_session_reserve: Call;
  bitllama_session_logits: Call;
  bitllama_session_freeze: Call;
  bitllama_session_draw: Call;
  bitllama_session_suggest: Call;
  bitllama_session_state_size: Call;
  bitllama_session_save: Call;
  bitllama_session_load: Call;
  bitllama_trainer_create: Call;
  bitllama_trainer_destroy: Call;
  bitllama_trainer_steps: BigCall;
  bitllama_trainer_footprint: Call;
  bitllama_trainer_step: Call;
  bitllama_trainer_model: Call;
  bitllama_trainer_weights: Call;
  bitllama_trainer_state_size: Call;
  bitllama_trainer_save: Call;
  bitllama_trainer_load: Call;
  bitllama_trainer_start_from: Call;
  bitllama_conformance_hash: Call;
}
