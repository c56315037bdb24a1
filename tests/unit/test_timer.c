#include "timer.h"

#include <stdlib.h>

#include "cm.h"

enum { COUNT_MAX = 300 };

struct fixture {
    struct timer_queue queue;
    struct timer timers[COUNT_MAX];
    int fired[COUNT_MAX *
              2]; /* which, in the order in which they were called */
    int fired_count;
};

struct slot {
    struct fixture *f;
    int number;
    void (*also)(struct fixture *f, int number);
};

static struct slot slots[COUNT_MAX];

static void
on_timer(void *ctx)
{
    struct slot *slot = ctx;
    struct fixture *f = slot->f;

    assert_false(f->timers[slot->number].armed);
    f->fired[f->fired_count++] = slot->number;
    if (slot->also != NULL)
        slot->also(f, slot->number);
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (f == NULL)
        return -1;
    for (int i = 0; i < COUNT_MAX; i++) {
        slots[i] = (struct slot){.f = f, .number = i};
        timer_init(&f->timers[i], on_timer, &slots[i]);
    }
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < COUNT_MAX; i++)
        timer_stop(&f->queue, &f->timers[i]);
    assert_int_equal(f->queue.count, 0);
    free(f);
    return 0;
}

static void
the_soonest_fires_first(void **state)
{
    struct fixture *f = *state;
    int64_t due_ns;

    assert_false(timer_next_due(&f->queue, &due_ns));
    timer_start(&f->queue, &f->timers[0], 30);
    timer_start(&f->queue, &f->timers[1], 10);
    timer_start(&f->queue, &f->timers[2], 20);
    assert_true(timer_next_due(&f->queue, &due_ns));
    assert_int_equal(due_ns, 10);
    timer_fire_due(&f->queue, 29);
    assert_int_equal(f->fired_count, 2);
    assert_int_equal(f->fired[0], 1);
    assert_int_equal(f->fired[1], 2);
    timer_fire_due(&f->queue, 30);
    assert_int_equal(f->fired[2], 0);
}

static void
equal_due_times_fire_in_the_order_of_arming(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 50; i++)
        timer_start(&f->queue, &f->timers[i], 7);
    timer_start(&f->queue, &f->timers[3], 7); /* armed anew: last */
    timer_fire_due(&f->queue, 7);
    assert_int_equal(f->fired_count, 50);
    assert_int_equal(f->fired[2], 2);
    assert_int_equal(f->fired[3], 4);
    assert_int_equal(f->fired[49], 3);
}

static void
stopping_twice_is_harmless_and_a_stopped_timer_is_silent(void **state)
{
    struct fixture *f = *state;

    timer_stop(&f->queue, &f->timers[0]);
    timer_start(&f->queue, &f->timers[0], 1);
    timer_stop(&f->queue, &f->timers[0]);
    timer_stop(&f->queue, &f->timers[0]);
    timer_fire_due(&f->queue, 100);
    assert_int_equal(f->fired_count, 0);
    assert_int_equal(f->queue.count, 0);
}

static void
stop_the_next(struct fixture *f, int number)
{
    timer_stop(&f->queue, &f->timers[number + 1]);
}

static void
a_callback_may_stop_what_is_due_too(void **state)
{
    struct fixture *f = *state;

    slots[0].also = stop_the_next;
    for (int i = 0; i < 3; i++)
        timer_start(&f->queue, &f->timers[i], i);
    timer_fire_due(&f->queue, 10);
    assert_int_equal(f->fired_count, 2);
    assert_int_equal(f->fired[1], 2);
}

static void
arm_again_in_the_past(struct fixture *f, int number)
{
    int64_t due_ns;

    timer_start(&f->queue, &f->timers[number], 1);
    assert_true(timer_next_due(&f->queue, &due_ns));
    assert_int_equal(due_ns, 1);
}

static void
a_timer_that_arms_itself_again_does_not_starve_the_others(void **state)
{
    struct fixture *f = *state;

    slots[0].also = arm_again_in_the_past;
    timer_start(&f->queue, &f->timers[0], 1);
    timer_start(&f->queue, &f->timers[1], 2);
    timer_fire_due(&f->queue, 10);
    assert_int_equal(f->fired_count, 2);
    assert_int_equal(f->fired[0], 0);
    assert_int_equal(f->fired[1], 1);
    timer_fire_due(&f->queue, 10);
    assert_int_equal(f->fired_count, 3);
    assert_int_equal(f->queue.count, 1);
}

static void
arm_and_stop_others(struct fixture *f, int number)
{
    for (int i = 10; i < 20; i++)
        timer_start(&f->queue, &f->timers[i], i);
    for (int i = 10; i < 20; i += 2)
        timer_stop(&f->queue, &f->timers[i]);
    timer_start(&f->queue, &f->timers[number], 50);
    timer_stop(&f->queue, &f->timers[2]); /* was armed before */
}

static void
what_a_callback_arms_can_be_stopped_within_it(void **state)
{
    struct fixture *f = *state;

    slots[0].also = arm_and_stop_others;
    for (int i = 0; i < 4; i++)
        timer_start(&f->queue, &f->timers[i], i);
    timer_fire_due(&f->queue, 30);
    assert_int_equal(f->fired_count, 3); /* 0, 1, 3 */
    assert_int_equal(f->queue.count, 6);
    slots[0].also = NULL;
    timer_fire_due(&f->queue, 60);
    assert_int_equal(f->fired_count, 9);
    assert_int_equal(f->fired[3], 11);
    assert_int_equal(f->fired[8], 0);
}

static void
many_in_any_order_come_out_sorted(void **state)
{
    struct fixture *f = *state;
    uint32_t random = 12345;

    for (int round = 0; round < 2000; round++) {
        int i;

        random = random * 1664525U + 1013904223U;
        i = (int)(random >> 8) % COUNT_MAX;
        if (random & 0x80U)
            timer_stop(&f->queue, &f->timers[i]);
        else
            timer_start(&f->queue, &f->timers[i], (int)(random >> 16) % 1000);
    }
    int armed = f->queue.count;

    timer_fire_due(&f->queue, 1000);
    assert_int_equal(f->fired_count, armed);
    for (int i = 1; i < f->fired_count; i++) {
        const struct timer *a = &f->timers[f->fired[i - 1]];
        const struct timer *b = &f->timers[f->fired[i]];

        assert_true(a->due_ns < b->due_ns ||
                    (a->due_ns == b->due_ns && a->order < b->order));
    }
}

#define timer_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        timer_test(the_soonest_fires_first),
        timer_test(equal_due_times_fire_in_the_order_of_arming),
        timer_test(stopping_twice_is_harmless_and_a_stopped_timer_is_silent),
        timer_test(a_callback_may_stop_what_is_due_too),
        timer_test(a_timer_that_arms_itself_again_does_not_starve_the_others),
        timer_test(what_a_callback_arms_can_be_stopped_within_it),
        timer_test(many_in_any_order_come_out_sorted),
    };

    return cmocka_run_group_tests_name("timer", tests, NULL, NULL);
}
