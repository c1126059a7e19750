/* base.h - shared by all public headers: symbol visibility, status codes, errors.
 * SPDX-License-Identifier: MIT */
#ifndef BIT_TTT_BASE_H
#define BIT_TTT_BASE_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32) && defined(BIT_TTT_BUILD)
#define BT_API __declspec(dllexport)
#elif defined(_WIN32) && !defined(BIT_TTT_STATIC)
#define BT_API __declspec(dllimport)
#elif defined(__GNUC__)
#define BT_API __attribute__((visibility("default")))
#else
#define BT_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Every function that can fail returns one of these as an int. 0, 1, 2 and 99 are those of the
 * original; 3 to 59 belong to this library, 60 to 98 to language bindings. */
typedef enum ttt_status {
    TTT_OK = 0,
    TTT_NULL_POINTER = 1,         /* a required pointer is NULL */
    TTT_DIMENSION_MISMATCH = 2,   /* a length, hidden_dim or seq_len is wrong or out of range */
    TTT_NON_FINITE = 3,           /* the input holds a NaN or an infinity */
    TTT_INPUT_RANGE = 4,          /* a finite input so large that its projection overflows */
    TTT_DIVERGED = 5,             /* the learning rate made the memory grow without bound */
    TTT_OUT_OF_MEMORY = 6,        /* an allocation, or the start of a thread, failed */
    TTT_INVALID_CONFIG = 7,       /* a field of a configuration is out of its range */
    TTT_INVALID_WEIGHTS = 8,      /* a weight other than -1, 0 or 1 */
    TTT_OVERLAP = 9,              /* input, output or surprise overlap in part */
    TTT_UNKNOWN_KERNEL = 10,      /* no kernel of that name is compiled in */
    TTT_UNSUPPORTED_KERNEL = 11,  /* compiled in, but this CPU cannot run it */
    TTT_BUFFER_SIZE = 12,         /* the caller's buffer is too small */
    TTT_STATE_DAMAGED = 20,       /* not a state, truncated, or a byte was changed */
    TTT_STATE_VERSION = 21,       /* written by a newer version of the format */
    TTT_STATE_DIMENSIONS = 22,    /* of a layer with another hidden_dim */
    TTT_STATE_LEARNING_RATE = 23, /* of a layer with another inner_lr */
    TTT_STATE_OBJECTIVE = 24,     /* of a layer with another objective */
    TTT_STATE_WEIGHTS = 25,       /* of a layer or model with other weights */
    TTT_STATE_RECALL = 26,        /* of a recall of another size, vocabulary or order */
    TTT_STATE_RULE = 27,          /* of a layer with another rule, forgetting or ridge */
    TTT_INVALID_TOKEN = 30,       /* a token id that the vocabulary does not have */
    TTT_INVALID_OPTION = 31,      /* a sampling or training option out of its range */
    TTT_INVALID_PROBABILITY =
        32,                    /* a base probability below 0 or above 1, NaN, or no distribution */
    TTT_MODEL_FORMAT = 40,     /* not a model file, truncated, or its structure is damaged */
    TTT_MODEL_VERSION = 41,    /* of a newer version of the format, or the unreleased first */
    TTT_MODEL_CONFIG = 42,     /* the configuration is missing, malformed or out of range */
    TTT_MODEL_TENSOR = 43,     /* a tensor is missing or has the wrong shape or dtype */
    TTT_MODEL_NON_FINITE = 44, /* a tensor holds a NaN, an infinity or too large a value */
    TTT_CHECKPOINT = 45,       /* a training checkpoint that is damaged or of another training */
    TTT_INVALID_DATA = 46,     /* too few training tokens, or a tokenizer that is no JSON */
    TTT_PANIC = 99             /* reserved for an internal failure; never returned */
} ttt_status;

/* What is wrong with an input, and where in a file. Functions fill it on failure alone. */
typedef struct ttt_error {
    int status;      /* a ttt_status */
    uint64_t offset; /* in bytes from the start of the file, or 0 */
    char text[256];  /* one sentence that names what is wrong, printable ASCII, never empty */
} ttt_error;

/* An English sentence for a status, a fixed one for unknown numbers; static, never NULL. */
BT_API const char *ttt_status_string(int status);

/* The version of the library, "MAJOR.MINOR.PATCH"; static. */
BT_API const char *ttt_version(void);

#ifdef __cplusplus
}
#endif
#endif
