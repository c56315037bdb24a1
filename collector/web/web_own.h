/*
 * web_own.h - what the files of web share.
 */
#ifndef COLLECTOR_WEB_OWN_H
#define COLLECTOR_WEB_OWN_H

#include <microhttpd.h>
#include <stdatomic.h>

#include "conf_history.h"
#include "deadline.h"
#include "pulse.h"
#include "timer.h"
#include "web.h"

enum { WEB_TOKEN_BYTES = 256 };

struct web {
    struct loop *loop;     /* borrowed */
    struct store *store;   /* borrowed */
    struct intake *intake; /* borrowed; the loop's thread only */
    struct meter *meter;   /* borrowed */
    struct pulse *pulse;   /* owned */
    struct deadline deadline;
    struct timer beat;
    struct MHD_Daemon *daemon;   /* owned */
    char token[WEB_TOKEN_BYTES]; /* "": none is needed */
    bool any_host;               /* names are the proxy's matter */
    atomic_bool stale;           /* the configuration is to be read anew */

    /* of libmicrohttpd's thread */
    struct conf_history *conf;    /* owned; NULL: not read yet */
    struct MHD_Response *metrics; /* owned; NULL: none yet */
    int64_t metrics_until_ns;     /* it is given again */
};

/* web_answer.c: an MHD_AccessHandlerCallback; `ctx` is a struct web. */
enum MHD_Result web_answer(void *ctx, struct MHD_Connection *connection,
    const char *url, const char *method, const char *version,
    const char *upload, size_t *upload_len, void **request);

#endif
