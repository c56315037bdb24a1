#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "clock.h"
#include "cm.h"
#include "digest.h"
#include "intake_bench.h"

enum { WAIT_MS = 60000, HALF_HOUR_MS = 1800000 };

static void
set_key(void *socket, int option, const uint8_t key[WIRE_KEY_BYTES])
{
    assert_int_equal(zmq_setsockopt(socket, option, key, WIRE_KEY_BYTES), 0);
}

static void
set_int(void *socket, int option, int value)
{
    assert_int_equal(zmq_setsockopt(socket, option, &value, sizeof(value)), 0);
}

static void
dial(struct peer *peer, struct bench *bench, int agent,
    const struct bench_pair *pair, const char *from)
{
    char endpoint[64];

    *peer = (struct peer){.bench = bench};
    (void)snprintf(peer->name, sizeof(peer->name), "a%d", agent);
    digest_random(peer->spool_id, sizeof(peer->spool_id));
    peer->socket = zmq_socket(bench->zmq, ZMQ_DEALER);
    assert_non_null(peer->socket);
    bench->sockets[bench->socket_count++] = peer->socket;
    set_int(peer->socket, ZMQ_LINGER, 0);
    set_int(peer->socket, ZMQ_SNDHWM, 0); /* as much as a test sends */
    set_int(peer->socket, ZMQ_RCVHWM, 0);
    set_key(peer->socket, ZMQ_CURVE_SERVERKEY, bench->collector_key);
    set_key(peer->socket, ZMQ_CURVE_PUBLICKEY, pair->public_key);
    set_key(peer->socket, ZMQ_CURVE_SECRETKEY, pair->secret_key);
    (void)snprintf(
        endpoint, sizeof(endpoint), "tcp://%s127.0.0.1:%d", from, bench->port);
    assert_int_equal(zmq_connect(peer->socket, endpoint), 0);
}

void
peer_open_with(struct peer *peer, struct bench *bench, int agent,
    const struct bench_pair *pair)
{
    dial(peer, bench, agent, pair, "");
}

void
peer_open_elsewhere(struct peer *peer, struct bench *bench, int agent)
{
    dial(peer, bench, agent, &bench->pairs[agent], "127.0.0.2:0;");
}

void
peer_open(struct peer *peer, struct bench *bench, int agent)
{
    peer_open_with(peer, bench, agent, &bench->pairs[agent]);
}

void
peer_close(struct peer *peer)
{
    struct bench *bench = peer->bench;

    for (size_t i = 0; i < bench->socket_count; i++) {
        if (bench->sockets[i] == peer->socket)
            bench->sockets[i] = bench->sockets[--bench->socket_count];
    }
    (void)zmq_close(peer->socket);
}

void
peer_send_bytes(struct peer *peer, const void *bytes, size_t len)
{
    assert_int_equal(zmq_send(peer->socket, bytes, len, 0), (int)len);
}

void
peer_send(struct peer *peer, const struct wire_msg *msg)
{
    struct buf frame;
    struct err err;

    buf_init(&frame, WIRE_TO_COLLECTOR_MAX_BYTES);
    assert_ok(wire_encode(msg, &frame, &err), err);
    peer_send_bytes(peer, frame.data, frame.len);
    buf_free(&frame);
}

bool
peer_next(struct peer *peer, struct wire_msg *msg, int wait_ms)
{
    zmq_msg_t frame;
    struct err err;
    bool came;

    set_int(peer->socket, ZMQ_RCVTIMEO, wait_ms);
    (void)zmq_msg_init(&frame);
    came = zmq_msg_recv(&frame, peer->socket, 0) != -1;
    if (came)
        assert_ok(
            wire_decode(zmq_msg_data(&frame), zmq_msg_size(&frame), msg, &err),
            err);
    if (came && msg->type == WIRE_CONFIG)
        peer->cfg_version = msg->u.config.cfg_version;
    (void)zmq_msg_close(&frame);
    return came;
}

struct wire_msg
peer_await(struct peer *peer, enum wire_type type)
{
    return peer_await_either(peer, type, type);
}

struct wire_msg
peer_await_either(struct peer *peer, enum wire_type one, enum wire_type other)
{
    int64_t end_ns = clock_mono_ns() + WAIT_MS * NS_PER_MS;
    struct wire_msg msg;

    while (clock_mono_ns() < end_ns && peer_next(peer, &msg, WAIT_MS)) {
        if (msg.type == one || msg.type == other)
            return msg;
        if (msg.type == WIRE_NACK)
            print_message("%s: NACK %s \"%s\" while waiting for %s\n",
                peer->name, wire_nack_name((int)msg.u.nack.code),
                msg.u.nack.text, wire_type_name((int)one));
        wire_msg_free(&msg);
    }
    fail_msg("%s: no %s came", peer->name, wire_type_name((int)one));
    return msg;
}

void
peer_ping(struct peer *peer)
{
    struct wire_msg ping = {.type = WIRE_PING,
        .u.ping = {.session = peer->welcome.session,
            .t0_boot_ms = clock_mono_ns() / NS_PER_MS}};

    peer_send(peer, &ping);
}

void
peer_expect_quiet(struct peer *peer)
{
    struct wire_msg msg;
    bool done = false;

    peer_ping(peer);
    while (!done) {
        assert_true(peer_next(peer, &msg, WAIT_MS));
        if (msg.type != WIRE_PONG && msg.type != WIRE_CONFIG &&
            msg.type != WIRE_ROTATE)
            fail_msg("%s: %s came", peer->name, wire_type_name((int)msg.type));
        done = msg.type == WIRE_PONG;
        wire_msg_free(&msg);
    }
}

struct wire_msg
peer_hello_msg(const struct peer *peer)
{
    struct wire_msg msg = {.type = WIRE_HELLO,
        .u.hello = {.proto_min = 1,
            .proto_max = 1,
            .boot_id = "a boot's id, 16",
            .oldest_seq = 1,
            .next_seq = 1,
            .build = "test",
            .cfg_version = peer->cfg_version,
            .wall_ms = clock_unix_ms(),
            .boot_ms = clock_mono_ns() / NS_PER_MS}};

    memcpy(msg.u.hello.agent, peer->name, sizeof(peer->name));
    memcpy(msg.u.hello.spool_id, peer->spool_id, WIRE_ID_BYTES);
    return msg;
}

void
peer_hello(struct peer *peer)
{
    struct wire_msg msg = peer_hello_msg(peer);

    peer_send(peer, &msg);
    peer->welcome = peer_await(peer, WIRE_WELCOME).u.welcome;
}

void
peer_await_ack(struct peer *peer, uint64_t acked_seq)
{
    struct wire_msg msg = peer_await(peer, WIRE_ACK);

    assert_int_equal(msg.u.ack.session, peer->welcome.session);
    assert_int_equal(msg.u.ack.acked_seq, acked_seq);
}

struct wire_nack_msg
peer_await_nack(struct peer *peer, enum wire_nack code)
{
    struct wire_msg msg = peer_await(peer, WIRE_NACK);

    if (msg.u.nack.code != code)
        fail_msg("%s: NACK %s \"%s\" instead of %s", peer->name,
            wire_nack_name((int)msg.u.nack.code), msg.u.nack.text,
            wire_nack_name((int)code));
    return msg.u.nack;
}

/* ---- batches ---- */

/* Figures of the most bytes there are, and no two of a moment. */
static void
crowd_in(struct measure *measure, const struct peer *peer, uint64_t seq)
{
    measure->ts_unix_ms =
        peer->crowd_unix_ms + (int64_t)(seq * 7919 % HALF_HOUR_MS);
    measure->slot_unix_ms = measure->ts_unix_ms / 5000 * 5000;
    for (int phase = PHASE_DNS; phase < PHASE_TOTAL; phase++)
        measure->phase_us[phase] = (seq + (uint64_t)phase) % 2 == 0
                                       ? PHASE_MAX_US
                                       : PHASE_MAX_US / 2 + (int64_t)seq;
    measure->phase_us[PHASE_TOTAL] = PHASE_MAX_US;
}

static void
put_result(struct buf *records, const struct peer *peer, uint64_t seq)
{
    struct measure measure;
    struct buf record;
    struct err err;

    measure_init(&measure);
    measure.check_id = check_id_of("s/c");
    /* Of the last minutes; another moment for each number and spool. */
    measure.ts_unix_ms = clock_unix_ms() / 60000 * 60000 -
                         (int64_t)((seq + peer->spool_id[0] * 200U) % 50000);
    measure.slot_unix_ms = measure.ts_unix_ms / 5000 * 5000;
    measure.family = FAMILY_V4;
    measure.phase_us[PHASE_CONNECT] = 10000 + (int64_t)(seq % 1000);
    measure.phase_us[PHASE_TOTAL] = measure.phase_us[PHASE_CONNECT];
    if (peer->crowd_unix_ms != 0)
        crowd_in(&measure, peer, seq);
    if (peer->with_facts) {
        measure.facts = facts_new();
        assert_non_null(measure.facts);
        memset(measure.facts->detail, 'x', sizeof(measure.facts->detail) - 1);
    }
    buf_init(&record, WIRE_RECORD_MAX_BYTES);
    assert_ok(
        wire_record_encode(&measure, peer->with_facts, &record, &err), err);
    measure_free_facts(&measure);
    assert_ok(wire_batch_put(records, buf_bytes(&record), &err), err);
    buf_free(&record);
}

struct wire_batch
peer_batch(
    struct peer *peer, uint64_t first, uint32_t count, struct buf *records)
{
    buf_init(records, WIRE_BATCH_MAX_BYTES);
    for (uint32_t i = 0; i < count; i++)
        put_result(records, peer, first + i);
    return (struct wire_batch){.session = peer->welcome.session,
        .first_seq = first,
        .count = count,
        .oldest_seq = 1,
        .next_seq = first + count,
        .crc32c = digest_crc32c(0, records->data, records->len),
        .records = buf_bytes(records)};
}

void
peer_send_batch(struct peer *peer, const struct wire_batch *batch)
{
    struct wire_msg msg = {.type = WIRE_BATCH, .u.batch = *batch};

    peer_send(peer, &msg);
}

void
peer_send_results(struct peer *peer, uint64_t first, uint32_t count)
{
    struct buf records;
    struct wire_batch batch = peer_batch(peer, first, count, &records);

    peer_send_batch(peer, &batch);
    buf_free(&records);
}
