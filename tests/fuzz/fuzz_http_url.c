/*
 * A Location header, relative to a page.  What is accepted is in normal form:
 * reading it again changes nothing.
 */
#include "http_url.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_normal(const struct http_url *url)
{
    struct http_url again;
    struct err err;

    if (url->port == 0 || strlen(url->host) == 0)
        abort();
    if (http_url_take(NULL, url->text, &again, &err) != 0)
        return; /* longer than the limit, once encoded */
    if (strcmp(url->text, again.text) != 0 || again.user != NULL ||
        again.port != url->port || again.tls != url->tls)
        abort();
    http_url_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct http_url base;
    struct http_url url;
    struct err err;

    if (text == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    if (http_url_take(NULL, "https://u:p@a.test/b/c?d", &base, &err) != 0)
        abort();
    if (http_url_take(&base, text, &url, &err) == 0) {
        check_normal(&url);
        http_url_free(&url);
    }
    http_url_free(&base);
    free(text);
    return 0;
}
