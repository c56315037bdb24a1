#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNKNOWN_IN_A_ROW = 3 };

void
found_list_free(struct found_list *list)
{
    free(list->items);
    free(list->scopes);
    *list = (struct found_list){0};
}

static struct found_scope *
find_known(const struct found_list *list, const char *name)
{
    for (size_t i = 0; i < list->scope_count; i++) {
        if (strcmp(list->scopes[i].name, name) == 0)
            return &list->scopes[i];
    }
    return NULL;
}

int64_t
found_list_known_from(const struct found_list *list, const char *scope)
{
    const struct found_scope *known = find_known(list, scope);

    return known != NULL ? known->from_unix_ms : INT64_MAX;
}

/* The list knows the scope from then on, or from earlier already. */
static int
know(struct found_list *list, const char *name, int64_t from_unix_ms,
    struct err *err)
{
    struct found_scope *scopes;

    if (find_known(list, name) != NULL)
        return 0;
    scopes = realloc(
        list->scopes, (list->scope_count + 1) * sizeof(list->scopes[0]));
    if (scopes == NULL)
        return err_set(err, ERR_NOMEM, "scope %s", name);
    list->scopes = scopes;
    scopes += list->scope_count++;
    *scopes = (struct found_scope){.from_unix_ms = from_unix_ms};
    (void)snprintf(scopes->name, sizeof(scopes->name), "%s", name);
    return 0;
}

static int
add_found(struct run_scope *scope, struct found_list *list, struct err *err)
{
    struct found *found;

    if (list->count == list->capacity) {
        size_t capacity = list->capacity * 2 + 8;
        struct found *items = realloc(list->items, capacity * sizeof(*items));

        if (items == NULL)
            return err_set(err, ERR_NOMEM, "%zu incidents", capacity);
        list->items = items;
        list->capacity = capacity;
    }
    scope->found = list->count;
    found = &list->items[list->count++];
    *found = (struct found){
        .start_unix_ms = scope->machine.start_unix_ms,
        .detected_unix_ms = scope->machine.detected_unix_ms,
    };
    memcpy(found->scope, scope->name, sizeof(found->scope));
    return 0;
}

static const char *
name_of(const struct timeline_segment *segment, size_t scope)
{
    return scope == 0 ? "global" : segment->check->regions.names[scope - 1];
}

/*
 * A region may be called "global" too; the whole is always the first, so a
 * region's name is looked for behind it.
 */
static struct run_scope *
find_scope(struct run *run, const struct timeline_segment *segment, size_t at)
{
    const char *name = name_of(segment, at);

    for (size_t i = at == 0 ? 0 : 1; i < run->count; i++) {
        if (strcmp(run->scopes[i].name, name) == 0)
            return &run->scopes[i];
        if (at == 0)
            break;
    }
    return NULL;
}

static void
init_scope(struct run_scope *scope, const char *name, bool known)
{
    *scope = (struct run_scope){.known = known, .last = VERDICT_PENDING};
    (void)snprintf(scope->name, sizeof(scope->name), "%s", name);
}

int
run_begin(struct run *run, const struct timeline_segment *first,
    bool from_beginning, struct found_list *list, struct err *err)
{
    run->segment = first;
    run->count = first->check->regions.count + 1;
    for (size_t i = 0; i < run->count; i++) {
        init_scope(&run->scopes[i], name_of(first, i), from_beginning);
        if (from_beginning &&
            know(list, run->scopes[i].name, INT64_MIN, err) != 0)
            return -1;
    }
    return 0;
}

/* The list has what the scope's machine is about to find, and all behind. */
static int
take_up(struct run_scope *scope, int64_t from_unix_ms, struct found_list *list,
    struct err *err)
{
    const struct incident_machine *machine = &scope->machine;
    bool begun = machine->open || machine->bad > 0;

    if (know(list, scope->name, begun ? machine->start_unix_ms : from_unix_ms,
            err) != 0)
        return -1;
    return machine->open ? add_found(scope, list, err) : 0;
}

int
run_resume(struct run *run, int64_t from_unix_ms, struct found_list *list,
    struct err *err)
{
    for (size_t i = 0; i < run->count; i++) {
        if (run->scopes[i].known &&
            take_up(&run->scopes[i], from_unix_ms, list, err) != 0)
            return -1;
    }
    return 0;
}

int
run_make_known(struct run *run, size_t scope,
    const struct incident_machine *machine, int64_t slot_unix_ms,
    struct found_list *list, struct err *err)
{
    run->scopes[scope].machine = *machine;
    run->scopes[scope].known = true;
    return take_up(&run->scopes[scope], slot_unix_ms, list, err);
}

static void
end_removed(
    const struct run_scope *scope, int64_t end_unix_ms, struct found_list *list)
{
    if (!scope->known || !scope->machine.open)
        return;
    list->items[scope->found].end_unix_ms = end_unix_ms;
    list->items[scope->found].removed = true;
}

void
run_end_removed(struct run *run, struct found_list *list)
{
    for (size_t i = 0; i < run->count; i++) {
        end_removed(&run->scopes[i], run->segment->to_unix_ms, list);
        run->scopes[i].machine = (struct incident_machine){0};
        run->scopes[i].known = true;
    }
}

/* Goes over to another version: its scopes, those that go on as they were. */
static int
change_segment(struct run *run, const struct timeline_segment *segment,
    struct found_list *list, struct err *err)
{
    struct run old = *run;
    bool gap = segment->from_unix_ms > old.segment->to_unix_ms;
    bool kept[VERDICT_ROW_SCOPES_MAX] = {false};

    run->segment = segment;
    run->count = segment->check->regions.count + 1;
    for (size_t i = 0; i < run->count; i++) {
        const struct run_scope *same = find_scope(&old, segment, i);

        if (same == NULL || gap) {
            init_scope(&run->scopes[i], name_of(segment, i), true);
            if (know(list, run->scopes[i].name, segment->from_unix_ms, err) !=
                0)
                return -1;
            continue;
        }
        run->scopes[i] = *same;
        kept[same - old.scopes] = true;
    }
    for (size_t i = 0; i < old.count; i++) {
        if (!kept[i])
            end_removed(&old.scopes[i], old.segment->to_unix_ms, list);
    }
    return 0;
}

static struct incident_rule
rule_of(const struct page *page, size_t scope, size_t slot)
{
    const struct timeline_segment *segment = page->segment;

    if (scope == 0)
        return (struct incident_rule){
            conf_global_open_after(segment->config, page->expected[slot]),
            conf_global_close_after(segment->config)};
    return (struct incident_rule){
        conf_regional_open_after(segment->config, segment->interval_ms),
        conf_regional_close_after(segment->config)};
}

/* After enough good slots in a row the machine is OK, whatever it was. */
static void
wait_for_calm(struct run_scope *scope, const struct incident_rule *rule,
    const struct incident_slot *slot)
{
    switch (slot->verdict) {
    case VERDICT_PENDING:
        return;
    case VERDICT_UNKNOWN:
    case VERDICT_MAINT:
        scope->silent++;
        if (scope->silent >= UNKNOWN_IN_A_ROW)
            scope->calm = 0;
        return;
    case VERDICT_DOWN:
        scope->silent = 0;
        scope->calm = 0;
        return;
    case VERDICT_UP:
    case VERDICT_PARTIAL:
        scope->silent = 0;
        scope->calm++;
        break;
    }
    scope->known = scope->calm >= rule->close_after;
}

/* A good slot where nothing is wrong: nearly all are. */
static bool
is_dull(const struct run_scope *scope, uint8_t verdict)
{
    return scope->known && !scope->machine.open &&
           (verdict == VERDICT_UP || verdict == VERDICT_PARTIAL);
}

static void
note_last(struct run_scope *scope, enum verdict verdict, int64_t end_unix_ms)
{
    scope->last = verdict;
    scope->last_end_unix_ms = end_unix_ms;
    scope->overtaken = scope->skipped;
}

static void
note_skipped(struct run_scope *scope, int64_t start_unix_ms)
{
    if (scope->skipped)
        return;
    scope->skipped = true;
    scope->skipped_unix_ms = start_unix_ms;
}

static int
step_scope(struct run_scope *scope, const struct incident_rule *rule,
    const struct incident_slot *slot, struct found_list *list, struct err *err)
{
    if (slot->verdict != VERDICT_PENDING)
        note_last(scope, slot->verdict, slot->end_unix_ms);
    else
        note_skipped(scope, slot->start_unix_ms);
    if (!scope->known) {
        wait_for_calm(scope, rule, slot);
        return scope->known ? know(list, scope->name, slot->start_unix_ms, err)
                            : 0;
    }
    switch (incident_step(&scope->machine, rule, slot)) {
    case INCIDENT_NOTHING:
        return 0;
    case INCIDENT_OPENS:
        return add_found(scope, list, err);
    case INCIDENT_ENDS:
        list->items[scope->found].end_unix_ms = scope->machine.end_unix_ms;
        return 0;
    }
    return 0;
}

static int
step_slot(struct run_scope *scope, const struct page *page, size_t at,
    size_t slot, struct found_list *list, struct err *err)
{
    const struct page_mark *mark = page_mark_of(page, at, slot);
    const struct incident_slot step = {
        .start_unix_ms = page_slot_start(page, slot),
        .end_unix_ms = page_slot_end(page, slot),
        .verdict = (enum verdict)mark->verdict,
        .unconfirmed = mark->unconfirmed,
    };
    const struct incident_rule rule = rule_of(page, at, slot);

    return step_scope(scope, &rule, &step, list, err);
}

int
run_slot(struct run *run, const struct page *page, size_t slot,
    struct found_list *list, struct err *err)
{
    if (page->segment != run->segment &&
        change_segment(run, page->segment, list, err) != 0)
        return -1;
    for (size_t i = 0; i < run->count; i++) {
        struct run_scope *scope = &run->scopes[i];
        const struct page_mark *mark = page_mark_of(page, i, slot);

        if (is_dull(scope, mark->verdict)) {
            scope->machine.bad = 0;
            scope->machine.unknown = 0;
            note_last(
                scope, (enum verdict)mark->verdict, page_slot_end(page, slot));
        } else if (step_slot(scope, page, i, slot, list, err) != 0) {
            return -1;
        }
    }
    return 0;
}

int64_t
run_overtaken(const struct run *run)
{
    int64_t first = INT64_MAX;

    for (size_t i = 0; i < run->count; i++) {
        const struct run_scope *scope = &run->scopes[i];

        if (scope->overtaken && scope->skipped_unix_ms < first)
            first = scope->skipped_unix_ms;
    }
    return first;
}

bool
run_is_known(const struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        if (!run->scopes[i].known)
            return false;
    }
    return true;
}

const struct run_scope *
run_scope(const struct run *run, const char *name)
{
    for (size_t i = 0; i < run->count; i++) {
        if (strcmp(run->scopes[i].name, name) == 0)
            return &run->scopes[i];
    }
    return NULL;
}
