/* fpenv_calls.h - calls of the library by a caller that rounds otherwise, flushes denormals to zero or lets
 * exceptions trap: its setting must be left alone, and what comes out must not depend on it.
 * SPDX-License-Identifier: MIT */
#ifndef FPENV_CALLS_H
#define FPENV_CALLS_H

#include <stddef.h>
#include <stdint.h>

/* One call in the setting of the moment, which must be left. Its text says which function it is. */
#define CALL(call)                                                                                 \
    do {                                                                                           \
        before_call(#call);                                                                        \
        call;                                                                                      \
        after_call();                                                                              \
    } while (0)
/* The same for a call that gives a status. */
#define GIVES(expected, call)                                                                      \
    do {                                                                                           \
        int given = -1;                                                                            \
        CALL(given = (call));                                                                      \
        CHECK_EQ(given, expected);                                                                 \
    } while (0)
void before_call(const char *call);
void after_call(void);

/* Notes what a call gave. */
void keep(const void *bytes, size_t size);
void keep_number(uint64_t number);

/* Runs it in every setting, the default first: all must keep the same. */
void compare_settings(void (*run)(void));

/* That every function of exports.txt whose name begins so has been called. */
void check_all_called(const char *prefix);

#endif
