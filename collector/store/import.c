#include "import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "evidence.h"
#include "import_line.h"
#include "import_set.h"
#include "raw_key.h"
#include "registry.h"
#include "retention.h"
#include "text.h"

enum { BLOCK = 20000 };

struct import {
    struct import_room room;
    struct import_set set;
    struct import_summary summary;
    uint32_t line; /* the last one read */
};

struct import *
import_new(const struct import_room *room, struct err *err)
{
    struct import *import = calloc(1, sizeof(*import));

    if (import == NULL) {
        err_set(err, ERR_NOMEM, "import");
        return NULL;
    }
    import->room = *room;
    return import;
}

void
import_free(struct import *import)
{
    if (import == NULL)
        return;
    import_set_free(&import->set);
    free(import);
}

/* ---- reading ---- */

static const struct config *
newest(const struct import *import)
{
    const struct conf_history *conf = import->room.conf;

    return conf->count > 0 ? conf->versions[conf->count - 1].config : NULL;
}

static int
unknown_check(const struct import *import, const char *name, struct err *err)
{
    const struct config *config = newest(import);
    const char *names[512];
    const char *meant;
    size_t count = config != NULL ? config->check_count : 0;

    if (count > sizeof(names) / sizeof(names[0]))
        count = sizeof(names) / sizeof(names[0]);
    for (size_t i = 0; i < count; i++)
        names[i] = config->checks[i].check.name;
    meant = text_closest(name, names, count);
    if (meant != NULL)
        return err_set(err, ERR_PARSE,
            "check: \"%.130s\" is not configured; did you mean \"%s\"?", name,
            meant);
    return err_set(err, ERR_PARSE, "check: \"%.130s\" is not configured", name);
}

/* Finds the check, and the slot where the line gives none. */
static int
place_line(
    const struct import *import, struct import_line *line, struct err *err)
{
    struct measure *m = &line->measure;
    const struct conf_check *check =
        conf_history_check(import->room.conf, m->check_id, m->ts_unix_ms);

    if (check == NULL || strcmp(check->check.name, line->check) != 0)
        return unknown_check(import, line->check, err);
    if (!line->has_slot)
        m->slot_unix_ms =
            m->ts_unix_ms - m->ts_unix_ms % check->check.interval_ms;
    if (!raw_is_storable(&(struct raw_result){.measure = *m}))
        return err_set(err, ERR_PARSE, "slot: more than four days from its ts");
    return 0;
}

static bool
is_region(const struct import *import, const char *region)
{
    const struct config *config = newest(import);

    for (size_t i = 0; config != NULL && i < config->regions.count; i++) {
        if (strcmp(config->regions.names[i], region) == 0)
            return true;
    }
    return false;
}

/* Takes the facts over. */
static int
keep_line(struct import *import, struct import_line *line, struct err *err)
{
    struct import_set *set = &import->set;
    struct import_item *item;

    if (set->count >= IMPORT_LINES_MAX)
        return err_set(err, ERR_LIMIT,
            "more than %d results: import them in parts", IMPORT_LINES_MAX);
    item = import_set_add(set, err);
    if (item == NULL)
        return -1;
    item->line = import->line;
    item->result.seq = line->seq;
    item->result.measure = line->measure;
    line->measure.facts = NULL;
    if (line->spool[0] != '\0' &&
        import_names_take(&set->spools, line->spool, &item->spool, err) != 0)
        return -1;
    import->summary.unknown_region += !is_region(import, line->region);
    if (import_names_take(&set->regions, line->region, &item->region, err) != 0)
        return -1;
    return import_names_take(&set->agents, line->agent, &item->agent, err);
}

static int
take_line(struct import *import, const char *text, size_t len, struct err *err)
{
    struct import_line line;
    int rc = import_line_parse(text, len, &line, err);

    if (rc != 0)
        return -1;
    rc = place_line(import, &line, err);
    if (rc == 0 && !retention_takes(line.measure.ts_unix_ms,
                       line.measure.slot_unix_ms, import->room.now_unix_ms))
        import->summary.too_old++;
    else if (rc == 0)
        rc = keep_line(import, &line, err);
    import_line_free(&line);
    return rc;
}

int
import_feed(
    struct import *import, const char *line, size_t len, struct err *err)
{
    import->line++;
    while (len > 0 && strchr(" \t\r", line[len - 1]) != NULL)
        len--;
    if (len == 0)
        return 0;
    import->summary.lines++;
    if (take_line(import, line, len, err) != 0)
        return err_wrap(err, "line %u", import->line);
    return 0;
}

int
import_feed_file(struct import *import, FILE *in, struct err *err)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    int rc = 0;

    while (rc == 0 && (len = getline(&line, &room, in)) >= 0) {
        if (len > 0 && line[len - 1] == '\n')
            len--;
        rc = import_feed(import, line, (size_t)len, err);
    }
    if (rc == 0 && ferror(in))
        rc = err_sys(err, errno, "read");
    free(line);
    return rc;
}

/* ---- writing ---- */

/* The registry's numbers of all names, made where they are new. */
static uint32_t *
number_all(struct store_txn *txn, enum registry_kind kind,
    const struct import_names *names, struct err *err)
{
    uint32_t *numbers = calloc(names->count + 1, sizeof(*numbers));

    if (numbers == NULL) {
        err_set(err, ERR_NOMEM, "names");
        return NULL;
    }
    for (uint32_t i = 0; i < names->count; i++) {
        if (registry_number(txn, kind, names->names[i], &numbers[i], err) !=
            0) {
            free(numbers);
            return NULL;
        }
    }
    return numbers;
}

static int
number_items(struct import *import, struct err *err)
{
    struct import_set *set = &import->set;
    struct store_txn *txn = import->room.txn;
    uint32_t *regions = number_all(txn, REGISTRY_REGION, &set->regions, err);
    uint32_t *agents = regions != NULL
                           ? number_all(txn, REGISTRY_AGENT, &set->agents, err)
                           : NULL;
    uint32_t *spools = agents != NULL
                           ? number_all(txn, REGISTRY_SPOOL, &set->spools, err)
                           : NULL;
    int rc = spools != NULL ? 0 : -1;

    for (size_t i = 0; i < set->count && rc == 0; i++) {
        struct import_item *item = &set->items[i];

        item->result.region = (uint16_t)regions[item->region];
        item->result.agent = agents[item->agent];
        item->result.spool =
            item->spool != IMPORT_NO_SPOOL ? spools[item->spool] : 0;
    }
    free(regions);
    free(agents);
    free(spools);
    return rc;
}

/* Everything that a new result causes, but for its row. */
static int
note(struct import *import, const struct import_item *item, struct err *err)
{
    const struct import_room *room = &import->room;
    const struct measure *m = &item->result.measure;
    const struct conf_check *check =
        conf_history_check(room->conf, m->check_id, m->ts_unix_ms);
    struct raw_result bare = item->result;

    bare.measure.facts = NULL;
    if (m->facts != NULL && evidence_put(room->txn,
                                &(struct evidence_key){.check = m->check_id,
                                    .agent = item->result.agent,
                                    .ts_unix_ms = m->ts_unix_ms,
                                    .attempt = m->attempt,
                                    .family = m->family},
                                m->facts, err) != 0)
        return -1;
    if (check_row_note(room->txn, m->check_id, check->check.name,
            m->slot_unix_ms, err) != 0 ||
        ladder_mark(
            room->ladder, room->txn, m->check_id, m->slot_unix_ms, err) != 0)
        return -1;
    if (room->watch == NULL)
        return 0;
    return watch_note(room->watch, room->txn, &bare, true, err);
}

struct block {
    struct raw_result results[BLOCK];
    enum raw_outcome outcomes[BLOCK];
    const struct import_item *items[BLOCK];
    size_t count;
};

static int
write_block(struct import *import, struct block *block, struct err *err)
{
    if (raw_add(import->room.txn, block->results, block->count, block->outcomes,
            err) != 0)
        return -1;
    for (size_t i = 0; i < block->count; i++) {
        if (block->outcomes[i] == RAW_CONFLICT)
            return err_set(err, ERR_STATE,
                "line %u: other content than the store has",
                block->items[i]->line);
        if (block->outcomes[i] != RAW_NEW)
            continue;
        import->summary.added++;
        if (note(import, block->items[i], err) != 0)
            return -1;
    }
    block->count = 0;
    return 0;
}

static int
write_items(struct import *import, struct err *err)
{
    struct block *block = calloc(1, sizeof(*block));
    int rc = 0;

    if (block == NULL)
        return err_set(err, ERR_NOMEM, "import");
    for (size_t i = 0; i < import->set.count && rc == 0; i++) {
        const struct import_item *item = &import->set.items[i];

        if (item->same)
            continue;
        block->results[block->count] = item->result;
        block->results[block->count].measure.facts = NULL;
        block->items[block->count++] = item;
        if (block->count == BLOCK)
            rc = write_block(import, block, err);
    }
    if (rc == 0)
        rc = write_block(import, block, err);
    free(block);
    return rc;
}

int
import_check(struct import *import, struct err *err)
{
    if (import_set_sort(&import->set, err) != 0)
        return -1;
    return import_set_compare(&import->set, import->room.txn, err);
}

int
import_apply(
    struct import *import, struct import_summary *summary, struct err *err)
{
    if (import_check(import, err) != 0)
        return -1;
    if (number_items(import, err) != 0 || write_items(import, err) != 0) {
        /* Too late for a refusal: part of it may be written. */
        if (err->code == ERR_PARSE || err->code == ERR_LIMIT)
            err->code = ERR_STATE;
        return err_wrap(err, "import");
    }
    for (size_t i = 0; i < import->set.count; i++)
        import->summary.same += import->set.items[i].same;
    *summary = import->summary;
    return 0;
}

int
import_lines(const struct import_room *room, const char *text, size_t len,
    struct import_summary *summary, struct err *err)
{
    struct import *import = import_new(room, err);
    int rc = import != NULL ? 0 : -1;

    while (len > 0 && rc == 0) {
        const char *newline = memchr(text, '\n', len);
        size_t line_len = newline != NULL ? (size_t)(newline - text) : len;
        size_t taken = newline != NULL ? line_len + 1 : len;

        rc = import_feed(import, text, line_len, err);
        text += taken;
        len -= taken;
    }
    if (rc == 0)
        rc = import_apply(import, summary, err);
    import_free(import);
    return rc;
}

json_t *
import_summary_json(const struct import_summary *summary)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "lines",
        (json_int_t)summary->lines, "added", (json_int_t)summary->added,
        "duplicates", (json_int_t)summary->same, "too_old",
        (json_int_t)summary->too_old, "unknown_regions",
        (json_int_t)summary->unknown_region);
}
