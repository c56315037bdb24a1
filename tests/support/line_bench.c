#include "line_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "cm.h"
#include "digest.h"
#include "fake_loop.h"
#include "line_wire.h"
#include "pack.h"
#include "uplink_socket.h"

static int
on_config(void *ctx, struct wire_config *config, struct err *why)
{
    struct line_bench *f = ctx;

    if (f->refuse_config)
        return err_set(why, ERR_LIMIT, "too many checks");
    f->config_version = config->cfg_version;
    wire_config_free(config);
    *config = (struct wire_config){0};
    return 0;
}

static void
on_clock_offset(void *ctx, int64_t offset_ms)
{
    struct line_bench *f = ctx;

    f->offset_ms = offset_ms;
    f->offset_count++;
}

static void
on_describe(void *ctx, struct wire_ping *ping)
{
    (void)ctx;
    ping->self_check = 1;
    ping->skipped = 3;
    ping->load_permille = 12;
}

static int
on_store_keys(void *ctx, const struct uplink_keys *keys, struct err *err)
{
    struct line_bench *f = ctx;

    if (f->refuse_keys)
        return err_set(err, ERR_FULL, "agent.key: no room");
    f->stored = *keys;
    f->stored_count++;
    return 0;
}

void
line_open(struct line_bench *f)
{
    struct err err;

    f->uplink = uplink_open(&f->spec, &err);
    assert_made(f->uplink, err);
}

int
line_setup(void **state)
{
    struct line_bench *f = calloc(1, sizeof(*f));
    struct spool_spec spec = {.retention_ms = INT64_C(172800) * MS_PER_SEC};
    struct err err;

    assert_non_null(f);
    (void)snprintf(f->root, sizeof(f->root), "/tmp/uplink-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    (void)snprintf(f->dir, sizeof(f->dir), "%s/spool", f->root);
    spec.dir = f->dir;
    f->spool = spool_open(&spec, &err);
    assert_made(f->spool, err);
    f->loop = loop_new(&err);
    f->fake = fake_collector_open(0);
    f->spec = (struct uplink_spec){.loop = f->loop,
        .spool = f->spool,
        .endpoint = fake_collector_endpoint(f->fake),
        .agent = "eu1",
        .build = "0.1.0",
        .cfg_version = 6,
        .events = {on_config, on_clock_offset, on_describe, on_store_keys},
        .ctx = f};
    memcpy(f->spec.keys.collector_public, fake_collector_key(f->fake),
        WIRE_KEY_BYTES);
    uplink_socket_new_keys(
        f->spec.keys.agent_public, f->spec.keys.agent_secret);
    *state = f;
    return 0;
}

int
line_teardown(void **state)
{
    struct line_bench *f = *state;
    char command[2 * LINE_ROOT_BYTES];

    line_wire_set_date(0);
    uplink_close(f->uplink);
    fake_collector_close(f->fake);
    spool_close(f->spool);
    loop_free(f->loop);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", f->root);
    assert_int_equal(system(command), 0); /* NOLINT: a folder of our own */
    free(f);
    return 0;
}

/* One turn of both ends; true if the collector got a message. */
bool
line_turn(struct line_bench *f, struct wire_msg *msg)
{
    fake_loop_fire_due(f->loop);
    (void)fake_loop_poll(f->loop);
    return fake_collector_next(f->fake, msg);
}

bool
line_settle(struct line_bench *f, struct wire_msg *msg)
{
    int still = 0;

    /* Twice: what has just come may have made a timer due. */
    for (int i = 0; i < LINE_PATIENCE && still < 2; i++) {
        if (line_turn(f, msg))
            return true;
        still = line_wire_is_still() ? still + 1 : 0;
    }
    if (still < 2)
        fail_msg("something stays under way");
    return false;
}

void
line_settle_unheard(struct line_bench *f)
{
    struct wire_msg msg;

    while (line_settle(f, &msg)) {
    }
}

/* The next message, which must be of that type. */
struct wire_msg
line_await(struct line_bench *f, enum wire_type type)
{
    struct wire_msg msg;

    for (int i = 0; i < LINE_PATIENCE; i++) {
        if (!line_turn(f, &msg))
            continue;
        /* Of the line that was closed before this one. */
        if (type == WIRE_HELLO && msg.type == WIRE_BYE)
            continue;
        if (msg.type != type)
            fail_msg("%s instead of %s", wire_type_name((int)msg.type),
                wire_type_name((int)type));
        return msg;
    }
    fail_msg("no %s", wire_type_name((int)type));
    return msg;
}

bool
line_live_a_second(struct line_bench *f, struct wire_msg *msg)
{
    struct wire_msg pong = {.type = WIRE_PONG};

    fake_loop_advance_ns(f->loop, NS_PER_SEC);
    while (line_settle(f, msg)) {
        if (msg->type != WIRE_PING)
            return true;
        pong.u.pong.t0_boot_ms = msg->u.ping.t0_boot_ms;
        fake_collector_send(f->fake, &pong);
    }
    return false;
}

struct wire_msg
line_await_within(struct line_bench *f, enum wire_type type, int64_t seconds)
{
    struct wire_msg msg;

    for (int64_t i = 0; i < seconds; i++) {
        if (!line_live_a_second(f, &msg))
            continue;
        if (msg.type == type)
            return msg;
        fail_msg("%s instead of %s", wire_type_name((int)msg.type),
            wire_type_name((int)type));
    }
    fail_msg("no %s within %d s", wire_type_name((int)type), (int)seconds);
    return msg;
}

/* Turns until `is_so`; messages meanwhile are an error. */
void
line_turn_until_acked(struct line_bench *f, uint64_t acked)
{
    struct spool_state state;
    struct wire_msg msg;

    for (int i = 0; i < LINE_PATIENCE; i++) {
        if (line_turn(f, &msg))
            fail_msg("%s", wire_type_name((int)msg.type));
        spool_state(f->spool, &state);
        if (state.acked_seq == acked)
            return;
    }
    fail_msg("not acknowledged up to %d", (int)acked);
}

void
line_expect_quiet(struct line_bench *f)
{
    struct wire_msg msg;

    if (line_settle(f, &msg))
        fail_msg("%s", wire_type_name((int)msg.type));
}

/* Text that differs from record to record, and compresses. */
void
line_append(struct line_bench *f, unsigned first, unsigned last)
{
    char text[128];
    uint64_t seq;
    struct err err;

    for (unsigned i = first; i <= last; i++) {
        int len = snprintf(text, sizeof(text),
            "record %u of a check that is always the same, ok ok ok", i);

        assert_ok(
            spool_append(f->spool,
                (struct bytes){(const uint8_t *)text, (size_t)len}, &seq, &err),
            err);
    }
    assert_ok(spool_sync(f->spool, &err), err);
    if (f->uplink != NULL)
        uplink_nudge(f->uplink);
}

void
line_assert_records(
    const struct wire_batch *batch, unsigned first, unsigned count)
{
    struct buf plain;
    struct bytes left;
    struct bytes record;
    struct err err;
    char text[32];

    assert_int_equal(batch->session, LINE_SESSION);
    assert_int_equal(batch->first_seq, first);
    assert_int_equal(batch->count, count);
    assert_int_equal(batch->crc32c,
        digest_crc32c(0, batch->records.data, batch->records.len));
    buf_init(&plain, WIRE_BATCH_MAX_BYTES);
    left = batch->records;
    if (batch->codec == WIRE_CODEC_ZSTD) {
        assert_ok(pack_expand(
                      left.data, left.len, WIRE_BATCH_MAX_BYTES, &plain, &err),
            err);
        left = buf_bytes(&plain);
    }
    for (unsigned i = 0; i < count; i++) {
        int len = snprintf(text, sizeof(text), "record %u ", first + i);

        assert_int_equal(wire_batch_next(&left, &record, &err), 1);
        assert_memory_equal(record.data, text, (size_t)len);
    }
    assert_int_equal(wire_batch_next(&left, &record, &err), 0);
    buf_free(&plain);
}

struct wire_msg
line_welcome_at(uint64_t acked, uint32_t crc)
{
    struct wire_msg msg = {.type = WIRE_WELCOME};

    msg.u.welcome = (struct wire_welcome){.proto = 1,
        .session = LINE_SESSION,
        .acked_seq = acked,
        .acked_crc = crc,
        .window_batches = 8,
        .max_batch_bytes = WIRE_BATCH_MAX_BYTES,
        .max_batch_records = WIRE_BATCH_MAX_RECORDS,
        .ping_ms = 10000,
        .wall_ms = clock_unix_ms()};
    return msg;
}

void
line_send_ack(struct line_bench *f, uint64_t acked)
{
    struct wire_msg msg = {.type = WIRE_ACK};

    msg.u.ack = (struct wire_ack){
        .session = LINE_SESSION, .acked_seq = acked, .window_batches = 8};
    fake_collector_send(f->fake, &msg);
}

void
line_send_nack(struct line_bench *f, enum wire_nack code, uint64_t first)
{
    struct wire_msg msg = {.type = WIRE_NACK};

    msg.u.nack.session = LINE_SESSION;
    msg.u.nack.first_seq = first;
    msg.u.nack.code = code;
    fake_collector_send(f->fake, &msg);
}

/* From HELLO to the first PING. */
void
line_connect(struct line_bench *f)
{
    struct wire_msg welcome = line_welcome_at(0, 0);

    if (f->uplink == NULL)
        line_open(f);
    (void)line_await(f, WIRE_HELLO);
    assert_string_equal(uplink_state_name(f->uplink), "hello_sent");
    fake_collector_send(f->fake, &welcome);
    (void)line_await(f, WIRE_PING);
    assert_string_equal(uplink_state_name(f->uplink), "streaming");
}

struct wire_msg
line_connect_and_take(struct line_bench *f, unsigned last)
{
    line_connect(f);
    line_append(f, 1, last);
    return line_await(f, WIRE_BATCH);
}
