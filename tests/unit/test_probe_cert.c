#include "probe_cert.h"

#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "sheet.h"

static const int64_t day_ms = INT64_C(86400000);
static const int64_t now_unix_ms = INT64_C(1795478400000); /* 2026-11-24 */

static enum paper_style
style_of(int64_t life_days, int64_t left_ms)
{
    const struct cert_fact cert = {
        .not_before_unix_ms = now_unix_ms + left_ms - life_days * day_ms,
        .not_after_unix_ms = now_unix_ms + left_ms};

    return probe_cert_style(&cert, now_unix_ms);
}

static void
days_left_are_judged_by_the_life_of_the_certificate(void **state)
{
    (void)state;
    assert_int_equal(style_of(365, 31 * day_ms), PAPER_GOOD);
    assert_int_equal(style_of(365, 30 * day_ms - 1), PAPER_WARN);
    assert_int_equal(style_of(365, 7 * day_ms), PAPER_WARN);
    assert_int_equal(style_of(365, 7 * day_ms - 1), PAPER_BAD);
    assert_int_equal(style_of(6, 2 * day_ms), PAPER_GOOD);
    assert_int_equal(style_of(6, 2 * day_ms - 1), PAPER_WARN);
    assert_int_equal(style_of(6, day_ms / 2), PAPER_BAD);
    assert_int_equal(style_of(90, -1), PAPER_BAD);
    assert_int_equal(style_of(10, 20 * day_ms), PAPER_BAD); /* not yet valid */
}

static void
every_verdict_that_applies_is_told_with_what_to_do(void **state)
{
    struct tls_facts *tls = calloc(1, sizeof(*tls));
    struct sheet sheet;
    const char *text;

    (void)state;
    assert_non_null(tls);
    sheet_init(&sheet);
    tls->verify = CERT_EXPIRED;
    tls->verify_all = 1U << CERT_EXPIRED | 1U << CERT_WEAK_KEY;
    tls->chain_count = 1;
    tls->chain[0].not_before_unix_ms = now_unix_ms - 90 * day_ms;
    tls->chain[0].not_after_unix_ms = now_unix_ms - 3 * day_ms;
    tls->name_count = 9;
    for (size_t i = 0; i < tls->name_count; i++)
        (void)snprintf(tls->names[i], sizeof(tls->names[i]), "n%zu.example", i);
    probe_cert_print(&sheet.paper, tls, now_unix_ms);
    text = sheet_text(&sheet);
    assert_non_null(strstr(text, "expired\033[0m: "));
    assert_non_null(strstr(text, "weak_key\033[0m: "));
    assert_non_null(strstr(text, "\033[31mexpired 3 days ago"));
    assert_non_null(strstr(text, "and 3 more"));
    assert_non_null(strstr(text, "(no subject)"));
    sheet_free(&sheet);
    free(tls);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_left_are_judged_by_the_life_of_the_certificate),
        cmocka_unit_test(every_verdict_that_applies_is_told_with_what_to_do),
    };

    return cmocka_run_group_tests_name("probe_cert", tests, NULL, NULL);
}
