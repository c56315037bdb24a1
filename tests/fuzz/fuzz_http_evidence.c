/* Header lines of a stranger: what is kept fits, is text, and is harmless. */
#include "http_evidence.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(const char *text, size_t size)
{
    const char *end = memchr(text, '\0', size);

    if (end == NULL)
        abort();
    for (; text < end; text++) {
        if ((unsigned char)*text < 0x20)
            abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_facts facts;
    struct http_evidence evidence;
    const char *at = (const char *)data;
    const char *end = at + size;

    http_evidence_begin(&evidence, &facts);
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((stop == NULL ? end : stop + 1) - at);

        http_evidence_take(&evidence, at, len);
        at += len;
    }
    if (facts.header_count > FACTS_HEADERS_MAX)
        abort();
    for (size_t i = 0; i < facts.header_count; i++)
        check_text(facts.headers[i], FACTS_TEXT_BYTES);
    check_text(facts.request_id, sizeof(facts.request_id));
    return 0;
}
