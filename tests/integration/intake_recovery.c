/*
 * What a real collector's crash, full disk or old backup leaves, and what an
 * agent's: each result there once, whatever happens.
 */
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "cm.h"
#include "intake_bench.h"

static struct bench bench;
static int next_agent; /* each test has its own */

enum {
    AGENTS = 8,
    HALF_HOUR_MS = 1800000,
    CROWD_BATCH = 500,
    CROWD_MAX = 60000 /* half an hour has no place for so many */
};

static struct peer
open_peer(void)
{
    struct peer peer;

    assert_true(next_agent < AGENTS);
    peer_open(&peer, &bench, next_agent++);
    return peer;
}

static void
killed_before_the_commit_it_is_sent_again(void **state)
{
    struct peer peer = open_peer();

    (void)state;
    peer_hello(&peer);
    bench_hold_writer(&bench);
    peer_send_results(&peer, 1, 3);
    peer_expect_quiet(&peer);
    bench_kill(&bench);
    bench_let_go(&bench);
    bench_start(&bench);
    peer_hello(&peer);
    assert_int_equal(peer.welcome.acked_seq, 0);
    peer_send_results(&peer, 1, 3);
    peer_await_ack(&peer, 3);
    assert_int_equal(bench_count_raw(&bench, peer.name, 1, 9), 3);
    peer_close(&peer);
}

static void
killed_after_the_commit_it_counts_once(void **state)
{
    struct peer peer = open_peer();
    struct buf records;
    struct wire_batch batch;

    (void)state;
    peer_hello(&peer);
    batch = peer_batch(&peer, 1, 3, &records);
    peer_send_batch(&peer, &batch);
    while (bench_mark(&bench, &peer).acked_seq != 3)
        (void)usleep(10000);
    bench_kill(&bench); /* the ACK may be on its way, or not */
    bench_start(&bench);
    peer_hello(&peer);
    assert_int_equal(peer.welcome.acked_seq, 3);
    assert_int_equal(
        peer.welcome.acked_crc, bench_mark(&bench, &peer).acked_crc);
    batch.session = peer.welcome.session;
    peer_send_batch(&peer, &batch);
    peer_await_ack(&peer, 3);
    buf_free(&records);
    assert_int_equal(bench_count_raw(&bench, peer.name, 1, 9), 3);
    assert_int_equal(bench_mark(&bench, &peer).taken, 3);
    peer_close(&peer);
}

static void
a_new_spool_begins_at_one_beside_the_old(void **state)
{
    struct peer peer = open_peer();

    (void)state;
    peer_hello(&peer);
    peer_send_results(&peer, 1, 3);
    peer_await_ack(&peer, 3);
    peer.spool_id[0] ^= 0xff; /* the disk was wiped */
    peer_hello(&peer);
    assert_int_equal(peer.welcome.acked_seq, 0);
    peer_send_results(&peer, 1, 2);
    peer_await_ack(&peer, 2);
    assert_int_equal(bench_mark(&bench, &peer).taken, 2);
    peer.spool_id[0] ^= 0xff;
    assert_int_equal(bench_mark(&bench, &peer).taken, 3);
    peer_close(&peer);
}

static void
a_restored_backup_is_filled_again(void **state)
{
    struct peer peer = open_peer();

    (void)state;
    peer_hello(&peer);
    peer_send_results(&peer, 1, 3);
    peer_await_ack(&peer, 3);
    bench_stop(&bench);
    bench_save_store(&bench);
    bench_start(&bench);
    peer_hello(&peer);
    peer_send_results(&peer, 4, 3);
    peer_await_ack(&peer, 6);
    bench_stop(&bench);
    bench_restore_store(&bench);
    bench_start(&bench);
    peer_hello(&peer);
    assert_int_equal(peer.welcome.acked_seq, 3);
    peer_send_results(&peer, 4, 3);
    peer_await_ack(&peer, 6);
    assert_int_equal(bench_count_raw(&bench, peer.name, 1, 9), 6);
    peer_close(&peer);
}

static void
a_full_disk_is_said_and_nothing_is_lost(void **state)
{
    struct peer peer = open_peer();
    struct wire_nack_msg nack;
    struct wire_msg msg = {.type = 0};
    uint64_t acked = 0;
    uint64_t again;

    (void)state;
    peer_hello(&peer);
    bench_limit_files(&bench, bench_store_bytes(&bench));
    /* Until what was free inside the file is used up. */
    while (msg.type != WIRE_NACK) {
        peer_send_results(&peer, acked + 1, 1000);
        msg = peer_await_either(&peer, WIRE_ACK, WIRE_NACK);
        if (msg.type == WIRE_ACK)
            acked = msg.u.ack.acked_seq;
    }
    nack = msg.u.nack;
    assert_int_equal(nack.code, NACK_DISK_FULL);
    assert_int_equal(nack.first_seq, acked + 1);
    assert_int_equal(nack.expected_seq, acked + 1);
    assert_true(nack.text[0] != '\0');
    assert_int_equal(bench_mark(&bench, &peer).acked_seq, acked);
    bench_limit_files(&bench, RLIM_INFINITY);
    again = acked + 1000;
    peer_send_results(&peer, acked + 1, 1000);
    peer_await_ack(&peer, again);
    assert_int_equal(bench_mark(&bench, &peer).acked_seq, again);
    assert_int_equal(bench_mark(&bench, &peer).taken, again);
    peer_close(&peer);
}

/* Sends whole batches until one is refused; the number of its first result. */
static uint64_t
crowd_until_refused(struct peer *peer)
{
    uint64_t first = 1;

    for (;;) {
        struct wire_msg msg;

        peer_send_results(peer, first, CROWD_BATCH);
        msg = peer_await_either(peer, WIRE_ACK, WIRE_NACK);
        if (msg.type == WIRE_NACK) {
            assert_int_equal(msg.u.nack.code, NACK_BAD_BATCH);
            assert_int_equal(msg.u.nack.first_seq, first);
            assert_non_null(strstr(msg.u.nack.text, "than can be kept"));
            return first;
        }
        first += CROWD_BATCH;
        assert_int_equal(msg.u.ack.acked_seq, first - 1);
        assert_true(first < CROWD_MAX);
    }
}

/*
 * As an agent does it: record by record from the start of what was refused.
 * The number of the first that there is no place for.
 */
static uint64_t
one_by_one_until_refused(struct peer *peer, uint64_t first)
{
    for (uint64_t seq = first; seq < first + CROWD_BATCH; seq++) {
        struct wire_msg msg;

        peer_send_results(peer, seq, 1);
        msg = peer_await_either(peer, WIRE_ACK, WIRE_NACK);
        if (msg.type == WIRE_NACK) {
            assert_int_equal(msg.u.nack.code, NACK_BAD_BATCH);
            return seq;
        }
        assert_int_equal(msg.u.ack.acked_seq, seq);
    }
    fail_msg("each of a batch that was refused was taken");
    return 0;
}

static void
what_there_is_no_place_for_goes_to_quarantine_alone(void **state)
{
    struct peer peer = open_peer();
    struct peer other = open_peer();
    int aside = bench_count_rows(&bench, STORE_QUARANTINE);
    size_t logged = bench_log_size(&bench);
    struct mark_row mark;
    uint64_t seq;

    (void)state;
    peer_hello(&peer);
    peer_hello(&other);
    peer.crowd_unix_ms =
        clock_unix_ms() / HALF_HOUR_MS * HALF_HOUR_MS - HALF_HOUR_MS;
    seq = one_by_one_until_refused(&peer, crowd_until_refused(&peer));
    /* Only what is refused twice is set aside. */
    assert_int_equal(bench_mark(&bench, &peer).acked_seq, seq - 1);
    peer_send_results(&peer, seq, 1);
    peer_await_ack(&peer, seq);
    bench_wait_for_log(&bench, "intake.quarantine", logged);
    mark = bench_mark(&bench, &peer);
    assert_int_equal(mark.taken, seq - 1);
    assert_int_equal(mark.quarantined, 1);
    assert_int_equal(mark.refused, 0);
    assert_int_equal(bench_count_rows(&bench, STORE_QUARANTINE), aside + 1);
    assert_int_equal(bench_count_raw(&bench, peer.name, 1, seq), (int)seq - 1);
    /* What comes behind it is taken, whoever sends it. */
    peer_send_results(&other, 1, 3);
    peer_await_ack(&other, 3);
    peer.crowd_unix_ms = 0;
    peer_send_results(&peer, seq + 1, 3);
    peer_await_ack(&peer, seq + 3);
    assert_int_equal(bench_mark(&bench, &peer).taken, seq + 2);
    peer_close(&peer);
    peer_close(&other);
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_before_the_commit_it_is_sent_again),
        cmocka_unit_test(killed_after_the_commit_it_counts_once),
        cmocka_unit_test(a_new_spool_begins_at_one_beside_the_old),
        cmocka_unit_test(a_restored_backup_is_filled_again),
        cmocka_unit_test(a_full_disk_is_said_and_nothing_is_lost),
        cmocka_unit_test(what_there_is_no_place_for_goes_to_quarantine_alone),
    };

    return cmocka_run_group_tests_name(
        "intake_recovery", tests, open_bench, close_bench);
}
