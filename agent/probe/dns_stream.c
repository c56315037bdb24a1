#include "dns_stream.h"

#include <errno.h>
#include <sys/socket.h>

enum { READ_BYTES = 4096 };

void
dns_stream_init(struct dns_stream *stream)
{
    buf_init(&stream->question, DNS_MSG_MAX_BYTES);
    buf_init(&stream->received, DNS_STREAM_PREFIX_BYTES + DNS_MSG_MAX_BYTES);
    stream->sent = 0;
}

void
dns_stream_free(struct dns_stream *stream)
{
    buf_free(&stream->question);
    buf_free(&stream->received);
}

int
dns_stream_put(struct dns_stream *stream, const struct dns_question *question,
    uint16_t id, struct err *err)
{
    struct buf *out = &stream->question;
    size_t len;

    stream->sent = 0;
    buf_clear(&stream->received);
    buf_clear(out);
    if (buf_extend(out, DNS_STREAM_PREFIX_BYTES, err) == NULL ||
        dns_msg_encode(question, id, out, err) != 0)
        return -1;
    len = out->len - DNS_STREAM_PREFIX_BYTES;
    out->data[0] = (uint8_t)(len >> 8);
    out->data[1] = (uint8_t)len;
    return 0;
}

struct bytes
dns_stream_question(const struct dns_stream *stream)
{
    return (struct bytes){
        .data = stream->question.data + DNS_STREAM_PREFIX_BYTES,
        .len = stream->question.len - DNS_STREAM_PREFIX_BYTES};
}

bool
dns_stream_is_sent(const struct dns_stream *stream)
{
    return stream->sent == stream->question.len;
}

static bool
is_early(void)
{
    return errno == EAGAIN || errno == EINTR;
}

enum dns_stream_step
dns_stream_send(struct dns_stream *stream, int fd)
{
    const struct buf *out = &stream->question;
    ssize_t put = send(
        fd, out->data + stream->sent, out->len - stream->sent, MSG_NOSIGNAL);

    if (put == -1)
        return is_early() ? DNS_STREAM_WRITE : DNS_STREAM_BROKEN;
    stream->sent += (size_t)put;
    return dns_stream_is_sent(stream) ? DNS_STREAM_READ : DNS_STREAM_WRITE;
}

enum dns_stream_step
dns_stream_receive(struct dns_stream *stream, int fd, struct bytes *answer)
{
    struct buf *in = &stream->received;
    uint8_t bytes[READ_BYTES];
    ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
    struct err err;
    size_t need;

    if (got == -1)
        return is_early() ? DNS_STREAM_READ : DNS_STREAM_BROKEN;
    if (got == 0)
        return DNS_STREAM_CLOSED;
    if (buf_append(in, bytes, (size_t)got, &err) != 0)
        return err.code == ERR_NOMEM ? DNS_STREAM_NO_MEMORY
                                     : DNS_STREAM_TOO_MUCH;
    if (in->len < DNS_STREAM_PREFIX_BYTES)
        return DNS_STREAM_READ;
    need = (size_t)in->data[0] << 8 | in->data[1];
    if (in->len < DNS_STREAM_PREFIX_BYTES + need)
        return DNS_STREAM_READ;
    *answer =
        (struct bytes){.data = in->data + DNS_STREAM_PREFIX_BYTES, .len = need};
    return DNS_STREAM_ANSWER;
}
