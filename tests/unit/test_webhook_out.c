#include "webhook_out.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "cm.h"
#include "curl_loop.h"
#include "loop.h"
#include "tcpd.h"
#include "tmp_store.h"

enum { REPORTS_MAX = 8 };

struct fixture {
    struct store *store;
    struct loop *loop;
    struct curl_loop *curl;
    struct webhook_out *out;
    struct config config;
    struct conf_webhook hooks[2];
    char urls[2][80];
    struct mailq_report reports[REPORTS_MAX];
    int count;
    int wanted;
};

static void
take_report(void *ctx, const struct mailq_report *report)
{
    struct fixture *fixture = ctx;
    struct store_txn *txn;
    struct err err;

    assert_true(fixture->count < REPORTS_MAX);
    fixture->reports[fixture->count++] = *report;
    txn = store_begin_write(fixture->store, &err);
    assert_made(txn, err);
    assert_ok(mailq_take_report(txn, report, &err), err);
    assert_ok(store_commit(txn, &err), err);
    if (fixture->count == fixture->wanted)
        loop_stop(fixture->loop);
}

static void
put(struct fixture *fixture, uint64_t id, const char *to)
{
    struct store_txn *txn;
    struct mailq_row row = {
        .id = id,
        .queued_unix_ms = clock_unix_ms(),
        .message = {.data = (const uint8_t *)"{}", .len = 2},
    };
    struct err err;

    (void)snprintf(row.recipient, sizeof(row.recipient), "%s", to);
    txn = store_begin_write(fixture->store, &err);
    assert_made(txn, err);
    assert_ok(mailq_put(txn, &row, &err), err);
    assert_ok(store_commit(txn, &err), err);
}

static void
say_ok(int fd, void *ctx)
{
    char head[4096];

    (void)ctx;
    if (tcpd_read_head(fd, head, sizeof(head)))
        tcpd_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

static void
stay_silent(int fd, void *ctx)
{
    (void)ctx;
    tcpd_wait_for_end(fd);
}

static void
begin(struct fixture *fixture, void **state, const uint16_t ports[2])
{
    struct err err;

    (void)signal(SIGPIPE, SIG_IGN);
    *fixture = (struct fixture){.store = ((struct tmp_store *)*state)->store};
    fixture->loop = loop_new(&err);
    assert_made(fixture->loop, err);
    fixture->curl = curl_loop_new(fixture->loop, &err);
    assert_made(fixture->curl, err);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(fixture->hooks[i].name, CONF_NAME_BYTES, "hook%d", i);
        (void)strcpy(fixture->hooks[i].kind, "generic");
        (void)snprintf(fixture->urls[i], sizeof(fixture->urls[i]),
            "http://127.0.0.1:%u/", ports[i]);
        fixture->hooks[i].url = fixture->urls[i];
    }
    fixture->config.webhooks = fixture->hooks;
    fixture->config.webhook_count = 2;
    fixture->out = webhook_out_new(
        &(struct mailer_spec){
            .loop = fixture->loop,
            .curl = fixture->curl,
            .store = fixture->store,
            .report = take_report,
            .ctx = fixture,
        },
        &err);
    assert_made(fixture->out, err);
}

static void
run(struct fixture *fixture, int wanted)
{
    struct err err;

    fixture->wanted = wanted;
    assert_ok(
        webhook_out_set_config(fixture->out, &fixture->config, &err), err);
    loop_run(fixture->loop);
    assert_int_equal(fixture->count, wanted);
}

static void
end(struct fixture *fixture)
{
    webhook_out_free(fixture->out);
    curl_loop_free(fixture->curl);
    loop_free(fixture->loop);
}

static enum mailq_outcome
outcome_of(const struct fixture *fixture, uint64_t id)
{
    for (int i = 0; i < fixture->count; i++) {
        if (fixture->reports[i].id == id)
            return fixture->reports[i].outcome;
    }
    fail_msg("no report of %llu", (unsigned long long)id);
    return MAILQ_LATER;
}

static void
one_that_hangs_holds_up_nobody(void **state)
{
    struct tcpd *silent = tcpd_start(stay_silent, NULL);
    struct tcpd *good = tcpd_start(say_ok, NULL);
    const uint16_t ports[2] = {tcpd_port(silent), tcpd_port(good)};
    struct fixture fixture;

    begin(&fixture, state, ports);
    put(&fixture, 1, "webhook:hook0");
    put(&fixture, 2, "webhook:hook1");
    put(&fixture, 3, "webhook:hook0");
    put(&fixture, 4, "webhook:hook1");
    put(&fixture, 5, "webhook:gone");
    put(&fixture, 6, "somebody@mail.example");
    run(&fixture, 3);
    assert_int_equal(outcome_of(&fixture, 2), MAILQ_SENT);
    assert_int_equal(outcome_of(&fixture, 4), MAILQ_SENT);
    assert_int_equal(outcome_of(&fixture, 5), MAILQ_REFUSED);
    end(&fixture);
    tcpd_stop(silent);
    tcpd_stop(good);
}

static void
a_file_that_others_may_read_is_not_used(void **state)
{
    static char passwd[] = "/etc/passwd";
    const uint16_t ports[2] = {tcpd_closed_port(), 1};
    struct fixture fixture;

    begin(&fixture, state, ports);
    fixture.hooks[1].secret_file = passwd;
    put(&fixture, 1, "webhook:hook0");
    put(&fixture, 2, "webhook:hook1");
    run(&fixture, 2);
    assert_int_equal(outcome_of(&fixture, 1), MAILQ_LATER);
    assert_int_equal(outcome_of(&fixture, 2), MAILQ_LATER);
    for (int i = 0; i < 2; i++) {
        if (fixture.reports[i].id == 2)
            assert_non_null(strstr(fixture.reports[i].text, "chmod 600"));
    }
    end(&fixture);
}

#define with_store(test)                                                       \
    cmocka_unit_test_setup_teardown(test, tmp_store_setup, tmp_store_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_store(one_that_hangs_holds_up_nobody),
        with_store(a_file_that_others_may_read_is_not_used),
    };

    return cmocka_run_group_tests_name("webhook_out", tests, NULL, NULL);
}
