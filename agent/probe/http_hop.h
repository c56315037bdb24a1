/*
 * http_hop.h - one request and its answer, on a connection of its own.
 *
 * libcurl does the exchange, through the curl_loop; addresses are ours, tried
 * in turn, and so are the verdict on the certificate (after a bad one the
 * request is not sent), the limit of the body, and the clock.
 */
#ifndef AGENT_PROBE_HTTP_HOP_H
#define AGENT_PROBE_HTTP_HOP_H

#include "buf.h"
#include "http_jar.h"
#include "http_url.h"
#include "probe.h"
#include "resolve.h"

struct x509_store_st;

/* What to ask, and whom.  All borrowed, and must outlive the hop. */
struct http_hop_spec {
    const struct probe_env *env;
    const struct check *check;
    const struct http_url *url;
    const struct http_url *origin; /* the check's own, whose user it is */
    const char *method;
    bool send_body; /* the check's */
    bool tell_all;  /* all of the check's headers and its password: to a host
                       that may know them */
    const char *request_id;  /* a UUID */
    const char *traceparent; /* as W3C Trace Context */
    struct http_jar *jar;    /* whose cookies go along, and where new ones go */
    struct x509_store_st *trust;
    const struct resolve_answer *addresses;
    int64_t deadline_ns; /* of loop_now_ns(); who made the hop cancels it */
    struct buf *body;    /* keeps the answer's decoded bytes; NULL: nobody
                            will look at them */
};

/* What came of it; strings are owned, see http_hop_seen_free(). */
struct http_hop_seen {
    enum measure_reason reason; /* REASON_NONE: an answer was read */
    enum phase failed_phase;
    char detail[FACTS_TEXT_BYTES];
    int64_t phase_us[PHASE_COUNT]; /* CONNECT to TRANSFER */
    uint8_t family;
    char ip[MEASURE_IP_BYTES];
    char *location;         /* owned; NULL if there was none */
    struct tls_facts *tls;  /* owned; NULL without TLS */
    struct http_facts http; /* all but redirects and sent_request_id */
};

void http_hop_seen_free(struct http_hop_seen *seen);

struct http_hop;

/*
 * `seen` is good only during the call; who wants its owned parts takes them
 * and leaves NULL.  The hop is already gone.
 */
typedef void http_hop_done_fn(void *ctx, struct http_hop_seen *seen);

/*
 * `done` is called exactly once, from the loop and never from inside
 * http_hop_start(), unless http_hop_cancel() comes first.  NULL: memory is
 * out.
 */
struct http_hop *http_hop_start(const struct http_hop_spec *spec,
    http_hop_done_fn *done, void *ctx, struct err *err);

/*
 * Drops the hop; what it had seen is in *seen (to be freed), with the reason
 * that a deadline means at this point.
 */
void http_hop_give_up(struct http_hop *hop, struct http_hop_seen *seen);

/* Drops the hop.  NULL is allowed. */
void http_hop_cancel(struct http_hop *hop);

#endif
