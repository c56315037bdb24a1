#include "tcp_probe.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "cm.h"
#include "dnsd.h"
#include "fake_loop.h"
#include "resolve.h"

struct fixture {
    struct loop *loop;
    struct dnsd *dnsd;
    struct resolver *resolver;
    struct probe_env env;
    struct check check;
    struct probe_run run;
    int listener; /* at 127.0.0.1, check.port */
    int calls;
    struct measure seen; /* its facts are taken */
};

static int
listen_at(const char *ip, int *port)
{
    struct sockaddr_in addr = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)*port)};
    socklen_t len = sizeof(addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(inet_pton(AF_INET, ip, &addr.sin_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, len), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
    *port = ntohs(addr.sin_port);
    return fd;
}

static int
set_up(void **state)
{
    static struct fixture f;
    struct resolver_spec spec = {
        .resolv_conf = "/nonexistent", .hosts_file = "/nonexistent"};
    struct err err;
    int port = 0;

    f = (struct fixture){0};
    f.loop = loop_new(&err);
    f.dnsd = dnsd_new(f.loop, "127.0.0.1");
    spec.loop = f.loop;
    assert_int_equal(strlist_add(&spec.servers, dnsd_name(f.dnsd)), 0);
    f.resolver = resolver_new(&spec, &err);
    strlist_free(&spec.servers);
    assert_made(f.resolver, err);
    f.env = (struct probe_env){.loop = f.loop, .resolver = f.resolver};
    f.listener = listen_at("127.0.0.1", &port);
    check_init(&f.check);
    f.check.id = 77;
    f.check.kind = CHECK_TCP;
    f.check.host = strdup("acme.example");
    f.check.port = port;
    f.check.timeout_ms = 10000;
    f.run = (struct probe_run){
        .ts_unix_ms = 61000, .slot_unix_ms = 60000, .attempt = 1};
    dnsd_add(f.dnsd, "acme.example", DNS_TYPE_A, "127.0.0.1");
    *state = &f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    measure_free_facts(&f->seen);
    check_free(&f->check);
    resolver_free(f->resolver);
    dnsd_free(f->dnsd);
    (void)close(f->listener);
    loop_free(f->loop);
    return 0;
}

static void
on_done(void *ctx, struct measure *measure)
{
    struct fixture *f = ctx;

    f->calls++;
    f->seen = *measure;
    measure->facts = NULL;
}

static struct probe *
start(struct fixture *f)
{
    struct err err;
    struct probe *probe =
        probe_start(&f->env, &f->check, &f->run, on_done, f, &err);

    assert_made(probe, err);
    assert_int_equal(f->calls, 0);
    return probe;
}

static void
pump(struct fixture *f)
{
    fake_loop_fire_due(f->loop);
    while (f->calls == 0 && fake_loop_pump(f->loop) > 0)
        fake_loop_fire_due(f->loop);
}

static void
set_host(struct fixture *f, const char *host)
{
    free(f->check.host);
    f->check.host = strdup(host);
}

static void
a_port_that_listens_is_up(void **state)
{
    struct fixture *f = *state;

    (void)start(f);
    pump(f);
    assert_int_equal(f->calls, 1);
    assert_int_equal(f->seen.status, MEASURE_UP);
    assert_int_equal(f->seen.reason, REASON_NONE);
    assert_int_equal(f->seen.failed_phase, -1);
    assert_int_equal(f->seen.check_id, 77);
    assert_int_equal(f->seen.attempt, 1);
    assert_int_equal(f->seen.slot_unix_ms, 60000);
    assert_int_equal(f->seen.family, FAMILY_V4);
    assert_int_equal(f->seen.phase_us[PHASE_DNS], 0);
    assert_int_equal(f->seen.phase_us[PHASE_CONNECT], 0);
    assert_int_equal(f->seen.phase_us[PHASE_TLS], PHASE_NOT_REACHED);
    assert_int_equal(f->seen.phase_us[PHASE_TOTAL], 0);
    assert_string_equal(f->seen.facts->ip, "127.0.0.1");
}

static void
a_literal_has_no_dns_phase(void **state)
{
    struct fixture *f = *state;

    set_host(f, "127.0.0.1");
    (void)start(f);
    pump(f);
    assert_int_equal(f->seen.status, MEASURE_UP);
    assert_int_equal(f->seen.phase_us[PHASE_DNS], PHASE_NOT_REACHED);
}

static void
a_port_where_nobody_listens_refuses(void **state)
{
    struct fixture *f = *state;

    (void)close(f->listener);
    f->listener = -1;
    (void)start(f);
    pump(f);
    assert_int_equal(f->seen.status, MEASURE_DOWN);
    assert_int_equal(f->seen.reason, REASON_CONNECT_REFUSED);
    assert_int_equal(f->seen.failed_phase, PHASE_CONNECT);
    assert_int_equal(f->seen.phase_us[PHASE_CONNECT], PHASE_NOT_REACHED);
}

static void
the_second_address_is_tried_when_the_first_refuses(void **state)
{
    struct fixture *f = *state;

    dnsd_add(f->dnsd, "two.example", DNS_TYPE_A, "127.0.0.2");
    dnsd_add(f->dnsd, "two.example", DNS_TYPE_A, "127.0.0.1");
    set_host(f, "two.example");
    (void)start(f);
    pump(f);
    assert_int_equal(f->seen.status, MEASURE_UP);
    assert_string_equal(f->seen.facts->ip, "127.0.0.1");
    assert_string_equal(f->seen.facts->detail, "");
}

static void
a_name_that_is_not_there_fails_in_the_dns_phase(void **state)
{
    struct fixture *f = *state;

    set_host(f, "gone.example");
    (void)start(f);
    pump(f);
    assert_int_equal(f->seen.status, MEASURE_DOWN);
    assert_int_equal(f->seen.reason, REASON_DNS_NXDOMAIN);
    assert_int_equal(f->seen.failed_phase, PHASE_DNS);
}

static void
silence_of_dns_ends_at_forty_percent_of_the_timeout(void **state)
{
    struct fixture *f = *state;

    dnsd_set_mood(f->dnsd, DNSD_SILENT);
    (void)start(f);
    fake_loop_advance_ns(f->loop, 4 * NS_PER_SEC - 1);
    assert_int_equal(f->calls, 0);
    fake_loop_advance_ns(f->loop, 1);
    assert_int_equal(f->calls, 1);
    assert_int_equal(f->seen.reason, REASON_DNS_TIMEOUT);
    assert_int_equal(f->seen.failed_phase, PHASE_DNS);
    assert_non_null(strstr(f->seen.facts->detail, "the resolver 127.0.0.1#"));
    assert_int_equal(f->seen.phase_us[PHASE_TOTAL], 4000000);
}

/* A listener whose queue is full does not answer any more. */
static void
silence_of_the_port_ends_at_the_check_s_timeout(void **state)
{
    struct fixture *f = *state;
    int port = 0;
    int full = listen_at("127.0.0.1", &port);
    struct sockaddr_in addr;
    socklen_t len = sizeof(addr);
    int fillers[4];

    assert_int_equal(listen(full, 0), 0);
    assert_int_equal(getsockname(full, (struct sockaddr *)&addr, &len), 0);
    for (int i = 0; i < 4; i++) {
        fillers[i] =
            socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(fillers[i], (struct sockaddr *)&addr, len);
    }
    set_host(f, "127.0.0.1");
    f->check.port = port;
    (void)start(f);
    fake_loop_fire_due(f->loop);
    assert_int_equal(fake_loop_poll(f->loop), 0);
    fake_loop_advance_ns(f->loop, 10 * NS_PER_SEC - 1);
    assert_int_equal(f->calls, 0);
    fake_loop_advance_ns(f->loop, 1);
    assert_int_equal(f->seen.status, MEASURE_DOWN);
    assert_int_equal(f->seen.reason, REASON_CONNECT_TIMEOUT);
    assert_int_equal(f->seen.failed_phase, PHASE_CONNECT);
    for (int i = 0; i < 4; i++)
        (void)close(fillers[i]);
    (void)close(full);
}

static void
above_the_limit_it_is_slow(void **state)
{
    struct fixture *f = *state;

    f->check.slow_ms = 100;
    (void)start(f);
    fake_loop_advance_ns(f->loop, 101 * NS_PER_MS);
    pump(f);
    assert_int_equal(f->seen.status, MEASURE_SLOW);
    assert_int_equal(f->seen.reason, REASON_NONE);
    assert_true(f->seen.phase_us[PHASE_TOTAL] > 100000);
}

static void
a_source_address_that_is_not_ours_is_an_error_not_a_down(void **state)
{
    struct fixture *f = *state;

    set_host(f, "127.0.0.1");
    f->env.bind_ip4 = "192.0.2.99";
    (void)start(f);
    pump(f);
    assert_int_equal(f->seen.status, MEASURE_ERROR);
    assert_int_equal(f->seen.reason, REASON_AGENT_NO_ROUTE);
}

static void
out_of_descriptors_is_an_error_not_a_down(void **state)
{
    struct fixture *f = *state;
    struct rlimit old;
    struct rlimit none;

    set_host(f, "127.0.0.1");
    (void)start(f);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = (struct rlimit){.rlim_cur = 3, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    fake_loop_fire_due(f->loop);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(f->calls, 1);
    assert_int_equal(f->seen.status, MEASURE_ERROR);
    assert_int_equal(f->seen.reason, REASON_AGENT_LIMIT);
}

static void
after_cancel_nothing_comes(void **state)
{
    struct fixture *f = *state;
    struct probe *probe = start(f);

    (void)fake_loop_pump(f->loop);
    probe_cancel(probe);
    fake_loop_advance_ns(f->loop, 20 * NS_PER_SEC);
    assert_int_equal(f->calls, 0);
    assert_int_equal(fake_loop_timer_count(f->loop), 0);
}

static void
a_kind_that_is_not_built_yet_is_an_error_with_words(void **state)
{
    struct fixture *f = *state;

    f->check.kind = CHECK_FORM;
    (void)start(f);
    fake_loop_fire_due(f->loop);
    assert_int_equal(f->calls, 1);
    assert_int_equal(f->seen.status, MEASURE_ERROR);
    assert_int_equal(f->seen.reason, REASON_AGENT_SKIPPED);
    assert_string_equal(f->seen.facts->detail,
        "this version cannot measure checks of kind form");
    measure_free_facts(&f->seen);
    f->calls = 0;
    probe_cancel(start(f));
}

#define story(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        story(a_port_that_listens_is_up),
        story(a_literal_has_no_dns_phase),
        story(a_port_where_nobody_listens_refuses),
        story(the_second_address_is_tried_when_the_first_refuses),
        story(a_name_that_is_not_there_fails_in_the_dns_phase),
        story(silence_of_dns_ends_at_forty_percent_of_the_timeout),
        story(silence_of_the_port_ends_at_the_check_s_timeout),
        story(above_the_limit_it_is_slow),
        story(a_source_address_that_is_not_ours_is_an_error_not_a_down),
        story(out_of_descriptors_is_an_error_not_a_down),
        story(after_cancel_nothing_comes),
        story(a_kind_that_is_not_built_yet_is_an_error_with_words),
    };

    return cmocka_run_group_tests_name("tcp_probe", tests, NULL, NULL);
}
