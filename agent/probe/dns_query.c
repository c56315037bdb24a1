#include "dns_query.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "dial.h"
#include "digest.h"

/*
 *      _________________________ without EDNS
 *     v               \         \
 * ASKING_UDP --> CONNECTING --> ASKING_TCP --> finished
 *      \______________\______________\_______/
 *   an answer, a failure or the deadline; FAILED waits for the loop to tell
 *   what could not even be started
 */
enum state { ASKING_UDP, CONNECTING, ASKING_TCP, FAILED };

enum {
    UDP_MAX_BYTES = 4096, /* we say 1232; some send more all the same */
    TCP_PREFIX_BYTES = 2,
    TURN_MAX = 16 /* datagrams read before others get their turn */
};

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
    struct buf question; /* as sent by TCP: with its length in front */
    size_t sent;
    struct buf received; /* by TCP */
    int ignored;         /* answers to something else */
    int garbled;         /* datagrams that are no DNS message */
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
    buf_free(&query->question);
    buf_free(&query->received);
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

/* The question with a new id, and its length in front as TCP wants it. */
static int
put_question(struct dns_query *query, struct err *err)
{
    uint8_t *prefix;
    size_t len;

    buf_clear(&query->question);
    digest_random(&query->id, sizeof(query->id));
    prefix = buf_extend(&query->question, TCP_PREFIX_BYTES, err);
    if (prefix == NULL || dns_msg_encode(&query->spec.question, query->id,
                              &query->question, err) != 0)
        return -1;
    len = query->question.len - TCP_PREFIX_BYTES;
    query->question.data[0] = (uint8_t)(len >> 8);
    query->question.data[1] = (uint8_t)len;
    return 0;
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
    const uint8_t *bytes = query->question.data + TCP_PREFIX_BYTES;
    size_t len = query->question.len - TCP_PREFIX_BYTES;
    struct err err;
    int sys_errno;
    int on = 1;

    query->fd = dial_start(&dial, &sys_errno);
    if (query->fd == -1) {
        fail_soon(query, "UDP socket", sys_errno);
        return;
    }
    (void)setsockopt(query->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
    if (loop_watch_start(
            query->loop, &query->watch, query->fd, LOOP_READ, &err) != 0) {
        fail_soon(query, err.msg, ENOMEM);
        return;
    }
    if (send(query->fd, bytes, len, MSG_NOSIGNAL) == -1)
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
    query->sent = 0;
    buf_clear(&query->received);
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

/* How long the datagram had waited for us, by the kernel's clock. */
static int64_t
waited_ns(struct msghdr *msg)
{
    struct timespec now;
    struct timespec then;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        int64_t waited;

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS ||
            clock_gettime(CLOCK_REALTIME, &now) != 0)
            continue;
        memcpy(&then, CMSG_DATA(c), sizeof(then));
        waited = (now.tv_sec - then.tv_sec) * NS_PER_SEC +
                 (now.tv_nsec - then.tv_nsec);
        /* The date may have been set in between: then it says nothing. */
        return waited > 0 && waited < NS_PER_SEC ? waited : 0;
    }
    return 0;
}

static void
read_udp(struct dns_query *query)
{
    uint8_t bytes[UDP_MAX_BYTES];
    union {
        char space[CMSG_SPACE(sizeof(struct timespec))];
        struct cmsghdr align;
    } control;

    for (int turn = 0; turn < TURN_MAX; turn++) {
        struct iovec iov = {.iov_base = bytes, .iov_len = sizeof(bytes)};
        struct msghdr msg = {.msg_iov = &iov,
            .msg_iovlen = 1,
            .msg_control = &control,
            .msg_controllen = sizeof(control)};
        ssize_t len = recvmsg(query->fd, &msg, 0);

        if (len == -1 && (errno == EAGAIN || errno == EINTR))
            return;
        if (len == -1) {
            fail_with(query, "UDP", errno);
            return;
        }
        query->late_ns = waited_ns(&msg);
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

/* Appends what has come; false if there is nothing, or the query is gone. */
static bool
receive_tcp(struct dns_query *query)
{
    uint8_t bytes[UDP_MAX_BYTES];
    ssize_t got = recv(query->fd, bytes, sizeof(bytes), 0);
    char words[64];
    struct err err;

    if (got == -1 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (got == -1) {
        fail_with(query, "TCP", errno);
        return false;
    }
    if (got == 0) {
        (void)snprintf(words, sizeof(words),
            "the server closed TCP after %zu bytes", query->received.len);
        finish_malformed(query, words);
        return false;
    }
    if (buf_append(&query->received, bytes, (size_t)got, &err) == 0)
        return true;
    if (err.code == ERR_NOMEM)
        finish(query, REASON_AGENT_LIMIT);
    else
        finish_malformed(query, "more came by TCP than the answer's length");
    return false;
}

static void
read_tcp(struct dns_query *query)
{
    const struct buf *in = &query->received;
    size_t need;

    if (!receive_tcp(query) || in->len < TCP_PREFIX_BYTES)
        return;
    need = (size_t)in->data[0] << 8 | in->data[1];
    if (in->len >= TCP_PREFIX_BYTES + need)
        take_message(query, in->data + TCP_PREFIX_BYTES, need);
}

static void
write_tcp(struct dns_query *query)
{
    const struct buf *out = &query->question;
    ssize_t put;

    if (query->state == CONNECTING) {
        int failed = dial_socket_error(query->fd);

        if (failed != 0) {
            fail_with(query, "connect by TCP", failed);
            return;
        }
        query->state = ASKING_TCP;
    }
    put = send(query->fd, out->data + query->sent, out->len - query->sent,
        MSG_NOSIGNAL);
    if (put == -1 && errno != EAGAIN && errno != EINTR) {
        fail_with(query, "TCP", errno);
        return;
    }
    if (put > 0)
        query->sent += (size_t)put;
    wait_for(query, query->sent < out->len ? LOOP_WRITE : LOOP_READ);
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
        write_tcp(query);
        return;
    case ASKING_TCP:
        if (query->sent < query->question.len)
            write_tcp(query);
        else
            read_tcp(query);
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
    buf_init(&query->question, DNS_MSG_MAX_BYTES);
    buf_init(&query->received, TCP_PREFIX_BYTES + DNS_MSG_MAX_BYTES);
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
