/*
 * The http probe along redirects of a real nginx: the phases of each hop, what
 * is told to whom, and that nothing stays for the next.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cm.h"
#include "real_bench.h"

enum { LINES_MAX = 32, LINE_BYTES = 2048 };

static struct measure
probe(struct real_bench *bench, uint16_t port, const char *path)
{
    struct measure seen;
    struct check check;

    real_bench_check(bench, &check, "ok", port, path);
    assert_int_equal(strlist_add(&check.headers, "X-Key: k1"), 0);
    assert_int_equal(strlist_add(&check.headers, "Authorization: Me"), 0);
    assert_int_equal(strlist_add(&check.headers, "Cookie: own=1"), 0);
    seen = real_bench_run(bench, &check);
    check_free(&check);
    return seen;
}

static int64_t
sum_us(const int64_t phase_us[PHASE_COUNT])
{
    int64_t us = 0;

    for (int i = PHASE_DNS; i < PHASE_TOTAL; i++) {
        if (phase_us[i] != PHASE_NOT_REACHED)
            us += phase_us[i];
    }
    return us;
}

/* ---- what the site heard ---- */

struct heard {
    char lines[LINES_MAX][LINE_BYTES]; /* one for each request, in order */
    size_t count;
};

/* The value of NAME=, which ends at a space; "-" is none. */
static const char *
word(const char *line, const char *name, char out[128])
{
    const char *at = strstr(line, name);

    assert_non_null(at);
    at += strlen(name);
    (void)snprintf(out, 128, "%.*s", (int)strcspn(at, " \n"), at);
    return out;
}

static bool
is_of(const char *line, const struct measure *seen)
{
    char id[128];

    return strchr(line, '\n') != NULL &&
           strcmp(word(line, "id=", id), seen->facts->http->sent_request_id) ==
               0;
}

/*
 * Adds what the site heard of one probe: so many requests.  It writes them
 * down after it has answered, so that they may be waited for.
 */
static void
hear(const struct real_bench *bench, const struct measure *seen, size_t want,
    struct heard *heard)
{
    const struct timespec pause = {.tv_nsec = 20 * 1000000};
    size_t before = heard->count;
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/detail.log", bench->dir);
    for (int look = 0; look < 250; look++) {
        FILE *in = fopen(path, "re");

        assert_non_null(in);
        heard->count = before;
        while (heard->count < LINES_MAX &&
               fgets(heard->lines[heard->count], LINE_BYTES, in) != NULL)
            heard->count += is_of(heard->lines[heard->count], seen);
        (void)fclose(in);
        if (heard->count >= before + want)
            break;
        (void)nanosleep(&pause, NULL);
    }
    assert_int_equal(heard->count - before, want);
}

static void
assert_word(const char *line, const char *name, const char *value)
{
    char found[128];

    if (strcmp(word(line, name, found), value) != 0)
        fail_msg("%s%s instead of %s in %s", name, found, value, line);
}

/* ---- tests ---- */

static void
each_hop_has_its_own_phases(void **state)
{
    struct real_bench *bench = *state;
    const uint16_t ports[] = {bench->http, bench->https1, bench->https};

    for (size_t i = 0; i < 3; i++) {
        struct measure seen = probe(bench, ports[i], "/to-www");
        const struct redirect_fact *hop;

        real_bench_assert_reason(&seen, REASON_NONE);
        assert_int_equal(seen.facts->http->redirect_count, 1);
        hop = &seen.facts->http->redirects[0];
        assert_int_equal(hop->phase_us[PHASE_DNS], PHASE_NOT_REACHED);
        assert_int_equal(hop->phase_us[PHASE_TLS] == PHASE_NOT_REACHED,
            ports[i] == bench->http);
        assert_true(seen.phase_us[PHASE_TLS] > 0);
        for (int phase = PHASE_CONNECT; phase <= PHASE_TRANSFER; phase++) {
            if (phase != PHASE_TLS)
                assert_true(hop->phase_us[phase] >= 0);
            assert_true(hop->phase_us[phase] <= seen.phase_us[phase]);
        }
        assert_int_equal(hop->phase_us[PHASE_TOTAL], sum_us(hop->phase_us));
        assert_int_equal(seen.phase_us[PHASE_TOTAL], sum_us(seen.phase_us));
        assert_true(hop->phase_us[PHASE_TOTAL] < seen.phase_us[PHASE_TOTAL]);
        measure_free_facts(&seen);
    }
}

static void
another_host_has_its_own_sni_and_hears_no_secrets(void **state)
{
    struct real_bench *bench = *state;
    const uint16_t ports[] = {bench->https1, bench->https};
    static struct heard heard;
    char host[64];

    for (size_t i = 0; i < 2; i++) {
        struct measure seen = probe(bench, ports[i], "/sticky-to-www");

        real_bench_assert_reason(&seen, REASON_NONE);
        heard.count = 0;
        hear(bench, &seen, 2, &heard);
        assert_word(heard.lines[0], "sni=", "ok.test");
        assert_word(heard.lines[0], "key=", "k1");
        assert_word(heard.lines[0], "authorization=", "Me");
        assert_word(heard.lines[0], "cookie=", "own=1");
        assert_word(heard.lines[1], "sni=", "www.test");
        (void)snprintf(
            host, sizeof(host), "www.test:%u", (unsigned)bench->https);
        assert_word(heard.lines[1], "host=", host);
        assert_word(heard.lines[1], "key=", "-");
        assert_word(heard.lines[1], "authorization=", "-");
        assert_word(heard.lines[1], "cookie=", "-");
        assert_string_equal(seen.facts->tls->names[0], "www.test");
        measure_free_facts(&seen);
    }
}

/* No connection and no TLS session twice: between hops, between probes. */
static void
nothing_is_used_again(void **state)
{
    struct real_bench *bench = *state;
    const uint16_t ports[] = {bench->http, bench->https1, bench->https};
    static struct heard heard;

    heard.count = 0;
    for (size_t i = 0; i < 3; i++) {
        for (int times = 0; times < 2; times++) {
            struct measure seen = probe(bench, ports[i], "/to-ok");

            real_bench_assert_reason(&seen, REASON_NONE);
            hear(bench, &seen, 2, &heard);
            measure_free_facts(&seen);
        }
    }
    for (size_t i = 0; i < heard.count; i++) {
        char one[128];
        char other[128];
        char reused[128];

        assert_word(heard.lines[i], "request=", "1");
        assert_string_not_equal(word(heard.lines[i], "reused=", reused), "r");
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(word(heard.lines[i], "connection=", one),
                word(heard.lines[j], "connection=", other));
    }
}

static void
each_probe_has_ids_of_its_own_and_its_hops_share_them(void **state)
{
    struct real_bench *bench = *state;
    static struct heard heard;
    char ids[3][128];
    char trace[128];

    for (size_t i = 0; i < 3; i++) {
        struct measure seen = probe(bench, bench->https, "/to-ok");

        heard.count = 0;
        hear(bench, &seen, 2, &heard);
        (void)word(heard.lines[0], "id=", ids[i]);
        assert_word(
            heard.lines[1], "trace=", word(heard.lines[0], "trace=", trace));
        assert_int_equal(strlen(trace), 55);
        assert_memory_equal(trace, "00-", 3);
        assert_memory_equal(trace + 3, ids[i], 8);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(ids[i], ids[j]);
        measure_free_facts(&seen);
    }
}

static void
the_sites_own_id_and_release_are_kept(void **state)
{
    struct real_bench *bench = *state;
    const uint16_t ports[] = {bench->http, bench->https1, bench->https};

    for (size_t i = 0; i < 3; i++) {
        struct measure seen = probe(bench, ports[i], "/ids");
        const struct http_facts *http = seen.facts->http;
        bool has_release = false;

        real_bench_assert_reason(&seen, REASON_NONE);
        assert_int_equal(strlen(http->request_id), 32);
        for (size_t j = 0; j < http->header_count; j++)
            has_release = has_release || strcmp(http->headers[j],
                                             "x-release: 2026-11-24.3") == 0;
        assert_true(has_release);
        measure_free_facts(&seen);
    }
}

static void
cookies_and_hsts_are_forgotten(void **state)
{
    struct real_bench *bench = *state;
    static struct heard heard;
    struct measure seen;

    seen = probe(bench, bench->https, "/sticky");
    real_bench_assert_reason(&seen, REASON_NONE);
    measure_free_facts(&seen);
    for (int i = 0; i < 2; i++) {
        seen = probe(bench, i == 0 ? bench->https : bench->http, "/sticky");
        real_bench_assert_reason(&seen, REASON_NONE);
        /* HSTS would have made https of http, where nobody speaks it */
        assert_int_equal(seen.facts->tls == NULL, i == 1);
        heard.count = 0;
        hear(bench, &seen, 1, &heard);
        assert_word(heard.lines[0], "cookie=", "own=1");
        measure_free_facts(&seen);
    }
}

static void
redirects_out_of_the_web_are_refused(void **state)
{
    struct real_bench *bench = *state;
    static const char *const paths[] = {"/to-file", "/to-mail"};
    const uint16_t ports[] = {bench->http, bench->https};

    for (size_t i = 0; i < 4; i++) {
        struct measure seen = probe(bench, ports[i % 2], paths[i / 2]);

        real_bench_assert_reason(&seen, REASON_HTTP_REDIRECT_WRONG);
        assert_int_equal(seen.status, MEASURE_DOWN);
        assert_int_equal(seen.http_status, 302);
        assert_non_null(strstr(seen.facts->detail, "neither http nor https"));
        measure_free_facts(&seen);
    }
}

static void
limits_hold_for_what_is_packed_and_for_http_2(void **state)
{
    struct real_bench *bench = *state;
    const uint16_t ports[] = {bench->http, bench->https1, bench->https};

    for (size_t i = 0; i < 3; i++) {
        struct measure seen = probe(bench, ports[i], "/bomb");

        real_bench_assert_reason(&seen, REASON_HTTP_TOO_LARGE);
        assert_true(seen.facts->http->bytes_body < 100000); /* as sent */
        measure_free_facts(&seen);
        seen = probe(bench, ports[i], "/many-headers");
        real_bench_assert_reason(&seen, REASON_HTTP_TOO_LARGE);
        assert_non_null(strstr(seen.facts->detail, "the head has"));
        measure_free_facts(&seen);
    }
}

static void
methods_are_as_the_check_says(void **state)
{
    struct real_bench *bench = *state;
    const uint16_t ports[] = {bench->http, bench->https1, bench->https};
    static const struct {
        const char *method;
        const char *path;
        int status;
    } cases[] = {
        {"HEAD", "/huge.html", 200}, /* whose body would be too large */
        {"POST", "/", 405}, /* a file; nginx wants to hear of a length */
        {"OPTIONS", "/", 405},
    };

    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; j < sizeof(cases) / sizeof(cases[0]); j++) {
            struct measure seen;
            struct check check;

            real_bench_check(bench, &check, "ok", ports[i], cases[j].path);
            check.method = strdup(cases[j].method);
            seen = real_bench_run(bench, &check);
            assert_int_equal(seen.http_status, cases[j].status);
            real_bench_assert_reason(&seen,
                cases[j].status == 200 ? REASON_NONE : REASON_HTTP_STATUS);
            measure_free_facts(&seen);
            check_free(&check);
        }
    }
}

static void
a_literal_has_no_dns_phase_and_no_sni(void **state)
{
    struct real_bench *bench = *state;
    static struct heard heard;
    struct measure seen;
    struct check check;
    char url[64];

    real_bench_check(bench, &check, "ok", bench->https, "/");
    (void)snprintf(
        url, sizeof(url), "https://127.0.0.1:%u/", (unsigned)bench->https);
    free(check.url);
    check.url = strdup(url);
    seen = real_bench_run(bench, &check);
    real_bench_assert_reason(&seen, REASON_NONE);
    assert_int_equal(seen.phase_us[PHASE_DNS], PHASE_NOT_REACHED);
    heard.count = 0;
    hear(bench, &seen, 1, &heard);
    assert_word(heard.lines[0], "sni=", "-");
    measure_free_facts(&seen);
    check_free(&check);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_hop_has_its_own_phases),
        cmocka_unit_test(another_host_has_its_own_sni_and_hears_no_secrets),
        cmocka_unit_test(nothing_is_used_again),
        cmocka_unit_test(each_probe_has_ids_of_its_own_and_its_hops_share_them),
        cmocka_unit_test(the_sites_own_id_and_release_are_kept),
        cmocka_unit_test(cookies_and_hsts_are_forgotten),
        cmocka_unit_test(redirects_out_of_the_web_are_refused),
        cmocka_unit_test(limits_hold_for_what_is_packed_and_for_http_2),
        cmocka_unit_test(methods_are_as_the_check_says),
        cmocka_unit_test(a_literal_has_no_dns_phase_and_no_sni),
    };
    int rc = real_bench_take_args(argc, argv);

    if (rc != 0)
        return rc;
    return cmocka_run_group_tests_name(
        "nginx_hops", tests, real_bench_setup, real_bench_teardown);
}
