/*
 * What a real collector's crash, full disk or old backup leaves, and what an
 * agent's: each result there once, whatever happens.
 */
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cm.h"
#include "intake_bench.h"

static struct bench bench;
static int next_agent; /* each test has its own */

enum { AGENTS = 8 };

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
    };

    return cmocka_run_group_tests_name(
        "intake_recovery", tests, open_bench, close_bench);
}
