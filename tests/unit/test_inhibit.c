#include "inhibit.h"

#include "cm.h"

static struct notice
notice_of(enum alert_class class, uint32_t check)
{
    return (struct notice){
        .class = class,
        .severity = alert_severity_of(class),
        .check = check,
        .state = INCIDENT_OPEN,
        .fresh = true,
    };
}

static void
an_outage_of_the_whole_mutes_the_regions_of_that_check(void **state)
{
    struct notice items[] = {
        notice_of(ALERT_REGIONAL, 1),
        notice_of(ALERT_REGIONAL, 2),
        notice_of(ALERT_SITE_DOWN, 1),
    };
    const struct notice_list list = {.items = items, .count = 3};

    (void)state;
    assert_true(inhibit_is_muted(&list, 0));
    assert_false(inhibit_is_muted(&list, 1));
    assert_false(inhibit_is_muted(&list, 2));
}

static void
only_what_fires_and_can_be_told_mutes(void **state)
{
    struct notice items[] = {
        notice_of(ALERT_REGIONAL, 1),
        notice_of(ALERT_SITE_DOWN, 1),
    };
    const struct notice_list list = {.items = items, .count = 2};

    (void)state;
    items[1].state = INCIDENT_CLOSED;
    assert_false(inhibit_is_muted(&list, 0));
    items[1].state = INCIDENT_OPEN;
    items[1].fresh = false;
    assert_false(inhibit_is_muted(&list, 0));
}

static void
nothing_mutes_what_is_more_severe(void **state)
{
    struct notice loud = notice_of(ALERT_SITE_DOWN, 1);
    struct notice quiet = notice_of(ALERT_REGIONAL, 1);

    (void)state;
    loud.severity = SEVERITY_TICKET;
    assert_false(inhibit_mutes(&loud, &quiet));
    loud.severity = SEVERITY_NOTIFY;
    assert_true(inhibit_mutes(&loud, &quiet));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            an_outage_of_the_whole_mutes_the_regions_of_that_check),
        cmocka_unit_test(only_what_fires_and_can_be_told_mutes),
        cmocka_unit_test(nothing_mutes_what_is_more_severe),
    };

    return cmocka_run_group_tests_name("inhibit", tests, NULL, NULL);
}
