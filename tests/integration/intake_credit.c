/*
 * Credit: what a real collector lets a thousand sessions have under way, and
 * what it says when its disk cannot follow.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "cm.h"
#include "intake_bench.h"

enum { GRANT_MAX_BYTES = 64 << 20, MANY = 1000, FEW = 40, FULL_BATCH = 700 };

static struct bench bench; /* closed() closes it */

static int
closed(void **state)
{
    (void)state;
    if (bench.zmq != NULL)
        bench_close(&bench);
    bench.zmq = NULL;
    return 0;
}

static void
raise_limit(void)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    /* Two descriptors or so for each socket. */
    if (limit.rlim_max < 4 * MANY)
        skip();
}

static uint64_t
granted_bytes(const struct peer *peer, uint32_t window)
{
    return (uint64_t)window * peer->welcome.max_batch_bytes;
}

static void
a_thousand_sessions_share_64_mib(void **state)
{
    static struct peer peers[MANY];
    uint64_t total = 0;

    (void)state;
    raise_limit();
    bench_open(&bench, MANY);
    for (int i = 0; i < MANY; i++) {
        peer_open(&peers[i], &bench, i);
        peer_hello(&peers[i]);
        /* Each can send. */
        assert_true(peers[i].welcome.window_batches > 0);
        assert_true(peers[i].welcome.max_batch_bytes >= 8192);
        total += granted_bytes(&peers[i], peers[i].welcome.window_batches);
    }
    assert_true(total <= GRANT_MAX_BYTES);
    /* It is not stingy either. */
    assert_true(total > GRANT_MAX_BYTES / 2);
    /* Nor do ACKs grant more in all. */
    total = 0;
    for (int i = 0; i < MANY; i++)
        peer_send_results(&peers[i], 1, 1);
    for (int i = 0; i < MANY; i++) {
        struct wire_msg ack = peer_await(&peers[i], WIRE_ACK);

        assert_int_equal(ack.u.ack.acked_seq, 1);
        total += granted_bytes(&peers[i], ack.u.ack.window_batches);
    }
    assert_true(total <= GRANT_MAX_BYTES);
    for (int i = 0; i < MANY; i++)
        peer_close(&peers[i]);
}

/*
 * ACKs that say nothing new: of batches that came twice and still fit into what
 * was granted, by their bytes, and one that grants again.
 */
static int
most_again(struct peer *peer)
{
    struct buf records;
    size_t len = peer_batch(peer, 1, FULL_BATCH, &records).records.len;
    size_t granted = 6 * (size_t)peer->welcome.max_batch_bytes;

    buf_free(&records);
    return (int)((granted + len - 1) / len) - 6 + 1;
}

static void
a_queue_that_is_full_grants_nothing_for_now(void **state)
{
    static struct peer peers[FEW];
    static int again[FEW]; /* ACKs of what was acknowledged before */
    int without = 0;
    int again_max;

    (void)state;
    bench_open(&bench, FEW);
    for (int i = 0; i < FEW; i++) {
        peer_open(&peers[i], &bench, i);
        peer_hello(&peers[i]);
        assert_int_equal(peers[i].welcome.window_batches, 6);
        peers[i].with_facts = true;
    }
    again_max = most_again(&peers[0]);
    bench_hold_writer(&bench);
    for (int i = 0; i < FEW; i++) {
        for (uint64_t batch = 0; batch < 6; batch++)
            peer_send_results(&peers[i], 1 + batch * FULL_BATCH, FULL_BATCH);
        peer_expect_quiet(&peers[i]); /* all have arrived */
        /* Sent again, no more is queued than was granted. */
        for (uint64_t batch = 0; batch < 6; batch++)
            peer_send_results(&peers[i], 1 + batch * FULL_BATCH, FULL_BATCH);
        peer_expect_quiet(&peers[i]);
    }
    bench_let_go(&bench);
    for (int i = 0; i < FEW; i++) {
        uint64_t acked = 0;

        /* One a batch, and one more where credit is granted again. */
        while (acked < 6 * FULL_BATCH) {
            struct wire_msg ack = peer_await(&peers[i], WIRE_ACK);

            again[i] += ack.u.ack.acked_seq == acked;
            assert_true(ack.u.ack.acked_seq == acked ||
                        ack.u.ack.acked_seq == acked + FULL_BATCH);
            assert_true(
                ack.u.ack.window_batches > 0 || ack.u.ack.retry_after_ms > 0);
            acked = ack.u.ack.acked_seq;
            without += ack.u.ack.window_batches == 0;
        }
    }
    assert_true(without > 0);
    assert_true(again_max < 6); /* all of them twice is more */
    for (int i = 0; i < FEW; i++) {
        struct wire_ack ack = {0};

        peer_send_results(&peers[i], 6 * FULL_BATCH + 1, 1);
        while (ack.acked_seq < 6 * FULL_BATCH + 1) {
            ack = peer_await(&peers[i], WIRE_ACK).u.ack;
            again[i] += ack.acked_seq == 6 * FULL_BATCH;
        }
        assert_true(again[i] <= again_max);
        assert_int_equal(ack.acked_seq, 6 * FULL_BATCH + 1);
        assert_int_equal(ack.window_batches, 6);
        assert_int_equal(
            bench_mark(&bench, &peers[i]).acked_seq, 6 * FULL_BATCH + 1);
        peer_close(&peers[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_thousand_sessions_share_64_mib, closed),
        cmocka_unit_test_teardown(
            a_queue_that_is_full_grants_nothing_for_now, closed),
    };

    return cmocka_run_group_tests_name("intake_credit", tests, NULL, NULL);
}
