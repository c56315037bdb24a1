#include "canary_feed.h"

#include "check.h"
#include "clock.h"

static void
wait(struct canary_feed *feed)
{
    loop_timer_start(
        feed->loop, &feed->timer, CHECK_CANARY_EVERY_MS * NS_PER_MS);
}

static void
on_due(void *ctx)
{
    struct canary_feed *feed = ctx;
    int64_t now_unix_ms = clock_unix_ms() + feed->offset_ms;
    struct measure measure = {
        .check_id = CHECK_CANARY_ID,
        .ts_unix_ms = now_unix_ms,
        .slot_unix_ms = now_unix_ms - now_unix_ms % CHECK_CANARY_EVERY_MS,
        .status = MEASURE_UP,
        .reason = REASON_NONE,
        .failed_phase = -1,
    };

    for (int i = 0; i < PHASE_COUNT; i++)
        measure.phase_us[i] = PHASE_NOT_REACHED;
    measure.phase_us[PHASE_TOTAL] = 0;
    recorder_take(feed->recorder, &measure, false);
    wait(feed);
}

void
canary_feed_init(
    struct canary_feed *feed, struct loop *loop, struct recorder *recorder)
{
    *feed = (struct canary_feed){.loop = loop, .recorder = recorder};
    timer_init(&feed->timer, on_due, feed);
}

void
canary_feed_stop(struct canary_feed *feed)
{
    if (feed->loop != NULL)
        loop_timer_stop(feed->loop, &feed->timer);
}

void
canary_feed_want(struct canary_feed *feed, bool wanted)
{
    if (wanted == feed->wanted)
        return;
    feed->wanted = wanted;
    if (wanted)
        wait(feed);
    else
        loop_timer_stop(feed->loop, &feed->timer);
}

void
canary_feed_steer(struct canary_feed *feed, int64_t offset_ms)
{
    feed->offset_ms = offset_ms;
}

void
canary_feed_note(struct canary_feed *feed)
{
    if (feed->wanted)
        wait(feed);
}
