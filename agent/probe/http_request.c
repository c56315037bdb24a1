#include "http_request.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* One connection is read from at a time; small, because there are many. */
enum { READ_BUFFER_BYTES = 16384, COOKIES_MAX_BYTES = 1 << 20 };

static bool
names_header(const char *line, const char *name)
{
    size_t len = strlen(name);

    return strncasecmp(line, name, len) == 0 &&
           (line[len] == ':' || line[len] == ';');
}

/* What may be said to any host; the rest could be a secret. */
static bool
is_for_all(const char *line)
{
    return names_header(line, "accept") ||
           names_header(line, "accept-language") ||
           names_header(line, "accept-encoding") ||
           names_header(line, "user-agent");
}

/* Whether the check's own header goes along to this place. */
static bool
goes_along(const struct http_hop_spec *spec, const char *line)
{
    if (!spec->tell_all && !is_for_all(line))
        return false;
    /* the body that it speaks of stays behind (Fetch, HTTP-redirect fetch) */
    return spec->send_body || spec->check->body == NULL ||
           strncasecmp(line, "content-", 8) != 0;
}

static bool
is_cookie(const char *line)
{
    return strncasecmp(line, "cookie:", sizeof("cookie:") - 1) == 0;
}

static bool
has_own(const struct http_hop_spec *spec, const char *name)
{
    const struct strlist *own = &spec->check->headers;

    for (size_t i = 0; i < own->count; i++) {
        if (names_header(own->items[i], name) &&
            goes_along(spec, own->items[i]))
            return true;
    }
    return false;
}

/* Appends a line; the list is gone, and NULL, if that fails. */
static struct curl_slist *
add(struct curl_slist *list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(list, line);

    if (longer == NULL)
        curl_slist_free_all(list);
    return longer;
}

/* Ours, where the check does not say otherwise. */
static struct curl_slist *
add_ours(struct curl_slist *list, const struct http_hop_spec *spec,
    const char *name, const char *value)
{
    char line[256];

    if (has_own(spec, name))
        return list;
    (void)snprintf(line, sizeof(line), "%s: %s", name, value);
    return add(list, line);
}

static struct curl_slist *
make_headers(const struct http_hop_spec *spec)
{
    const struct strlist *own = &spec->check->headers;
    struct curl_slist *list = add(NULL, "Expect:"); /* no waiting for 100 */

    /* libcurl would call every body a form, even one that is not there */
    if (list != NULL && !spec->send_body && !has_own(spec, "Content-Type"))
        list = add(list, "Content-Type:");
    if (list != NULL)
        list = add_ours(list, spec, "User-Agent", spec->env->build);
    if (list != NULL)
        list = add_ours(list, spec, "X-Request-Id", spec->request_id);
    if (list != NULL)
        list = add_ours(list, spec, "traceparent", spec->traceparent);
    for (size_t i = 0; list != NULL && i < own->count; i++) {
        if (goes_along(spec, own->items[i]) && !is_cookie(own->items[i]))
            list = add(list, own->items[i]);
    }
    return list;
}

/*
 * The jar's, and the check's own behind them: in one line, because there may
 * only be one (RFC 6265 5.4), and libcurl makes two of a header and a jar.
 */
static int
set_cookies(CURL *easy, const struct http_hop_spec *spec)
{
    const struct strlist *own = &spec->check->headers;
    struct buf line;
    struct err err;
    const char *text = NULL;
    int rc = 0;

    http_jar_use(spec->jar, easy);
    buf_init(&line, COOKIES_MAX_BYTES);
    for (size_t i = 0; rc == 0 && i < own->count; i++) {
        const char *value = own->items[i] + sizeof("cookie:") - 1;

        if (is_cookie(own->items[i]) && goes_along(spec, own->items[i]))
            rc = buf_printf(&line, &err, "%s%s", line.len > 0 ? "; " : "",
                value + strspn(value, " \t"));
    }
    if (rc == 0 && line.len > 0) {
        text = buf_text(&line, &err);
        if (text == NULL ||
            curl_easy_setopt(easy, CURLOPT_COOKIE, text) != CURLE_OK)
            rc = -1;
    }
    buf_free(&line);
    return rc;
}

/* Servers want to hear of these how long their body is, even if it is none. */
static bool
has_a_body(const struct http_hop_spec *spec)
{
    return (spec->send_body && spec->check->body != NULL) ||
           strcmp(spec->method, "POST") == 0 ||
           strcmp(spec->method, "PUT") == 0 ||
           strcmp(spec->method, "PATCH") == 0;
}

static void
set_method(CURL *easy, const struct http_hop_spec *spec)
{
    const char *body =
        spec->send_body && spec->check->body != NULL ? spec->check->body : "";

    if (strcmp(spec->method, "HEAD") == 0) {
        (void)curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    if (has_a_body(spec)) {
        (void)curl_easy_setopt(
            easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    }
    (void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, spec->method);
    /* What says that it is too large need not be read to be so. */
    (void)curl_easy_setopt(
        easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)CHECK_BODY_LIMIT_BYTES);
}

/* Nothing but this one exchange. */
static void
set_manners(CURL *easy)
{
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    (void)curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    (void)curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    (void)curl_easy_setopt(
        easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    (void)curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)READ_BUFFER_BYTES);
    /* We judge the certificate ourselves, so libcurl reads no authorities. */
    (void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    (void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
}

struct curl_slist *
http_request_set(CURL *easy, const struct http_hop_spec *spec)
{
    struct curl_slist *headers = make_headers(spec);

    if (headers == NULL)
        return NULL;
    set_manners(easy);
    set_method(easy, spec);
    (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    if (spec->tell_all && spec->origin->user != NULL)
        (void)curl_easy_setopt(easy, CURLOPT_USERNAME, spec->origin->user);
    if (spec->tell_all && spec->origin->password != NULL)
        (void)curl_easy_setopt(easy, CURLOPT_PASSWORD, spec->origin->password);
    if (set_cookies(easy, spec) != 0 ||
        curl_easy_setopt(easy, CURLOPT_URL, spec->url->text) != CURLE_OK) {
        curl_slist_free_all(headers);
        return NULL;
    }
    return headers;
}
