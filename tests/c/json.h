/* json.h - a small strict JSON reader for the test vectors.
 * SPDX-License-Identifier: MIT */
#ifndef JSON_H
#define JSON_H

#include <stddef.h>

typedef enum { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT } json_kind;

/* A value. Members and elements are a list: child is the first, next the one after. */
typedef struct json {
    json_kind kind;
    double number; /* of a number; 0 or 1 of a bool */
    char *text;    /* of a string, its bytes with a terminating zero */
    char *key;     /* of an object's member */
    size_t count;  /* of an array or object */
    struct json *child, *next;
} json;

/* NULL if the text is not one JSON value. Unlike the standard it refuses \u escapes, which no
 * vector needs. Free with json_free. */
json *json_parse(const char *text);
void json_free(json *value); /* NULL is fine */

/* The member of that name, or NULL. */
const json *json_get(const json *object, const char *key);
/* A member's number or text; leaves the test case if it is missing or of another kind. */
double json_number(const json *object, const char *key);
const char *json_text(const json *object, const char *key);

#endif
