/* The pure parts of the http probe: URLs, evidence, ids. */
#include <stdio.h>
#include <string.h>

#include "cm.h"
#include "http_evidence.h"
#include "http_reason.h"
#include "http_trace.h"
#include "http_url.h"

static void
urls_have_one_normal_form(void **state)
{
    static const struct {
        const char *text;
        const char *normal;
    } cases[] = {
        {"https://a.test", "https://a.test/"},
        {"HTTPS://A.Test:443/x?y#z", "https://a.test/x?y"},
        {"http://a.test:80/", "http://a.test/"},
        {"http://a.test:443/", "http://a.test:443/"},
        {"http://u:p@a.test/", "http://a.test/"},
        {"https://bücher.test/", "https://xn--bcher-kva.test/"},
        {"http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"},
        {"http://a.test/with space", "http://a.test/with%20space"},
        {"http://a.test/./b/../c", "http://a.test/c"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_url url;
        struct err err;

        assert_ok(http_url_take(NULL, cases[i].text, &url, &err), err);
        assert_string_equal(url.text, cases[i].normal);
        http_url_free(&url);
    }
}

static void
a_url_is_taken_apart(void **state)
{
    struct http_url url;
    struct err err;

    (void)state;
    assert_ok(
        http_url_take(NULL, "https://u%40x:p@a.test:8443/b", &url, &err), err);
    assert_string_equal(url.host, "a.test");
    assert_int_equal(url.port, 8443);
    assert_true(url.tls);
    assert_string_equal(url.user, "u@x");
    assert_string_equal(url.password, "p");
    http_url_free(&url);
}

static void
locations_are_relative_to_where_they_come_from(void **state)
{
    static const struct {
        const char *location;
        const char *normal;
    } cases[] = {
        {"/x", "https://a.test/x"},
        {"x", "https://a.test/d/x"},
        {"../x", "https://a.test/x"},
        {"?q=1", "https://a.test/d/p?q=1"},
        {"//b.test/y", "https://b.test/y"},
        {"http://b.test", "http://b.test/"},
    };
    struct http_url base;
    struct err err;

    (void)state;
    assert_ok(http_url_take(NULL, "https://a.test/d/p?o", &base, &err), err);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_url url;

        assert_ok(http_url_take(&base, cases[i].location, &url, &err), err);
        assert_string_equal(url.text, cases[i].normal);
        http_url_free(&url);
    }
    http_url_free(&base);
}

static void
what_cannot_be_fetched_is_refused_with_a_reason(void **state)
{
    static char long_url[HTTP_URL_MAX_BYTES + 20];
    static const char *const texts[] = {"", "a.test", "ftp://a.test/",
        "file:///etc/passwd", "javascript:alert(1)", "http://",
        "http://a.test:99999/", "http://a.test:0/", "http://a b/", long_url};

    (void)state;
    memset(long_url, 'x', sizeof(long_url) - 1);
    for (size_t i = 0; "http://a.test/"[i] != '\0'; i++)
        long_url[i] = "http://a.test/"[i];
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct http_url url;
        struct err err;

        assert_int_equal(http_url_take(NULL, texts[i], &url, &err), -1);
        assert_true(strlen(err.msg) > 0);
        assert_null(url.text);
    }
}

static void
another_scheme_is_a_url_that_is_not_fetched(void **state)
{
    static const char *const texts[] = {"file:///etc/passwd",
        "gopher://a.test/", "mailto:a@a.test", "javascript:alert(1)",
        "myapp://open", "FTP://a.test/", "data:text/html,x", "a.test:80/"};
    struct http_url base;
    struct err err;

    (void)state;
    assert_ok(http_url_take(NULL, "https://a.test/", &base, &err), err);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct http_url url;

        assert_int_equal(http_url_take(&base, texts[i], &url, &err), -1);
        assert_int_equal(err.code, ERR_LIMIT);
        assert_non_null(strstr(err.msg, "neither http nor https"));
    }
    http_url_free(&base);
    assert_int_equal(http_url_take(NULL, "http://a b/", &base, &err), -1);
    assert_int_equal(err.code, ERR_PARSE);
}

static void
secrets_stay_with_their_host_and_with_tls(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        bool may;
    } cases[] = {
        {"https://a.test/", "https://a.test/b", true},
        {"http://a.test/", "https://a.test/", true},
        {"https://a.test/", "http://a.test/", false},
        {"https://a.test/", "https://a.test:8443/", false},
        {"http://a.test/", "http://a.test:8080/", false},
        {"http://a.test:8080/", "http://a.test:8080/x", true},
        {"http://a.test:8080/", "https://a.test:8443/", false},
        {"https://a.test/", "https://b.test/", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_url from;
        struct http_url to;
        struct err err;

        assert_ok(http_url_take(NULL, cases[i].from, &from, &err), err);
        assert_ok(http_url_take(NULL, cases[i].to, &to, &err), err);
        assert_int_equal(http_url_may_tell(&from, &to), cases[i].may);
        http_url_free(&from);
        http_url_free(&to);
    }
}

static void
take_line(struct http_evidence *evidence, const char *line)
{
    http_evidence_take(evidence, line, strlen(line));
}

static void
the_best_request_id_is_kept(void **state)
{
    struct http_evidence evidence;
    struct http_facts facts;

    (void)state;
    http_evidence_begin(&evidence, &facts);
    take_line(&evidence, "CF-Ray: ray\r\n");
    assert_string_equal(facts.request_id, "ray");
    take_line(&evidence, "X-Request-Id:\t the one \r\n");
    take_line(&evidence, "x-amz-cf-id: later\r\n");
    assert_string_equal(facts.request_id, "the one");
    http_evidence_begin(&evidence, &facts);
    assert_string_equal(facts.request_id, "");
}

static void
evidence_is_harmless_and_has_a_limit(void **state)
{
    struct http_evidence evidence;
    struct http_facts facts;

    (void)state;
    http_evidence_begin(&evidence, &facts);
    take_line(&evidence, "Server: a\x1b[2Jb\r\n");
    assert_string_equal(facts.headers[0], "server: a?[2Jb");
    take_line(&evidence, "Set-Cookie: session=1\r\n");
    take_line(&evidence, "Authorization: x\r\n");
    take_line(&evidence, "no header at all\r\n");
    assert_int_equal(facts.header_count, 1);
    for (int i = 0; i < 100; i++)
        take_line(&evidence, "Via: somebody\r\n");
    assert_int_equal(facts.header_count, FACTS_HEADERS_MAX - 2);
}

static void
the_release_is_kept_however_many_headers_there_are(void **state)
{
    struct http_evidence evidence;
    struct http_facts facts;

    (void)state;
    http_evidence_begin(&evidence, &facts);
    for (int i = 0; i < 100; i++)
        take_line(&evidence, "Via: somebody\r\n");
    take_line(&evidence, "X-Release: 2026-11-24.3\r\n");
    take_line(&evidence, "X-Git-Commit: deadbee\r\n");
    take_line(&evidence, "X-Build: one too many\r\n");
    assert_int_equal(facts.header_count, FACTS_HEADERS_MAX);
    assert_string_equal(
        facts.headers[FACTS_HEADERS_MAX - 2], "x-release: 2026-11-24.3");
    assert_string_equal(
        facts.headers[FACTS_HEADERS_MAX - 1], "x-git-commit: deadbee");
    http_evidence_begin(&evidence, &facts);
    take_line(&evidence, "X-Release: first\r\n");
    for (int i = 0; i < 100; i++)
        take_line(&evidence, "Via: somebody\r\n");
    assert_int_equal(facts.header_count, FACTS_HEADERS_MAX - 1);
}

static void
ids_have_their_form_and_differ(void **state)
{
    char id[HTTP_TRACE_ID_BYTES];
    char other[HTTP_TRACE_ID_BYTES];
    char parent[HTTP_TRACE_PARENT_BYTES];
    char again[HTTP_TRACE_PARENT_BYTES];

    (void)state;
    http_trace_put_id(id);
    http_trace_put_id(other);
    assert_int_equal(strlen(id), 36);
    assert_int_equal(id[14], '4');
    assert_non_null(strchr("89ab", id[19]));
    assert_string_not_equal(id, other);
    http_trace_put_parent(id, parent);
    assert_int_equal(strlen(parent), 55);
    for (size_t i = 0, at = 3; i < strlen(id); i++) {
        if (id[i] != '-')
            assert_int_equal(parent[at++], id[i]);
    }
    http_trace_put_parent(id, again);
    assert_memory_equal(parent, again, 36); /* the same trace */
    assert_string_not_equal(parent, again);
    assert_int_equal(strspn(parent, "0123456789abcdef-"), 55);
    assert_memory_equal(parent, "00-", 3);
    assert_string_equal(parent + 52, "-01");
}

static void
deadlines_are_named_by_their_phase(void **state)
{
    (void)state;
    assert_int_equal(http_reason_of_deadline(PHASE_DNS), REASON_DNS_TIMEOUT);
    assert_int_equal(
        http_reason_of_deadline(PHASE_CONNECT), REASON_CONNECT_TIMEOUT);
    assert_int_equal(http_reason_of_deadline(PHASE_TLS), REASON_TLS_TIMEOUT);
    assert_int_equal(http_reason_of_deadline(PHASE_WAIT), REASON_HTTP_TIMEOUT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_have_one_normal_form),
        cmocka_unit_test(a_url_is_taken_apart),
        cmocka_unit_test(locations_are_relative_to_where_they_come_from),
        cmocka_unit_test(what_cannot_be_fetched_is_refused_with_a_reason),
        cmocka_unit_test(another_scheme_is_a_url_that_is_not_fetched),
        cmocka_unit_test(secrets_stay_with_their_host_and_with_tls),
        cmocka_unit_test(the_best_request_id_is_kept),
        cmocka_unit_test(evidence_is_harmless_and_has_a_limit),
        cmocka_unit_test(the_release_is_kept_however_many_headers_there_are),
        cmocka_unit_test(ids_have_their_form_and_differ),
        cmocka_unit_test(deadlines_are_named_by_their_phase),
    };

    return cmocka_run_group_tests_name("http_parts", tests, NULL, NULL);
}
