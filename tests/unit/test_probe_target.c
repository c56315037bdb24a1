#include "probe_target.h"

#include <string.h>

#include "cm.h"

static json_t *
args_of(const char *target, const char *name, const char *value)
{
    json_t *args = json_pack("{s:s}", "target", target);

    if (name != NULL)
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
        {"acme.example", "kind", "page", "this version has"},
        {"acme.example", "type", "NAPTR", "one of A AAAA"},
        {"https://a.example/", "timeout", "10", "needs a unit"},
        {"https://a.example/", "timeout", "10ms", "out of range"},
        {"https://a.example/", "family", "5", "one of 4, 6, both"},
        {"https://a.example/", "resolve", "a:b", "--resolve"},
        {"tls://a.example:25", "starttls", "lmtp", "one of smtp, imap"},
        {"tls://a.example:25", "starttls", "by port", "one of smtp, imap"},
        {"https://a.example/", "starttls", "smtp", "for kind tls"},
        {"https://a.example/", "ca", "/dev/null", "not a PEM file"},
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kind_follows_from_the_target),
        cmocka_unit_test(what_makes_no_sense_is_refused_with_words),
    };

    return cmocka_run_group_tests_name("probe_target", tests, NULL, NULL);
}
