#include "group.h"

#include <stdio.h>
#include <string.h>

#include "cm.h"

enum { DUE = 40 };

struct plan {
    char ids[DUE][9];
    struct group_due due[DUE];
    size_t count;
    struct group_message messages[DUE];
    size_t message_count;
};

static void
add(struct plan *plan, const char *group, const char *root,
    enum conf_severity severity)
{
    size_t at = plan->count++;

    (void)snprintf(plan->ids[at], sizeof(plan->ids[at]), "ID%06zu", at);
    plan->due[at] = (struct group_due){.group = group,
        .id = plan->ids[at],
        .root = root,
        .severity = severity};
}

/* "one acme 1, thread acme ID000000 4" and how many are left for later. */
static void
assert_plan(struct plan *plan, size_t room, const char *expected, size_t later)
{
    static const char *const kinds[] = {"one", "thread", "summary"};
    char text[2048] = "";
    size_t left = 0;

    plan->message_count =
        group_plan(plan->due, plan->count, room, plan->messages);
    for (size_t i = 0; i < plan->message_count; i++) {
        const struct group_message *message = &plan->messages[i];
        size_t used = strlen(text);
        size_t count = 0;

        for (size_t k = 0; k < plan->count; k++)
            count += plan->due[k].message == i;
        (void)snprintf(text + used, sizeof(text) - used, "%s%s %s%s%s %zu",
            used > 0 ? ", " : "", kinds[message->kind], message->group,
            message->root[0] != '\0' ? " " : "", message->root, count);
    }
    for (size_t k = 0; k < plan->count; k++)
        left += plan->due[k].message == GROUP_LATER;
    assert_string_equal(text, expected);
    assert_int_equal(left, later);
}

static void
up_to_three_are_told_one_by_one(void **state)
{
    struct plan plan = {0};

    (void)state;
    for (int i = 0; i < 3; i++)
        add(&plan, "acme", "", SEVERITY_PAGE);
    add(&plan, "fleet", "", SEVERITY_NOTIFY);
    assert_plan(
        &plan, 10, "one acme 1, one acme 1, one acme 1, one fleet 1", 0);
}

static void
more_are_told_in_a_thread_of_their_own(void **state)
{
    struct plan plan = {0};

    (void)state;
    for (int i = 0; i < 4; i++)
        add(&plan, "acme", "", SEVERITY_PAGE);
    add(&plan, "blog", "", SEVERITY_PAGE);
    assert_plan(&plan, 10, "thread acme ID000000 4, one blog 1", 0);
}

static void
what_was_told_in_a_thread_goes_on_in_it(void **state)
{
    struct plan plan = {0};

    (void)state;
    add(&plan, "acme", "", SEVERITY_PAGE);
    add(&plan, "acme", "ROOT0001", SEVERITY_PAGE);
    add(&plan, "acme", "ROOT0001", SEVERITY_PAGE);
    add(&plan, "acme", "ROOT0002", SEVERITY_PAGE);
    assert_plan(&plan, 10,
        "one acme 1, thread acme ROOT0001 2, thread acme ROOT0002 1", 0);
}

static void
beyond_the_room_the_worst_go_and_the_rest_in_one(void **state)
{
    static const char *const groups[] = {"a", "b", "c", "d", "e", "f"};
    struct plan plan = {0};

    (void)state;
    for (size_t i = 0; i < 6; i++)
        add(&plan, groups[i], "", i >= 4 ? SEVERITY_PAGE : SEVERITY_NOTIFY);
    assert_plan(&plan, 3, "one e 1, one f 1, summary  4", 0);
    assert_int_equal(plan.messages[2].severity, SEVERITY_NOTIFY);
}

static void
without_room_only_what_replaces_goes(void **state)
{
    struct plan plan = {0};

    (void)state;
    add(&plan, "a", "", SEVERITY_PAGE);
    add(&plan, "b", "", SEVERITY_PAGE);
    plan.due[1].replaces = true;
    assert_plan(&plan, 0, "one b 1", 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(up_to_three_are_told_one_by_one),
        cmocka_unit_test(more_are_told_in_a_thread_of_their_own),
        cmocka_unit_test(what_was_told_in_a_thread_goes_on_in_it),
        cmocka_unit_test(beyond_the_room_the_worst_go_and_the_rest_in_one),
        cmocka_unit_test(without_room_only_what_replaces_goes),
    };

    return cmocka_run_group_tests_name("group", tests, NULL, NULL);
}
