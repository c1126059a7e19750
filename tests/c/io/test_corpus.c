/* test_corpus.c - the conformance corpus: nothing that the reference reader rejects is accepted,
 * and of what it accepts only five kinds of file are refused, each with its own code.
 *
 * The environment variable SAFETENSORS_CORPUS names a folder with corpus.bin (each case after its
 * size as u32), labels.txt and reference_accepts.txt; tests/tools/safetensors-corpus.sh makes one.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "image.h"

#include "base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the corpus is known to hold. */
enum { CASES = 51694, ACCEPTED = 509, REFUSED_ON_PURPOSE = 6 };

static char *read_part(const char *name, size_t *size)
{
    char path[1024];
    long end = -1;
    snprintf(path, sizeof path, "%s/%s", getenv("SAFETENSORS_CORPUS"), name);
    check_context("%s", path);
    FILE *file = fopen(path, "rb");
    REQUIRE(file != NULL);
    REQUIRE(fseek(file, 0, SEEK_END) == 0 && (end = ftell(file)) >= 0 && end < 1 << 28);
    rewind(file);
    char *bytes = take((size_t)end);
    *size = fread(bytes, 1, (size_t)end, file);
    CHECK_EQ(*size, end);
    fclose(file);
    return bytes;
}

/* One flag for each case, from numbers, one a line. */
static bool *read_verdicts(const char *text, size_t size)
{
    bool *accepts = take(CASES * sizeof *accepts);
    size_t count = 0, number = 0;
    memset(accepts, 0, CASES * sizeof *accepts);
    for (size_t i = 0; i <= size; i++) {
        bool digit = i < size && text[i] >= '0' && text[i] <= '9';
        if (digit) number = number * 10 + (size_t)(text[i] - '0');
        if (digit || i == 0 || text[i - 1] < '0') continue;
        REQUIRE(number < CASES && !accepts[number]);
        accepts[number] = true;
        number = 0;
        count++;
    }
    CHECK_EQ(count, ACCEPTED);
    return accepts;
}

static const struct {
    const char *label;
    int code;
} on_purpose[REFUSED_ON_PURPOSE] = {
    {"rule:ok-9-dims", BT_ST_RANK},
    {"rule:ok-64-dims", BT_ST_RANK},
    {"rule:shape0-[0,18446744073709551615]", BT_ST_DIMENSION},
    {"rule:nul-in-name", BT_ST_NAME_NUL},
    {"rule:dup-key-same", BT_ST_NAME_TWICE},
    {"rule:meta-dupkey", BT_ST_METADATA_KEY_TWICE},
};

/* The code that a file which the reference accepts must give. */
static int expected_code(const char *label)
{
    for (size_t i = 0; i < REFUSED_ON_PURPOSE; i++)
        if (strcmp(label, on_purpose[i].label) == 0) return on_purpose[i].code;
    return BT_IO_OK;
}

typedef struct {
    size_t cases, accepted, refused, wrong, codes[BT_IO_CODE_END];
} tally;

static void judge(tally *t, const uint8_t *bytes, size_t size, bool reference, const char *label)
{
    const char *problem;
    int code = open_and_check(bytes, size, &problem);
    check_context("case %zu, %s: %s", t->cases, label, bt_io_text(code));
    if (reference) CHECK_EQ(code, expected_code(label));
    else CHECK(code != BT_IO_OK);
    if (!CHECK(problem == NULL)) printf("  %s\n", problem);
    if (code == BT_IO_OK && !reference) t->wrong++;
    if (code == BT_IO_OK && reference) t->accepted++;
    if (code != BT_IO_OK && reference) t->refused++;
    t->codes[code]++;
    t->cases++;
}

static void reference_corpus(void)
{
    if (!getenv("SAFETENSORS_CORPUS")) {
        check_skip("the reference corpus is not here; the hand-written rule breakers of "
                   "test_safetensors stand in for it");
        return;
    }
    size_t corpus_size, labels_size, accepts_size;
    char *corpus = read_part("corpus.bin", &corpus_size);
    char *labels = read_part("labels.txt", &labels_size);
    char *numbers = read_part("reference_accepts.txt", &accepts_size);
    bool *accepts = read_verdicts(numbers, accepts_size);
    tally *t = take(sizeof *t);
    memset(t, 0, sizeof *t);
    char *label = labels;
    for (size_t at = 0; at + 4 <= corpus_size && t->cases < CASES;) {
        size_t size = bt_get_u32((const uint8_t *)corpus + at);
        char *end = memchr(label, '\n', labels_size - (size_t)(label - labels));
        REQUIRE(size <= corpus_size - at - 4 && end);
        *end = 0;
        judge(t, (const uint8_t *)corpus + at + 4, size, accepts[t->cases], label);
        at += 4 + size;
        label = end + 1;
    }
    check_context("%s", "whole corpus");
    CHECK_EQ(t->cases, CASES);
    CHECK_EQ(t->wrong, 0);
    CHECK_EQ(t->refused, REFUSED_ON_PURPOSE);
    CHECK_EQ(t->accepted, ACCEPTED - REFUSED_ON_PURPOSE);
    check_note("%zu cases, %zu accepted, %zu wrongly; of the reference's %d, %zu refused on "
               "purpose",
               t->cases, t->accepted, t->wrong, ACCEPTED, t->refused);
    for (int code = 1; code < BT_IO_CODE_END; code++)
        if (t->codes[code]) check_note("%5zu %s", t->codes[code], bt_io_text(code));
    free(t);
    free(accepts);
    free(corpus);
    free(labels);
    free(numbers);
}

static const check_case cases[] = {{"reference_corpus", reference_corpus}};

int main(int argc, char **argv)
{
    return check_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
