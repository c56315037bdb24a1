/*
 * deadman.h - calls a service elsewhere once a minute, for as long as a result
 * would be taken, judged and told; that service tells people when the calls
 * stop.  On the loop's thread.
 */
#ifndef COLLECTOR_DEADMAN_H
#define COLLECTOR_DEADMAN_H

#include <stdint.h>

#include "curl_loop.h"
#include "err.h"
#include "loop.h"
#include "store.h"

enum {
    DEADMAN_EVERY_MS = 60 * 1000,
    DEADMAN_CANARY_MS = 90 * 1000,
    DEADMAN_QUEUE_MS = 300 * 1000
};

/*
 * NULL if the service may be called; else why not, for the log.  `canary` is
 * when the newest canary that arrived was measured, 0: none has; `head` when
 * the mail was queued that waits longest, 0: none does.  Pure.
 */
const char *deadman_silence(
    int64_t canary_unix_ms, int64_t head_unix_ms, int64_t now_unix_ms);

struct deadman;

struct deadman_spec {
    struct loop *loop;      /* borrowed */
    struct curl_loop *curl; /* borrowed */
    struct store *store;    /* borrowed */
    /* When the newest canary that arrived was measured. */
    int64_t (*canary_unix_ms)(void *ctx);
    void *ctx;
};

struct deadman *deadman_new(const struct deadman_spec *spec, struct err *err);
/* NULL is allowed. */
void deadman_free(struct deadman *deadman);

/* The file with the URL, read at each call; copied.  NULL: none is called. */
int deadman_set_config(
    struct deadman *deadman, const char *url_file, struct err *err);

#endif
