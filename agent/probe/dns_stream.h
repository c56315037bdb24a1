/*
 * dns_stream.h - one question and its answer over TCP, each with its length in
 * front (RFC 1035 4.2.2).
 *
 * Sends and receives what the socket takes and has; waiting is the caller's.
 */
#ifndef AGENT_PROBE_DNS_STREAM_H
#define AGENT_PROBE_DNS_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "dns_msg.h"
#include "err.h"

enum { DNS_STREAM_PREFIX_BYTES = 2 };

struct dns_stream {
    struct buf question; /* with its length */
    size_t sent;
    struct buf received;
};

enum dns_stream_step {
    DNS_STREAM_WRITE, /* when the socket takes more */
    DNS_STREAM_READ,  /* when it has more */
    DNS_STREAM_ANSWER,
    DNS_STREAM_CLOSED,   /* by the server, before the answer's end */
    DNS_STREAM_TOO_MUCH, /* more than the answer's length */
    DNS_STREAM_NO_MEMORY,
    DNS_STREAM_BROKEN /* see errno */
};

void dns_stream_init(struct dns_stream *stream);
void dns_stream_free(struct dns_stream *stream);

/* Another question takes the place of what was; nothing of it is sent yet. */
int dns_stream_put(struct dns_stream *stream,
    const struct dns_question *question, uint16_t id, struct err *err);

/* The question's message alone, as UDP wants it. */
struct bytes dns_stream_question(const struct dns_stream *stream);

/* True if there is nothing left to send. */
bool dns_stream_is_sent(const struct dns_stream *stream);

enum dns_stream_step dns_stream_send(struct dns_stream *stream, int fd);

/* DNS_STREAM_ANSWER: *answer is the message, good until the next call. */
enum dns_stream_step dns_stream_receive(
    struct dns_stream *stream, int fd, struct bytes *answer);

#endif
