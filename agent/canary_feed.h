/*
 * canary_feed.h - a result of no check where none has come for half a minute,
 * so that the collector can see that results arrive.
 */
#ifndef AGENT_CANARY_FEED_H
#define AGENT_CANARY_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "loop.h"
#include "recorder.h"

struct canary_feed {
    struct loop *loop;         /* borrowed */
    struct recorder *recorder; /* borrowed */
    struct timer timer;
    int64_t offset_ms; /* the collector's clock minus ours */
    bool wanted;
};

/* Nothing is sent yet. */
void canary_feed_init(
    struct canary_feed *feed, struct loop *loop, struct recorder *recorder);
void canary_feed_stop(struct canary_feed *feed);

/* Whether the collector wants them. */
void canary_feed_want(struct canary_feed *feed, bool wanted);
void canary_feed_steer(struct canary_feed *feed, int64_t offset_ms);

/* A real result was recorded: none is needed for a while. */
void canary_feed_note(struct canary_feed *feed);

#endif
