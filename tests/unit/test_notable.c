#include "notable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"

static void
add_answer(struct dns_facts *dns, const char *data, uint32_t ttl_s)
{
    struct dns_answer_fact *answer = &dns->answers[dns->answer_count++];

    (void)strcpy(answer->name, "acme.example");
    (void)strcpy(answer->type, "A");
    (void)snprintf(answer->data, sizeof(answer->data), "%s", data);
    answer->ttl_s = ttl_s;
}

/* A result with a bit of everything. */
static void
setup(struct measure *measure)
{
    struct facts *facts = facts_new();

    assert_non_null(facts);
    measure_init(measure);
    measure->http_status = 200;
    measure->facts = facts;
    (void)strcpy(facts->ip, "192.0.2.1");
    facts->http = calloc(1, sizeof(*facts->http));
    (void)strcpy(facts->http->headers[0], "date: now");
    (void)strcpy(facts->http->headers[1], "x-release: 7");
    facts->http->header_count = 2;
    facts->http->redirects = calloc(2, sizeof(*facts->http->redirects));
    facts->http->redirect_count = 1;
    (void)strcpy(facts->http->redirects[0].from, "http://acme.example/");
    (void)strcpy(facts->http->redirects[0].to, "https://acme.example/");
    facts->http->redirects[0].status = 301;
    facts->tls = calloc(1, sizeof(*facts->tls));
    facts->tls->chain_count = 1;
    (void)strcpy(facts->tls->chain[0].fingerprint_sha256, "aa");
    facts->dns = calloc(1, sizeof(*facts->dns));
    facts->dns->answers = calloc(3, sizeof(*facts->dns->answers));
    add_answer(facts->dns, "192.0.2.1", 300);
    add_answer(facts->dns, "192.0.2.2", 300);
}

static void
what_people_want_to_hear_of_moves_the_mark(void **state)
{
    struct measure measure;
    uint32_t seen[12];

    (void)state;
    setup(&measure);
    seen[0] = notable_mark(&measure);
    measure.http_status = 204;
    seen[1] = notable_mark(&measure);
    (void)strcpy(measure.facts->ip, "192.0.2.9");
    seen[2] = notable_mark(&measure);
    (void)strcpy(measure.facts->http->redirects[0].to, "https://other/");
    seen[3] = notable_mark(&measure);
    measure.facts->http->redirects[0].status = 302;
    seen[4] = notable_mark(&measure);
    (void)strcpy(measure.facts->tls->chain[0].fingerprint_sha256, "bb");
    seen[5] = notable_mark(&measure);
    add_answer(measure.facts->dns, "192.0.2.3", 300);
    seen[6] = notable_mark(&measure);
    (void)strcpy(measure.facts->dns->rcode, "SERVFAIL");
    seen[7] = notable_mark(&measure);
    (void)strcpy(measure.facts->http->headers[1], "x-release: 8");
    seen[8] = notable_mark(&measure);
    (void)strcpy(measure.facts->http->headers[2], "x-git-commit: c0ffee");
    measure.facts->http->header_count = 3;
    seen[9] = notable_mark(&measure);
    measure.facts->tls->verified_not_after_unix_ms = 1;
    seen[10] = notable_mark(&measure);
    measure.facts->tls->presented_not_after_unix_ms = 1;
    seen[11] = notable_mark(&measure);
    for (size_t i = 0; i < 12; i++) {
        assert_int_not_equal(seen[i], 0);
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(seen[i], seen[j]);
    }
    measure_free_facts(&measure);
}

static void
what_changes_each_time_does_not(void **state)
{
    struct measure measure;
    struct dns_answer_fact first;
    struct dns_answer_fact *answers;
    uint32_t mark;

    (void)state;
    setup(&measure);
    mark = notable_mark(&measure);
    answers = measure.facts->dns->answers;
    first = answers[0];
    answers[0] = answers[1];
    answers[1] = first;
    answers[0].ttl_s = 17;
    measure.phase_us[PHASE_TOTAL] = 5;
    measure.facts->http->bytes_body = 9;
    (void)strcpy(measure.facts->http->sent_request_id, "x");
    (void)strcpy(measure.facts->http->headers[0], "date: later");
    (void)strcpy(measure.facts->http->request_id, "another");
    assert_int_equal(notable_mark(&measure), mark);
    measure_free_facts(&measure);
}

static void
a_result_without_facts_has_a_mark(void **state)
{
    struct measure measure;

    (void)state;
    measure_init(&measure);
    assert_int_not_equal(notable_mark(&measure), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_people_want_to_hear_of_moves_the_mark),
        cmocka_unit_test(what_changes_each_time_does_not),
        cmocka_unit_test(a_result_without_facts_has_a_mark),
    };

    return cmocka_run_group_tests_name("notable", tests, NULL, NULL);
}
