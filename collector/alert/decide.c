#include "decide.h"

enum { GROUP_EVERY_MS = 300 * 1000 };

void
decide_group_init(struct decide_group *group)
{
    *group = (struct decide_group){.due_unix_ms = INT64_MAX};
}

void
decide_group_add(struct decide_group *group, const struct notice *other,
    const struct notice_target *target, bool held)
{
    if (target->told != NOTICE_TOLD_FIRING &&
        !(target->mail != 0 && target->mail_state == MAIL_FIRING)) {
        if (other->state == INCIDENT_OPEN && other->fresh && !held &&
            !target->refused && other->due_unix_ms != 0 &&
            other->due_unix_ms < group->due_unix_ms)
            group->due_unix_ms = other->due_unix_ms;
        return;
    }
    if (target->last_unix_ms > group->last_unix_ms)
        group->last_unix_ms = target->last_unix_ms;
    /* What happened once does not go on: others need not wait for its end. */
    if (other->state != INCIDENT_OPEN || other->event)
        return;
    if (!group->fires || other->severity > group->worst)
        group->worst = other->severity;
    group->fires = true;
}

static enum decide_action
at_moment(int64_t due_unix_ms, enum decide_action action,
    const struct decide_room *room, int64_t *next_unix_ms)
{
    if (room->now_unix_ms >= due_unix_ms)
        return action;
    if (due_unix_ms < *next_unix_ms)
        *next_unix_ms = due_unix_ms;
    return DECIDE_NOTHING;
}

static int64_t
group_moment(const struct decide_group *group)
{
    return group->fires ? group->last_unix_ms + GROUP_EVERY_MS : INT64_MIN;
}

/* Whoever acknowledged it is reminded when that ends. */
static int64_t
reminder_moment(const struct notice *notice, const struct notice_target *target,
    const struct decide_room *room)
{
    int64_t due = target->last_unix_ms + room->reminder_ms;

    return due > notice->acked_until_unix_ms ? due
                                             : notice->acked_until_unix_ms;
}

static enum decide_action
while_open(const struct notice *notice, const struct notice_target *target,
    const struct decide_group *group, const struct decide_room *room,
    int64_t *next_unix_ms)
{
    int64_t due = notice->due_unix_ms;

    if (target->mail != 0)
        return target->mail_state == MAIL_FIRING ||
                       target->mail_state == MAIL_REMINDER
                   ? DECIDE_NOTHING
                   : DECIDE_CANCEL;
    if (room->hold || !notice->fresh || due == 0)
        return DECIDE_NOTHING;
    if (target->told == NOTICE_TOLD_FIRING)
        return notice->event ? DECIDE_NOTHING
                             : at_moment(reminder_moment(notice, target, room),
                                   DECIDE_REMINDER, room, next_unix_ms);
    if (group->due_unix_ms < due) {
        due = group->due_unix_ms;
        if (due < notice->tell_unix_ms)
            due = notice->tell_unix_ms;
    }
    if (target->refused && target->last_unix_ms + room->reminder_ms > due)
        due = target->last_unix_ms + room->reminder_ms;
    if ((notice->severity < SEVERITY_PAGE ||
            notice->severity <= group->worst) &&
        group_moment(group) > due)
        due = group_moment(group);
    return at_moment(due, DECIDE_FIRING, room, next_unix_ms);
}

static enum decide_action
after_end(const struct notice *notice, const struct notice_target *target,
    const struct decide_group *group, const struct decide_room *room,
    int64_t *next_unix_ms)
{
    bool told = target->told == NOTICE_TOLD_FIRING;

    if (notice->event)
        return DECIDE_NOTHING;
    if (target->mail != 0) {
        switch (target->mail_state) {
        case MAIL_FIRING:
            if (target->told == NOTICE_TOLD_RESOLVED)
                return DECIDE_CANCEL;
            return told ? DECIDE_RESOLVED : DECIDE_WAS_DOWN;
        case MAIL_REMINDER:
            return DECIDE_RESOLVED;
        case MAIL_RESOLVED:
            return DECIDE_NOTHING;
        case MAIL_WITHDRAWN:
        case MAIL_STATE_COUNT:
            break;
        }
        return DECIDE_CANCEL;
    }
    if (told)
        return at_moment(
            group_moment(group), DECIDE_RESOLVED, room, next_unix_ms);
    return target->told == NOTICE_UNTOLD && target->missed ? DECIDE_WAS_DOWN
                                                           : DECIDE_NOTHING;
}

static enum decide_action
after_withdrawal(const struct notice_target *target)
{
    bool told = target->told == NOTICE_TOLD_FIRING ||
                target->told == NOTICE_TOLD_RESOLVED;

    if (target->mail != 0 && target->mail_state == MAIL_WITHDRAWN)
        return DECIDE_NOTHING;
    if (told)
        return DECIDE_WITHDRAWN;
    return target->mail != 0 ? DECIDE_CANCEL : DECIDE_NOTHING;
}

enum decide_action
decide(const struct notice *notice, const struct notice_target *target,
    const struct decide_group *group, const struct decide_room *room,
    int64_t *next_unix_ms)
{
    switch (notice->state) {
    case INCIDENT_OPEN:
        return while_open(notice, target, group, room, next_unix_ms);
    case INCIDENT_CLOSED:
    case INCIDENT_REMOVED:
        return after_end(notice, target, group, room, next_unix_ms);
    case INCIDENT_WITHDRAWN:
        return after_withdrawal(target);
    }
    return DECIDE_NOTHING;
}
