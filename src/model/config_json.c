/* config_json.c - a model's configuration as JSON: config.json, and the header of a `.bitt` file.
 *
 * The original writes vocab_size, hidden_dim, num_layers and inner_lr; the defaults of the other
 * keys are what it computes: mixer "reconstruct", mlp_dim 4 hidden_dim, norm_eps 1e-5, and
 * BitLinear layers that neither rescale by s nor quantise activations. This project writes all
 * keys:
 *
 *   {"format_version": 2, "vocab_size", "hidden_dim", "num_layers", "mlp_dim", "inner_dim",
 *    "head_dim", "inner_lr", "norm_eps", "mixers": ["induction", ...],
 *    "bitlinear": {"rescale": true, "quantize_activations": true}}
 * SPDX-License-Identifier: MIT */
#include "../base/bytes.h"
#include "../io/json.h"
#include "config.h"
#include "error.h"

#include <string.h>

typedef struct {
    bt_json *json;
    uint64_t base;
    bt_model_config *config;
    ttt_error *error;
    bt_json_token key, token; /* read last */
    unsigned seen;            /* a bit for each key */
    size_t mixers;            /* length of their list, or SIZE_MAX: one for all layers */
} reader;

static const char *const mixer_names[] = {"reconstruct", "predict", "induction"};

static int fail(reader *r, const bt_json_token *at, int status, const char *sentence)
{
    const char *subject = r->key.length ? r->key.text : NULL;
    return bt_error(r->error, status, r->base + at->offset, subject, r->key.length, sentence);
}

static int fail_here(reader *r, const char *sentence)
{
    return fail(r, &r->token, TTT_MODEL_CONFIG, sentence);
}

static int next(reader *r)
{
    if (bt_json_next(r->json, &r->token) != BT_JSON_ERROR) return TTT_OK;
    return bt_error(r->error, TTT_MODEL_CONFIG, r->base + r->json->at, NULL, 0,
                    bt_io_text(r->json->code));
}

static int read_integer(reader *r, uint32_t *out)
{
    uint64_t value;
    int code = bt_json_integer(&r->token, UINT32_MAX, &value);
    if (code != BT_IO_OK) return fail_here(r, bt_io_text(code));
    *out = (uint32_t)value;
    return TTT_OK;
}

static int read_float(reader *r, float *out)
{
    double value;
    if (bt_json_double(&r->token, &value) != BT_IO_OK || !(value < 1e30 && value > -1e30))
        return fail_here(r, "this must be a number of reasonable size");
    *out = (float)value;
    return TTT_OK;
}

static int read_bool(reader *r, bool *inverted)
{
    if (r->token.kind != BT_JSON_TRUE && r->token.kind != BT_JSON_FALSE)
        return fail_here(r, "this must be true or false");
    *inverted = r->token.kind == BT_JSON_FALSE;
    return TTT_OK;
}

static int read_version(reader *r)
{
    int status = read_integer(r, &r->config->version);
    if (status == TTT_OK && r->config->version > BT_FORMAT_VERSION)
        status = fail(r, &r->token, TTT_MODEL_VERSION, "written by a newer version of the format");
    if (status == TTT_OK && r->config->version == 1)
        status = fail(r, &r->token, TTT_MODEL_VERSION,
                      "this version was never released: convert or train the model again");
    if (status == TTT_OK && r->config->version == 0) status = fail_here(r, "this must be 2");
    return status;
}

static int read_mixer(reader *r, uint8_t *out)
{
    if (r->token.kind == BT_JSON_STRING)
        for (size_t i = 0; i < sizeof mixer_names / sizeof *mixer_names; i++)
            if (bt_json_equals(&r->token, mixer_names[i])) {
                *out = (uint8_t)i;
                return TTT_OK;
            }
    return fail_here(r, "a mixer must be \"reconstruct\", \"predict\" or \"induction\"");
}

static int read_mixers(reader *r)
{
    if (r->token.kind == BT_JSON_STRING) {
        uint8_t mixer = 0;
        int status = read_mixer(r, &mixer);
        memset(r->config->mixers, mixer, sizeof r->config->mixers);
        return status;
    }
    if (r->token.kind != BT_JSON_ARRAY) return fail_here(r, "this must be a list of mixers");
    for (r->mixers = 0;; r->mixers++) {
        int status = next(r);
        if (status != TTT_OK) return status;
        if (r->token.kind == BT_JSON_ARRAY_END) return TTT_OK;
        if (r->mixers == BT_MAX_LAYERS) return fail_here(r, "more than 64 mixers");
        status = read_mixer(r, &r->config->mixers[r->mixers]);
        if (status != TTT_OK) return status;
    }
}

static int skip(reader *r)
{
    if (bt_json_skip(r->json, &r->token)) return TTT_OK;
    return next(r); /* which reports why */
}

static int read_bitlinear(reader *r)
{
    unsigned seen = 0;
    if (r->token.kind != BT_JSON_OBJECT) return fail_here(r, "this must be an object");
    for (;;) {
        int status = next(r);
        if (status != TTT_OK) return status;
        if (r->token.kind == BT_JSON_OBJECT_END)
            return seen == 3 ? status : fail_here(r, "this needs rescale and quantize_activations");
        bool rescale = bt_json_equals(&r->token, "rescale");
        bool quantize = bt_json_equals(&r->token, "quantize_activations");
        unsigned bit = rescale ? 1u : quantize ? 2u : 0u;
        if (seen & bit) return fail_here(r, "a key is given twice");
        seen |= bit;
        status = next(r);
        if (status == TTT_OK && rescale) status = read_bool(r, &r->config->unscaled);
        else if (status == TTT_OK && quantize) status = read_bool(r, &r->config->float_activations);
        else if (status == TTT_OK) status = skip(r);
        if (status != TTT_OK) return status;
    }
}

/* The keys; "mixer" is another name of "mixers". The first three are required. With format_version,
 * which files of this project have, all are: defaults are for files of the original alone. */
enum { VOCAB, DIM, LAYERS, MLP, INNER, HEAD, RATE, EPS, MIXERS, MIXER, BITLINEAR, FORMAT, KEYS };
static const char *const key_names[KEYS] = {
    "vocab_size", "hidden_dim", "num_layers", "mlp_dim", "inner_dim", "head_dim",
    "inner_lr",   "norm_eps",   "mixers",     "mixer",   "bitlinear", "format_version"};

static int read_value(reader *r, int key)
{
    bt_model_config *c = r->config;
    switch (key) {
    case VOCAB: return read_integer(r, &c->vocab);
    case DIM: return read_integer(r, &c->dim);
    case LAYERS: return read_integer(r, &c->layers);
    case MLP: return read_integer(r, &c->mlp);
    case INNER: return read_integer(r, &c->inner);
    case HEAD: return read_integer(r, &c->head);
    case RATE: return read_float(r, &c->rate);
    case EPS: return read_float(r, &c->norm_eps);
    case MIXERS:
    case MIXER: return read_mixers(r);
    case BITLINEAR: return read_bitlinear(r);
    case FORMAT: return read_version(r);
    default: return skip(r);
    }
}

static int read_entries(reader *r)
{
    for (;;) {
        r->key = (bt_json_token){.text = ""};
        int key = 0, status = next(r);
        if (status != TTT_OK || r->token.kind == BT_JSON_OBJECT_END) return status;
        r->key = r->token;
        while (key < KEYS && !bt_json_equals(&r->key, key_names[key])) key++;
        unsigned bit = key == KEYS ? 0u : 1u << (key == MIXER ? MIXERS : key);
        if (r->seen & bit) return fail_here(r, "this key is given twice");
        r->seen |= bit;
        status = next(r);
        if (status == TTT_OK) status = read_value(r, key);
        if (status != TTT_OK) return status;
    }
}

int bt_config_read(bt_json *json, uint64_t base, bt_model_config *c, ttt_error *error)
{
    uint64_t start = base + json->at;
    reader r = {.json = json, .base = base, .config = c, .error = error, .mixers = SIZE_MAX};
    *c = (bt_model_config){
        .rate = 0.1f, .norm_eps = 1e-5f, .unscaled = true, .float_activations = true};
    int status = read_entries(&r);
    if (status != TTT_OK) return status;
    for (unsigned i = VOCAB; i <= (c->version > 0 ? BITLINEAR : LAYERS); i++)
        if (i != MIXER && !(r.seen & 1u << i))
            return bt_error(error, TTT_MODEL_CONFIG, start, key_names[i], strlen(key_names[i]),
                            "this key is missing");
    if (!(r.seen & 1u << MLP)) c->mlp = c->dim < 1u << 28 ? 4 * c->dim : 0;
    if (r.mixers != SIZE_MAX && r.mixers != c->layers)
        return bt_error(error, TTT_MODEL_CONFIG, start, "mixers", 6, "there must be num_layers");
    for (size_t i = c->layers; i < BT_MAX_LAYERS; i++) c->mixers[i] = 0; /* unused */
    const char *problem = bt_config_problem(c);
    return problem ? bt_error(error, TTT_MODEL_CONFIG, start, NULL, 0, problem) : TTT_OK;
}

int bt_config_parse(const char *text, size_t size, bt_model_config *c, ttt_error *error)
{
    bt_json json;
    bt_json_token token;
    bt_json_init(&json, text, size, BT_JSON_LARGEST_DEPTH);
    bt_json_pass_mark(&json);
    bt_json_kind kind = bt_json_next(&json, &token);
    if (kind != BT_JSON_OBJECT && kind != BT_JSON_ERROR)
        return bt_error(error, TTT_MODEL_CONFIG, 0, NULL, 0, "the configuration must be an object");
    int status = kind == BT_JSON_ERROR ? TTT_OK : bt_config_read(&json, 0, c, error);
    if (status == TTT_OK && bt_json_next(&json, &token) != BT_JSON_END)
        status = bt_error(error, TTT_MODEL_CONFIG, json.at, "config", 6, bt_io_text(json.code));
    return status;
}

bool bt_take_json_object(const char **text, size_t *size)
{
    bt_json json;
    bt_json_token token;
    bt_json_init(&json, *text, *size, BT_JSON_LARGEST_DEPTH);
    bt_json_pass_mark(&json);
    *text += json.at;
    *size -= json.at;
    return bt_json_next(&json, &token) == BT_JSON_OBJECT && bt_json_skip(&json, &token) &&
           bt_json_next(&json, &token) == BT_JSON_END;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void put_key(bt_sink *s, int key)
{
    bt_put_text(s, s->at > 1 ? ",\"" : "\"");
    bt_put_text(s, key_names[key]);
    bt_put_text(s, "\":");
}

static void put_integer(bt_sink *s, int key, uint64_t value)
{
    put_key(s, key);
    bt_put_number(s, value, 1);
}

/* digits / 10^places, with an exponent where that would be long */
static void put_decimal(bt_sink *s, uint64_t digits, size_t places)
{
    uint64_t power = 1;
    for (size_t i = 0; i < places && places < 10; i++) power *= 10;
    bt_put_number(s, places < 10 ? digits / power : digits, 1);
    if (places == 0) return;
    bt_put_text(s, places < 10 ? "." : "e-");
    if (places < 10) bt_put_number(s, digits % power, places);
    else bt_put_number(s, places, 1);
}

/* A positive float below 10, in as few digits as give its bits when they are read; independent of
 * the locale. */
static void put_float(bt_sink *s, int key, float value)
{
    double shift = 1, of = (double)value, read = 0;
    size_t start, places = 0;
    put_key(s, key);
    start = s->at;
    while (of * shift < 0.99999999 && places < 50) shift *= 10, places++;
    for (size_t more = 0; more < 10; more++, places++, shift *= 10) {
        s->at = start;
        put_decimal(s, (uint64_t)(of * shift + 0.5), places);
        bt_json_token token = {
            .kind = BT_JSON_NUMBER_TOKEN, .text = s->out + start, .length = s->at - start};
        if (bt_json_double(&token, &read) == BT_IO_OK &&
            bt_float_bits((float)read) == bt_float_bits(value))
            return;
    }
}

size_t bt_config_write(const bt_model_config *c, char text[BT_CONFIG_TEXT])
{
    bt_sink s = {.out = text};
    bt_put_text(&s, "{");
    put_integer(&s, FORMAT, BT_FORMAT_VERSION);
    put_integer(&s, VOCAB, c->vocab);
    put_integer(&s, DIM, c->dim);
    put_integer(&s, LAYERS, c->layers);
    put_integer(&s, MLP, c->mlp);
    put_integer(&s, INNER, c->inner);
    put_integer(&s, HEAD, c->head);
    put_float(&s, RATE, c->rate);
    put_float(&s, EPS, c->norm_eps);
    put_key(&s, MIXERS);
    bt_put_text(&s, "[");
    for (size_t i = 0; i < c->layers; i++) {
        bt_put_text(&s, i ? ",\"" : "\"");
        bt_put_text(&s, mixer_names[c->mixers[i]]);
        bt_put_text(&s, "\"");
    }
    bt_put_text(&s, "]");
    put_key(&s, BITLINEAR);
    bt_put_text(&s, "{\"rescale\":");
    bt_put_text(&s, c->unscaled ? "false" : "true");
    bt_put_text(&s, ",\"quantize_activations\":");
    bt_put_text(&s, c->float_activations ? "false}}" : "true}}");
    return s.at;
}
