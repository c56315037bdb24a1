#include "screen.h"

#include "cm.h"

static const struct screen_env usual = {
    .terminal = true, .columns = 120, .term = "xterm", .lang = "C.UTF-8"};

static void
a_terminal_has_all(void **state)
{
    struct screen screen;

    (void)state;
    screen_decide(&usual, &screen);
    assert_true(screen.terminal && screen.live && screen.color && screen.utf8);
    assert_int_equal(screen.columns, 120);
}

static void
no_color_takes_the_colour_and_nothing_else(void **state)
{
    struct screen_env env = usual;
    struct screen screen;

    (void)state;
    env.no_color = "1";
    screen_decide(&env, &screen);
    assert_false(screen.color);
    assert_true(screen.live);
    env.no_color = ""; /* counts as not set, no-color.org */
    screen_decide(&env, &screen);
    assert_true(screen.color);
}

static void
a_dumb_terminal_or_none_gets_plain_text(void **state)
{
    static const char *const terms[] = {"dumb", "", NULL};
    struct screen_env env = usual;
    struct screen screen;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        env.term = terms[i];
        screen_decide(&env, &screen);
        assert_false(screen.color || screen.live);
        assert_true(screen.terminal);
    }
    env = usual;
    env.terminal = false;
    screen_decide(&env, &screen);
    assert_false(screen.terminal || screen.color || screen.live);
}

static void
letters_follow_the_locale(void **state)
{
    static const struct {
        const char *lc_all, *lc_ctype, *lang;
        bool utf8;
    } cases[] = {
        {NULL, NULL, "de_DE.UTF-8", true},
        {NULL, NULL, "de_DE.utf8", true},
        {NULL, NULL, "de_DE", false},
        {NULL, NULL, "de_DE.ISO-8859-1", false},
        {NULL, NULL, NULL, false},
        {"C", "C.UTF-8", "C.UTF-8", false},
        {"", "C.UTF-8", "C", true},
        {NULL, "POSIX", "C.UTF-8", false},
        {"de_DE.UTF-8@euro", NULL, NULL, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct screen_env env = usual;
        struct screen screen;

        env.lc_all = cases[i].lc_all;
        env.lc_ctype = cases[i].lc_ctype;
        env.lang = cases[i].lang;
        screen_decide(&env, &screen);
        if (screen.utf8 != cases[i].utf8)
            fail_msg("case %zu", i);
    }
}

static void
any_width_is_made_one_that_can_be_drawn_on(void **state)
{
    static const struct {
        int columns;
        const char *var;
        int width;
    } cases[] = {{0, NULL, 80}, {1, NULL, 40}, {5000, NULL, 300},
        {100, "132", 132}, {100, "wide", 100}, {100, "-4", 100}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct screen_env env = usual;
        struct screen screen;

        env.columns = cases[i].columns;
        env.columns_var = cases[i].var;
        screen_decide(&env, &screen);
        assert_int_equal(screen.columns, cases[i].width);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_terminal_has_all),
        cmocka_unit_test(no_color_takes_the_colour_and_nothing_else),
        cmocka_unit_test(a_dumb_terminal_or_none_gets_plain_text),
        cmocka_unit_test(letters_follow_the_locale),
        cmocka_unit_test(any_width_is_made_one_that_can_be_drawn_on),
    };

    return cmocka_run_group_tests_name("screen", tests, NULL, NULL);
}
