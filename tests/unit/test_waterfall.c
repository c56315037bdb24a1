#include "waterfall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "sheet.h"

static struct measure
measured(int64_t dns, int64_t connect, int64_t tls, int64_t wait, int64_t total)
{
    struct measure measure;

    measure_init(&measure);
    measure.phase_us[PHASE_DNS] = dns;
    measure.phase_us[PHASE_CONNECT] = connect;
    measure.phase_us[PHASE_TLS] = tls;
    measure.phase_us[PHASE_WAIT] = wait;
    measure.phase_us[PHASE_TOTAL] = total;
    return measure;
}

static void
add_hop(struct measure *measure, int64_t dns, int64_t wait, int64_t total)
{
    struct http_facts *http;
    struct redirect_fact *hop;

    if (measure->facts == NULL) {
        measure->facts = facts_new();
        assert_non_null(measure->facts);
        measure->facts->http = calloc(1, sizeof(*measure->facts->http));
        assert_non_null(measure->facts->http);
        measure->facts->http->redirects = calloc(30, sizeof(*hop));
    }
    http = measure->facts->http;
    hop = &http->redirects[http->redirect_count++];
    for (int i = 0; i < PHASE_COUNT; i++)
        hop->phase_us[i] = PHASE_NOT_REACHED;
    hop->phase_us[PHASE_DNS] = dns;
    hop->phase_us[PHASE_WAIT] = wait;
    hop->phase_us[PHASE_TOTAL] = total;
    (void)snprintf(hop->from, sizeof(hop->from), "http://a.example/");
    (void)snprintf(hop->to, sizeof(hop->to), "https://a.example/");
    hop->status = 301;
}

static void
phases_follow_each_other(void **state)
{
    struct measure measure = measured(10, 20, 30, 40, 105);
    struct waterfall fall;

    (void)state;
    waterfall_take(&measure, &fall);
    assert_int_equal(fall.hop_count, 1);
    assert_int_equal(fall.hops[0].bar_count, 4);
    /* without HTTP: a mail server's words in plain, then the handshake */
    assert_int_equal(fall.hops[0].bars[3].phase, PHASE_TLS);
    assert_int_equal(fall.hops[0].bars[3].start_us, 70);
    assert_int_equal(waterfall_longest(&fall)->phase, PHASE_WAIT);
    assert_null(waterfall_failed(&fall));
}

static void
a_phase_that_was_waited_for_in_vain_takes_the_rest(void **state)
{
    struct measure measure =
        measured(10, 20, PHASE_NOT_REACHED, PHASE_NOT_REACHED, 1000);
    const struct waterfall_bar *failed;
    struct waterfall fall;

    (void)state;
    measure.failed_phase = PHASE_TLS;
    waterfall_take(&measure, &fall);
    failed = waterfall_failed(&fall);
    assert_non_null(failed);
    assert_int_equal(failed->phase, PHASE_TLS);
    assert_int_equal(failed->start_us, 30);
    assert_int_equal(failed->span_us, 970);
}

static void
a_phase_that_ended_badly_keeps_its_own_span(void **state)
{
    struct measure measure = measured(10, 20, 30, PHASE_NOT_REACHED, 70);
    struct waterfall fall;

    (void)state;
    measure.failed_phase = PHASE_TLS; /* a certificate that is not trusted */
    waterfall_take(&measure, &fall);
    assert_int_equal(waterfall_failed(&fall)->span_us, 30);
}

static void
the_last_hop_has_what_the_others_left(void **state)
{
    struct measure measure =
        measured(15, PHASE_NOT_REACHED, PHASE_NOT_REACHED, 90, 120);
    struct waterfall fall;

    (void)state;
    add_hop(&measure, 10, 20, 35);
    waterfall_take(&measure, &fall);
    assert_int_equal(fall.hop_count, 2);
    assert_int_equal(fall.hops[0].bars[1].span_us, 20);
    assert_int_equal(fall.hops[1].start_us, 35);
    assert_int_equal(fall.hops[1].bars[0].span_us, 5);
    assert_int_equal(fall.hops[1].bars[1].start_us, 40);
    assert_int_equal(fall.hops[1].bars[1].span_us, 70);
    assert_int_equal(fall.hops[1].span_us, 85);
    measure_free_facts(&measure);
}

static void
a_failure_after_a_redirect_is_in_the_last_hop(void **state)
{
    struct measure measure =
        measured(10, PHASE_NOT_REACHED, PHASE_NOT_REACHED, 20, 500);
    struct waterfall fall;

    (void)state;
    add_hop(&measure, 10, 20, 40);
    measure.failed_phase = PHASE_CONNECT;
    waterfall_take(&measure, &fall);
    assert_int_equal(fall.hops[1].bar_count, 1);
    assert_int_equal(waterfall_failed(&fall)->phase, PHASE_CONNECT);
    assert_int_equal(waterfall_failed(&fall)->start_us, 40);
    assert_int_equal(waterfall_failed(&fall)->span_us, 460);
    measure_free_facts(&measure);
}

static void
nothing_measured_draws_nothing(void **state)
{
    struct measure measure;
    struct waterfall fall;
    struct sheet sheet;

    (void)state;
    measure_init(&measure);
    waterfall_take(&measure, &fall);
    assert_null(waterfall_longest(&fall));
    assert_null(waterfall_failed(&fall));
    sheet_init(&sheet);
    waterfall_print(&sheet.paper, &fall);
    assert_string_equal(sheet_text(&sheet), "");
    sheet_free(&sheet);
}

static void
more_hops_than_are_kept_are_not_drawn(void **state)
{
    struct measure measure =
        measured(300, PHASE_NOT_REACHED, PHASE_NOT_REACHED, 600, 9000);
    struct waterfall fall;

    (void)state;
    for (int i = 0; i < 25; i++)
        add_hop(&measure, 10, 20, 35);
    waterfall_take(&measure, &fall);
    assert_int_equal(fall.hop_count, FACTS_REDIRECTS_MAX + 1);
    measure_free_facts(&measure);
}

/* No line is wider than the screen, whatever it is. */
static void
bars_stay_within_the_screen(void **state)
{
    struct measure measure = measured(1, 2, 3000, 400000000, 400004000);

    (void)state;
    for (int columns = SCREEN_COLUMNS_MIN; columns <= 200; columns += 40) {
        struct waterfall fall;
        struct sheet sheet;
        char *rest;
        char *line;

        sheet_init(&sheet);
        sheet.paper.screen.columns = columns;
        sheet.paper.screen.utf8 = false;
        sheet.paper.screen.color = false;
        waterfall_take(&measure, &fall);
        waterfall_print(&sheet.paper, &fall);
        (void)sheet_text(&sheet);
        for (line = strtok_r(sheet.text, "\n", &rest); line != NULL;
             line = strtok_r(NULL, "\n", &rest))
            assert_in_range(strlen(line), 1, columns);
        sheet_free(&sheet);
    }
}

static void
text_that_is_not_for_a_terminal_has_no_bars(void **state)
{
    struct measure measure = measured(812, PHASE_NOT_REACHED, 30, 40, 1240000);
    struct waterfall fall;
    struct sheet sheet;

    (void)state;
    sheet_init(&sheet);
    sheet.paper.screen = (struct screen){.columns = 80};
    measure.failed_phase = PHASE_WAIT;
    waterfall_take(&measure, &fall);
    waterfall_print(&sheet.paper, &fall);
    assert_string_equal(sheet_text(&sheet), "  dns         812 us\n"
                                            "x wait         40 us  failed\n"
                                            "  tls          30 us\n"
                                            "  total       1.24 s\n");
    sheet_free(&sheet);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phases_follow_each_other),
        cmocka_unit_test(a_phase_that_was_waited_for_in_vain_takes_the_rest),
        cmocka_unit_test(a_phase_that_ended_badly_keeps_its_own_span),
        cmocka_unit_test(the_last_hop_has_what_the_others_left),
        cmocka_unit_test(a_failure_after_a_redirect_is_in_the_last_hop),
        cmocka_unit_test(nothing_measured_draws_nothing),
        cmocka_unit_test(more_hops_than_are_kept_are_not_drawn),
        cmocka_unit_test(bars_stay_within_the_screen),
        cmocka_unit_test(text_that_is_not_for_a_terminal_has_no_bars),
    };

    return cmocka_run_group_tests_name("waterfall", tests, NULL, NULL);
}
