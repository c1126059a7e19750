/* status.c - the sentences of the status codes, and the version.
 * SPDX-License-Identifier: MIT */
#include <bit_ttt/base.h>

const char *ttt_status_string(int status)
{
    switch (status) {
    case TTT_OK: return "ok";
    case TTT_NULL_POINTER: return "a required pointer is NULL";
    case TTT_DIMENSION_MISMATCH: return "a dimension or length is wrong";
    case TTT_NON_FINITE: return "the input holds a NaN or an infinity";
    case TTT_INPUT_RANGE: return "an input value is too large to be projected";
    case TTT_DIVERGED: return "the memory diverges with this learning rate";
    case TTT_OUT_OF_MEMORY: return "out of memory or threads";
    case TTT_INVALID_CONFIG: return "the configuration is invalid";
    case TTT_INVALID_WEIGHTS: return "a weight is not -1, 0 or 1";
    case TTT_OVERLAP: return "input, output or surprise overlap in part";
    case TTT_UNKNOWN_KERNEL: return "no kernel of that name";
    case TTT_UNSUPPORTED_KERNEL: return "this CPU cannot run that kernel";
    case TTT_BUFFER_SIZE: return "the buffer is too small";
    case TTT_STATE_DAMAGED: return "not a saved state, or a damaged one";
    case TTT_STATE_VERSION: return "the state was written by a newer version";
    case TTT_STATE_DIMENSIONS: return "the state is of a layer with another hidden_dim";
    case TTT_STATE_LEARNING_RATE: return "the state is of a layer with another learning rate";
    case TTT_STATE_OBJECTIVE: return "the state is of a layer with another objective";
    case TTT_STATE_WEIGHTS: return "the state is of a layer or model with other weights";
    case TTT_STATE_RECALL: return "the state is of a recall of another size or vocabulary";
    case TTT_STATE_RULE: return "the state is of a layer with another learning rule";
    case TTT_INVALID_TOKEN: return "a token is not in the vocabulary";
    case TTT_INVALID_OPTION: return "an option is out of its range";
    case TTT_INVALID_PROBABILITY: return "a probability, or their sum, is out of its range";
    case TTT_MODEL_FORMAT: return "not a model file, or a damaged one";
    case TTT_MODEL_VERSION: return "the model is of a version of the format that cannot be read";
    case TTT_MODEL_CONFIG: return "the model's configuration is missing or invalid";
    case TTT_MODEL_TENSOR: return "a tensor of the model is missing or has the wrong shape";
    case TTT_MODEL_NON_FINITE: return "a tensor holds a NaN, an infinity or too large a value";
    case TTT_CHECKPOINT: return "the checkpoint is damaged, or of another training";
    case TTT_INVALID_DATA: return "the data cannot be used";
    case TTT_PANIC: return "internal failure";
    default: return "unknown status";
    }
}

const char *ttt_version(void)
{
    return BIT_TTT_VERSION;
}
