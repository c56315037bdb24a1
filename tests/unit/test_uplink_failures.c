/*
 * The rows of the protocol's table of failures, as the agent sees them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "cm.h"
#include "digest.h"
#include "fake_loop.h"
#include "line_bench.h"
#include "line_wire.h"
#include "log.h"
#include "pack.h"
#include "uplink.h"

enum { HOUR_S = 3600, SYNC_EVERY_S = 60, SMALL_CAP_BYTES = 256 * 1024 };

static void
copy_folder(const char *from, const char *to)
{
    char command[6 * LINE_ROOT_BYTES];

    (void)snprintf(command, sizeof(command), "rm -rf '%s' && cp -a '%s' '%s'",
        to, from, to);
    assert_int_equal(system(command), 0); /* NOLINT: a folder of our own */
}

static void
reopen_spool(struct line_bench *f, size_t cap_bytes)
{
    struct spool_spec spec = {.dir = f->dir,
        .cap_bytes = cap_bytes,
        .retention_ms = INT64_C(172800) * MS_PER_SEC};
    struct err err;

    spool_close(f->spool);
    f->spool = spool_open(&spec, &err);
    assert_made(f->spool, err);
    f->spec.spool = f->spool;
}

static void
close_line(struct line_bench *f)
{
    uplink_close(f->uplink);
    f->uplink = NULL;
}

/* Turns without a word from the agent's side that is not a PING. */
static void
be_quiet_for(struct line_bench *f, int64_t seconds)
{
    struct wire_msg msg;

    for (int64_t i = 0; i < seconds; i++) {
        if (line_live_a_second(f, &msg))
            fail_msg("%s after %d s", wire_type_name((int)msg.type), (int)i);
    }
}

/* So much is acknowledged in the end, and nothing but a PING comes. */
static void
turn_to_mark(struct line_bench *f, uint64_t acked)
{
    struct spool_state spool = {0};
    struct wire_msg msg;

    for (int i = 0; i < LINE_PATIENCE && spool.acked_seq != acked; i++) {
        if (line_turn(f, &msg))
            assert_int_equal(msg.type, WIRE_PING);
        spool_state(f->spool, &spool);
    }
    assert_int_equal(spool.acked_seq, acked);
}

/* The texts of a batch are those of records `first` and following. */
static void
assert_texts(const struct wire_batch *batch, unsigned first)
{
    struct buf plain;
    struct bytes left = batch->records;
    struct bytes record;
    struct err err;
    char text[32];

    buf_init(&plain, WIRE_BATCH_MAX_BYTES);
    if (batch->codec == WIRE_CODEC_ZSTD) {
        assert_ok(pack_expand(
                      left.data, left.len, WIRE_BATCH_MAX_BYTES, &plain, &err),
            err);
        left = buf_bytes(&plain);
    }
    for (unsigned i = 0; i < batch->count; i++) {
        int len = snprintf(text, sizeof(text), "record %u ", first + i);

        assert_int_equal(wire_batch_next(&left, &record, &err), 1);
        assert_memory_equal(record.data, text, (size_t)len);
    }
    buf_free(&plain);
}

/* An hour of results, one a second, while nobody listens. */
static void
measure_for_an_hour(struct line_bench *f)
{
    for (unsigned second = 1; second <= HOUR_S; second += SYNC_EVERY_S) {
        line_append(f, second, second + SYNC_EVERY_S - 1);
        for (int i = 0; i < SYNC_EVERY_S; i++) {
            fake_loop_advance_ns(f->loop, NS_PER_SEC);
            (void)fake_loop_poll(f->loop);
        }
        assert_string_equal(uplink_state_name(f->uplink), "disconnected");
    }
}

static void
after_an_hour_without_a_line_all_arrives_in_order_and_once(void **state)
{
    struct line_bench *f = *state;
    struct wire_msg welcome = line_welcome_at(0, 0);
    int port = fake_collector_port(f->fake);
    struct spool_state spool;
    struct wire_msg msg;
    uint64_t mark = 0;

    line_open(f);
    fake_collector_close(f->fake);
    f->fake = NULL;
    measure_for_an_hour(f);
    f->fake = fake_collector_open(port);
    msg = line_await_within(f, WIRE_HELLO, 120);
    assert_int_equal(msg.u.hello.next_seq, HOUR_S + 1);
    fake_collector_send(f->fake, &welcome);
    (void)line_await(f, WIRE_PING);
    while (mark < HOUR_S) {
        msg = line_await(f, WIRE_BATCH);
        assert_int_equal(msg.u.batch.first_seq, mark + 1);
        assert_texts(&msg.u.batch, (unsigned)mark + 1);
        mark += msg.u.batch.count;
    }
    assert_int_equal(mark, HOUR_S);
    line_send_ack(f, mark);
    line_turn_until_acked(f, HOUR_S);
    line_expect_quiet(f);
    spool_state(f->spool, &spool);
    assert_int_equal(spool.records, 0);
    assert_int_equal(spool.lost, 0);
}

static void
a_backlog_takes_one_batch_a_turn(void **state)
{
    struct line_bench *f = *state;
    struct wire_msg msg;

    line_connect(f);
    line_append(f, 1, 5000);
    fake_loop_fire_due(f->loop);
    for (int i = 0; i < 50; i++) {
        if (fake_collector_next(f->fake, &msg))
            line_assert_records(&msg.u.batch, 1, 1000);
    }
    msg = line_await(f, WIRE_BATCH);
    line_assert_records(&msg.u.batch, 1001, 1000);
    msg = line_await(f, WIRE_BATCH);
    line_assert_records(&msg.u.batch, 2001, 1000);
}

static void
a_machine_set_back_to_a_snapshot_takes_a_new_spool(void **state)
{
    struct line_bench *f = *state;
    struct wire_msg welcome = line_welcome_at(20, 0x12345678);
    char snapshot[3 * LINE_ROOT_BYTES];
    uint8_t id[WIRE_ID_BYTES];
    struct wire_msg msg;

    (void)snprintf(snapshot, sizeof(snapshot), "%s.snapshot", f->dir);
    (void)line_connect_and_take(f, 10);
    line_send_ack(f, 6);
    line_turn_until_acked(f, 6);
    close_line(f);
    reopen_spool(f, 0); /* what is acknowledged is on disk */
    copy_folder(f->dir, snapshot);
    line_open(f);
    (void)line_await(f, WIRE_HELLO);
    line_append(f, 11, 20);
    close_line(f);
    spool_close(f->spool);
    f->spool = NULL;
    copy_folder(snapshot, f->dir);
    reopen_spool(f, 0);
    line_open(f);
    msg = line_await(f, WIRE_HELLO);
    assert_int_equal(msg.u.hello.next_seq, 11);
    memcpy(id, msg.u.hello.spool_id, sizeof(id));
    fake_collector_send(f->fake, &welcome);
    msg = line_await_within(f, WIRE_HELLO, 10);
    assert_memory_not_equal(msg.u.hello.spool_id, id, sizeof(id));
    welcome = line_welcome_at(0, 0);
    fake_collector_send(f->fake, &welcome);
    (void)line_await(f, WIRE_PING);
    msg = line_await(f, WIRE_BATCH);
    assert_int_equal(msg.u.batch.first_seq, 1);
    assert_int_equal(msg.u.batch.count, 4);
    assert_texts(&msg.u.batch, 7);
}

static void
a_restored_collector_gets_again_what_it_had_acknowledged(void **state)
{
    struct line_bench *f = *state;
    struct wire_msg welcome;
    struct wire_msg msg;
    struct buf record;
    struct err err;

    (void)line_connect_and_take(f, 10);
    line_send_ack(f, 10);
    line_turn_until_acked(f, 10);
    close_line(f);
    reopen_spool(f, 0);
    buf_init(&record, 1024);
    assert_int_equal(spool_read(f->spool, 4, &record, &err), 1);
    welcome = line_welcome_at(4, digest_crc32c(0, record.data, record.len));
    buf_free(&record);
    line_open(f);
    (void)line_await(f, WIRE_HELLO);
    fake_collector_send(f->fake, &welcome);
    (void)line_await(f, WIRE_PING);
    msg = line_await(f, WIRE_BATCH);
    line_assert_records(&msg.u.batch, 5, 6);
    line_send_ack(f, 10);
    line_expect_quiet(f);
}

static void
a_date_that_jumps_ahead_does_not_end_the_retention(void **state)
{
    struct line_bench *f = *state;
    struct buf record;
    struct err err;

    line_connect(f);
    for (unsigned i = 1; i <= 3; i++) {
        line_append(f, i, i);
        (void)line_await(f, WIRE_BATCH);
        line_send_ack(f, i);
        line_turn_until_acked(f, i);
        assert_ok(spool_sync(f->spool, &err), err);
        line_wire_set_date(i * 72 * HOUR_S * MS_PER_SEC);
    }
    /* Whoever was restored from a backup may still ask for the first. */
    buf_init(&record, 1024);
    assert_int_equal(spool_read(f->spool, 1, &record, &err), 1);
    buf_free(&record);
}

static void
time_that_passes_does(void **state)
{
    struct line_bench *f = *state;
    struct wire_msg welcome;
    struct spool_state spool;
    struct buf record;
    struct err err;

    (void)line_connect_and_take(f, 1);
    line_send_ack(f, 1);
    line_turn_until_acked(f, 1);
    assert_ok(spool_sync(f->spool, &err), err);
    buf_init(&record, 1024);
    assert_int_equal(spool_read(f->spool, 1, &record, &err), 1);
    welcome = line_welcome_at(1, digest_crc32c(0, record.data, record.len));
    buf_free(&record);
    fake_loop_advance_ns(f->loop, 49 * HOUR_S * NS_PER_SEC);
    line_settle_unheard(f);
    (void)line_await_within(f, WIRE_HELLO, 120);
    fake_collector_send(f->fake, &welcome);
    (void)line_await(f, WIRE_PING);
    line_append(f, 2, 2);
    (void)line_await(f, WIRE_BATCH);
    line_send_ack(f, 2);
    line_turn_until_acked(f, 2);
    assert_ok(spool_sync(f->spool, &err), err);
    spool_state(f->spool, &spool);
    assert_int_equal(spool.oldest_seq, 2);
}

/* HELLO is answered so, and asked again after five minutes, not before. */
static void
assert_asks_again_in_five_minutes(struct line_bench *f, enum wire_nack code)
{
    struct wire_msg msg = {.type = WIRE_BYE};

    line_open(f);
    (void)line_await(f, WIRE_HELLO);
    line_send_nack(f, code, 0);
    fake_collector_send(f->fake, &msg);
    line_expect_quiet(f);
    assert_string_equal(uplink_state_name(f->uplink), "disconnected");
    line_append(f, 1, 3); /* measuring goes on */
    fake_loop_advance_ns(f->loop, 298 * NS_PER_SEC);
    line_expect_quiet(f);
    msg = line_await_within(f, WIRE_HELLO, 5);
    assert_int_equal(msg.u.hello.next_seq, 4);
}

static void
a_cloned_machine_asks_again_every_five_minutes(void **state)
{
    assert_asks_again_in_five_minutes(*state, NACK_DUPLICATE);
}

static void
so_does_one_of_an_unknown_version(void **state)
{
    assert_asks_again_in_five_minutes(*state, NACK_VERSION);
}

static void
and_one_whose_key_is_revoked(void **state)
{
    assert_asks_again_in_five_minutes(*state, NACK_REVOKED);
}

static void
what_a_full_collector_refuses_is_kept_and_sent_later(void **state)
{
    struct line_bench *f = *state;
    struct wire_msg msg;

    (void)line_connect_and_take(f, 5);
    line_send_nack(f, NACK_DISK_FULL, 1);
    line_expect_quiet(f); /* it has been taken */
    be_quiet_for(f, 29);
    msg = line_await_within(f, WIRE_BATCH, 32);
    line_assert_records(&msg.u.batch, 1, 5);
    line_send_ack(f, 5);
    turn_to_mark(f, 5);
}

static void
without_credit_it_asks_when_it_was_told_to(void **state)
{
    struct line_bench *f = *state;
    struct wire_msg msg = {.type = WIRE_ACK};

    (void)line_connect_and_take(f, 2);
    msg.u.ack = (struct wire_ack){
        .session = LINE_SESSION, .acked_seq = 2, .retry_after_ms = 7000};
    fake_collector_send(f->fake, &msg);
    line_turn_until_acked(f, 2);
    line_append(f, 3, 1500);
    be_quiet_for(f, 6);
    msg = line_await_within(f, WIRE_BATCH, 2);
    line_assert_records(&msg.u.batch, 3, 1000);
    while (line_settle(f, &msg)) /* one, until there is credit */
        assert_int_equal(msg.type, WIRE_PING);
    line_send_ack(f, 1002);
    msg = line_await_within(f, WIRE_BATCH, 2);
    line_assert_records(&msg.u.batch, 1003, 498);
}

static void
what_went_for_want_of_room_is_told_as_lost(void **state)
{
    struct line_bench *f = *state;
    struct wire_msg welcome = line_welcome_at(0, 0);
    struct spool_state spool;
    struct wire_msg msg;

    reopen_spool(f, SMALL_CAP_BYTES);
    line_append(f, 1, 9000);
    spool_state(f->spool, &spool);
    assert_true(spool.oldest_seq > 1000);
    line_open(f);
    msg = line_await(f, WIRE_HELLO);
    assert_int_equal(msg.u.hello.oldest_seq, spool.oldest_seq);
    fake_collector_send(f->fake, &welcome);
    msg = line_await(f, WIRE_PING);
    assert_int_equal(msg.u.ping.lost, spool.oldest_seq - 1);
    msg = line_await(f, WIRE_BATCH);
    line_assert_records(&msg.u.batch, (unsigned)spool.oldest_seq, 1000);
    assert_int_equal(msg.u.batch.oldest_seq, spool.oldest_seq);
}

static void
a_gap_is_sent_again_from_where_it_is(void **state)
{
    struct line_bench *f = *state;
    struct wire_msg nack = {.type = WIRE_NACK};
    struct wire_msg msg;

    (void)line_connect_and_take(f, 4);
    line_append(f, 5, 9);
    msg = line_await(f, WIRE_BATCH);
    line_assert_records(&msg.u.batch, 5, 5);
    nack.u.nack = (struct wire_nack_msg){.session = LINE_SESSION,
        .code = NACK_GAP,
        .first_seq = 5,
        .expected_seq = 3};
    fake_collector_send(f->fake, &nack);
    msg = line_await(f, WIRE_BATCH);
    line_assert_records(&msg.u.batch, 3, 7);
}

static void
a_key_that_cannot_be_stored_leaves_the_old_one_in_force(void **state)
{
    struct line_bench *f = *state;
    const struct wire_msg rotate = {.type = WIRE_ROTATE};
    const struct wire_msg key_ok = {.type = WIRE_KEY_OK};
    uint8_t key[WIRE_KEY_BYTES];
    struct wire_msg msg;

    f->refuse_keys = true;
    line_connect(f);
    fake_collector_send(f->fake, &rotate);
    memcpy(key, line_await(f, WIRE_NEWKEY).u.newkey.pubkey, sizeof(key));
    fake_collector_send(f->fake, &key_ok);
    line_expect_quiet(f);
    assert_string_equal(uplink_state_name(f->uplink), "streaming");
    f->refuse_keys = false;
    fake_collector_send(f->fake, &rotate);
    msg = line_await(f, WIRE_NEWKEY);
    assert_memory_equal(msg.u.newkey.pubkey, key, sizeof(key));
    fake_collector_send(f->fake, &key_ok);
    (void)line_await(f, WIRE_HELLO);
    assert_memory_equal(fake_collector_peer_key(f->fake), key, sizeof(key));
}

static void
a_crash_after_the_new_key_was_stored_forgets_the_rotation(void **state)
{
    struct line_bench *f = *state;
    uint8_t pair[2 * WIRE_KEY_BYTES];
    struct err err;

    /* Stored as agent.key, and still noted as the next. */
    memcpy(pair, f->spec.keys.agent_public, WIRE_KEY_BYTES);
    memcpy(pair + WIRE_KEY_BYTES, f->spec.keys.agent_secret, WIRE_KEY_BYTES);
    assert_ok(spool_put_note(f->spool, "next_keys",
                  (struct bytes){pair, sizeof(pair)}, &err),
        err);
    line_connect(f);
    line_expect_quiet(f); /* no NEWKEY */
}

int
main(void)
{
#define CASE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, line_setup, line_teardown)
    const struct CMUnitTest tests[] = {
        CASE(after_an_hour_without_a_line_all_arrives_in_order_and_once),
        CASE(a_backlog_takes_one_batch_a_turn),
        CASE(a_machine_set_back_to_a_snapshot_takes_a_new_spool),
        CASE(a_restored_collector_gets_again_what_it_had_acknowledged),
        CASE(a_date_that_jumps_ahead_does_not_end_the_retention),
        CASE(time_that_passes_does),
        CASE(a_cloned_machine_asks_again_every_five_minutes),
        CASE(so_does_one_of_an_unknown_version),
        CASE(and_one_whose_key_is_revoked),
        CASE(what_a_full_collector_refuses_is_kept_and_sent_later),
        CASE(without_credit_it_asks_when_it_was_told_to),
        CASE(what_went_for_want_of_room_is_told_as_lost),
        CASE(a_gap_is_sent_again_from_where_it_is),
        CASE(a_key_that_cannot_be_stored_leaves_the_old_one_in_force),
        CASE(a_crash_after_the_new_key_was_stored_forgets_the_rotation),
    };
#undef CASE

    log_set_level(LOG_AT_ERROR);
    return cmocka_run_group_tests_name("uplink_failures", tests, NULL, NULL);
}
