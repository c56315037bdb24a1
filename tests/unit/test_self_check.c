#include "self_check.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "cm.h"
#include "dnsd.h"
#include "fake_loop.h"

enum { ROOMS_MAX = 4 };

/* A listening socket: the kernel accepts for us. */
struct room {
    int fd;
    char text[32];
};

struct fixture {
    struct loop *loop;
    struct dnsd *dnsd;
    struct resolver *resolver;
    struct self_check *self_check;
    struct room rooms[ROOMS_MAX];
    struct strlist targets;
    struct strlist resolvers;
    struct self_check_ask ask;
    int told;
    enum self_check_state seen;
};

static void
open_room(struct room *room)
{
    struct sockaddr_in addr = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t len = sizeof(addr);

    room->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(room->fd != -1);
    assert_int_equal(bind(room->fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(listen(room->fd, 16), 0);
    assert_int_equal(getsockname(room->fd, (struct sockaddr *)&addr, &len), 0);
    (void)snprintf(
        room->text, sizeof(room->text), "127.0.0.1:%d", ntohs(addr.sin_port));
}

static void
close_room(struct room *room)
{
    if (room->fd != -1)
        (void)close(room->fd);
    room->fd = -1;
}

static void
on_told(void *ctx, enum self_check_state state)
{
    struct fixture *f = ctx;

    f->told++;
    f->seen = state;
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct resolver_spec spec = {
        .resolv_conf = "/dev/null",
        .hosts_file = "/dev/null",
    };
    struct self_check_spec check = {0};
    struct err err;

    assert_non_null(f);
    f->loop = loop_new(&err);
    assert_made(f->loop, err);
    f->dnsd = dnsd_new(f->loop, "127.0.0.1");
    dnsd_add(f->dnsd, "a.root-servers.net.", DNS_TYPE_A, "198.41.0.4");
    spec.loop = f->loop;
    f->resolver = resolver_new(&spec, &err);
    assert_made(f->resolver, err);
    check.loop = f->loop;
    check.resolver = f->resolver;
    f->self_check = self_check_new(&check, &err);
    assert_made(f->self_check, err);
    for (int i = 0; i < ROOMS_MAX; i++) {
        open_room(&f->rooms[i]);
        assert_int_equal(strlist_add(&f->targets, f->rooms[i].text), 0);
    }
    assert_int_equal(strlist_add(&f->resolvers, dnsd_name(f->dnsd)), 0);
    f->ask = (struct self_check_ask){.fn = on_told, .ctx = f};
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    self_check_free(f->self_check);
    resolver_free(f->resolver);
    dnsd_free(f->dnsd);
    for (int i = 0; i < ROOMS_MAX; i++)
        close_room(&f->rooms[i]);
    strlist_free(&f->targets);
    strlist_free(&f->resolvers);
    loop_free(f->loop);
    free(f);
    return 0;
}

/* Looks at the first `targets` rooms, and at the resolver if there is one. */
static void
configure(struct fixture *f, size_t targets, size_t resolvers)
{
    struct strlist some = {f->targets.items, targets};
    struct strlist servers = {f->resolvers.items, resolvers};
    struct self_check_plan plan = {.targets = &some, .resolvers = &servers};
    struct err err;

    assert_ok(self_check_configure(f->self_check, &plan, &err), err);
}

/* Lets what is under way come in; time stands still meanwhile. */
static void
settle(struct fixture *f)
{
    for (int quiet = 0; quiet < 5;) {
        fake_loop_advance_ns(f->loop, 0);
        quiet = fake_loop_poll(f->loop) > 0 ? 0 : quiet + 1;
        if (quiet > 0)
            (void)usleep(2000);
    }
}

static void
run_round(struct fixture *f)
{
    f->told = 0;
    self_check_ask(f->self_check, &f->ask);
    settle(f);
    if (f->told == 0)
        fake_loop_advance_ns(f->loop, 600 * NS_PER_MS);
    settle(f);
    if (f->told == 0)
        fake_loop_advance_ns(f->loop, 2000 * NS_PER_MS);
    assert_int_equal(f->told, 1);
}

static void
more_than_half_of_the_targets_are_enough(void **state)
{
    static const struct {
        size_t targets, closed;
        enum self_check_state expect;
    } cases[] = {
        {0, 0, SELF_CHECK_GOOD}, {1, 0, SELF_CHECK_GOOD},
        {1, 1, SELF_CHECK_FAILING}, {2, 0, SELF_CHECK_GOOD},
        {2, 1, SELF_CHECK_FAILING}, /* at least two */
        {3, 1, SELF_CHECK_GOOD}, {3, 2, SELF_CHECK_FAILING},
        {4, 1, SELF_CHECK_GOOD},
        {4, 2, SELF_CHECK_FAILING}, /* half is not more than half */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        void *own = NULL;
        struct fixture *f;

        (void)setup(&own);
        f = own;
        for (size_t j = 0; j < cases[i].closed; j++)
            close_room(&f->rooms[j]);
        configure(f, cases[i].targets, 1);
        run_round(f);
        if (f->seen != cases[i].expect)
            fail_msg("case %zu: %s", i, self_check_state_name(f->seen));
        assert_int_equal(self_check_state(f->self_check), cases[i].expect);
        (void)teardown(&own);
    }
}

static void
a_resolver_that_does_not_answer_is_a_failure_within_two_seconds(void **state)
{
    struct fixture *f = *state;

    configure(f, 3, 1);
    dnsd_set_mood(f->dnsd, DNSD_SILENT);
    self_check_ask(f->self_check, &f->ask);
    settle(f);
    assert_int_equal(f->told, 0);
    fake_loop_advance_ns(f->loop, 2000 * NS_PER_MS);
    assert_int_equal(f->told, 1);
    assert_int_equal(f->seen, SELF_CHECK_FAILING);
}

static void
a_resolver_that_refuses_can_be_reached(void **state)
{
    struct fixture *f = *state;

    configure(f, 0, 1);
    dnsd_set_mood(f->dnsd, DNSD_REFUSED);
    run_round(f);
    assert_int_equal(f->seen, SELF_CHECK_GOOD);
}

static void
one_resolver_of_two_is_enough(void **state)
{
    struct fixture *f = *state;
    struct dnsd *silent = dnsd_new(f->loop, "127.0.0.1");

    dnsd_set_mood(silent, DNSD_SILENT);
    assert_int_equal(strlist_add(&f->resolvers, dnsd_name(silent)), 0);
    configure(f, 3, 2);
    run_round(f);
    assert_int_equal(f->seen, SELF_CHECK_GOOD);
    dnsd_free(silent);
}

static void
without_a_source_address_there_is_no_route(void **state)
{
    struct fixture *f = *state;
    struct self_check_spec spec = {
        .loop = f->loop,
        .resolver = f->resolver,
        .bind_ip4 = "192.0.2.77", /* nobody's: for documentation */
    };
    struct err err;

    self_check_free(f->self_check);
    f->self_check = self_check_new(&spec, &err);
    assert_made(f->self_check, err);
    configure(f, 3, 0);
    run_round(f);
    assert_int_equal(f->seen, SELF_CHECK_FAILING);
}

static void
switched_off_it_does_not_know(void **state)
{
    struct fixture *f = *state;
    struct strlist none = {0};
    struct self_check_plan plan = {
        .off = true,
        .targets = &f->targets,
        .resolvers = &none,
    };
    struct err err;

    run_round(f); /* not configured yet */
    assert_int_equal(f->seen, SELF_CHECK_UNKNOWN);
    configure(f, 3, 1);
    run_round(f);
    assert_int_equal(f->seen, SELF_CHECK_GOOD);
    assert_ok(self_check_configure(f->self_check, &plan, &err), err);
    assert_int_equal(self_check_state(f->self_check), SELF_CHECK_UNKNOWN);
    run_round(f);
    assert_int_equal(f->seen, SELF_CHECK_UNKNOWN);
}

static void
rounds_come_every_ten_seconds(void **state)
{
    struct fixture *f = *state;

    configure(f, 3, 1);
    settle(f);
    assert_int_equal(self_check_state(f->self_check), SELF_CHECK_GOOD);
    assert_int_equal(dnsd_asked(f->dnsd), 1);
    close_room(&f->rooms[0]);
    close_room(&f->rooms[1]);
    fake_loop_advance_ns(f->loop, 9999 * NS_PER_MS);
    settle(f);
    assert_int_equal(self_check_state(f->self_check), SELF_CHECK_GOOD);
    fake_loop_advance_ns(f->loop, 1 * NS_PER_MS);
    settle(f);
    assert_int_equal(self_check_state(f->self_check), SELF_CHECK_FAILING);
    assert_int_equal(dnsd_asked(f->dnsd), 2);
}

static void
many_who_ask_share_a_round(void **state)
{
    struct fixture *f = *state;
    struct self_check_ask asks[5];
    int before;

    configure(f, 3, 1);
    settle(f);
    before = dnsd_asked(f->dnsd);
    for (int i = 0; i < 5; i++) {
        asks[i] = (struct self_check_ask){.fn = on_told, .ctx = f};
        self_check_ask(f->self_check, &asks[i]);
    }
    fake_loop_advance_ns(f->loop, 500 * NS_PER_MS);
    settle(f);
    assert_int_equal(f->told, 5);
    assert_int_equal(dnsd_asked(f->dnsd), before + 1);
}

static void
a_round_that_began_before_the_question_cannot_say_good(void **state)
{
    struct fixture *f = *state;

    configure(f, 3, 1);
    fake_loop_advance_ns(f->loop, 0); /* the first round is on its way */
    self_check_ask(f->self_check, &f->ask);
    settle(f);
    assert_int_equal(self_check_state(f->self_check), SELF_CHECK_GOOD);
    assert_int_equal(f->told, 0);
    fake_loop_advance_ns(f->loop, 500 * NS_PER_MS);
    settle(f);
    assert_int_equal(f->told, 1);
    assert_int_equal(f->seen, SELF_CHECK_GOOD);
}

static void
a_round_that_began_before_the_question_can_say_failing(void **state)
{
    struct fixture *f = *state;

    dnsd_set_mood(f->dnsd, DNSD_SILENT);
    configure(f, 3, 1);
    fake_loop_advance_ns(f->loop, 0);
    settle(f);
    fake_loop_advance_ns(f->loop, 1500 * NS_PER_MS);
    self_check_ask(f->self_check, &f->ask);
    fake_loop_advance_ns(f->loop, 500 * NS_PER_MS);
    assert_int_equal(f->told, 1);
    assert_int_equal(f->seen, SELF_CHECK_FAILING);
}

static void
who_stops_asking_is_not_told(void **state)
{
    struct fixture *f = *state;

    configure(f, 3, 1);
    self_check_ask(f->self_check, &f->ask);
    self_check_ask_stop(f->self_check, &f->ask);
    self_check_ask_stop(f->self_check, &f->ask);
    settle(f);
    fake_loop_advance_ns(f->loop, 3000 * NS_PER_MS);
    settle(f);
    assert_int_equal(f->told, 0);
}

static void
what_is_no_address_is_refused_and_nothing_changes(void **state)
{
    static const char *const bad[] = {"one.one.one.one:443", "127.0.0.1",
        "127.0.0.1:0", "127.0.0.1:70000", "[::1:443", ":443", ""};
    struct fixture *f = *state;

    configure(f, 3, 1);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct strlist one = {0};
        struct strlist none = {0};
        struct self_check_plan plan = {.targets = &one, .resolvers = &none};
        struct err err = {0};

        assert_int_equal(strlist_add(&one, bad[i]), 0);
        if (self_check_configure(f->self_check, &plan, &err) == 0)
            fail_msg("\"%s\" was taken", bad[i]);
        assert_int_equal(err.code, ERR_PARSE);
        strlist_free(&one);
    }
    run_round(f);
    assert_int_equal(f->seen, SELF_CHECK_GOOD);
    assert_true(dnsd_asked(f->dnsd) > 0);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_than_half_of_the_targets_are_enough),
        CASE(a_resolver_that_does_not_answer_is_a_failure_within_two_seconds),
        CASE(a_resolver_that_refuses_can_be_reached),
        CASE(one_resolver_of_two_is_enough),
        CASE(without_a_source_address_there_is_no_route),
        CASE(switched_off_it_does_not_know),
        CASE(rounds_come_every_ten_seconds),
        CASE(many_who_ask_share_a_round),
        CASE(a_round_that_began_before_the_question_cannot_say_good),
        CASE(a_round_that_began_before_the_question_can_say_failing),
        CASE(who_stops_asking_is_not_told),
        CASE(what_is_no_address_is_refused_and_nothing_changes),
    };
#undef CASE

    return cmocka_run_group_tests_name("self_check", tests, NULL, NULL);
}
