#include "page_url.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_HTTP = 80, PORT_HTTPS = 443, SCHEME_BYTES = 9 };

/* What the standard escapes in a path or query. */
static bool
needs_escape(unsigned char c, bool in_query)
{
    if (c <= 0x20 || c >= 0x7f || c == '"' || c == '<' || c == '>')
        return true;
    return !in_query && (c == '`' || c == '{' || c == '}');
}

/* Cleaned up into `out`; false: too long. */
static bool
clean(struct slice text, char *out, size_t size)
{
    bool in_query = false;
    bool is_special = true; /* only http and https come here */
    size_t len = 0;

    while (text.len > 0 && (unsigned char)text.at[0] <= 0x20) {
        text.at++;
        text.len--;
    }
    while (text.len > 0 && (unsigned char)text.at[text.len - 1] <= 0x20)
        text.len--;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if (c == '\t' || c == '\n' || c == '\r')
            continue;
        if (c == '#')
            break;
        if (len + 4 > size)
            return false;
        in_query = in_query || c == '?';
        if (c == '\\' && is_special && !in_query)
            c = '/';
        if (needs_escape(c, in_query))
            len += (size_t)snprintf(out + len, size - len, "%%%02X", c);
        else
            out[len++] = (char)c;
    }
    out[len] = '\0';
    return true;
}

/* The scheme in front of the first colon, lower case; "" if there is none. */
static void
scheme_of(const char *text, char out[SCHEME_BYTES])
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

    out[0] = '\0';
    if (text[len] != ':' || len == 0)
        return;
    if (len >= SCHEME_BYTES)
        len = SCHEME_BYTES - 1;
    for (size_t i = 0; i < len; i++)
        out[i] =
            (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
    out[len] = '\0';
}

bool
page_url_is_inline(struct slice text)
{
    text = slice_trim(text);
    return slice_begins(text, "data:") || slice_begins(text, "blob:") ||
           slice_begins(text, "about:");
}

char *
page_url_join(const char *base, struct slice text)
{
    char cleaned[PAGE_URL_MAX_BYTES];
    char scheme[SCHEME_BYTES];
    CURLU *url;
    char *joined = NULL;
    char *copy = NULL;

    if (text.len > PAGE_URL_MAX_BYTES || !clean(text, cleaned, sizeof(cleaned)))
        return NULL;
    scheme_of(cleaned, scheme);
    if (scheme[0] != '\0' && strcmp(scheme, "http") != 0 &&
        strcmp(scheme, "https") != 0)
        return NULL;
    url = curl_url();
    if (url == NULL)
        return NULL;
    if ((base == NULL ||
            curl_url_set(url, CURLUPART_URL, base, 0) == CURLUE_OK) &&
        (cleaned[0] == '\0' ||
            curl_url_set(url, CURLUPART_URL, cleaned, 0) == CURLUE_OK) &&
        curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_URL, &joined, 0) == CURLUE_OK &&
        (strncmp(joined, "http://", 7) == 0 ||
            strncmp(joined, "https://", 8) == 0) &&
        strlen(joined) < PAGE_URL_MAX_BYTES)
        copy = strdup(joined);
    curl_free(joined);
    curl_url_cleanup(url);
    return copy;
}

bool
page_url_place(const char *url, char *host, size_t size, int *port, bool *tls)
{
    CURLU *parts = curl_url();
    char *name = NULL;
    char *number = NULL;
    char *at;
    bool good = false;

    if (parts != NULL &&
        curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &name, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_PORT, &number, CURLU_DEFAULT_PORT) ==
            CURLUE_OK) {
        at = name;
        if (at[0] == '[') {
            at++;
            at[strlen(at) - 1] = '\0';
        }
        for (char *c = at; *c != '\0'; c++)
            *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
        good = strlen(at) < size && at[0] != '\0';
        if (good)
            (void)snprintf(host, size, "%s", at);
        *port = (int)strtol(number, NULL, 10);
        *tls = strncmp(url, "https:", 6) == 0;
    }
    curl_free(name);
    curl_free(number);
    curl_url_cleanup(parts);
    return good;
}

void
page_url_origin(const char *url, char out[PAGE_ORIGIN_BYTES])
{
    char host[256];
    int port;
    bool tls;
    bool v6;

    out[0] = '\0';
    if (!page_url_place(url, host, sizeof(host), &port, &tls))
        return;
    v6 = strchr(host, ':') != NULL;
    if (port == (tls ? PORT_HTTPS : PORT_HTTP))
        (void)snprintf(out, PAGE_ORIGIN_BYTES, "http%s://%s%s%s",
            tls ? "s" : "", v6 ? "[" : "", host, v6 ? "]" : "");
    else
        (void)snprintf(out, PAGE_ORIGIN_BYTES, "http%s://%s%s%s:%d",
            tls ? "s" : "", v6 ? "[" : "", host, v6 ? "]" : "", port);
}
