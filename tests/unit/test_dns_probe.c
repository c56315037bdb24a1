#include "dns_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "cm.h"
#include "dnsd.h"
#include "fake_loop.h"
#include "resolve.h"

#define BIT(type) (UINT32_C(1) << (type))

/* A resolver that knows who is responsible, and two who are. */
struct fixture {
    struct loop *loop;
    struct dnsd *dnsd;
    struct dnsd *auth[2];
    struct resolver *resolver;
    struct probe_env env;
    struct check check;
    struct probe_run run;
    int calls;
    struct measure seen; /* its facts are taken */
};

/* All three on one port, because that of authoritative servers is fixed. */
static void
start_servers(struct fixture *f)
{
    for (int attempt = 0; attempt < 20; attempt++) {
        f->dnsd = dnsd_new(f->loop, "127.0.0.1");
        f->auth[0] = dnsd_new_on(f->loop, "127.0.0.2", dnsd_port(f->dnsd));
        f->auth[1] = dnsd_new_on(f->loop, "127.0.0.3", dnsd_port(f->dnsd));
        if (f->auth[0] != NULL && f->auth[1] != NULL)
            return;
        dnsd_free(f->dnsd);
        dnsd_free(f->auth[0]);
        dnsd_free(f->auth[1]);
    }
    fail_msg("no port that is free on three addresses");
}

static void
fill_zones(struct fixture *f)
{
    dnsd_add(f->dnsd, "acme.example", DNS_TYPE_NS, "ns1.acme.example");
    dnsd_add(f->dnsd, "acme.example", DNS_TYPE_NS, "ns2.acme.example");
    dnsd_add(f->dnsd, "ns1.acme.example", DNS_TYPE_A, "127.0.0.2");
    dnsd_add(f->dnsd, "ns2.acme.example", DNS_TYPE_A, "127.0.0.3");
    dnsd_add(f->dnsd, "acme.example", DNS_TYPE_A, "192.0.2.7");
    dnsd_add(f->dnsd, "acme.example", DNS_TYPE_A, "192.0.2.8");
    dnsd_add(f->dnsd, "acme.example", DNS_TYPE_MX, "10 Mail.acme.example");
    dnsd_add(f->dnsd, "www.acme.example", DNS_TYPE_CNAME, "acme.example");
    dnsd_add(
        f->dnsd, "8.2.0.192.in-addr.arpa", DNS_TYPE_PTR, "www.acme.example");
    for (int i = 0; i < 2; i++) {
        dnsd_add(f->auth[i], "acme.example", DNS_TYPE_A, "192.0.2.7");
        dnsd_add(f->auth[i], "shop.acme.example", DNS_TYPE_CNAME,
            "acme.shops.example");
    }
}

static int
set_up(void **state)
{
    static struct fixture f;
    struct resolver_spec spec = {
        .resolv_conf = "/nonexistent", .hosts_file = "/nonexistent"};
    struct err err;

    f = (struct fixture){0};
    f.loop = loop_new(&err);
    start_servers(&f);
    fill_zones(&f);
    spec.loop = f.loop;
    assert_int_equal(strlist_add(&spec.servers, dnsd_name(f.dnsd)), 0);
    f.resolver = resolver_new(&spec, &err);
    strlist_free(&spec.servers);
    assert_made(f.resolver, err);
    f.env = (struct probe_env){.loop = f.loop, .resolver = f.resolver};
    check_init(&f.check);
    f.check.host = strdup("acme.example");
    f.check.timeout_ms = 10000;
    f.check.dns_types = BIT(DNS_TYPE_A) | BIT(DNS_TYPE_AAAA);
    *state = &f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    measure_free_facts(&f->seen);
    check_free(&f->check);
    resolver_free(f->resolver);
    dnsd_free(f->dnsd);
    dnsd_free(f->auth[0]);
    dnsd_free(f->auth[1]);
    loop_free(f->loop);
    return 0;
}

static void
on_done(void *ctx, struct measure *measure)
{
    struct fixture *f = ctx;

    f->calls++;
    f->seen = *measure;
    measure->facts = NULL;
}

static struct dns_probe *
start(struct fixture *f)
{
    struct err err;
    struct dns_probe *probe;

    measure_free_facts(&f->seen);
    f->calls = 0;
    probe = dns_probe_start(&f->env, &f->check, &f->run, on_done, f, &err);
    assert_made(probe, err);
    assert_int_equal(f->calls, 0);
    return probe;
}

/* Handles what has come; does not wait for what will not. */
static void
settle(struct fixture *f)
{
    int calls;

    do {
        fake_loop_fire_due(f->loop);
        calls = fake_loop_poll(f->loop);
    } while (f->calls == 0 && calls > 0);
}

static void
probe(struct fixture *f)
{
    (void)start(f);
    fake_loop_fire_due(f->loop);
    while (f->calls == 0 && fake_loop_pump(f->loop) > 0)
        fake_loop_fire_due(f->loop);
    assert_int_equal(f->calls, 1);
}

static void
set_host(struct fixture *f, const char *host)
{
    free(f->check.host);
    f->check.host = strdup(host);
}

static void
set_server(struct fixture *f, const char *server)
{
    free(f->check.server);
    f->check.server = strdup(server);
}

static void
ask_authorities(struct fixture *f)
{
    char server[32];

    (void)snprintf(
        server, sizeof(server), "authoritative#%d", dnsd_port(f->dnsd));
    set_server(f, server);
}

static void
expect(struct fixture *f, const char *data)
{
    assert_int_equal(strlist_add(&f->check.expect_answers, data), 0);
}

static void
a_name_with_one_of_the_types_is_up(void **state)
{
    struct fixture *f = *state;

    probe(f);
    assert_int_equal(f->seen.status, MEASURE_UP);
    assert_int_equal(f->seen.reason, REASON_NONE);
    assert_int_equal(f->seen.family, FAMILY_V4);
    assert_int_equal(f->seen.phase_us[PHASE_DNS], 0);
    assert_int_equal(f->seen.phase_us[PHASE_TOTAL], 0);
    assert_string_equal(f->seen.facts->dns->server, dnsd_name(f->dnsd));
    assert_string_equal(f->seen.facts->dns->rcode, "NOERROR");
    assert_string_equal(f->seen.facts->dns->transport, "udp");
    assert_int_equal(f->seen.facts->dns->answer_count, 2);
    assert_string_equal(f->seen.facts->dns->answers[0].name, "acme.example.");
    assert_string_equal(f->seen.facts->dns->answers[0].data, "192.0.2.7");
    assert_int_equal(f->seen.facts->dns->answers[0].ttl_s, 300);
    assert_string_equal(f->seen.facts->ip, "127.0.0.1");
}

static void
no_data_of_any_type_is_down(void **state)
{
    struct fixture *f = *state;

    f->check.dns_types = BIT(DNS_TYPE_TXT);
    probe(f);
    assert_int_equal(f->seen.status, MEASURE_DOWN);
    assert_int_equal(f->seen.reason, REASON_DNS_NODATA);
    assert_int_equal(f->seen.failed_phase, PHASE_DNS);
    assert_string_equal(f->seen.facts->dns->rcode, "NOERROR");
}

static void
each_rcode_has_its_reason(void **state)
{
    struct fixture *f = *state;

    set_host(f, "gone.example");
    probe(f);
    assert_int_equal(f->seen.reason, REASON_DNS_NXDOMAIN);
    assert_string_equal(f->seen.facts->dns->rcode, "NXDOMAIN");
    set_host(f, "acme.example");
    dnsd_set_mood(f->dnsd, DNSD_SERVFAIL);
    probe(f);
    assert_int_equal(f->seen.reason, REASON_DNS_SERVFAIL);
    dnsd_set_mood(f->dnsd, DNSD_REFUSED);
    probe(f);
    assert_int_equal(f->seen.status, MEASURE_DOWN);
    assert_int_equal(f->seen.reason, REASON_DNS_REFUSED);
}

static void
one_type_that_fails_is_down_though_another_has_answers(void **state)
{
    struct fixture *f = *state;

    dnsd_set_mood_for(f->dnsd, DNS_TYPE_AAAA, DNSD_SERVFAIL);
    probe(f);
    assert_int_equal(f->seen.status, MEASURE_DOWN);
    assert_int_equal(f->seen.reason, REASON_DNS_SERVFAIL);
}

static void
silence_is_down_at_the_timeout(void **state)
{
    struct fixture *f = *state;

    dnsd_set_mood(f->dnsd, DNSD_SILENT);
    (void)start(f);
    fake_loop_advance_ns(f->loop, 10 * NS_PER_SEC - 1);
    assert_int_equal(f->calls, 0);
    fake_loop_advance_ns(f->loop, 1);
    assert_int_equal(f->calls, 1);
    assert_int_equal(f->seen.reason, REASON_DNS_TIMEOUT);
    assert_int_equal(f->seen.phase_us[PHASE_DNS], PHASE_NOT_REACHED);
    assert_int_equal(f->seen.phase_us[PHASE_TOTAL], 10000000);
    assert_string_equal(
        f->seen.facts->detail, "no answer to 2 tries within 10000 ms");
    assert_string_equal(f->seen.facts->dns->rcode, "");
}

static void
a_lost_answer_is_asked_for_again(void **state)
{
    struct fixture *f = *state;

    dnsd_set_mood(f->dnsd, DNSD_SILENT);
    (void)start(f);
    settle(f);
    dnsd_set_mood(f->dnsd, DNSD_ANSWERS);
    fake_loop_advance_ns(f->loop, 5 * NS_PER_SEC);
    settle(f);
    assert_int_equal(f->calls, 1);
    assert_int_equal(f->seen.status, MEASURE_UP);
    assert_in_range(f->seen.phase_us[PHASE_DNS], 4900000, 5000000);
}

static void
exactly_the_expected_answers_are_up(void **state)
{
    struct fixture *f = *state;

    expect(f, "192.0.2.8");
    expect(f, "192.0.2.7");
    probe(f);
    assert_int_equal(f->seen.status, MEASURE_UP);
    /* Names in any case, with and without the last dot. */
    strlist_free(&f->check.expect_answers);
    f->check.dns_types = BIT(DNS_TYPE_MX);
    expect(f, "10 mail.ACME.example.");
    probe(f);
    assert_int_equal(f->seen.status, MEASURE_UP);
}

static void
one_answer_too_few_or_too_many_is_a_mismatch(void **state)
{
    struct fixture *f = *state;

    expect(f, "192.0.2.7");
    probe(f);
    assert_int_equal(f->seen.status, MEASURE_DOWN);
    assert_int_equal(f->seen.reason, REASON_DNS_MISMATCH);
    assert_string_equal(f->seen.facts->detail, "unexpected answer A 192.0.2.8");
    expect(f, "192.0.2.8");
    expect(f, "192.0.2.9");
    probe(f);
    assert_int_equal(f->seen.reason, REASON_DNS_MISMATCH);
    assert_string_equal(f->seen.facts->detail,
        "expected 192.0.2.9 is not among the answers: 192.0.2.7, 192.0.2.8");
}

static void
add_many(struct dnsd *dnsd, int from, int step, int count)
{
    char data[32];

    for (int i = 0; i < count; i++) {
        (void)snprintf(data, sizeof(data), "198.51.100.%d", from + step * i);
        dnsd_add(dnsd, "many.example", DNS_TYPE_A, data);
    }
}

static void
all_of_many_answers_are_compared_with_the_expected(void **state)
{
    struct fixture *f = *state;
    char data[32];

    set_host(f, "many.example");
    f->check.dns_types = BIT(DNS_TYPE_A);
    add_many(f->dnsd, 100, -1, 100);
    for (int i = 100; i > 1; i--) {
        (void)snprintf(data, sizeof(data), "198.51.100.%d", i);
        expect(f, data);
    }
    probe(f);
    assert_int_equal(f->seen.reason, REASON_DNS_MISMATCH);
    assert_string_equal(
        f->seen.facts->detail, "unexpected answer A 198.51.100.1");
    expect(f, "198.51.100.1");
    probe(f);
    assert_int_equal(f->seen.status, MEASURE_UP);
    assert_string_equal(f->seen.facts->detail, "");
}

/* A server that rotates must not look as if it had other answers each time. */
static void
of_too_many_answers_the_same_are_kept_and_the_rest_counted(void **state)
{
    struct fixture *f = *state;
    const struct dns_facts *dns;

    set_host(f, "also.many.example");
    f->check.dns_types = BIT(DNS_TYPE_A);
    dnsd_add(f->dnsd, "also.many.example", DNS_TYPE_CNAME, "many.example");
    add_many(f->dnsd, 70, -1, 70);
    probe(f);
    dns = f->seen.facts->dns;
    assert_int_equal(f->seen.status, MEASURE_UP);
    assert_int_equal(dns->answer_count, FACTS_ANSWERS_MAX);
    assert_int_equal(dns->left_out, 7);
    assert_string_equal(dns->answers[0].data, "many.example.");
    assert_string_equal(dns->answers[1].data, "198.51.100.63");
    assert_string_equal(dns->answers[63].data, "198.51.100.1");
}

static void
a_cname_is_followed_to_the_expected_address(void **state)
{
    struct fixture *f = *state;

    set_host(f, "www.acme.example");
    expect(f, "192.0.2.8");
    expect(f, "192.0.2.7");
    probe(f);
    assert_int_equal(f->seen.status, MEASURE_UP);
    /* The CNAME, which stands before A and AAAA alike, and two addresses. */
    assert_int_equal(f->seen.facts->dns->answer_count, 3);
}

static void
the_name_of_an_address_is_asked_for_in_reverse(void **state)
{
    struct fixture *f = *state;

    set_host(f, "192.0.2.8");
    f->check.dns_types = BIT(DNS_TYPE_PTR);
    expect(f, "www.acme.example");
    probe(f);
    assert_int_equal(f->seen.status, MEASURE_UP);
}

static void
above_the_limit_it_is_slow(void **state)
{
    struct fixture *f = *state;

    f->check.slow_ms = 1000;
    (void)start(f);
    fake_loop_advance_ns(f->loop, 1500 * NS_PER_MS);
    settle(f);
    assert_int_equal(f->seen.status, MEASURE_SLOW);
}

static void
the_leg_of_a_family_without_a_server_is_an_error(void **state)
{
    struct fixture *f = *state;

    f->run.family = CHECK_FAMILY_6;
    probe(f);
    assert_int_equal(f->seen.status, MEASURE_ERROR);
    assert_int_equal(f->seen.reason, REASON_AGENT_NO_ROUTE);
    assert_int_equal(f->seen.family, FAMILY_V6);
}

static void
a_server_that_is_no_address_is_an_error_not_a_down(void **state)
{
    struct fixture *f = *state;

    set_server(f, "one.example");
    probe(f);
    assert_int_equal(f->seen.status, MEASURE_ERROR);
    assert_int_equal(f->seen.reason, REASON_AGENT_SKIPPED);
}

static void
every_authoritative_server_is_asked_without_recursion(void **state)
{
    struct fixture *f = *state;

    ask_authorities(f);
    probe(f);
    assert_int_equal(f->seen.status, MEASURE_UP);
    assert_string_equal(f->seen.facts->detail, "");
    assert_int_equal(dnsd_asked(f->auth[0]), 3); /* the zone's SOA too */
    assert_int_equal(dnsd_asked(f->auth[1]), 3);
    assert_false(dnsd_saw_rd(f->auth[0]));
    assert_true(dnsd_saw_rd(f->dnsd));
}

static void
the_zone_is_found_by_walking_up(void **state)
{
    struct fixture *f = *state;

    set_host(f, "shop.acme.example");
    ask_authorities(f);
    probe(f);
    /* The CNAME that leads out of the zone is its answer. */
    assert_int_equal(f->seen.status, MEASURE_UP);
    expect(f, "acme.shops.example");
    probe(f);
    assert_int_equal(f->seen.status, MEASURE_UP);
}

static void
one_authoritative_server_that_fails_is_told_and_not_down(void **state)
{
    struct fixture *f = *state;

    ask_authorities(f);
    dnsd_set_mood(f->auth[1], DNSD_REFUSED);
    probe(f);
    assert_int_equal(f->seen.status, MEASURE_SLOW);
    assert_int_equal(f->seen.reason, REASON_DNS_MISMATCH);
    assert_int_equal(f->seen.failed_phase, -1);
    assert_non_null(strstr(f->seen.facts->detail, "ns2.acme.example. (127.0"));
    assert_non_null(
        strstr(f->seen.facts->detail, "the server answers REFUSED"));
    dnsd_set_mood(f->auth[0], DNSD_SERVFAIL);
    probe(f);
    assert_int_equal(f->seen.status, MEASURE_DOWN);
}

static void
one_authoritative_server_that_disagrees_is_told(void **state)
{
    struct fixture *f = *state;

    dnsd_add(f->auth[1], "acme.example", DNS_TYPE_A, "192.0.2.66");
    ask_authorities(f);
    probe(f);
    assert_int_equal(f->seen.status, MEASURE_SLOW);
    assert_int_equal(f->seen.reason, REASON_DNS_MISMATCH);
    assert_non_null(
        strstr(f->seen.facts->detail, "other answers than ns1.acme.example."));
    assert_int_equal(f->seen.facts->dns->server_count, 2);
    assert_true(f->seen.facts->dns->servers[0].answers_hash !=
                f->seen.facts->dns->servers[1].answers_hash);
    expect(f, "192.0.2.7");
    probe(f);
    assert_int_equal(f->seen.status, MEASURE_DOWN);
    assert_int_equal(f->seen.reason, REASON_DNS_MISMATCH);
    assert_non_null(strstr(f->seen.facts->detail, "192.0.2.66"));
}

static void
many_answers_in_another_order_are_no_disagreement(void **state)
{
    struct fixture *f = *state;

    set_host(f, "many.example");
    f->check.dns_types = BIT(DNS_TYPE_A);
    dnsd_add(f->dnsd, "many.example", DNS_TYPE_NS, "ns1.acme.example");
    dnsd_add(f->dnsd, "many.example", DNS_TYPE_NS, "ns2.acme.example");
    add_many(f->auth[0], 1, 1, 100);
    add_many(f->auth[1], 100, -1, 100);
    ask_authorities(f);
    probe(f);
    assert_string_equal(f->seen.facts->detail, "");
    assert_int_equal(f->seen.status, MEASURE_UP);
    assert_int_equal(f->seen.facts->dns->left_out, 36);
    /* The last of them makes the difference. */
    add_many(f->auth[1], 200, 1, 1);
    probe(f);
    assert_int_equal(f->seen.reason, REASON_DNS_MISMATCH);
    assert_non_null(strstr(f->seen.facts->detail, "other answers than ns1"));
}

static void
one_authoritative_server_that_is_silent_is_told_and_no_more(void **state)
{
    struct fixture *f = *state;

    ask_authorities(f);
    dnsd_set_mood(f->auth[1], DNSD_SILENT);
    (void)start(f);
    while (f->calls == 0 && fake_loop_timer_count(f->loop) > 0) {
        settle(f);
        fake_loop_advance_ns(f->loop, NS_PER_SEC);
    }
    assert_int_equal(f->seen.status, MEASURE_UP);
    assert_int_equal(f->seen.reason, REASON_NONE);
    assert_non_null(strstr(f->seen.facts->detail, "ns2.acme.example. (127.0"));
    assert_non_null(
        strstr(f->seen.facts->detail, "no answer to 2 tries within 10000 ms"));
    assert_int_equal(f->seen.facts->dns->servers[1].elapsed_us, -1);
    assert_int_equal(f->seen.facts->dns->servers[1].reason, REASON_DNS_TIMEOUT);
}

static void
a_lame_server_disagrees(void **state)
{
    struct fixture *f = *state;

    ask_authorities(f);
    dnsd_set_mood(f->auth[0], DNSD_LAME);
    probe(f);
    assert_int_equal(f->seen.status, MEASURE_SLOW);
    assert_int_equal(f->seen.reason, REASON_DNS_MISMATCH);
    assert_non_null(strstr(f->seen.facts->detail, "lame"));
    dnsd_set_mood(f->auth[1], DNSD_LAME);
    probe(f);
    assert_int_equal(f->seen.status, MEASURE_DOWN);
    assert_int_equal(f->seen.reason, REASON_DNS_SERVFAIL);
}

static void
a_secondary_that_lags_is_told_with_both_serials(void **state)
{
    struct fixture *f = *state;
    const struct dns_server_fact *servers;

    /* Around the end of the numbers: 1 is newer than 4294967295. */
    dnsd_add(f->auth[0], "acme.example", DNS_TYPE_SOA,
        "ns1.acme.example h.acme.example 4294967295 2 3 4 5");
    dnsd_add(f->auth[1], "acme.example", DNS_TYPE_SOA,
        "ns1.acme.example h.acme.example 1 2 3 4 5");
    ask_authorities(f);
    probe(f);
    assert_int_equal(f->seen.status, MEASURE_SLOW);
    assert_int_equal(f->seen.reason, REASON_DNS_MISMATCH);
    assert_non_null(strstr(
        f->seen.facts->detail, "serial 4294967295, ns2.acme.example. has 1"));
    servers = f->seen.facts->dns->servers;
    assert_true(servers[0].has_serial);
    assert_int_equal(servers[1].serial, 1);
    assert_int_equal(servers[0].reason, REASON_NONE);
    assert_true(servers[0].answers_hash == servers[1].answers_hash);
}

static void
a_domain_that_is_not_delegated_does_not_exist(void **state)
{
    struct fixture *f = *state;

    set_host(f, "www.gone.example");
    ask_authorities(f);
    probe(f);
    assert_int_equal(f->seen.status, MEASURE_DOWN);
    assert_int_equal(f->seen.reason, REASON_DNS_NXDOMAIN);
}

static void
after_cancel_nothing_comes(void **state)
{
    struct fixture *f = *state;

    dns_probe_cancel(start(f));
    ask_authorities(f);
    for (int steps = 0; steps < 8; steps++) {
        struct dns_probe *started = start(f);

        for (int i = 0; i < steps; i++)
            (void)fake_loop_poll(f->loop);
        if (f->calls == 0)
            dns_probe_cancel(started);
        assert_int_equal(fake_loop_timer_count(f->loop), 0);
    }
}

#define story(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        story(a_name_with_one_of_the_types_is_up),
        story(no_data_of_any_type_is_down),
        story(each_rcode_has_its_reason),
        story(one_type_that_fails_is_down_though_another_has_answers),
        story(silence_is_down_at_the_timeout),
        story(a_lost_answer_is_asked_for_again),
        story(exactly_the_expected_answers_are_up),
        story(one_answer_too_few_or_too_many_is_a_mismatch),
        story(all_of_many_answers_are_compared_with_the_expected),
        story(of_too_many_answers_the_same_are_kept_and_the_rest_counted),
        story(a_cname_is_followed_to_the_expected_address),
        story(the_name_of_an_address_is_asked_for_in_reverse),
        story(above_the_limit_it_is_slow),
        story(the_leg_of_a_family_without_a_server_is_an_error),
        story(a_server_that_is_no_address_is_an_error_not_a_down),
        story(every_authoritative_server_is_asked_without_recursion),
        story(the_zone_is_found_by_walking_up),
        story(one_authoritative_server_that_fails_is_told_and_not_down),
        story(one_authoritative_server_that_disagrees_is_told),
        story(many_answers_in_another_order_are_no_disagreement),
        story(one_authoritative_server_that_is_silent_is_told_and_no_more),
        story(a_lame_server_disagrees),
        story(a_secondary_that_lags_is_told_with_both_serials),
        story(a_domain_that_is_not_delegated_does_not_exist),
        story(after_cancel_nothing_comes),
    };

    return cmocka_run_group_tests_name("dns_probe", tests, NULL, NULL);
}
