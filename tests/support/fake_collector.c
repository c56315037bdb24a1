#include "fake_collector.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum { Z85_KEY_BYTES = 41, PART_MAX_BYTES = 256, WAIT_MS = 2 };

struct fake_collector {
    void *zmq;
    void *router;
    void *zap;
    char endpoint[64];
    uint8_t public_key[WIRE_KEY_BYTES];
    _Atomic int status;
    uint8_t peer[PART_MAX_BYTES]; /* routing id */
    size_t peer_len;
    uint8_t peer_key[WIRE_KEY_BYTES];
    zmq_msg_t frame; /* of the last message */
    struct wire_msg msg;
    bool has_msg;
};

/* The same pair for all: a collector that was restarted has its old keys. */
static const uint8_t secret_key[WIRE_KEY_BYTES] =
    "a secret that is known to all..";

static void
must(bool good)
{
    if (!good) {
        (void)fprintf(
            stderr, "fake collector: %s\n", zmq_strerror(zmq_errno()));
        abort();
    }
}

static void
set_int(void *socket, int option, int value)
{
    must(zmq_setsockopt(socket, option, &value, sizeof(value)) == 0);
}

static void
make_key(struct fake_collector *fake)
{
    char secret_z85[Z85_KEY_BYTES];
    char public_z85[Z85_KEY_BYTES];

    must(zmq_z85_encode(secret_z85, secret_key, WIRE_KEY_BYTES) != NULL);
    must(zmq_curve_public(public_z85, secret_z85) == 0);
    must(zmq_z85_decode(fake->public_key, public_z85) != NULL);
}

struct fake_collector *
fake_collector_open(int port)
{
    struct fake_collector *fake = calloc(1, sizeof(*fake));
    size_t len = sizeof(fake->endpoint);
    char address[64];

    must(fake != NULL);
    fake->status = 200;
    make_key(fake);
    (void)zmq_msg_init(&fake->frame);
    fake->zmq = zmq_ctx_new();
    fake->zap = zmq_socket(fake->zmq, ZMQ_REP);
    must(zmq_bind(fake->zap, "inproc://zeromq.zap.01") == 0);
    fake->router = zmq_socket(fake->zmq, ZMQ_ROUTER);
    set_int(fake->router, ZMQ_LINGER, 0);
    set_int(fake->zap, ZMQ_LINGER, 0);
    set_int(fake->router, ZMQ_CURVE_SERVER, 1);
    set_int(fake->router, ZMQ_ROUTER_MANDATORY, 1);
    must(zmq_setsockopt(fake->router, ZMQ_CURVE_SECRETKEY, secret_key,
             WIRE_KEY_BYTES) == 0);
    must(zmq_setsockopt(fake->router, ZMQ_ZAP_DOMAIN, "leadline", 8) == 0);
    (void)snprintf(address, sizeof(address),
        port == 0 ? "tcp://127.0.0.1:*" : "tcp://127.0.0.1:%d", port);
    must(zmq_bind(fake->router, address) == 0);
    must(zmq_getsockopt(
             fake->router, ZMQ_LAST_ENDPOINT, fake->endpoint, &len) == 0);
    return fake;
}

static void
forget_msg(struct fake_collector *fake)
{
    if (fake->has_msg)
        wire_msg_free(&fake->msg);
    fake->has_msg = false;
}

void
fake_collector_close(struct fake_collector *fake)
{
    if (fake == NULL)
        return;
    forget_msg(fake);
    (void)zmq_msg_close(&fake->frame);
    (void)zmq_close(fake->router);
    (void)zmq_close(fake->zap);
    (void)zmq_ctx_term(fake->zmq);
    free(fake);
}

const char *
fake_collector_endpoint(const struct fake_collector *fake)
{
    return fake->endpoint;
}

int
fake_collector_port(const struct fake_collector *fake)
{
    return atoi(strrchr(fake->endpoint, ':') + 1); /* NOLINT: our own text */
}

const uint8_t *
fake_collector_key(const struct fake_collector *fake)
{
    return fake->public_key;
}

void
fake_collector_admit(struct fake_collector *fake, int status)
{
    fake->status = status;
}

/* RFC 27: version, id, domain, address, identity, mechanism, key. */
static void
answer_zap(struct fake_collector *fake)
{
    char id[PART_MAX_BYTES];
    char part[PART_MAX_BYTES];
    char status[16];
    char user[Z85_KEY_BYTES];
    int id_len;

    if (zmq_recv(fake->zap, part, sizeof(part), ZMQ_DONTWAIT) < 0)
        return;
    id_len = zmq_recv(fake->zap, id, sizeof(id), 0);
    for (int i = 0; i < 5; i++)
        must(zmq_recv(fake->zap, part, sizeof(part), 0) >= 0);
    must(zmq_z85_encode(user, (const uint8_t *)part, WIRE_KEY_BYTES) != NULL);
    (void)snprintf(status, sizeof(status), "%d", fake->status);
    (void)zmq_send(fake->zap, "1.0", 3, ZMQ_SNDMORE);
    (void)zmq_send(fake->zap, id, (size_t)id_len, ZMQ_SNDMORE);
    (void)zmq_send(fake->zap, status, 3, ZMQ_SNDMORE);
    (void)zmq_send(fake->zap, "", 0, ZMQ_SNDMORE);
    (void)zmq_send(fake->zap, user, strlen(user), ZMQ_SNDMORE);
    (void)zmq_send(fake->zap, "", 0, 0);
}

bool
fake_collector_next(struct fake_collector *fake, struct wire_msg *msg)
{
    zmq_pollitem_t items[] = {{.socket = fake->router, .events = ZMQ_POLLIN},
        {.socket = fake->zap, .events = ZMQ_POLLIN}};
    struct err err;
    int len;

    (void)zmq_poll(items, 2, WAIT_MS);
    answer_zap(fake);
    len = zmq_recv(fake->router, fake->peer, sizeof(fake->peer), ZMQ_DONTWAIT);
    if (len < 0)
        return false;
    fake->peer_len = (size_t)len;
    forget_msg(fake);
    must(zmq_msg_recv(&fake->frame, fake->router, 0) >= 0);
    must(zmq_msg_gets(&fake->frame, "User-Id") != NULL);
    must(zmq_z85_decode(
             fake->peer_key, zmq_msg_gets(&fake->frame, "User-Id")) != NULL);
    if (wire_decode(zmq_msg_data(&fake->frame), zmq_msg_size(&fake->frame),
            &fake->msg, &err) != 0) {
        (void)fprintf(stderr, "fake collector: %s\n", err.msg);
        abort();
    }
    fake->has_msg = true;
    *msg = fake->msg;
    return true;
}

const uint8_t *
fake_collector_peer_key(const struct fake_collector *fake)
{
    return fake->peer_key;
}

void
fake_collector_send_bytes(
    struct fake_collector *fake, const void *data, size_t len)
{
    /* The peer may be gone: so be it. */
    if (zmq_send(fake->router, fake->peer, fake->peer_len,
            ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0)
        (void)zmq_send(fake->router, data, len, ZMQ_DONTWAIT);
}

void
fake_collector_send(struct fake_collector *fake, const struct wire_msg *msg)
{
    struct buf frame;
    struct err err;

    buf_init(&frame, WIRE_TO_AGENT_MAX_BYTES);
    if (wire_encode(msg, &frame, &err) != 0) {
        (void)fprintf(stderr, "fake collector: %s\n", err.msg);
        abort();
    }
    fake_collector_send_bytes(fake, frame.data, frame.len);
    buf_free(&frame);
}
