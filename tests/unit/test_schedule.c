#include "schedule.h"

#include "cm.h"

enum { SEC = 1000, MINUTE = 60 * SEC, HOUR = 60 * MINUTE };

/* Some moment that begins a slot of any usual length. */
static const int64_t day = INT64_C(1795737600000);

static struct schedule_place
place(uint32_t region, uint32_t regions, uint32_t agent, uint32_t agents)
{
    return (struct schedule_place){
        .region_index = region,
        .region_count = regions,
        .agent_index = agent,
        .agent_count = agents,
    };
}

/* A rule with a phase of our choice. */
static struct schedule_rule
rule_at(int64_t phase_ms)
{
    return (struct schedule_rule){
        .check_id = 7,
        .interval_ms = MINUTE,
        .timeout_ms = 10 * SEC,
        .phase_ms = phase_ms,
    };
}

static int64_t
phase_of(uint32_t id, int64_t interval_ms, int64_t timeout_ms,
    struct schedule_place where)
{
    return schedule_rule_of(id, interval_ms, timeout_ms, &where).phase_ms;
}

static void
three_regions_look_every_third_of_the_interval(void **state)
{
    (void)state;
    for (uint32_t id = 1; id < 500; id++) {
        bool seen[3] = {false};

        for (uint32_t region = 0; region < 3; region++) {
            int64_t phase_ms =
                phase_of(id, MINUTE, 10 * SEC, place(region, 3, 0, 1));

            seen[phase_ms / (20 * SEC)] = true;
            assert_int_equal(phase_ms % (20 * SEC),
                phase_of(id, MINUTE, 10 * SEC, place(0, 3, 0, 1)) % (20 * SEC));
        }
        assert_true(seen[0] && seen[1] && seen[2]);
    }
}

static void
agents_of_one_region_stand_apart_with_other_regions_between(void **state)
{
    (void)state;
    for (uint32_t id = 1; id < 100; id++) {
        int64_t a = phase_of(id, MINUTE, SEC, place(0, 3, 0, 2));
        int64_t b = phase_of(id, MINUTE, SEC, place(0, 3, 1, 2));
        int64_t other = phase_of(id, MINUTE, SEC, place(1, 3, 0, 2));

        assert_int_equal((b - a + MINUTE) % MINUTE, 30 * SEC);
        assert_int_equal((other - a + MINUTE) % MINUTE, 10 * SEC);
    }
}

static void
start_and_timeout_fit_into_the_slot(void **state)
{
    static const struct {
        int64_t interval_ms, timeout_ms;
        uint32_t regions, agents;
    } cases[] = {
        {MINUTE, 10 * SEC, 1, 1},
        {MINUTE, 10 * SEC, 3, 1},
        {MINUTE, 10 * SEC, 10, 10},
        {30 * SEC, 10 * SEC, 3, 1},
        {30 * SEC, 15 * SEC, 5, 2},
        {10 * SEC, 2 * SEC, 3, 1},
        {5 * SEC, 2 * SEC, 3, 1},
        {24 * HOUR, 45 * SEC, 3, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (uint32_t id = 1; id < 300; id++) {
            uint32_t region = id % cases[i].regions;
            uint32_t agent = id % cases[i].agents;
            int64_t phase_ms = phase_of(id * 2654435761u, cases[i].interval_ms,
                cases[i].timeout_ms,
                place(region, cases[i].regions, agent, cases[i].agents));

            if (phase_ms < 0 ||
                phase_ms + cases[i].timeout_ms > cases[i].interval_ms)
                fail_msg("case %zu, check %u: phase %lld", i, id,
                    (long long)phase_ms);
        }
    }
}

static void
a_timeout_as_long_as_the_slot_still_leaves_room_to_spread(void **state)
{
    int64_t least = MINUTE;
    int64_t most = 0;

    (void)state;
    for (uint32_t id = 1; id < 300; id++) {
        int64_t phase_ms = phase_of(id, MINUTE, MINUTE, place(0, 1, 0, 1));

        assert_true(phase_ms >= 0 && phase_ms < MINUTE / 2);
        least = phase_ms < least ? phase_ms : least;
        most = phase_ms > most ? phase_ms : most;
    }
    assert_true(most - least > 20 * SEC);
}

static void
checks_of_one_agent_do_not_start_together(void **state)
{
    int in_second[60] = {0};

    (void)state;
    for (uint32_t id = 1; id <= 2000; id++)
        in_second[phase_of(id, MINUTE, 2 * SEC, place(1, 3, 0, 1)) / SEC]++;
    for (int i = 0; i < 60; i++)
        assert_true(in_second[i] < 80); /* 2000 / 54 = 37 on average */
}

static void
a_place_out_of_bounds_is_brought_back(void **state)
{
    int64_t phase_ms = phase_of(5, MINUTE, SEC, place(9, 0, 4, 0));

    (void)state;
    assert_int_equal(phase_ms, phase_of(5, MINUTE, SEC, place(0, 1, 0, 1)));
    phase_ms = phase_of(
        5, 24 * HOUR, SEC, place(UINT32_MAX, UINT32_MAX, 0, UINT32_MAX));
    assert_true(phase_ms >= 0 && phase_ms < 24 * HOUR);
}

static void
joining(void **state)
{
    static const struct {
        const char *what;
        int64_t phase_ms, not_before, now;
        int64_t slot;
        int64_t ts_min, ts_max;
    } cases[] = {
        {"the moment is ahead", 20 * SEC, -MINUTE, 5 * SEC, 0, 20 * SEC,
            20 * SEC},
        {"the moment is now", 20 * SEC, -MINUTE, 20 * SEC, 0, 20 * SEC,
            20 * SEC},
        {"it has passed, and is caught up with", 20 * SEC, 0, 21 * SEC, 0,
            21 * SEC, 36 * SEC},
        {"this slot was measured before the restart", 20 * SEC, MINUTE, 5 * SEC,
            MINUTE, MINUTE + 20 * SEC, MINUTE + 20 * SEC},
        {"too late to fit: the next one", 20 * SEC, 0, 51 * SEC, MINUTE,
            MINUTE + 20 * SEC, MINUTE + 20 * SEC},
        {"slots of another length end inside ours", 20 * SEC, 30 * SEC,
            25 * SEC, 0, 30 * SEC, 45 * SEC},
        {"one slot ahead is believed", 20 * SEC, 2 * MINUTE, 5 * SEC,
            2 * MINUTE, 2 * MINUTE + 20 * SEC, 2 * MINUTE + 20 * SEC},
        {"an hour ahead is a clock set back", 20 * SEC, HOUR, 5 * SEC, 0,
            20 * SEC, 20 * SEC},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct schedule_rule rule = rule_at(cases[i].phase_ms);
        struct schedule_plan plan =
            schedule_join(&rule, day + cases[i].not_before, day + cases[i].now);

        if (plan.slot_unix_ms != day + cases[i].slot ||
            plan.ts_unix_ms < day + cases[i].ts_min ||
            plan.ts_unix_ms > day + cases[i].ts_max)
            fail_msg("%s: slot %lld ts %lld", cases[i].what,
                (long long)(plan.slot_unix_ms - day),
                (long long)(plan.ts_unix_ms - day));
    }
}

static void
a_new_check_does_not_wait_for_its_phase(void **state)
{
    struct schedule_rule rule = rule_at(55 * MINUTE);
    struct schedule_plan plan;

    (void)state;
    rule.interval_ms = HOUR;
    plan = schedule_join(&rule, 0, day + MINUTE);
    assert_int_equal(plan.slot_unix_ms, day);
    assert_true(plan.ts_unix_ms <= day + MINUTE + 30 * SEC);
    /* Nor is its phase waited past, where that comes first. */
    rule.phase_ms = MINUTE;
    plan = schedule_join(&rule, 0, day + MINUTE);
    assert_int_equal(plan.ts_unix_ms, day + MINUTE);
}

static void
catching_up_after_a_restart_is_no_storm(void **state)
{
    int in_second[16] = {0};

    (void)state;
    for (uint32_t id = 1; id <= 2000; id++) {
        struct schedule_rule rule = rule_at(0);
        struct schedule_plan plan;

        rule.check_id = id;
        plan = schedule_join(&rule, day, day + 10 * SEC);
        in_second[(plan.ts_unix_ms - day) / SEC - 10]++;
    }
    for (int i = 0; i < 15; i++)
        assert_true(in_second[i] > 80 && in_second[i] < 200);
}

static void
moments_come(void **state)
{
    static const struct {
        const char *what;
        int64_t now;
        bool start;
        int64_t next_slot;
        uint64_t missed;
    } cases[] = {
        {"on time", 20 * SEC, true, MINUTE, 0},
        {"a little late", 21 * SEC + 999, true, MINUTE, 0},
        {"before its time, because the clock was set", 10 * SEC, true, MINUTE,
            0},
        {"late, but the slot goes on", 30 * SEC, false, 0, 0},
        {"so late that it does not fit", 55 * SEC, false, MINUTE, 1},
        {"one slot late", MINUTE + 5 * SEC, false, MINUTE, 1},
        {"one slot and more", MINUTE + 30 * SEC, false, MINUTE, 1},
        {"an hour asleep", HOUR + 5 * SEC, false, HOUR, 60},
        {"a week asleep", 7 * 24 * HOUR, false, 7 * 24 * HOUR, 7 * 24 * 60},
    };
    struct schedule_rule rule = rule_at(20 * SEC);
    struct schedule_plan plan = {day, day + 20 * SEC};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct schedule_step step =
            schedule_due(&rule, &plan, day + cases[i].now);

        if (step.start != cases[i].start ||
            step.next.slot_unix_ms != day + cases[i].next_slot ||
            step.missed != cases[i].missed)
            fail_msg("%s: start %d next %lld missed %llu", cases[i].what,
                (int)step.start, (long long)(step.next.slot_unix_ms - day),
                (unsigned long long)step.missed);
        assert_true(step.next.ts_unix_ms >= step.next.slot_unix_ms);
        assert_true(step.next.ts_unix_ms >= day + cases[i].now);
        if (step.missed > 0)
            assert_int_equal(step.missed_from_unix_ms, day);
    }
}

static void
a_day_of_slots_is_measured_once_each(void **state)
{
    struct schedule_rule rule = rule_at(20 * SEC);
    struct schedule_plan plan = schedule_join(&rule, day, day);
    int started = 0;

    (void)state;
    while (plan.ts_unix_ms < day + 24 * HOUR) {
        struct schedule_step step = schedule_due(&rule, &plan, plan.ts_unix_ms);

        assert_true(step.start);
        assert_int_equal(plan.slot_unix_ms, day + started * MINUTE);
        plan = step.next;
        started++;
    }
    assert_int_equal(started, 24 * 60);
}

static void
a_start_stays_as_long_as_it_falls_into_its_slot(void **state)
{
    struct schedule_rule rule = rule_at(20 * SEC);
    struct schedule_plan plan = {day, day + 20 * SEC};

    (void)state;
    assert_true(schedule_may_stay(&rule, &plan, day));
    assert_true(schedule_may_stay(&rule, &plan, day + MINUTE - 1));
    assert_false(schedule_may_stay(&rule, &plan, day - 1));
    assert_false(schedule_may_stay(&rule, &plan, day + MINUTE));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_regions_look_every_third_of_the_interval),
        cmocka_unit_test(
            agents_of_one_region_stand_apart_with_other_regions_between),
        cmocka_unit_test(start_and_timeout_fit_into_the_slot),
        cmocka_unit_test(
            a_timeout_as_long_as_the_slot_still_leaves_room_to_spread),
        cmocka_unit_test(checks_of_one_agent_do_not_start_together),
        cmocka_unit_test(a_place_out_of_bounds_is_brought_back),
        cmocka_unit_test(joining),
        cmocka_unit_test(a_new_check_does_not_wait_for_its_phase),
        cmocka_unit_test(catching_up_after_a_restart_is_no_storm),
        cmocka_unit_test(moments_come),
        cmocka_unit_test(a_day_of_slots_is_measured_once_each),
        cmocka_unit_test(a_start_stays_as_long_as_it_falls_into_its_slot),
    };

    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
