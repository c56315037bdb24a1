/*
 * The uplink on the product's own loop against a collector in another thread:
 * what the fake loop cannot show is that no wake-up is missed.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "cm.h"
#include "fake_collector.h"
#include "log.h"
#include "loop.h"
#include "uplink.h"
#include "uplink_socket.h"

enum { RECORDS = 20000, PART = 500, SESSION_ID = 7, ROOT_BYTES = 64 };

struct collector {
    struct fake_collector *fake;
    pthread_t thread;
    _Atomic bool stop;
    uint64_t mark;
    uint64_t taken; /* records that came in order, each once */
    int batches;
};

struct agent {
    char root[ROOT_BYTES];
    char dir[2 * ROOT_BYTES];
    struct loop *loop;
    struct spool *spool;
    struct uplink *uplink;
    struct timer every; /* 10 ms: a part more is measured */
    struct timer patience;
    unsigned appended;
    bool gave_up;
};

static void
take_batch(struct collector *c, const struct wire_batch *batch)
{
    struct wire_msg msg = {.type = WIRE_ACK};

    c->batches++;
    if (batch->first_seq == c->mark + 1) {
        c->mark += batch->count;
        c->taken += batch->count;
    }
    /* Of every third batch nothing is said: the next ACK covers it. */
    if (c->batches % 3 == 0 && c->mark < RECORDS)
        return;
    msg.u.ack = (struct wire_ack){
        .session = SESSION_ID, .acked_seq = c->mark, .window_batches = 4};
    fake_collector_send(c->fake, &msg);
}

static void
take(struct collector *c, const struct wire_msg *in)
{
    struct wire_msg msg = {.type = WIRE_WELCOME};

    if (in->type == WIRE_BATCH) {
        take_batch(c, &in->u.batch);
    } else if (in->type == WIRE_HELLO) {
        msg.u.welcome = (struct wire_welcome){.proto = 1,
            .session = SESSION_ID,
            .window_batches = 4,
            .max_batch_bytes = WIRE_BATCH_MAX_BYTES,
            .max_batch_records = WIRE_BATCH_MAX_RECORDS,
            .ping_ms = 1000,
            .wall_ms = clock_unix_ms()};
        fake_collector_send(c->fake, &msg);
    } else if (in->type == WIRE_PING) {
        msg.type = WIRE_PONG;
        msg.u.pong = (struct wire_pong){.t0_boot_ms = in->u.ping.t0_boot_ms,
            .t1_wall_ms = clock_unix_ms(),
            .t2_wall_ms = clock_unix_ms(),
            .acked_seq = c->mark};
        fake_collector_send(c->fake, &msg);
    }
}

static void *
serve(void *ctx)
{
    struct collector *c = ctx;
    struct wire_msg msg;

    while (!atomic_load(&c->stop)) {
        if (fake_collector_next(c->fake, &msg))
            take(c, &msg);
    }
    return NULL;
}

static void
append_part(struct agent *agent)
{
    char text[64];
    uint64_t seq;
    struct err err;

    for (int i = 0; i < PART && agent->appended < RECORDS; i++) {
        int len = snprintf(text, sizeof(text), "result %u", ++agent->appended);

        assert_ok(
            spool_append(agent->spool,
                (struct bytes){(const uint8_t *)text, (size_t)len}, &seq, &err),
            err);
    }
    assert_ok(spool_sync(agent->spool, &err), err);
    uplink_nudge(agent->uplink);
}

static void
on_every(void *ctx)
{
    struct agent *agent = ctx;
    struct spool_state state;

    append_part(agent);
    spool_state(agent->spool, &state);
    if (state.acked_seq == RECORDS)
        loop_stop(agent->loop);
    else
        loop_timer_start(agent->loop, &agent->every, 10 * NS_PER_MS);
}

static void
on_patience(void *ctx)
{
    struct agent *agent = ctx;

    agent->gave_up = true;
    loop_stop(agent->loop);
}

static void
open_agent(struct agent *agent, const struct fake_collector *fake)
{
    struct spool_spec spool_spec = {.retention_ms = 1000};
    struct uplink_spec spec = {.endpoint = fake_collector_endpoint(fake),
        .agent = "eu1",
        .build = "0.1.0"};
    struct err err;

    (void)snprintf(agent->root, sizeof(agent->root), "/tmp/stream-XXXXXX");
    assert_non_null(mkdtemp(agent->root));
    (void)snprintf(agent->dir, sizeof(agent->dir), "%s/spool", agent->root);
    spool_spec.dir = agent->dir;
    agent->spool = spool_open(&spool_spec, &err);
    assert_made(agent->spool, err);
    agent->loop = loop_new(&err);
    assert_made(agent->loop, err);
    spec.loop = agent->loop;
    spec.spool = agent->spool;
    memcpy(
        spec.keys.collector_public, fake_collector_key(fake), WIRE_KEY_BYTES);
    uplink_socket_new_keys(spec.keys.agent_public, spec.keys.agent_secret);
    agent->uplink = uplink_open(&spec, &err);
    assert_made(agent->uplink, err);
    timer_init(&agent->every, on_every, agent);
    timer_init(&agent->patience, on_patience, agent);
}

static void
close_agent(struct agent *agent)
{
    char command[2 * ROOT_BYTES];

    uplink_close(agent->uplink);
    loop_timer_stop(agent->loop, &agent->every);
    loop_timer_stop(agent->loop, &agent->patience);
    loop_free(agent->loop);
    spool_close(agent->spool);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", agent->root);
    assert_int_equal(system(command), 0); /* NOLINT: a folder of our own */
}

static void
twenty_thousand_records_arrive_in_order_and_once(void **state)
{
    struct collector collector = {.fake = fake_collector_open(0)};
    struct agent agent = {0};

    (void)state;
    open_agent(&agent, collector.fake);
    assert_int_equal(
        pthread_create(&collector.thread, NULL, serve, &collector), 0);
    loop_timer_start(agent.loop, &agent.every, 0);
    loop_timer_start(agent.loop, &agent.patience, 50 * NS_PER_SEC);
    loop_run(agent.loop);
    close_agent(&agent);
    atomic_store(&collector.stop, true);
    assert_int_equal(pthread_join(collector.thread, NULL), 0);
    fake_collector_close(collector.fake);
    assert_false(agent.gave_up);
    assert_int_equal(collector.mark, RECORDS);
    assert_int_equal(collector.taken, RECORDS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twenty_thousand_records_arrive_in_order_and_once),
    };

    log_set_level(LOG_AT_ERROR);
    return cmocka_run_group_tests_name("uplink_stream", tests, NULL, NULL);
}
