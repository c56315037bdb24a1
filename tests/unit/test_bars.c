#include "bars.h"

#include <string.h>

#include "cm.h"
#include "sheet.h"

/* The cells as text; inverse ones in brackets. */
static const char *
drawn(int64_t from, int64_t to, int64_t whole, enum bars_letters letters)
{
    static char text[256];
    const struct bars_part part = {.from = from, .to = to, .whole = whole};
    struct bars_cell cells[8];

    bars_draw(&part, letters, cells, 8);
    text[0] = '\0';
    for (size_t i = 0; i < 8; i++) {
        (void)strcat(text, cells[i].inverse ? "[" : "");
        (void)strcat(text, cells[i].glyph);
        (void)strcat(text, cells[i].inverse ? "]" : "");
    }
    return text;
}

static void
bars_are_exact_to_an_eighth_of_a_cell(void **state)
{
    (void)state;
    assert_string_equal(drawn(0, 64, 64, BARS_BLOCKS),
        "\342\226\210\342\226\210\342\226\210\342\226\210"
        "\342\226\210\342\226\210\342\226\210\342\226\210");
    assert_string_equal(
        drawn(0, 11, 64, BARS_BLOCKS), "\342\226\210\342\226\215      ");
    /* from 3/8 of the first cell: the rest of that cell, inverse */
    assert_string_equal(
        drawn(3, 16, 64, BARS_INVERSE), "[\342\226\215]\342\226\210      ");
    /* without colour: the nearest half */
    assert_string_equal(
        drawn(3, 16, 64, BARS_BLOCKS), "\342\226\220\342\226\210      ");
    /* within one cell */
    assert_string_equal(drawn(3, 5, 64, BARS_INVERSE), "\342\224\203       ");
}

static void
whatever_lasted_is_seen_and_nothing_leaves_the_frame(void **state)
{
    (void)state;
    assert_string_equal(
        drawn(0, 1, 1000000, BARS_INVERSE), "\342\226\217       ");
    assert_string_equal(
        drawn(999999, 1000000, 1000000, BARS_BLOCKS), "       \342\226\225");
    assert_string_equal(
        drawn(2000, 3000, 1000, BARS_BLOCKS), "       \342\226\225");
    assert_string_equal(drawn(0, 0, 0, BARS_ASCII), "|       ");
    assert_string_equal(drawn(-5, -1, 64, BARS_ASCII), "|       ");
    assert_string_equal(
        drawn(INT64_MAX - 1, INT64_MAX, INT64_MAX, BARS_ASCII), "       |");
}

static void
ascii_is_used_where_there_is_nothing_else(void **state)
{
    (void)state;
    assert_string_equal(drawn(0, 32, 64, BARS_ASCII), "####    ");
    assert_string_equal(drawn(32, 33, 64, BARS_ASCII), "    |   ");
}

static void
a_failed_bar_differs_without_colour_too(void **state)
{
    const struct bars_part part = {.from = 32, .to = 64, .whole = 64};
    struct sheet sheet;

    (void)state;
    sheet_init(&sheet);
    sheet.paper.screen.color = false;
    sheet.paper.screen.utf8 = false;
    bars_put(&sheet.paper, PAPER_BAD, true, &part, 8);
    assert_string_equal(sheet_text(&sheet), "    xxxx");
    sheet_free(&sheet);
}

static void
sparks_rise_with_the_value(void **state)
{
    struct sheet sheet;

    (void)state;
    sheet_init(&sheet);
    assert_string_equal(bars_spark(&sheet.paper, 0, 100), "\342\226\201");
    assert_string_equal(bars_spark(&sheet.paper, 100, 100), "\342\226\210");
    assert_string_equal(bars_spark(&sheet.paper, 5, 0), "\342\226\201");
    sheet.paper.screen.utf8 = false;
    assert_string_equal(bars_spark(&sheet.paper, 100, 100), "^");
    sheet_free(&sheet);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars_are_exact_to_an_eighth_of_a_cell),
        cmocka_unit_test(whatever_lasted_is_seen_and_nothing_leaves_the_frame),
        cmocka_unit_test(ascii_is_used_where_there_is_nothing_else),
        cmocka_unit_test(a_failed_bar_differs_without_colour_too),
        cmocka_unit_test(sparks_rise_with_the_value),
    };

    return cmocka_run_group_tests_name("bars", tests, NULL, NULL);
}
