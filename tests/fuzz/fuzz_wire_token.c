/*
 * Enrolment tokens: what is taken encodes to the same characters, but for
 * blanks around them.
 */
#include <stdlib.h>
#include <string.h>

#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_token token;
    struct wire_token again;
    struct buf text;
    struct err err;
    const char *string;
    char *copy = malloc(size + 1);

    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    copy[size] = '\0';
    if (wire_token_decode(copy, &token, &err) == 0) {
        buf_init(&text, 2048);
        if (wire_token_encode(&token, &text, &err) != 0)
            abort();
        string = buf_text(&text, &err);
        if (string == NULL || wire_token_decode(string, &again, &err) != 0 ||
            memcmp(&token, &again, sizeof(token)) != 0)
            abort();
        buf_free(&text);
    }
    free(copy);
    return 0;
}
