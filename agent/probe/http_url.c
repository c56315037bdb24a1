#include "http_url.h"

#include <ctype.h>
#include <curl/curl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The part as a string of our own; NULL if there is none. */
static char *
part(CURLU *url, CURLUPart what, unsigned flags)
{
    char *text = NULL;
    char *copy = NULL;

    if (curl_url_get(url, what, &text, flags) == CURLUE_OK)
        copy = strdup(text);
    curl_free(text);
    return copy;
}

static int
refuse(struct err *err, const char *text, const char *why)
{
    return err_set(
        err, ERR_PARSE, "\"%.200s\" is no URL to fetch: %s", text, why);
}

/*
 * "mailto:", "file:" and so on (RFC 3986 3.1, 4.2): libcurl would read those
 * that it does not know as relative.
 */
static bool
is_of_another_scheme(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

    if (text[len] != ':' || !isalpha((unsigned char)text[0]))
        return false;
    return !(len == 4 && strncasecmp(text, "http", len) == 0) &&
           !(len == 5 && strncasecmp(text, "https", len) == 0);
}

/* Puts host and port into the normal form. */
static int
normalize(CURLU *url, struct http_url *out)
{
    char *port;

    out->host = part(url, CURLUPART_HOST, CURLU_PUNYCODE);
    port = part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    if (out->host == NULL || port == NULL) {
        free(port);
        return -1;
    }
    out->port = (uint16_t)strtoul(port, NULL, 10);
    free(port);
    for (char *at = out->host; *at != '\0'; at++) {
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at + ('a' - 'A'));
    }
    out->user = part(url, CURLUPART_USER, CURLU_URLDECODE);
    out->password = part(url, CURLUPART_PASSWORD, CURLU_URLDECODE);
    if (curl_url_set(url, CURLUPART_HOST, out->host, 0) != CURLUE_OK)
        return -1;
    (void)curl_url_set(url, CURLUPART_USER, NULL, 0);
    (void)curl_url_set(url, CURLUPART_PASSWORD, NULL, 0);
    (void)curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0);
    out->text = part(url, CURLUPART_URL, CURLU_NO_DEFAULT_PORT);
    return out->text == NULL ? -1 : 0;
}

static int
take(CURLU *url, const char *text, struct http_url *out, struct err *err)
{
    CURLUcode code;
    char *scheme;

    if (is_of_another_scheme(text)) {
        (void)refuse(err, text, "it is neither http nor https");
        err->code = ERR_LIMIT;
        return -1;
    }
    code = curl_url_set(url, CURLUPART_URL, text, CURLU_URLENCODE);
    if (code != CURLUE_OK)
        return refuse(err, text, curl_url_strerror(code));
    scheme = part(url, CURLUPART_SCHEME, 0);
    out->tls = scheme != NULL && strcasecmp(scheme, "https") == 0;
    if (scheme == NULL || (!out->tls && strcasecmp(scheme, "http") != 0)) {
        free(scheme);
        return refuse(err, text, "it is neither http nor https");
    }
    free(scheme);
    if (normalize(url, out) != 0)
        return refuse(err, text, "its host cannot be read");
    if (out->port == 0)
        return refuse(err, text, "there is no port 0");
    return 0;
}

static bool
is_ascii(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text >= 0x80)
            return false;
    }
    return true;
}

/* libcurl reads names beyond ASCII in the locale's encoding; ours is UTF-8. */
static int
take_utf8(CURLU *url, const char *text, struct http_url *out, struct err *err)
{
    locale_t utf8 = (locale_t)0;
    locale_t before;
    int rc;

    if (is_ascii(text))
        return take(url, text, out, err);
    utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (utf8 == (locale_t)0)
        return refuse(err, text, "this system has no locale C.UTF-8");
    before = uselocale(utf8);
    rc = take(url, text, out, err);
    (void)uselocale(before);
    freelocale(utf8);
    return rc;
}

int
http_url_take(const struct http_url *base, const char *text,
    struct http_url *out, struct err *err)
{
    CURLU *url = curl_url();
    int rc = -1;

    *out = (struct http_url){0};
    if (url == NULL)
        return err_set(err, ERR_NOMEM, "URL");
    if (strlen(text) > HTTP_URL_MAX_BYTES)
        err_set(
            err, ERR_LIMIT, "a URL of more than %d bytes", HTTP_URL_MAX_BYTES);
    else if (base != NULL &&
             curl_url_set(url, CURLUPART_URL, base->text, 0) != CURLUE_OK)
        err_set(err, ERR_NOMEM, "URL");
    else
        rc = take_utf8(url, text, out, err);
    curl_url_cleanup(url);
    if (rc != 0)
        http_url_free(out);
    return rc;
}

void
http_url_free(struct http_url *url)
{
    free(url->text);
    free(url->host);
    free(url->user);
    free(url->password);
    *url = (struct http_url){0};
}

bool
http_url_may_tell(const struct http_url *from, const struct http_url *to)
{
    if (strcmp(from->host, to->host) != 0)
        return false;
    if (from->tls == to->tls)
        return from->port == to->port;
    return to->tls && from->port == 80 && to->port == 443;
}
