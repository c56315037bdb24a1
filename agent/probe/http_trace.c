#include "http_trace.h"

#include <stdint.h>
#include <stdio.h>

#include "digest.h"

void
http_trace_put_id(char out[HTTP_TRACE_ID_BYTES])
{
    uint8_t random[16];
    char hex[2 * sizeof(random) + 1];

    digest_random(random, sizeof(random));
    random[6] = (uint8_t)((random[6] & 0x0f) | 0x40);
    random[8] = (uint8_t)((random[8] & 0x3f) | 0x80);
    digest_hex(random, sizeof(random), hex);
    (void)snprintf(out, HTTP_TRACE_ID_BYTES, "%.8s-%.4s-%.4s-%.4s-%.12s", hex,
        hex + 8, hex + 12, hex + 16, hex + 20);
}

void
http_trace_put_parent(
    const char id[HTTP_TRACE_ID_BYTES], char out[HTTP_TRACE_PARENT_BYTES])
{
    uint8_t random[8];
    char hex[2 * sizeof(random) + 1];

    digest_random(random, sizeof(random));
    random[0] |= 1; /* it may not be all zero */
    digest_hex(random, sizeof(random), hex);
    (void)snprintf(out, HTTP_TRACE_PARENT_BYTES,
        "00-%.8s%.4s%.4s%.4s%.12s-%.16s-01", id, id + 9, id + 14, id + 19,
        id + 24, hex);
}
