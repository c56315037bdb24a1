/*
 * webhook_post.h - one body to one webhook, with libcurl; or one GET.
 *
 * Redirects are not followed, no proxy is used, and the address connected to
 * is judged by webhook_guard.h unless the target allows it.  Deadlines: 10 s
 * to connect, 30 s in all.  Neither URL nor secret is in anything told.
 */
#ifndef COMMON_WEBHOOK_POST_H
#define COMMON_WEBHOOK_POST_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "curl_loop.h"
#include "err.h"
#include "webhook_target.h"

enum { WEBHOOK_WORDS_BYTES = 200, WEBHOOK_RETRY_MAX_S = 3600 };

/* How it ended: what an outcome is made from. */
struct webhook_end {
    CURLcode code;
    long status;           /* of the answer; 0: there was none */
    int64_t retry_after_s; /* as the answer says; 0: it does not */
    bool guarded;          /* the address may not be reached */
};

enum webhook_outcome { WEBHOOK_DONE, WEBHOOK_LATER, WEBHOOK_REFUSED };

/*
 * 2xx: done.  429, 5xx, no answer: later; after 429 not before
 * *retry_after_s, at most an hour (0: by the schedule).  Everything else, and
 * an address that may not be reached: refused.
 */
enum webhook_outcome webhook_outcome(
    const struct webhook_end *end, int64_t *retry_after_s);

/*
 * The value of X-Leadline-Signature: "t=SECONDS,v1=HEX", where HEX is the
 * HMAC-SHA-256 of "SECONDS.BODY" by the secret.
 */
enum { WEBHOOK_SIGNATURE_BYTES = 100 };
int webhook_sign(const char *secret, struct bytes body, int64_t now_unix_ms,
    char out[WEBHOOK_SIGNATURE_BYTES], struct err *err);

struct webhook_post;

/* What came of it; `words` for people: "HTTP 429: slow down".  Good only
 * during the call.  The post is gone. */
struct webhook_told {
    enum webhook_outcome outcome;
    int64_t retry_after_s; /* 0: none was asked for */
    const char *words;
};

typedef void webhook_post_done_fn(void *ctx, const struct webhook_told *told);

struct webhook_post_spec {
    struct curl_loop *curl;              /* borrowed */
    const struct webhook_target *target; /* borrowed during the start only */
    struct bytes body; /* likewise; see webhook_body.h; empty: a GET */
    int64_t now_unix_ms;
    const char *ca_file; /* likewise; NULL: the system's as libcurl finds it */
    const char *agent;   /* likewise; "leadline/1.0" */
    webhook_post_done_fn *done;
    void *ctx;
};

/*
 * `done` is called exactly once, from the loop and never from inside this,
 * unless webhook_post_cancel() comes first.
 */
struct webhook_post *webhook_post_start(
    const struct webhook_post_spec *spec, struct err *err);

/* NULL is allowed. */
void webhook_post_cancel(struct webhook_post *post);

#endif
