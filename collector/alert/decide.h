/*
 * decide.h - what one recipient is to be told of one incident, now or when.
 * Pure.
 *
 * Wait before the first: 5 s for pages, 30 s for the rest (in the notice as
 * `due`); what else of the site has come by then is told at once with it.
 * While something of the same site has been told as firing, at most
 * every 5 min, but a page that is worse than all of it waits for nothing, and
 * neither does a resolve that leaves nothing firing.
 */
#ifndef COLLECTOR_DECIDE_H
#define COLLECTOR_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "notice_log.h"

enum decide_action {
    DECIDE_NOTHING,
    DECIDE_FIRING,
    DECIDE_REMINDER,
    DECIDE_RESOLVED,
    DECIDE_WAS_DOWN, /* over before anything was accepted */
    DECIDE_WITHDRAWN,
    DECIDE_CANCEL /* what is queued is no longer so */
};

/* What else this recipient has been told of the site, and still holds. */
struct decide_group {
    bool fires;               /* told as firing, and open still */
    enum conf_severity worst; /* of those */
    int64_t last_unix_ms;     /* when it got something of them */
    int64_t due_unix_ms;      /* the first of what waits; INT64_MAX: none */
};

struct decide_room {
    int64_t now_unix_ms;
    int64_t reminder_ms;
    bool hold; /* muted or in maintenance: nothing new is told of it */
};

void decide_group_init(struct decide_group *group);

/*
 * Adds what the same recipient, as `target`, knows of another incident of the
 * site; `held` says that nothing new is told of that one.
 */
void decide_group_add(struct decide_group *group, const struct notice *other,
    const struct notice_target *target, bool held);

/*
 * `next_unix_ms` is moved to where time alone makes something due, if that is
 * earlier.
 */
enum decide_action decide(const struct notice *notice,
    const struct notice_target *target, const struct decide_group *group,
    const struct decide_room *room, int64_t *next_unix_ms);

#endif
