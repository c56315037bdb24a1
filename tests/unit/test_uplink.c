#include "uplink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "cm.h"
#include "digest.h"
#include "fake_collector.h"
#include "fake_loop.h"
#include "log.h"
#include "pack.h"
#include "uplink_socket.h"

enum { SESSION_ID = 4711, PATIENCE = 2000, ROOT_BYTES = 64 };

struct fixture {
    char root[ROOT_BYTES];
    char dir[2 * ROOT_BYTES];
    struct loop *loop;
    struct spool *spool;
    struct fake_collector *fake;
    struct uplink *uplink;
    struct uplink_spec spec;

    /* What the agent was told. */
    uint64_t config_version;
    bool refuse_config;
    struct uplink_keys stored;
    int stored_count;
    int64_t offset_ms;
    int offset_count;
};

static int
on_config(void *ctx, struct wire_config *config, struct err *why)
{
    struct fixture *f = ctx;

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
    struct fixture *f = ctx;

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
    struct fixture *f = ctx;

    (void)err;
    f->stored = *keys;
    f->stored_count++;
    return 0;
}

static void
open_uplink(struct fixture *f)
{
    struct err err;

    f->uplink = uplink_open(&f->spec, &err);
    assert_made(f->uplink, err);
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
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

static int
teardown(void **state)
{
    struct fixture *f = *state;
    char command[2 * ROOT_BYTES];

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
static bool
turn(struct fixture *f, struct wire_msg *msg)
{
    fake_loop_fire_due(f->loop);
    (void)fake_loop_poll(f->loop);
    return fake_collector_next(f->fake, msg);
}

/* The next message, which must be of that type. */
static struct wire_msg
await(struct fixture *f, enum wire_type type)
{
    struct wire_msg msg;

    for (int i = 0; i < PATIENCE; i++) {
        if (!turn(f, &msg))
            continue;
        if (msg.type != type) {
            fail_msg("%s instead of %s", wire_type_name((int)msg.type),
                wire_type_name((int)type));
        }
        return msg;
    }
    fail_msg("no %s", wire_type_name((int)type));
    return msg;
}

/* Turns until `is_so`; messages meanwhile are an error. */
static void
turn_until_acked(struct fixture *f, uint64_t acked)
{
    struct spool_state state;
    struct wire_msg msg;

    for (int i = 0; i < PATIENCE; i++) {
        if (turn(f, &msg))
            fail_msg("%s", wire_type_name((int)msg.type));
        spool_state(f->spool, &state);
        if (state.acked_seq == acked)
            return;
    }
    fail_msg("not acknowledged up to %d", (int)acked);
}

static void
expect_quiet(struct fixture *f)
{
    struct wire_msg msg;

    for (int i = 0; i < 20; i++) {
        if (turn(f, &msg))
            fail_msg("%s", wire_type_name((int)msg.type));
    }
}

/* Text that differs from record to record, and compresses. */
static void
append(struct fixture *f, unsigned first, unsigned last)
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

static void
assert_records(const struct wire_batch *batch, unsigned first, unsigned count)
{
    struct buf plain;
    struct bytes left;
    struct bytes record;
    struct err err;
    char text[32];

    assert_int_equal(batch->session, SESSION_ID);
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

static struct wire_msg
welcome_at(uint64_t acked, uint32_t crc)
{
    struct wire_msg msg = {.type = WIRE_WELCOME};

    msg.u.welcome = (struct wire_welcome){.proto = 1,
        .session = SESSION_ID,
        .acked_seq = acked,
        .acked_crc = crc,
        .window_batches = 8,
        .max_batch_bytes = WIRE_BATCH_MAX_BYTES,
        .max_batch_records = WIRE_BATCH_MAX_RECORDS,
        .ping_ms = 10000,
        .wall_ms = clock_unix_ms()};
    return msg;
}

static void
send_ack(struct fixture *f, uint64_t acked)
{
    struct wire_msg msg = {.type = WIRE_ACK};

    msg.u.ack = (struct wire_ack){
        .session = SESSION_ID, .acked_seq = acked, .window_batches = 8};
    fake_collector_send(f->fake, &msg);
}

static void
send_nack(struct fixture *f, enum wire_nack code, uint64_t first)
{
    struct wire_msg msg = {.type = WIRE_NACK};

    msg.u.nack.session = SESSION_ID;
    msg.u.nack.first_seq = first;
    msg.u.nack.code = code;
    fake_collector_send(f->fake, &msg);
}

/* From HELLO to the first PING. */
static void
connect_and_welcome(struct fixture *f)
{
    struct wire_msg welcome = welcome_at(0, 0);

    if (f->uplink == NULL)
        open_uplink(f);
    (void)await(f, WIRE_HELLO);
    assert_string_equal(uplink_state_name(f->uplink), "hello_sent");
    fake_collector_send(f->fake, &welcome);
    (void)await(f, WIRE_PING);
    assert_string_equal(uplink_state_name(f->uplink), "streaming");
}

static void
hello_says_who_and_what(void **state)
{
    struct fixture *f = *state;
    struct spool_state spool;
    struct wire_msg msg;

    append(f, 1, 5);
    open_uplink(f);
    assert_string_equal(uplink_state_name(f->uplink), "disconnected");
    msg = await(f, WIRE_HELLO);
    spool_state(f->spool, &spool);
    assert_string_equal(msg.u.hello.agent, "eu1");
    assert_string_equal(msg.u.hello.build, "0.1.0");
    assert_memory_equal(msg.u.hello.spool_id, spool.id, SPOOL_ID_BYTES);
    assert_int_equal(msg.u.hello.oldest_seq, 1);
    assert_int_equal(msg.u.hello.next_seq, 6);
    assert_int_equal(msg.u.hello.cfg_version, 6);
    assert_memory_equal(fake_collector_peer_key(f->fake),
        f->spec.keys.agent_public, WIRE_KEY_BYTES);
}

static void
ping_tells_how_the_agent_is(void **state)
{
    struct fixture *f = *state;
    struct wire_msg welcome = welcome_at(0, 0);
    struct wire_msg msg;

    append(f, 1, 5);
    open_uplink(f);
    (void)await(f, WIRE_HELLO);
    fake_collector_send(f->fake, &welcome);
    msg = await(f, WIRE_PING);
    assert_int_equal(msg.u.ping.session, SESSION_ID);
    assert_int_equal(msg.u.ping.self_check, 1);
    assert_int_equal(msg.u.ping.skipped, 3);
    assert_int_equal(msg.u.ping.load_permille, 12);
    assert_int_equal(msg.u.ping.spool_records, 5);
}

static void
records_go_out_and_are_acknowledged(void **state)
{
    struct fixture *f = *state;
    struct wire_msg msg;

    connect_and_welcome(f);
    append(f, 1, 3);
    msg = await(f, WIRE_BATCH);
    assert_records(&msg.u.batch, 1, 3);
    assert_int_equal(msg.u.batch.oldest_seq, 1);
    assert_int_equal(msg.u.batch.next_seq, 4);
    send_ack(f, 3);
    turn_until_acked(f, 3);
    append(f, 4, 4);
    msg = await(f, WIRE_BATCH);
    assert_records(&msg.u.batch, 4, 1);
    expect_quiet(f);
}

static void
a_backlog_goes_in_full_batches_compressed(void **state)
{
    struct fixture *f = *state;
    struct wire_msg msg;

    append(f, 1, 2500);
    connect_and_welcome(f);
    for (unsigned i = 0; i < 3; i++) {
        msg = await(f, WIRE_BATCH);
        assert_records(&msg.u.batch, 1 + i * 1000, i < 2 ? 1000 : 500);
        assert_int_equal(msg.u.batch.codec, WIRE_CODEC_ZSTD);
    }
    send_ack(f, 2500);
    turn_until_acked(f, 2500);
}

static void
what_a_lost_ack_leaves_open_is_sent_again(void **state)
{
    struct fixture *f = *state;
    struct wire_msg msg;

    connect_and_welcome(f);
    append(f, 1, 3);
    (void)await(f, WIRE_BATCH);
    fake_loop_advance_ns(f->loop, 10 * NS_PER_SEC);
    (void)await(f, WIRE_PING);
    fake_loop_advance_ns(f->loop, 5 * NS_PER_SEC);
    msg = await(f, WIRE_BATCH);
    assert_records(&msg.u.batch, 1, 3);
    send_ack(f, 3);
    turn_until_acked(f, 3);
}

static void
a_bad_batch_comes_again_record_by_record(void **state)
{
    struct fixture *f = *state;
    struct wire_msg msg;

    connect_and_welcome(f);
    append(f, 1, 3);
    (void)await(f, WIRE_BATCH);
    send_nack(f, NACK_BAD_BATCH, 1);
    for (unsigned i = 1; i <= 3; i++) {
        msg = await(f, WIRE_BATCH);
        assert_records(&msg.u.batch, i, 1);
    }
    send_ack(f, 3);
    turn_until_acked(f, 3);
}

static void
another_record_under_our_number_means_a_new_spool(void **state)
{
    struct fixture *f = *state;
    struct wire_msg welcome = welcome_at(2, 0xdeadbeef);
    uint8_t id[WIRE_ID_BYTES];
    struct wire_msg msg;

    append(f, 1, 3);
    open_uplink(f);
    msg = await(f, WIRE_HELLO);
    memcpy(id, msg.u.hello.spool_id, sizeof(id));
    fake_collector_send(f->fake, &welcome);
    for (int i = 0; i < 100; i++)
        (void)turn(f, &msg);
    fake_loop_advance_ns(f->loop, NS_PER_SEC);
    msg = await(f, WIRE_HELLO);
    assert_memory_not_equal(msg.u.hello.spool_id, id, sizeof(id));
    assert_int_equal(msg.u.hello.next_seq, 4);
    welcome = welcome_at(0, 0);
    fake_collector_send(f->fake, &welcome);
    (void)await(f, WIRE_PING);
    msg = await(f, WIRE_BATCH);
    assert_records(&msg.u.batch, 1, 3);
}

static void
the_collectors_own_mark_is_believed_where_the_record_is_the_same(void **state)
{
    struct fixture *f = *state;
    struct wire_msg welcome;
    struct wire_msg msg;
    struct buf record;
    struct err err;

    append(f, 1, 3);
    buf_init(&record, 1024);
    assert_int_equal(spool_read(f->spool, 2, &record, &err), 1);
    welcome = welcome_at(2, digest_crc32c(0, record.data, record.len));
    buf_free(&record);
    open_uplink(f);
    (void)await(f, WIRE_HELLO);
    fake_collector_send(f->fake, &welcome);
    (void)await(f, WIRE_PING);
    msg = await(f, WIRE_BATCH);
    assert_records(&msg.u.batch, 3, 1);
}

static void
a_silent_collector_gets_a_new_connection(void **state)
{
    struct fixture *f = *state;

    open_uplink(f);
    (void)await(f, WIRE_HELLO);
    fake_loop_advance_ns(f->loop, 9 * NS_PER_SEC);
    expect_quiet(f);
    fake_loop_advance_ns(f->loop, 2 * NS_PER_SEC);
    (void)await(f, WIRE_HELLO);
}

static void
a_restarted_collector_is_found_again(void **state)
{
    struct fixture *f = *state;
    int port = fake_collector_port(f->fake);
    struct wire_msg msg;

    connect_and_welcome(f);
    append(f, 1, 3);
    (void)await(f, WIRE_BATCH);
    fake_collector_close(f->fake);
    f->fake = fake_collector_open(port);
    for (int i = 0;
         i < PATIENCE && strcmp(uplink_state_name(f->uplink), "streaming") == 0;
         i++)
        (void)turn(f, &msg);
    fake_loop_advance_ns(f->loop, NS_PER_SEC);
    connect_and_welcome(f);
    msg = await(f, WIRE_BATCH);
    assert_records(&msg.u.batch, 1, 3);
}

static void
a_forgotten_session_is_begun_again(void **state)
{
    struct fixture *f = *state;
    struct wire_msg msg;

    connect_and_welcome(f);
    append(f, 1, 1);
    (void)await(f, WIRE_BATCH);
    send_nack(f, NACK_NO_SESSION, 1);
    for (int i = 0; i < 100; i++)
        (void)turn(f, &msg);
    fake_loop_advance_ns(f->loop, NS_PER_SEC);
    (void)await(f, WIRE_HELLO);
}

static void
a_key_that_is_refused_is_tried_again_and_may_be_admitted(void **state)
{
    struct fixture *f = *state;
    struct wire_msg msg;

    fake_collector_admit(f->fake, 400);
    open_uplink(f);
    for (int i = 0; i < 200; i++)
        assert_false(turn(f, &msg));
    assert_string_equal(uplink_state_name(f->uplink), "disconnected");
    fake_collector_admit(f->fake, 200);
    fake_loop_advance_ns(f->loop, 60 * NS_PER_SEC);
    (void)await(f, WIRE_HELLO);
}

static struct wire_msg
config_of(uint64_t version)
{
    struct wire_msg msg = {.type = WIRE_CONFIG};

    msg.u.config.cfg_version = version;
    msg.u.config.region_count = 1;
    msg.u.config.agent_count = 1;
    return msg;
}

static void
new_checks_are_applied_and_confirmed(void **state)
{
    struct fixture *f = *state;
    struct wire_msg config = config_of(9);
    struct wire_msg msg;

    connect_and_welcome(f);
    fake_collector_send(f->fake, &config);
    msg = await(f, WIRE_CONFIG_OK);
    assert_int_equal(msg.u.config_ok_version, 9);
    assert_int_equal(f->config_version, 9);
    /* The next HELLO says which checks are in force. */
    send_nack(f, NACK_NO_SESSION, 1);
    for (int i = 0; i < 100; i++)
        (void)turn(f, &msg);
    fake_loop_advance_ns(f->loop, NS_PER_SEC);
    assert_int_equal(await(f, WIRE_HELLO).u.hello.cfg_version, 9);
}

static void
checks_that_are_refused_are_told_so_with_the_reason(void **state)
{
    struct fixture *f = *state;
    struct wire_msg config = config_of(9);
    struct wire_msg msg;

    f->refuse_config = true;
    connect_and_welcome(f);
    fake_collector_send(f->fake, &config);
    msg = await(f, WIRE_CONFIG_BAD);
    assert_int_equal(msg.u.config_bad.cfg_version, 9);
    assert_string_equal(msg.u.config_bad.reason, "too many checks");
}

static void
a_rotated_key_is_announced_and_takes_the_olds_place_when_accepted(void **state)
{
    struct fixture *f = *state;
    const struct wire_msg rotate = {.type = WIRE_ROTATE};
    const struct wire_msg key_ok = {.type = WIRE_KEY_OK};
    uint8_t key[WIRE_KEY_BYTES];
    struct wire_msg msg;

    connect_and_welcome(f);
    fake_collector_send(f->fake, &rotate);
    msg = await(f, WIRE_NEWKEY);
    assert_int_equal(msg.u.newkey.session, SESSION_ID);
    memcpy(key, msg.u.newkey.pubkey, sizeof(key));
    assert_memory_not_equal(key, f->spec.keys.agent_public, WIRE_KEY_BYTES);
    /* Asked again before the answer: the same key. */
    fake_collector_send(f->fake, &rotate);
    msg = await(f, WIRE_NEWKEY);
    assert_memory_equal(msg.u.newkey.pubkey, key, WIRE_KEY_BYTES);
    assert_int_equal(f->stored_count, 0);
    fake_collector_send(f->fake, &key_ok);
    (void)await(f, WIRE_HELLO);
    assert_int_equal(f->stored_count, 1);
    assert_memory_equal(f->stored.agent_public, key, WIRE_KEY_BYTES);
    assert_memory_equal(fake_collector_peer_key(f->fake), key, WIRE_KEY_BYTES);
}

static void
a_rotation_goes_on_after_a_restart(void **state)
{
    struct fixture *f = *state;
    const struct wire_msg rotate = {.type = WIRE_ROTATE};
    const struct wire_msg key_ok = {.type = WIRE_KEY_OK};
    struct wire_msg welcome = welcome_at(0, 0);
    uint8_t key[WIRE_KEY_BYTES];
    struct wire_msg msg;

    connect_and_welcome(f);
    fake_collector_send(f->fake, &rotate);
    memcpy(key, await(f, WIRE_NEWKEY).u.newkey.pubkey, sizeof(key));
    uplink_close(f->uplink);
    (void)await(f, WIRE_BYE);
    open_uplink(f);
    (void)await(f, WIRE_HELLO);
    assert_memory_equal(fake_collector_peer_key(f->fake),
        f->spec.keys.agent_public, WIRE_KEY_BYTES);
    fake_collector_send(f->fake, &welcome);
    msg = await(f, WIRE_NEWKEY);
    assert_memory_equal(msg.u.newkey.pubkey, key, WIRE_KEY_BYTES);
    (void)await(f, WIRE_PING);
    fake_collector_send(f->fake, &key_ok);
    (void)await(f, WIRE_HELLO);
    assert_memory_equal(fake_collector_peer_key(f->fake), key, WIRE_KEY_BYTES);
    /* It is over: the next start begins with the new key alone. */
    uplink_close(f->uplink);
    (void)await(f, WIRE_BYE);
    f->spec.keys = f->stored;
    f->uplink = NULL;
    connect_and_welcome(f);
    expect_quiet(f);
}

static void
the_collectors_clock_is_told(void **state)
{
    struct fixture *f = *state;
    struct wire_msg welcome = welcome_at(0, 0);
    struct wire_msg msg = {.type = WIRE_PONG};
    int64_t now_ms = clock_unix_ms();

    open_uplink(f);
    (void)await(f, WIRE_HELLO);
    fake_collector_send(f->fake, &welcome);
    msg.u.pong =
        (struct wire_pong){.t0_boot_ms = await(f, WIRE_PING).u.ping.t0_boot_ms,
            .t1_wall_ms = now_ms + 90000,
            .t2_wall_ms = now_ms + 90000};
    fake_collector_send(f->fake, &msg);
    for (int i = 0; i < PATIENCE && f->offset_count == 0; i++)
        (void)turn(f, &msg);
    assert_int_equal(f->offset_count, 1);
    /* As exact as two clocks that are read one after the other. */
    assert_in_range(f->offset_ms, 60000, 90001);
}

static void
garbage_is_dropped_and_nothing_changes(void **state)
{
    struct fixture *f = *state;
    const struct wire_msg enrolled = {.type = WIRE_ENROLLED};
    uint8_t garbage[300];

    connect_and_welcome(f);
    for (size_t i = 0; i < sizeof(garbage); i++)
        garbage[i] = (uint8_t)(i * 37 + 11);
    for (size_t len = 0; len < sizeof(garbage); len += 7)
        fake_collector_send_bytes(f->fake, garbage, len);
    fake_collector_send(f->fake, &enrolled);
    expect_quiet(f);
    assert_string_equal(uplink_state_name(f->uplink), "streaming");
}

static void
closing_says_bye(void **state)
{
    struct fixture *f = *state;
    struct wire_msg msg;

    connect_and_welcome(f);
    uplink_close(f->uplink);
    f->uplink = NULL;
    msg = await(f, WIRE_BYE);
    assert_string_equal(msg.u.bye_reason, "stopping");
}

static void
an_endpoint_that_is_none_is_said_at_once(void **state)
{
    struct fixture *f = *state;
    struct err err;

    f->spec.endpoint = "collector.example:7411";
    assert_null(uplink_open(&f->spec, &err));
    assert_int_equal(err.code, ERR_PARSE);
    f->spec.endpoint = fake_collector_endpoint(f->fake);
    f->spec.bind_ip = "not an address";
    assert_null(uplink_open(&f->spec, &err));
    f->spec.bind_ip = "127.0.0.1";
    connect_and_welcome(f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define UPLINK_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        UPLINK_TEST(hello_says_who_and_what),
        UPLINK_TEST(ping_tells_how_the_agent_is),
        UPLINK_TEST(records_go_out_and_are_acknowledged),
        UPLINK_TEST(a_backlog_goes_in_full_batches_compressed),
        UPLINK_TEST(what_a_lost_ack_leaves_open_is_sent_again),
        UPLINK_TEST(a_bad_batch_comes_again_record_by_record),
        UPLINK_TEST(another_record_under_our_number_means_a_new_spool),
        UPLINK_TEST(
            the_collectors_own_mark_is_believed_where_the_record_is_the_same),
        UPLINK_TEST(a_silent_collector_gets_a_new_connection),
        UPLINK_TEST(a_restarted_collector_is_found_again),
        UPLINK_TEST(a_forgotten_session_is_begun_again),
        UPLINK_TEST(a_key_that_is_refused_is_tried_again_and_may_be_admitted),
        UPLINK_TEST(new_checks_are_applied_and_confirmed),
        UPLINK_TEST(checks_that_are_refused_are_told_so_with_the_reason),
        UPLINK_TEST(
            a_rotated_key_is_announced_and_takes_the_olds_place_when_accepted),
        UPLINK_TEST(a_rotation_goes_on_after_a_restart),
        UPLINK_TEST(the_collectors_clock_is_told),
        UPLINK_TEST(garbage_is_dropped_and_nothing_changes),
        UPLINK_TEST(closing_says_bye),
        UPLINK_TEST(an_endpoint_that_is_none_is_said_at_once),
    };

    log_set_level(LOG_AT_ERROR);
    return cmocka_run_group_tests_name("uplink", tests, NULL, NULL);
}
