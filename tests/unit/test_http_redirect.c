/* The http probe along redirects. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "http_bench.h"

/* Each path leads to one that is longer by a letter. */
static void
redirect_on_and_on(int fd, void *ctx)
{
    struct script *script = ctx;
    char path[256] = "";
    char text[512];

    if (!tcpd_read_head(fd, script->head, sizeof(script->head)) ||
        sscanf(script->head, "GET %255s", path) != 1)
        return;
    (void)snprintf(text, sizeof(text),
        "HTTP/1.1 302 Found\r\nLocation: %sx\r\nContent-Length: 0\r\n\r\n",
        path);
    tcpd_send(fd, text);
}

static void
redirect_in_a_circle(int fd, void *ctx)
{
    struct script *script = ctx;
    bool at_a;

    if (!tcpd_read_head(fd, script->head, sizeof(script->head)))
        return;
    at_a = strncmp(script->head, "GET /a ", 7) == 0;
    tcpd_send(fd, "HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nLocation: ");
    tcpd_send(fd, at_a ? "/b\r\n\r\n" : "/a\r\n\r\n");
}

/* From /start to /end. */
static void
redirect_once(int fd, void *ctx)
{
    struct script *script = ctx;

    if (!tcpd_read_head(fd, script->head, sizeof(script->head)))
        return;
    if (strstr(script->head, " /start ") != NULL)
        tcpd_send(fd, script->answer);
    else
        tcpd_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend");
}

/* Lets through who has been at /consent, and was told so by a cookie. */
static void
ask_for_consent(int fd, void *ctx)
{
    struct script *script = ctx;

    if (!tcpd_read_head(fd, script->head, sizeof(script->head)))
        return;
    if (strstr(script->head, " /consent ") != NULL)
        tcpd_send(fd,
            "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /start\r\n"
            "Set-Cookie: consent=yes; Path=/\r\n"
            "Set-Cookie: aside=1; Path=/aside\r\n"
            "Set-Cookie: foreign=1; Domain=two.test\r\n\r\n");
    else if (strstr(script->head, "consent=yes") != NULL)
        tcpd_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nin");
    else
        tcpd_send(fd, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"
                      "Location: /consent\r\n\r\n");
}

/* Another cookie each time, and still the same circle. */
static void
redirect_with_ever_new_cookies(int fd, void *ctx)
{
    static int count;
    struct script *script = ctx;
    char text[256];

    if (!tcpd_read_head(fd, script->head, sizeof(script->head)))
        return;
    (void)snprintf(text, sizeof(text),
        "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /start\r\n"
        "Set-Cookie: visit=%d\r\n\r\n",
        ++count);
    tcpd_send(fd, text);
}

/* Sets cookies, and leads to the same server by another name. */
static void
redirect_to_a_neighbour(int fd, void *ctx)
{
    struct script *script = ctx;

    if (!tcpd_read_head(fd, script->head, sizeof(script->head)))
        return;
    tcpd_send(fd, strstr(script->head, " /start ") != NULL
                      ? script->answer
                      : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

static void
cookies_go_along_the_chain_and_no_further(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, ask_for_consent, NULL);
    assert_int_equal(
        strlist_add(&f->bench.check.headers, "Cookie:  own=1; two=2"), 0);
    for (int i = 0; i < 2; i++) {
        f->bench.calls = 0;
        http_bench_run(f);
        http_bench_assert_reason(f, REASON_NONE);
        /* Without the cookie at first, whatever the probe before had. */
        assert_int_equal(f->bench.seen.facts->http->redirect_count, 2);
        assert_non_null(strstr(
            f->script.head, "\r\nCookie: consent=yes; own=1; two=2\r\n"));
    }
}

static void
a_circle_with_ever_new_cookies_is_still_a_loop(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, redirect_with_ever_new_cookies, NULL);
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_HTTP_REDIRECT_LOOP);
    assert_int_equal(tcpd_count(f->tcpd), CHECK_REDIRECTS_MAX + 1);
}

static void
cookies_stay_with_their_host(void **state)
{
    struct http_bench *f = *state;
    char text[256] = "";

    http_bench_serve(f, redirect_to_a_neighbour, text);
    (void)snprintf(text, sizeof(text),
        "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"
        "Set-Cookie: mine=1\r\nSet-Cookie: safe=1; Secure\r\n"
        "Set-Cookie: wide=1; Domain=test\r\n"
        "Location: http://one.test:%u/end\r\n\r\n",
        (unsigned)tcpd_port(f->tcpd));
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_NONE);
    assert_null(strstr(f->script.head, "Cookie:"));
}

static void
a_secure_cookie_is_not_sent_in_plain(void **state)
{
    struct http_bench *f = *state;
    char url[64];

    http_bench_serve(f, redirect_to_a_neighbour,
        "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /end\r\n"
        "Set-Cookie: plain=1\r\nSet-Cookie: safe=1; Secure\r\n\r\n");
    (void)snprintf(url, sizeof(url), "http://one.test:%u/start",
        (unsigned)tcpd_port(f->tcpd));
    free(f->bench.check.url);
    f->bench.check.url = strdup(url);
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_NONE);
    assert_non_null(strstr(f->script.head, "\r\nCookie: plain=1\r\n"));
}

static void
a_redirect_is_followed_and_noted(void **state)
{
    struct http_bench *f = *state;
    const struct redirect_fact *hop;

    http_bench_serve(f, redirect_once,
        "HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nLocation: /end\r\n\r\n");
    f->bench.check.expect_hops = 1;
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_NONE);
    assert_int_equal(f->bench.seen.facts->http->redirect_count, 1);
    hop = &f->bench.seen.facts->http->redirects[0];
    assert_int_equal(hop->status, 301);
    assert_non_null(strstr(hop->from, "/start"));
    assert_non_null(strstr(hop->to, "/end"));
    assert_true(hop->phase_us[PHASE_WAIT] >= 0);
    assert_true(
        hop->phase_us[PHASE_WAIT] <= f->bench.seen.phase_us[PHASE_WAIT]);
    assert_int_equal(tcpd_count(f->tcpd), 2);
}

static void
redirects_in_a_circle_are_a_loop(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, redirect_in_a_circle, NULL);
    http_bench_set_url(f, "http", "/a");
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_HTTP_REDIRECT_LOOP);
    assert_int_equal(f->bench.seen.facts->http->redirect_count, 2);
}

static void
redirects_without_end_meet_the_limit(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, redirect_on_and_on, NULL);
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_HTTP_REDIRECT_LIMIT);
    assert_int_equal(tcpd_count(f->tcpd), CHECK_REDIRECTS_MAX + 1);
}

static void
a_redirect_elsewhere_is_wrong(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, redirect_once,
        "HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nLocation: /end\r\n\r\n");
    f->bench.check.expect_redirect = strdup("http://127.0.0.1/other");
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_HTTP_REDIRECT_WRONG);
}

static void
too_many_hops_are_wrong(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, redirect_once,
        "HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nLocation: /end\r\n\r\n");
    f->bench.check.expect_hops = 0;
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_HTTP_REDIRECT_WRONG);
    assert_string_equal(f->bench.seen.facts->detail, "1 redirect instead of 0");
}

static void
a_redirect_out_of_the_web_is_wrong(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, redirect_once,
        "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"
        "Location: file:///etc/passwd\r\n\r\n");
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_HTTP_REDIRECT_WRONG);
    assert_non_null(
        strstr(f->bench.seen.facts->detail, "neither http nor https"));
}

static void
a_redirect_to_what_is_no_url_is_malformed(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, redirect_once,
        "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"
        "Location: http://a b/\r\n\r\n");
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_HTTP_MALFORMED);
}

static void
a_password_is_not_told_to_another_host(void **state)
{
    struct http_bench *f = *state;
    char text[256] = "";

    http_bench_serve(f, redirect_once, text);
    (void)snprintf(text, sizeof(text),
        "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"
        "Location: http://one.test:%u/end\r\n\r\n",
        (unsigned)tcpd_port(f->tcpd));
    free(f->bench.check.url);
    f->bench.check.url = malloc(128);
    (void)snprintf(f->bench.check.url, 128,
        "http://me:secret@127.0.0.1:%u/start", (unsigned)tcpd_port(f->tcpd));
    assert_int_equal(strlist_add(&f->bench.check.headers, "X-Key: k1"), 0);
    assert_int_equal(
        strlist_add(&f->bench.check.headers, "Accept-Language: de"), 0);
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_NONE);
    assert_non_null(strstr(f->script.head, "Host: one.test"));
    assert_non_null(strstr(f->script.head, "Accept-Language: de"));
    assert_null(strstr(f->script.head, "X-Key"));
    assert_null(strstr(f->script.head, "Authorization"));
    assert_null(strstr(f->bench.seen.facts->http->redirects[0].from, "secret"));
}

int
main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, http_bench_setup, http_bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(cookies_go_along_the_chain_and_no_further),
        TEST(a_circle_with_ever_new_cookies_is_still_a_loop),
        TEST(cookies_stay_with_their_host),
        TEST(a_secure_cookie_is_not_sent_in_plain),
        TEST(a_redirect_is_followed_and_noted),
        TEST(redirects_in_a_circle_are_a_loop),
        TEST(redirects_without_end_meet_the_limit),
        TEST(a_redirect_elsewhere_is_wrong),
        TEST(too_many_hops_are_wrong),
        TEST(a_redirect_out_of_the_web_is_wrong),
        TEST(a_redirect_to_what_is_no_url_is_malformed),
        TEST(a_password_is_not_told_to_another_host),
    };

    return cmocka_run_group_tests_name("http_redirect", tests, NULL, NULL);
}
