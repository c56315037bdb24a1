#include "history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pages.h"

struct growing {
    struct history *history;
    const struct history_query *query;
    size_t capacity[VERDICT_ROW_SCOPES_MAX * 4]; /* of each scope's slots */
};

enum { HISTORY_SCOPES_MAX = VERDICT_ROW_SCOPES_MAX * 4 };

static struct history_scope *
add_scope(struct growing *growing, const char *name, struct err *err)
{
    struct history *history = growing->history;
    struct history_scope *scopes;

    if (history->count == HISTORY_SCOPES_MAX) {
        (void)err_set(err, ERR_LIMIT, "more than %d regions in one span",
            (int)HISTORY_SCOPES_MAX - 1);
        return NULL;
    }
    scopes = realloc(
        history->scopes, (history->count + 1) * sizeof(history->scopes[0]));
    if (scopes == NULL) {
        (void)err_set(err, ERR_NOMEM, "scope %s", name);
        return NULL;
    }
    history->scopes = scopes;
    growing->capacity[history->count] = 0;
    scopes += history->count++;
    *scopes = (struct history_scope){.slots = NULL};
    (void)snprintf(scopes->name, sizeof(scopes->name), "%s", name);
    return scopes;
}

static struct history_scope *
scope_of(struct growing *growing, const struct page *page, size_t at,
    struct err *err)
{
    struct history *history = growing->history;
    const char *name =
        at == 0 ? "global" : page->segment->check->regions.names[at - 1];

    for (size_t i = at == 0 ? 0 : 1; i < history->count; i++) {
        if (strcmp(history->scopes[i].name, name) == 0)
            return &history->scopes[i];
    }
    return add_scope(growing, name, err);
}

static int
add_slot(struct growing *growing, struct history_scope *scope,
    const struct history_slot *slot, struct err *err)
{
    size_t *capacity = &growing->capacity[scope - growing->history->scopes];

    if (scope->count == *capacity) {
        size_t more = *capacity * 2 + 64;
        struct history_slot *slots =
            realloc(scope->slots, more * sizeof(slots[0]));

        if (slots == NULL)
            return err_set(err, ERR_NOMEM, "%zu slots", more);
        scope->slots = slots;
        *capacity = more;
    }
    scope->slots[scope->count++] = *slot;
    return 0;
}

static void
move_judged_until(struct growing *growing, const struct history_slot *slot)
{
    struct history *history = growing->history;

    if (slot->verdict != VERDICT_PENDING &&
        slot->end_unix_ms > history->judged_until_unix_ms)
        history->judged_until_unix_ms = slot->end_unix_ms;
}

static int
add_page(void *ctx, const struct page *page, struct err *err)
{
    struct growing *growing = ctx;

    for (size_t at = 0; at < page->scopes; at++) {
        struct history_scope *scope = scope_of(growing, page, at, err);

        if (scope == NULL)
            return -1;
        for (size_t i = 0; i < page->slots; i++) {
            const struct page_mark *mark = page_mark_of(page, at, i);
            const struct history_slot slot = {
                .start_unix_ms = page_slot_start(page, i),
                .end_unix_ms = page_slot_end(page, i),
                .verdict = mark->verdict,
                .unconfirmed = mark->unconfirmed,
            };

            if (slot.end_unix_ms <= growing->query->from_unix_ms ||
                slot.start_unix_ms >= growing->query->to_unix_ms)
                continue;
            if (add_slot(growing, scope, &slot, err) != 0)
                return -1;
            if (at == 0)
                move_judged_until(growing, &slot);
        }
    }
    return 0;
}

static const struct config *
newest_of(const struct conf_history *conf)
{
    return conf->versions[conf->count - 1].config;
}

int
history_read(struct store_txn *txn, const struct conf_history *conf,
    const struct history_query *query, struct history *history, struct err *err)
{
    struct growing growing = {.history = history, .query = query};
    struct timeline timeline = {.segments = NULL};
    struct pages_query pages;
    int rc = -1;

    *history = (struct history){.judged_until_unix_ms = query->from_unix_ms};
    if (conf->count == 0)
        return 0;
    if (pages_timeline(txn, conf, query->check, &timeline, err) != 0)
        return -1;
    pages = (struct pages_query){
        .txn = txn,
        .timeline = &timeline,
        .newest = newest_of(conf),
        .from_unix_ms = query->from_unix_ms,
        .to_unix_ms = query->to_unix_ms,
        .now_unix_ms = query->now_unix_ms,
    };
    rc = pages_each(&pages, add_page, &growing, err);
    timeline_free(&timeline);
    if (rc != 0)
        history_free(history);
    return rc;
}

void
history_free(struct history *history)
{
    for (size_t i = 0; i < history->count; i++)
        free(history->scopes[i].slots);
    free(history->scopes);
    *history = (struct history){.scopes = NULL};
}
