/* test_model_damage.c - files that were damaged: every byte of a compact file counts, and so does
 * every key of a configuration of this project.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "model_image.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

#define TOKENIZER "{\"model\": {\"vocab\": {\"a\": 0}}}"

static bitllama_model *open_packed(const uint8_t *bytes, size_t size, ttt_error *error)
{
    bitllama_model *model = NULL;
    *error = (ttt_error){0};
    bitllama_open(bytes, size, NULL, 0, &model, error);
    return model;
}

static image packed_model(void)
{
    bt_model_config c = config_of(BT_INDUCTION);
    weights w = make_weights(&c);
    image plain = safetensors_of(&w, BT_DTYPE_F32, config_text(&c), TOKENIZER, NULL, NULL);
    bitllama_model *model = NULL;
    REQUIRE(bitllama_open(plain.bytes, plain.size, NULL, 0, &model, NULL) == TTT_OK);
    image im = pack_of(model);
    bitllama_release(model);
    free(plain.bytes);
    free_weights(&w);
    return im;
}

/* A bit of every byte is flipped; the last bytes are cut off. */
static void every_byte(void)
{
    image im = packed_model();
    ttt_error error;
    size_t said = 0;
    for (size_t i = 0; i < im.size; i++) {
        im.bytes[i] ^= (uint8_t)(1u << i % 8);
        bitllama_model *model = open_packed(im.bytes, im.size, &error);
        check_context("byte %zu of %zu: \"%s\"", i, im.size, error.text);
        CHECK(model == NULL && error.status != TTT_OK && error.text[0] != 0);
        said += strstr(error.text, "damaged") != NULL;
        bitllama_release(model);
        im.bytes[i] ^= (uint8_t)(1u << i % 8);
    }
    CHECK(said > im.size / 2); /* most lie in weights, which could be anything */
    for (size_t size = 0; size < im.size; size += 1 + size / 40)
        CHECK(open_packed(im.bytes, size, &error) == NULL);
    bitllama_model *model = open_packed(im.bytes, im.size, &error);
    CHECK(model != NULL);
    bitllama_release(model);
    free(im.bytes);
}

static void check_says(const image *im, const char *says)
{
    ttt_error error;
    CHECK(open_packed(im->bytes, im->size, &error) == NULL);
    check_context("\"%s\" should say \"%s\"", error.text, says);
    CHECK(strstr(error.text, says) != NULL);
}

/* Checksums that are missing, or are none; a key more or another value is as good as damage. */
static void checksums(void)
{
    bt_model_config c = config_of(BT_INDUCTION);
    weights w = make_weights(&c);
    image plain = safetensors_of(&w, BT_DTYPE_F32, NULL, NULL, NULL, NULL);
    static const char *const bad[][2] = {
        {"", "checksum is missing"},
        {",\"crc32c\":\"0000000\"", "8 hex digits"},
        {",\"crc32c\":\"0000000G\"", "8 hex digits"},
        {",\"crc32c\":12345678", "8 hex digits"},
        {",\"crc32c\":\"12345678\"", "does not match"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char header[1024];
        strcpy(header, "{\"config\":");
        strcat(header, config_text(&c));
        strcat(header, bad[i][0]);
        strcat(header, "}");
        image im = bitt_of(header, &plain);
        check_says(&im, bad[i][1]);
        free(im.bytes);
    }
    free(plain.bytes);
    free_weights(&w);
}

/* A configuration of this project with one key misspelt is not read as one of the original. */
static void misspelt_keys(void)
{
    static const char *const keys[] = {
        "vocab_size", "hidden_dim", "num_layers", "mlp_dim",   "inner_dim", "head_dim",
        "inner_lr",   "norm_eps",   "mixers",     "bitlinear", "rescale",   "quantize_activations"};
    bt_model_config c = config_of(BT_INDUCTION);
    weights w = make_weights(&c);
    image plain = safetensors_of(&w, BT_DTYPE_F32, NULL, NULL, NULL, NULL);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char config[1024];
        bitllama_model *model = NULL;
        ttt_error error = {0};
        strcpy(config, config_text(&c));
        REQUIRE(strstr(config, keys[i]) != NULL);
        strstr(config, keys[i])[1] ^= 1;
        int status = bitllama_open(plain.bytes, plain.size, config, strlen(config), &model, &error);
        const char *name = i < 9 ? keys[i] : "bitlinear";
        check_context("\"%s\" should name %s", error.text, name);
        CHECK_EQ(status, TTT_MODEL_CONFIG);
        CHECK(strstr(error.text, name) != NULL);
    }
    free(plain.bytes);
    free_weights(&w);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"every_byte", every_byte},
        {"checksums", checksums},
        {"misspelt_keys", misspelt_keys},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
