/* Probes of kind tls and http against a real nginx. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cm.h"
#include "real_bench.h"

/* One check, run once; PATH NULL is kind tls. */
static struct measure
probe(
    struct real_bench *bench, const char *name, uint16_t port, const char *path)
{
    struct measure seen;
    struct check check;

    real_bench_check(bench, &check, name, port, path);
    seen = real_bench_run(bench, &check);
    check_free(&check);
    return seen;
}

static void
assert_reason(const struct measure *seen, enum measure_reason reason)
{
    real_bench_assert_reason(seen, reason);
    assert_int_equal(
        seen->status, reason == REASON_NONE ? MEASURE_UP : MEASURE_DOWN);
}

/* How often the site has been asked for this: lines of its access log. */
static int
count_requests(const struct real_bench *bench, const char *words)
{
    char path[128];
    char line[512];
    int count = 0;
    FILE *in;

    (void)snprintf(path, sizeof(path), "%s/access.log", bench->dir);
    in = fopen(path, "re");
    assert_non_null(in);
    while (fgets(line, sizeof(line), in) != NULL)
        count += strstr(line, words) != NULL;
    (void)fclose(in);
    return count;
}

/* The site writes a request down after it has answered. */
static void
await_request(const struct real_bench *bench, const char *words)
{
    const struct timespec pause = {.tv_nsec = 20 * 1000000};

    for (int look = 0; look < 250 && count_requests(bench, words) == 0; look++)
        (void)nanosleep(&pause, NULL);
}

static void
assert_phases(const struct measure *seen)
{
    int64_t sum_us = 0;

    for (int i = PHASE_DNS; i < PHASE_TOTAL; i++) {
        if (seen->phase_us[i] != PHASE_NOT_REACHED)
            sum_us += seen->phase_us[i];
    }
    assert_true(seen->phase_us[PHASE_TOTAL] > 0);
    assert_true(sum_us <= seen->phase_us[PHASE_TOTAL]);
}

#define BIT(verify) (UINT32_C(1) << (verify))

static const struct {
    const char *name;
    enum cert_verify verify;
    uint32_t verify_all;
} certificates[] = {
    {"ok", CERT_OK, BIT(CERT_OK)},
    {"good-staple", CERT_OK, BIT(CERT_OK)},
    {"expired", CERT_EXPIRED, BIT(CERT_EXPIRED)},
    {"future", CERT_NOT_YET_VALID, BIT(CERT_NOT_YET_VALID)},
    {"wrong", CERT_HOSTNAME_MISMATCH, BIT(CERT_HOSTNAME_MISMATCH)},
    {"selfsigned", CERT_SELF_SIGNED, BIT(CERT_SELF_SIGNED)},
    {"untrusted", CERT_UNTRUSTED_ROOT, BIT(CERT_UNTRUSTED_ROOT)},
    {"incomplete", CERT_INCOMPLETE_CHAIN, BIT(CERT_INCOMPLETE_CHAIN)},
    {"revoked", CERT_REVOKED, BIT(CERT_REVOKED)},
    {"weaksig", CERT_WEAK_SIGNATURE, BIT(CERT_WEAK_SIGNATURE)},
    {"weakkey", CERT_WEAK_KEY, BIT(CERT_WEAK_KEY)},
    {"purpose", CERT_INVALID_PURPOSE, BIT(CERT_INVALID_PURPOSE)},
    {"everything", CERT_EXPIRED,
        BIT(CERT_EXPIRED) | BIT(CERT_HOSTNAME_MISMATCH) |
            BIT(CERT_UNTRUSTED_ROOT) | BIT(CERT_WEAK_SIGNATURE) |
            BIT(CERT_WEAK_KEY) | BIT(CERT_INVALID_PURPOSE)},
};

enum { CERTIFICATES = sizeof(certificates) / sizeof(certificates[0]) };

static void
assert_certificate(const struct measure *seen, size_t which)
{
    const struct tls_facts *tls = seen->facts->tls;
    enum cert_verify verify = certificates[which].verify;

    assert_non_null(tls);
    if (tls->verify != verify ||
        tls->verify_all != certificates[which].verify_all)
        fail_msg("%s: %s, all %#x (%s)", certificates[which].name,
            cert_verify_name((int)tls->verify), (unsigned)tls->verify_all,
            tls->verify_detail);
    assert_int_equal(tls->verify_detail[0] == '\0', verify == CERT_OK);
    assert_true(tls->chain_count >= 1);
    assert_int_equal(strlen(tls->chain[0].fingerprint_sha256), 64);
    assert_true(tls->chain[0].not_after_unix_ms > 0);
    assert_true(tls->name_count >= 1);
    assert_true(seen->phase_us[PHASE_CONNECT] >= 0);
    assert_true(seen->phase_us[PHASE_TLS] > 0);
    assert_phases(seen);
    assert_reason(seen,
        verify == CERT_OK ? REASON_NONE : measure_reason_of_verify(verify));
    if (verify != CERT_OK)
        assert_int_equal(seen->failed_phase, PHASE_TLS);
}

static void
tls_tells_every_certificate_apart(void **state)
{
    struct real_bench *bench = *state;

    for (size_t i = 0; i < CERTIFICATES; i++) {
        struct measure seen =
            probe(bench, certificates[i].name, bench->https, NULL);

        assert_certificate(&seen, i);
        measure_free_facts(&seen);
    }
}

static void
http_tells_every_certificate_apart_and_asks_nothing_after_a_bad_one(
    void **state)
{
    struct real_bench *bench = *state;

    for (size_t i = 0; i < CERTIFICATES; i++) {
        struct measure seen =
            probe(bench, certificates[i].name, bench->https, "/judged");
        bool ok = certificates[i].verify == CERT_OK;
        char asked[64];

        (void)snprintf(asked, sizeof(asked), "%s.test \"GET /judged",
            certificates[i].name);
        if (ok)
            await_request(bench, asked);
        assert_int_equal(count_requests(bench, asked), ok ? 1 : 0);
        if (ok) {
            assert_reason(&seen, REASON_HTTP_STATUS); /* there is no page */
            assert_int_equal(seen.http_status, 404);
        } else {
            assert_certificate(&seen, i);
            assert_int_equal(seen.phase_us[PHASE_REQUEST], PHASE_NOT_REACHED);
            assert_null(seen.facts->http);
        }
        measure_free_facts(&seen);
    }
}

static void
an_insecure_check_does_not_judge(void **state)
{
    struct real_bench *bench = *state;
    const char *const paths[] = {NULL, "/"};

    for (size_t i = 0; i < 2; i++) {
        struct measure seen;
        struct check check;

        real_bench_check(bench, &check, "everything", bench->https, paths[i]);
        check.insecure = true;
        seen = real_bench_run(bench, &check);
        assert_reason(&seen, REASON_NONE);
        assert_int_equal(seen.facts->tls->verify, CERT_EXPIRED);
        measure_free_facts(&seen);
        check_free(&check);
    }
}

static void
a_certificate_of_our_own_authority_is_not_trusted_by_the_system(void **state)
{
    struct real_bench *bench = *state;
    struct measure seen;
    struct check check;

    real_bench_check(bench, &check, "ok", bench->https, NULL);
    free(check.ca_pem);
    check.ca_pem = NULL;
    seen = real_bench_run(bench, &check);
    assert_reason(&seen, REASON_TLS_CERT_INCOMPLETE_CHAIN);
    assert_int_equal(seen.facts->tls->verified_not_after_unix_ms, 0);
    measure_free_facts(&seen);
    check_free(&check);
}

static void
facts_of_a_good_certificate_are_whole(void **state)
{
    struct real_bench *bench = *state;
    struct measure seen = probe(bench, "ok", bench->https, NULL);
    const struct tls_facts *tls = seen.facts->tls;

    assert_string_equal(tls->version, "TLSv1.3");
    assert_string_equal(tls->cipher, "TLS_AES_256_GCM_SHA384");
    assert_string_equal(tls->alpn, "h2");
    assert_string_equal(tls->key, "EC 256");
    assert_string_equal(tls->signature, "ecdsa-with-SHA256");
    assert_int_equal(tls->name_count, 3);
    assert_string_equal(tls->names[0], "ok.test");
    assert_string_equal(tls->names[1], "127.0.0.1");
    assert_string_equal(tls->names[2], "::1");
    assert_int_equal(tls->chain_count, 2);
    assert_string_equal(tls->chain[0].subject, "CN=ok.test");
    assert_string_equal(tls->chain[0].issuer, "CN=middle.test");
    assert_string_equal(tls->chain[1].issuer, "CN=ca root");
    assert_true(tls->verified_not_after_unix_ms > 0);
    assert_true(tls->presented_not_after_unix_ms > 0);
    assert_false(tls->ocsp_stapled);
    measure_free_facts(&seen);
}

static void
an_address_is_a_name_of_its_certificate(void **state)
{
    struct real_bench *bench = *state;
    struct measure seen;
    struct check check;

    real_bench_check(bench, &check, "ok", bench->https, NULL);
    free(check.host);
    check.host = strdup("127.0.0.1");
    seen = real_bench_run(bench, &check);
    assert_reason(&seen, REASON_NONE);
    measure_free_facts(&seen);
    free(check.host);
    check.host = strdup("127.0.0.2"); /* nginx listens there not */
    seen = real_bench_run(bench, &check);
    assert_reason(&seen, REASON_CONNECT_REFUSED);
    measure_free_facts(&seen);
    check_free(&check);
}

static void
stapled_answers_are_seen_by_tls_1_2_too(void **state)
{
    struct real_bench *bench = *state;
    struct measure seen = probe(bench, "revoked", bench->https1, NULL);

    assert_reason(&seen, REASON_TLS_CERT_REVOKED);
    assert_true(seen.facts->tls->ocsp_stapled);
    measure_free_facts(&seen);
    seen = probe(bench, "ok", bench->https1, NULL);
    assert_reason(&seen, REASON_NONE);
    assert_string_equal(seen.facts->tls->version, "TLSv1.2");
    measure_free_facts(&seen);
    seen = probe(bench, "good-staple", bench->https, NULL);
    assert_true(seen.facts->tls->ocsp_stapled);
    measure_free_facts(&seen);
}

static void
http_1_and_2_are_measured_phase_by_phase(void **state)
{
    struct real_bench *bench = *state;
    const struct {
        uint16_t port;
        const char *version;
    } cases[] = {
        {bench->http, "1.1"}, {bench->https1, "1.1"}, {bench->https, "2"}};

    for (size_t i = 0; i < 3; i++) {
        struct measure seen = probe(bench, "ok", cases[i].port, "/");
        const struct http_facts *http = seen.facts->http;

        assert_reason(&seen, REASON_NONE);
        assert_string_equal(http->version, cases[i].version);
        assert_int_equal(http->status, 200);
        assert_true(http->bytes_body > 0);
        assert_true(http->bytes_header > 0);
        assert_int_equal(strlen(http->request_id), 32); /* nginx's */
        assert_int_equal(strlen(http->sent_request_id), 36);
        assert_int_equal(seen.phase_us[PHASE_DNS], PHASE_NOT_REACHED);
        assert_true(seen.phase_us[PHASE_CONNECT] > 0);
        assert_int_equal(seen.phase_us[PHASE_TLS] == PHASE_NOT_REACHED,
            cases[i].port == bench->http);
        for (int phase = PHASE_REQUEST; phase < PHASE_TOTAL; phase++)
            assert_true(seen.phase_us[phase] >= 0);
        assert_true(seen.phase_us[PHASE_WAIT] > 0);
        assert_phases(&seen);
        measure_free_facts(&seen);
    }
}

static void
the_body_is_unpacked_before_it_is_read(void **state)
{
    struct real_bench *bench = *state;
    struct measure seen;
    struct check check;

    real_bench_check(bench, &check, "ok", bench->https, "/");
    check.expect_body = strdup("Get a quote");
    seen = real_bench_run(bench, &check);
    assert_reason(&seen, REASON_NONE);
    assert_true(seen.facts->http->bytes_body < 1000); /* as sent: gzip */
    measure_free_facts(&seen);
    free(check.expect_body);
    check.expect_body = strdup("Get a boat");
    seen = real_bench_run(bench, &check);
    assert_reason(&seen, REASON_HTTP_BODY);
    measure_free_facts(&seen);
    check_free(&check);
}

static void
bad_answers_are_told_apart(void **state)
{
    struct real_bench *bench = *state;
    static const struct {
        const char *path;
        enum measure_reason reason;
        int status;
    } cases[] = {
        {"/no-such-page", REASON_HTTP_STATUS, 404},
        {"/busy", REASON_HTTP_STATUS, 503},
        {"/close", REASON_HTTP_RESET, 0},
        {"/huge.html", REASON_HTTP_TOO_LARGE, 200},
        {"/loop-a", REASON_HTTP_REDIRECT_LOOP, 302},
        {"/to-ok", REASON_NONE, 200},
        {"/to-www", REASON_NONE, 200},
        {"/to-expired", REASON_TLS_CERT_EXPIRED, 0},
        {"/down-to-http", REASON_NONE, 200},
    };
    const uint16_t ports[] = {bench->http, bench->https1, bench->https};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t j = 0; j < 3; j++) {
            struct measure seen = probe(bench, "ok", ports[j], cases[i].path);

            assert_reason(&seen, cases[i].reason);
            assert_int_equal(seen.http_status, cases[i].status);
            assert_phases(&seen);
            measure_free_facts(&seen);
        }
    }
}

static void
ten_redirects_are_followed_and_no_more(void **state)
{
    struct real_bench *bench = *state;
    struct measure seen = probe(bench, "ok", bench->http, "/hop/10");

    /* /hop/20 is a page that does not exist: ten hops, then 404 */
    assert_reason(&seen, REASON_HTTP_STATUS);
    assert_int_equal(seen.facts->http->redirect_count, 10);
    measure_free_facts(&seen);
    seen = probe(bench, "ok", bench->http, "/hop/9");
    assert_reason(&seen, REASON_HTTP_REDIRECT_LIMIT);
    measure_free_facts(&seen);
}

static void
a_redirect_must_end_where_it_should(void **state)
{
    struct real_bench *bench = *state;
    struct measure seen;
    struct check check;
    char url[128];

    real_bench_check(bench, &check, "ok", bench->https, "/to-www");
    (void)snprintf(
        url, sizeof(url), "HTTPS://WWW.test:%u", (unsigned)bench->https);
    check.expect_redirect = strdup(url); /* the same place, spelled otherwise */
    check.expect_hops = 1;
    seen = real_bench_run(bench, &check);
    assert_reason(&seen, REASON_NONE);
    assert_string_equal(seen.facts->tls->names[0], "www.test");
    measure_free_facts(&seen);
    free(check.expect_redirect);
    check.expect_redirect = strdup("https://www.test/");
    seen = real_bench_run(bench, &check);
    assert_reason(&seen, REASON_HTTP_REDIRECT_WRONG);
    measure_free_facts(&seen);
    check_free(&check);
}

static void
a_slow_body_times_out_in_transfer(void **state)
{
    struct real_bench *bench = *state;
    const uint16_t ports[] = {bench->http, bench->https};

    for (size_t i = 0; i < 2; i++) {
        struct measure seen;
        struct check check;

        real_bench_check(bench, &check, "ok", ports[i], "/slow");
        check.timeout_ms = 700;
        seen = real_bench_run(bench, &check);
        assert_reason(&seen, REASON_HTTP_TIMEOUT);
        assert_int_equal(seen.failed_phase, PHASE_TRANSFER);
        assert_int_equal(seen.http_status, 200);
        assert_true(seen.phase_us[PHASE_TOTAL] >= 700000);
        measure_free_facts(&seen);
        check_free(&check);
    }
}

static void
tls_to_a_port_without_it_is_a_protocol_failure(void **state)
{
    struct real_bench *bench = *state;
    struct measure seen = probe(bench, "ok", bench->http, NULL);

    assert_reason(&seen, REASON_TLS_PROTOCOL);
    measure_free_facts(&seen);
}

static void
every_probe_is_a_connection_of_its_own(void **state)
{
    struct real_bench *bench = *state;

    for (int i = 0; i < 3; i++) {
        struct measure seen = probe(bench, "ok", bench->https, "/");

        assert_reason(&seen, REASON_NONE);
        assert_true(seen.phase_us[PHASE_CONNECT] > 0);
        assert_true(seen.phase_us[PHASE_TLS] > 0);
        measure_free_facts(&seen);
    }
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_tells_every_certificate_apart),
        cmocka_unit_test(
            http_tells_every_certificate_apart_and_asks_nothing_after_a_bad_one),
        cmocka_unit_test(an_insecure_check_does_not_judge),
        cmocka_unit_test(
            a_certificate_of_our_own_authority_is_not_trusted_by_the_system),
        cmocka_unit_test(facts_of_a_good_certificate_are_whole),
        cmocka_unit_test(an_address_is_a_name_of_its_certificate),
        cmocka_unit_test(stapled_answers_are_seen_by_tls_1_2_too),
        cmocka_unit_test(http_1_and_2_are_measured_phase_by_phase),
        cmocka_unit_test(the_body_is_unpacked_before_it_is_read),
        cmocka_unit_test(bad_answers_are_told_apart),
        cmocka_unit_test(ten_redirects_are_followed_and_no_more),
        cmocka_unit_test(a_redirect_must_end_where_it_should),
        cmocka_unit_test(a_slow_body_times_out_in_transfer),
        cmocka_unit_test(tls_to_a_port_without_it_is_a_protocol_failure),
        cmocka_unit_test(every_probe_is_a_connection_of_its_own),
    };
    int rc = real_bench_take_args(argc, argv);

    if (rc != 0)
        return rc;
    return cmocka_run_group_tests_name(
        "nginx", tests, real_bench_setup, real_bench_teardown);
}
