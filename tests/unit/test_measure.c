#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"

static void
every_number_has_a_name_that_leads_back(void **state)
{
    (void)state;
    for (int i = 0; i < REASON_COUNT; i++) {
        assert_non_null(measure_reason_name(i));
        assert_int_equal(measure_reason_from(measure_reason_name(i)), i);
        assert_true(strlen(measure_reason_words((enum measure_reason)i)) > 0);
        assert_true(strlen(measure_reason_advice((enum measure_reason)i)) > 0);
    }
    for (int i = 0; i < MEASURE_STATUS_COUNT; i++)
        assert_int_equal(measure_status_from(measure_status_name(i)), i);
    for (int i = 0; i < PHASE_COUNT; i++)
        assert_int_equal(phase_from(phase_name(i)), i);
    for (int i = 0; i < CERT_VERIFY_COUNT; i++)
        assert_int_equal(cert_verify_from(cert_verify_name(i)), i);
}

static void
numbers_outside_have_no_name(void **state)
{
    (void)state;
    assert_null(measure_reason_name(-1));
    assert_null(measure_reason_name(REASON_COUNT));
    assert_null(measure_status_name(MEASURE_STATUS_COUNT));
    assert_null(phase_name(-1));
    assert_null(cert_verify_name(CERT_VERIFY_COUNT));
    assert_int_equal(measure_reason_from("tls_cert_"), -1);
    assert_int_equal(measure_status_from(""), -1);
    assert_int_equal(phase_from("Total"), -1);
}

static void
a_certificates_verdict_has_the_reason_of_its_name(void **state)
{
    (void)state;
    assert_int_equal(measure_reason_of_verify(CERT_OK), REASON_NONE);
    for (int i = CERT_OK + 1; i < CERT_VERIFY_COUNT; i++) {
        char name[64];

        (void)snprintf(name, sizeof(name), "tls_cert_%s", cert_verify_name(i));
        assert_string_equal(measure_reason_name((int)measure_reason_of_verify(
                                (enum cert_verify)i)),
            name);
    }
}

static void
a_new_measure_has_reached_nothing(void **state)
{
    struct measure a;
    struct measure b;

    (void)state;
    measure_init(&a);
    measure_init(&b);
    assert_int_equal(a.failed_phase, -1);
    for (int i = 0; i < PHASE_COUNT; i++)
        assert_int_equal(a.phase_us[i], PHASE_NOT_REACHED);
    assert_true(measure_same(&a, &b));
    b.phase_us[PHASE_MAIL_DELAY] = 0;
    assert_false(measure_same(&a, &b));
}

static void
facts_are_freed_whole_or_half_made(void **state)
{
    struct measure measure;

    (void)state;
    facts_free(NULL);
    measure_init(&measure);
    measure_free_facts(&measure);
    measure.facts = facts_new();
    assert_non_null(measure.facts);
    measure.facts->http = calloc(1, sizeof(struct http_facts));
    assert_non_null(measure.facts->http);
    measure.facts->http->redirects = calloc(2, sizeof(struct redirect_fact));
    measure.facts->dns = calloc(1, sizeof(struct dns_facts));
    measure_free_facts(&measure);
    assert_null(measure.facts);
}

static void
served_results_vote_up(void **state)
{
    struct measure measure;

    (void)state;
    measure_init(&measure);
    measure.status = MEASURE_SLOW;
    assert_true(measure_votes_up(&measure));
    measure.status = MEASURE_ERROR;
    assert_false(measure_votes_up(&measure));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_has_a_name_that_leads_back),
        cmocka_unit_test(numbers_outside_have_no_name),
        cmocka_unit_test(a_certificates_verdict_has_the_reason_of_its_name),
        cmocka_unit_test(a_new_measure_has_reached_nothing),
        cmocka_unit_test(facts_are_freed_whole_or_half_made),
        cmocka_unit_test(served_results_vote_up),
    };

    return cmocka_run_group_tests_name("measure", tests, NULL, NULL);
}
