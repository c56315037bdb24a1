#include "resolve.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "cm.h"
#include "dial.h"
#include "dns_conf.h"
#include "dns_lookup.h"
#include "dnsd.h"
#include "fake_loop.h"

struct fixture {
    struct loop *loop;
    struct dnsd *first;
    struct dnsd *second;
    struct resolver *resolver;
    struct strlist overrides;
    struct resolve_query query;
    char conf_path[64];
    char hosts_path[64];
    int calls;
    struct resolve_answer seen;
};

static void
write_file(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static int
set_up(void **state)
{
    static struct fixture f;
    char conf[256];
    struct err err;
    int fd;

    f = (struct fixture){.conf_path = "/tmp/leadline-conf-XXXXXX",
        .hosts_path = "/tmp/leadline-hosts-XXXXXX"};
    fd = mkstemp(f.conf_path);
    (void)close(fd);
    fd = mkstemp(f.hosts_path);
    (void)close(fd);
    f.loop = loop_new(&err);
    f.first = dnsd_new(f.loop, "127.0.0.1");
    f.second = dnsd_new(f.loop, "127.0.0.1");
    /* Servers with ports: our extension of the format. */
    (void)snprintf(conf, sizeof(conf),
        "# comment\nnameserver %s\nnameserver %s\nsearch acme.example\n",
        dnsd_name(f.first), dnsd_name(f.second));
    write_file(f.conf_path, conf);
    write_file(f.hosts_path, "127.0.0.9  listed.example other # no.example\n"
                             "::1 listed.example\n");
    f.resolver = resolver_new(&(struct resolver_spec){.loop = f.loop,
                                  .resolv_conf = f.conf_path,
                                  .hosts_file = f.hosts_path},
        &err);
    assert_made(f.resolver, err);
    f.query = (struct resolve_query){.host = "www.acme.example",
        .port = 443,
        .overrides = &f.overrides,
        .timeout_ns = 10 * NS_PER_SEC};
    dnsd_add(f.first, "www.acme.example", DNS_TYPE_A, "127.0.0.7");
    dnsd_add(f.second, "www.acme.example", DNS_TYPE_A, "127.0.0.8");
    *state = &f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    resolver_free(f->resolver);
    dnsd_free(f->first);
    dnsd_free(f->second);
    strlist_free(&f->overrides);
    loop_free(f->loop);
    (void)unlink(f->conf_path);
    (void)unlink(f->hosts_path);
    return 0;
}

static void
on_done(void *ctx, const struct resolve_answer *answer)
{
    struct fixture *f = ctx;

    f->calls++;
    f->seen = *answer;
}

static struct resolve *
start(struct fixture *f)
{
    struct err err;
    struct resolve *resolve;

    f->calls = 0;
    resolve = resolve_start(f->resolver, &f->query, on_done, f, &err);
    assert_made(resolve, err);
    assert_int_equal(f->calls, 0);
    return resolve;
}

static void
pump(struct fixture *f)
{
    fake_loop_fire_due(f->loop);
    while (f->calls == 0 && fake_loop_pump(f->loop) > 0)
        fake_loop_fire_due(f->loop);
}

static void
resolve(struct fixture *f)
{
    (void)start(f);
    pump(f);
    assert_int_equal(f->calls, 1);
}

static const char *
seen_ip(const struct fixture *f, size_t i)
{
    static char ip[MEASURE_IP_BYTES];

    assert_true(i < f->seen.addr_count);
    dial_put_address(&f->seen.addrs[i], ip);
    return ip;
}

static void
a_name_is_asked_of_the_first_server(void **state)
{
    struct fixture *f = *state;

    resolve(f);
    assert_int_equal(f->seen.reason, REASON_NONE);
    assert_true(f->seen.asked);
    assert_int_equal(f->seen.addr_count, 1);
    assert_string_equal(seen_ip(f, 0), "127.0.0.7");
    assert_int_equal(dial_port(&f->seen.addrs[0]), 443);
    assert_int_equal(dnsd_asked(f->first), 2); /* A and AAAA */
    assert_int_equal(dnsd_asked(f->second), 0);
}

static void
a_literal_is_not_asked_for(void **state)
{
    struct fixture *f = *state;

    f->query.host = "[::1]";
    resolve(f);
    assert_false(f->seen.asked);
    assert_string_equal(seen_ip(f, 0), "::1");
    f->query.host = "127.0.0.3";
    resolve(f);
    assert_string_equal(seen_ip(f, 0), "127.0.0.3");
    f->query.family = CHECK_FAMILY_6;
    resolve(f);
    assert_int_equal(f->seen.reason, REASON_DNS_NODATA);
}

static void
an_override_goes_before_dns_for_its_port_only(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(
        strlist_add(&f->overrides, "WWW.acme.example:443:[::1]"), 0);
    resolve(f);
    assert_false(f->seen.asked);
    assert_string_equal(seen_ip(f, 0), "::1");
    f->query.port = 4430;
    resolve(f);
    assert_true(f->seen.asked);
}

static void
the_hosts_file_goes_before_dns_and_is_read_again(void **state)
{
    struct fixture *f = *state;

    f->query.host = "listed.example";
    f->query.family = CHECK_FAMILY_4;
    resolve(f);
    assert_false(f->seen.asked);
    assert_int_equal(f->seen.addr_count, 1);
    assert_string_equal(seen_ip(f, 0), "127.0.0.9");
    write_file(f->hosts_path, "127.0.0.10 listed.example listed\n");
    resolve(f);
    assert_string_equal(seen_ip(f, 0), "127.0.0.10");
    f->query.host = "no.example";
    resolve(f);
    assert_true(f->seen.asked);
}

static void
a_failing_server_gives_way_to_the_next(void **state)
{
    struct fixture *f = *state;

    dnsd_set_mood(f->first, DNSD_SERVFAIL);
    resolve(f);
    assert_int_equal(f->seen.reason, REASON_NONE);
    assert_string_equal(seen_ip(f, 0), "127.0.0.8");
}

static void
a_silent_server_gives_way_after_its_share_of_the_time(void **state)
{
    struct fixture *f = *state;

    dnsd_set_mood(f->first, DNSD_SILENT);
    (void)start(f);
    while (fake_loop_poll(f->loop) > 0) {
    }
    /* 40 % of ten, for two servers twice */
    fake_loop_advance_ns(f->loop, NS_PER_SEC);
    assert_int_equal(f->calls, 0);
    pump(f);
    assert_int_equal(f->seen.reason, REASON_NONE);
    assert_string_equal(seen_ip(f, 0), "127.0.0.8");
    assert_in_range(f->seen.elapsed_us, 900000, 1000000);
}

static void
silence_of_all_takes_forty_percent_of_the_time(void **state)
{
    struct fixture *f = *state;
    char words[128];

    dnsd_set_mood(f->first, DNSD_SILENT);
    dnsd_set_mood(f->second, DNSD_SILENT);
    (void)start(f);
    fake_loop_advance_ns(f->loop, 4 * NS_PER_SEC - 1);
    assert_int_equal(f->calls, 0);
    fake_loop_advance_ns(f->loop, 1);
    assert_int_equal(f->calls, 1);
    assert_int_equal(f->seen.reason, REASON_DNS_TIMEOUT);
    assert_int_equal(f->seen.elapsed_us, 4000000);
    (void)snprintf(words, sizeof(words),
        "no resolver answers within 4000 ms: %s, %s", dnsd_name(f->first),
        dnsd_name(f->second));
    assert_string_equal(f->seen.detail, words);
}

static void
the_failure_names_the_resolver(void **state)
{
    struct fixture *f = *state;
    char words[128];

    f->query.server = dnsd_name(f->second);
    dnsd_set_mood(f->second, DNSD_REFUSED);
    resolve(f);
    assert_int_equal(f->seen.reason, REASON_DNS_REFUSED);
    (void)snprintf(words, sizeof(words),
        "resolver %s: the server answers REFUSED", dnsd_name(f->second));
    assert_string_equal(f->seen.detail, words);
}

static void
servfail_of_all_is_told_at_once(void **state)
{
    struct fixture *f = *state;

    dnsd_set_mood(f->first, DNSD_SERVFAIL);
    dnsd_set_mood(f->second, DNSD_SERVFAIL);
    resolve(f);
    assert_int_equal(f->seen.reason, REASON_DNS_SERVFAIL);
    assert_int_equal(dnsd_asked(f->first), 2);
}

static void
one_type_that_fails_does_not_hide_the_other(void **state)
{
    struct fixture *f = *state;

    dnsd_set_mood_for(f->first, DNS_TYPE_AAAA, DNSD_SERVFAIL);
    resolve(f);
    assert_int_equal(f->seen.reason, REASON_NONE);
    assert_string_equal(seen_ip(f, 0), "127.0.0.7");
}

static void
a_short_name_is_found_by_the_search_list(void **state)
{
    struct fixture *f = *state;

    f->query.host = "www";
    resolve(f);
    assert_int_equal(f->seen.reason, REASON_NONE);
    assert_string_equal(seen_ip(f, 0), "127.0.0.7");
    f->query.host = "gone.example";
    resolve(f);
    assert_int_equal(f->seen.reason, REASON_DNS_NXDOMAIN);
}

static void
the_check_may_name_its_server(void **state)
{
    struct fixture *f = *state;

    f->query.server = dnsd_name(f->second);
    resolve(f);
    assert_string_equal(seen_ip(f, 0), "127.0.0.8");
    f->query.server = "not an address";
    resolve(f);
    assert_int_equal(f->seen.reason, REASON_AGENT_SKIPPED);
}

static void
a_name_that_cannot_be_does_not_exist(void **state)
{
    struct fixture *f = *state;

    f->query.host = "a..example";
    resolve(f);
    assert_int_equal(f->seen.reason, REASON_DNS_NXDOMAIN);
    assert_false(f->seen.asked);
}

static void
ipv6_stands_before_ipv4_where_both_can_be_reached(void **state)
{
    struct fixture *f = *state;

    dnsd_add(f->first, "both.example", DNS_TYPE_A, "127.0.0.1");
    dnsd_add(f->first, "both.example", DNS_TYPE_AAAA, "::1");
    f->query.host = "both.example";
    resolve(f);
    assert_int_equal(f->seen.addr_count, 2);
    assert_string_equal(seen_ip(f, 0), "::1");
    assert_string_equal(seen_ip(f, 1), "127.0.0.1");
    f->query.family = CHECK_FAMILY_4;
    resolve(f);
    assert_int_equal(f->seen.addr_count, 1);
    assert_string_equal(seen_ip(f, 0), "127.0.0.1");
}

static void
after_cancel_nothing_comes(void **state)
{
    struct fixture *f = *state;

    resolve_cancel(start(f));
    (void)fake_loop_poll(f->loop);
    fake_loop_advance_ns(f->loop, 2 * f->query.timeout_ns);
    assert_int_equal(f->calls, 0);
}

static void
resolv_conf_is_read_as_libc_reads_it(void **state)
{
    struct dns_conf conf;
    char server[DNS_SERVER_TEXT_BYTES];

    (void)state;
    dns_conf_take("; comment\nnameserver 192.0.2.1\r\nnameserver junk\n"
                  "nameserver 2001:db8::1 # here\nsearch a.example\n"
                  "search b.example c.example ..bad\n"
                  "options ndots:2 timeout:3 attempts:1 rotate ndots:x\n"
                  "sortlist 1.2.3.4",
        &conf);
    assert_int_equal(conf.servers.count, 2);
    dns_server_put(&conf.servers.items[1], server);
    assert_string_equal(server, "2001:db8::1");
    assert_int_equal(conf.search_count, 2);
    assert_string_equal(conf.search[0], "b.example");
    assert_int_equal(conf.ndots, 2);
    assert_int_equal(conf.timeout_ns, 3 * NS_PER_SEC);
    assert_int_equal(conf.attempts, 1);
    dns_conf_take("", &conf);
    assert_int_equal(conf.servers.count, 1);
    dns_server_put(&conf.servers.items[0], server);
    assert_string_equal(server, "127.0.0.1");
}

static void
a_server_is_an_address_and_perhaps_a_port(void **state)
{
    static const char *const bad[] = {"", "a.example", "192.0.2.1#",
        "192.0.2.1#0", "192.0.2.1#70000", "192.0.2.1:53", "#53"};
    struct dns_server server;
    char text[DNS_SERVER_TEXT_BYTES];
    struct err err;

    (void)state;
    assert_ok(dns_server_take("[2001:db8::1]#5300", &server, &err), err);
    dns_server_put(&server, text);
    assert_string_equal(text, "2001:db8::1#5300");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(dns_server_take(bad[i], &server, &err), -1);
}

static void
finding_an_address_may_take_forty_percent_but_two_seconds_at_least(void **state)
{
    (void)state;
    assert_int_equal(dns_lookup_share_ns(10 * NS_PER_SEC), 4 * NS_PER_SEC);
    assert_int_equal(dns_lookup_share_ns(4 * NS_PER_SEC), 2 * NS_PER_SEC);
    assert_int_equal(dns_lookup_share_ns(NS_PER_SEC), NS_PER_SEC);
}

static void
each_server_has_time_to_be_asked_twice(void **state)
{
    struct dns_servers servers = {.count = 1};

    (void)state;
    assert_int_equal(
        dns_lookup_try_ns(4 * NS_PER_SEC, &servers, 0), 2 * NS_PER_SEC);
    assert_int_equal(
        dns_lookup_try_ns(4 * NS_PER_SEC, &servers, NS_PER_SEC), NS_PER_SEC);
    servers.count = 8;
    assert_int_equal(
        dns_lookup_try_ns(4 * NS_PER_SEC, &servers, 0), 500 * NS_PER_MS);
}

#define story(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        story(a_name_is_asked_of_the_first_server),
        story(a_literal_is_not_asked_for),
        story(an_override_goes_before_dns_for_its_port_only),
        story(the_hosts_file_goes_before_dns_and_is_read_again),
        story(a_failing_server_gives_way_to_the_next),
        story(a_silent_server_gives_way_after_its_share_of_the_time),
        story(silence_of_all_takes_forty_percent_of_the_time),
        story(the_failure_names_the_resolver),
        story(servfail_of_all_is_told_at_once),
        story(one_type_that_fails_does_not_hide_the_other),
        story(a_short_name_is_found_by_the_search_list),
        story(the_check_may_name_its_server),
        story(a_name_that_cannot_be_does_not_exist),
        story(ipv6_stands_before_ipv4_where_both_can_be_reached),
        story(after_cancel_nothing_comes),
        cmocka_unit_test(resolv_conf_is_read_as_libc_reads_it),
        cmocka_unit_test(a_server_is_an_address_and_perhaps_a_port),
        cmocka_unit_test(
            finding_an_address_may_take_forty_percent_but_two_seconds_at_least),
        cmocka_unit_test(each_server_has_time_to_be_asked_twice),
    };

    return cmocka_run_group_tests_name("resolve", tests, NULL, NULL);
}
