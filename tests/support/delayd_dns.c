#include "delayd_dns.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"

enum {
    HEADER_BYTES = 12,
    NAME_BYTES = 256,
    ANSWER_BYTES = 16,
    QUESTION_MAX_BYTES = 512,
    TYPE_A = 1
};

struct dns {
    struct delayd_dns_spec spec;
    struct loop_watch watch;
};

/* A question that waits for its answer. */
struct question {
    struct dns *dns; /* borrowed */
    struct sockaddr_storage from;
    socklen_t from_len;
    uint8_t bytes[QUESTION_MAX_BYTES + ANSWER_BYTES];
    size_t len; /* header and question */
    uint16_t type;
    char name[NAME_BYTES];
    int64_t came_ns;
    struct timer due;
};

int64_t
delayd_now_ns(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * NS_PER_SEC + now.tv_nsec;
}

int64_t
delayd_stamp_ns(struct msghdr *msg)
{
    struct timespec then;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
            continue;
        memcpy(&then, CMSG_DATA(c), sizeof(then));
        return then.tv_sec * NS_PER_SEC + then.tv_nsec;
    }
    return delayd_now_ns();
}

static void
answer(void *ctx)
{
    struct question *q = ctx;
    struct dns *dns = q->dns;
    static const uint8_t record[ANSWER_BYTES] = {
        0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1};
    bool has_answer = q->type == TYPE_A;
    int64_t now_ns;

    q->bytes[2] = 0x84 | (q->bytes[2] & 1); /* an answer, authoritative */
    q->bytes[3] = 0x80;
    memset(q->bytes + 6, 0, 6);
    q->bytes[7] = has_answer;
    if (has_answer) {
        memcpy(q->bytes + q->len, record, sizeof(record));
        q->len += sizeof(record);
    }
    now_ns = delayd_now_ns();
    (void)sendto(dns->spec.fd, q->bytes, q->len, 0,
        (const struct sockaddr *)&q->from, q->from_len);
    if (has_answer)
        (void)fprintf(dns->spec.log, "dns %s %" PRId64 "\n", q->name,
            (now_ns - q->came_ns) / NS_PER_US);
    free(q);
}

/* Finds the end of the question and spells its name; false: not a question. */
static bool
take_question(struct question *q, size_t got)
{
    size_t at = HEADER_BYTES;
    size_t put = 0;

    while (at < got && q->bytes[at] != 0) {
        size_t label = q->bytes[at];

        if (label > 63 || at + 1 + label >= got || put + label + 2 > NAME_BYTES)
            return false;
        if (put > 0)
            q->name[put++] = '.';
        memcpy(q->name + put, q->bytes + at + 1, label);
        put += label;
        at += 1 + label;
    }
    if (at + 5 > got)
        return false;
    q->name[put] = '\0';
    q->type = (uint16_t)(q->bytes[at + 1] << 8 | q->bytes[at + 2]);
    q->len = at + 5;
    return true;
}

static void
on_questions(void *ctx, unsigned ready)
{
    struct dns *dns = ctx;

    (void)ready;
    for (;;) {
        struct question *q = calloc(1, sizeof(*q));
        struct iovec iov = {0};
        char control[256];
        struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
        ssize_t got = -1;

        if (q != NULL) {
            iov = (struct iovec){q->bytes, QUESTION_MAX_BYTES};
            msg.msg_name = &q->from;
            msg.msg_namelen = sizeof(q->from);
            msg.msg_control = control;
            msg.msg_controllen = sizeof(control);
            got = recvmsg(dns->spec.fd, &msg, 0);
        }
        if (got == -1 || !take_question(q, (size_t)got)) {
            free(q);
            return;
        }
        q->dns = dns;
        q->from_len = msg.msg_namelen;
        q->came_ns = delayd_stamp_ns(&msg);
        timer_init(&q->due, answer, q);
        loop_timer_start(dns->spec.loop, &q->due,
            q->came_ns + dns->spec.delay_ns - delayd_now_ns());
    }
}

int
delayd_dns_start(const struct delayd_dns_spec *spec, struct err *err)
{
    struct dns *dns = calloc(1, sizeof(*dns));

    if (dns == NULL)
        return err_set(err, ERR_NOMEM, "name server");
    dns->spec = *spec;
    loop_watch_init(&dns->watch, on_questions, dns);
    return loop_watch_start(spec->loop, &dns->watch, spec->fd, LOOP_READ, err);
}
