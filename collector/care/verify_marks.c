#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "raw.h"
#include "registry.h"
#include "registry_codec.h"
#include "row.h"
#include "verify_own.h"

/* What raw holds of one agent's spool. */
struct tally {
    uint32_t agent;
    uint32_t spool;
    uint64_t count;
    uint64_t max_seq;
    uint64_t min_seq; /* of slots that retention cannot have reached */
};

/* A mark as it was before raw was read. */
struct mark {
    uint32_t agent;
    uint8_t spool_id[REGISTRY_SPOOL_ID_BYTES];
    uint64_t taken;
};

struct verify_marks {
    struct tally *tallies; /* owned; by agent, then spool */
    size_t tally_count;
    size_t tally_room;
    size_t last;        /* where the last one stands */
    struct mark *marks; /* owned */
    size_t mark_count;
    bool raw_is_whole; /* nothing was ever deleted */
    int64_t whole_from_unix_ms;
};

/* ---- before ---- */

static int
take_mark(void *ctx, struct bytes key, struct bytes value, bool whole,
    struct err *err)
{
    struct verify_marks *marks = ctx;
    struct mark_row row;
    struct mark *grown;

    if (!whole || key.len != 4 + REGISTRY_SPOOL_ID_BYTES ||
        mark_row_decode(value, &row, err) != 0)
        return 0; /* told with the other rows */
    grown = realloc(marks->marks, (marks->mark_count + 1) * sizeof(*grown));
    if (grown == NULL)
        return err_set(err, ERR_NOMEM, "marks");
    marks->marks = grown;
    grown += marks->mark_count++;
    grown->agent = key_take_u32(key.data);
    memcpy(grown->spool_id, key.data + 4, sizeof(grown->spool_id));
    grown->taken = row.taken;
    return 0;
}

static int
see_check(void *ctx, const struct check_row *row, struct err *err)
{
    int64_t *first_unix_ms = ctx;

    (void)err;
    if (row->first_slot_unix_ms < *first_unix_ms)
        *first_unix_ms = row->first_slot_unix_ms;
    return 0;
}

struct verify_marks *
verify_marks_new(struct verify *verify, struct err *err)
{
    const struct bytes all = {.len = 0};
    struct verify_marks *marks = calloc(1, sizeof(*marks));
    int64_t first_unix_ms = INT64_MAX;

    if (marks == NULL) {
        err_set(err, ERR_NOMEM, "marks");
        return NULL;
    }
    if (store_each_any(verify->txn, STORE_MARKS, all, take_mark, marks, err) !=
            0 ||
        (check_row_each(verify->txn, see_check, &first_unix_ms, err) != 0 &&
            err->code != ERR_STATE)) {
        verify_marks_free(marks);
        return NULL;
    }
    /* A slot may be a day long, and a result stamped with it. */
    marks->raw_is_whole = first_unix_ms > verify_raw_from(verify);
    marks->whole_from_unix_ms = verify_raw_from(verify) + 2 * RETENTION_DAY_MS;
    return marks;
}

void
verify_marks_free(struct verify_marks *marks)
{
    if (marks == NULL)
        return;
    free(marks->tallies);
    free(marks->marks);
    free(marks);
}

/* ---- counting ---- */

static int
order(const struct tally *tally, uint32_t agent, uint32_t spool)
{
    if (tally->agent != agent)
        return tally->agent < agent ? -1 : 1;
    return (tally->spool > spool) - (tally->spool < spool);
}

/* Where it is, or would be. */
static size_t
place_of(const struct verify_marks *marks, uint32_t agent, uint32_t spool)
{
    size_t low = 0;
    size_t high = marks->tally_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (order(&marks->tallies[middle], agent, spool) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct tally *
find(const struct verify_marks *marks, uint32_t agent, uint32_t spool)
{
    size_t at = place_of(marks, agent, spool);

    if (at == marks->tally_count ||
        order(&marks->tallies[at], agent, spool) != 0)
        return NULL;
    return &marks->tallies[at];
}

static int
insert(struct verify_marks *marks, size_t at, uint32_t agent, uint32_t spool,
    struct err *err)
{
    struct tally *tallies = marks->tallies;

    if (marks->tally_count == marks->tally_room) {
        size_t room = marks->tally_room * 2 + 16;

        tallies = realloc(tallies, room * sizeof(*tallies));
        if (tallies == NULL)
            return err_set(err, ERR_NOMEM, "%zu spools", room);
        marks->tallies = tallies;
        marks->tally_room = room;
    }
    memmove(tallies + at + 1, tallies + at,
        (marks->tally_count - at) * sizeof(*tallies));
    marks->tally_count++;
    tallies[at] =
        (struct tally){.agent = agent, .spool = spool, .min_seq = UINT64_MAX};
    return 0;
}

int
verify_marks_note(struct verify_marks *marks, const struct raw_result *result,
    struct err *err)
{
    struct tally *tally;
    size_t at = marks->last;

    if (result->spool == 0 || result->seq == 0)
        return 0;
    if (at >= marks->tally_count ||
        order(&marks->tallies[at], result->agent, result->spool) != 0) {
        at = place_of(marks, result->agent, result->spool);
        if ((at == marks->tally_count ||
                order(&marks->tallies[at], result->agent, result->spool) !=
                    0) &&
            insert(marks, at, result->agent, result->spool, err) != 0)
            return -1;
        marks->last = at;
    }
    tally = &marks->tallies[at];
    tally->count++;
    if (result->seq > tally->max_seq)
        tally->max_seq = result->seq;
    if (result->measure.slot_unix_ms >= marks->whole_from_unix_ms &&
        result->seq < tally->min_seq)
        tally->min_seq = result->seq;
    return 0;
}

/* ---- comparing ---- */

struct acked {
    struct verify *verify;
    const struct verify_marks *marks;
};

static void
agent_name(struct verify *verify, uint32_t agent, char out[REGISTRY_NAME_BYTES])
{
    struct err ignored;

    if (registry_name(verify->txn, REGISTRY_AGENT, agent, out, &ignored) != 1)
        (void)snprintf(out, REGISTRY_NAME_BYTES, "number %u", agent);
}

/*
 * Results that were taken before raw was read must have been found in it: all,
 * or those that retention cannot have reached.
 */
static int
compare_taken(struct verify *verify, const struct verify_marks *marks,
    const struct mark *mark, struct err *err)
{
    char hex[2 * REGISTRY_SPOOL_ID_BYTES + 1];
    char name[REGISTRY_NAME_BYTES];
    const struct tally *tally = NULL;
    uint64_t expected = mark->taken;
    uint64_t found;
    uint32_t spool;
    int rc;

    digest_hex(mark->spool_id, sizeof(mark->spool_id), hex);
    rc = registry_find(verify->txn, REGISTRY_SPOOL, hex, &spool, err);
    if (rc < 0)
        return verify_say_state(verify, "names", "a spool", err);
    if (rc == 1)
        tally = find(marks, mark->agent, spool);
    if (!marks->raw_is_whole) {
        if (tally == NULL || tally->min_seq == UINT64_MAX)
            return 0;
        expected -= expected < tally->min_seq ? expected : tally->min_seq - 1;
    }
    found = tally != NULL ? tally->count : 0;
    verify->counts->marks++;
    if (found >= expected)
        return 0;
    agent_name(verify, mark->agent, name);
    return verify_say(verify, "marks", err,
        "mark of agent %s, spool %s: %" PRIu64
        " results were acknowledged, raw holds %" PRIu64 " of them",
        name, hex, expected, found);
}

/* What is stored was acknowledged, or can be at once: marks go up together. */
static int
compare_acked(void *ctx, struct bytes key, struct bytes value, bool whole,
    struct err *err)
{
    struct acked *acked = ctx;
    char hex[2 * REGISTRY_SPOOL_ID_BYTES + 1];
    char name[REGISTRY_NAME_BYTES];
    const struct tally *tally;
    struct mark_row row;
    uint32_t spool;

    if (!whole || key.len != 4 + REGISTRY_SPOOL_ID_BYTES ||
        mark_row_decode(value, &row, err) != 0)
        return 0; /* told with the other rows */
    digest_hex(key.data + 4, REGISTRY_SPOOL_ID_BYTES, hex);
    if (registry_find(acked->verify->txn, REGISTRY_SPOOL, hex, &spool, err) !=
        1)
        return 0;
    tally = find(acked->marks, key_take_u32(key.data), spool);
    if (tally == NULL || tally->max_seq <= row.acked_seq)
        return 0;
    agent_name(acked->verify, tally->agent, name);
    return verify_say(acked->verify, "marks", err,
        "mark of agent %s, spool %s: says %" PRIu64
        ", and raw holds a result %" PRIu64,
        name, hex, row.acked_seq, tally->max_seq);
}

int
verify_marks_compare(
    struct verify *verify, struct verify_marks *marks, struct err *err)
{
    const struct bytes all = {.len = 0};
    struct acked acked = {.verify = verify, .marks = marks};

    for (size_t i = 0; i < marks->mark_count; i++) {
        if (compare_taken(verify, marks, &marks->marks[i], err) != 0)
            return -1;
    }
    return store_each_any(
        verify->txn, STORE_MARKS, all, compare_acked, &acked, err);
}
