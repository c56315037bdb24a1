#include "paper.h"

#include "cm.h"
#include "sheet.h"

static void
what_strangers_write_never_steers_the_terminal(void **state)
{
    struct sheet sheet;

    (void)state;
    sheet_init(&sheet);
    sheet.paper.screen.color = false;
    paper_put(&sheet.paper, PAPER_PLAIN, "%s",
        "\033[2J\033]0;title\007\r\n\302\233x\342\200\256\377");
    assert_string_equal(sheet_text(&sheet), "?[2J?]0;title????x??");
    sheet_free(&sheet);
}

static void
colour_is_put_around_text_and_ended(void **state)
{
    struct sheet sheet;

    (void)state;
    sheet_init(&sheet);
    paper_put(&sheet.paper, PAPER_GOOD, "up");
    paper_put(&sheet.paper, PAPER_PLAIN, " and");
    sheet.paper.screen.color = false;
    paper_put(&sheet.paper, PAPER_BAD, " down");
    assert_string_equal(sheet_text(&sheet), "\033[32mup\033[0m and down");
    sheet_free(&sheet);
}

static void
without_utf8_all_is_ascii_of_the_same_width(void **state)
{
    struct sheet sheet;

    (void)state;
    sheet_init(&sheet);
    sheet.paper.screen.utf8 = false;
    sheet.paper.screen.color = false;
    paper_put(&sheet.paper, PAPER_PLAIN,
        "812 \302\265s \342\206\222 gr\303\274n \346\227\245 e\314\201 "
        "\342\234\227\342\200\246");
    assert_string_equal(sheet_text(&sheet), "812 us > gr?n ?? e x~");
    sheet_free(&sheet);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_strangers_write_never_steers_the_terminal),
        cmocka_unit_test(colour_is_put_around_text_and_ended),
        cmocka_unit_test(without_utf8_all_is_ascii_of_the_same_width),
    };

    return cmocka_run_group_tests_name("paper", tests, NULL, NULL);
}
