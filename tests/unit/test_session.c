#include "session.h"

#include <string.h>

#include "clock.h"
#include "cm.h"

enum { SESSION_ID = 77, MAX_RECORDS = 100 };

/* A session and the world around it. */
struct desk {
    struct session session;
    struct session_view view;
};

static struct desk
new_desk(uint64_t acked, uint64_t synced)
{
    struct desk desk = {.view = {.now_ns = NS_PER_SEC, .random = 0}};

    desk.view.spool.oldest_seq = 1;
    desk.view.spool.next_seq = synced + 1;
    desk.view.spool.synced_seq = synced;
    desk.view.spool.acked_seq = acked;
    session_init(&desk.session, desk.view.now_ns);
    return desk;
}

static struct session_step
step(struct desk *desk)
{
    return session_step(&desk->session, &desk->view);
}

static struct session_step
expect(struct desk *desk, enum session_do what)
{
    struct session_step got = step(desk);

    if (got.what != what)
        fail_msg("step %d instead of %d (%s)", (int)got.what, (int)what,
            got.why != NULL ? got.why : "");
    return got;
}

static void
expect_wait_s(struct desk *desk, int64_t seconds)
{
    struct session_step got = expect(desk, SESSION_DO_WAIT);

    assert_int_equal(got.until_ns - desk->view.now_ns, seconds * NS_PER_SEC);
}

static void
pass_s(struct desk *desk, int64_t seconds)
{
    desk->view.now_ns += seconds * NS_PER_SEC;
}

static struct wire_welcome
welcome_at(uint64_t acked)
{
    return (struct wire_welcome){.proto = 1,
        .session = SESSION_ID,
        .acked_seq = acked,
        .acked_crc = acked != 0 ? 0xabcd : 0,
        .window_batches = 2,
        .max_batch_bytes = WIRE_BATCH_MAX_BYTES,
        .max_batch_records = MAX_RECORDS,
        .ping_ms = 10000};
}

static void
say_hello(struct desk *desk)
{
    struct session_step hello;

    expect(desk, SESSION_DO_CONNECT);
    expect_wait_s(desk, 30);
    desk->view.writable = true;
    hello = expect(desk, SESSION_DO_HELLO);
    session_sent(&desk->session, &hello, 0, desk->view.now_ns);
}

static void
ping(struct desk *desk)
{
    struct session_step got = expect(desk, SESSION_DO_PING);

    session_sent(&desk->session, &got, 0, desk->view.now_ns);
}

/* Streaming, the first PING sent. */
static struct desk
streaming_desk(uint64_t acked, uint64_t synced)
{
    struct desk desk = new_desk(acked, synced);
    const struct session_own own = {acked != 0, 0xabcd};
    struct wire_welcome welcome = welcome_at(acked);

    say_hello(&desk);
    session_take_welcome(&desk.session, &desk.view, &welcome, &own);
    ping(&desk);
    return desk;
}

/* Expects a batch and sends all of it. */
static void
send_batch(struct desk *desk, uint64_t first, uint32_t count)
{
    struct session_step got = expect(desk, SESSION_DO_BATCH);

    assert_int_equal(got.first_seq, first);
    assert_int_equal(got.max_records, count);
    session_sent(&desk->session, &got, count, desk->view.now_ns);
}

static void
take_ack(struct desk *desk, uint64_t acked, uint32_t window, uint32_t retry_ms)
{
    const struct wire_ack ack = {SESSION_ID, acked, window, retry_ms};

    session_take_ack(&desk->session, &desk->view, &ack);
}

static void
expect_acked(struct desk *desk, uint64_t seq)
{
    assert_int_equal(expect(desk, SESSION_DO_ACK).seq, seq);
    desk->view.spool.acked_seq = seq;
}

static void
take_nack(
    struct desk *desk, enum wire_nack code, uint64_t first, uint64_t expected)
{
    const struct wire_nack_msg nack = {.session = SESSION_ID,
        .first_seq = first,
        .code = code,
        .expected_seq = expected};

    session_take_nack(&desk->session, &desk->view, &nack);
}

static void
take_pong(struct desk *desk, uint64_t acked)
{
    const struct wire_pong pong = {.acked_seq = acked};

    session_take_pong(&desk->session, &desk->view, &pong);
}

/* The socket is closed, and the next one comes `seconds` later. */
static void
expect_drop_and_retry_s(struct desk *desk, int64_t seconds)
{
    expect(desk, SESSION_DO_DROP);
    if (seconds > 0) {
        expect_wait_s(desk, seconds);
        pass_s(desk, seconds);
    }
    expect(desk, SESSION_DO_CONNECT);
}

static void
a_session_connects_says_hello_and_streams(void **state)
{
    struct desk desk = new_desk(0, 250);
    const struct session_own own = {false, 0};
    struct wire_welcome welcome = welcome_at(0);

    (void)state;
    assert_string_equal(session_state_name(&desk.session), "disconnected");
    say_hello(&desk);
    assert_string_equal(session_state_name(&desk.session), "hello_sent");
    expect_wait_s(&desk, 10);
    session_take_welcome(&desk.session, &desk.view, &welcome, &own);
    assert_string_equal(session_state_name(&desk.session), "streaming");
    ping(&desk);
    send_batch(&desk, 1, 100);
    send_batch(&desk, 101, 100);
    expect_wait_s(&desk, 10); /* no credit for a third */
    take_ack(&desk, 100, 2, 0);
    expect_acked(&desk, 100);
    send_batch(&desk, 201, 50);
    take_ack(&desk, 250, 2, 0);
    expect_acked(&desk, 250);
    expect_wait_s(&desk, 10);
}

static void
only_what_is_on_disk_is_sent(void **state)
{
    struct desk desk = streaming_desk(0, 0);

    (void)state;
    desk.view.spool.next_seq = 11;
    expect_wait_s(&desk, 10);
    desk.view.spool.synced_seq = 7;
    send_batch(&desk, 1, 7);
    expect_wait_s(&desk, 10);
}

static void
the_delay_doubles_up_to_a_minute_and_a_welcome_resets_it(void **state)
{
    static const int64_t limits_s[] = {1, 2, 4, 8, 16, 32, 60, 60};
    struct desk desk = new_desk(0, 0);
    const struct session_own own = {false, 0};
    struct wire_welcome welcome = welcome_at(0);

    (void)state;
    for (size_t i = 0; i < sizeof(limits_s) / sizeof(*limits_s); i++) {
        expect(&desk, SESSION_DO_CONNECT);
        /* The largest remainder gives the longest delay. */
        desk.view.random = (uint64_t)(limits_s[i] * NS_PER_SEC);
        session_lost(&desk.session, &desk.view, "test");
        expect(&desk, SESSION_DO_DROP);
        expect_wait_s(&desk, limits_s[i]);
        pass_s(&desk, limits_s[i]);
    }
    desk.view.writable = false;
    say_hello(&desk);
    session_take_welcome(&desk.session, &desk.view, &welcome, &own);
    desk.view.random = (uint64_t)NS_PER_SEC;
    session_lost(&desk.session, &desk.view, "test");
    expect_drop_and_retry_s(&desk, 1);
}

static void
a_socket_without_connection_is_replaced_after_30_s(void **state)
{
    struct desk desk = new_desk(0, 0);

    (void)state;
    expect(&desk, SESSION_DO_CONNECT);
    pass_s(&desk, 29);
    expect_wait_s(&desk, 1);
    pass_s(&desk, 1);
    expect_drop_and_retry_s(&desk, 0);
}

static void
a_hello_without_answer_is_given_up_after_10_s(void **state)
{
    struct desk desk = new_desk(0, 0);

    (void)state;
    say_hello(&desk);
    pass_s(&desk, 10);
    expect_drop_and_retry_s(&desk, 0);
}

static void
thirty_seconds_of_silence_end_the_session(void **state)
{
    struct desk desk = streaming_desk(0, 0);

    (void)state;
    pass_s(&desk, 10);
    ping(&desk);
    take_pong(&desk, 0);
    pass_s(&desk, 10);
    ping(&desk);
    pass_s(&desk, 10);
    ping(&desk);
    expect_wait_s(&desk, 10);
    pass_s(&desk, 10);
    expect_drop_and_retry_s(&desk, 0);
}

static void
a_lost_ack_is_made_up_by_a_pong_or_after_15_s(void **state)
{
    struct desk desk = streaming_desk(0, 200);

    (void)state;
    send_batch(&desk, 1, 100);
    send_batch(&desk, 101, 100);
    pass_s(&desk, 10);
    ping(&desk);
    take_pong(&desk, 100);
    expect_acked(&desk, 100);
    expect_wait_s(&desk, 5);
    pass_s(&desk, 5);
    send_batch(&desk, 101, 100);
    /* The late ACK of the first sending ends the second. */
    take_ack(&desk, 200, 2, 0);
    expect_acked(&desk, 200);
    expect_wait_s(&desk, 5);
}

static void
a_bad_batch_is_sent_record_by_record(void **state)
{
    struct desk desk = streaming_desk(0, 4);

    (void)state;
    send_batch(&desk, 1, 4);
    desk.view.spool.synced_seq = 6;
    send_batch(&desk, 5, 2);
    take_nack(&desk, NACK_BAD_BATCH, 1, 0);
    send_batch(&desk, 1, 1);
    /* What was under way behind it meets a gap: that is no news. */
    take_nack(&desk, NACK_GAP, 5, 1);
    send_batch(&desk, 2, 1);
    take_ack(&desk, 2, 2, 0);
    expect_acked(&desk, 2);
    send_batch(&desk, 3, 1);
    send_batch(&desk, 4, 1);
    take_ack(&desk, 4, 2, 0); /* one of them in quarantine */
    expect_acked(&desk, 4);
    send_batch(&desk, 5, 2);
}

static void
nacks_that_lead_nowhere_slow_down(void **state)
{
    struct desk desk = streaming_desk(0, 1);

    (void)state;
    for (int i = 0; i < 4; i++) {
        send_batch(&desk, 1, 1);
        take_nack(&desk, NACK_BAD_BATCH, 1, 0);
    }
    expect_wait_s(&desk, 10); /* for the ping */
    pass_s(&desk, 10);
    ping(&desk);
    expect_wait_s(&desk, 5);
    pass_s(&desk, 5);
    send_batch(&desk, 1, 1);
}

static void
a_batch_too_big_is_halved(void **state)
{
    struct desk desk = streaming_desk(0, 300);

    (void)state;
    send_batch(&desk, 1, 100);
    take_nack(&desk, NACK_TOO_BIG, 1, 0);
    send_batch(&desk, 1, 50);
    send_batch(&desk, 51, 50);
}

static void
a_gap_is_filled_from_where_it_is(void **state)
{
    struct desk desk = streaming_desk(0, 200);

    (void)state;
    send_batch(&desk, 1, 100);
    send_batch(&desk, 101, 100);
    take_nack(&desk, NACK_GAP, 101, 51);
    send_batch(&desk, 51, 100);
    /* What the spool no longer has begins with its oldest. */
    desk.view.spool.oldest_seq = 120;
    take_nack(&desk, NACK_GAP, 51, 60);
    send_batch(&desk, 120, 81);
    take_nack(&desk, NACK_GAP, 120, 500);
    expect_drop_and_retry_s(&desk, 0);
}

static void
dropped_records_are_skipped_and_nothing_is_sent_if_all_are_gone(void **state)
{
    struct desk desk = streaming_desk(0, 200);

    (void)state;
    desk.view.spool.oldest_seq = 201;
    desk.view.spool.next_seq = 202;
    expect_wait_s(&desk, 10);
    desk.view.spool.synced_seq = 201;
    send_batch(&desk, 201, 1);
}

static void
a_forgotten_session_says_hello_again(void **state)
{
    struct desk desk = streaming_desk(0, 10);

    (void)state;
    send_batch(&desk, 1, 10);
    take_nack(&desk, NACK_NO_SESSION, 1, 0);
    expect_drop_and_retry_s(&desk, 0);
}

static void
a_refused_agent_asks_again_after_5_minutes(void **state)
{
    static const enum wire_nack codes[] = {
        NACK_DUPLICATE, NACK_VERSION, NACK_REVOKED};

    (void)state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
        struct desk desk = new_desk(0, 0);

        say_hello(&desk);
        take_nack(&desk, codes[i], 0, 0);
        expect_drop_and_retry_s(&desk, 300);
    }
}

static void
a_full_collector_is_left_alone_for_a_while(void **state)
{
    struct desk desk = streaming_desk(0, 10);

    (void)state;
    send_batch(&desk, 1, 10);
    take_nack(&desk, NACK_DISK_FULL, 1, 0);
    for (int i = 0; i < 2; i++) {
        expect_wait_s(&desk, 10);
        pass_s(&desk, 10);
        ping(&desk);
        take_pong(&desk, 0);
    }
    expect_wait_s(&desk, 10);
    pass_s(&desk, 10);
    ping(&desk);
    send_batch(&desk, 1, 10);
    desk = new_desk(0, 0);
    say_hello(&desk);
    take_nack(&desk, NACK_DISK_FULL, 0, 0);
    expect_drop_and_retry_s(&desk, 30);
}

static void
without_credit_one_batch_asks_after_the_time_given(void **state)
{
    struct desk desk = streaming_desk(0, 300);

    (void)state;
    send_batch(&desk, 1, 100);
    take_ack(&desk, 100, 0, 3000);
    expect_acked(&desk, 100);
    expect_wait_s(&desk, 3);
    pass_s(&desk, 3);
    send_batch(&desk, 101, 100);
    expect_wait_s(&desk, 7);
    take_ack(&desk, 100, 0, 2000);
    expect_wait_s(&desk, 2);
    take_ack(&desk, 200, 8, 0);
    expect_acked(&desk, 200);
    send_batch(&desk, 201, 100);
}

static void
a_welcome_without_credit_is_asked_again_in_a_second(void **state)
{
    struct desk desk = new_desk(0, 10);
    const struct session_own own = {false, 0};
    struct wire_welcome welcome = welcome_at(0);

    (void)state;
    welcome.window_batches = 0;
    say_hello(&desk);
    session_take_welcome(&desk.session, &desk.view, &welcome, &own);
    ping(&desk);
    expect_wait_s(&desk, 1);
    pass_s(&desk, 1);
    send_batch(&desk, 1, 10);
}

static void
a_welcome_is_compared_with_our_own_record(void **state)
{
    static const struct {
        uint64_t acked, own_acked, next;
        uint32_t crc;
        bool there;
        bool another;
    } table[] = {
        {0, 0, 1, 0, false, false},         /* both new */
        {0, 50, 101, 0, false, false},      /* the collector has lost all */
        {50, 50, 101, 0xabcd, true, false}, /* as it should be */
        {50, 20, 101, 0xabcd, true, false}, /* an ACK was lost */
        {20, 50, 101, 0xabcd, true, false}, /* a restored collector */
        {20, 50, 101, 0, false, false},     /* and ours expired */
        {50, 50, 101, 0xabce, true, true},  /* rolled back, and went on */
        {20, 50, 101, 0xabce, true, true},
        {50, 20, 101, 0, false, true}, /* gone above our own mark */
        {100, 20, 101, 0xabcd, true, false},
        {101, 20, 101, 0, false, true}, /* never reached */
        {500, 20, 101, 0, false, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct desk desk = new_desk(table[i].own_acked, table[i].next - 1);
        const struct session_own own = {table[i].there, table[i].crc};
        struct wire_welcome welcome = welcome_at(table[i].acked);

        say_hello(&desk);
        session_take_welcome(&desk.session, &desk.view, &welcome, &own);
        if (table[i].another) {
            expect(&desk, SESSION_DO_DROP);
            assert_int_equal(
                expect(&desk, SESSION_DO_RENUMBER).seq, table[i].own_acked);
            expect(&desk, SESSION_DO_CONNECT);
            continue;
        }
        assert_int_equal(desk.session.state, SESSION_STREAMING);
        if (table[i].acked > table[i].own_acked)
            expect_acked(&desk, table[i].acked);
        ping(&desk);
        if (table[i].acked + 1 < table[i].next) {
            assert_int_equal(
                expect(&desk, SESSION_DO_BATCH).first_seq, table[i].acked + 1);
        }
    }
}

static void
a_restored_collector_gets_what_is_still_there(void **state)
{
    struct desk desk = new_desk(90, 100);
    const struct session_own own = {false, 0};
    struct wire_welcome welcome = welcome_at(20);

    (void)state;
    desk.view.spool.oldest_seq = 40;
    say_hello(&desk);
    session_take_welcome(&desk.session, &desk.view, &welcome, &own);
    ping(&desk);
    send_batch(&desk, 40, 61);
}

static void
an_ack_of_what_was_never_sent_ends_the_session(void **state)
{
    struct desk desk = streaming_desk(0, 200);

    (void)state;
    send_batch(&desk, 1, 100);
    take_ack(&desk, 150, 2, 0);
    expect_drop_and_retry_s(&desk, 0);
}

static void
what_an_earlier_session_sent_may_be_acknowledged_in_the_next(void **state)
{
    struct desk desk = streaming_desk(0, 200);
    const struct session_own own = {false, 0};
    struct wire_welcome welcome = welcome_at(0);

    (void)state;
    send_batch(&desk, 1, 100);
    send_batch(&desk, 101, 100);
    session_lost(&desk.session, &desk.view, "test");
    expect(&desk, SESSION_DO_DROP);
    desk.view.writable = false;
    say_hello(&desk);
    session_take_welcome(&desk.session, &desk.view, &welcome, &own);
    ping(&desk);
    take_pong(&desk, 200);
    expect_acked(&desk, 200);
    expect_wait_s(&desk, 10);
}

static void
messages_of_another_session_are_not_for_us(void **state)
{
    struct desk desk = streaming_desk(0, 10);
    const struct wire_ack ack = {SESSION_ID + 1, 10, 2, 0};

    (void)state;
    send_batch(&desk, 1, 10);
    session_take_ack(&desk.session, &desk.view, &ack);
    expect_wait_s(&desk, 10);
    assert_int_equal(desk.session.acked, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_connects_says_hello_and_streams),
        cmocka_unit_test(only_what_is_on_disk_is_sent),
        cmocka_unit_test(
            the_delay_doubles_up_to_a_minute_and_a_welcome_resets_it),
        cmocka_unit_test(a_socket_without_connection_is_replaced_after_30_s),
        cmocka_unit_test(a_hello_without_answer_is_given_up_after_10_s),
        cmocka_unit_test(thirty_seconds_of_silence_end_the_session),
        cmocka_unit_test(a_lost_ack_is_made_up_by_a_pong_or_after_15_s),
        cmocka_unit_test(a_bad_batch_is_sent_record_by_record),
        cmocka_unit_test(nacks_that_lead_nowhere_slow_down),
        cmocka_unit_test(a_batch_too_big_is_halved),
        cmocka_unit_test(a_gap_is_filled_from_where_it_is),
        cmocka_unit_test(
            dropped_records_are_skipped_and_nothing_is_sent_if_all_are_gone),
        cmocka_unit_test(a_forgotten_session_says_hello_again),
        cmocka_unit_test(a_refused_agent_asks_again_after_5_minutes),
        cmocka_unit_test(a_full_collector_is_left_alone_for_a_while),
        cmocka_unit_test(without_credit_one_batch_asks_after_the_time_given),
        cmocka_unit_test(a_welcome_without_credit_is_asked_again_in_a_second),
        cmocka_unit_test(a_welcome_is_compared_with_our_own_record),
        cmocka_unit_test(a_restored_collector_gets_what_is_still_there),
        cmocka_unit_test(an_ack_of_what_was_never_sent_ends_the_session),
        cmocka_unit_test(
            what_an_earlier_session_sent_may_be_acknowledged_in_the_next),
        cmocka_unit_test(messages_of_another_session_are_not_for_us),
    };

    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
