/* A page made worse on purpose moves the figures that it should, and only
 * those. */
#include "page_model.h"

#include <math.h>
#include <stdio.h>

#include "cm.h"
#include "tiny_page.h"

static struct page_figures
model(const struct page_report *report, enum page_profile profile)
{
    struct page_figures figures;
    struct err err;

    assert_ok(page_model_run(report, profile, &figures, &err), err);
    return figures;
}

static void
a_page_has_figures_in_their_order(void **state)
{
    struct page_report page;
    struct page_figures slow;
    struct page_figures slower;

    (void)state;
    tiny_page(&page);
    slow = model(&page, PAGE_SLOW_4G);
    /* Name, connection, TLS, server and half a trip back. */
    assert_int_equal(slow.ttfb_us, 300000 + 375000 + 90000 + 75000);
    assert_true(slow.ttfb_us < slow.fcp_us);
    assert_true(slow.fcp_us < slow.lcp_us);
    assert_true(slow.lcp_us <= slow.fully_loaded_us);
    assert_true(slow.tbt_us == PAGE_NO_FIGURE && isnan(slow.cls));
    assert_true(slow.score.known && slow.score.low < slow.score.high);
    assert_false(slow.measured);
    assert_int_equal(slow.spans[TINY_DOCUMENT].start_us, 0);
    assert_true(
        slow.spans[TINY_FONT].start_us >= slow.spans[TINY_STYLE].end_us);
    slower = model(&page, PAGE_REGULAR_3G);
    assert_true(slower.fcp_us > slow.fcp_us && slower.lcp_us > slow.lcp_us);
    page_report_free(&page);
}

static void
the_same_page_has_the_same_figures(void **state)
{
    struct page_report page;
    struct page_figures one;
    struct page_figures two;

    (void)state;
    tiny_page(&page);
    one = model(&page, PAGE_SLOW_4G);
    /* How fast it came from here does not count. */
    for (size_t i = 0; i < page.count; i++)
        page.items[i].end_us += (int64_t)(i * 7919 % 5) * 100000;
    two = model(&page, PAGE_SLOW_4G);
    assert_int_equal(one.fcp_us, two.fcp_us);
    assert_int_equal(one.lcp_us, two.lcp_us);
    page_report_free(&page);
}

static void
a_script_in_the_head_delays_the_first_paint(void **state)
{
    struct page_report page;
    struct page_figures before;
    struct page_figures after;

    (void)state;
    tiny_page(&page);
    before = model(&page, PAGE_SLOW_4G);
    tiny_page_add(&page, "https://acme.example/js/block.js", PAGE_SCRIPT,
        PAGE_HIGH, 250000)
        ->blocking = PAGE_BLOCKING;
    after = model(&page, PAGE_SLOW_4G);
    assert_true(after.fcp_us > before.fcp_us + 500000);
    assert_true(after.lcp_us > before.lcp_us);
    assert_int_equal(after.ttfb_us, before.ttfb_us);
    page_report_free(&page);
}

static void
a_huge_image_delays_the_largest_paint_only(void **state)
{
    struct page_report page;
    struct page_figures before;
    struct page_figures after;

    (void)state;
    tiny_page(&page);
    before = model(&page, PAGE_SLOW_4G);
    page.items[TINY_HERO].bytes_encoded = 2000000;
    after = model(&page, PAGE_SLOW_4G);
    assert_true(after.lcp_us > before.lcp_us + 5000000);
    assert_int_equal(after.fcp_us, before.fcp_us);
    assert_int_equal(after.ttfb_us, before.ttfb_us);
    assert_true(after.score.low < before.score.low);
    page_report_free(&page);
}

static void
a_huge_image_far_below_counts_half(void **state)
{
    struct page_report page;
    struct page_figures before;
    struct page_figures after;
    struct page_figures hero;

    (void)state;
    tiny_page(&page);
    before = model(&page, PAGE_SLOW_4G);
    page.items[TINY_HERO].bytes_encoded = 2000000;
    hero = model(&page, PAGE_SLOW_4G);
    page.items[TINY_HERO].bytes_encoded = 80000;
    page.items[TINY_BELOW].bytes_encoded = 2000000;
    after = model(&page, PAGE_SLOW_4G);
    assert_int_equal(after.fcp_us, before.fcp_us);
    assert_true(after.lcp_us < hero.lcp_us);
    assert_true(after.fully_loaded_us > before.fully_loaded_us + 5000000);
    page_report_free(&page);
}

static void
an_image_of_the_first_screen_is_urgent(void **state)
{
    struct page_report page;
    struct page_figures before;
    struct page_figures after;

    (void)state;
    tiny_page(&page);
    page.items[TINY_BELOW].bytes_encoded = 2000000;
    before = model(&page, PAGE_SLOW_4G);
    page.lcp_candidate = TINY_BELOW;
    after = model(&page, PAGE_SLOW_4G);
    assert_true(after.lcp_us > before.lcp_us + 2000000);
    assert_int_equal(after.fcp_us, before.fcp_us);
    page_report_free(&page);
}

static void
an_urgent_script_in_the_body_holds_the_first_paint(void **state)
{
    struct page_report page;
    struct page_figures low;
    struct page_figures high;

    (void)state;
    tiny_page(&page);
    page.items[TINY_SCRIPT].bytes_encoded = 200000;
    page.items[TINY_SCRIPT].blocking = PAGE_IN_BODY_PARSER_BLOCKING;
    page.items[TINY_SCRIPT].priority = PAGE_MEDIUM;
    low = model(&page, PAGE_SLOW_4G);
    page.items[TINY_SCRIPT].priority = PAGE_HIGH;
    high = model(&page, PAGE_SLOW_4G);
    assert_true(high.fcp_us > low.fcp_us + 300000);
    page_report_free(&page);
}

static void
text_waits_for_its_font_unless_that_swaps(void **state)
{
    struct page_report page;
    struct page_figures waits;
    struct page_figures swaps;

    (void)state;
    tiny_page(&page);
    waits = model(&page, PAGE_SLOW_4G);
    page.items[TINY_FONT].font_swaps = true;
    swaps = model(&page, PAGE_SLOW_4G);
    assert_true(swaps.fcp_us < waits.fcp_us);
    page.items[TINY_FONT].render_font = false;
    assert_true(model(&page, PAGE_SLOW_4G).fcp_us < swaps.fcp_us);
    page_report_free(&page);
}

static void
http2_needs_fewer_round_trips(void **state)
{
    struct page_report page;
    struct page_figures h1;
    struct page_figures h2;

    (void)state;
    tiny_page(&page);
    h1 = model(&page, PAGE_SLOW_4G);
    for (size_t i = 0; i < page.count; i++)
        page.items[i].h2 = true;
    h2 = model(&page, PAGE_SLOW_4G);
    assert_true(h2.fcp_us < h1.fcp_us);
    page_report_free(&page);
}

static void
a_redirect_costs_time_to_the_first_byte(void **state)
{
    struct page_report page;
    struct page_figures plain;
    struct page_figures led;

    (void)state;
    page_report_init(&page);
    (void)tiny_page_add(&page, "https://www.acme.example/", PAGE_DOCUMENT,
        PAGE_VERY_HIGH, 5000);
    plain = model(&page, PAGE_SLOW_4G);
    (void)tiny_page_add(
        &page, "https://acme.example/", PAGE_DOCUMENT, PAGE_VERY_HIGH, 5000);
    page.items[1].redirect = true;
    led = model(&page, PAGE_SLOW_4G);
    assert_true(led.ttfb_us >= 2 * plain.ttfb_us);
    assert_true(led.fcp_us > plain.fcp_us + plain.ttfb_us / 2);
    page_report_free(&page);
}

static void
what_scripts_make_is_not_guessed(void **state)
{
    struct page_report page;
    struct page_figures figures;

    (void)state;
    tiny_page(&page);
    page.client_rendered = true;
    figures = model(&page, PAGE_SLOW_4G);
    assert_true(figures.fcp_us == PAGE_NO_FIGURE);
    assert_true(figures.lcp_us == PAGE_NO_FIGURE);
    assert_false(figures.score.known);
    assert_true(figures.fully_loaded_us > 0);
    page_report_free(&page);
}

static void
without_a_profile_it_is_the_load_as_seen(void **state)
{
    struct page_report page;
    struct page_figures figures;

    (void)state;
    tiny_page(&page);
    figures = model(&page, PAGE_AS_LOADED);
    assert_int_equal(figures.ttfb_us, 150000);
    assert_int_equal(figures.fully_loaded_us, 360000);
    assert_int_equal(
        figures.spans[TINY_HERO].end_us, page.items[TINY_HERO].end_us);
    assert_true(figures.fcp_us > page.items[TINY_STYLE].end_us);
    page_report_free(&page);
}

static void
failed_requests_and_an_empty_page_do_no_harm(void **state)
{
    struct page_report page;
    struct page_figures figures;
    struct err err;

    (void)state;
    tiny_page(&page);
    for (size_t i = 1; i < page.count; i++) {
        page.items[i].status = 0;
        page.items[i].server_us = -1;
        page.items[i].from = (int)page.count + 5;
    }
    figures = model(&page, PAGE_SLOW_4G);
    assert_true(figures.fcp_us > 0 && figures.lcp_us >= figures.fcp_us);
    page_report_free(&page);
    assert_int_equal(page_model_run(&page, PAGE_SLOW_4G, &figures, &err), -1);
    assert_true(figures.fcp_us == PAGE_NO_FIGURE);
}

/* ---- any page at all ---- */

static uint32_t
draw(uint32_t *state, uint32_t below)
{
    *state = *state * 1664525U + 1013904223U;
    return (*state >> 8) % below;
}

static void
draw_page(struct page_report *page, uint32_t *state)
{
    size_t count = 1 + draw(state, 60);

    page_report_init(page);
    for (size_t i = 0; i < count; i++) {
        char url[64];
        struct page_resource *item;

        (void)snprintf(
            url, sizeof(url), "https://h%u.example/%zu", draw(state, 8), i);
        item = tiny_page_add(page, url,
            i == 0 ? PAGE_DOCUMENT
                   : (enum page_type)draw(state, PAGE_TYPE_COUNT),
            (enum page_priority)draw(state, PAGE_PRIORITY_COUNT),
            draw(state, 400000));
        item->blocking = (enum page_blocking)draw(state, PAGE_BLOCKING_COUNT);
        item->from = (int)draw(state, (uint32_t)count + 2) - 1;
        item->level = (uint8_t)draw(state, 12);
        item->h2 = draw(state, 2) == 0;
        item->from_cache = draw(state, 10) == 0;
        item->status = i > 0 && draw(state, 8) == 0 ? 0 : 200;
        item->server_us = (int64_t)draw(state, 400000) - 1;
        item->render_font = draw(state, 2) == 0;
        item->phase_us[PHASE_CONNECT] = (int64_t)draw(state, 50000) - 1;
    }
    page->lcp_candidate = (int)draw(state, (uint32_t)count + 1) - 1;
}

static void
whatever_the_page_the_figures_are_in_order(void **state)
{
    uint32_t seed = 20261124;

    (void)state;
    for (int n = 0; n < 300; n++) {
        struct page_report page;
        struct page_figures f;

        draw_page(&page, &seed);
        f = model(&page, n % 2 == 0 ? PAGE_SLOW_4G : PAGE_REGULAR_3G);
        assert_true(f.ttfb_us > 0);
        assert_true(f.ttfb_us <= f.fcp_us && f.fcp_us <= f.lcp_us);
        for (size_t i = 0; i < page.count; i++) {
            if (f.spans[i].start_us == PAGE_NO_FIGURE)
                continue;
            assert_true(f.spans[i].start_us <= f.spans[i].end_us);
            assert_true(f.spans[i].end_us <= f.fully_loaded_us);
        }
        assert_true(f.score.known && f.score.low <= f.score.high);
        page_report_free(&page);
    }
}

static void
profiles_have_names(void **state)
{
    enum page_profile profile;

    (void)state;
    assert_true(page_profile_of("regular-3g", &profile));
    assert_int_equal(profile, PAGE_REGULAR_3G);
    assert_string_equal(page_profile_name(PAGE_AS_LOADED), "none");
    assert_false(page_profile_of("fast", &profile));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_has_figures_in_their_order),
        cmocka_unit_test(the_same_page_has_the_same_figures),
        cmocka_unit_test(a_script_in_the_head_delays_the_first_paint),
        cmocka_unit_test(a_huge_image_delays_the_largest_paint_only),
        cmocka_unit_test(a_huge_image_far_below_counts_half),
        cmocka_unit_test(an_image_of_the_first_screen_is_urgent),
        cmocka_unit_test(an_urgent_script_in_the_body_holds_the_first_paint),
        cmocka_unit_test(text_waits_for_its_font_unless_that_swaps),
        cmocka_unit_test(http2_needs_fewer_round_trips),
        cmocka_unit_test(a_redirect_costs_time_to_the_first_byte),
        cmocka_unit_test(what_scripts_make_is_not_guessed),
        cmocka_unit_test(without_a_profile_it_is_the_load_as_seen),
        cmocka_unit_test(failed_requests_and_an_empty_page_do_no_harm),
        cmocka_unit_test(whatever_the_page_the_figures_are_in_order),
        cmocka_unit_test(profiles_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
