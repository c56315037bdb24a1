/*
 * A CONFIG's body.  Its digest would stop nearly every input, so the last
 * field is put there anew; what is taken comes back equal.
 */
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "pb_put.h"
#include "wire.h"

enum { CONFIG_SHA256 = 15, LIMIT_BYTES = 2 * WIRE_TO_AGENT_MAX_BYTES };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
round_trip(const struct wire_config *first)
{
    struct wire_config again;
    struct buf bytes;
    struct err err;

    buf_init(&bytes, LIMIT_BYTES);
    if (wire_config_encode(first, &bytes, &err) != 0 ||
        wire_config_decode(bytes.data, bytes.len, &again, &err) != 0)
        abort();
    if (first->check_count != again.check_count ||
        first->cfg_version != again.cfg_version ||
        !text_same(first->fallback_webhook, again.fallback_webhook) ||
        first->self_check.targets.count != again.self_check.targets.count)
        abort();
    for (size_t i = 0; i < first->check_count; i++) {
        if (!check_same(&first->checks[i], &again.checks[i]))
            abort();
    }
    wire_config_free(&again);
    buf_free(&bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    struct wire_config config;
    struct buf body;
    struct err err;

    if (wire_config_decode(data, size, &config, &err) == 0) {
        round_trip(&config);
        wire_config_free(&config);
    }
    buf_init(&body, size + 64);
    if (buf_append(&body, data, size, &err) != 0)
        abort();
    digest_sha256(data, size, digest);
    pb_put_bytes(&body, CONFIG_SHA256, digest, sizeof(digest));
    if (wire_config_decode(body.data, body.len, &config, &err) == 0) {
        round_trip(&config);
        wire_config_free(&config);
    }
    buf_free(&body);
    return 0;
}
