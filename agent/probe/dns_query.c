#include "dns_query.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "dial.h"
#include "digest.h"
#include "dns_stream.h"
#include "dns_udp.h"

/*
 *      _________________________ without EDNS
 *     v               \         \
 * ASKING_UDP --> CONNECTING --> ASKING_TCP --> finished
 *      \______________\______________\_______/
 *   an answer, a failure or the deadline; FAILED waits for the loop to tell
 *   what could not even be started
 */
enum state { ASKING_UDP, CONNECTING, ASKING_TCP, FAILED };

enum { TURN_MAX = 16 /* datagrams read before others get their turn */ };

struct dns_query {
    struct loop *loop; /* borrowed */
    struct dns_query_spec spec;
    char *name; /* owned; the question's */
    dns_query_done_fn *done;
    void *ctx; /* borrowed */
    enum state state;
    int fd; /* owned; -1 when closed */
    uint16_t id;
    int64_t started_ns;
    int64_t late_ns; /* how long the answer had waited in the kernel */
    struct timer deadline;
    struct loop_watch watch;
    struct dns_stream stream; /* holds the question, by whatever it is sent */
    int ignored;              /* answers to something else */
    int garbled;              /* datagrams that are no DNS message */
    struct dns_result result;
};

static void
close_socket(struct dns_query *query)
{
    if (query->fd == -1)
        return;
    loop_watch_stop(query->loop, &query->watch);
    (void)close(query->fd);
    query->fd = -1;
}

static void
query_free(struct dns_query *query)
{
    close_socket(query);
    loop_timer_stop(query->loop, &query->deadline);
    dns_stream_free(&query->stream);
    dns_answer_free(&query->result.answer);
    free(query->name);
    free(query);
}

/* The only way out.  The query is gone when this returns. */
static void
finish(struct dns_query *query, enum measure_reason reason)
{
    dns_query_done_fn *done = query->done;
    void *ctx = query->ctx;
    struct dns_result result = query->result;
    int64_t elapsed_ns =
        loop_now_ns(query->loop) - query->started_ns - query->late_ns;

    result.reason = reason;
    result.elapsed_us = elapsed_ns > 0 ? elapsed_ns / NS_PER_US : 0;
    query->result.answer = (struct dns_answer){0}; /* handed on */
    query_free(query);
    done(ctx, &result);
    dns_answer_free(&result.answer);
}

static void
put_detail(struct dns_query *query, const char *what, int sys_errno)
{
    (void)snprintf(query->result.detail, sizeof(query->result.detail), "%s: %s",
        what,
        sys_errno == ECONNREFUSED ? "nobody listens on that port"
                                  : strerror(sys_errno));
}

/*
 * DNS has words of its own for what a stream connection fails with.
 * dns_refused is what a server says (the rcode); a port where nobody listens
 * is no answer at all, only told sooner than by silence.
 */
static enum measure_reason
dns_reason(const struct dns_query *query, int sys_errno)
{
    enum measure_reason reason =
        dial_reason(query->spec.server.ss_family, sys_errno);

    if (dial_is_ours(reason))
        return reason;
    return reason == REASON_CONNECT_RESET ? REASON_DNS_MALFORMED
                                          : REASON_DNS_TIMEOUT;
}

static void
fail_with(struct dns_query *query, const char *what, int sys_errno)
{
    put_detail(query, what, sys_errno);
    finish(query, dns_reason(query, sys_errno));
}

static void
finish_malformed(struct dns_query *query, const char *words)
{
    (void)snprintf(
        query->result.detail, sizeof(query->result.detail), "%s", words);
    finish(query, REASON_DNS_MALFORMED);
}

static void
wait_for(struct dns_query *query, unsigned events)
{
    struct err err;

    if (loop_watch_start(query->loop, &query->watch, query->fd, events, &err) !=
        0) {
        (void)snprintf(query->result.detail, sizeof(query->result.detail),
            "%.200s", err.msg);
        finish(query, REASON_AGENT_LIMIT);
    }
}

static struct dial
dial_of(const struct dns_query *query, int socktype)
{
    return (struct dial){
        .socktype = socktype,
        .addr = &query->spec.server,
        .addr_len = query->spec.server_len,
        .bind_ip4 = query->spec.bind_ip4,
        .bind_ip6 = query->spec.bind_ip6,
    };
}

static void
turn_to_tcp(struct dns_query *query)
{
    struct dial dial = dial_of(query, SOCK_STREAM);
    int sys_errno;

    close_socket(query);
    query->result.truncated = true;
    query->late_ns = 0;
    query->state = CONNECTING;
    query->fd = dial_start(&dial, &sys_errno);
    if (query->fd == -1) {
        fail_with(query, "connect by TCP", sys_errno);
        return;
    }
    wait_for(query, LOOP_WRITE);
}

/* The question with a new id. */
static int
put_question(struct dns_query *query, struct err *err)
{
    digest_random(&query->id, sizeof(query->id));
    return dns_stream_put(
        &query->stream, &query->spec.question, query->id, err);
}

/* What cannot be sent is a result, and is told as one, from the loop. */
static void
fail_soon(struct dns_query *query, const char *what, int sys_errno)
{
    put_detail(query, what, sys_errno);
    query->result.reason = dns_reason(query, sys_errno);
    close_socket(query);
    query->state = FAILED;
    loop_timer_start(query->loop, &query->deadline, 0);
}

static void
ask_by_udp(struct dns_query *query)
{
    struct dial dial = dial_of(query, SOCK_DGRAM);
    struct bytes question = dns_stream_question(&query->stream);
    struct err err;
    int sys_errno;

    query->fd = dns_udp_open(&dial, &sys_errno);
    if (query->fd == -1) {
        fail_soon(query, "UDP socket", sys_errno);
        return;
    }
    if (loop_watch_start(
            query->loop, &query->watch, query->fd, LOOP_READ, &err) != 0) {
        fail_soon(query, err.msg, ENOMEM);
        return;
    }
    if (send(query->fd, question.data, question.len, MSG_NOSIGNAL) == -1)
        fail_soon(query, "UDP", errno);
}

/* Once more, with a new id from a new port. */
static void
ask_without_edns(struct dns_query *query)
{
    struct err err;

    close_socket(query);
    query->spec.question.no_edns = true;
    query->late_ns = 0;
    query->state = ASKING_UDP;
    if (put_question(query, &err) != 0) {
        finish(query, REASON_AGENT_LIMIT);
        return;
    }
    ask_by_udp(query);
}

/* True if the datagram ended the query or its UDP part. */
static bool
take_datagram(struct dns_query *query, const uint8_t *bytes, size_t len)
{
    switch (dns_reply_take(
        bytes, len, &query->spec.question, query->id, &query->result)) {
    case DNS_REPLY_STRANGE:
        query->ignored++;
        return false;
    case DNS_REPLY_GARBLED:
        query->garbled++;
        return false;
    case DNS_REPLY_TRUNCATED:
        turn_to_tcp(query);
        return true;
    case DNS_REPLY_NO_EDNS:
        ask_without_edns(query);
        return true;
    case DNS_REPLY_FINAL:
        finish(query, query->result.reason);
        return true;
    }
    return true;
}

static void
read_udp(struct dns_query *query)
{
    uint8_t bytes[DNS_UDP_MAX_BYTES];

    for (int turn = 0; turn < TURN_MAX; turn++) {
        ssize_t len = dns_udp_receive(query->fd, bytes, &query->late_ns);

        if (len == -1 && (errno == EAGAIN || errno == EINTR))
            return;
        if (len == -1) {
            fail_with(query, "UDP", errno);
            return;
        }
        if (take_datagram(query, bytes, (size_t)len))
            return;
        query->late_ns = 0;
    }
}

/* No stranger can write into a connection: what does not match is wrong. */
static void
take_message(struct dns_query *query, const uint8_t *bytes, size_t len)
{
    switch (dns_reply_take(
        bytes, len, &query->spec.question, query->id, &query->result)) {
    case DNS_REPLY_STRANGE:
        finish_malformed(query, "the answer by TCP is to another question");
        return;
    case DNS_REPLY_GARBLED:
        finish(query, query->result.reason);
        return;
    case DNS_REPLY_TRUNCATED:
        finish_malformed(query, "the answer by TCP is truncated too");
        return;
    case DNS_REPLY_NO_EDNS:
        ask_without_edns(query);
        return;
    case DNS_REPLY_FINAL:
        query->result.tcp = true;
        finish(query, query->result.reason);
        return;
    }
}

static void
finish_closed(struct dns_query *query)
{
    char words[64];

    (void)snprintf(words, sizeof(words),
        "the server closed TCP after %zu bytes", query->stream.received.len);
    finish_malformed(query, words);
}

/* Sends or reads on, whichever has its turn. */
static void
go_on_by_tcp(struct dns_query *query)
{
    struct bytes answer;
    enum dns_stream_step step =
        dns_stream_is_sent(&query->stream)
            ? dns_stream_receive(&query->stream, query->fd, &answer)
            : dns_stream_send(&query->stream, query->fd);

    switch (step) {
    case DNS_STREAM_WRITE:
        wait_for(query, LOOP_WRITE);
        return;
    case DNS_STREAM_READ:
        wait_for(query, LOOP_READ);
        return;
    case DNS_STREAM_ANSWER:
        take_message(query, answer.data, answer.len);
        return;
    case DNS_STREAM_CLOSED:
        finish_closed(query);
        return;
    case DNS_STREAM_TOO_MUCH:
        finish_malformed(query, "more came by TCP than the answer's length");
        return;
    case DNS_STREAM_NO_MEMORY:
        finish(query, REASON_AGENT_LIMIT);
        return;
    case DNS_STREAM_BROKEN:
        fail_with(query, "TCP", errno);
        return;
    }
}

static void
connected(struct dns_query *query)
{
    int failed = dial_socket_error(query->fd);

    if (failed != 0) {
        fail_with(query, "connect by TCP", failed);
        return;
    }
    query->state = ASKING_TCP;
    go_on_by_tcp(query);
}

static void
on_ready(void *ctx, unsigned ready)
{
    struct dns_query *query = ctx;

    (void)ready;
    switch (query->state) {
    case ASKING_UDP:
        read_udp(query);
        return;
    case CONNECTING:
        connected(query);
        return;
    case ASKING_TCP:
        go_on_by_tcp(query);
        return;
    case FAILED:
        return;
    }
}

static void
on_deadline(void *ctx)
{
    struct dns_query *query = ctx;
    char *detail = query->result.detail;
    size_t size = sizeof(query->result.detail);

    if (query->state == FAILED) {
        finish(query, query->result.reason);
        return;
    }
    query->result.silent = true;
    query->result.odd_count = query->garbled + query->ignored;
    if (query->garbled > 0)
        (void)snprintf(detail, size,
            query->garbled == 1 ? "%d answer was no DNS message"
                                : "%d answers were no DNS messages",
            query->garbled);
    else if (query->ignored > 0)
        (void)snprintf(detail, size,
            query->ignored == 1 ? "%d answer to another question was ignored"
                                : "%d answers to another question were ignored",
            query->ignored);
    else
        (void)snprintf(detail, size, "no answer by %s within %lld ms",
            query->state == ASKING_UDP ? "UDP" : "TCP",
            (long long)(query->spec.timeout_ns / NS_PER_MS));
    finish(
        query, query->garbled > 0 ? REASON_DNS_MALFORMED : REASON_DNS_TIMEOUT);
}

struct dns_query *
dns_query_start(struct loop *loop, const struct dns_query_spec *spec,
    dns_query_done_fn *done, void *ctx, struct err *err)
{
    struct dns_query *query = calloc(1, sizeof(*query));

    if (query == NULL) {
        err_set(err, ERR_NOMEM, "DNS query");
        return NULL;
    }
    query->loop = loop;
    query->spec = *spec;
    query->done = done;
    query->ctx = ctx;
    query->fd = -1;
    query->started_ns = loop_now_ns(loop);
    timer_init(&query->deadline, on_deadline, query);
    loop_watch_init(&query->watch, on_ready, query);
    dns_stream_init(&query->stream);
    query->name = strdup(spec->question.name);
    query->spec.question.name = query->name;
    if (query->name == NULL)
        err_set(err, ERR_NOMEM, "DNS query");
    if (query->name == NULL || put_question(query, err) != 0) {
        query_free(query);
        return NULL;
    }
    loop_timer_start(loop, &query->deadline, spec->timeout_ns);
    ask_by_udp(query);
    return query;
}

void
dns_query_cancel(struct dns_query *query)
{
    if (query != NULL)
        query_free(query);
}
