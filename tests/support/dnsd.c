#include "dnsd.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buf.h"
#include "dns_expect.h"
#include "dns_msg.h"

enum { RECORDS_MAX = 160, NAME_BYTES = 256, HEADER_BYTES = 12, CONNS_MAX = 8 };

struct record {
    char name[NAME_BYTES];
    enum check_dns_type type;
    char data[1024];
};

struct conn {
    struct dnsd *dnsd;
    int fd;
    struct loop_watch watch;
};

struct dnsd {
    struct loop *loop;
    char name[64];
    int port;
    int udp;
    int tcp;
    struct loop_watch udp_watch;
    struct loop_watch tcp_watch;
    struct conn conns[CONNS_MAX];
    enum dnsd_mood mood;
    int mood_type; /* -1: for all */
    struct record records[RECORDS_MAX];
    int record_count;
    int asked;
    int asked_tcp;
    bool saw_rd;
    bool saw_edns;
    uint32_t saw_from;
};

struct question {
    char name[NAME_BYTES];
    uint16_t type;
    size_t end; /* of the question in the message */
};

static void
put16(struct buf *out, unsigned value)
{
    uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    struct err err;

    assert(buf_append(out, bytes, 2, &err) == 0);
}

static void
put_name(struct buf *out, const char *name)
{
    struct err err;

    while (*name != '\0') {
        size_t len = strcspn(name, ".");
        uint8_t byte = (uint8_t)len;

        assert(buf_append(out, &byte, 1, &err) == 0);
        assert(buf_append(out, name, len, &err) == 0);
        name += len + (name[len] == '.');
    }
    assert(buf_append(out, "", 1, &err) == 0);
}

static void
put_txt(struct buf *out, const char *text)
{
    struct err err;

    for (size_t len = strlen(text); len > 0;) {
        uint8_t part = (uint8_t)(len > 255 ? 255 : len);

        assert(buf_append(out, &part, 1, &err) == 0);
        assert(buf_append(out, text, part, &err) == 0);
        text += part;
        len -= part;
    }
}

static void
put_record(struct buf *out, const struct record *record)
{
    struct buf data;
    struct err err;

    buf_init(&data, DNS_MSG_MAX_BYTES);
    if (record->type == DNS_TYPE_TXT)
        put_txt(&data, record->data);
    else
        assert(dns_expect_take(record->type, record->data, &data, &err) == 0);
    put_name(out, record->name);
    put16(out, dns_type_number(record->type));
    put16(out, 1);
    put16(out, 0);
    put16(out, 300);
    put16(out, (unsigned)data.len);
    assert(buf_append(out, data.data, data.len, &err) == 0);
    buf_free(&data);
}

static bool
take_question(const uint8_t *bytes, size_t len, struct question *out)
{
    size_t at = HEADER_BYTES;
    size_t put = 0;

    while (at < len && bytes[at] != 0) {
        size_t label = bytes[at++];

        if (label > len - at || put + label + 2 > sizeof(out->name))
            return false;
        memcpy(out->name + put, bytes + at, label);
        put += label;
        out->name[put++] = '.';
        at += label;
    }
    out->name[put > 0 ? put - 1 : 0] = '\0';
    if (at + 5 > len)
        return false;
    out->type = (uint16_t)(bytes[at + 1] << 8 | bytes[at + 2]);
    out->end = at + 5;
    return true;
}

/* Appends what the zone has; returns how many, -1 if the name is unknown. */
static int
put_answers(
    const struct dnsd *dnsd, const struct question *question, struct buf *out)
{
    const char *name = question->name;
    bool known = false;
    int count = 0;

    while (name != NULL) {
        const char *next = NULL;

        for (int i = 0; i < dnsd->record_count; i++) {
            const struct record *record = &dnsd->records[i];

            if (!dns_same_name(record->name, name))
                continue;
            known = true;
            if (dns_type_number(record->type) == question->type) {
                put_record(out, record);
                count++;
            } else if (record->type == DNS_TYPE_CNAME) {
                put_record(out, record);
                count++;
                next = record->data;
            }
        }
        name = next;
    }
    return known ? count : -1;
}

static enum dns_rcode
rcode_of(enum dnsd_mood mood)
{
    if (mood == DNSD_SERVFAIL)
        return DNS_RCODE_SERVFAIL;
    if (mood == DNSD_NOTIMP)
        return DNS_RCODE_NOTIMP;
    return mood == DNSD_REFUSED ? DNS_RCODE_REFUSED : DNS_RCODE_NOERROR;
}

static void
put_message(const struct dnsd *dnsd, const uint8_t *query,
    const struct question *question, enum dnsd_mood mood, struct buf *out)
{
    struct buf answers;
    struct err err;
    unsigned flags = 0x8480; /* QR, AA, RA */
    int count;

    buf_init(&answers, DNS_MSG_MAX_BYTES);
    count = put_answers(dnsd, question, &answers);
    if (mood == DNSD_LAME)
        flags = 0x8080;
    if (count == -1)
        flags |= DNS_RCODE_NXDOMAIN;
    if (rcode_of(mood) != DNS_RCODE_NOERROR) {
        flags = 0x8080U | (unsigned)rcode_of(mood);
        buf_clear(&answers);
        count = 0;
    }
    assert(buf_append(out, query, 2, &err) == 0);
    put16(out, flags);
    put16(out, 1);
    put16(out, count > 0 ? (unsigned)count : 0);
    put16(out, 0);
    put16(out, 0);
    assert(buf_append(out, query + HEADER_BYTES, question->end - HEADER_BYTES,
               &err) == 0);
    assert(buf_append(out, answers.data, answers.len, &err) == 0);
    buf_free(&answers);
}

static enum dnsd_mood
mood_of(const struct dnsd *dnsd, const struct question *question)
{
    if (dnsd->mood_type == -1 ||
        dns_type_number((enum check_dns_type)dnsd->mood_type) == question->type)
        return dnsd->mood;
    return DNSD_ANSWERS;
}

static void
send_udp(struct dnsd *dnsd, const struct sockaddr_storage *to, socklen_t to_len,
    const void *bytes, size_t len)
{
    (void)sendto(dnsd->udp, bytes, len, 0, (const struct sockaddr *)to, to_len);
}

/* Header and question of an answer that has no more than an error in it. */
static void
send_complaint(struct dnsd *dnsd, const struct buf *out, enum dnsd_mood mood,
    size_t question_end, const struct sockaddr_storage *to, socklen_t to_len)
{
    static const uint8_t badvers[] = {0, 0, 41, 4, 208, 1, 0, 0, 0, 0, 0};
    uint8_t bytes[512];
    size_t len = mood == DNSD_BARE_ON_EDNS ? HEADER_BYTES : question_end;

    assert(len + sizeof(badvers) <= sizeof(bytes));
    memcpy(bytes, out->data, len);
    bytes[5] = mood != DNSD_BARE_ON_EDNS;
    bytes[6] = bytes[7] = 0;
    bytes[3] = mood == DNSD_BADVERS_ON_EDNS ? 0 : DNS_RCODE_FORMERR;
    if (mood == DNSD_BADVERS_ON_EDNS) {
        bytes[11] = 1;
        memcpy(bytes + len, badvers, sizeof(badvers));
        len += sizeof(badvers);
    }
    send_udp(dnsd, to, to_len, bytes, len);
}

/* From a port of its own. */
static void
send_from_elsewhere(
    const struct buf *out, const struct sockaddr_storage *to, socklen_t to_len)
{
    int fd = socket(to->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert(fd != -1);
    (void)sendto(
        fd, out->data, out->len, 0, (const struct sockaddr *)to, to_len);
    (void)close(fd);
}

static void
answer_udp(struct dnsd *dnsd, const uint8_t *query,
    const struct question *question, const struct sockaddr_storage *to,
    socklen_t to_len)
{
    enum dnsd_mood mood = mood_of(dnsd, question);
    struct buf out;

    buf_init(&out, DNS_MSG_MAX_BYTES);
    put_message(dnsd, query, question, mood, &out);
    switch (mood) {
    case DNSD_SILENT:
        break;
    case DNSD_WRONG_ID_FIRST:
        out.data[0] ^= 1;
        send_udp(dnsd, to, to_len, out.data, out.len);
        out.data[0] ^= 1;
        send_udp(dnsd, to, to_len, out.data, out.len);
        break;
    case DNSD_OTHER_QUESTION:
        out.data[HEADER_BYTES + 1] ^= 1; /* first letter of the name */
        send_udp(dnsd, to, to_len, out.data, out.len);
        break;
    case DNSD_FORMERR_ON_EDNS:
    case DNSD_BARE_ON_EDNS:
    case DNSD_BADVERS_ON_EDNS:
        if (dnsd->saw_edns)
            send_complaint(dnsd, &out, mood, question->end, to, to_len);
        else
            send_udp(dnsd, to, to_len, out.data, out.len);
        break;
    case DNSD_OTHER_SOURCE:
        send_from_elsewhere(&out, to, to_len);
        break;
    case DNSD_TRUNCATES:
    case DNSD_TCP_CLOSES:
    case DNSD_TCP_BY_BYTE:
    case DNSD_TCP_LONG:
    case DNSD_TCP_EMPTY:
        out.data[2] |= 0x02;
        out.data[6] = out.data[7] = 0;
        send_udp(dnsd, to, to_len, out.data, question->end);
        break;
    case DNSD_GARBAGE:
        send_udp(dnsd, to, to_len, "What is this?!", 14);
        break;
    case DNSD_GARBLED_ANSWER:
        out.data[7] = 9; /* answers that are not there */
        send_udp(dnsd, to, to_len, out.data, question->end);
        break;
    case DNSD_ANSWERS:
    case DNSD_LAME:
    case DNSD_SERVFAIL:
    case DNSD_REFUSED:
    case DNSD_NOTIMP:
        send_udp(dnsd, to, to_len, out.data, out.len);
        break;
    }
    buf_free(&out);
}

static void
on_udp(void *ctx, unsigned ready)
{
    struct dnsd *dnsd = ctx;
    struct sockaddr_storage from;
    socklen_t from_len = sizeof(from);
    uint8_t query[4096];
    struct question question;
    ssize_t len = recvfrom(dnsd->udp, query, sizeof(query), MSG_DONTWAIT,
        (struct sockaddr *)&from, &from_len);

    (void)ready;
    if (len < HEADER_BYTES || !take_question(query, (size_t)len, &question))
        return;
    dnsd->asked++;
    dnsd->saw_rd = (query[2] & 1) != 0;
    dnsd->saw_edns = query[11] != 0;
    dnsd->saw_from = (uint32_t)query[0] << 24 | (uint32_t)query[1] << 16;
    dnsd->saw_from |= ntohs(from.ss_family == AF_INET6
                                ? ((struct sockaddr_in6 *)&from)->sin6_port
                                : ((struct sockaddr_in *)&from)->sin_port);
    answer_udp(dnsd, query, &question, &from, from_len);
}

static void
close_conn(struct conn *conn)
{
    if (conn->fd == -1)
        return;
    loop_watch_stop(conn->dnsd->loop, &conn->watch);
    (void)close(conn->fd);
    conn->fd = -1;
}

static void
on_tcp_question(void *ctx, unsigned ready)
{
    struct conn *conn = ctx;
    struct dnsd *dnsd = conn->dnsd;
    uint8_t query[4096];
    struct question question;
    struct buf out;
    ssize_t len = recv(conn->fd, query, sizeof(query), MSG_DONTWAIT);
    enum dnsd_mood mood;
    size_t body;

    (void)ready;
    if (len < HEADER_BYTES + 2 ||
        !take_question(query + 2, (size_t)len - 2, &question)) {
        close_conn(conn);
        return;
    }
    dnsd->asked_tcp++;
    mood = mood_of(dnsd, &question);
    buf_init(&out, DNS_MSG_MAX_BYTES);
    put16(&out, 0);
    put_message(dnsd, query + 2, &question, mood, &out);
    body = out.len - 2;
    if (mood == DNSD_TCP_LONG)
        body += 100;
    if (mood == DNSD_TCP_EMPTY)
        body = 0;
    out.data[0] = (uint8_t)(body >> 8);
    out.data[1] = (uint8_t)body;
    if (mood == DNSD_TCP_CLOSES || mood == DNSD_TCP_LONG) {
        size_t part = mood == DNSD_TCP_CLOSES ? out.len / 2 : out.len;

        (void)send(conn->fd, out.data, part, MSG_NOSIGNAL);
        close_conn(conn);
    } else if (mood == DNSD_TCP_BY_BYTE) {
        (void)send(conn->fd, out.data, 1, MSG_NOSIGNAL);
        (void)send(conn->fd, out.data + 1, out.len - 1, MSG_NOSIGNAL);
    } else {
        (void)send(conn->fd, out.data, out.len, MSG_NOSIGNAL);
    }
    buf_free(&out);
}

static void
on_tcp(void *ctx, unsigned ready)
{
    struct dnsd *dnsd = ctx;
    struct err err;

    (void)ready;
    for (int i = 0; i < CONNS_MAX; i++) {
        struct conn *conn = &dnsd->conns[i];

        if (conn->fd != -1)
            continue;
        conn->fd = accept(dnsd->tcp, NULL, NULL);
        if (conn->fd != -1)
            (void)loop_watch_start(
                dnsd->loop, &conn->watch, conn->fd, LOOP_READ, &err);
        return;
    }
}

/* A socket of this type on the port of `addr`, which it fills in. */
static int
listen_on(int socktype, struct sockaddr_storage *addr, socklen_t len)
{
    int fd = socket(addr->ss_family, socktype | SOCK_CLOEXEC, 0);

    if (fd == -1 || bind(fd, (struct sockaddr *)addr, len) != 0 ||
        getsockname(fd, (struct sockaddr *)addr, &len) != 0 ||
        (socktype == SOCK_STREAM && listen(fd, 8) != 0)) {
        if (fd != -1)
            (void)close(fd);
        return -1;
    }
    return fd;
}

static bool
open_sockets(struct dnsd *dnsd, const char *ip, int port)
{
    bool is_ip6 = strchr(ip, ':') != NULL;

    /* The port that UDP gets may be taken for TCP: then another. */
    for (int attempt = 0; attempt < (port == 0 ? 20 : 1); attempt++) {
        struct sockaddr_storage addr = {0};
        struct sockaddr_in *in4 = (struct sockaddr_in *)&addr;
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&addr;
        socklen_t len = is_ip6 ? sizeof(*in6) : sizeof(*in4);
        in_port_t *at = is_ip6 ? &in6->sin6_port : &in4->sin_port;

        addr.ss_family = is_ip6 ? AF_INET6 : AF_INET;
        *at = htons((uint16_t)port);
        assert(inet_pton(addr.ss_family, ip,
                   is_ip6 ? (void *)&in6->sin6_addr : &in4->sin_addr) == 1);
        dnsd->udp = listen_on(SOCK_DGRAM, &addr, len);
        if (dnsd->udp == -1)
            break;
        dnsd->tcp = listen_on(SOCK_STREAM, &addr, len);
        dnsd->port = ntohs(*at);
        if (dnsd->tcp != -1)
            return true;
        (void)close(dnsd->udp);
    }
    return false;
}

struct dnsd *
dnsd_new_on(struct loop *loop, const char *ip, int port)
{
    struct dnsd *dnsd = calloc(1, sizeof(*dnsd));
    struct err err;

    assert(dnsd != NULL);
    dnsd->loop = loop;
    dnsd->mood_type = -1;
    if (!open_sockets(dnsd, ip, port)) {
        free(dnsd);
        return NULL;
    }
    (void)snprintf(dnsd->name, sizeof(dnsd->name), "%s#%d", ip, dnsd->port);
    loop_watch_init(&dnsd->udp_watch, on_udp, dnsd);
    loop_watch_init(&dnsd->tcp_watch, on_tcp, dnsd);
    (void)loop_watch_start(loop, &dnsd->udp_watch, dnsd->udp, LOOP_READ, &err);
    (void)loop_watch_start(loop, &dnsd->tcp_watch, dnsd->tcp, LOOP_READ, &err);
    for (int i = 0; i < CONNS_MAX; i++) {
        dnsd->conns[i].dnsd = dnsd;
        dnsd->conns[i].fd = -1;
        loop_watch_init(
            &dnsd->conns[i].watch, on_tcp_question, &dnsd->conns[i]);
    }
    return dnsd;
}

struct dnsd *
dnsd_new(struct loop *loop, const char *ip)
{
    struct dnsd *dnsd = dnsd_new_on(loop, ip, 0);

    assert(dnsd != NULL);
    return dnsd;
}

void
dnsd_free(struct dnsd *dnsd)
{
    if (dnsd == NULL)
        return;
    for (int i = 0; i < CONNS_MAX; i++)
        close_conn(&dnsd->conns[i]);
    loop_watch_stop(dnsd->loop, &dnsd->udp_watch);
    loop_watch_stop(dnsd->loop, &dnsd->tcp_watch);
    (void)close(dnsd->udp);
    (void)close(dnsd->tcp);
    free(dnsd);
}

const char *
dnsd_name(const struct dnsd *dnsd)
{
    return dnsd->name;
}

int
dnsd_port(const struct dnsd *dnsd)
{
    return dnsd->port;
}

void
dnsd_set_mood(struct dnsd *dnsd, enum dnsd_mood mood)
{
    dnsd->mood = mood;
    dnsd->mood_type = -1;
}

void
dnsd_set_mood_for(
    struct dnsd *dnsd, enum check_dns_type type, enum dnsd_mood mood)
{
    dnsd->mood = mood;
    dnsd->mood_type = (int)type;
}

void
dnsd_add(struct dnsd *dnsd, const char *name, enum check_dns_type type,
    const char *data)
{
    struct record *record = &dnsd->records[dnsd->record_count++];

    assert(dnsd->record_count <= RECORDS_MAX);
    record->type = type;
    (void)snprintf(record->name, sizeof(record->name), "%s", name);
    (void)snprintf(record->data, sizeof(record->data), "%s", data);
}

int
dnsd_asked(const struct dnsd *dnsd)
{
    return dnsd->asked;
}

int
dnsd_asked_tcp(const struct dnsd *dnsd)
{
    return dnsd->asked_tcp;
}

bool
dnsd_saw_rd(const struct dnsd *dnsd)
{
    return dnsd->saw_rd;
}

bool
dnsd_saw_edns(const struct dnsd *dnsd)
{
    return dnsd->saw_edns;
}

uint32_t
dnsd_saw_from(const struct dnsd *dnsd)
{
    return dnsd->saw_from;
}
