/* Header lines of a stranger: lengths that agree are one length. */
#include "http_length.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_length length = {0};
    const char *at = (const char *)data;
    const char *end = at + size;
    struct err err;

    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((stop == NULL ? end : stop + 1) - at);
        struct http_length before = length;
        int rc = http_length_take(&length, at, len, &err);

        if (length.known && length.bytes < 0)
            abort();
        /* What was known stays, whatever comes. */
        if (before.known && (!length.known || length.bytes != before.bytes))
            abort();
        if (rc != 0)
            return 0;
        /* Said again, it is as fine as it was. */
        if (http_length_take(&length, at, len, &err) != 0)
            abort();
        at += len;
    }
    return 0;
}
