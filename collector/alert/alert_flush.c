#include "alert_flush.h"

#include <stdlib.h>
#include <string.h>

#include "class.h"
#include "decide.h"
#include "inhibit.h"
#include "mail_facts.h"
#include "mailq.h"
#include "notice_log.h"
#include "receivers.h"

/* One notice, and who wants to know. */
struct item {
    struct notice *notice; /* in the list */
    struct receiver_list receivers;
    enum decide_action *actions; /* owned; one a receiver */
    bool held;
    bool pending; /* something is queued, or will be due */
    bool changed;
};

struct flushing {
    struct alert_flush *flush;
    const struct config *config; /* the newest */
    struct notice_list list;
    struct item *items; /* owned; one a notice */
};

/* ---- who, and whether at all ---- */

static bool
is_in_maintenance(const struct config *config, const struct notice *notice,
    int64_t now_unix_ms)
{
    const struct conf_check *check =
        collector_conf_check_by_id(config, notice->check);
    const char *region =
        strcmp(notice->scope, "global") == 0 ? NULL : notice->scope;

    if (notice->on != CONDITION_ON_CHECK)
        return false;
    if (check != NULL && check->check.paused)
        return true;
    for (size_t i = 0; i < config->window_count; i++) {
        if (conf_window_covers(&config->windows[i], notice->subject, region,
                now_unix_ms, now_unix_ms + 1))
            return true;
    }
    return false;
}

static int
prepare(struct flushing *at, size_t i, struct err *err)
{
    const struct alert_flush *flush = at->flush;
    struct item *item = &at->items[i];
    struct notice *notice = &at->list.items[i];
    char group[CONF_NAME_BYTES];

    item->notice = notice;
    if (notice->state == INCIDENT_OPEN && notice->fresh &&
        notice->due_unix_ms == 0) {
        notice->due_unix_ms =
            flush->now_unix_ms + alert_wait_ms(notice->severity);
        if (notice->tell_unix_ms > notice->due_unix_ms)
            notice->due_unix_ms = notice->tell_unix_ms;
        item->changed = true;
    }
    item->held = inhibit_is_muted(&at->list, i) ||
                 is_in_maintenance(at->config, notice, flush->now_unix_ms);
    notice_group(notice, group);
    if (receivers_of(
            at->config, group, notice->severity, &item->receivers, err) != 0)
        return -1;
    item->actions = calloc(item->receivers.count + 1, sizeof(*item->actions));
    if (item->actions == NULL)
        return err_set(err, ERR_NOMEM, "alerts");
    for (size_t k = 0; k < item->receivers.count; k++) {
        size_t before = notice->target_count;

        if (notice_target(notice, item->receivers.items[k].address, err) ==
            NULL)
            return -1;
        item->changed = item->changed || notice->target_count > before;
    }
    return 0;
}

/* ---- deciding: all of it before anything is queued ---- */

static bool
same_group(const struct notice *a, const struct notice *b)
{
    char group[2][CONF_NAME_BYTES];

    notice_group(a, group[0]);
    notice_group(b, group[1]);
    return strcmp(group[0], group[1]) == 0;
}

static const struct notice_target *
target_of(const struct notice *notice, const char *address)
{
    for (size_t i = 0; i < notice->target_count; i++) {
        if (strcmp(notice->targets[i].address, address) == 0)
            return &notice->targets[i];
    }
    return NULL;
}

static struct decide_group
group_of(const struct flushing *at, size_t i, const char *address)
{
    struct decide_group group;

    decide_group_init(&group);
    for (size_t k = 0; k < at->list.count; k++) {
        const struct notice *other = &at->list.items[k];
        const struct notice_target *target;

        if (k == i || !same_group(other, at->items[i].notice))
            continue;
        target = target_of(other, address);
        if (target != NULL)
            decide_group_add(&group, other, target, at->items[k].held);
    }
    return group;
}

static void
decide_item(struct flushing *at, size_t i)
{
    struct alert_flush *flush = at->flush;
    struct item *item = &at->items[i];
    const struct decide_room room = {
        .now_unix_ms = flush->now_unix_ms,
        .reminder_ms = at->config->reminder_ms,
        .hold = item->held,
    };

    for (size_t k = 0; k < item->receivers.count; k++) {
        const char *address = item->receivers.items[k].address;
        const struct notice_target *target = target_of(item->notice, address);
        struct decide_group group = group_of(at, i, address);
        int64_t due_unix_ms = INT64_MAX;

        item->actions[k] =
            decide(item->notice, target, &group, &room, &due_unix_ms);
        item->pending = item->pending || target->mail != 0 ||
                        item->actions[k] != DECIDE_NOTHING ||
                        due_unix_ms != INT64_MAX;
        if (due_unix_ms < flush->next_unix_ms)
            flush->next_unix_ms = due_unix_ms;
    }
}

/* ---- doing ---- */

/* The mails of one notice differ in their recipient; what they say is one. */
struct telling {
    struct alert_flush *flush;
    const struct config *config;
    struct notice *notice;
    struct mail_facts *facts; /* owned; NULL before the first */
};

static int
drop_queued(const struct telling *telling, struct notice_target *target,
    struct err *err)
{
    if (target->mail == 0)
        return 0;
    if (target->mail_state == MAIL_FIRING)
        target->missed = true;
    if (mailq_cancel(telling->flush->txn, target->mail,
            telling->flush->now_unix_ms, err) < 0)
        return -1;
    target->mail = 0;
    return 0;
}

/* What the store says of it; an alias has lost its row, and is what it was. */
static int
read_incident(
    const struct telling *telling, struct incident_row *row, struct err *err)
{
    const struct notice *notice = telling->notice;
    int found = notice->is_condition
                    ? 0
                    : incident_get(telling->flush->txn, notice->id, row, err);

    if (found < 0)
        return -1;
    if (found == 0)
        *row = (struct incident_row){.check = notice->check};
    memcpy(row->id, notice->id, sizeof(row->id));
    memcpy(row->check_name, notice->subject, sizeof(row->check_name));
    memcpy(row->scope, notice->scope, sizeof(row->scope));
    row->state = notice->state;
    row->start_unix_ms = notice->start_unix_ms;
    row->detected_unix_ms = notice->detected_unix_ms;
    row->noticed_unix_ms = notice->noticed_unix_ms;
    row->end_unix_ms = notice->end_unix_ms;
    row->reason = notice->reason;
    return 0;
}

/* Nothing of it is read where the notice is of an incident. */
static int
read_condition(
    const struct telling *telling, struct condition *condition, struct err *err)
{
    const struct notice *notice = telling->notice;

    if (!notice->is_condition)
        return 0;
    switch (condition_get(telling->flush->txn, notice->id, condition, err)) {
    case 1:
        return 0;
    case 0:
        return err_set(
            err, ERR_STATE, "condition %s of a notice is gone", notice->id);
    default:
        return -1;
    }
}

/* Collected at the first need; NULL on failure. */
static struct mail_facts *
facts_of(struct telling *telling, struct err *err)
{
    struct zone *zone;
    struct incident_row row;
    struct condition condition;
    struct mail_facts *facts;
    struct err ignored;
    int rc;

    if (telling->facts != NULL)
        return telling->facts;
    if (read_incident(telling, &row, err) != 0 ||
        read_condition(telling, &condition, err) != 0)
        return NULL;
    facts = calloc(1, sizeof(*facts));
    if (facts == NULL) {
        (void)err_set(err, ERR_NOMEM, "facts of an incident");
        return NULL;
    }
    /* NULL is UTC: a zone that is gone must not keep the mail back. */
    zone = zone_open(telling->config->timezone, &ignored);
    rc = mail_facts_collect(telling->flush->txn,
        &(struct mail_facts_query){
            .conf = telling->flush->conf,
            .incident = &row,
            .condition = telling->notice->is_condition ? &condition : NULL,
            .severity = telling->notice->severity,
            .zone = zone,
            .now_unix_ms = telling->flush->now_unix_ms,
        },
        facts, err);
    zone_close(zone);
    facts->zone = NULL;
    if (rc != 0) {
        free(facts);
        return NULL;
    }
    telling->facts = facts;
    return facts;
}

/* What is told to one recipient. */
struct words {
    enum mail_state state;
    bool was_down;
};

static int
put_mail(struct telling *telling, const struct receiver_mail *receiver,
    const struct words *words, struct mailq_row *row, struct err *err)
{
    struct mail_facts *facts = facts_of(telling, err);
    const struct mail_envelope envelope = {
        .from = telling->config->mail.from,
        .to = receiver->address,
        .notice = row->id,
    };
    struct err ignored;
    struct buf message;
    struct zone *zone;
    int rc;

    if (facts == NULL)
        return -1;
    zone = zone_open(receiver->timezone, &ignored);
    facts->zone = zone;
    facts->state = words->state;
    facts->was_down = words->was_down;
    buf_init(&message, MAIL_MAX_BYTES);
    rc = mail_text_write(facts, &envelope, &message, err);
    row->message = buf_bytes(&message);
    if (rc == 0)
        rc = mailq_put(telling->flush->txn, row, err);
    buf_free(&message);
    facts->zone = NULL;
    zone_close(zone);
    return rc;
}

static int
queue(struct telling *telling, const struct receiver_mail *receiver,
    struct notice_target *target, const struct words *words, struct err *err)
{
    struct alert_flush *flush = telling->flush;
    struct mailq_row row = {
        .state_told = (uint8_t)words->state,
        .severity = (uint8_t)telling->notice->severity,
        .queued_unix_ms = flush->now_unix_ms,
        .next_try_unix_ms = flush->now_unix_ms,
    };

    if (drop_queued(telling, target, err) != 0 ||
        mailq_new_id(flush->txn, flush->now_unix_ms, &row.id, err) != 0)
        return -1;
    memcpy(row.recipient, target->address, sizeof(row.recipient));
    memcpy(row.incident, telling->notice->id, sizeof(row.incident));
    if (put_mail(telling, receiver, words, &row, err) != 0)
        return -1;
    target->mail = row.id;
    target->mail_state = words->state;
    target->last_unix_ms = flush->now_unix_ms;
    flush->queued = true;
    return 0;
}

static int
act(struct telling *telling, const struct receiver_mail *receiver,
    enum decide_action action, struct err *err)
{
    struct notice_target *target =
        notice_target(telling->notice, receiver->address, err);
    struct words words = {.state = MAIL_RESOLVED};

    if (target == NULL)
        return -1;
    switch (action) {
    case DECIDE_NOTHING:
        return 0;
    case DECIDE_CANCEL:
        return drop_queued(telling, target, err);
    case DECIDE_FIRING:
        words.state = MAIL_FIRING;
        break;
    case DECIDE_REMINDER:
        words.state = MAIL_REMINDER;
        break;
    case DECIDE_WAS_DOWN:
        words.was_down = true;
        break;
    case DECIDE_RESOLVED:
        break;
    case DECIDE_WITHDRAWN:
        words.state = MAIL_WITHDRAWN;
        break;
    }
    return queue(telling, receiver, target, &words, err);
}

static int
do_item(struct flushing *at, struct item *item, struct err *err)
{
    struct telling telling = {
        .flush = at->flush, .config = at->config, .notice = item->notice};
    int rc = 0;

    for (size_t k = 0; rc == 0 && k < item->receivers.count; k++) {
        if (item->actions[k] == DECIDE_NOTHING)
            continue;
        item->changed = true;
        rc = act(&telling, &item->receivers.items[k], item->actions[k], err);
    }
    if (telling.facts != NULL)
        mail_facts_free(telling.facts);
    free(telling.facts);
    if (rc != 0)
        return -1;
    if (item->notice->state != INCIDENT_OPEN && !item->pending)
        return notice_settle(at->flush->txn, item->notice, err);
    at->flush->active++;
    return item->changed ? notice_put_active(at->flush->txn, item->notice, err)
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
    for (size_t i = 0; i < at->list.count; i++)
        decide_item(at, i);
    for (size_t i = 0; i < at->list.count; i++) {
        if (do_item(at, &at->items[i], err) != 0)
            return -1;
    }
    return 0;
}

int
alert_flush_run(struct alert_flush *flush, struct err *err)
{
    struct flushing at = {.flush = flush};
    int rc;

    flush->next_unix_ms = INT64_MAX;
    if (flush->conf->count == 0)
        return 0;
    at.config = flush->conf->versions[flush->conf->count - 1].config;
    if (notice_list_active(flush->txn, &at.list, err) != 0)
        return -1;
    rc = at.list.count > 0 ? run(&at, err) : 0;
    for (size_t i = 0; at.items != NULL && i < at.list.count; i++) {
        receiver_list_free(&at.items[i].receivers);
        free(at.items[i].actions);
    }
    free(at.items);
    notice_list_free(&at.list);
    return rc;
}
