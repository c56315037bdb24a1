/*
 * dns_query.h - one DNS question to one server, asynchronously: UDP first,
 * TCP when the answer did not fit, without EDNS when the server wants none.
 *
 * The id and the port are random and new for each question sent, the socket is
 * connected, and only an answer with our id and our question counts: everything
 * else is ignored, waiting goes on.  The time is the kernel's time of arrival, not that of our loop.
 */
#ifndef AGENT_DNS_QUERY_H
#define AGENT_DNS_QUERY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "dns_reply.h"
#include "err.h"
#include "loop.h"

enum { DNS_PORT = 53 };

/* Copied, the question's name too. */
struct dns_query_spec {
    struct sockaddr_storage server;
    socklen_t server_len;
    const char *bind_ip4; /* borrowed until the end; or NULL */
    const char *bind_ip6;
    struct dns_question question;
    int64_t timeout_ns; /* UDP, TCP and asking again without EDNS together */
};

struct dns_query;

/*
 * `result` is good only during the call, unless the callee takes the answer by
 * leaving an empty one in its place.  The query is already gone.
 */
typedef void dns_query_done_fn(void *ctx, struct dns_result *result);

/*
 * `done` is called exactly once, from the loop and never from inside
 * dns_query_start(), unless dns_query_cancel() comes first.  NULL: memory is
 * out, or the name is none (ERR_PARSE).
 */
struct dns_query *dns_query_start(struct loop *loop,
    const struct dns_query_spec *spec, dns_query_done_fn *done, void *ctx,
    struct err *err);

/* Drops the query; `done` will not be called.  NULL is allowed. */
void dns_query_cancel(struct dns_query *query);

#endif
