/* The http probe and answers that no good server gives. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "cm.h"
#include "http_bench.h"

enum { FILL_BYTES = 65536 };

/* ---- servers ---- */

static void
answer_and_stay(int fd, void *ctx)
{
    http_bench_answer(fd, ctx);
    tcpd_wait_for_end(fd);
}

static void
send_fill(int fd, int times)
{
    char *fill = malloc(FILL_BYTES);

    assert_non_null(fill);
    memset(fill, 'x', FILL_BYTES);
    for (int i = 0; i < times; i++)
        tcpd_send_bytes(fd, fill, FILL_BYTES);
    free(fill);
}

static void
one_header_of_a_mebibyte(int fd, void *ctx)
{
    struct script *script = ctx;

    if (!tcpd_read_head(fd, script->head, sizeof(script->head)))
        return;
    tcpd_send(fd, "HTTP/1.1 200 OK\r\nX-Long: ");
    send_fill(fd, 16);
    tcpd_send(fd, "\r\nContent-Length: 0\r\n\r\n");
    tcpd_wait_for_end(fd);
}

static void
informational_answers_without_end(int fd, void *ctx)
{
    struct script *script = ctx;

    if (!tcpd_read_head(fd, script->head, sizeof(script->head)))
        return;
    for (int i = 0; i < 20000; i++)
        tcpd_send(fd, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
}

static void
chunks_without_end(int fd, void *ctx)
{
    struct script *script = ctx;

    if (!tcpd_read_head(fd, script->head, sizeof(script->head)))
        return;
    tcpd_send(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 200; i++) {
        tcpd_send(fd, "10000\r\n");
        send_fill(fd, 1);
        tcpd_send(fd, "\r\n");
    }
    tcpd_wait_for_end(fd);
}

/* A byte now and then, for as long as the peer stays. */
static void
drip(int fd, void *ctx)
{
    struct script *script = ctx;
    char sink;

    if (!tcpd_read_head(fd, script->head, sizeof(script->head)))
        return;
    tcpd_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    for (int i = 0; i < 1000; i++) {
        struct timeval pause = {.tv_usec = 2000};

        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &pause, sizeof(pause));
        if (recv(fd, &sink, 1, 0) == 0)
            return;
        tcpd_send(fd, "x");
    }
}

static void
reset_in_the_body(int fd, void *ctx)
{
    http_bench_answer(fd, ctx);
    (void)usleep(20000); /* or the reset would overtake the answer */
    tcpd_reset_at_close(fd);
}

/* Answers without reading more than the head of a large request. */
static void
answer_early(int fd, void *ctx)
{
    struct script *script = ctx;

    if (!tcpd_read_head(fd, script->head, sizeof(script->head)))
        return;
    tcpd_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
    (void)usleep(20000);
    tcpd_send(fd, "done");
    tcpd_wait_for_end(fd);
}

/* Redirects once with the script's answer; keeps the heads of both. */
static void
redirect_once(int fd, void *ctx)
{
    struct script *script = ctx;
    size_t used = strlen(script->head);

    if (!tcpd_read_head(fd, script->head + used, sizeof(script->head) - used))
        return;
    tcpd_send(fd, used == 0 ? script->answer
                            : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

/* ---- tests ---- */

static int64_t
sum_us(const struct measure *seen)
{
    int64_t us = 0;

    for (int i = PHASE_DNS; i < PHASE_TOTAL; i++) {
        if (seen->phase_us[i] != PHASE_NOT_REACHED)
            us += seen->phase_us[i];
    }
    return us;
}

static void
a_header_of_a_mebibyte_is_too_large_not_our_memory(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, one_header_of_a_mebibyte, NULL);
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_HTTP_TOO_LARGE);
    assert_non_null(strstr(f->bench.seen.facts->detail, "the head has a line"));
}

static void
informational_answers_are_not_the_answer(void **state)
{
    struct http_bench *f = *state;
    const struct http_facts *http;

    http_bench_serve(f, http_bench_answer,
        "HTTP/1.1 103 Early Hints\r\nLocation: /elsewhere\r\n"
        "X-Request-Id: early\r\nServer: early\r\n\r\n"
        "HTTP/1.1 102 Processing\r\n\r\n"
        "HTTP/1.1 200 OK\r\nServer: late\r\nContent-Length: 2\r\n\r\nok");
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_NONE);
    http = f->bench.seen.facts->http;
    assert_int_equal(http->status, 200);
    assert_int_equal(http->redirect_count, 0);
    assert_string_equal(http->request_id, "");
    assert_string_equal(http->headers[0], "server: late");
}

static void
informational_answers_have_a_limit(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, informational_answers_without_end, NULL);
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_HTTP_TOO_LARGE);
}

static void
trailers_change_nothing(void **state)
{
    struct http_bench *f = *state;
    const struct http_facts *http;

    http_bench_serve(f, http_bench_answer,
        "HTTP/1.1 301 Moved\r\nTransfer-Encoding: chunked\r\n"
        "Trailer: Location, Server\r\n\r\n2\r\nok\r\n0\r\n"
        "Location: /elsewhere\r\nServer: trailing\r\n\r\n");
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_HTTP_STATUS);
    http = f->bench.seen.facts->http;
    assert_int_equal(http->redirect_count, 0);
    assert_int_equal(http->header_count, 0);
}

static void
answers_without_a_body_end_with_their_head(void **state)
{
    static const struct {
        const char *method;
        const char *status;
        const char *answer;
    } cases[] = {
        {"HEAD", "200", "HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n"},
        {"HEAD", "200",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {"GET", "204", "HTTP/1.1 204 No Content\r\n\r\n"},
        {"GET", "304",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n"},
        {"GET", "200", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
    };
    struct http_bench *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        f->bench.calls = 0;
        http_bench_serve(f, answer_and_stay, cases[i].answer);
        free(f->bench.check.method);
        f->bench.check.method = strdup(cases[i].method);
        strlist_free(&f->bench.check.statuses);
        assert_int_equal(
            strlist_add(&f->bench.check.statuses, cases[i].status), 0);
        http_bench_run(f);
        http_bench_assert_reason(f, REASON_NONE);
        assert_int_equal(f->bench.seen.facts->http->bytes_body, 0);
        assert_true(f->bench.seen.phase_us[PHASE_TRANSFER] >= 0);
        tcpd_stop(f->tcpd);
        f->tcpd = NULL;
    }
}

static void
heads_that_cannot_be_read_are_malformed(void **state)
{
    static const char *const answers[] = {
        "<html>HTTP/0.9 had no head</html>",
        "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/1.1 two hundred\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "ffffffffffffffffff\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    };
    struct http_bench *f = *state;

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        f->bench.calls = 0;
        http_bench_serve(f, http_bench_answer, answers[i]);
        http_bench_run(f);
        if (f->bench.seen.reason != REASON_HTTP_MALFORMED)
            print_error("answer %zu: %s\n", i, f->bench.seen.facts->detail);
        http_bench_assert_reason(f, REASON_HTTP_MALFORMED);
        assert_true(strlen(f->bench.seen.facts->detail) > 0);
        tcpd_stop(f->tcpd);
        f->tcpd = NULL;
    }
}

/* Where such an answer ends depends on who reads it (RFC 9112 6.3). */
static void
lengths_must_agree(void **state)
{
    static const struct {
        const char *answer;
        enum measure_reason reason;
        const char *detail;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: "
         "2\r\n\r\nokok",
            REASON_HTTP_MALFORMED, "two Content-Lengths, 4 and 2"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nok",
            REASON_HTTP_MALFORMED, "two Content-Lengths, 2 and 3"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2 bytes\r\n\r\nok",
            REASON_HTTP_MALFORMED,
            "a Content-Length that is none: \"2 bytes\""},
        {"HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 0\r\n"
         "Content-Length: 1\r\n\r\n",
            REASON_HTTP_MALFORMED, "two Content-Lengths, 0 and 1"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 02\r\n\r\n"
         "ok",
            REASON_NONE, ""},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2 ,2\r\n\r\nok", REASON_NONE, ""},
        {"HTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\n\r\n"
         "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            REASON_NONE, ""},
    };
    struct http_bench *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        f->bench.calls = 0;
        http_bench_serve(f, http_bench_answer, cases[i].answer);
        http_bench_run(f);
        assert_string_equal(f->bench.seen.facts->detail, cases[i].detail);
        http_bench_assert_reason(f, cases[i].reason);
        tcpd_stop(f->tcpd);
        f->tcpd = NULL;
    }
}

static void
nul_in_a_head(int fd, void *ctx)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nServer: a\0b\r\n\r\n";
    struct script *script = ctx;

    if (tcpd_read_head(fd, script->head, sizeof(script->head)))
        tcpd_send_bytes(fd, answer, sizeof(answer) - 1);
}

static void
a_nul_in_the_head_is_malformed(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, nul_in_a_head, NULL);
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_HTTP_MALFORMED);
}

static void
chunks_have_a_limit_too(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, chunks_without_end, NULL);
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_HTTP_TOO_LARGE);
    assert_int_equal(f->bench.seen.failed_phase, PHASE_TRANSFER);
}

static void
what_says_that_it_is_too_large_is_not_read(void **state)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 10485761\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
    };
    struct http_bench *f = *state;

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        f->bench.calls = 0;
        http_bench_serve(f, answer_and_stay, answers[i]); /* and no body */
        http_bench_run(f);
        http_bench_assert_reason(f, REASON_HTTP_TOO_LARGE);
        assert_int_equal(f->bench.seen.http_status, 200);
        tcpd_stop(f->tcpd);
        f->tcpd = NULL;
    }
}

static void
a_body_that_drips_ends_at_the_deadline(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, drip, NULL);
    f->bench.check.timeout_ms = 200;
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_HTTP_TIMEOUT);
    assert_int_equal(f->bench.seen.failed_phase, PHASE_TRANSFER);
    assert_true(f->bench.seen.facts->http->bytes_body > 0);
    assert_non_null(strstr(f->bench.seen.facts->detail, "bytes of the body"));
    assert_int_equal(f->bench.seen.phase_us[PHASE_TOTAL], 200000);
}

static void
a_reset_in_the_body_is_a_reset(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, reset_in_the_body,
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_HTTP_RESET);
    assert_int_equal(f->bench.seen.failed_phase, PHASE_TRANSFER);
}

static void
assert_waits_for_its_head(struct http_bench *f, enum measure_reason reason)
{
    http_bench_run(f);
    http_bench_assert_reason(f, reason);
    assert_int_equal(f->bench.seen.failed_phase, PHASE_WAIT);
    assert_int_equal(f->bench.seen.phase_us[PHASE_WAIT], PHASE_NOT_REACHED);
    assert_int_equal(f->bench.seen.phase_us[PHASE_TRANSFER], PHASE_NOT_REACHED);
    assert_non_null(strstr(f->bench.seen.facts->detail, "head of its answer"));
}

static void
a_head_that_is_cut_off_is_no_answer(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, http_bench_answer, "HTTP/1.1 200 OK\r\n");
    assert_waits_for_its_head(f, REASON_HTTP_RESET);
}

static void
a_head_that_never_ends_is_waited_for(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, answer_and_stay, "HTTP/1.1 200 OK\r\nA: b\r\n");
    f->bench.check.timeout_ms = 200;
    assert_waits_for_its_head(f, REASON_HTTP_TIMEOUT);
}

static void
an_informational_answer_alone_is_none(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, answer_and_stay, "HTTP/1.1 103 Early Hints\r\n\r\n");
    f->bench.check.timeout_ms = 200;
    assert_waits_for_its_head(f, REASON_HTTP_TIMEOUT);
    assert_int_equal(f->bench.seen.facts->http->status, 0);
}

static void
an_early_answer_is_not_counted_twice(void **state)
{
    struct http_bench *f = *state;
    size_t len = 8 << 20;

    http_bench_serve(f, answer_early, NULL);
    f->bench.check.method = strdup("POST");
    f->bench.check.body = malloc(len + 1);
    assert_non_null(f->bench.check.body);
    memset(f->bench.check.body, 'x', len);
    f->bench.check.body[len] = '\0';
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_NONE);
    assert_int_equal(
        sum_us(&f->bench.seen), f->bench.seen.phase_us[PHASE_TOTAL]);
    assert_true(f->bench.seen.phase_us[PHASE_TRANSFER] >= 15000);
}

static void
a_post_without_a_body_says_so(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(
        f, http_bench_answer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    f->bench.check.method = strdup("POST");
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_NONE);
    assert_non_null(strstr(f->script.head, "POST /start HTTP/1.1\r\n"));
    assert_non_null(strstr(f->script.head, "\r\nContent-Length: 0\r\n"));
    assert_null(strstr(f->script.head, "Content-Type"));
}

static void
what_is_said_of_a_body_stays_with_it(void **state)
{
    static const struct {
        const char *answer;
        const char *then;
        bool stays;
    } cases[] = {
        {"HTTP/1.1 303 See\r\nContent-Length: 0\r\nLocation: /x\r\n\r\n",
            "GET /x HTTP/1.1\r\n", false},
        {"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /x\r\n\r\n",
            "GET /x HTTP/1.1\r\n", false},
        {"HTTP/1.1 307 As is\r\nContent-Length: 0\r\nLocation: /x\r\n\r\n",
            "POST /x HTTP/1.1\r\n", true},
    };
    struct http_bench *f = *state;

    f->bench.check.method = strdup("POST");
    f->bench.check.body = strdup("{}");
    assert_int_equal(
        strlist_add(&f->bench.check.headers, "Content-Type: text/x"), 0);
    assert_int_equal(strlist_add(&f->bench.check.headers, "X-Key: k1"), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *second;

        f->bench.calls = 0;
        f->script.head[0] = '\0';
        http_bench_serve(f, redirect_once, cases[i].answer);
        http_bench_run(f);
        http_bench_assert_reason(f, REASON_NONE);
        second = strstr(f->script.head, cases[i].then);
        assert_non_null(second);
        assert_non_null(strstr(second, "\r\nX-Key: k1\r\n"));
        assert_int_equal(strstr(second, "Content-") != NULL, cases[i].stays);
        tcpd_stop(f->tcpd);
        f->tcpd = NULL;
    }
}

static void
a_chain_has_one_request_id_and_one_trace(void **state)
{
    struct http_bench *f = *state;
    char id[FACTS_TEXT_BYTES];
    const char *first;
    const char *second;

    f->script.head[0] = '\0';
    http_bench_serve(f, redirect_once,
        "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /x\r\n\r\n");
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_NONE);
    (void)snprintf(id, sizeof(id), "X-Request-Id: %s\r\n",
        f->bench.seen.facts->http->sent_request_id);
    first = strstr(f->script.head, id);
    assert_non_null(first);
    assert_non_null(strstr(first + 1, id));
    first = strstr(f->script.head, "traceparent: 00-");
    assert_non_null(first);
    second = strstr(first + 1, "traceparent: 00-");
    assert_non_null(second);
    assert_memory_equal(first, second, strlen("traceparent: 00-") + 32);
}

static void
the_checks_own_request_id_is_what_was_sent(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(
        f, http_bench_answer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(
        strlist_add(&f->bench.check.headers, "x-request-id: probe-7"), 0);
    http_bench_run(f);
    http_bench_assert_reason(f, REASON_NONE);
    assert_string_equal(f->bench.seen.facts->http->sent_request_id, "probe-7");
    assert_non_null(strstr(f->script.head, "x-request-id: probe-7\r\n"));
    assert_null(strstr(f->script.head, "X-Request-Id"));
}

static void
an_endless_search_is_our_own_trouble(void **state)
{
    struct http_bench *f = *state;

    http_bench_serve(f, http_bench_answer,
        "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
    f->bench.check.expect_body = strdup("(a+)+[0-9]");
    http_bench_run(f);
    assert_int_equal(f->bench.seen.status, MEASURE_ERROR);
    assert_int_equal(f->bench.seen.reason, REASON_AGENT_LIMIT);
    assert_non_null(strstr(f->bench.seen.facts->detail, "simpler"));
}

int
main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, http_bench_setup, http_bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_header_of_a_mebibyte_is_too_large_not_our_memory),
        TEST(informational_answers_are_not_the_answer),
        TEST(informational_answers_have_a_limit),
        TEST(trailers_change_nothing),
        TEST(answers_without_a_body_end_with_their_head),
        TEST(heads_that_cannot_be_read_are_malformed),
        TEST(lengths_must_agree),
        TEST(a_nul_in_the_head_is_malformed),
        TEST(chunks_have_a_limit_too),
        TEST(what_says_that_it_is_too_large_is_not_read),
        TEST(a_body_that_drips_ends_at_the_deadline),
        TEST(a_reset_in_the_body_is_a_reset),
        TEST(a_head_that_is_cut_off_is_no_answer),
        TEST(a_head_that_never_ends_is_waited_for),
        TEST(an_informational_answer_alone_is_none),
        TEST(an_early_answer_is_not_counted_twice),
        TEST(a_post_without_a_body_says_so),
        TEST(what_is_said_of_a_body_stays_with_it),
        TEST(a_chain_has_one_request_id_and_one_trace),
        TEST(the_checks_own_request_id_is_what_was_sent),
        TEST(an_endless_search_is_our_own_trouble),
    };

    return cmocka_run_group_tests_name("http_answers", tests, NULL, NULL);
}
