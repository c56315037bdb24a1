#include "uplink.h"

#include <string.h>

#include "clock.h"
#include "cm.h"
#include "digest.h"
#include "fake_loop.h"
#include "line_bench.h"
#include "log.h"

static void
hello_says_who_and_what(void **state)
{
    struct line_bench *f = *state;
    struct spool_state spool;
    struct wire_msg msg;

    line_append(f, 1, 5);
    line_open(f);
    assert_string_equal(uplink_state_name(f->uplink), "disconnected");
    msg = line_await(f, WIRE_HELLO);
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
    struct line_bench *f = *state;
    struct wire_msg welcome = line_welcome_at(0, 0);
    struct wire_msg msg;

    line_append(f, 1, 5);
    line_open(f);
    (void)line_await(f, WIRE_HELLO);
    fake_collector_send(f->fake, &welcome);
    msg = line_await(f, WIRE_PING);
    assert_int_equal(msg.u.ping.session, LINE_SESSION);
    assert_int_equal(msg.u.ping.self_check, 1);
    assert_int_equal(msg.u.ping.skipped, 3);
    assert_int_equal(msg.u.ping.load_permille, 12);
    assert_int_equal(msg.u.ping.spool_records, 5);
}

static void
records_go_out_and_are_acknowledged(void **state)
{
    struct line_bench *f = *state;
    struct wire_msg msg;

    msg = line_connect_and_take(f, 3);
    line_assert_records(&msg.u.batch, 1, 3);
    assert_int_equal(msg.u.batch.oldest_seq, 1);
    assert_int_equal(msg.u.batch.next_seq, 4);
    line_send_ack(f, 3);
    line_turn_until_acked(f, 3);
    line_append(f, 4, 4);
    msg = line_await(f, WIRE_BATCH);
    line_assert_records(&msg.u.batch, 4, 1);
    line_expect_quiet(f);
}

static void
a_backlog_goes_in_full_batches_compressed(void **state)
{
    struct line_bench *f = *state;
    struct wire_msg msg;

    line_append(f, 1, 2500);
    line_connect(f);
    for (unsigned i = 0; i < 3; i++) {
        msg = line_await(f, WIRE_BATCH);
        line_assert_records(&msg.u.batch, 1 + i * 1000, i < 2 ? 1000 : 500);
        assert_int_equal(msg.u.batch.codec, WIRE_CODEC_ZSTD);
    }
    line_send_ack(f, 2500);
    line_turn_until_acked(f, 2500);
}

static void
what_a_lost_ack_leaves_open_is_sent_again(void **state)
{
    struct line_bench *f = *state;
    struct wire_msg msg;

    (void)line_connect_and_take(f, 3);
    fake_loop_advance_ns(f->loop, 10 * NS_PER_SEC);
    (void)line_await(f, WIRE_PING);
    fake_loop_advance_ns(f->loop, 5 * NS_PER_SEC);
    msg = line_await(f, WIRE_BATCH);
    line_assert_records(&msg.u.batch, 1, 3);
    line_send_ack(f, 3);
    line_turn_until_acked(f, 3);
}

static void
a_bad_batch_comes_again_record_by_record(void **state)
{
    struct line_bench *f = *state;
    struct wire_msg msg;

    (void)line_connect_and_take(f, 3);
    line_send_nack(f, NACK_BAD_BATCH, 1);
    for (unsigned i = 1; i <= 3; i++) {
        msg = line_await(f, WIRE_BATCH);
        line_assert_records(&msg.u.batch, i, 1);
    }
    line_send_ack(f, 3);
    line_turn_until_acked(f, 3);
}

static void
another_record_under_our_number_means_a_new_spool(void **state)
{
    struct line_bench *f = *state;
    struct wire_msg welcome = line_welcome_at(2, 0xdeadbeef);
    uint8_t id[WIRE_ID_BYTES];
    struct wire_msg msg;

    line_append(f, 1, 3);
    line_open(f);
    msg = line_await(f, WIRE_HELLO);
    memcpy(id, msg.u.hello.spool_id, sizeof(id));
    fake_collector_send(f->fake, &welcome);
    line_settle_unheard(f);
    fake_loop_advance_ns(f->loop, NS_PER_SEC);
    msg = line_await(f, WIRE_HELLO);
    assert_memory_not_equal(msg.u.hello.spool_id, id, sizeof(id));
    assert_int_equal(msg.u.hello.next_seq, 4);
    welcome = line_welcome_at(0, 0);
    fake_collector_send(f->fake, &welcome);
    (void)line_await(f, WIRE_PING);
    msg = line_await(f, WIRE_BATCH);
    line_assert_records(&msg.u.batch, 1, 3);
}

static void
the_collectors_own_mark_is_believed_where_the_record_is_the_same(void **state)
{
    struct line_bench *f = *state;
    struct wire_msg welcome;
    struct wire_msg msg;
    struct buf record;
    struct err err;

    line_append(f, 1, 3);
    buf_init(&record, 1024);
    assert_int_equal(spool_read(f->spool, 2, &record, &err), 1);
    welcome = line_welcome_at(2, digest_crc32c(0, record.data, record.len));
    buf_free(&record);
    line_open(f);
    (void)line_await(f, WIRE_HELLO);
    fake_collector_send(f->fake, &welcome);
    (void)line_await(f, WIRE_PING);
    msg = line_await(f, WIRE_BATCH);
    line_assert_records(&msg.u.batch, 3, 1);
}

static void
a_silent_collector_gets_a_new_connection(void **state)
{
    struct line_bench *f = *state;

    line_open(f);
    (void)line_await(f, WIRE_HELLO);
    fake_loop_advance_ns(f->loop, 9 * NS_PER_SEC);
    line_expect_quiet(f);
    fake_loop_advance_ns(f->loop, 2 * NS_PER_SEC);
    (void)line_await(f, WIRE_HELLO);
}

static void
a_restarted_collector_is_found_again(void **state)
{
    struct line_bench *f = *state;
    int port = fake_collector_port(f->fake);
    struct wire_msg msg;

    (void)line_connect_and_take(f, 3);
    fake_collector_close(f->fake);
    f->fake = fake_collector_open(port);
    for (int i = 0; i < LINE_PATIENCE &&
                    strcmp(uplink_state_name(f->uplink), "streaming") == 0;
         i++)
        (void)line_turn(f, &msg);
    fake_loop_advance_ns(f->loop, NS_PER_SEC);
    line_connect(f);
    msg = line_await(f, WIRE_BATCH);
    line_assert_records(&msg.u.batch, 1, 3);
}

static void
a_forgotten_session_is_begun_again(void **state)
{
    struct line_bench *f = *state;

    (void)line_connect_and_take(f, 1);
    line_send_nack(f, NACK_NO_SESSION, 1);
    line_settle_unheard(f);
    fake_loop_advance_ns(f->loop, NS_PER_SEC);
    (void)line_await(f, WIRE_HELLO);
}

static void
a_key_that_is_refused_is_tried_again_and_may_be_admitted(void **state)
{
    struct line_bench *f = *state;

    fake_collector_admit(f->fake, 400);
    line_open(f);
    line_expect_quiet(f);
    assert_string_equal(uplink_state_name(f->uplink), "disconnected");
    fake_collector_admit(f->fake, 200);
    (void)line_await_within(f, WIRE_HELLO, 60);
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
    struct line_bench *f = *state;
    struct wire_msg config = config_of(9);
    struct wire_msg msg;

    line_connect(f);
    fake_collector_send(f->fake, &config);
    msg = line_await(f, WIRE_CONFIG_OK);
    assert_int_equal(msg.u.config_ok_version, 9);
    assert_int_equal(f->config_version, 9);
    /* The next HELLO says which checks are in force. */
    line_send_nack(f, NACK_NO_SESSION, 1);
    line_settle_unheard(f);
    fake_loop_advance_ns(f->loop, NS_PER_SEC);
    assert_int_equal(line_await(f, WIRE_HELLO).u.hello.cfg_version, 9);
}

static void
checks_that_are_refused_are_told_so_with_the_reason(void **state)
{
    struct line_bench *f = *state;
    struct wire_msg config = config_of(9);
    struct wire_msg msg;

    f->refuse_config = true;
    line_connect(f);
    fake_collector_send(f->fake, &config);
    msg = line_await(f, WIRE_CONFIG_BAD);
    assert_int_equal(msg.u.config_bad.cfg_version, 9);
    assert_string_equal(msg.u.config_bad.reason, "too many checks");
}

static void
a_rotated_key_is_announced_and_takes_the_olds_place_when_accepted(void **state)
{
    struct line_bench *f = *state;
    const struct wire_msg rotate = {.type = WIRE_ROTATE};
    const struct wire_msg key_ok = {.type = WIRE_KEY_OK};
    uint8_t key[WIRE_KEY_BYTES];
    struct wire_msg msg;

    line_connect(f);
    fake_collector_send(f->fake, &rotate);
    msg = line_await(f, WIRE_NEWKEY);
    assert_int_equal(msg.u.newkey.session, LINE_SESSION);
    memcpy(key, msg.u.newkey.pubkey, sizeof(key));
    assert_memory_not_equal(key, f->spec.keys.agent_public, WIRE_KEY_BYTES);
    /* Asked again before the answer: the same key. */
    fake_collector_send(f->fake, &rotate);
    msg = line_await(f, WIRE_NEWKEY);
    assert_memory_equal(msg.u.newkey.pubkey, key, WIRE_KEY_BYTES);
    assert_int_equal(f->stored_count, 0);
    fake_collector_send(f->fake, &key_ok);
    (void)line_await(f, WIRE_HELLO);
    assert_int_equal(f->stored_count, 1);
    assert_memory_equal(f->stored.agent_public, key, WIRE_KEY_BYTES);
    assert_memory_equal(fake_collector_peer_key(f->fake), key, WIRE_KEY_BYTES);
}

static void
a_rotation_goes_on_after_a_restart(void **state)
{
    struct line_bench *f = *state;
    const struct wire_msg rotate = {.type = WIRE_ROTATE};
    const struct wire_msg key_ok = {.type = WIRE_KEY_OK};
    struct wire_msg welcome = line_welcome_at(0, 0);
    uint8_t key[WIRE_KEY_BYTES];
    struct wire_msg msg;

    line_connect(f);
    fake_collector_send(f->fake, &rotate);
    memcpy(key, line_await(f, WIRE_NEWKEY).u.newkey.pubkey, sizeof(key));
    uplink_close(f->uplink);
    (void)line_await(f, WIRE_BYE);
    line_open(f);
    (void)line_await(f, WIRE_HELLO);
    assert_memory_equal(fake_collector_peer_key(f->fake),
        f->spec.keys.agent_public, WIRE_KEY_BYTES);
    fake_collector_send(f->fake, &welcome);
    msg = line_await(f, WIRE_NEWKEY);
    assert_memory_equal(msg.u.newkey.pubkey, key, WIRE_KEY_BYTES);
    (void)line_await(f, WIRE_PING);
    fake_collector_send(f->fake, &key_ok);
    (void)line_await(f, WIRE_HELLO);
    assert_memory_equal(fake_collector_peer_key(f->fake), key, WIRE_KEY_BYTES);
    /* It is over: the next start begins with the new key alone. */
    uplink_close(f->uplink);
    (void)line_await(f, WIRE_BYE);
    f->spec.keys = f->stored;
    f->uplink = NULL;
    line_connect(f);
    line_expect_quiet(f);
}

static void
the_collectors_clock_is_told(void **state)
{
    struct line_bench *f = *state;
    struct wire_msg welcome = line_welcome_at(0, 0);
    struct wire_msg msg = {.type = WIRE_PONG};
    int64_t now_ms = clock_unix_ms();

    line_open(f);
    (void)line_await(f, WIRE_HELLO);
    fake_collector_send(f->fake, &welcome);
    msg.u.pong = (struct wire_pong){
        .t0_boot_ms = line_await(f, WIRE_PING).u.ping.t0_boot_ms,
        .t1_wall_ms = now_ms + 90000,
        .t2_wall_ms = now_ms + 90000};
    fake_collector_send(f->fake, &msg);
    for (int i = 0; i < LINE_PATIENCE && f->offset_count == 0; i++)
        (void)line_turn(f, &msg);
    assert_int_equal(f->offset_count, 1);
    /* As exact as two clocks that are read one after the other. */
    assert_in_range(f->offset_ms, 60000, 90001);
}

static void
garbage_is_dropped_and_nothing_changes(void **state)
{
    struct line_bench *f = *state;
    const struct wire_msg enrolled = {.type = WIRE_ENROLLED};
    uint8_t garbage[300];

    line_connect(f);
    for (size_t i = 0; i < sizeof(garbage); i++)
        garbage[i] = (uint8_t)(i * 37 + 11);
    for (size_t len = 0; len < sizeof(garbage); len += 7)
        fake_collector_send_bytes(f->fake, garbage, len);
    fake_collector_send(f->fake, &enrolled);
    line_expect_quiet(f);
    assert_string_equal(uplink_state_name(f->uplink), "streaming");
}

static void
closing_says_bye(void **state)
{
    struct line_bench *f = *state;
    struct wire_msg msg;

    line_connect(f);
    uplink_close(f->uplink);
    f->uplink = NULL;
    msg = line_await(f, WIRE_BYE);
    assert_string_equal(msg.u.bye_reason, "stopping");
}

static void
an_endpoint_that_is_none_is_said_at_once(void **state)
{
    struct line_bench *f = *state;
    struct err err;

    f->spec.endpoint = "collector.example:7411";
    assert_null(uplink_open(&f->spec, &err));
    assert_int_equal(err.code, ERR_PARSE);
    f->spec.endpoint = fake_collector_endpoint(f->fake);
    f->spec.bind_ip = "not an address";
    assert_null(uplink_open(&f->spec, &err));
    f->spec.bind_ip = "127.0.0.1";
    line_connect(f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define UPLINK_TEST(name)                                                      \
    cmocka_unit_test_setup_teardown(name, line_setup, line_teardown)
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
