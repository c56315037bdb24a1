#include "mailq.h"

#include <stdio.h>
#include <string.h>

#include "cm.h"
#include "mail_pace.h"
#include "mail_text.h"
#include "notice_log.h"
#include "tmp_store.h"

#define SECOND INT64_C(1000)
#define HOUR   (3600 * SECOND)

static const int64_t start_unix_ms = INT64_C(1795486200000);

static struct mailq_row
row_to(const char *recipient, uint64_t id)
{
    struct mailq_row row = {
        .id = id,
        .incident = "7K3QX2MA",
        .state_told = MAIL_FIRING,
        .severity = SEVERITY_NOTIFY,
        .queued_unix_ms = start_unix_ms,
        .next_try_unix_ms = start_unix_ms,
        .message = {.data = (const uint8_t *)"Subject: x\r\n\r\ny\r\n",
            .len = 17},
    };

    (void)snprintf(row.recipient, sizeof(row.recipient), "%s", recipient);
    return row;
}

static void
put(struct store_txn *txn, const struct mailq_row *row)
{
    struct err err;

    assert_ok(mailq_put(txn, row, &err), err);
}

static uint64_t
next_at(struct store_txn *txn, int64_t now_unix_ms, int64_t *next_unix_ms)
{
    struct mailq_pick pick = {.now_unix_ms = now_unix_ms};
    struct err err;

    if (mailq_next(txn, &pick, &err) < 0)
        fail_msg("%s", err.msg);
    *next_unix_ms = pick.next_unix_ms;
    return pick.row.id;
}

static void
report(struct store_txn *txn, uint64_t id, uint32_t tries,
    enum mailq_outcome outcome, int64_t at_unix_ms)
{
    const struct mailq_report report = {.id = id,
        .tries = tries,
        .outcome = outcome,
        .text = "450 later",
        .at_unix_ms = at_unix_ms};
    struct err err;

    assert_ok(mailq_take_report(txn, &report, &err), err);
}

static void
a_row_comes_back_as_it_was(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct mailq_row row = row_to("a@mail.example", 7);
    struct mailq_row again;
    struct err err;

    row.tries = 3;
    (void)strcpy(row.last_error, "450 busy");
    put(txn, &row);
    assert_int_equal(mailq_get(txn, 7, &again, &err), 1);
    assert_int_equal(again.id, 7);
    assert_string_equal(again.recipient, row.recipient);
    assert_string_equal(again.incident, row.incident);
    assert_string_equal(again.last_error, row.last_error);
    assert_int_equal(again.tries, 3);
    assert_int_equal(again.message.len, row.message.len);
    assert_memory_equal(again.message.data, row.message.data, row.message.len);
    assert_int_equal(mailq_get(txn, 8, &again, &err), 0);
    store_abort(txn);
}

static void
numbers_grow_whatever_the_clock_does(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    uint64_t first;
    uint64_t second;
    uint64_t third;
    struct err err;

    assert_ok(mailq_new_id(txn, start_unix_ms, &first, &err), err);
    assert_int_equal(first, start_unix_ms);
    assert_ok(mailq_new_id(txn, start_unix_ms, &second, &err), err);
    assert_ok(mailq_new_id(txn, 5, &third, &err), err);
    assert_int_equal(second, first + 1);
    assert_int_equal(third, first + 2);
    store_abort(txn);
}

static void
pages_are_sent_first_then_the_oldest(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct mailq_row row = row_to("a@mail.example", 1);
    int64_t next;

    row.next_try_unix_ms = start_unix_ms + 10 * SECOND;
    put(txn, &row);
    row = row_to("b@mail.example", 2);
    put(txn, &row);
    row = row_to("c@mail.example", 3);
    put(txn, &row);
    assert_int_equal(next_at(txn, start_unix_ms, &next), 2);
    row.id = 4;
    row.severity = SEVERITY_PAGE;
    put(txn, &row);
    assert_int_equal(next_at(txn, start_unix_ms, &next), 4);
    row.dead = true;
    put(txn, &row);
    assert_int_equal(next_at(txn, start_unix_ms, &next), 2);
    assert_int_equal(next_at(txn, start_unix_ms - 1, &next), 0);
    assert_int_equal(next, start_unix_ms);
    store_abort(txn);
}

static void
a_recipient_gets_ten_mails_in_ten_minutes(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct mailq_row row;
    int64_t next;

    for (uint64_t i = 1; i <= 11; i++) {
        row = row_to("a@mail.example", i);
        put(txn, &row);
    }
    for (uint64_t i = 1; i <= 10; i++) {
        assert_int_equal(next_at(txn, start_unix_ms + 10, &next), i);
        report(txn, i, 0, MAILQ_SENT, start_unix_ms + 10);
    }
    assert_int_equal(next_at(txn, start_unix_ms + 10, &next), 0);
    assert_int_equal(next, start_unix_ms + 10 + MAIL_PACE_SPAN_MS);
    row = row_to("b@mail.example", 12);
    put(txn, &row);
    assert_int_equal(next_at(txn, start_unix_ms + 10, &next), 12);
    report(txn, 12, 0, MAILQ_SENT, start_unix_ms + 10);
    assert_int_equal(
        next_at(txn, start_unix_ms + 10 + MAIL_PACE_SPAN_MS, &next), 11);
    store_abort(txn);
}

static void
a_mail_that_failed_is_tried_again_later_and_counted_once(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct mailq_row row = row_to("a@mail.example", 1);
    struct err err;
    int64_t next;

    put(txn, &row);
    report(txn, 1, 0, MAILQ_LATER, start_unix_ms);
    report(txn, 1, 0, MAILQ_LATER, start_unix_ms);
    assert_int_equal(next_at(txn, start_unix_ms, &next), 0);
    assert_int_equal(next, start_unix_ms + 5 * SECOND);
    report(txn, 1, 1, MAILQ_LATER, start_unix_ms);
    assert_int_equal(next_at(txn, start_unix_ms, &next), 0);
    assert_int_equal(next, start_unix_ms + 15 * SECOND);
    assert_int_equal(mailq_get(txn, 1, &row, &err), 1);
    assert_int_equal(row.tries, 2);
    assert_string_equal(row.last_error, "450 later");
    assert_memory_equal(row.message.data, "Subject: x\r\n\r\ny\r\n", 17);
    store_abort(txn);
}

static void
after_a_day_or_a_refusal_it_is_dead_and_the_notice_knows(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct notice notice = {.id = "7K3QX2MA", .state = INCIDENT_OPEN};
    struct mailq_row row = row_to("a@mail.example", 1);
    struct notice_target *target;
    struct err err;

    target = notice_target(&notice, "a@mail.example", &err);
    target->mail = 1;
    target->last_unix_ms = start_unix_ms;
    assert_ok(notice_put_active(txn, &notice, &err), err);
    notice_free(&notice);
    put(txn, &row);
    report(txn, 1, 0, MAILQ_LATER, start_unix_ms + 23 * HOUR);
    assert_int_equal(mailq_get(txn, 1, &row, &err), 1);
    assert_false(row.dead);
    report(txn, 1, 1, MAILQ_LATER, start_unix_ms + 24 * HOUR);
    assert_int_equal(mailq_get(txn, 1, &row, &err), 1);
    assert_true(row.dead);
    assert_int_equal(notice_get(txn, "7K3QX2MA", &notice, &err), 1);
    assert_int_equal(notice.targets[0].mail, 0);
    assert_true(notice.targets[0].missed);
    assert_true(notice.targets[0].refused);
    assert_int_equal(notice.targets[0].told, NOTICE_UNTOLD);
    notice_free(&notice);
    assert_ok(
        mailq_sweep(txn, start_unix_ms + INT64_C(36) * 24 * HOUR, &err), err);
    assert_int_equal(mailq_get(txn, 1, &row, &err), 0);
    store_abort(txn);
}

static void
a_cancelled_mail_is_not_sent_but_its_report_counts(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct notice notice = {.id = "7K3QX2MA", .state = INCIDENT_WITHDRAWN};
    struct mailq_row row = row_to("a@mail.example", 1);
    struct err err;
    int64_t next;

    notice_target(&notice, "a@mail.example", &err)->last_unix_ms =
        start_unix_ms;
    assert_ok(notice_settle(txn, &notice, &err), err);
    notice_free(&notice);
    put(txn, &row);
    assert_ok(mailq_cancel(txn, 1, start_unix_ms, &err), err);
    assert_ok(mailq_cancel(txn, 99, start_unix_ms, &err), err);
    assert_int_equal(next_at(txn, start_unix_ms + HOUR, &next), 0);
    assert_int_equal(next, INT64_MAX);
    assert_ok(mailq_sweep(txn, start_unix_ms + SECOND, &err), err);
    report(txn, 1, 0, MAILQ_SENT, start_unix_ms + SECOND);
    assert_int_equal(notice_get(txn, "7K3QX2MA", &notice, &err), 1);
    assert_int_equal(notice.targets[0].told, NOTICE_TOLD_FIRING);
    notice_free(&notice);
    put(txn, &row);
    assert_ok(mailq_cancel(txn, 1, start_unix_ms, &err), err);
    assert_ok(mailq_sweep(txn, start_unix_ms + HOUR, &err), err);
    assert_int_equal(mailq_get(txn, 1, &row, &err), 0);
    store_abort(txn);
}

static void
a_report_about_nothing_changes_nothing(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);

    report(txn, 77, 0, MAILQ_SENT, start_unix_ms);
    report(txn, 77, 0, MAILQ_REFUSED, start_unix_ms);
    store_abort(txn);
}

#define with_store(test)                                                       \
    cmocka_unit_test_setup_teardown(test, tmp_store_setup, tmp_store_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_store(a_row_comes_back_as_it_was),
        with_store(numbers_grow_whatever_the_clock_does),
        with_store(pages_are_sent_first_then_the_oldest),
        with_store(a_recipient_gets_ten_mails_in_ten_minutes),
        with_store(a_mail_that_failed_is_tried_again_later_and_counted_once),
        with_store(after_a_day_or_a_refusal_it_is_dead_and_the_notice_knows),
        with_store(a_cancelled_mail_is_not_sent_but_its_report_counts),
        with_store(a_report_about_nothing_changes_nothing),
    };

    return cmocka_run_group_tests_name("mailq", tests, NULL, NULL);
}
