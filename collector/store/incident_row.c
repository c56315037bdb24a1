#include "incident_row.h"

#include <string.h>

#include "incident_codec.h"
#include "row.h"

/*
 * STORE_INCIDENTS: 's' check start id -> the incident; 'i' id -> its key under
 * 's'; 'a' alias -> the id of the incident that it was merged into.
 */
enum {
    ID_CHARS = INCIDENT_ID_BYTES - 1,
    HOPS_MAX = 64,
    ROW_KEY_BYTES = 1 + 8 + 4 + ID_CHARS,
    ID_KEY_BYTES = 1 + ID_CHARS
};

/* Starts before 1970 do not happen; as unsigned they still sort somewhere. */
static struct bytes
row_key(uint8_t out[ROW_KEY_BYTES], uint32_t check, int64_t start_unix_ms,
    const char *id)
{
    out[0] = 's';
    key_put_u32(out + 1, check);
    key_put_u64(out + 5, (uint64_t)start_unix_ms);
    memcpy(out + 13, id, ID_CHARS);
    return (struct bytes){.data = out, .len = ROW_KEY_BYTES};
}

static struct bytes
id_key(uint8_t out[ID_KEY_BYTES], char kind, const char *id)
{
    size_t len = strnlen(id, ID_CHARS);

    out[0] = (uint8_t)kind;
    memcpy(out + 1, id, len);
    return (struct bytes){.data = out, .len = 1 + len};
}

/* ---- putting ---- */

/* An incident whose start moved leaves the place where it stood. */
static int
leave_old_place(struct store_txn *txn, const struct incident_row *row,
    struct bytes new_key, struct err *err)
{
    uint8_t bytes[ID_KEY_BYTES];
    uint8_t old[ROW_KEY_BYTES];
    struct bytes value;
    int rc = store_get(
        txn, STORE_INCIDENTS, id_key(bytes, 'i', row->id), &value, err);

    if (rc != 1)
        return rc;
    if (value.len != ROW_KEY_BYTES)
        return err_set(err, ERR_STATE, "incident %s is where %zu bytes say",
            row->id, value.len);
    if (memcmp(value.data, new_key.data, ROW_KEY_BYTES) == 0)
        return 0;
    memcpy(old, value.data, sizeof(old));
    return store_delete(txn, STORE_INCIDENTS,
        (struct bytes){.data = old, .len = sizeof(old)}, err);
}

/* The row of an incident that became another's alias. */
static int
delete_row(struct store_txn *txn, const char *id, struct err *err)
{
    uint8_t bytes[ID_KEY_BYTES];
    uint8_t at[ROW_KEY_BYTES];
    struct bytes key = id_key(bytes, 'i', id);
    struct bytes value;
    int rc = store_get(txn, STORE_INCIDENTS, key, &value, err);

    if (rc != 1)
        return rc;
    if (value.len != ROW_KEY_BYTES)
        return err_set(err, ERR_STATE, "incident %s is where %zu bytes say", id,
            value.len);
    memcpy(at, value.data, sizeof(at));
    if (store_delete(txn, STORE_INCIDENTS, key, err) != 0)
        return -1;
    return store_delete(txn, STORE_INCIDENTS,
        (struct bytes){.data = at, .len = sizeof(at)}, err);
}

static int
put_index(struct store_txn *txn, const struct incident_row *row,
    struct bytes key, struct err *err)
{
    uint8_t bytes[ID_KEY_BYTES];
    struct bytes id = {.data = (const uint8_t *)row->id, .len = ID_CHARS};

    if (store_put(
            txn, STORE_INCIDENTS, id_key(bytes, 'i', row->id), key, err) != 0)
        return -1;
    for (int i = 0; i < row->alias_count; i++) {
        if (delete_row(txn, row->aliases[i], err) != 0 ||
            store_put(txn, STORE_INCIDENTS, id_key(bytes, 'a', row->aliases[i]),
                id, err) != 0)
            return -1;
    }
    return 0;
}

int
incident_put(
    struct store_txn *txn, const struct incident_row *row, struct err *err)
{
    uint8_t bytes[ROW_KEY_BYTES];
    struct bytes key;
    struct buf value;
    int rc;

    if (!incident_is_id(row->id))
        return err_set(
            err, ERR_PARSE, "\"%.20s\" is no incident's id", row->id);
    key = row_key(bytes, row->check, row->start_unix_ms, row->id);
    buf_init(&value, INCIDENT_ROW_MAX_BYTES);
    rc = incident_row_encode(row, &value, err);
    if (rc == 0)
        rc = leave_old_place(txn, row, key, err);
    if (rc == 0)
        rc = store_put(txn, STORE_INCIDENTS, key, buf_bytes(&value), err);
    if (rc == 0)
        rc = put_index(txn, row, key, err);
    buf_free(&value);
    return rc;
}

/* ---- getting ---- */

/* What a prefix fits, under its own id or an alias. */
struct matches {
    struct store_txn *txn; /* borrowed */
    char prefix[INCIDENT_ID_BYTES];
    char id[INCIDENT_ID_BYTES];    /* of the incident it leads to */
    char other[INCIDENT_ID_BYTES]; /* "" unless it leads to two */
};

static void
note_match(struct matches *matches, const char *id)
{
    if (matches->id[0] == '\0')
        memcpy(matches->id, id, INCIDENT_ID_BYTES);
    else if (strcmp(matches->id, id) != 0)
        memcpy(matches->other, id, INCIDENT_ID_BYTES);
}

/* An alias may have been merged again: on to the one that has a row. */
static int
follow(struct store_txn *txn, char id[INCIDENT_ID_BYTES], struct err *err)
{
    for (int hops = 0; hops < HOPS_MAX; hops++) {
        uint8_t bytes[ID_KEY_BYTES];
        struct bytes value;
        int rc = store_get(
            txn, STORE_INCIDENTS, id_key(bytes, 'i', id), &value, err);

        if (rc != 0)
            return rc < 0 ? -1 : 0;
        rc = store_get(
            txn, STORE_INCIDENTS, id_key(bytes, 'a', id), &value, err);
        if (rc < 0)
            return -1;
        if (rc == 0 || value.len != ID_CHARS)
            break;
        memcpy(id, value.data, ID_CHARS);
    }
    return err_set(err, ERR_STATE, "an alias of incident %s leads nowhere", id);
}

static int
match(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    struct matches *matches = ctx;
    char id[INCIDENT_ID_BYTES] = "";
    size_t len = strlen(matches->prefix);

    if (key.len != ID_KEY_BYTES ||
        memcmp(key.data + 1, matches->prefix, len) != 0)
        return 1; /* past the prefix */
    if (key.data[0] == 'a' && value.len != ID_CHARS)
        return err_set(
            err, ERR_STATE, "an incident's alias of %zu bytes", value.len);
    memcpy(id, key.data[0] == 'a' ? value.data : key.data + 1, ID_CHARS);
    if (follow(matches->txn, id, err) != 0)
        return -1;
    note_match(matches, id);
    return matches->other[0] != '\0';
}

static int
find(struct store_txn *txn, struct matches *matches, struct err *err)
{
    static const struct bytes to_end = {.data = NULL, .len = 0};
    static const char kinds[] = {'a', 'i'};

    for (size_t i = 0; i < sizeof(kinds); i++) {
        uint8_t bytes[ID_KEY_BYTES];

        if (store_each(txn, STORE_INCIDENTS,
                id_key(bytes, kinds[i], matches->prefix), to_end, match,
                matches, err) != 0)
            return -1;
    }
    if (matches->other[0] != '\0')
        return err_set(err, ERR_PARSE,
            "\"%s\" fits INC-%s and INC-%s: give more of it", matches->prefix,
            matches->id, matches->other);
    return matches->id[0] != '\0';
}

static int
get_whole(struct store_txn *txn, const char *id, struct incident_row *row,
    struct err *err)
{
    uint8_t bytes[ID_KEY_BYTES];
    uint8_t at[ROW_KEY_BYTES];
    struct bytes value;
    int rc =
        store_get(txn, STORE_INCIDENTS, id_key(bytes, 'i', id), &value, err);

    if (rc == 1 && value.len == ROW_KEY_BYTES) {
        memcpy(at, value.data, sizeof(at));
        rc = store_get(txn, STORE_INCIDENTS,
            (struct bytes){.data = at, .len = sizeof(at)}, &value, err);
        if (rc == 1)
            return incident_row_decode(value, row, err) == 0 ? 1 : -1;
    }
    if (rc < 0)
        return -1;
    return err_set(err, ERR_STATE, "incident %s has no row", id);
}

int
incident_get(struct store_txn *txn, const char *id, struct incident_row *row,
    struct err *err)
{
    struct matches matches = {.txn = txn};
    int rc;

    if (incident_take_prefix(id, matches.prefix, err) != 0)
        return -1;
    rc = find(txn, &matches, err);
    return rc == 1 ? get_whole(txn, matches.id, row, err) : rc;
}

/* ---- walking ---- */

struct incident_walk {
    int64_t from_unix_ms;
    int64_t to_unix_ms;
    incident_each_fn *fn;
    void *ctx;
};

static int
each(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    const struct incident_walk *walk = ctx;
    struct incident_row row;

    if (key.len != ROW_KEY_BYTES)
        return err_set(err, ERR_STATE, "incident key of %zu bytes", key.len);
    if (incident_row_decode(value, &row, err) != 0)
        return -1;
    if (row.start_unix_ms >= walk->to_unix_ms ||
        (row.end_unix_ms != 0 && row.end_unix_ms <= walk->from_unix_ms))
        return 0;
    return walk->fn(walk->ctx, &row, err);
}

int
incident_each(struct store_txn *txn, uint32_t check, int64_t from_unix_ms,
    int64_t to_unix_ms, incident_each_fn *fn, void *ctx, struct err *err)
{
    struct incident_walk walk = {.from_unix_ms = from_unix_ms,
        .to_unix_ms = to_unix_ms,
        .fn = fn,
        .ctx = ctx};
    static const char no_id[ID_CHARS];
    uint8_t first[ROW_KEY_BYTES];
    uint8_t end[ROW_KEY_BYTES];

    if (to_unix_ms <= 0)
        return 0;
    return store_each(txn, STORE_INCIDENTS, row_key(first, check, 0, no_id),
        row_key(end, check != 0 ? check : UINT32_MAX, to_unix_ms, no_id), each,
        &walk, err);
}

/* ---- care ---- */

static int
check_whole(struct store_txn *txn, struct bytes key, struct bytes value,
    struct err *err)
{
    uint8_t bytes[ROW_KEY_BYTES];
    struct incident_row row;
    struct bytes at;

    if (key.len != ROW_KEY_BYTES)
        return err_set(err, ERR_STATE, "incident key of %zu bytes", key.len);
    if (incident_row_decode(value, &row, err) != 0)
        return -1;
    if (memcmp(key.data,
            row_key(bytes, row.check, row.start_unix_ms, row.id).data,
            ROW_KEY_BYTES) != 0)
        return err_set(
            err, ERR_STATE, "incident %s stands where another should", row.id);
    if (store_get(txn, STORE_INCIDENTS, id_key(bytes, 'i', row.id), &at, err) !=
            1 ||
        at.len != ROW_KEY_BYTES || memcmp(at.data, key.data, at.len) != 0)
        return err_set(
            err, ERR_STATE, "incident %s cannot be found by its id", row.id);
    return 0;
}

int
incident_row_check(struct store_txn *txn, struct bytes key, struct bytes value,
    struct err *err)
{
    char id[INCIDENT_ID_BYTES] = "";
    struct incident_row row;

    if (key.len > 0 && key.data[0] == 's')
        return check_whole(txn, key, value, err);
    if (key.len != ID_KEY_BYTES || (key.data[0] != 'i' && key.data[0] != 'a'))
        return err_set(err, ERR_STATE, "incident key of no kind");
    memcpy(id, key.data + 1, ID_CHARS);
    if (key.data[0] == 'a' && value.len == ID_CHARS)
        memcpy(id, value.data, ID_CHARS);
    if (!incident_is_id(id) || incident_get(txn, id, &row, err) != 1)
        return err_set(err, ERR_STATE, "index of incident %.8s leads nowhere",
            incident_is_id(id) ? id : "?");
    return 0;
}
