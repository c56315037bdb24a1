/*
 * A pattern of a configuration on a stranger's body: the search comes to an
 * end, and what it says is one of three things.  The input is the pattern, a
 * line feed, and the body.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
search(const struct pattern *pattern, struct bytes body)
{
    struct err err = {0};
    int found = pattern_find(pattern, body, &err);

    if (found != 0 && found != 1 && found != -1)
        abort();
    if ((found == -1) != (err.code != ERR_NONE))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *stop = memchr(data, '\n', size);
    size_t len = stop == NULL ? size : (size_t)(stop - data);
    struct bytes body = {.data = data + len, .len = size - len};
    struct bytes none = {0};
    struct pattern *pattern;
    struct err err;
    char text[256];

    if (len >= sizeof(text))
        return 0;
    memcpy(text, data, len);
    text[len] = '\0';
    pattern = pattern_new(text, &err);
    if (pattern == NULL) {
        if (err.code != ERR_PARSE || err.msg[0] == '\0')
            abort();
        return 0;
    }
    search(pattern, body);
    search(pattern, none);
    pattern_free(pattern);
    return 0;
}
