#include "alert_flush.h"

#include <stdlib.h>
#include <string.h>

#include "alert_tell.h"
#include "class.h"
#include "decide.h"
#include "group.h"
#include "hush.h"
#include "mail_pace.h"
#include "notice_log.h"
#include "receivers.h"

enum {
    DUE_MAX = 4000, /* for one recipient at once: the rest a turn later */
    UNMUTED_MAX_MS = 600 * 1000
};

/* One notice, and who wants to know. */
struct item {
    struct notice *notice; /* in the list */
    char group[CONF_NAME_BYTES];
    struct receiver_list receivers;
    bool pending; /* something is queued, or will be due */
    bool changed;
};

/* One notice and one of its receivers. */
struct cell {
    struct item *item;
    const struct receiver *receiver;
    struct notice_target *target;
    bool held;
    enum decide_action action;
    bool alone; /* to be told by itself in this turn */
};

struct flushing {
    struct alert_flush *flush;
    struct alert_tell tell;
    struct notice_list list;
    struct hush *hush;
    struct item *items; /* owned; one a notice */
    struct cell *cells; /* owned; by item at first, then by recipient, group */
    size_t cell_count;
};

/* ---- who, and whether at all ---- */

static void
set_due(const struct alert_flush *flush, struct item *item)
{
    struct notice *notice = item->notice;

    if (notice->state != INCIDENT_OPEN || !notice->fresh ||
        notice->due_unix_ms != 0)
        return;
    notice->due_unix_ms = flush->now_unix_ms + alert_wait_ms(notice->severity);
    if (notice->tell_unix_ms > notice->due_unix_ms)
        notice->due_unix_ms = notice->tell_unix_ms;
    item->changed = true;
}

static int
prepare(struct flushing *at, size_t i, struct err *err)
{
    struct item *item = &at->items[i];
    struct notice *notice = &at->list.items[i];

    item->notice = notice;
    set_due(at->flush, item);
    notice_group(notice, item->group);
    if (receivers_of(at->tell.config, item->group, notice->severity,
            &item->receivers, err) != 0)
        return -1;
    for (size_t k = 0; k < item->receivers.count; k++) {
        size_t before = notice->target_count;

        if (notice_target(notice, item->receivers.items[k].address, err) ==
            NULL)
            return -1;
        item->changed = item->changed || notice->target_count > before;
    }
    at->cell_count += item->receivers.count;
    return 0;
}

static struct notice_target *
target_of(struct notice *notice, const char *address)
{
    for (size_t i = 0; i < notice->target_count; i++) {
        if (strcmp(notice->targets[i].address, address) == 0)
            return &notice->targets[i];
    }
    return NULL;
}

/* Targets stay where they are from here on. */
static int
make_cells(struct flushing *at, struct err *err)
{
    struct cell *cell = calloc(at->cell_count + 1, sizeof(*cell));

    at->cells = cell;
    if (cell == NULL)
        return err_set(err, ERR_NOMEM, "%zu alerts", at->cell_count);
    for (size_t i = 0; i < at->list.count; i++) {
        struct item *item = &at->items[i];

        for (size_t k = 0; k < item->receivers.count; k++, cell++) {
            cell->item = item;
            cell->receiver = &item->receivers.items[k];
            cell->target = target_of(item->notice, cell->receiver->address);
        }
    }
    return 0;
}

/*
 * What a louder alert has muted may be over as well and only not judged so yet:
 * it is told when it has had the time to close and has not.
 */
static int64_t
unmuted_wait_ms(const struct config *config, const struct notice *notice)
{
    const struct conf_check *check =
        collector_conf_check_by_id(config, notice->check);
    int64_t wait_ms = alert_wait_ms(notice->severity);
    int64_t slots_ms;

    if (check == NULL || notice->is_condition)
        return wait_ms;
    slots_ms = check->check.interval_ms *
               (1 + (strcmp(notice->scope, "global") == 0
                            ? conf_global_close_after(config)
                            : conf_regional_close_after(config)));
    if (slots_ms > UNMUTED_MAX_MS)
        slots_ms = UNMUTED_MAX_MS;
    return slots_ms > wait_ms ? slots_ms : wait_ms;
}

static void
note_reason(const struct flushing *at, struct item *item,
    const struct hush_reason *reason)
{
    struct notice *notice = item->notice;
    int64_t now = at->flush->now_unix_ms;

    if (notice->state != INCIDENT_OPEN ||
        (notice->mute == reason->mute &&
            strcmp(notice->muted_by, reason->by) == 0))
        return;
    if (notice->mute == NOTICE_MUTED_BY_ALERT && reason->mute == NOTICE_HEARD &&
        notice->due_unix_ms != 0 && !notice->outage)
        notice->due_unix_ms = now + unmuted_wait_ms(at->tell.config, notice);
    notice->mute = reason->mute;
    memcpy(notice->muted_by, reason->by, sizeof(notice->muted_by));
    item->changed = true;
}

/* What is said of the first who does not hear of it is kept. */
static void
hold(struct flushing *at)
{
    const struct notice *before = NULL;

    for (size_t i = 0; i < at->cell_count; i++) {
        struct cell *cell = &at->cells[i];
        struct notice *notice = cell->item->notice;
        struct hush_reason reason =
            hush_reason_of(at->hush, notice, cell->receiver->address);

        cell->held = reason.mute != NOTICE_HEARD;
        if (notice == before)
            continue;
        before = notice;
        note_reason(at, cell->item, &reason);
    }
}

static int
compare_cells(const void *a, const void *b)
{
    const struct cell *one = a;
    const struct cell *two = b;
    int order = strcmp(one->receiver->address, two->receiver->address);

    return order != 0 ? order : strcmp(one->item->group, two->item->group);
}

/* ---- deciding, for one recipient and group ---- */

static void
decide_cells(struct flushing *at, struct cell *cells, size_t count)
{
    struct alert_flush *flush = at->flush;
    struct decide_group group;

    decide_group_init(&group);
    for (size_t i = 0; i < count; i++)
        decide_group_add(
            &group, cells[i].item->notice, cells[i].target, cells[i].held);
    for (size_t i = 0; i < count; i++) {
        struct cell *cell = &cells[i];
        const struct decide_room room = {
            .now_unix_ms = flush->now_unix_ms,
            .reminder_ms = at->tell.config->reminder_ms,
            .hold = cell->held,
        };
        int64_t due_unix_ms = INT64_MAX;

        cell->action = decide(
            cell->item->notice, cell->target, &group, &room, &due_unix_ms);
        cell->item->pending = cell->item->pending || cell->target->mail != 0 ||
                              cell->action != DECIDE_NOTHING ||
                              due_unix_ms != INT64_MAX;
        if (due_unix_ms < flush->next_unix_ms)
            flush->next_unix_ms = due_unix_ms;
    }
}

/*
 * A queued mail that tells several is taken back whole when one of them has
 * become otherwise; *dropped says that any was.
 */
static int
drop_overtaken(struct flushing *at, struct cell *cells, size_t count,
    bool *dropped, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t mail = cells[i].target->mail;
        size_t shared = 0;

        if (mail == 0 || cells[i].action == DECIDE_NOTHING ||
            cells[i].target->root[0] == '\0')
            continue;
        for (size_t k = 0; k < count; k++)
            shared += cells[k].target->mail == mail;
        for (size_t k = 0; shared > 1 && k < count; k++) {
            if (cells[k].target->mail != mail)
                continue;
            if (alert_tell_drop(&at->tell, cells[k].target, err) != 0)
                return -1;
            cells[k].item->changed = true;
            *dropped = true;
        }
    }
    return 0;
}

static int
decide_group(
    struct flushing *at, struct cell *cells, size_t count, struct err *err)
{
    bool dropped = false;

    decide_cells(at, cells, count);
    if (drop_overtaken(at, cells, count, &dropped, err) != 0)
        return -1;
    if (dropped)
        decide_cells(at, cells, count);
    for (size_t i = 0; i < count; i++) {
        if (cells[i].action == DECIDE_NOTHING)
            continue;
        cells[i].item->changed = true;
        if (cells[i].action == DECIDE_CANCEL &&
            alert_tell_drop(&at->tell, cells[i].target, err) != 0)
            return -1;
    }
    return 0;
}

/* ---- into messages, for one recipient ---- */

static bool
tells(enum decide_action action)
{
    return action != DECIDE_NOTHING && action != DECIDE_CANCEL;
}

static struct alert_word
word_of(const struct cell *cell)
{
    struct alert_word word = {
        .notice = cell->item->notice,
        .target = cell->target,
        .receiver = cell->receiver,
        .state = MAIL_FIRING,
    };

    switch (cell->action) {
    case DECIDE_NOTHING:
    case DECIDE_CANCEL:
    case DECIDE_FIRING:
        break;
    case DECIDE_REMINDER:
        word.state = MAIL_REMINDER;
        break;
    case DECIDE_WAS_DOWN:
        word.was_down = true;
        word.state = MAIL_RESOLVED;
        break;
    case DECIDE_RESOLVED:
        word.state = MAIL_RESOLVED;
        break;
    case DECIDE_WITHDRAWN:
        word.state = MAIL_WITHDRAWN;
        break;
    }
    return word;
}

/* One recipient's part of a turn. */
struct part {
    struct cell *cells; /* in flushing */
    size_t count;
    struct group_due *due; /* owned */
    size_t due_count;
    struct group_message *messages; /* owned */
    size_t message_count;
    struct alert_word *words; /* owned; room for all cells */
};

static void
free_part(struct part *part)
{
    free(part->due);
    free(part->messages);
    free(part->words);
}

/*
 * What is queued and has not been accepted counts as sent: so many more may be
 * told now.
 */
static int
find_room(
    struct flushing *at, const struct part *part, size_t *room, struct err *err)
{
    int64_t now = at->flush->now_unix_ms;
    struct mail_pace pace;
    size_t used = 0;
    uint64_t last = 0;

    *room = SIZE_MAX; /* posts are for programs, and may be any number */
    if (part->cells[0].receiver->webhook != NULL)
        return 0;
    if (notice_get_pace(
            at->tell.txn, part->cells[0].receiver->address, &pace, err) < 0)
        return -1;
    for (size_t i = 0; i < pace.count; i++)
        used += pace.sent_unix_ms[i] <= now &&
                now - pace.sent_unix_ms[i] < MAIL_PACE_SPAN_MS;
    for (size_t i = 0; i < part->count; i++) {
        uint64_t mail = part->cells[i].target->mail;

        used += mail != 0 && mail != last;
        last = mail != 0 ? mail : last;
    }
    *room = used < MAIL_PACE_COUNT ? MAIL_PACE_COUNT - used : 0;
    if (*room == 0 && mail_pace_next(&pace) > now &&
        mail_pace_next(&pace) < at->flush->next_unix_ms)
        at->flush->next_unix_ms = mail_pace_next(&pace);
    return 0;
}

static int
open_part(struct part *part, struct err *err)
{
    size_t count = 0;

    for (size_t i = 0; i < part->count; i++)
        count += tells(part->cells[i].action);
    if (count > DUE_MAX)
        count = DUE_MAX;
    part->due = calloc(count + 1, sizeof(*part->due));
    part->messages = calloc(count + 1, sizeof(*part->messages));
    part->words = calloc(part->count + 1, sizeof(*part->words));
    if (part->due == NULL || part->messages == NULL || part->words == NULL)
        return err_set(err, ERR_NOMEM, "%zu alerts of a recipient", count);
    for (size_t i = 0; i < part->count && part->due_count < count; i++) {
        struct cell *cell = &part->cells[i];

        if (!tells(cell->action))
            continue;
        part->due[part->due_count++] = (struct group_due){
            .group = cell->item->group,
            .id = cell->item->notice->id,
            .root = cell->target->root,
            .severity = cell->item->notice->severity,
            .replaces = cell->target->mail != 0,
            .ctx = cell,
        };
    }
    return 0;
}

static size_t
words_of_message(const struct part *part, size_t message)
{
    size_t count = 0;

    for (size_t i = 0; i < part->due_count; i++) {
        if (part->due[i].message == message)
            part->words[count++] = word_of(part->due[i].ctx);
    }
    return count;
}

/* What else stands in that thread, as it is. */
static size_t
words_of_rest(const struct part *part, const char *root, size_t from)
{
    size_t count = from;

    for (size_t i = 0; i < part->count; i++) {
        const struct cell *cell = &part->cells[i];

        if (tells(cell->action) || strcmp(cell->target->root, root) != 0)
            continue;
        part->words[count] = word_of(cell);
        part->words[count++].state = cell->item->notice->state == INCIDENT_OPEN
                                         ? MAIL_FIRING
                                         : MAIL_RESOLVED;
    }
    return count - from;
}

static int
tell_message(
    struct flushing *at, const struct part *part, size_t place, struct err *err)
{
    const struct group_message *message = &part->messages[place];
    struct alert_several several = {
        .message = message,
        .items = part->words,
        .count = words_of_message(part, place),
    };
    char root[INCIDENT_ID_BYTES];

    if (message->kind == GROUP_THREAD) {
        /* It may point to what is written meanwhile. */
        memcpy(root, message->root, sizeof(root));
        several.also = &part->words[several.count];
        several.also_count = words_of_rest(part, root, several.count);
    }
    return alert_tell_several(&at->tell, &several, err);
}

/* Those that are told by themselves are told later, a notice at a time. */
static void
mark_alone(const struct part *part)
{
    for (size_t i = 0; i < part->due_count; i++) {
        struct cell *cell = part->due[i].ctx;

        cell->alone = part->due[i].message != GROUP_LATER &&
                      part->messages[part->due[i].message].kind == GROUP_ONE;
    }
}

static int
tell_messages(struct flushing *at, struct part *part, struct err *err)
{
    size_t room;

    if (find_room(at, part, &room, err) != 0 || open_part(part, err) != 0)
        return -1;
    part->message_count =
        group_plan(part->due, part->due_count, room, part->messages);
    mark_alone(part);
    for (size_t i = 0; i < part->message_count; i++) {
        if (part->messages[i].kind != GROUP_ONE &&
            tell_message(at, part, i, err) != 0)
            return -1;
    }
    return 0;
}

static int
do_recipient(
    struct flushing *at, struct cell *cells, size_t count, struct err *err)
{
    struct part part = {.cells = cells, .count = count};
    size_t next;
    int rc = 0;
    bool any = false;

    for (size_t i = 0; i < count; i = next) {
        next = i + 1;
        while (next < count &&
               strcmp(cells[next].item->group, cells[i].item->group) == 0)
            next++;
        if (decide_group(at, &cells[i], next - i, err) != 0)
            return -1;
    }
    for (size_t i = 0; i < count; i++)
        any = any || tells(cells[i].action);
    if (any)
        rc = tell_messages(at, &part, err);
    free_part(&part);
    return rc;
}

static int
do_recipients(struct flushing *at, struct err *err)
{
    struct cell *cells = at->cells;
    size_t next;

    qsort(cells, at->cell_count, sizeof(*cells), compare_cells);
    for (size_t i = 0; i < at->cell_count; i = next) {
        next = i + 1;
        while (next < at->cell_count && strcmp(cells[next].receiver->address,
                                            cells[i].receiver->address) == 0)
            next++;
        if (do_recipient(at, &cells[i], next - i, err) != 0)
            return -1;
    }
    return 0;
}

/* ---- by itself: what the mails of one notice say is collected once ---- */

static int
compare_items(const void *a, const void *b)
{
    const struct cell *one = a;
    const struct cell *two = b;

    int order = (one->item > two->item) - (one->item < two->item);

    return order != 0 ? order
                      : (one->receiver > two->receiver) -
                            (one->receiver < two->receiver);
}

static int
tell_alone(struct flushing *at, struct err *err)
{
    struct alert_words words = {0};
    const struct item *of = NULL;
    int rc = 0;

    qsort(at->cells, at->cell_count, sizeof(*at->cells), compare_items);
    for (size_t i = 0; rc == 0 && i < at->cell_count; i++) {
        const struct cell *cell = &at->cells[i];
        struct alert_word word;

        if (!cell->alone)
            continue;
        if (cell->item != of)
            alert_words_free(&words);
        of = cell->item;
        word = word_of(cell);
        rc = alert_tell_one(&at->tell, &word, &words, err);
    }
    alert_words_free(&words);
    return rc;
}

static int
finish(struct flushing *at, const struct item *item, struct err *err)
{
    if (item->notice->state != INCIDENT_OPEN && !item->pending)
        return notice_settle(at->tell.txn, item->notice, err);
    at->flush->active++;
    return item->changed ? notice_put_active(at->tell.txn, item->notice, err)
                         : 0;
}

static int
run(struct flushing *at, struct err *err)
{
    at->items = calloc(at->list.count + 1, sizeof(*at->items));
    if (at->items == NULL)
        return err_set(err, ERR_NOMEM, "%zu alerts", at->list.count);
    for (size_t i = 0; i < at->list.count; i++) {
        if (prepare(at, i, err) != 0)
            return -1;
    }
    at->hush = hush_new(
        at->tell.txn, &at->list, at->tell.config, at->flush->now_unix_ms, err);
    if (at->hush == NULL || make_cells(at, err) != 0)
        return -1;
    hold(at);
    if (do_recipients(at, err) != 0 || tell_alone(at, err) != 0)
        return -1;
    for (size_t i = 0; i < at->list.count; i++) {
        if (finish(at, &at->items[i], err) != 0)
            return -1;
    }
    return 0;
}

int
alert_flush_run(struct alert_flush *flush, struct err *err)
{
    struct flushing at = {
        .flush = flush,
        .tell = {.txn = flush->txn,
            .conf = flush->conf,
            .draft = flush->draft,
            .now_unix_ms = flush->now_unix_ms},
    };
    int rc;

    flush->next_unix_ms = INT64_MAX;
    if (flush->conf->count == 0)
        return 0;
    at.tell.config = flush->conf->versions[flush->conf->count - 1].config;
    if (notice_list_active(flush->txn, &at.list, err) != 0)
        return -1;
    rc = at.list.count > 0 ? run(&at, err) : 0;
    flush->queued = at.tell.queued;
    for (size_t i = 0; at.items != NULL && i < at.list.count; i++)
        receiver_list_free(&at.items[i].receivers);
    free(at.items);
    free(at.cells);
    hush_free(at.hush);
    notice_list_free(&at.list);
    return rc;
}
