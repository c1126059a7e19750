/* rules.h - hand-written headers that just keep or just break each rule of the reader.
 * SPDX-License-Identifier: MIT */
#ifndef RULES_H
#define RULES_H

#include <stddef.h>

typedef struct rule {
    const char *name;
    const char *header; /* has no NUL */
    size_t data_size;   /* bytes of tensor data in the file */
    int code;           /* bt_io_code */
} rule;

extern const rule rules[];
extern const size_t rule_count;

#endif
