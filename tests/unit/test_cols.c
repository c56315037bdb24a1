#include "cols.h"

#include "cm.h"

static void
letters_take_the_columns_that_a_terminal_gives_them(void **state)
{
    (void)state;
    assert_int_equal(cols_of(""), 0);
    assert_int_equal(cols_of("acme"), 4);
    assert_int_equal(cols_of("812 \302\265s"), 6);
    assert_int_equal(cols_of("\346\227\245\346\234\254"), 4); /* 日本 */
    assert_int_equal(cols_of("e\314\201"), 1);                /* e with acute */
    assert_int_equal(cols_of("\360\237\230\200"), 2);         /* an emoji */
}

static void
what_is_cut_says_so_and_ends_on_a_whole_letter(void **state)
{
    char out[32];

    (void)state;
    cols_cut("acme.example", 20, out, sizeof(out));
    assert_string_equal(out, "acme.example");
    cols_cut("acme.example", 5, out, sizeof(out));
    assert_string_equal(out, "acme\342\200\246");
    cols_cut("\346\227\245\346\234\254\346\227\245", 4, out, sizeof(out));
    assert_string_equal(out, "\346\227\245\342\200\246");
    cols_cut("acme", 0, out, sizeof(out));
    assert_string_equal(out, "");
    cols_cut("acme.example", 12, out, 8);
    assert_string_equal(out, "acme\342\200\246");
}

static void
a_line_ends_between_words_or_not_at_all(void **state)
{
    (void)state;
    assert_int_equal(cols_line("one two", 7), 7);
    assert_int_equal(cols_line("one two", 6), 3);
    assert_int_equal(cols_line("one two", 3), 3);
    assert_int_equal(cols_line("one two three", 8), 7);
    assert_int_equal(cols_line("https://acme.example/", 5), 21);
    assert_int_equal(cols_line("https://acme.example/ x", 5), 21);
    assert_int_equal(cols_line(" in phase", 4), 3);
    assert_int_equal(cols_line("\346\227\245 \346\227\245", 4), 3);
    assert_int_equal(cols_line("", 4), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_take_the_columns_that_a_terminal_gives_them),
        cmocka_unit_test(what_is_cut_says_so_and_ends_on_a_whole_letter),
        cmocka_unit_test(a_line_ends_between_words_or_not_at_all),
    };

    return cmocka_run_group_tests_name("cols", tests, NULL, NULL);
}
