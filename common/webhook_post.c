#include "webhook_post.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"
#include "digest.h"
#include "text.h"
#include "webhook_body.h"
#include "webhook_guard.h"

enum {
    CONNECT_S = 10,
    TOTAL_S = 30,
    ANSWER_BYTES = 160, /* kept of an answer's body */
    ANSWER_MAX_BYTES = 64 * 1024,
    STATUS_LATER = 429,
    SECRET_SHOWS_LEN = 6 /* shorter pieces of a URL give nothing away */
};

struct webhook_post {
    struct curl_loop *curl; /* borrowed */
    webhook_post_done_fn *done;
    void *ctx;
    CURL *easy;                   /* owned */
    struct curl_slist *headers;   /* owned */
    struct buf body;              /* owned; as it is sent */
    struct webhook_target target; /* wiped */
    struct webhook_end end;
    char answer[ANSWER_BYTES];
    size_t answer_len;
    size_t answered; /* bytes of the answer's body */
    char curl_words[CURL_ERROR_SIZE];
};

/* ---- what an end means ---- */

enum webhook_outcome
webhook_outcome(const struct webhook_end *end, int64_t *retry_after_s)
{
    *retry_after_s = 0;
    if (end->guarded)
        return WEBHOOK_REFUSED;
    if (end->status == 0 || end->status >= 500)
        return WEBHOOK_LATER;
    if (end->status >= 200 && end->status < 300)
        return WEBHOOK_DONE;
    if (end->status != STATUS_LATER)
        return WEBHOOK_REFUSED;
    if (end->retry_after_s > 0)
        *retry_after_s = end->retry_after_s < WEBHOOK_RETRY_MAX_S
                             ? end->retry_after_s
                             : WEBHOOK_RETRY_MAX_S;
    return WEBHOOK_LATER;
}

int
webhook_sign(const char *secret, struct bytes body, int64_t now_unix_ms,
    char out[WEBHOOK_SIGNATURE_BYTES], struct err *err)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    char hex[DIGEST_SHA256_HEX];
    struct buf signed_bytes;
    int rc;

    buf_init(&signed_bytes, body.len + 32);
    rc = buf_printf(
        &signed_bytes, err, "%" PRId64 ".", now_unix_ms / MS_PER_SEC);
    if (rc == 0)
        rc = buf_append(&signed_bytes, body.data, body.len, err);
    if (rc == 0) {
        digest_hmac_sha256(secret, strlen(secret), signed_bytes.data,
            signed_bytes.len, digest);
        digest_hex(digest, sizeof(digest), hex);
        (void)snprintf(out, WEBHOOK_SIGNATURE_BYTES, "t=%" PRId64 ",v1=%s",
            now_unix_ms / MS_PER_SEC, hex);
    }
    buf_free(&signed_bytes);
    return rc;
}

/* ---- what came back, without what must not be told ---- */

static const char *
path_of(const char *url)
{
    const char *host = strstr(url, "://");
    const char *path = host == NULL ? NULL : strchr(host + 3, '/');

    return path == NULL ? "" : path + 1;
}

static bool
gives_away(const struct webhook_post *post, const char *words)
{
    const char *path = path_of(post->target.url);
    const char *secret = post->target.secret;

    return (strlen(path) >= SECRET_SHOWS_LEN && strstr(words, path) != NULL) ||
           (strlen(secret) >= SECRET_SHOWS_LEN &&
               strstr(words, secret) != NULL);
}

static void
say_end(const struct webhook_post *post, char out[WEBHOOK_WORDS_BYTES])
{
    char harmless[WEBHOOK_WORDS_BYTES];
    const char *curl_words = post->curl_words[0] != '\0'
                                 ? post->curl_words
                                 : curl_easy_strerror(post->end.code);

    if (post->end.guarded) {
        (void)snprintf(out, WEBHOOK_WORDS_BYTES,
            "its address is link-local or a cloud's metadata service: set "
            "allow_link_local if that is meant");
        return;
    }
    if (post->end.status == 0)
        text_put_harmless(
            curl_words, strlen(curl_words), harmless, sizeof(harmless));
    else
        text_put_harmless(
            post->answer, post->answer_len, harmless, sizeof(harmless));
    if (gives_away(post, harmless))
        (void)snprintf(harmless, sizeof(harmless),
            "(an answer that repeats "
            "a secret)");
    if (post->end.status == 0)
        (void)snprintf(out, WEBHOOK_WORDS_BYTES, "%s", harmless);
    else if (post->end.status >= 300 && post->end.status < 400)
        (void)snprintf(out, WEBHOOK_WORDS_BYTES,
            "HTTP %ld: redirects are not followed, give the url they lead to",
            post->end.status);
    else
        (void)snprintf(out, WEBHOOK_WORDS_BYTES, "HTTP %ld%s%.160s",
            post->end.status, harmless[0] != '\0' ? ": " : "", harmless);
}

static size_t
on_answer(char *data, size_t size, size_t count, void *ctx)
{
    struct webhook_post *post = ctx;
    size_t len = size * count;
    size_t room = sizeof(post->answer) - post->answer_len;
    size_t kept = len < room ? len : room;

    memcpy(post->answer + post->answer_len, data, kept);
    post->answer_len += kept;
    post->answered += len;
    return post->answered > ANSWER_MAX_BYTES ? 0 : len;
}

/* The address is known only here: after every name has been resolved. */
static curl_socket_t
on_open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct webhook_post *post = ctx;

    (void)purpose;
    if (!post->target.allow_link_local &&
        webhook_guard_refuses(&address->addr)) {
        post->end.guarded = true;
        return CURL_SOCKET_BAD;
    }
    return socket(
        address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void
free_post(struct webhook_post *post)
{
    if (post->easy != NULL)
        curl_easy_cleanup(post->easy);
    curl_slist_free_all(post->headers);
    if (post->body.data != NULL)
        explicit_bzero(post->body.data, post->body.len);
    buf_free(&post->body);
    explicit_bzero(&post->target, sizeof(post->target));
    free(post);
}

/* The only way out. */
static void
on_done(void *ctx, CURL *easy, CURLcode code)
{
    struct webhook_post *post = ctx;
    webhook_post_done_fn *done = post->done;
    void *done_ctx = post->ctx;
    struct webhook_told told;
    char words[WEBHOOK_WORDS_BYTES];
    curl_off_t retry_after_s = 0;

    post->end.code = code;
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &post->end.status);
    (void)curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    post->end.retry_after_s = retry_after_s;
    /* Another of its addresses was reached. */
    post->end.guarded = post->end.guarded && post->end.status == 0;
    told.outcome = webhook_outcome(&post->end, &told.retry_after_s);
    say_end(post, words);
    told.words = words;
    free_post(post);
    done(done_ctx, &told);
}

/* ---- how it begins ---- */

static int
add_header(struct webhook_post *post, const char *line, struct err *err)
{
    struct curl_slist *more = curl_slist_append(post->headers, line);

    if (more == NULL)
        return err_set(err, ERR_NOMEM, "webhook");
    post->headers = more;
    return 0;
}

static int
add_headers(struct webhook_post *post, const struct webhook_post_spec *spec,
    struct err *err)
{
    const struct webhook_target *target = &post->target;
    char line[WEBHOOK_SECRET_BYTES + 64];
    char signature[WEBHOOK_SIGNATURE_BYTES];
    int rc = add_header(post, "Expect:", err);

    if (rc == 0)
        rc = add_header(post,
            target->kind == WEBHOOK_NTFY
                ? "Content-Type: text/plain; charset=utf-8"
                : "Content-Type: application/json",
            err);
    if (rc != 0 || target->secret[0] == '\0')
        return rc;
    if (target->kind == WEBHOOK_GENERIC) {
        if (webhook_sign(target->secret, buf_bytes(&post->body),
                spec->now_unix_ms, signature, err) != 0)
            return -1;
        (void)snprintf(
            line, sizeof(line), "X-Leadline-Signature: %s", signature);
        return add_header(post, line, err);
    }
    if (target->kind != WEBHOOK_NTFY)
        return 0;
    (void)snprintf(
        line, sizeof(line), "Authorization: Bearer %s", target->secret);
    rc = add_header(post, line, err);
    explicit_bzero(line, sizeof(line));
    return rc;
}

/* ntfy's body has headers at its front, pagerduty's wants the key inside. */
static int
make_body(struct webhook_post *post, struct bytes body, struct err *err)
{
    struct bytes line;

    switch (post->target.kind) {
    case WEBHOOK_GENERIC:
    case WEBHOOK_SLACK:
    case WEBHOOK_KIND_COUNT:
        break;
    case WEBHOOK_PAGERDUTY:
        return webhook_body_add_key(
            body, post->target.secret, &post->body, err);
    case WEBHOOK_NTFY:
        while (webhook_body_take_header(&body, &line)) {
            char text[WEBHOOK_HEADER_BYTES];

            (void)snprintf(text, sizeof(text), "%.*s", (int)line.len,
                (const char *)line.data);
            if (add_header(post, text, err) != 0)
                return -1;
        }
        break;
    }
    return buf_append(&post->body, body.data, body.len, err);
}

/* These cannot fail but for want of memory. */
static int
set_options(struct webhook_post *post, const struct webhook_post_spec *spec,
    struct err *err)
{
    CURL *easy = post->easy;

    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)TOTAL_S);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, post);
    (void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    (void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, post);
    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, post->curl_words);
    (void)curl_easy_setopt(
        easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    /* Each connection is opened, and so judged, for its own webhook. */
    (void)curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    if (post->body.len > 0) {
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, post->body.data);
        (void)curl_easy_setopt(
            easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->body.len);
        (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, post->headers);
    }
    if (spec->ca_file != NULL)
        (void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    if (curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") ==
            CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_USERAGENT, spec->agent) == CURLE_OK &&
        (spec->ca_file == NULL || curl_easy_setopt(easy, CURLOPT_CAINFO,
                                      spec->ca_file) == CURLE_OK) &&
        curl_easy_setopt(easy, CURLOPT_URL, post->target.url) == CURLE_OK)
        return 0;
    return err_set(err, ERR_NOMEM, "webhook");
}

struct webhook_post *
webhook_post_start(const struct webhook_post_spec *spec, struct err *err)
{
    struct webhook_post *post = calloc(1, sizeof(*post));

    if (post == NULL) {
        (void)err_set(err, ERR_NOMEM, "webhook");
        return NULL;
    }
    post->curl = spec->curl;
    post->done = spec->done;
    post->ctx = spec->ctx;
    post->target = *spec->target;
    buf_init(&post->body, WEBHOOK_BODY_MAX_BYTES + WEBHOOK_SECRET_BYTES);
    post->easy = curl_easy_init();
    if (post->easy == NULL) {
        (void)err_set(err, ERR_NOMEM, "webhook");
        free_post(post);
        return NULL;
    }
    if ((spec->body.len > 0 && (make_body(post, spec->body, err) != 0 ||
                                   add_headers(post, spec, err) != 0)) ||
        set_options(post, spec, err) != 0 ||
        curl_loop_start(spec->curl, post->easy, on_done, post, err) != 0) {
        free_post(post);
        return NULL;
    }
    return post;
}

void
webhook_post_cancel(struct webhook_post *post)
{
    if (post == NULL)
        return;
    curl_loop_cancel(post->curl, post->easy);
    free_post(post);
}
