/*
 * Batches against the mark, each row of the protocol's table: said to a real
 * collector's socket, read back from its store.
 */
#include <string.h>

#include "clock.h"
#include "cm.h"
#include "digest.h"
#include "intake_bench.h"
#include "pack.h"

static struct bench bench;
static int next_agent; /* each test has one of its own */

enum { AGENTS = 24 };

static int
set_up(void **state)
{
    static struct peer peer;

    assert_true(next_agent < AGENTS);
    peer_open(&peer, &bench, next_agent++);
    peer_hello(&peer);
    assert_int_equal(peer.welcome.acked_seq, 0);
    *state = &peer;
    return 0;
}

static int
tear_down(void **state)
{
    peer_close(*state);
    return 0;
}

/* What the store holds of this agent. */
static void
expect_stored(struct peer *peer, uint64_t mark, int results)
{
    struct mark_row row = bench_mark(peer->bench, peer);

    assert_int_equal(row.acked_seq, mark);
    assert_int_equal(row.taken, results);
    assert_int_equal(
        bench_count_raw(peer->bench, peer->name, 1, UINT64_MAX), results);
}

static void
take_three(struct peer *peer)
{
    peer_send_results(peer, 1, 3);
    peer_await_ack(peer, 3);
}

/* ---- NACK MALFORMED ---- */

static void
counts_that_cannot_be_are_malformed(void **state)
{
    struct peer *peer = *state;
    struct buf records;
    struct wire_batch batch;

    take_three(peer);
    batch = peer_batch(peer, 4, 2, &records);
    batch.count = 0;
    peer_send_batch(peer, &batch);
    (void)peer_await_nack(peer, NACK_MALFORMED);
    batch.count = WIRE_BATCH_MAX_RECORDS + 1;
    batch.next_seq = 4 + batch.count;
    peer_send_batch(peer, &batch);
    (void)peer_await_nack(peer, NACK_MALFORMED);
    buf_free(&records);
    expect_stored(peer, 3, 3);
    peer_send_results(peer, 4, 1);
    peer_await_ack(peer, 4);
}

static void
a_batch_past_the_agents_end_is_malformed(void **state)
{
    struct peer *peer = *state;
    struct buf records;
    struct wire_batch batch = peer_batch(peer, 1, 3, &records);
    struct wire_nack_msg nack;

    batch.next_seq = 3; /* it has two, and sends three */
    peer_send_batch(peer, &batch);
    nack = peer_await_nack(peer, NACK_MALFORMED);
    assert_int_equal(nack.session, peer->welcome.session);
    assert_int_equal(nack.first_seq, 1);
    batch.crc32c++; /* counts come first */
    peer_send_batch(peer, &batch);
    (void)peer_await_nack(peer, NACK_MALFORMED);
    buf_free(&records);
    expect_stored(peer, 0, 0);
}

/* ---- NACK NO_SESSION ---- */

static void
a_batch_of_no_session_is_told_so(void **state)
{
    static const int64_t off[] = {1, -1};
    struct peer *peer = *state;
    struct buf records;
    struct wire_batch batch = peer_batch(peer, 1, 2, &records);
    struct wire_nack_msg nack;

    for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
        batch.session = peer->welcome.session + (uint64_t)off[i];
        peer_send_batch(peer, &batch);
        nack = peer_await_nack(peer, NACK_NO_SESSION);
        assert_int_equal(nack.first_seq, 1);
    }
    batch.session = 0;
    peer_send_batch(peer, &batch);
    (void)peer_await_nack(peer, NACK_NO_SESSION);
    buf_free(&records);
    expect_stored(peer, 0, 0);
    /* The session that there is goes on. */
    take_three(peer);
}

static void
before_hello_there_is_no_session(void **state)
{
    struct peer *peer = *state;
    struct peer early;

    peer_open(&early, peer->bench, next_agent++);
    peer_send_results(&early, 1, 2);
    (void)peer_await_nack(&early, NACK_NO_SESSION);
    peer_ping(&early);
    (void)peer_await_nack(&early, NACK_NO_SESSION);
    peer_close(&early);
}

/* ---- NACK BAD_BATCH ---- */

static void
a_bad_checksum_is_sent_again_record_by_record(void **state)
{
    struct peer *peer = *state;
    struct buf records;
    struct wire_batch batch = peer_batch(peer, 1, 3, &records);
    struct wire_nack_msg nack;

    batch.crc32c++;
    peer_send_batch(peer, &batch);
    nack = peer_await_nack(peer, NACK_BAD_BATCH);
    assert_int_equal(nack.first_seq, 1);
    assert_string_equal(nack.text, "checksum differs");
    buf_free(&records);
    expect_stored(peer, 0, 0);
    for (uint64_t seq = 1; seq <= 3; seq++) {
        peer_send_results(peer, seq, 1);
        peer_await_ack(peer, seq);
    }
    expect_stored(peer, 3, 3);
    assert_int_equal(bench_mark(peer->bench, peer).quarantined, 0);
}

/* A record that is none, with a good checksum around it. */
static void
put_unreadable(struct buf *records)
{
    static const uint8_t noise[] = {0xff, 0xff, 0xff, 0xff, 0x01};
    struct err err;

    assert_ok(
        wire_batch_put(records, (struct bytes){noise, sizeof(noise)}, &err),
        err);
}

static void
an_unreadable_record_is_kept_in_quarantine(void **state)
{
    struct peer *peer = *state;
    int before = bench_count_rows(peer->bench, STORE_QUARANTINE);
    struct buf records;
    struct wire_batch batch = peer_batch(peer, 1, 1, &records);
    struct mark_row mark;

    put_unreadable(&records);
    batch.count = 2;
    batch.next_seq = 3;
    batch.records = buf_bytes(&records);
    batch.crc32c = digest_crc32c(0, records.data, records.len);
    peer_send_batch(peer, &batch);
    (void)peer_await_nack(peer, NACK_BAD_BATCH);
    expect_stored(peer, 0, 0);
    peer_send_results(peer, 1, 1);
    peer_await_ack(peer, 1);
    buf_clear(&records);
    put_unreadable(&records);
    batch.first_seq = 2;
    batch.count = 1;
    batch.records = buf_bytes(&records);
    batch.crc32c = digest_crc32c(0, records.data, records.len);
    peer_send_batch(peer, &batch);
    peer_await_ack(peer, 2);
    buf_free(&records);
    peer_send_results(peer, 3, 1);
    peer_await_ack(peer, 3);
    expect_stored(peer, 3, 2);
    mark = bench_mark(peer->bench, peer);
    assert_int_equal(mark.quarantined, 1);
    assert_int_equal(
        bench_count_rows(peer->bench, STORE_QUARANTINE), before + 1);
}

/* Of no bytes at all, it is a record that cannot be read all the same. */
static void
an_empty_record_is_kept_in_quarantine_too(void **state)
{
    struct peer *peer = *state;
    struct buf records;
    struct wire_batch batch = peer_batch(peer, 1, 1, &records);

    batch.records = (struct bytes){(const uint8_t *)"", 1}; /* its length */
    batch.crc32c = digest_crc32c(0, batch.records.data, batch.records.len);
    peer_send_batch(peer, &batch);
    (void)peer_await_nack(peer, NACK_BAD_BATCH);
    peer_send_batch(peer, &batch);
    peer_await_ack(peer, 1);
    buf_free(&records);
    expect_stored(peer, 1, 0);
    assert_int_equal(bench_mark(peer->bench, peer).quarantined, 1);
    assert_int_equal(bench_mark(peer->bench, peer).refused, 0);
}

static void
a_record_that_stays_broken_does_not_hold_up_the_rest(void **state)
{
    struct peer *peer = *state;
    struct buf records;
    struct wire_batch batch = peer_batch(peer, 1, 1, &records);
    json_t *shown;
    const json_t *results;

    batch.crc32c++;
    peer_send_batch(peer, &batch);
    (void)peer_await_nack(peer, NACK_BAD_BATCH);
    expect_stored(peer, 0, 0);
    peer_send_batch(peer, &batch);
    peer_await_ack(peer, 1);
    buf_free(&records);
    peer_send_results(peer, 2, 2);
    peer_await_ack(peer, 3);
    expect_stored(peer, 3, 2);
    assert_int_equal(bench_mark(peer->bench, peer).quarantined, 1);
    shown = bench_agent(peer->bench, peer->name);
    results = json_object_get(shown, "results");
    assert_int_equal(json_integer_value(json_object_get(results, "taken")), 2);
    assert_int_equal(
        json_integer_value(json_object_get(results, "quarantined")), 1);
    json_decref(shown);
}

/* ---- compressed, and too big ---- */

static struct wire_batch
compressed(struct wire_batch batch, struct buf *packed)
{
    struct err err;

    buf_init(packed, WIRE_BATCH_MAX_BYTES);
    assert_ok(
        pack_compress(batch.records.data, batch.records.len, packed, &err),
        err);
    batch.codec = WIRE_CODEC_ZSTD;
    batch.records = buf_bytes(packed);
    batch.crc32c = digest_crc32c(0, packed->data, packed->len);
    return batch;
}

static void
a_compressed_batch_is_taken(void **state)
{
    struct peer *peer = *state;
    struct buf records;
    struct buf packed;
    struct wire_batch batch = peer_batch(peer, 1, 500, &records);

    batch = compressed(batch, &packed);
    peer_send_batch(peer, &batch);
    peer_await_ack(peer, 500);
    buf_free(&packed);
    buf_free(&records);
    expect_stored(peer, 500, 500);
}

static void
what_expands_to_more_than_was_granted_is_too_big(void **state)
{
    struct peer *peer = *state;
    struct buf records;
    struct buf packed;
    struct wire_batch batch = peer_batch(peer, 1, 2, &records);
    struct buf zeros;
    struct err err;

    buf_init(&zeros, 16 << 20);
    assert_non_null(buf_extend(&zeros, 16 << 20, &err));
    memset(zeros.data, 0, zeros.len);
    batch.records = buf_bytes(&zeros);
    batch = compressed(batch, &packed);
    peer_send_batch(peer, &batch);
    assert_int_equal(peer_await_nack(peer, NACK_TOO_BIG).first_seq, 1);
    /* One record cannot come in smaller pieces: it is kept as it is. */
    batch.count = 1;
    batch.next_seq = 2;
    peer_send_batch(peer, &batch);
    (void)peer_await_nack(peer, NACK_BAD_BATCH);
    expect_stored(peer, 0, 0);
    peer_send_batch(peer, &batch);
    peer_await_ack(peer, 1);
    assert_int_equal(bench_mark(peer->bench, peer).quarantined, 1);
    buf_free(&packed);
    buf_free(&zeros);
    buf_free(&records);
}

/* ---- l <= m, f <= m < l, f = m + 1 ---- */

static void
a_duplicate_is_acknowledged_again_and_counted_once(void **state)
{
    struct peer *peer = *state;

    take_three(peer);
    peer_send_results(peer, 1, 3);
    peer_await_ack(peer, 3);
    peer_send_results(peer, 2, 1);
    peer_await_ack(peer, 3);
    expect_stored(peer, 3, 3);
}

static void
of_an_overlap_only_the_new_part_is_taken(void **state)
{
    struct peer *peer = *state;

    take_three(peer);
    peer_send_results(peer, 2, 5);
    peer_await_ack(peer, 6);
    expect_stored(peer, 6, 6);
}

static void
batches_of_one_transaction_see_each_other(void **state)
{
    struct peer *peer = *state;

    bench_hold_writer(peer->bench);
    peer_send_results(peer, 1, 3); /* this one waits for the store */
    peer_send_results(peer, 4, 3);
    peer_send_results(peer, 4, 3);
    peer_send_results(peer, 6, 3);
    peer_send_results(peer, 9, 1);
    peer_expect_quiet(peer); /* they have arrived */
    expect_stored(peer, 0, 0);
    bench_let_go(peer->bench);
    peer_await_ack(peer, 3);
    peer_await_ack(peer, 6);
    peer_await_ack(peer, 6);
    peer_await_ack(peer, 8);
    peer_await_ack(peer, 9);
    expect_stored(peer, 9, 9);
}

/* ---- f > m + 1 ---- */

static void
what_the_agent_dropped_is_recorded_as_lost(void **state)
{
    struct peer *peer = *state;
    int before = bench_count_rows(peer->bench, STORE_LOST);
    struct buf records;
    struct wire_batch batch;
    json_t *shown;

    take_three(peer);
    batch = peer_batch(peer, 8, 2, &records);
    batch.oldest_seq = 8;
    peer_send_batch(peer, &batch);
    peer_await_ack(peer, 9);
    expect_stored(peer, 9, 5);
    assert_int_equal(bench_mark(peer->bench, peer).lost, 4);
    assert_int_equal(bench_count_rows(peer->bench, STORE_LOST), before + 1);
    /* Sent again, it is no second loss. */
    peer_send_batch(peer, &batch);
    peer_await_ack(peer, 9);
    buf_free(&records);
    assert_int_equal(bench_mark(peer->bench, peer).lost, 4);
    assert_int_equal(bench_count_rows(peer->bench, STORE_LOST), before + 1);
    shown = bench_agent(peer->bench, peer->name);
    assert_int_equal(json_integer_value(json_object_get(
                         json_object_get(shown, "results"), "lost")),
        4);
    json_decref(shown);
}

static void
a_hole_that_the_agent_still_has_is_asked_for(void **state)
{
    struct peer *peer = *state;
    struct buf records;
    struct wire_batch batch;

    take_three(peer);
    batch = peer_batch(peer, 8, 2, &records);
    peer_send_batch(peer, &batch); /* oldest_seq 1 */
    assert_int_equal(peer_await_nack(peer, NACK_GAP).expected_seq, 4);
    batch.oldest_seq = 6;
    peer_send_batch(peer, &batch);
    assert_int_equal(peer_await_nack(peer, NACK_GAP).expected_seq, 6);
    batch.oldest_seq = 4; /* nothing was dropped */
    peer_send_batch(peer, &batch);
    assert_int_equal(peer_await_nack(peer, NACK_GAP).expected_seq, 4);
    buf_free(&records);
    expect_stored(peer, 3, 3);
    assert_int_equal(bench_mark(peer->bench, peer).lost, 0);
    peer_send_results(peer, 4, 6);
    peer_await_ack(peer, 9);
    expect_stored(peer, 9, 9);
}

/* ---- results that no check, or no time, allows ---- */

static void
add_record(struct buf *records, uint32_t check, int64_t ts_unix_ms)
{
    struct measure measure;
    struct buf record;
    struct err err;

    measure_init(&measure);
    measure.check_id = check;
    measure.ts_unix_ms = ts_unix_ms;
    measure.slot_unix_ms = ts_unix_ms / 5000 * 5000;
    measure.family = FAMILY_V4;
    buf_init(&record, WIRE_RECORD_MAX_BYTES);
    assert_ok(wire_record_encode(&measure, false, &record, &err), err);
    assert_ok(wire_batch_put(records, buf_bytes(&record), &err), err);
    buf_free(&record);
}

static void
results_that_were_not_asked_for_are_counted_and_dropped(void **state)
{
    struct peer *peer = *state;
    int64_t now_unix_ms = clock_unix_ms();
    int64_t day_ms = INT64_C(86400000);
    struct buf records;
    struct wire_batch batch = peer_batch(peer, 1, 1, &records);

    add_record(&records, check_id_of("s/another"), now_unix_ms);
    add_record(&records, check_id_of("s/c"), now_unix_ms + 2 * day_ms);
    add_record(&records, check_id_of("s/c"), now_unix_ms - 1000 * day_ms);
    /* A clock that is a little ahead: kept, to be judged in its time. */
    add_record(&records, check_id_of("s/c"), now_unix_ms + 20000);
    batch.count = 5;
    batch.next_seq = 6;
    batch.records = buf_bytes(&records);
    batch.crc32c = digest_crc32c(0, records.data, records.len);
    peer_send_batch(peer, &batch);
    peer_await_ack(peer, 5);
    buf_free(&records);
    expect_stored(peer, 5, 2);
    assert_int_equal(bench_mark(peer->bench, peer).refused, 3);
}

static int
open_bench(void **state)
{
    (void)state;
    bench_open(&bench, AGENTS);
    return 0;
}

static int
close_bench(void **state)
{
    (void)state;
    bench_close(&bench);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(counts_that_cannot_be_are_malformed),
        TEST(a_batch_past_the_agents_end_is_malformed),
        TEST(a_batch_of_no_session_is_told_so),
        TEST(before_hello_there_is_no_session),
        TEST(a_bad_checksum_is_sent_again_record_by_record),
        TEST(an_unreadable_record_is_kept_in_quarantine),
        TEST(an_empty_record_is_kept_in_quarantine_too),
        TEST(a_record_that_stays_broken_does_not_hold_up_the_rest),
        TEST(a_compressed_batch_is_taken),
        TEST(what_expands_to_more_than_was_granted_is_too_big),
        TEST(a_duplicate_is_acknowledged_again_and_counted_once),
        TEST(of_an_overlap_only_the_new_part_is_taken),
        TEST(batches_of_one_transaction_see_each_other),
        TEST(what_the_agent_dropped_is_recorded_as_lost),
        TEST(a_hole_that_the_agent_still_has_is_asked_for),
        TEST(results_that_were_not_asked_for_are_counted_and_dropped),
    };

    return cmocka_run_group_tests_name(
        "intake_admission", tests, open_bench, close_bench);
}
