#include "http_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "cm.h"
#include "curl_loop.h"
#include "http_bench.h"

/* ---- servers ---- */

static void
answer_and_stay(int fd, void *ctx)
{
    http_bench_answer(fd, ctx);
    tcpd_wait_for_end(fd);
}

static void
stay_silent(int fd, void *ctx)
{
    (void)ctx;
    tcpd_wait_for_end(fd);
}

static void
close_at_once(int fd, void *ctx)
{
    (void)fd;
    (void)ctx;
}

static void
reset_after_request(int fd, void *ctx)
{
    struct script *script = ctx;

    tcpd_reset_at_close(fd);
    (void)tcpd_read_head(fd, script->head, sizeof(script->head));
}

static void
headers_without_end(int fd, void *ctx)
{
    struct script *script = ctx;

    if (!tcpd_read_head(fd, script->head, sizeof(script->head)))
        return;
    tcpd_send(fd, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 10000; i++)
        tcpd_send(fd, "X-Fill: 0123456789012345678901234567890123456789\r\n");
}

static void
body_without_end(int fd, void *ctx)
{
    static char fill[65536];
    struct script *script = ctx;

    if (!tcpd_read_head(fd, script->head, sizeof(script->head)))
        return;
    memset(fill, 'x', sizeof(fill));
    tcpd_send(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    for (int i = 0; i < 200; i++)
        tcpd_send_bytes(fd, fill, sizeof(fill));
}

/* ---- tests ---- */

static const char plain[] = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n"
                            "X-Request-Id: abc-123\r\nServer: toy\r\n"
                            "Set-Cookie: secret=1\r\n\r\nGet a quote";

static void
an_answer_is_up_with_its_facts(void **state)
{
    struct http_bench *f = *state;
    const struct measure *seen = &f->bench.seen;

    http_bench_serve(f, http_bench_answer, plain);
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_NONE);
    assert_int_equal(seen->http_status, 200);
    assert_int_equal(seen->failed_phase, -1);
    assert_int_equal(seen->family, FAMILY_V4);
    assert_string_equal(seen->facts->ip, "127.0.0.1");
    assert_string_equal(seen->facts->http->version, "1.1");
    assert_string_equal(seen->facts->http->request_id, "abc-123");
    assert_int_equal(seen->facts->http->bytes_body, 11);
    assert_int_equal(seen->facts->http->redirect_count, 0);
    assert_null(seen->facts->tls);
    assert_int_equal(seen->phase_us[PHASE_DNS], PHASE_NOT_REACHED);
    assert_int_equal(seen->phase_us[PHASE_TLS], PHASE_NOT_REACHED);
    for (int i = PHASE_REQUEST; i <= PHASE_TOTAL; i++)
        assert_true(seen->phase_us[i] >= 0);
}

static void
evidence_is_kept_and_cookies_are_not(void **state)
{
    struct http_bench *f = *state;
    const struct http_facts *http;

    http_bench_serve(f, http_bench_answer, plain);
    http_bench_run(f);
    http = f->bench.seen.facts->http;
    assert_int_equal(http->header_count, 2);
    assert_string_equal(http->headers[0], "content-length: 11");
    assert_string_equal(http->headers[1], "server: toy");
}

static void
the_request_says_who_asks(void **state)
{
    struct http_bench *f = *state;
    char wanted[64];

    http_bench_serve(f, http_bench_answer, plain);
    http_bench_run(f);
    assert_non_null(strstr(f->script.head, "GET /start HTTP/1.1\r\n"));
    assert_non_null(
        strstr(f->script.head, "\r\nUser-Agent: leadline/test\r\n"));
    assert_non_null(strstr(f->script.head, "\r\ntraceparent: 00-"));
    (void)snprintf(wanted, sizeof(wanted), "\r\nX-Request-Id: %s\r\n",
        f->bench.seen.facts->http->sent_request_id);
    assert_non_null(strstr(f->script.head, wanted));
}

static void
method_headers_and_body_are_the_checks(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, http_bench_answer, plain);
    f->bench.check.method = strdup("PUT");
    f->bench.check.body = strdup("{}");
    assert_int_equal(
        strlist_add(&f->bench.check.headers, "Content-Type: text/x"), 0);
    assert_int_equal(
        strlist_add(&f->bench.check.headers, "User-Agent: mine"), 0);
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_NONE);
    assert_non_null(strstr(f->script.head, "PUT /start HTTP/1.1\r\n"));
    assert_non_null(strstr(f->script.head, "\r\nContent-Type: text/x\r\n"));
    assert_non_null(strstr(f->script.head, "\r\nContent-Length: 2\r\n"));
    assert_non_null(strstr(f->script.head, "\r\nUser-Agent: mine\r\n"));
    assert_null(strstr(f->script.head, "leadline/test"));
    assert_null(strstr(f->script.head, "Expect:"));
}

static void
an_unexpected_status_is_down(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(
        f, http_bench_answer, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_HTTP_STATUS);
    assert_int_equal(f->bench.seen.http_status, 503);
}

static void
a_status_may_be_expected(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, http_bench_answer,
        "HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nLocation: /x\r\n\r\n");
    assert_int_equal(strlist_add(&f->bench.check.statuses, "301"), 0);
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_NONE);
    assert_int_equal(f->bench.seen.http_status, 301);
    assert_int_equal(f->bench.seen.facts->http->redirect_count, 0);
}

static void
the_expected_text_is_looked_for(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, http_bench_answer, plain);
    f->bench.check.expect_body = strdup("Get a (quote|price)");
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_NONE);
}

static void
a_missing_text_is_down(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, http_bench_answer, plain);
    f->bench.check.expect_body = strdup("^quote");
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_HTTP_BODY);
    assert_non_null(strstr(f->bench.seen.facts->detail, "^quote"));
}

static void
a_pattern_that_is_none_is_our_own_trouble(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, http_bench_answer, plain);
    f->bench.check.expect_body = strdup("(");
    http_bench_run(f);
    assert_int_equal(f->bench.seen.status, MEASURE_ERROR);
    assert_int_equal(f->bench.seen.reason, REASON_AGENT_SKIPPED);
}

static void
a_silent_server_is_an_http_timeout(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, stay_silent, NULL);
    probe_bench_start(&f->bench);
    probe_bench_settle(&f->bench, 100);
    fake_loop_advance_ns(f->bench.loop, 4899 * NS_PER_MS);
    assert_int_equal(f->bench.calls, 0);
    fake_loop_advance_ns(f->bench.loop, NS_PER_MS);
    assert_int_equal(f->bench.calls, 1);
    http_bench_assert_reason(f, REASON_HTTP_TIMEOUT);
    assert_int_equal(f->bench.seen.failed_phase, PHASE_WAIT);
    assert_true(f->bench.seen.phase_us[PHASE_REQUEST] >= 0);
    assert_int_equal(f->bench.seen.phase_us[PHASE_WAIT], PHASE_NOT_REACHED);
    assert_int_equal(f->bench.seen.phase_us[PHASE_TOTAL], 5000000);
}

static void
a_body_that_stops_is_an_http_timeout_in_transfer(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, answer_and_stay,
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
    f->bench.check.timeout_ms = 500;
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_HTTP_TIMEOUT);
    assert_int_equal(f->bench.seen.failed_phase, PHASE_TRANSFER);
    assert_true(f->bench.seen.phase_us[PHASE_WAIT] >= 0);
    assert_int_equal(f->bench.seen.phase_us[PHASE_TRANSFER], PHASE_NOT_REACHED);
}

static void
a_silent_tls_server_is_a_tls_timeout(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, stay_silent, NULL);
    http_bench_set_url(f, "https", "/");
    f->bench.check.timeout_ms = 500;
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_TLS_TIMEOUT);
    assert_non_null(
        strstr(f->bench.seen.facts->detail, ": nothing came after our hello"));
    assert_int_equal(f->bench.seen.failed_phase, PHASE_TLS);
    assert_true(f->bench.seen.phase_us[PHASE_CONNECT] >= 0);
    assert_null(f->bench.seen.facts->http);
}

static void
talk_at_once(int fd, void *ctx)
{
    (void)ctx;
    tcpd_send(fd, "220 mail.example ESMTP, which is not TLS\r\n");
    tcpd_wait_for_end(fd);
}

static void
send_alert(int fd, void *ctx)
{
    /* fatal handshake_failure, RFC 8446 6 */
    static const uint8_t alert[] = {21, 3, 3, 0, 2, 2, 40};

    (void)ctx;
    tcpd_send_bytes(fd, alert, sizeof(alert));
    tcpd_wait_for_end(fd);
}

static void
handshake_failures_are_told_apart(void **state)
{
    static const struct {
        tcpd_serve_fn *serve;
        enum measure_reason reason;
    } cases[] = {
        {talk_at_once, REASON_TLS_PROTOCOL}, {send_alert, REASON_TLS_ALERT},
        {close_at_once, REASON_TLS_RESET},
        {reset_after_request, REASON_TLS_TIMEOUT}, /* waits for a request */
    };
    struct http_bench *f = *state;

    f->bench.check.timeout_ms = 500;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        f->bench.calls = 0;
        http_bench_serve(f, cases[i].serve, NULL);
        http_bench_set_url(f, "https", "/");
        http_bench_run(f);
        http_bench_assert_reason(f, cases[i].reason);
        assert_int_equal(f->bench.seen.failed_phase, PHASE_TLS);
        tcpd_stop(f->tcpd);
        f->tcpd = NULL;
    }
}

static void
a_close_without_an_answer_is_a_reset(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, close_at_once, NULL);
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_HTTP_RESET);
}

static void
a_reset_after_the_request_is_a_reset(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, reset_after_request, NULL);
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_HTTP_RESET);
    assert_int_equal(f->bench.seen.failed_phase, PHASE_WAIT);
}

static void
a_body_shorter_than_announced_is_a_reset(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, http_bench_answer,
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_HTTP_RESET);
    assert_int_equal(f->bench.seen.failed_phase, PHASE_TRANSFER);
    assert_int_equal(f->bench.seen.http_status, 200);
}

static void
what_is_not_http_is_malformed(void **state)
{
    static const char *const answers[] = {
        "SSH-2.0-OpenSSH_9.2p1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
         "Content-Length: 9\r\n\r\nnot gzip!"),
    };
    struct http_bench *f = *state;

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        f->bench.calls = 0;
        http_bench_serve(f, http_bench_answer, answers[i]);
        http_bench_run(f);
        http_bench_assert_reason(f, REASON_HTTP_MALFORMED);
        assert_true(strlen(f->bench.seen.facts->detail) > 0);
        tcpd_stop(f->tcpd);
        f->tcpd = NULL;
    }
}

static void
headers_have_a_limit(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, headers_without_end, NULL);
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_HTTP_TOO_LARGE);
    assert_string_equal(
        f->bench.seen.facts->detail, "the head has more than 256 KiB");
}

static void
a_body_has_a_limit(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, body_without_end, NULL);
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_HTTP_TOO_LARGE);
}

static void
a_password_is_told_to_its_own_host(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, http_bench_answer, plain);
    free(f->bench.check.url);
    f->bench.check.url = malloc(128);
    (void)snprintf(f->bench.check.url, 128,
        "http://me:secret@127.0.0.1:%u/start", (unsigned)tcpd_port(f->tcpd));
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_NONE);
    assert_non_null(
        strstr(f->script.head, "\r\nAuthorization: Basic bWU6c2VjcmV0\r\n"));
}

static void
a_closed_port_is_connect_refused(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, http_bench_answer, plain);
    tcpd_stop(f->tcpd);
    f->tcpd = NULL;
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_CONNECT_REFUSED);
    assert_int_equal(f->bench.seen.failed_phase, PHASE_CONNECT);
    assert_int_equal(f->bench.seen.phase_us[PHASE_CONNECT], PHASE_NOT_REACHED);
}

static void
the_next_address_is_tried_when_one_refuses(void **state)
{
    struct http_bench *f = *state;
    char url[64];

    http_bench_serve(f, http_bench_answer, plain);
    (void)snprintf(
        url, sizeof(url), "http://two.test:%u/", (unsigned)tcpd_port(f->tcpd));
    free(f->bench.check.url);
    f->bench.check.url = strdup(url);
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_NONE);
    assert_string_equal(f->bench.seen.facts->ip, "127.0.0.1");
}

static void
a_source_address_that_is_not_ours_is_agent_no_route(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, http_bench_answer, plain);
    f->bench.env.bind_ip4 = "192.0.2.77";
    http_bench_run(f);
    assert_int_equal(f->bench.seen.status, MEASURE_ERROR);
    assert_int_equal(f->bench.seen.reason, REASON_AGENT_NO_ROUTE);
}

static void
a_url_that_is_none_is_our_own_trouble(void **state)
{
    static const char *const urls[] = {
        "", "no url", "ftp://127.0.0.1/", "http://", "http://127.0.0.1:0/"};
    struct http_bench *f = *state;

    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        f->bench.calls = 0;
        free(f->bench.check.url);
        f->bench.check.url = strdup(urls[i]);
        http_bench_run(f);
        assert_int_equal(f->bench.seen.status, MEASURE_ERROR);
        assert_int_equal(f->bench.seen.reason, REASON_AGENT_SKIPPED);
        assert_true(strlen(f->bench.seen.facts->detail) > 0);
    }
}

static void
a_cancelled_probe_says_nothing(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, stay_silent, NULL);
    probe_bench_start(&f->bench);
    probe_bench_settle(&f->bench, 20);
    probe_cancel(f->bench.probe);
    f->bench.probe = NULL;
    probe_bench_settle(&f->bench, 5);
    assert_int_equal(f->bench.calls, 0);
    assert_int_equal(curl_loop_count(f->bench.env.curl), 0);
}

int
main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, http_bench_setup, http_bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_answer_is_up_with_its_facts),
        TEST(evidence_is_kept_and_cookies_are_not),
        TEST(the_request_says_who_asks),
        TEST(method_headers_and_body_are_the_checks),
        TEST(an_unexpected_status_is_down),
        TEST(a_status_may_be_expected),
        TEST(the_expected_text_is_looked_for),
        TEST(a_missing_text_is_down),
        TEST(a_pattern_that_is_none_is_our_own_trouble),
        TEST(a_silent_server_is_an_http_timeout),
        TEST(a_body_that_stops_is_an_http_timeout_in_transfer),
        TEST(a_silent_tls_server_is_a_tls_timeout),
        TEST(handshake_failures_are_told_apart),
        TEST(a_close_without_an_answer_is_a_reset),
        TEST(a_reset_after_the_request_is_a_reset),
        TEST(a_body_shorter_than_announced_is_a_reset),
        TEST(what_is_not_http_is_malformed),
        TEST(headers_have_a_limit),
        TEST(a_body_has_a_limit),
        TEST(a_password_is_told_to_its_own_host),
        TEST(a_closed_port_is_connect_refused),
        TEST(the_next_address_is_tried_when_one_refuses),
        TEST(a_source_address_that_is_not_ours_is_agent_no_route),
        TEST(a_url_that_is_none_is_our_own_trouble),
        TEST(a_cancelled_probe_says_nothing),
    };

    return cmocka_run_group_tests_name("http_probe", tests, NULL, NULL);
}
