#include "decide.h"

#include "cm.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

/* One notice and one recipient; a minute past everything is `now`. */
struct scene {
    struct notice notice;
    struct notice_target target;
    struct decide_group group;
    struct decide_room room;
    int64_t next_unix_ms;
};

static struct scene
scene_of(enum conf_severity severity)
{
    struct scene scene = {
        .notice =
            {
                .severity = severity,
                .state = INCIDENT_OPEN,
                .fresh = true,
                .due_unix_ms = 30 * SECOND,
            },
        .room = {.now_unix_ms = 30 * SECOND, .reminder_ms = 4 * HOUR},
    };

    decide_group_init(&scene.group);
    return scene;
}

static enum decide_action
ask(struct scene *scene)
{
    scene->next_unix_ms = INT64_MAX;
    return decide(&scene->notice, &scene->target, &scene->group, &scene->room,
        &scene->next_unix_ms);
}

static void
assert_later(struct scene *scene, int64_t at_unix_ms)
{
    assert_int_equal(ask(scene), DECIDE_NOTHING);
    assert_int_equal(scene->next_unix_ms, at_unix_ms);
}

static void
the_first_telling_waits(void **state)
{
    struct scene scene = scene_of(SEVERITY_NOTIFY);

    (void)state;
    scene.room.now_unix_ms = 29 * SECOND;
    assert_later(&scene, 30 * SECOND);
    scene.room.now_unix_ms = 30 * SECOND;
    assert_int_equal(ask(&scene), DECIDE_FIRING);
    scene.target.mail = 7;
    assert_later(&scene, INT64_MAX);
}

static void
what_is_not_fresh_or_is_held_is_not_told(void **state)
{
    struct scene scene = scene_of(SEVERITY_PAGE);

    (void)state;
    scene.notice.fresh = false;
    assert_later(&scene, INT64_MAX);
    scene.notice.fresh = true;
    scene.room.hold = true;
    assert_later(&scene, INT64_MAX);
    scene.target.told = NOTICE_TOLD_FIRING;
    scene.room.now_unix_ms = 5 * HOUR;
    assert_later(&scene, INT64_MAX);
    scene.notice.state = INCIDENT_CLOSED;
    assert_int_equal(ask(&scene), DECIDE_RESOLVED);
}

static void
a_reminder_comes_after_four_hours_unless_somebody_has_it(void **state)
{
    struct scene scene = scene_of(SEVERITY_PAGE);

    (void)state;
    scene.target.told = NOTICE_TOLD_FIRING;
    scene.target.last_unix_ms = HOUR;
    assert_later(&scene, 5 * HOUR);
    scene.room.now_unix_ms = 5 * HOUR;
    assert_int_equal(ask(&scene), DECIDE_REMINDER);
    scene.notice.acked_until_unix_ms = 6 * HOUR;
    assert_later(&scene, 6 * HOUR);
}

static void
a_resolve_is_told_to_those_who_were_told(void **state)
{
    struct scene scene = scene_of(SEVERITY_PAGE);

    (void)state;
    scene.notice.state = INCIDENT_CLOSED;
    assert_later(&scene, INT64_MAX);
    scene.target.told = NOTICE_TOLD_FIRING;
    assert_int_equal(ask(&scene), DECIDE_RESOLVED);
    scene.notice.state = INCIDENT_REMOVED;
    assert_int_equal(ask(&scene), DECIDE_RESOLVED);
    scene.target.told = NOTICE_TOLD_RESOLVED;
    assert_later(&scene, INT64_MAX);
}

static void
what_is_queued_when_it_resolves_becomes_one_mail(void **state)
{
    struct scene scene = scene_of(SEVERITY_PAGE);

    (void)state;
    scene.notice.state = INCIDENT_CLOSED;
    scene.target.mail = 7;
    scene.target.mail_state = MAIL_FIRING;
    assert_int_equal(ask(&scene), DECIDE_WAS_DOWN);
    scene.target.mail_state = MAIL_RESOLVED;
    assert_later(&scene, INT64_MAX);
    scene.target.told = NOTICE_TOLD_FIRING;
    scene.target.mail_state = MAIL_REMINDER;
    assert_int_equal(ask(&scene), DECIDE_RESOLVED);
}

static void
a_firing_mail_that_was_refused_is_made_up_for(void **state)
{
    struct scene scene = scene_of(SEVERITY_PAGE);

    (void)state;
    scene.target.missed = true;
    scene.target.refused = true;
    scene.target.last_unix_ms = MINUTE;
    assert_later(&scene, 4 * HOUR + MINUTE);
    scene.notice.state = INCIDENT_CLOSED;
    assert_int_equal(ask(&scene), DECIDE_WAS_DOWN);
}

static void
a_withdrawal_is_told_once_to_those_who_were_told(void **state)
{
    struct scene scene = scene_of(SEVERITY_PAGE);

    (void)state;
    scene.notice.state = INCIDENT_WITHDRAWN;
    assert_later(&scene, INT64_MAX);
    scene.target.told = NOTICE_TOLD_FIRING;
    assert_int_equal(ask(&scene), DECIDE_WITHDRAWN);
    scene.target.told = NOTICE_TOLD_RESOLVED;
    assert_int_equal(ask(&scene), DECIDE_WITHDRAWN);
    scene.target.mail = 7;
    scene.target.mail_state = MAIL_WITHDRAWN;
    assert_later(&scene, INT64_MAX);
    scene.target.told = NOTICE_TOLD_WITHDRAWN;
    scene.target.mail = 0;
    assert_later(&scene, INT64_MAX);
    scene.target.told = NOTICE_UNTOLD;
    scene.target.mail = 8;
    scene.target.mail_state = MAIL_FIRING;
    assert_int_equal(ask(&scene), DECIDE_CANCEL);
}

static void
what_opens_again_is_told_again(void **state)
{
    struct scene scene = scene_of(SEVERITY_PAGE);

    (void)state;
    scene.target.told = NOTICE_TOLD_RESOLVED;
    assert_int_equal(ask(&scene), DECIDE_FIRING);
    scene.target.told = NOTICE_TOLD_FIRING;
    scene.target.mail = 7;
    scene.target.mail_state = MAIL_RESOLVED;
    assert_int_equal(ask(&scene), DECIDE_CANCEL);
}

static void
while_the_site_fires_the_next_is_told_five_minutes_later(void **state)
{
    struct scene scene = scene_of(SEVERITY_NOTIFY);
    struct notice other = {.state = INCIDENT_OPEN,
        .severity = SEVERITY_NOTIFY,
        .fresh = true,
        .due_unix_ms = 1};
    struct notice_target told = {
        .told = NOTICE_TOLD_FIRING, .last_unix_ms = 10 * SECOND};

    (void)state;
    decide_group_add(&scene.group, &other, &told, false);
    assert_later(&scene, 310 * SECOND);
    scene.notice.state = INCIDENT_CLOSED;
    scene.target.told = NOTICE_TOLD_FIRING;
    assert_later(&scene, 310 * SECOND);
    scene.room.now_unix_ms = 310 * SECOND;
    assert_int_equal(ask(&scene), DECIDE_RESOLVED);
    /* A resolve that leaves nothing firing waits for nothing. */
    other.state = INCIDENT_CLOSED;
    decide_group_init(&scene.group);
    decide_group_add(&scene.group, &other, &told, false);
    scene.room.now_unix_ms = 30 * SECOND;
    assert_int_equal(ask(&scene), DECIDE_RESOLVED);
}

static void
a_page_does_not_wait_behind_what_is_less_severe(void **state)
{
    struct scene scene = scene_of(SEVERITY_PAGE);
    struct notice other = {.state = INCIDENT_OPEN, .severity = SEVERITY_NOTIFY};
    struct notice_target told = {
        .told = NOTICE_TOLD_FIRING, .last_unix_ms = 10 * SECOND};

    (void)state;
    decide_group_add(&scene.group, &other, &told, false);
    assert_int_equal(ask(&scene), DECIDE_FIRING);
    other.severity = SEVERITY_PAGE;
    decide_group_add(&scene.group, &other, &told, false);
    assert_later(&scene, 310 * SECOND);
}

static void
what_has_come_by_the_first_telling_is_told_with_it(void **state)
{
    struct scene scene = scene_of(SEVERITY_NOTIFY);
    struct notice other = {
        .state = INCIDENT_OPEN, .fresh = true, .due_unix_ms = 10 * SECOND};
    struct notice_target untold = {.told = NOTICE_UNTOLD};

    (void)state;
    scene.room.now_unix_ms = 12 * SECOND;
    decide_group_add(&scene.group, &other, &untold, true);
    assert_later(&scene, 30 * SECOND);
    decide_group_add(&scene.group, &other, &untold, false);
    assert_int_equal(ask(&scene), DECIDE_FIRING);
}

/* An agent may be back within its five minutes, whatever else is told. */
static void
what_has_a_moment_of_its_own_is_not_told_before_with_others(void **state)
{
    struct scene scene = scene_of(SEVERITY_NOTIFY);

    (void)state;
    scene.notice.tell_unix_ms = scene.notice.due_unix_ms = 300 * SECOND;
    scene.group.due_unix_ms = 5 * SECOND;
    assert_later(&scene, 300 * SECOND);
    scene.room.now_unix_ms = 300 * SECOND;
    assert_int_equal(ask(&scene), DECIDE_FIRING);
}

static void
an_event_that_was_told_lets_others_go_on(void **state)
{
    struct scene scene = scene_of(SEVERITY_NOTIFY);
    struct notice other = {.state = INCIDENT_OPEN, .event = true};
    struct notice_target told = {
        .told = NOTICE_TOLD_FIRING, .last_unix_ms = 29 * SECOND};

    (void)state;
    decide_group_add(&scene.group, &other, &told, false);
    assert_int_equal(ask(&scene), DECIDE_FIRING);
    other.event = false;
    decide_group_add(&scene.group, &other, &told, false);
    assert_later(&scene, 329 * SECOND);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_telling_waits),
        cmocka_unit_test(what_is_not_fresh_or_is_held_is_not_told),
        cmocka_unit_test(
            a_reminder_comes_after_four_hours_unless_somebody_has_it),
        cmocka_unit_test(a_resolve_is_told_to_those_who_were_told),
        cmocka_unit_test(what_is_queued_when_it_resolves_becomes_one_mail),
        cmocka_unit_test(a_firing_mail_that_was_refused_is_made_up_for),
        cmocka_unit_test(a_withdrawal_is_told_once_to_those_who_were_told),
        cmocka_unit_test(what_opens_again_is_told_again),
        cmocka_unit_test(
            while_the_site_fires_the_next_is_told_five_minutes_later),
        cmocka_unit_test(a_page_does_not_wait_behind_what_is_less_severe),
        cmocka_unit_test(what_has_come_by_the_first_telling_is_told_with_it),
        cmocka_unit_test(an_event_that_was_told_lets_others_go_on),
        cmocka_unit_test(
            what_has_a_moment_of_its_own_is_not_told_before_with_others),
    };

    return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
