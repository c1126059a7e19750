/* json.c - recursive descent over JSON, with a cap on the depth.
 * SPDX-License-Identifier: MIT */
#include "json.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 16

static json *parse_value(const char **at, int depth);

static void skip_space(const char **at)
{
    *at += strspn(*at, " \t\r\n");
}

static bool take(const char **at, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(*at, word, n) != 0) return false;
    *at += n;
    return true;
}

void json_free(json *value)
{
    while (value) {
        json *next = value->next;
        json_free(value->child);
        free(value->text);
        free(value->key);
        free(value);
        value = next;
    }
}

/* A string after its opening quote, or NULL. */
static char *parse_text(const char **at)
{
    size_t used = 0;
    char *text = malloc(strcspn(*at, "\n") + 1); /* no string spans lines */
    if (!text) return NULL;
    for (const char *p = *at; (unsigned char)*p >= 0x20; p++) {
        if (*p == '"') {
            text[used] = 0;
            *at = p + 1;
            return text;
        }
        char c = *p;
        if (c == '\\') {
            static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
            const char *which = *++p ? strchr(from, *p) : NULL;
            if (!which) break;
            c = to[which - from];
        }
        text[used++] = c;
    }
    free(text);
    return NULL;
}

/* Digits of a number as JSON writes them: no plus, no leading zero, no bare point. */
static bool parse_number(const char **at, double *number)
{
    const char *p = *at;
    if (*p == '-') p++;
    size_t digits = strspn(p, "0123456789");
    if (digits == 0 || (*p == '0' && digits > 1)) return false;
    p += digits;
    if (*p == '.') {
        digits = strspn(++p, "0123456789");
        if (digits == 0) return false;
        p += digits;
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        if (*p == '+' || *p == '-') p++;
        digits = strspn(p, "0123456789");
        if (digits == 0) return false;
        p += digits;
    }
    char *end;
    *number = strtod(*at, &end);
    if (end != p) return false;
    *at = p;
    return true;
}

/* Elements or members up to the closing bracket. */
static bool parse_list(const char **at, json *list, char close, int depth)
{
    json **tail = &list->child;
    skip_space(at);
    if (**at == close) {
        (*at)++;
        return true;
    }
    for (;;) {
        char *key = NULL;
        skip_space(at);
        if (list->kind == JSON_OBJECT) {
            if (!take(at, "\"") || !(key = parse_text(at))) return false;
            skip_space(at);
            if (json_get(list, key) || !take(at, ":")) {
                free(key);
                return false;
            }
        }
        json *value = parse_value(at, depth + 1);
        if (!value) {
            free(key);
            return false;
        }
        value->key = key;
        *tail = value;
        tail = &value->next;
        list->count++;
        skip_space(at);
        char c = *(*at)++;
        if (c == close) return true;
        if (c != ',') return false;
    }
}

static json *parse_value(const char **at, int depth)
{
    json *value = calloc(1, sizeof *value);
    bool good = false;
    if (!value || depth > MAX_DEPTH) {
        free(value);
        return NULL;
    }
    skip_space(at);
    if (take(at, "null")) {
        good = true;
    } else if (take(at, "true") || take(at, "false")) {
        value->kind = JSON_BOOL;
        value->number = (*at)[-2] == 'u'; /* tr-u-e, fal-s-e */
        good = true;
    } else if (take(at, "\"")) {
        value->kind = JSON_STRING;
        good = (value->text = parse_text(at)) != NULL;
    } else if (take(at, "[")) {
        value->kind = JSON_ARRAY;
        good = parse_list(at, value, ']', depth);
    } else if (take(at, "{")) {
        value->kind = JSON_OBJECT;
        good = parse_list(at, value, '}', depth);
    } else {
        value->kind = JSON_NUMBER;
        good = parse_number(at, &value->number);
    }
    if (good) return value;
    json_free(value);
    return NULL;
}

json *json_parse(const char *text)
{
    json *value = parse_value(&text, 0);
    skip_space(&text);
    if (value && *text == 0) return value;
    json_free(value);
    return NULL;
}

const json *json_get(const json *object, const char *key)
{
    if (!object || object->kind != JSON_OBJECT) return NULL;
    for (const json *member = object->child; member; member = member->next)
        if (strcmp(member->key, key) == 0) return member;
    return NULL;
}

double json_number(const json *object, const char *key)
{
    const json *member = json_get(object, key);
    REQUIRE(member && member->kind == JSON_NUMBER);
    return member->number;
}

const char *json_text(const json *object, const char *key)
{
    const json *member = json_get(object, key);
    REQUIRE(member && member->kind == JSON_STRING);
    return member->text;
}
