#include "tls_probe.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "cm.h"
#include "probe_bench.h"
#include "tcpd.h"

struct fixture {
    struct probe_bench bench;
    struct tls_ctx *tls;
    struct tcpd *tcpd;
};

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
reset_after_hello(int fd, void *ctx)
{
    char hello[64];

    (void)ctx;
    tcpd_reset_at_close(fd);
    (void)!read(fd, hello, sizeof(hello));
}

static void
send_garbage(int fd, void *ctx)
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
half_a_record(int fd, void *ctx)
{
    static const uint8_t half[] = {22, 3, 3, 0, 100, 2, 0};

    (void)ctx;
    tcpd_send_bytes(fd, half, sizeof(half));
    tcpd_wait_for_end(fd);
}

/* Reads the hello; when told to, talks nonsense, closes, and resets. */
static void
nonsense_and_gone(int fd, void *ctx)
{
    /* a handshake record with a ClientHello: not for clients */
    static const uint8_t nonsense[] = {22, 3, 3, 0, 4, 1, 0, 0, 0};
    atomic_bool *go = ctx;
    char hello[4096];

    (void)!read(fd, hello, sizeof(hello));
    while (!atomic_load(go))
        (void)usleep(1000);
    tcpd_send_bytes(fd, nonsense, sizeof(nonsense));
    (void)shutdown(fd, SHUT_WR);
    tcpd_reset_at_close(fd);
}

/* Answers each line that comes with the next of these; then waits. */
static void
speak(int fd, void *ctx)
{
    const char *const *lines = ctx;
    char asked[512];

    for (size_t i = 0; lines[i] != NULL; i++) {
        tcpd_send(fd, lines[i]);
        if (lines[i + 1] != NULL && read(fd, asked, sizeof(asked)) <= 0)
            return;
    }
    tcpd_wait_for_end(fd);
}

/* The same, and closes. */
static void
speak_and_close(int fd, void *ctx)
{
    const char *const *lines = ctx;

    tcpd_send(fd, lines[0]);
}

static int
setup(void **state)
{
    static struct fixture fixture;
    struct err err;

    fixture = (struct fixture){0};
    probe_bench_init(&fixture.bench,
        "127.0.0.1 one.test\n::1 two.test\n127.0.0.1 two.test\n");
    fixture.tls = tls_ctx_new(NULL, &err);
    assert_made(fixture.tls, err);
    fixture.bench.env.tls = fixture.tls;
    fixture.bench.check.kind = CHECK_TLS;
    fixture.bench.check.host = strdup("127.0.0.1");
    *state = &fixture;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    probe_bench_free(&f->bench);
    tcpd_stop(f->tcpd);
    tls_ctx_free(f->tls);
    return 0;
}

static void
serve(struct fixture *f, tcpd_serve_fn *fn)
{
    f->tcpd = tcpd_start(fn, NULL);
    assert_non_null(f->tcpd);
    f->bench.check.port = tcpd_port(f->tcpd);
}

/* A server that speaks before TLS. */
static void
serve_lines(struct fixture *f, enum check_starttls starttls, tcpd_serve_fn *fn,
    const char *const *lines)
{
    f->tcpd = tcpd_start(fn, (void *)(uintptr_t)lines);
    assert_non_null(f->tcpd);
    f->bench.check.port = tcpd_port(f->tcpd);
    f->bench.check.starttls = starttls;
}

static void
set_host(struct fixture *f, const char *host)
{
    free(f->bench.check.host);
    f->bench.check.host = strdup(host);
}

/* A failed handshake: its reason, and which phases there are. */
static void
assert_handshake_failed(struct fixture *f, enum measure_reason reason)
{
    const struct measure *seen = &f->bench.seen;

    assert_int_equal(f->bench.calls, 1);
    assert_string_equal(measure_reason_name((int)seen->reason),
        measure_reason_name((int)reason));
    assert_int_equal(seen->status, MEASURE_DOWN);
    assert_int_equal(seen->failed_phase, PHASE_TLS);
    assert_int_equal(seen->phase_us[PHASE_DNS], PHASE_NOT_REACHED);
    assert_true(seen->phase_us[PHASE_CONNECT] >= 0);
    assert_int_equal(seen->phase_us[PHASE_TLS], PHASE_NOT_REACHED);
    assert_true(seen->phase_us[PHASE_TOTAL] >= seen->phase_us[PHASE_CONNECT]);
    assert_int_equal(seen->family, FAMILY_V4);
    assert_string_equal(seen->facts->ip, "127.0.0.1");
    assert_null(seen->facts->tls);
}

static void
a_silent_server_is_a_tls_timeout_at_the_deadline(void **state)
{
    struct fixture *f = *state;

    serve(f, stay_silent);
    probe_bench_start(&f->bench);
    probe_bench_settle(&f->bench, 100);
    assert_int_equal(f->bench.calls, 0);
    fake_loop_advance_ns(f->bench.loop, 1899 * NS_PER_MS);
    assert_int_equal(f->bench.calls, 0);
    fake_loop_advance_ns(f->bench.loop, NS_PER_MS);
    assert_handshake_failed(f, REASON_TLS_TIMEOUT);
    assert_string_equal(
        f->bench.seen.facts->detail, "nothing came after our hello");
    assert_int_equal(f->bench.seen.phase_us[PHASE_TOTAL], 2000000);
}

static void
half_a_record_is_a_tls_timeout(void **state)
{
    struct fixture *f = *state;

    serve(f, half_a_record);
    probe_bench_start(&f->bench);
    probe_bench_run(&f->bench);
    assert_handshake_failed(f, REASON_TLS_TIMEOUT);
}

static void
a_close_after_accept_is_a_tls_reset(void **state)
{
    struct fixture *f = *state;

    serve(f, close_at_once);
    probe_bench_start(&f->bench);
    probe_bench_run(&f->bench);
    assert_handshake_failed(f, REASON_TLS_RESET);
}

static void
a_reset_in_the_handshake_is_a_tls_reset(void **state)
{
    struct fixture *f = *state;

    serve(f, reset_after_hello);
    probe_bench_start(&f->bench);
    probe_bench_run(&f->bench);
    assert_handshake_failed(f, REASON_TLS_RESET);
}

static void
garbage_instead_of_tls_is_a_protocol_failure(void **state)
{
    struct fixture *f = *state;

    serve(f, send_garbage);
    probe_bench_start(&f->bench);
    probe_bench_run(&f->bench);
    assert_handshake_failed(f, REASON_TLS_PROTOCOL);
    assert_true(strlen(f->bench.seen.facts->detail) > 0);
}

static void
an_alert_is_told_from_garbage(void **state)
{
    struct fixture *f = *state;

    serve(f, send_alert);
    probe_bench_start(&f->bench);
    probe_bench_run(&f->bench);
    assert_handshake_failed(f, REASON_TLS_ALERT);
}

static void
a_closed_port_is_connect_refused(void **state)
{
    struct fixture *f = *state;

    f->bench.check.port = tcpd_closed_port();
    probe_bench_start(&f->bench);
    probe_bench_run(&f->bench);
    assert_int_equal(f->bench.seen.reason, REASON_CONNECT_REFUSED);
    assert_int_equal(f->bench.seen.status, MEASURE_DOWN);
    assert_int_equal(f->bench.seen.failed_phase, PHASE_CONNECT);
    assert_int_equal(f->bench.seen.phase_us[PHASE_CONNECT], PHASE_NOT_REACHED);
}

static void
the_next_address_is_tried_when_one_refuses(void **state)
{
    struct fixture *f = *state;

    serve(f, send_garbage); /* on IPv4; ::1 refuses */
    set_host(f, "two.test");
    probe_bench_start(&f->bench);
    probe_bench_run(&f->bench);
    assert_handshake_failed(f, REASON_TLS_PROTOCOL);
}

static void
a_name_nobody_knows_fails_in_dns(void **state)
{
    struct fixture *f = *state;

    set_host(f, "nobody.test");
    f->bench.check.port = 443;
    f->bench.check.server = strdup("127.0.0.1#1"); /* refuses */
    probe_bench_start(&f->bench);
    probe_bench_run(&f->bench);
    assert_int_equal(f->bench.seen.failed_phase, PHASE_DNS);
    assert_int_equal(f->bench.seen.status, MEASURE_DOWN);
    assert_null(f->bench.seen.facts->tls);
}

static void
out_of_descriptors_is_not_the_targets_failure(void **state)
{
    struct fixture *f = *state;
    struct rlimit old;
    struct rlimit none;

    serve(f, stay_silent);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    probe_bench_start(&f->bench);
    fake_loop_advance_ns(f->bench.loop, NS_PER_MS);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(f->bench.calls, 1);
    assert_int_equal(f->bench.seen.status, MEASURE_ERROR);
    assert_int_equal(f->bench.seen.reason, REASON_AGENT_LIMIT);
}

static void
a_source_address_that_is_not_ours_is_agent_no_route(void **state)
{
    struct fixture *f = *state;

    serve(f, stay_silent);
    f->bench.env.bind_ip4 = "192.0.2.77";
    probe_bench_start(&f->bench);
    probe_bench_run(&f->bench);
    assert_int_equal(f->bench.seen.status, MEASURE_ERROR);
    assert_int_equal(f->bench.seen.reason, REASON_AGENT_NO_ROUTE);
}

static void
a_ca_file_without_certificates_is_our_own_trouble(void **state)
{
    struct fixture *f = *state;

    serve(f, stay_silent);
    f->bench.check.ca_pem = strdup("no certificate at all\n");
    probe_bench_start(&f->bench);
    probe_bench_run(&f->bench);
    assert_int_equal(f->bench.seen.status, MEASURE_ERROR);
    assert_int_equal(f->bench.seen.reason, REASON_AGENT_SKIPPED);
    assert_non_null(strstr(f->bench.seen.facts->detail, "ca_file"));
}

static void
a_cancelled_probe_says_nothing(void **state)
{
    struct fixture *f = *state;

    serve(f, stay_silent);
    probe_bench_start(&f->bench);
    probe_bench_settle(&f->bench, 20);
    probe_cancel(f->bench.probe);
    f->bench.probe = NULL;
    probe_bench_settle(&f->bench, 5);
    assert_int_equal(f->bench.calls, 0);
}

/* OpenSSL sends its alert on a connection that is gone: that is a SIGPIPE. */
static void
a_peer_that_is_gone_ends_the_probe_not_the_process(void **state)
{
    struct fixture *f = *state;
    static atomic_bool go;

    (void)signal(SIGPIPE, SIG_DFL); /* not ignored, as in our programs */
    atomic_store(&go, false);
    f->tcpd = tcpd_start(nonsense_and_gone, &go);
    f->bench.check.port = tcpd_port(f->tcpd);
    probe_bench_start(&f->bench);
    probe_bench_settle(&f->bench, 30);
    atomic_store(&go, true);
    (void)usleep(100000); /* both have arrived before we look */
    probe_bench_run(&f->bench);
    assert_handshake_failed(f, REASON_TLS_PROTOCOL);
}

static void
a_missing_trust_file_says_what_to_install(void **state)
{
    struct err err;

    (void)state;
    assert_null(tls_ctx_new("/nonexistent/ca.crt", &err));
    assert_non_null(strstr(err.msg, "/nonexistent/ca.crt"));
    assert_non_null(strstr(err.msg, "ca-certificates"));
}

/* A dialogue that did not lead to TLS. */
static void
assert_talk_failed(
    struct fixture *f, enum measure_reason reason, const char *words)
{
    const struct measure *seen = &f->bench.seen;

    assert_int_equal(f->bench.calls, 1);
    assert_string_equal(measure_reason_name((int)seen->reason),
        measure_reason_name((int)reason));
    assert_int_equal(seen->status, MEASURE_DOWN);
    assert_int_equal(seen->failed_phase, PHASE_WAIT);
    assert_true(seen->phase_us[PHASE_CONNECT] >= 0);
    assert_int_equal(seen->phase_us[PHASE_WAIT], PHASE_NOT_REACHED);
    assert_int_equal(seen->phase_us[PHASE_TLS], PHASE_NOT_REACHED);
    if (strstr(seen->facts->detail, words) == NULL)
        fail_msg("%s", seen->facts->detail);
}

static void
starttls_that_goes_wrong_fails_in_wait(void **state)
{
    struct fixture *f = *state;
    static const struct {
        enum check_starttls starttls;
        tcpd_serve_fn *fn;
        const char *lines[4];
        enum measure_reason reason;
        const char *words;
    } cases[] = {
        {CHECK_STARTTLS_SMTP, speak, {"421 busy\r\n"}, REASON_SMTP_BANNER,
            "421 busy"},
        {CHECK_STARTTLS_SMTP, speak, {"220 a\r\n", "250 a\r\n"},
            REASON_SMTP_STARTTLS, "not among"},
        {CHECK_STARTTLS_SMTP, speak,
            {"220 a\r\n", "250 STARTTLS\r\n", "220 go\r\n250 AUTH\r\n"},
            REASON_SMTP_STARTTLS, "plain text follows"},
        {CHECK_STARTTLS_SMTP, speak_and_close, {""}, REASON_SMTP_BANNER,
            "closed"},
        {CHECK_STARTTLS_SMTP, speak_and_close, {"220 a\r\n"},
            REASON_SMTP_STARTTLS, "closed"},
        {CHECK_STARTTLS_SMTP, speak, {"220 a\r\n", "250-and"},
            REASON_SMTP_TIMEOUT,
            "still writing after 7 bytes of a line without an end, before "
            "saying what it can"},
        {CHECK_STARTTLS_SMTP, speak, {"220-a\r\n"}, REASON_SMTP_TIMEOUT,
            "silent in the middle of its greeting"},
        {CHECK_STARTTLS_POP3, speak_and_close, {"+OK"}, REASON_TLS_RESET,
            "closed the connection after 3 bytes of a line"},
        {CHECK_STARTTLS_IMAP, speak, {""}, REASON_TLS_TIMEOUT, "its greeting"},
        {CHECK_STARTTLS_IMAP, speak_and_close, {"* OK\r\n"}, REASON_TLS_RESET,
            "closed"},
        {CHECK_STARTTLS_POP3, speak, {"+OK\r\n", "-ERR no\r\n"},
            REASON_TLS_PROTOCOL, "-ERR no"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        serve_lines(f, cases[i].starttls, cases[i].fn, cases[i].lines);
        f->bench.calls = 0;
        probe_bench_start(&f->bench);
        probe_bench_run(&f->bench);
        assert_talk_failed(f, cases[i].reason, cases[i].words);
        measure_free_facts(&f->bench.seen);
        tcpd_stop(f->tcpd);
        f->tcpd = NULL;
    }
}

static void
garbage_after_starttls_fails_in_tls(void **state)
{
    struct fixture *f = *state;
    static const char *const lines[] = {
        "+OK\r\n", "+OK go\r\n", "but not to TLS\r\n", NULL};

    serve_lines(f, CHECK_STARTTLS_POP3, speak, lines);
    probe_bench_start(&f->bench);
    probe_bench_run(&f->bench);
    assert_handshake_failed(f, REASON_TLS_PROTOCOL);
    assert_true(f->bench.seen.phase_us[PHASE_WAIT] >= 0);
}

static void
plain_text_on_the_port_is_named(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *lines[2];
        const char *words;
    } cases[] = {
        {{"HTTP/1.1 400 Bad Request\r\n\r\n"}, "plain HTTP"},
        {{"220 mail.test ESMTP\r\n"}, "starttls: smtp"},
        {{"* OK IMAP4rev1 ready\r\n"}, "starttls: imap"},
        {{"+OK ready\r\n"}, "starttls: pop3"},
        {{"SSH-2.0-OpenSSH_9.2\r\n"}, "SSH"},
        {{"what is this?\r\n"}, "not TLS"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        serve_lines(f, CHECK_STARTTLS_NONE, speak, cases[i].lines);
        f->bench.calls = 0;
        probe_bench_start(&f->bench);
        probe_bench_run(&f->bench);
        assert_handshake_failed(f, REASON_TLS_PROTOCOL);
        if (strstr(f->bench.seen.facts->detail, cases[i].words) == NULL)
            fail_msg("%s", f->bench.seen.facts->detail);
        measure_free_facts(&f->bench.seen);
        tcpd_stop(f->tcpd);
        f->tcpd = NULL;
    }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_silent_server_is_a_tls_timeout_at_the_deadline),
        TEST(half_a_record_is_a_tls_timeout),
        TEST(a_close_after_accept_is_a_tls_reset),
        TEST(a_reset_in_the_handshake_is_a_tls_reset),
        TEST(garbage_instead_of_tls_is_a_protocol_failure),
        TEST(an_alert_is_told_from_garbage),
        TEST(a_closed_port_is_connect_refused),
        TEST(the_next_address_is_tried_when_one_refuses),
        TEST(a_name_nobody_knows_fails_in_dns),
        TEST(out_of_descriptors_is_not_the_targets_failure),
        TEST(a_source_address_that_is_not_ours_is_agent_no_route),
        TEST(a_ca_file_without_certificates_is_our_own_trouble),
        TEST(a_cancelled_probe_says_nothing),
        TEST(a_peer_that_is_gone_ends_the_probe_not_the_process),
        TEST(starttls_that_goes_wrong_fails_in_wait),
        TEST(garbage_after_starttls_fails_in_tls),
        TEST(plain_text_on_the_port_is_named),
        cmocka_unit_test(a_missing_trust_file_says_what_to_install),
    };

    return cmocka_run_group_tests_name("tls_probe", tests, NULL, NULL);
}
