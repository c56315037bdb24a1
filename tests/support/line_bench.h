/*
 * line_bench.h - an agent's end of the line with a spool of its own, under a
 * fake loop, and a fake collector at the other end.
 *
 * Failures end the test.
 */
#ifndef TESTS_LINE_BENCH_H
#define TESTS_LINE_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "fake_collector.h"
#include "spool.h"
#include "uplink.h"

enum { LINE_SESSION = 4711, LINE_PATIENCE = 2000, LINE_ROOT_BYTES = 64 };

struct line_bench {
    char root[LINE_ROOT_BYTES];
    char dir[2 * LINE_ROOT_BYTES];
    struct loop *loop;
    struct spool *spool;
    struct fake_collector *fake;
    struct uplink *uplink;
    struct uplink_spec spec;

    /* What the agent was told. */
    uint64_t config_version;
    bool refuse_config;
    bool refuse_keys;
    struct uplink_keys stored;
    int stored_count;
    int64_t offset_ms;
    int offset_count;
};

/* For cmocka; the line is not open yet. */
int line_setup(void **state);
int line_teardown(void **state);

void line_open(struct line_bench *f);

/* One turn of both ends; true if the collector got a message. */
bool line_turn(struct line_bench *f, struct wire_msg *msg);

/*
 * Turns until each end has taken what the other had said, handshakes included:
 * before this the clock must not be moved on.  True if the collector got a
 * message on the way; call again.
 */
bool line_settle(struct line_bench *f, struct wire_msg *msg);

/* The same, whatever is said meanwhile. */
void line_settle_unheard(struct line_bench *f);

/* The next message, which must be of that type. */
struct wire_msg line_await(struct line_bench *f, enum wire_type type);

/* A second of the agent's time, in which a PING is answered.  True: `msg`. */
bool line_live_a_second(struct line_bench *f, struct wire_msg *msg);

/* Within `seconds` of the agent's time a message comes that is not a PING. */
struct wire_msg line_await_within(
    struct line_bench *f, enum wire_type type, int64_t seconds);

/* Turns until so much is acknowledged; messages meanwhile are an error. */
void line_turn_until_acked(struct line_bench *f, uint64_t acked);

/* No message comes while the clock stands. */
void line_expect_quiet(struct line_bench *f);

/* Records that tell their numbers, synced. */
void line_append(struct line_bench *f, unsigned first, unsigned last);
void line_assert_records(
    const struct wire_batch *batch, unsigned first, unsigned count);

struct wire_msg line_welcome_at(uint64_t acked, uint32_t crc);
void line_send_ack(struct line_bench *f, uint64_t acked);
void line_send_nack(struct line_bench *f, enum wire_nack code, uint64_t first);

/* From HELLO to the first PING, with a mark of 0. */
void line_connect(struct line_bench *f);

/* The same, and records 1 to `last` in one batch: with them it comes back. */
struct wire_msg line_connect_and_take(struct line_bench *f, unsigned last);

#endif
