#include "dns_query.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "cm.h"
#include "dial.h"
#include "dns_conf.h"
#include "dnsd.h"
#include "fake_loop.h"

struct fixture {
    struct loop *loop;
    struct dnsd *dnsd;
    struct dns_query_spec spec;
    int calls;
    struct dns_result seen; /* its answer is taken */
};

static int
set_up(void **state)
{
    static struct fixture f;
    struct dns_server server;
    struct err err;

    f = (struct fixture){0};
    f.loop = loop_new(&err);
    f.dnsd = dnsd_new(f.loop, "127.0.0.1");
    dnsd_add(f.dnsd, "acme.example", DNS_TYPE_A, "192.0.2.7");
    dnsd_add(f.dnsd, "www.acme.example", DNS_TYPE_CNAME, "acme.example");
    assert_ok(dns_server_take(dnsd_name(f.dnsd), &server, &err), err);
    f.spec = (struct dns_query_spec){
        .server = server.addr,
        .server_len = server.addr_len,
        .question = {.name = "acme.example",
            .type = DNS_TYPE_A,
            .recurse = true},
        .timeout_ns = 5 * NS_PER_SEC,
    };
    *state = &f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    dns_answer_free(&f->seen.answer);
    dnsd_free(f->dnsd);
    loop_free(f->loop);
    return 0;
}

static void
on_done(void *ctx, struct dns_result *result)
{
    struct fixture *f = ctx;

    f->calls++;
    f->seen = *result;
    result->answer = (struct dns_answer){0};
}

static struct dns_query *
start(struct fixture *f)
{
    struct err err;
    struct dns_query *query =
        dns_query_start(f->loop, &f->spec, on_done, f, &err);

    assert_made(query, err);
    assert_int_equal(f->calls, 0);
    return query;
}

static void
ask(struct fixture *f)
{
    (void)start(f);
    while (f->calls == 0 && fake_loop_pump(f->loop) > 0) {
    }
}

static void
an_answer_by_udp_comes_with_its_records(void **state)
{
    struct fixture *f = *state;

    ask(f);
    assert_int_equal(f->calls, 1);
    assert_int_equal(f->seen.reason, REASON_NONE);
    assert_false(f->seen.tcp);
    assert_true(f->seen.answered);
    assert_int_equal(f->seen.answer.record_count, 1);
    assert_string_equal(f->seen.answer.records[0].data, "192.0.2.7");
    assert_true(dnsd_saw_rd(f->dnsd));
}

static void
a_name_that_is_not_there_is_nxdomain(void **state)
{
    struct fixture *f = *state;

    f->spec.question.name = "nothing.example";
    ask(f);
    assert_int_equal(f->seen.reason, REASON_DNS_NXDOMAIN);
    assert_string_equal(f->seen.detail, "the server answers NXDOMAIN");
}

static void
a_name_without_such_records_is_nodata(void **state)
{
    struct fixture *f = *state;

    f->spec.question.type = DNS_TYPE_MX;
    ask(f);
    assert_int_equal(f->seen.reason, REASON_DNS_NODATA);
}

static void
servfail_and_refused_are_told_apart(void **state)
{
    struct fixture *f = *state;

    dnsd_set_mood(f->dnsd, DNSD_SERVFAIL);
    ask(f);
    assert_int_equal(f->seen.reason, REASON_DNS_SERVFAIL);
    dns_answer_free(&f->seen.answer);
    f->calls = 0;
    dnsd_set_mood(f->dnsd, DNSD_REFUSED);
    ask(f);
    assert_int_equal(f->seen.reason, REASON_DNS_REFUSED);
}

static void
a_silent_server_times_out_at_the_deadline(void **state)
{
    struct fixture *f = *state;

    dnsd_set_mood(f->dnsd, DNSD_SILENT);
    (void)start(f);
    (void)fake_loop_pump(f->loop);
    fake_loop_advance_ns(f->loop, f->spec.timeout_ns - 1);
    assert_int_equal(f->calls, 0);
    fake_loop_advance_ns(f->loop, 1);
    assert_int_equal(f->calls, 1);
    assert_int_equal(f->seen.reason, REASON_DNS_TIMEOUT);
    assert_int_equal(f->seen.elapsed_us, 5000000);
    assert_false(f->seen.answered);
}

static void
a_slow_answer_counts_its_whole_time(void **state)
{
    struct fixture *f = *state;

    (void)start(f);
    fake_loop_advance_ns(f->loop, 3 * NS_PER_SEC);
    while (f->calls == 0 && fake_loop_pump(f->loop) > 0) {
    }
    assert_int_equal(f->seen.reason, REASON_NONE);
    assert_in_range(f->seen.elapsed_us, 2000000, 3000000);
}

static void
an_answer_with_the_wrong_id_is_ignored(void **state)
{
    struct fixture *f = *state;

    dnsd_set_mood(f->dnsd, DNSD_WRONG_ID_FIRST);
    ask(f);
    assert_int_equal(f->calls, 1);
    assert_int_equal(f->seen.reason, REASON_NONE);
}

static void
an_answer_to_another_question_is_ignored(void **state)
{
    struct fixture *f = *state;

    dnsd_set_mood(f->dnsd, DNSD_OTHER_QUESTION);
    (void)start(f);
    (void)fake_loop_pump(f->loop);
    (void)fake_loop_pump(f->loop);
    assert_int_equal(f->calls, 0);
    fake_loop_advance_ns(f->loop, f->spec.timeout_ns);
    assert_int_equal(f->seen.reason, REASON_DNS_TIMEOUT);
    assert_string_equal(
        f->seen.detail, "1 answer to another question was ignored");
}

static void
a_truncated_answer_is_fetched_by_tcp(void **state)
{
    struct fixture *f = *state;

    dnsd_set_mood(f->dnsd, DNSD_TRUNCATES);
    ask(f);
    assert_int_equal(f->seen.reason, REASON_NONE);
    assert_true(f->seen.tcp);
    assert_true(f->seen.truncated);
    assert_int_equal(dnsd_asked_tcp(f->dnsd), 1);
    assert_int_equal(f->seen.answer.record_count, 1);
}

static void
an_answer_by_tcp_may_come_in_pieces(void **state)
{
    struct fixture *f = *state;

    dnsd_set_mood(f->dnsd, DNSD_TCP_BY_BYTE);
    ask(f);
    assert_int_equal(f->seen.reason, REASON_NONE);
    assert_true(f->seen.tcp);
}

static void
tcp_closed_in_mid_answer_is_malformed(void **state)
{
    struct fixture *f = *state;

    dnsd_set_mood(f->dnsd, DNSD_TCP_CLOSES);
    ask(f);
    assert_int_equal(f->calls, 1);
    assert_int_equal(f->seen.reason, REASON_DNS_MALFORMED);
    assert_true(f->seen.truncated);
}

static void
garbage_is_malformed_once_nothing_better_came(void **state)
{
    struct fixture *f = *state;

    dnsd_set_mood(f->dnsd, DNSD_GARBAGE);
    (void)start(f);
    (void)fake_loop_pump(f->loop);
    (void)fake_loop_pump(f->loop);
    assert_int_equal(f->calls, 0);
    fake_loop_advance_ns(f->loop, f->spec.timeout_ns);
    assert_int_equal(f->seen.reason, REASON_DNS_MALFORMED);
}

static void
a_garbled_answer_with_our_id_is_malformed_at_once(void **state)
{
    struct fixture *f = *state;

    dnsd_set_mood(f->dnsd, DNSD_GARBLED_ANSWER);
    ask(f);
    assert_int_equal(f->calls, 1);
    assert_int_equal(f->seen.reason, REASON_DNS_MALFORMED);
}

static void
a_server_without_edns_is_asked_once_more(void **state)
{
    static const enum dnsd_mood moods[] = {
        DNSD_FORMERR_ON_EDNS, DNSD_BARE_ON_EDNS, DNSD_BADVERS_ON_EDNS};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(moods) / sizeof(moods[0]); i++) {
        dns_answer_free(&f->seen.answer);
        f->calls = 0;
        dnsd_set_mood(f->dnsd, moods[i]);
        ask(f);
        assert_int_equal(f->calls, 1);
        assert_int_equal(f->seen.reason, REASON_NONE);
        assert_false(dnsd_saw_edns(f->dnsd));
        assert_int_equal(dnsd_asked(f->dnsd), 2 * ((int)i + 1));
    }
}

static void
other_rcodes_are_a_failure_of_the_server(void **state)
{
    struct fixture *f = *state;

    dnsd_set_mood(f->dnsd, DNSD_NOTIMP);
    ask(f);
    assert_int_equal(f->seen.reason, REASON_DNS_SERVFAIL);
    assert_string_equal(f->seen.detail, "the server answers NOTIMP");
    assert_int_equal(dnsd_asked(f->dnsd), 2); /* without EDNS too */
}

static void
each_question_has_an_id_and_a_port_of_its_own(void **state)
{
    enum { COUNT = 32 };
    struct fixture *f = *state;
    uint32_t seen[COUNT];
    int same = 0;

    for (int i = 0; i < COUNT; i++) {
        dns_answer_free(&f->seen.answer);
        f->calls = 0;
        ask(f);
        seen[i] = dnsd_saw_from(f->dnsd);
        for (int j = 0; j < i; j++)
            same += seen[i] >> 16 == seen[j] >> 16 ||
                    (seen[i] & 0xffff) == (seen[j] & 0xffff);
    }
    /* Chance alone gives one in some 2 % of the runs, and never four. */
    assert_in_range(same, 0, 3);
}

static void
an_answer_from_another_source_is_ignored(void **state)
{
    struct fixture *f = *state;

    dnsd_set_mood(f->dnsd, DNSD_OTHER_SOURCE);
    (void)start(f);
    (void)fake_loop_pump(f->loop);
    (void)fake_loop_poll(f->loop);
    assert_int_equal(f->calls, 0);
    fake_loop_advance_ns(f->loop, f->spec.timeout_ns);
    assert_int_equal(f->seen.reason, REASON_DNS_TIMEOUT);
    assert_true(f->seen.silent);
}

static void
a_length_that_lies_by_tcp_is_malformed(void **state)
{
    struct fixture *f = *state;

    dnsd_set_mood(f->dnsd, DNSD_TCP_LONG);
    ask(f);
    assert_int_equal(f->seen.reason, REASON_DNS_MALFORMED);
    assert_non_null(strstr(f->seen.detail, "closed TCP after"));
    dns_answer_free(&f->seen.answer);
    f->calls = 0;
    dnsd_set_mood(f->dnsd, DNSD_TCP_EMPTY);
    ask(f);
    assert_int_equal(f->seen.reason, REASON_DNS_MALFORMED);
    assert_string_equal(f->seen.detail, "0 bytes are no DNS message");
}

static void
a_port_where_nobody_listens_is_no_answer_and_told_at_once(void **state)
{
    struct fixture *f = *state;
    struct dnsd *gone = dnsd_new(f->loop, "127.0.0.1");
    struct dns_server server;
    struct err err;

    assert_ok(dns_server_take(dnsd_name(gone), &server, &err), err);
    dnsd_free(gone);
    f->spec.server = server.addr;
    ask(f);
    assert_int_equal(f->calls, 1);
    assert_int_equal(f->seen.reason, REASON_DNS_TIMEOUT);
    assert_false(f->seen.silent);
    assert_string_equal(f->seen.detail, "UDP: nobody listens on that port");
}

static void
a_source_address_that_is_not_ours_is_our_own_trouble(void **state)
{
    struct fixture *f = *state;

    f->spec.bind_ip4 = "192.0.2.99";
    (void)start(f);
    fake_loop_advance_ns(f->loop, 0);
    assert_int_equal(f->calls, 1);
    assert_int_equal(f->seen.reason, REASON_AGENT_NO_ROUTE);
}

static void
the_source_address_is_used(void **state)
{
    struct fixture *f = *state;

    f->spec.bind_ip4 = "127.0.0.5";
    ask(f);
    assert_int_equal(f->seen.reason, REASON_NONE);
}

static void
after_cancel_nothing_comes(void **state)
{
    struct fixture *f = *state;

    dns_query_cancel(start(f));
    (void)fake_loop_pump(f->loop);
    fake_loop_advance_ns(f->loop, 2 * f->spec.timeout_ns);
    assert_int_equal(f->calls, 0);
    assert_int_equal(fake_loop_timer_count(f->loop), 0);
}

static void
errnos_blame_the_right_side(void **state)
{
    (void)state;
    assert_int_equal(dial_reason(AF_INET, EMFILE), REASON_AGENT_LIMIT);
    assert_int_equal(dial_reason(AF_INET, ENFILE), REASON_AGENT_LIMIT);
    assert_int_equal(dial_reason(AF_INET, ENOBUFS), REASON_AGENT_LIMIT);
    assert_int_equal(
        dial_reason(AF_INET, EADDRNOTAVAIL), REASON_AGENT_NO_ROUTE);
    assert_int_equal(
        dial_reason(AF_INET, ECONNREFUSED), REASON_CONNECT_REFUSED);
    assert_int_equal(
        dial_reason(AF_INET, EHOSTUNREACH), REASON_CONNECT_UNREACHABLE);
    assert_int_equal(dial_reason(AF_INET, ETIMEDOUT), REASON_CONNECT_TIMEOUT);
    assert_int_equal(dial_reason(AF_INET, ECONNRESET), REASON_CONNECT_RESET);
}

#define story(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        story(an_answer_by_udp_comes_with_its_records),
        story(a_name_that_is_not_there_is_nxdomain),
        story(a_name_without_such_records_is_nodata),
        story(servfail_and_refused_are_told_apart),
        story(a_silent_server_times_out_at_the_deadline),
        story(a_slow_answer_counts_its_whole_time),
        story(an_answer_with_the_wrong_id_is_ignored),
        story(an_answer_to_another_question_is_ignored),
        story(a_truncated_answer_is_fetched_by_tcp),
        story(an_answer_by_tcp_may_come_in_pieces),
        story(tcp_closed_in_mid_answer_is_malformed),
        story(garbage_is_malformed_once_nothing_better_came),
        story(a_garbled_answer_with_our_id_is_malformed_at_once),
        story(a_server_without_edns_is_asked_once_more),
        story(other_rcodes_are_a_failure_of_the_server),
        story(each_question_has_an_id_and_a_port_of_its_own),
        story(an_answer_from_another_source_is_ignored),
        story(a_length_that_lies_by_tcp_is_malformed),
        story(a_port_where_nobody_listens_is_no_answer_and_told_at_once),
        story(a_source_address_that_is_not_ours_is_our_own_trouble),
        story(the_source_address_is_used),
        story(after_cancel_nothing_comes),
        cmocka_unit_test(errnos_blame_the_right_side),
    };

    return cmocka_run_group_tests_name("dns_query", tests, NULL, NULL);
}
