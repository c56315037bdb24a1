/*
 * Enrolment tokens: what is taken comes back equal.  The checksum would stop
 * nearly every input, so it is also tried as the content of a token, with
 * base64 and checksum put around it.
 */
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "wire.h"

enum { CONTENT_MAX_BYTES = 500 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
round_trip(const char *text)
{
    struct wire_token token;
    struct wire_token again;
    struct buf out;
    struct err err;
    const char *string;

    if (wire_token_decode(text, &token, &err) != 0)
        return;
    buf_init(&out, 2048);
    if (wire_token_encode(&token, &out, &err) != 0)
        abort();
    string = buf_text(&out, &err);
    if (string == NULL || wire_token_decode(string, &again, &err) != 0 ||
        strcmp(token.endpoint, again.endpoint) != 0 ||
        strcmp(token.name, again.name) != 0 ||
        memcmp(token.collector_key, again.collector_key, WIRE_KEY_BYTES) != 0 ||
        memcmp(token.onetime_secret, again.onetime_secret, WIRE_KEY_BYTES) !=
            0 ||
        token.expires_unix_ms != again.expires_unix_ms)
        abort();
    buf_free(&out);
}

static void
as_content(const uint8_t *data, size_t size)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"
                                   "opqrstuvwxyz0123456789-_";
    uint8_t bytes[CONTENT_MAX_BYTES + 4 + 2] = {0};
    char text[4 + sizeof(bytes) * 2] = "ll1.";
    size_t chars = ((size + 4) * 8 + 5) / 6;
    uint32_t crc = digest_crc32c(0, data, size);

    memcpy(bytes, data, size);
    for (size_t i = 0; i < 4; i++)
        bytes[size + i] = (uint8_t)(crc >> (24 - 8 * i));
    for (size_t i = 0; i < chars; i++) {
        size_t bit = i * 6;
        unsigned two = (unsigned)bytes[bit / 8] << 8 | bytes[bit / 8 + 1];

        text[4 + i] = alphabet[two >> (10 - bit % 8) & 63U];
    }
    text[4 + chars] = '\0';
    round_trip(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (text == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    round_trip(text);
    free(text);
    if (size <= CONTENT_MAX_BYTES)
        as_content(data, size);
    return 0;
}
