/* test_state.c - saved states: they go on where they stopped on every kernel, and whatever is wrong
 * with one is refused with the memory untouched. The format is described in src/ttt/state.c.
 * SPDX-License-Identifier: MIT */
#include "base/crc32c.h"
#include "check.h"
#include "support.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    VERSION = 8,
    SIZE = 12,
    DIM = 16,
    FINGERPRINT = 24,
    RESERVED = 48,
    BODY_CRC = 56,
    HEADER_CRC = 60,
    HEADER = 64
};

/* CRC-32C bit by bit: polynomial 0x1edc6f41, reflected. */
static uint32_t crc32c(const uint8_t *p, size_t n)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
    }
    return ~crc;
}

static void put_u32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> 8 * i);
}

/* Makes a changed state's checksums right again. */
static void seal(uint8_t *state, size_t size)
{
    put_u32(state + BODY_CRC, crc32c(state + HEADER, size - HEADER));
    put_u32(state + HEADER_CRC, crc32c(state, HEADER_CRC));
}

/* A layer that has read some tokens, and its state. */
typedef struct subject {
    void *layer;
    uint8_t *state;
    size_t size;
} subject;

static subject make_subject(size_t dim, float rate, ttt_objective objective, size_t tokens)
{
    subject s = {.layer = make_layer(dim, rate, objective, 1)};
    float *x = make_tokens(31, dim, tokens ? tokens : 1, 0);
    if (tokens) REQUIRE(ttt_forward(s.layer, x, tokens, x) == TTT_OK);
    s.size = ttt_state_size(s.layer);
    s.state = must_alloc(s.size);
    REQUIRE(ttt_save_state(s.layer, s.state, s.size) == TTT_OK);
    free(x);
    return s;
}

static void free_subject(subject *s)
{
    ttt_destroy(s->layer);
    free(s->state);
}

/* Loading must give this status and change nothing. */
static void check_load_refused(void *layer, const void *state, size_t size, int status)
{
    snapshot before = snapshot_take(layer);
    CHECK_EQ(ttt_load_state(layer, state, size), status);
    snapshot_check(&before, layer);
}

/* ---- going on ------------------------------------------------------------------------------- */

/* Reads `before` tokens on one kernel, goes on from the saved state on another, and compares with
 * a layer that never stopped. */
static void check_resume(size_t dim, ttt_objective objective, size_t before, size_t after,
                         const char *kernel_a, const char *kernel_b)
{
    size_t tokens = before + after;
    float *x = make_tokens(32, dim, tokens, 11), *y = must_alloc(dim * tokens * sizeof *y);
    float *rest = must_alloc(dim * tokens * sizeof *rest);
    void *a = make_layer(dim, 0.4f, objective, 1), *b = make_layer(dim, 0.4f, objective, 1);
    check_context("dim=%zu objective=%d %zu tokens on %s, %zu on %s", dim, (int)objective, before,
                  kernel_a, after, kernel_b);
    use_kernel(kernel_a);
    if (before) CHECK_EQ(ttt_forward(a, x, before, y), TTT_OK);
    snapshot middle = snapshot_take(a);
    CHECK_EQ(ttt_load_state(b, middle.state, middle.size), TTT_OK);
    snapshot_check(&middle, b);
    CHECK_EQ(ttt_forward(a, x + before * dim, after, y + before * dim), TTT_OK);
    use_kernel(kernel_b);
    CHECK_EQ(ttt_forward(b, x + before * dim, after, rest), TTT_OK);
    CHECK_SAME(rest, y + before * dim, after * dim * sizeof *y);
    snapshot end = snapshot_take(a);
    snapshot_check(&end, b);
    ttt_destroy(a);
    ttt_destroy(b);
    free(x);
    free(y);
    free(rest);
}

static void resume(void)
{
    static const size_t dims[] = {4, 5, 8, 17, 64, 67, 130};
    static const size_t splits[][2] = {{0, 5}, {1, 1}, {63, 65}, {64, 64}, {65, 3}, {130, 70}};
    const char *names[8];
    size_t count = usable_kernels(names);
    for (size_t a = 0; a < count; a++)
        for (size_t b = 0; b < count; b++)
            for (size_t i = 0; i < 7; i++)
                for (size_t k = 0; k < 6; k++)
                    check_resume(dims[i], (ttt_objective)(k % 2), splits[k][0], splits[k][1],
                                 names[a], names[b]);
    use_best_kernel();
}

/* The file of a released version loads for ever, and the same tokens still give the same bytes. */
static void released_version(void)
{
    char *text = read_text(GOLDEN_FOLDER "/state_v1.hex");
    subject s = make_subject(8, 0.1f, TTT_PREDICT, 9);
    uint8_t *stored = must_zero(s.size);
    size_t used = 0;
    if (text)
        for (const char *p = text; used < s.size && sscanf(p, "%2hhx", &stored[used]) == 1;) {
            p += strcspn(p, "0123456789abcdef") + 2;
            used++;
        }
    CHECK_EQ(used, s.size);
    if (!CHECK_SAME(s.state, stored, s.size)) {
        printf("  computed:");
        for (size_t i = 0; i < s.size; i++) printf("%s%02x", i % 32 ? " " : "\n", s.state[i]);
        printf("\n");
    }
    void *fresh = make_layer(8, 0.1f, TTT_PREDICT, 1);
    CHECK_EQ(ttt_load_state(fresh, stored, s.size), TTT_OK);
    snapshot loaded = snapshot_take(fresh);
    snapshot_check(&loaded, s.layer);
    ttt_destroy(fresh);
    free(stored);
    free(text);
    free_subject(&s);
}

static void buffer_sizes(void)
{
    subject s = make_subject(17, 0.1f, TTT_RECONSTRUCT, 5);
    CHECK_EQ(s.size, HEADER + (4 * 4 + 2 * 4) * 4);
    for (size_t size = 0; size < s.size; size++) {
        guarded g = guard_alloc(size, true);
        memset(g.bytes, 0x5a, size);
        check_context("size=%zu", size);
        CHECK_EQ(ttt_save_state(s.layer, g.bytes, size), TTT_BUFFER_SIZE);
        size_t changed = 0;
        for (size_t i = 0; i < size; i++) changed += ((uint8_t *)g.bytes)[i] != 0x5a;
        CHECK_EQ(changed, 0);
        guard_free(&g);
    }
    for (int at_end = 0; at_end < 2; at_end++) {
        guarded g = guard_alloc(s.size, at_end);
        CHECK_EQ(ttt_save_state(s.layer, g.bytes, s.size), TTT_OK);
        CHECK_SAME(g.bytes, s.state, s.size);
        CHECK_EQ(ttt_load_state(s.layer, g.bytes, s.size), TTT_OK);
        guard_free(&g);
    }
    uint8_t *room = must_zero(s.size + 8); /* any alignment; what lies behind stays */
    for (size_t shift = 0; shift < 8; shift++) {
        memset(room, 0x5a, s.size + 8);
        CHECK_EQ(ttt_save_state(s.layer, room + shift, s.size + 8 - shift), TTT_OK);
        CHECK_SAME(room + shift, s.state, s.size);
        for (size_t i = shift + s.size; i < s.size + 8; i++) CHECK_EQ(room[i], 0x5a);
        CHECK_EQ(ttt_load_state(s.layer, room + shift, s.size), TTT_OK);
    }
    free(room);
    free_subject(&s);
}

/* ---- damage --------------------------------------------------------------------------------- */

static const size_t small_dims[] = {4, 8, 17};

/* The core's sums, of eight bytes at a time: every length and alignment, in one piece and in two. */
static void checksums(void)
{
    enum { MOST = 67 };
    uint8_t bytes[MOST + 8];
    CHECK(crc32c((const uint8_t *)"123456789", 9) == 0xe3069283u);
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * 151 + (i >> 3));
    for (size_t shift = 0; shift < 8; shift++)
        for (size_t n = 0; n <= MOST; n++) {
            const uint8_t *p = bytes + shift;
            check_context("%zu bytes at %zu", n, shift);
            CHECK(bt_crc32c(p, n) == crc32c(p, n));
            for (size_t cut = 0; cut <= n; cut++)
                CHECK(bt_crc32c_more(bt_crc32c(p, cut), p + cut, n - cut) == crc32c(p, n));
        }
}

static void every_bit(void)
{
    for (size_t i = 0; i < 3; i++) {
        subject s = make_subject(small_dims[i], 0.1f, TTT_RECONSTRUCT, 6);
        for (size_t bit = 0; bit < s.size * 8; bit++) {
            s.state[bit / 8] ^= (uint8_t)(1u << bit % 8);
            check_context("dim=%zu bit %zu of byte %zu", small_dims[i], bit % 8, bit / 8);
            check_load_refused(s.layer, s.state, s.size, TTT_STATE_DAMAGED);
            s.state[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        CHECK_EQ(ttt_load_state(s.layer, s.state, s.size), TTT_OK);
        free_subject(&s);
    }
}

/* Every value of every byte, and bytes of other places. */
static void every_byte(void)
{
    subject s = make_subject(8, 0.1f, TTT_PREDICT, 6);
    for (size_t at = 0; at < s.size; at++) {
        uint8_t kept = s.state[at];
        check_context("byte %zu", at);
        for (unsigned v = 0; v < 256; v++) {
            s.state[at] = (uint8_t)v;
            if (v != kept) check_load_refused(s.layer, s.state, s.size, TTT_STATE_DAMAGED);
        }
        s.state[at] = kept;
        uint8_t *shifted = must_copy(s.state, s.size);
        memmove(shifted + at, s.state + at + 1, s.size - at - 1); /* one byte lost */
        if (memcmp(shifted, s.state, s.size) != 0)
            check_load_refused(s.layer, shifted, s.size, TTT_STATE_DAMAGED);
        free(shifted);
    }
    free_subject(&s);
}

static void every_length(void)
{
    for (size_t i = 0; i < 3; i++) {
        subject s = make_subject(small_dims[i], 0.1f, TTT_RECONSTRUCT, 6);
        for (size_t size = 0; size < s.size + 70; size++) {
            if (size == s.size) continue;
            guarded g = guard_alloc(size, true); /* not a byte past the end is read */
            memset(g.bytes, 0, size);
            memcpy(g.bytes, s.state, size < s.size ? size : s.size);
            check_context("dim=%zu size %zu instead of %zu", small_dims[i], size, s.size);
            check_load_refused(s.layer, g.bytes, size, TTT_STATE_DAMAGED);
            guard_free(&g);
        }
        free_subject(&s);
    }
}

/* ---- other layers' states ------------------------------------------------------------------- */

static void mismatches(void)
{
    subject s = make_subject(16, 0.1f, TTT_RECONSTRUCT, 6);
    subject dims[] = {make_subject(17, 0.1f, TTT_RECONSTRUCT, 6),
                      make_subject(15, 0.1f, TTT_RECONSTRUCT, 6),
                      make_subject(64, 0.1f, TTT_RECONSTRUCT, 6)};
    for (size_t i = 0; i < 3; i++) {
        check_load_refused(dims[i].layer, s.state, s.size, TTT_STATE_DIMENSIONS);
        check_load_refused(s.layer, dims[i].state, dims[i].size, TTT_STATE_DIMENSIONS);
        free_subject(&dims[i]);
    }
    static const float rates[] = {0.2f, 0.10000001f, -0.1f, 0};
    for (size_t i = 0; i < 4; i++) {
        subject other = make_subject(16, rates[i], TTT_RECONSTRUCT, 6);
        check_context("rate=%.9g", (double)rates[i]);
        check_load_refused(other.layer, s.state, s.size, TTT_STATE_LEARNING_RATE);
        check_load_refused(s.layer, other.state, other.size, TTT_STATE_LEARNING_RATE);
        free_subject(&other);
    }
    subject predict = make_subject(16, 0.1f, TTT_PREDICT, 6);
    check_context("objective");
    check_load_refused(predict.layer, s.state, s.size, TTT_STATE_OBJECTIVE);
    check_load_refused(s.layer, predict.state, predict.size, TTT_STATE_OBJECTIVE);
    free_subject(&predict);

    int8_t down[64], up[64];
    subject other = make_subject(16, 0.1f, TTT_RECONSTRUCT, 6);
    check_context("weights");
    CHECK_EQ(ttt_get_weights(other.layer, down, up), TTT_OK);
    down[17] = down[17] == 0;
    CHECK_EQ(ttt_set_weights(other.layer, down, up), TTT_OK);
    check_load_refused(other.layer, s.state, s.size, TTT_STATE_WEIGHTS);
    CHECK_EQ(ttt_save_state(other.layer, other.state, other.size), TTT_OK);
    check_load_refused(s.layer, other.state, other.size, TTT_STATE_WEIGHTS);
    free_subject(&other);
    free_subject(&s);
}

static void versions(void)
{
    subject s = make_subject(8, 0.1f, TTT_RECONSTRUCT, 3);
    static const uint32_t newer[] = {3, 4, 256, 0x7fffffff, 0x80000000u, 0xffffffffu};
    for (size_t i = 0; i < 6; i++) {
        put_u32(s.state + VERSION, newer[i]);
        seal(s.state, s.size);
        check_context("version=%u", newer[i]);
        check_load_refused(s.layer, s.state, s.size, TTT_STATE_VERSION);
    }
    /* a newer one may be longer; without a valid checksum it is just damaged */
    uint8_t *longer = must_zero(s.size + 100);
    memcpy(longer, s.state, s.size);
    check_load_refused(s.layer, longer, s.size + 100, TTT_STATE_VERSION);
    longer[HEADER_CRC] ^= 1;
    check_load_refused(s.layer, longer, s.size + 100, TTT_STATE_DAMAGED);
    free(longer);
    for (uint32_t version = 0; version <= 2; version += 2) {
        put_u32(s.state + VERSION, version); /* 2: but not with the fields of rls */
        seal(s.state, s.size);
        check_load_refused(s.layer, s.state, s.size, TTT_STATE_DAMAGED);
    }
    free_subject(&s);
}

/* ---- forged states -------------------------------------------------------------------------- */

/* What a loaded layer then computes is finite, or refused with nothing changed. */
static void check_still_sane(void *layer)
{
    size_t dim = ttt_hidden_dim(layer), seq = 70, len = dim * seq;
    float *x = make_tokens(33, dim, seq, 0), *y = must_zero(len * sizeof *y);
    float *surprise = must_zero(seq * sizeof *surprise);
    for (int turn = 0; turn < 3; turn++) {
        snapshot before = snapshot_take(layer);
        size_t n = turn ? seq : 1;
        int status = ttt_forward_ex(layer, x, n * dim, n, y, n * dim, surprise);
        CHECK(status == TTT_OK || status == TTT_DIVERGED);
        CHECK(all_finite(y, n * dim) && all_finite(surprise, n));
        if (status == TTT_OK) free(before.state);
        else snapshot_check(&before, layer);
    }
    free(x);
    free(y);
    free(surprise);
}

/* The right checksum around a wrong float. */
static void forged_values(void)
{
    static const float values[] = {1,     1.5f,  1e3f,    0x1p30f,  0x1p40f, 0x1p41f,
                                   1e20f, 1e30f, FLT_MAX, -FLT_MAX, 1e-45f};
    static const uint32_t refused[] = {0x7f800000u, 0xff800000u, 0x7fc00000u, 0x7f800001u};
    for (int objective = 0; objective < 2; objective++)
        for (size_t i = 0; i < 3; i++) {
            subject s = make_subject(small_dims[i], 1.5f, (ttt_objective)objective, 6);
            uint8_t *kept = must_copy(s.state, s.size);
            for (size_t at = HEADER; at < s.size; at += 4) {
                for (size_t k = 0; k < 4; k++) {
                    put_u32(s.state + at, refused[k]);
                    seal(s.state, s.size);
                    check_context("dim=%zu bits %08x at %zu", small_dims[i], refused[k], at);
                    check_load_refused(s.layer, s.state, s.size, TTT_STATE_DAMAGED);
                }
                for (size_t k = 0; k < sizeof values / sizeof values[0]; k++) {
                    void *layer = ttt_clone(s.layer);
                    REQUIRE(layer != NULL);
                    put_u32(s.state + at, bits_of(values[k]));
                    seal(s.state, s.size);
                    check_context("dim=%zu objective=%d %g at %zu", small_dims[i], objective,
                                  (double)values[k], at);
                    if (ttt_load_state(layer, s.state, s.size) == TTT_OK) check_still_sane(layer);
                    else check_load_refused(layer, s.state, s.size, TTT_STATE_DAMAGED);
                    ttt_destroy(layer);
                }
                memcpy(s.state + at, kept + at, 4);
            }
            free(kept);
            free_subject(&s);
        }
}

/* All floats at once as large as they come. */
static void forged_whole(void)
{
    static const float values[] = {1, 1e3f, 0x1p20f, 0x1p40f, 0x1p41f, 1e30f, FLT_MAX};
    for (int objective = 0; objective < 2; objective++)
        for (size_t k = 0; k < sizeof values / sizeof values[0]; k++)
            for (int from = 0; from < 2; from++) {
                subject s = make_subject(64, 1.9f, (ttt_objective)objective, 6);
                check_context("objective=%d %g from=%d", objective, (double)values[k], from);
                /* everything, or the last token's feature and reading only */
                for (size_t at = from ? s.size - 128 : HEADER; at < s.size; at += 4)
                    put_u32(s.state + at, bits_of(at % 8 ? values[k] : -values[k]));
                seal(s.state, s.size);
                int status = ttt_load_state(s.layer, s.state, s.size);
                CHECK(status == TTT_OK || status == TTT_STATE_DAMAGED);
                check_still_sane(s.layer);
                free_subject(&s);
            }
}

/* Headers with random fields and right checksums: each is refused, or it is the layer's own. */
static void forged_headers(void)
{
    rng r = {34};
    subject s = make_subject(8, 0.1f, TTT_RECONSTRUCT, 3);
    size_t rounds = check_quick() ? 2000 : 20000;
    for (size_t i = 0; i < rounds; i++) {
        uint8_t *state = must_copy(s.state, s.size);
        size_t changes = rng_below(&r, 3) + 1;
        for (size_t k = 0; k < changes; k++)
            state[rng_below(&r, BODY_CRC)] = (uint8_t)(rng_below(&r, 4) ? rng_next(&r) : 255);
        seal(state, s.size);
        check_context("round %zu", i);
        snapshot before = snapshot_take(s.layer);
        int status = ttt_load_state(s.layer, state, s.size);
        if (status == TTT_OK) {
            free(before.state); /* only the count of tokens is the state's own business */
            memcpy(state + 32, s.state + 32, 8);
            seal(state, s.size);
            CHECK_SAME(state, s.state, s.size);
        } else {
            CHECK(status >= TTT_STATE_DAMAGED && status <= TTT_STATE_WEIGHTS);
            snapshot_check(&before, s.layer);
        }
        free(state);
    }
    /* the zero of the header stays reserved */
    for (size_t at = RESERVED; at < BODY_CRC; at++) {
        uint8_t *state = must_copy(s.state, s.size);
        state[at] = 1;
        seal(state, s.size);
        check_load_refused(s.layer, state, s.size, TTT_STATE_DAMAGED);
        free(state);
    }
    free_subject(&s);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"resume", resume},
        {"released_version", released_version},
        {"buffer_sizes", buffer_sizes},
        {"checksums", checksums},
        {"every_bit", every_bit},
        {"every_byte", every_byte},
        {"every_length", every_length},
        {"mismatches", mismatches},
        {"versions", versions},
        {"forged_values", forged_values},
        {"forged_whole", forged_whole},
        {"forged_headers", forged_headers},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
