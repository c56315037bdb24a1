#include "address.h"

#include <stdio.h>
#include <string.h>

#include "cm.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static void
hosts_are_names_and_not_mistyped_addresses(void **state)
{
    static const char *const good[] = {"a", "acme.example", "ACME.example.",
        "_dmarc.acme.example", "xn--bcher-kva.example", "1.example", "a-b.c"};
    static const char *const bad[] = {"", ".", "a..b", ".a", "-a.example",
        "a-.example", "a b", "1.2.3.4", "1.2.3.400", "123", "::1",
        "gr\xc3\xbcn.example", "a/b", "a:1",
        "0123456789012345678901234567890123456789012345678901234567890123.x"};
    char longest[300];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        if (!address_is_host(good[i]))
            fail_msg("\"%s\" was refused", good[i]);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        if (address_is_host(bad[i]))
            fail_msg("\"%s\" was taken", bad[i]);
    }
    for (size_t i = 0; i < sizeof(longest); i++)
        longest[i] = i % 2 == 0 ? 'a' : '.';
    longest[253] = '\0';
    assert_true(address_is_host(longest));
    longest[253] = '.';
    longest[255] = '\0';
    assert_false(address_is_host(longest));
}

static void
addresses_have_families(void **state)
{
    char out[ADDRESS_IP_BYTES];

    (void)state;
    assert_int_equal(address_family("192.0.2.1"), 4);
    assert_int_equal(address_family("2001:db8::1"), 6);
    assert_int_equal(address_family("[::1]"), 0);
    assert_int_equal(address_family("1.2.3"), 0);
    assert_int_equal(address_family("fe80::1%eth0"), 0);
    assert_true(address_is_loopback("127.9.9.9"));
    assert_true(address_is_loopback("::1"));
    assert_false(address_is_loopback("128.0.0.1"));
    assert_int_equal(address_put_canonical("2001:DB8:0:0::1", out), 0);
    assert_string_equal(out, "2001:db8::1");
    assert_int_equal(address_put_canonical("x", out), -1);
}

static void
link_local_addresses_are_refused_with_advice(void **state)
{
    char host[ADDRESS_HOST_BYTES];
    char server[ADDRESS_SERVER_BYTES];
    struct address_url url;
    struct err err;
    uint16_t port;

    (void)state;
    assert_true(address_is_link_local("fe80::1"));
    assert_true(address_is_link_local("FEBF::1"));
    assert_false(address_is_link_local("fec0::1"));
    assert_false(address_is_link_local("fd00::1"));
    assert_false(address_is_link_local("169.254.0.1"));
    assert_false(address_is_link_local("fe80.example"));
    assert_int_equal(address_take_url("https://[fe80::1]/", &url, &err), -1);
    assert_non_null(strstr(err.msg, "\"fe80::1\" is a link-local address"));
    assert_int_equal(
        address_take_host_port("[fe80::1]:443", host, &port, &err), -1);
    assert_non_null(strstr(err.msg, "link-local"));
    assert_int_equal(address_take_server("fe80::1#5353", server, &err), -1);
    assert_non_null(strstr(err.msg, "link-local"));
    assert_int_equal(address_check_resolve("a.example:443:fe80::1", &err), -1);
    assert_non_null(strstr(err.msg, "link-local"));
}

static void
mail_addresses_have_one_at_and_nothing_odd(void **state)
{
    static const char *const good[] = {"a@b", "on-call+x@acme.example",
        "o'neill@acme.example", "a@[192.0.2.1]", "a@[IPv6:2001:db8::1]"};
    static const char *const bad[] = {"", "a", "@b", "a@", "a@b@c", "a b@c",
        "a@b c", "<a@b>", "a@b.", "a@-b", "a,b@c", "a@b\n", "\"a\"@b",
        "a@[1.2.3]", "a@[", "a@[]", "gr\xc3\xbcn@b",
        "0123456789012345678901234567890123456789012345678901234567890123x@b"};
    char longest[300];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        if (!address_is_mail(good[i]))
            fail_msg("\"%s\" was refused", good[i]);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        if (address_is_mail(bad[i]))
            fail_msg("\"%s\" was taken", bad[i]);
    }
    memset(longest, 'a', sizeof(longest));
    longest[1] = '@';
    for (size_t i = 3; i < sizeof(longest); i += 2)
        longest[i] = '.';
    longest[255] = '\0';
    assert_false(address_is_mail(longest));
    assert_string_equal(address_mail_host("a@b.example"), "b.example");
}

static void
urls_are_taken_apart(void **state)
{
    struct address_url url;
    struct err err;

    (void)state;
    assert_ok(
        address_take_url("HTTPS://Acme.Example:8443/a?b#c", &url, &err), err);
    assert_string_equal(url.scheme, "https");
    assert_string_equal(url.host, "acme.example");
    assert_int_equal(url.port, 8443);
    assert_true(url.has_port);
    assert_string_equal(url.rest, "/a?b#c");
    assert_ok(address_take_url("http://[2001:db8::1]?x", &url, &err), err);
    assert_string_equal(url.host, "2001:db8::1");
    assert_int_equal(url.port, 80);
    assert_string_equal(url.rest, "?x");
    assert_ok(address_take_url("smtps://mail.example", &url, &err), err);
    assert_int_equal(url.port, 465);
    assert_string_equal(url.rest, "");
}

static void
what_is_no_url_is_refused(void **state)
{
    static const char *const bad[] = {"", "acme.example", "://a", "https:a",
        "https://", "https:///x", "gopher://a/", "https://a:/", "https://a:0",
        "https://a:65536", "https://a:1x", "https://a:000080", "https://[::1",
        "https://[1.2.3.4]/", "https://::1/", "https://u@a/", "https://a b/",
        "https://a/\n", "https://a/\"", "https://a\\b/", "https://a/{x}",
        "https://a..b/", "https://1.2.3/", "https://%41/", "httpsss://a/"};
    char longest[ADDRESS_URL_MAX_BYTES + 2];
    struct address_url url;
    struct err err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        if (address_take_url(bad[i], &url, &err) == 0)
            fail_msg("\"%s\" was taken", bad[i]);
    }
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    memcpy(longest, "http://h/", 9);
    assert_int_equal(address_take_url(longest, &url, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    longest[ADDRESS_URL_MAX_BYTES] = '\0';
    assert_ok(address_take_url(longest, &url, &err), err);
}

static void
servers_are_written_one_way(void **state)
{
    static const struct {
        const char *text;
        const char *out; /* NULL: refused */
    } cases[] = {
        {"192.0.2.53", "192.0.2.53"},
        {"192.0.2.53#53", "192.0.2.53"},
        {"192.0.2.53#5353", "192.0.2.53#5353"},
        {"192.0.2.53:5353", "192.0.2.53#5353"},
        {"2001:db8::53", "2001:db8::53"},
        {"2001:DB8::53#5353", "2001:db8::53#5353"},
        {"[2001:db8::53]:5353", "2001:db8::53#5353"},
        {"[2001:db8::53]", "2001:db8::53"},
        {"dns.example", NULL},
        {"dns.example:53", NULL},
        {"192.0.2.53#", NULL},
        {"192.0.2.53#0", NULL},
        {"192.0.2.53#65536", NULL},
        {"192.0.2.53#5#5", NULL},
        {"dns.example#53", NULL},
        {"#53", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char out[ADDRESS_SERVER_BYTES];
        struct err err;
        int rc = address_take_server(cases[i].text, out, &err);

        if (rc != (cases[i].out == NULL ? -1 : 0))
            fail_msg("\"%s\": %d", cases[i].text, rc);
        if (cases[i].out != NULL)
            assert_string_equal(out, cases[i].out);
    }
}

static void
overrides_have_three_parts(void **state)
{
    static const char *const good[] = {"acme.example:443:192.0.2.1",
        "acme.example:443:2001:db8::1", "acme.example:443:[2001:db8::1]"};
    static const char *const bad[] = {"", "a", "a:1", "a:1:", "a:b:192.0.2.1",
        "a:0:192.0.2.1", ":1:192.0.2.1", "a:1:b.example", "a:1:[1",
        "*:1:1.1.1"};
    struct err err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_ok(address_check_resolve(good[i], &err), err);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        if (address_check_resolve(bad[i], &err) == 0)
            fail_msg("\"%s\" was taken", bad[i]);
    }
}

static void
the_servers_of_a_zone_are_a_word_and_perhaps_a_port(void **state)
{
    (void)state;
    assert_true(address_is_authoritative("authoritative"));
    assert_true(address_is_authoritative("authoritative#5300"));
    assert_false(address_is_authoritative("authoritative#"));
    assert_false(address_is_authoritative("authoritative#0"));
    assert_false(address_is_authoritative("authoritative#65536"));
    assert_false(address_is_authoritative("authoritatively"));
    assert_false(address_is_authoritative("192.0.2.1"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_are_names_and_not_mistyped_addresses),
        cmocka_unit_test(addresses_have_families),
        cmocka_unit_test(link_local_addresses_are_refused_with_advice),
        cmocka_unit_test(mail_addresses_have_one_at_and_nothing_odd),
        cmocka_unit_test(urls_are_taken_apart),
        cmocka_unit_test(what_is_no_url_is_refused),
        cmocka_unit_test(servers_are_written_one_way),
        cmocka_unit_test(overrides_have_three_parts),
        cmocka_unit_test(the_servers_of_a_zone_are_a_word_and_perhaps_a_port),
    };

    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
