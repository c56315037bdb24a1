#include "probe_target.h"

#include <string.h>

#include "cm.h"

static json_t *
args_of(const char *target, const char *name, const char *value)
{
    json_t *args = json_pack("{s:s}", "target", target);

    if (name != NULL && strcmp(name, "resolve") == 0)
        (void)json_object_set_new(args, name, json_pack("[s]", value));
    else if (name != NULL)
        (void)json_object_set_new(args, name, json_string(value));
    return args;
}

static void
the_kind_follows_from_the_target(void **state)
{
    static const struct {
        const char *target;
        enum check_kind kind;
        const char *host;
        int32_t port;
    } cases[] = {
        {"https://acme.example/", CHECK_HTTP, NULL, 0},
        {"tls://acme.example:8443", CHECK_TLS, "acme.example", 8443},
        {"tls://acme.example", CHECK_TLS, "acme.example", 443},
        {"tcp://[::1]:25", CHECK_TCP, "::1", 25},
        {"acme.example", CHECK_DNS, "acme.example", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *args = args_of(cases[i].target, NULL, NULL);
        struct check check;
        struct err err;

        assert_ok(probe_target_take(args, &check, &err), err);
        assert_int_equal(check.kind, cases[i].kind);
        if (cases[i].host != NULL) {
            assert_string_equal(check.host, cases[i].host);
            assert_int_equal(check.port, cases[i].port);
        }
        check_free(&check);
        json_decref(args);
    }
}

static void
what_makes_no_sense_is_refused_with_words(void **state)
{
    static const struct {
        const char *target;
        const char *name;
        const char *value;
        const char *says;
    } cases[] = {
        {"ftp://acme.example/", NULL, NULL, "a target is"},
        {"tcp://acme.example", NULL, NULL, "needs a port"},
        {"tls://acme.example:99999", NULL, NULL, "out of range"},
        {"tls://[::1", NULL, NULL, "] is missing"},
        {"acme.example", "kind", "http", "is no URL"},
        {"acme.example", "kind", "mail", "this version has"},
        {"acme.example", "kind", "page", "is no URL"},
        {"https://a.example/", "profile", "slow-4g", "is for kind page"},
        {"https://a.example/", "html", "x", "is for kind page"},
        {"acme.example", "type", "NAPTR", "one of A AAAA"},
        {"https://a.example/", "timeout", "10", "needs a unit"},
        {"https://a.example/", "timeout", "10ms", "out of range"},
        {"https://a.example/", "family", "5", "one of 4, 6, both"},
        {"https://a.example/", "resolve", "a:b", "--resolve"},
        {"tls://a.example:25", "starttls", "lmtp", "one of smtp, imap"},
        {"tls://a.example:25", "starttls", "by port", "one of smtp, imap"},
        {"https://a.example/", "starttls", "smtp", "for kind tls"},
        {"https://a.example/", "ca", "/dev/null", "not a PEM file"},
        {"https://a.example/", "slow", "fast", "--slow"},
        {"https://a.example/", "server", "authoritative", "is for kind dns"},
        {"a.example", "server", "authoritative#0", "out of range"},
        {"a.example", "server", "authoritativ", "--server"},
        {"https://a.example/", "method", "get", "--method"},
        {"https://a.example/", "method", "", "--method"},
        {"https://a.example/", "header", "no colon", "--header"},
        {"https://a.example/", "header", "a b: c", "--header"},
        {"https://a.example/", "header", "a: b\r\nc: d", "--header"},
        {"https://a.example/", "expect-status", "200,teapot", "teapot"},
        {"https://a.example/", "expect-status", "200,", "not a status"},
        {"https://a.example/", "expect-body", "(", "--expect-body"},
        {"a.example", "expect-body", "x", "is for kind http"},
        {"https://a.example/", "expect", "192.0.2.1", "is for kind dns"},
        {"a.example", "expect", "not an address", "--expect"},
        {"https://", NULL, NULL, "no valid host"},
        {"https://a.example:99999/", NULL, NULL, "no valid host and port"},
        {"http://a.example:0/", NULL, NULL, "no valid host and port"},
        {"https://me:secret@a.example/", NULL, NULL, "user or password"},
        {"https://a .example/", NULL, NULL, "character"},
        {"tls://a.example", "kind", "http", "begins with tls://"},
        {"tls://a.example:443/path", NULL, NULL, "has no path"},
        {"a.example/path", NULL, NULL, "has no path"},
        {"a.example:443", NULL, NULL, "tls://a.example:443 connects"},
        {"tcp://:80", NULL, NULL, "names no host"},
        {"tcp://[::1]80", NULL, NULL, "no port follows"},
        {"tcp://a_.-:80", NULL, NULL, "not a host name"},
        {"tls://gr\303\274n.example", NULL, NULL, "punycode"},
        {"gr\303\274n.example", NULL, NULL, "punycode"},
        {"a..example", NULL, NULL, "is not a domain name"},
        {"https://a.example/", "type", "A", "is for kind dns"},
        {"a.example", "ca", "/dev/null", "is for kinds tls, http"},
        {"tcp://a.example:1", "insecure", "", "is for kinds tls, http"},
        {"a.example", "resolve", "a.example:1:192.0.2.1", "is for kinds tcp"},
        {"https://a.example/", "slow", "11s", "nothing would be slow"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *args = args_of(cases[i].target, cases[i].name, cases[i].value);
        struct check check;
        struct err err;

        assert_int_equal(probe_target_take(args, &check, &err), -1);
        if (strstr(err.msg, cases[i].says) == NULL)
            fail_msg("case %zu: %s", i, err.msg);
        json_decref(args);
    }
}

static void
what_is_sent_and_expected_is_as_in_a_check(void **state)
{
    json_t *args = json_pack("{s:s, s:s, s:[s,s], s:s, s:s, s:s, s:s}",
        "target", "https://a.example/", "method", "POST", "header", "A: 1",
        "B: 2", "body", "x=1", "expect-status", "200,301-302", "expect-body",
        "thank (you|s)", "expect-redirect", "https://a.example/done");
    struct check check;
    struct err err;

    (void)state;
    assert_ok(probe_target_take(args, &check, &err), err);
    assert_string_equal(check.method, "POST");
    assert_int_equal(check.headers.count, 2);
    assert_string_equal(check.headers.items[1], "B: 2");
    assert_string_equal(check.body, "x=1");
    assert_true(check_expects_status(&check, 302));
    assert_false(check_expects_status(&check, 204));
    assert_string_equal(check.expect_body, "thank (you|s)");
    assert_string_equal(check.expect_redirect, "https://a.example/done");
    check_free(&check);
    json_decref(args);
}

static void
once_is_enough_unless_more_is_asked_for(void **state)
{
    static const struct {
        const char *count, *interval;
        bool many;
        int64_t n, ms;
    } cases[] = {
        {NULL, NULL, false, 1, 1000},
        {"5", NULL, true, 5, 1000},
        {"0", "2s", true, 0, 2000},
        {NULL, "250ms", true, 0, 250},
    };
    static const char *const bad[][2] = {{"-1", NULL}, {"x", NULL}, {NULL, "5"},
        {NULL, "1ms"}, {NULL, "2h"}, {"99999999999", NULL}};
    struct probe_times times;
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *args = json_pack("{s:s*, s:s*}", "count", cases[i].count,
            "interval", cases[i].interval);

        assert_ok(probe_times_take(args, &times, &err), err);
        assert_int_equal(times.many, cases[i].many);
        assert_int_equal(times.count, cases[i].n);
        assert_int_equal(times.interval_ms, cases[i].ms);
        json_decref(args);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        json_t *args = json_pack(
            "{s:s*, s:s*}", "count", bad[i][0], "interval", bad[i][1]);

        assert_int_equal(probe_times_take(args, &times, &err), -1);
        json_decref(args);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kind_follows_from_the_target),
        cmocka_unit_test(what_makes_no_sense_is_refused_with_words),
        cmocka_unit_test(what_is_sent_and_expected_is_as_in_a_check),
        cmocka_unit_test(once_is_enough_unless_more_is_asked_for),
    };

    return cmocka_run_group_tests_name("probe_target", tests, NULL, NULL);
}
