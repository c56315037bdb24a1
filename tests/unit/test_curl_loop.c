#include "curl_loop.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "cm.h"
#include "tcpd.h"

enum { MANY = 20 };

struct one {
    struct fixture *f;
    CURL *easy;
    int calls;
    CURLcode code;
    long status;
};

struct fixture {
    struct loop *loop;
    struct curl_loop *curl;
    struct tcpd *tcpd;
    struct timer guard;
    char url[64];
    bool timed_out;
    bool restart;
    int left;
};

static void
answer(int fd, void *ctx)
{
    char head[4096];

    (void)ctx;
    if (tcpd_read_head(fd, head, sizeof(head)))
        tcpd_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static void
stay_silent(int fd, void *ctx)
{
    (void)ctx;
    tcpd_wait_for_end(fd);
}

static void
give_up(void *ctx)
{
    struct fixture *f = ctx;

    f->timed_out = true;
    loop_stop(f->loop);
}

static size_t /* NOLINTNEXTLINE(readability-non-const-parameter) */
swallow(char *bytes, size_t size, size_t count, void *ctx)
{
    (void)bytes;
    (void)ctx;
    return size * count;
}

static CURL *
make_easy(const char *url)
{
    CURL *easy = curl_easy_init();

    assert_non_null(easy);
    (void)curl_easy_setopt(easy, CURLOPT_URL, url);
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, swallow);
    return easy;
}

static void
serve(struct fixture *f, tcpd_serve_fn *fn)
{
    f->tcpd = tcpd_start(fn, NULL);
    assert_non_null(f->tcpd);
    (void)snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%u/",
        (unsigned)tcpd_port(f->tcpd));
}

static int
setup(void **state)
{
    static struct fixture fixture;
    struct err err;

    fixture = (struct fixture){0};
    fixture.loop = loop_new(&err);
    assert_made(fixture.loop, err);
    fixture.curl = curl_loop_new(fixture.loop, &err);
    assert_made(fixture.curl, err);
    timer_init(&fixture.guard, give_up, &fixture);
    *state = &fixture;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    tcpd_stop(f->tcpd);
    curl_loop_free(f->curl);
    loop_free(f->loop);
    return 0;
}

static void
on_done(void *ctx, CURL *easy, CURLcode code)
{
    struct one *one = ctx;
    struct err err;

    one->calls++;
    one->code = code;
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &one->status);
    if (one->f->restart) {
        one->f->restart = false;
        assert_ok(curl_loop_start(one->f->curl, easy, on_done, one, &err), err);
        return;
    }
    if (--one->f->left == 0)
        loop_stop(one->f->loop);
}

static void
start(struct fixture *f, struct one *one)
{
    struct err err;

    one->f = f;
    one->easy = make_easy(f->url);
    assert_ok(curl_loop_start(f->curl, one->easy, on_done, one, &err), err);
    assert_int_equal(one->calls, 0);
    f->left++;
}

static void
run(struct fixture *f)
{
    loop_timer_start(f->loop, &f->guard, 10 * NS_PER_SEC);
    loop_run(f->loop);
    loop_timer_stop(f->loop, &f->guard);
    assert_false(f->timed_out);
}

static void
an_answer_is_reported_once(void **state)
{
    struct fixture *f = *state;
    struct one one = {0};

    serve(f, answer);
    start(f, &one);
    assert_int_equal(curl_loop_count(f->curl), 1);
    run(f);
    assert_int_equal(one.calls, 1);
    assert_int_equal(one.code, CURLE_OK);
    assert_int_equal(one.status, 200);
    assert_int_equal(curl_loop_count(f->curl), 0);
    curl_easy_cleanup(one.easy);
}

static void
many_transfers_run_at_once(void **state)
{
    struct fixture *f = *state;
    struct one many[MANY] = {0};

    serve(f, answer);
    for (int i = 0; i < MANY; i++)
        start(f, &many[i]);
    run(f);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(many[i].calls, 1);
        assert_int_equal(many[i].code, CURLE_OK);
        curl_easy_cleanup(many[i].easy);
    }
}

static void
a_callback_may_start_the_same_handle_again(void **state)
{
    struct fixture *f = *state;
    struct one one = {0};

    serve(f, answer);
    f->restart = true;
    start(f, &one);
    run(f);
    assert_int_equal(one.calls, 2);
    assert_int_equal(one.code, CURLE_OK);
    curl_easy_cleanup(one.easy);
}

static void
a_refused_connection_is_reported_from_the_loop(void **state)
{
    struct fixture *f = *state;
    struct one one = {0};

    (void)snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%u/",
        (unsigned)tcpd_closed_port());
    start(f, &one);
    run(f);
    assert_int_equal(one.code, CURLE_COULDNT_CONNECT);
    curl_easy_cleanup(one.easy);
}

static void
a_cancelled_transfer_is_not_reported(void **state)
{
    struct fixture *f = *state;
    struct one early = {0};
    struct one late = {0};

    serve(f, stay_silent);
    start(f, &early);
    curl_loop_cancel(f->curl, early.easy);
    curl_loop_cancel(f->curl, early.easy); /* harmless */
    start(f, &late);
    loop_timer_start(f->loop, &f->guard, 50 * NS_PER_MS);
    loop_run(f->loop);
    assert_int_equal(tcpd_count(f->tcpd), 1);
    curl_loop_cancel(f->curl, late.easy);
    assert_int_equal(early.calls, 0);
    assert_int_equal(late.calls, 0);
    assert_int_equal(curl_loop_count(f->curl), 0);
    curl_easy_cleanup(early.easy);
    curl_easy_cleanup(late.easy);
}

static void
libcurls_own_timeout_is_kept(void **state)
{
    struct fixture *f = *state;
    struct one one = {0};

    serve(f, stay_silent);
    start(f, &one);
    (void)curl_easy_setopt(one.easy, CURLOPT_TIMEOUT_MS, 30L);
    run(f);
    assert_int_equal(one.code, CURLE_OPERATION_TIMEDOUT);
    curl_easy_cleanup(one.easy);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            an_answer_is_reported_once, setup, teardown),
        cmocka_unit_test_setup_teardown(
            many_transfers_run_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_callback_may_start_the_same_handle_again, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_refused_connection_is_reported_from_the_loop, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_cancelled_transfer_is_not_reported, setup, teardown),
        cmocka_unit_test_setup_teardown(
            libcurls_own_timeout_is_kept, setup, teardown),
    };

    return cmocka_run_group_tests_name("curl_loop", tests, NULL, NULL);
}
