#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell_row.h"
#include "check.h"
#include "clock.h"
#include "condition.h"
#include "conf_row.h"
#include "evidence.h"
#include "incident_row.h"
#include "ladder.h"
#include "mailq_codec.h"
#include "notice_log.h"
#include "past_row.h"
#include "raw_reader.h"
#include "raw_seal.h"
#include "registry.h"
#include "registry_codec.h"
#include "row.h"
#include "stale.h"
#include "store_hurt.h"
#include "text.h"
#include "verdict_row.h"
#include "verify_own.h"

enum { SLICE_ROWS = 1000, SPOOLED_KEY_BYTES = 28, LOST_BYTES = 16 };

struct walk {
    struct verify *verify;
    const struct table *table;
    struct verify_marks *marks; /* borrowed */
    uint8_t last[STORE_KEY_MAX_BYTES + 1];
    size_t last_len;
    size_t rows; /* of this slice */
    size_t results;
    bool full; /* the slice is: there may be more */
};

/* ERR_STATE unless the row can be read, and fits its key. */
typedef int row_fn(
    struct walk *walk, struct bytes key, struct bytes value, struct err *err);

struct table {
    enum store_table table;
    const char *name;
    row_fn *check; /* NULL: its checksum says all there is to say */
};

static int
wrong(struct err *err, const char *what)
{
    return err_set(err, ERR_STATE, "%s", what);
}

/* ---- each table's rows ---- */

static bool
same_bytes(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Equal results are equal bytes: what was read must encode to the same. */
static int
check_raw(
    struct walk *walk, struct bytes key, struct bytes value, struct err *err)
{
    uint8_t room[RAW_CHUNK_MAX_BYTES];
    struct raw_chunk again;
    struct raw_reader reader;
    struct raw_result result;
    struct raw_key at;
    struct bytes open;
    int rc;

    if (raw_key_decode(key, &at, err) != 0 ||
        raw_unseal(&at, value, room, &open, err) != 0 ||
        raw_reader_open(&reader, &at, open, err) != 0)
        return -1;
    raw_chunk_init(&again, (int64_t)at.bucket_s * MS_PER_SEC);
    while ((rc = raw_reader_next(&reader, &result, err)) == 1) {
        walk->results++;
        if (!raw_chunk_append(&again, &result))
            return wrong(err, "chunk holds more than there is room for");
        if (verify_marks_note(walk->marks, &result, err) != 0)
            return -1;
    }
    if (rc == 0 && !same_bytes(raw_chunk_bytes(&again), open))
        return wrong(err, "chunk is not what its results encode to");
    return rc;
}

static bool
has_version(const struct verify *verify, const struct verdict_key *key)
{
    const struct conf_history *history = verify->history;

    for (size_t i = 0; i < history->count; i++) {
        if (history->versions[i].version == key->version)
            return collector_conf_check_by_id(
                       history->versions[i].config, key->check) != NULL;
    }
    return false;
}

static int
check_verdicts(
    struct walk *walk, struct bytes key, struct bytes value, struct err *err)
{
    struct verdict_key at;
    struct verdict_row row;

    if (verdict_key_decode(key, &at, err) != 0 ||
        verdict_row_decode(value, &row, err) != 0)
        return -1;
    verdict_row_free(&row);
    return walk->verify->history_is_damaged || has_version(walk->verify, &at)
               ? 0
               : wrong(err, "verdicts by no configuration that was in force");
}

static int
see_cell(void *ctx, uint16_t region, const struct cell *cell, struct err *err)
{
    struct walk *walk = ctx;
    char name[REGISTRY_NAME_BYTES];
    int rc =
        registry_name(walk->verify->txn, REGISTRY_REGION, region, name, err);

    (void)cell;
    return rc == 0 ? wrong(err, "cell of a region that nobody knows")
                   : (rc < 0 ? -1 : 0);
}

/* The first row of a place reads them all. */
static int
check_cell(
    struct walk *walk, enum cell_tier tier, struct bytes key, struct err *err)
{
    struct cell_place place = {.tier = tier};

    if (key.len < 8)
        return wrong(err, "cell key is too short");
    place.start_unix_ms = (int64_t)key_take_u32(key.data) * MS_PER_SEC;
    place.check = key_take_u32(key.data + 4);
    if (place.start_unix_ms % cell_tier_ms(tier) != 0)
        return wrong(err, "cell begins at no whole hour or day");
    if (walk->last_len >= 8 && memcmp(walk->last, key.data, 8) == 0)
        return 0;
    return cell_each(walk->verify->txn, &place, see_cell, walk, err);
}

static int
check_hour(
    struct walk *walk, struct bytes key, struct bytes value, struct err *err)
{
    (void)value;
    return check_cell(walk, CELL_HOUR, key, err);
}

static int
check_day(
    struct walk *walk, struct bytes key, struct bytes value, struct err *err)
{
    (void)value;
    return check_cell(walk, CELL_DAY, key, err);
}

static int
check_past(
    struct walk *walk, struct bytes key, struct bytes value, struct err *err)
{
    (void)walk;
    return past_row_check(key, value, err);
}

static int
check_evidence(
    struct walk *walk, struct bytes key, struct bytes value, struct err *err)
{
    (void)walk;
    return evidence_row_check(key, value, err);
}

static int
check_agent(
    struct walk *walk, struct bytes key, struct bytes value, struct err *err)
{
    struct store_txn *txn = walk->verify->txn;
    struct agent_row row;
    uint32_t agent;
    uint32_t region;

    if (agent_row_decode(value, &row, err) != 0)
        return -1;
    if (key.len != strlen(row.name) || memcmp(key.data, row.name, key.len) != 0)
        return wrong(err, "agent stands where another should");
    if (registry_find(txn, REGISTRY_AGENT, row.name, &agent, err) != 1 ||
        registry_find(txn, REGISTRY_REGION, row.region, &region, err) != 1 ||
        agent != row.number || region != row.region_number)
        return wrong(err, "agent has other numbers than the registry gives");
    return 0;
}

static int
check_name(
    struct walk *walk, struct bytes key, struct bytes value, struct err *err)
{
    return registry_row_check(walk->verify->txn, key, value, err);
}

static int
check_check(
    struct walk *walk, struct bytes key, struct bytes value, struct err *err)
{
    struct check_row row;

    (void)walk;
    if (key.len != 4)
        return wrong(err, "check key is of another length");
    if (check_row_decode(value, &row, err) != 0)
        return -1;
    return check_id_of(row.name) == key_take_u32(key.data)
               ? 0
               : wrong(err, "check stands where another should");
}

static int
check_config(
    struct walk *walk, struct bytes key, struct bytes value, struct err *err)
{
    int64_t since_unix_ms;
    struct buf text;
    int rc;

    (void)walk;
    (void)key;
    buf_init(&text, CONF_ROW_TEXT_MAX_BYTES);
    rc = conf_row_decode(value, &since_unix_ms, &text, err);
    buf_free(&text);
    return rc;
}

static int
check_incident(
    struct walk *walk, struct bytes key, struct bytes value, struct err *err)
{
    return incident_row_check(walk->verify->txn, key, value, err);
}

static int
check_members(struct bytes value, struct err *err)
{
    struct notice_member *members;
    size_t count;
    int rc = notice_members_decode(value, &members, &count, err);

    free(members);
    return rc;
}

/* Paces of receivers say nothing that could be compared. */
static int
check_notice(
    struct walk *walk, struct bytes key, struct bytes value, struct err *err)
{
    struct notice notice;
    size_t len;
    bool fits;

    (void)walk;
    if (key.len > 0 && key.data[0] == 's')
        return 0;
    if (key.len > 0 && key.data[0] == 'g')
        return check_members(value, err);
    if (notice_decode(value, &notice, err) != 0)
        return -1;
    len = strlen(notice.id);
    fits = key.len > len && (key.data[0] == 'a' || key.data[0] == 'z') &&
           memcmp(key.data + 1, notice.id, len) == 0;
    notice_free(&notice);
    return fits ? 0 : wrong(err, "notice stands where another should");
}

static int
check_mail(
    struct walk *walk, struct bytes key, struct bytes value, struct err *err)
{
    struct mailq_row row;

    (void)walk;
    return key.len == 8 ? mailq_row_decode(value, &row, err)
                        : wrong(err, "mail key is of another length");
}

static int
check_token(
    struct walk *walk, struct bytes key, struct bytes value, struct err *err)
{
    struct token_row row;

    (void)walk;
    return key.len == REGISTRY_KEY_BYTES
               ? token_row_decode(value, &row, err)
               : wrong(err, "token key is of another length");
}

static int
check_mark(
    struct walk *walk, struct bytes key, struct bytes value, struct err *err)
{
    struct mark_row row;

    (void)walk;
    return key.len == 4 + REGISTRY_SPOOL_ID_BYTES
               ? mark_row_decode(value, &row, err)
               : wrong(err, "mark key is of another length");
}

static int
check_quarantine(
    struct walk *walk, struct bytes key, struct bytes value, struct err *err)
{
    struct store_hurt hurt;
    char text[STORE_HURT_TEXT_BYTES];

    (void)walk;
    (void)value;
    if (store_hurt_of(key, &hurt)) {
        store_hurt_text(&hurt, text);
        return err_set(
            err, ERR_STATE, "was damaged, and is set aside here: %s", text);
    }
    return key.len == SPOOLED_KEY_BYTES
               ? 0
               : wrong(err, "quarantine key is of another length");
}

static int
check_lost(
    struct walk *walk, struct bytes key, struct bytes value, struct err *err)
{
    (void)walk;
    return key.len == SPOOLED_KEY_BYTES && value.len == LOST_BYTES
               ? 0
               : wrong(err, "lost range is of another length");
}

static int
check_dirty(
    struct walk *walk, struct bytes key, struct bytes value, struct err *err)
{
    (void)walk;
    return ladder_mark_check(key, value, err);
}

static int
check_condition(
    struct walk *walk, struct bytes key, struct bytes value, struct err *err)
{
    return condition_row_check(walk->verify->txn, key, value, err);
}

/* ---- walking ---- */

static const struct table tables[] = {
    {STORE_NAMES, "names", check_name},
    {STORE_CHECKS, "checks", check_check},
    {STORE_CONFIGS, "configs", check_config},
    {STORE_AGENTS, "agents", check_agent},
    {STORE_TOKENS, "tokens", check_token},
    {STORE_MARKS, "marks", check_mark},
    {STORE_RAW, "raw", check_raw},
    {STORE_VERDICTS, "verdicts", check_verdicts},
    {STORE_HOUR, "hour", check_hour},
    {STORE_DAY, "day", check_day},
    {STORE_PAST, "past", check_past},
    {STORE_EVIDENCE, "evidence", check_evidence},
    {STORE_INCIDENTS, "incidents", check_incident},
    {STORE_NOTICES, "notices", check_notice},
    {STORE_MAILQ, "mailq", check_mail},
    {STORE_QUARANTINE, "quarantine", check_quarantine},
    {STORE_LOST, "lost", check_lost},
    {STORE_WINDOWS, "windows", NULL},
    {STORE_SILENCES, "silences", NULL},
    {STORE_DIRTY, "dirty", check_dirty},
    {STORE_META, "meta", NULL},
    {STORE_CONDITIONS, "conditions", check_condition},
};

_Static_assert(sizeof(tables) / sizeof(tables[0]) == STORE_TABLE_COUNT,
    "every table is read");

/* "row of acme/home, 2026-11-24T08:00:00.000Z", where the key says so. */
static void
describe(const struct walk *walk, struct bytes key, char out[256])
{
    char moment[TEXT_MOMENT_BYTES];
    char bytes[41] = "";

    if ((walk->table->table == STORE_RAW ||
            walk->table->table == STORE_VERDICTS ||
            walk->table->table == STORE_HOUR ||
            walk->table->table == STORE_DAY ||
            walk->table->table == STORE_PAST ||
            walk->table->table == STORE_EVIDENCE) &&
        key.len >= 8) {
        text_put_moment((int64_t)key_take_u32(key.data) * MS_PER_SEC, moment);
        (void)snprintf(out, 256, "row of %s, %s",
            verify_check_name(walk->verify, key_take_u32(key.data + 4)),
            moment);
        return;
    }
    for (size_t i = 0; i < key.len && i < 20; i++)
        (void)snprintf(bytes + 2 * i, 3, "%02x", key.data[i]);
    (void)snprintf(
        out, 256, "row with key %s%s", bytes, key.len > 20 ? "..." : "");
}

static int
check_row(struct walk *walk, struct bytes key, struct bytes value, bool whole,
    struct err *err)
{
    if (!whole)
        return wrong(err, "is damaged: its checksum does not fit");
    return walk->table->check != NULL
               ? walk->table->check(walk, key, value, err)
               : 0;
}

static int
take_row(void *ctx, struct bytes key, struct bytes value, bool whole,
    struct err *err)
{
    struct walk *walk = ctx;
    char what[256];

    if (check_row(walk, key, value, whole, err) != 0) {
        describe(walk, key, what);
        if (verify_say_state(walk->verify, walk->table->name, what, err) != 0)
            return -1;
    }
    walk->verify->counts->rows++;
    memcpy(walk->last, key.data, key.len);
    walk->last_len = key.len;
    walk->full = ++walk->rows >= SLICE_ROWS;
    return walk->full;
}

/* Slice by slice: the next begins behind the last key of the one before. */
static int
walk_table(struct walk *walk, struct err *err)
{
    struct verify *verify = walk->verify;
    struct bytes from = {.len = 0};

    walk->last_len = 0;
    do {
        walk->rows = 0;
        walk->results = 0;
        walk->full = false;
        if (walk->last_len > 0) {
            walk->last[walk->last_len] = 0;
            from =
                (struct bytes){.data = walk->last, .len = walk->last_len + 1};
        }
        if (store_each_any(verify->txn, walk->table->table, from, take_row,
                walk, err) != 0 &&
            verify_say_state(verify, walk->table->name, "the table", err) != 0)
            return -1;
        verify->counts->results += walk->results;
        if (verify_turn(verify, walk->rows + walk->results / 64, err) != 0)
            return -1;
    } while (walk->full);
    return 0;
}

static int
see_stale(void *ctx, const struct stale_hour *hour, struct err *err)
{
    (void)ctx;
    (void)hour;
    (void)err;
    return 0;
}

int
verify_rows(struct verify *verify, struct err *err)
{
    struct walk walk = {.verify = verify};
    int rc = 0;

    walk.marks = verify_marks_new(verify, err);
    if (walk.marks == NULL)
        return -1;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && rc == 0; i++) {
        walk.table = &tables[i];
        rc = walk_table(&walk, err);
    }
    if (rc == 0 && stale_each(verify->txn, 0, see_stale, NULL, err) != 0)
        rc = verify_say_state(verify, "meta", "notes of late hours", err);
    if (rc == 0)
        rc = verify_marks_compare(verify, walk.marks, err);
    verify_marks_free(walk.marks);
    return rc;
}
