# The core's sources that are the same everywhere, for the library and for the tests' own builds of it.
set(BIT_TTT_SOURCES
  base/alloc.c base/crc32c.c base/io_error.c base/status.c base/thread.c
  io/json.c io/json_number.c io/json_text.c io/order.c io/safetensors.c io/safetensors_header.c
  io/safetensors_write.c io/tensor.c
  kernels/layout.c kernels/registry.c
  model/block.c model/config.c model/config_json.c model/conformance.c model/error.c model/letters.c model/linear.c
  model/memory.c model/model.c model/pack.c model/params.c model/pieces.c model/quantize.c
  model/read.c model/rewrite.c model/sampler.c model/session.c model/session_read.c
  model/session_recall.c
  model/session_state.c model/shards.c model/suggest.c model/suggest_room.c
  model/suggest_search.c model/suggest_tally.c model/suggest_words.c model/unpack.c model/words.c
  model/write.c
  recall/conformance.c recall/counts.c recall/gates.c recall/kept.c recall/mix.c recall/recall.c
  recall/ring.c recall/search.c
  recall/state.c
  train/checkpoint.c train/dropout.c train/effective.c train/gemm.c train/mixer.c train/muon.c train/net.c
  train/ops.c train/pass.c train/start_from.c train/step.c train/trainer.c train/vectors.c
  ttt/conformance.c ttt/forward.c ttt/layer.c ttt/matrix.c ttt/rls.c ttt/state.c ttt/weights.c)
