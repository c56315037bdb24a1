#include "condition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "incident_codec.h"
#include "row.h"

enum {
    ID_CHARS = INCIDENT_ID_BYTES - 1,
    ROW_KEY_BYTES = 1 + ID_CHARS,
    OPEN_KEY_BYTES = 2 + ID_CHARS,
    ROW_MAX_BYTES = 1500,
    EVENT_MS = 24 * 3600 * 1000,
    SWEEP_ROWS = 500
};

int
condition_claims_add(struct condition_claims *claims,
    const struct condition_claim *claim, struct err *err)
{
    struct condition_claim *items =
        realloc(claims->items, (claims->count + 1) * sizeof(*items));

    if (items == NULL)
        return err_set(err, ERR_NOMEM, "%zu conditions", claims->count + 1);
    claims->items = items;
    items[claims->count++] = *claim;
    return 0;
}

void
condition_claims_free(struct condition_claims *claims)
{
    free(claims->items);
    *claims = (struct condition_claims){0};
}

/* ---- rows ---- */

static struct bytes
row_key(uint8_t out[ROW_KEY_BYTES], const char *id)
{
    size_t len = strnlen(id, ID_CHARS);

    out[0] = 'c';
    memcpy(out + 1, id, len);
    return (struct bytes){.data = out, .len = 1 + len};
}

static struct bytes
open_key(uint8_t out[OPEN_KEY_BYTES], enum alert_class class, const char *id)
{
    size_t len = strnlen(id, ID_CHARS);

    out[0] = 'o';
    out[1] = (uint8_t) class;
    memcpy(out + 2, id, len);
    return (struct bytes){.data = out, .len = 2 + len};
}

int
condition_put(
    struct store_txn *txn, const struct condition *condition, struct err *err)
{
    uint8_t bytes[OPEN_KEY_BYTES];
    struct bytes open = open_key(bytes, condition->claim.class, condition->id);
    uint8_t row_bytes[ROW_KEY_BYTES];
    struct buf value;
    int rc;

    buf_init(&value, ROW_MAX_BYTES);
    rc = condition_encode(condition, &value, err);
    if (rc == 0)
        rc = store_put(txn, STORE_CONDITIONS, row_key(row_bytes, condition->id),
            buf_bytes(&value), err);
    buf_free(&value);
    if (rc != 0)
        return -1;
    return condition->state == INCIDENT_OPEN
               ? store_put(
                     txn, STORE_CONDITIONS, open, (struct bytes){.len = 0}, err)
               : store_delete(txn, STORE_CONDITIONS, open, err);
}

/* 1: found, 0: not, -1: err. */
static int
get_whole(struct store_txn *txn, const char *id, struct condition *condition,
    struct err *err)
{
    uint8_t bytes[ROW_KEY_BYTES];
    struct bytes value;
    int rc = store_get(txn, STORE_CONDITIONS, row_key(bytes, id), &value, err);

    if (rc != 1)
        return rc;
    return condition_decode(value, condition, err) == 0 ? 1 : -1;
}

struct matches {
    char prefix[INCIDENT_ID_BYTES];
    char ids[2][INCIDENT_ID_BYTES];
    size_t count;
};

static int
match(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    struct matches *matches = ctx;

    (void)value;
    (void)err;
    if (key.len != ROW_KEY_BYTES ||
        memcmp(key.data + 1, matches->prefix, strlen(matches->prefix)) != 0)
        return 1;
    memcpy(matches->ids[matches->count++], key.data + 1, ID_CHARS);
    return matches->count == 2;
}

int
condition_get(struct store_txn *txn, const char *id,
    struct condition *condition, struct err *err)
{
    static const uint8_t end[] = {'c' + 1};
    struct matches matches = {.count = 0};
    uint8_t bytes[ROW_KEY_BYTES];

    if (incident_take_prefix(id, matches.prefix, err) != 0 ||
        store_each(txn, STORE_CONDITIONS, row_key(bytes, matches.prefix),
            (struct bytes){.data = end, .len = 1}, match, &matches, err) != 0)
        return -1;
    if (matches.count == 2)
        return err_set(err, ERR_PARSE,
            "\"%s\" fits INC-%s and INC-%s: give more of it", matches.prefix,
            matches.ids[0], matches.ids[1]);
    return matches.count == 0 ? 0
                              : get_whole(txn, matches.ids[0], condition, err);
}

/* ---- walking ---- */

struct open_walk {
    struct store_txn *txn;
    condition_each_fn *fn;
    void *ctx;
};

static int
each_open(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    const struct open_walk *walk = ctx;
    struct condition condition;
    char id[INCIDENT_ID_BYTES] = "";

    (void)value;
    if (key.len != OPEN_KEY_BYTES)
        return err_set(err, ERR_STATE, "condition key of %zu bytes", key.len);
    memcpy(id, key.data + 2, ID_CHARS);
    switch (get_whole(walk->txn, id, &condition, err)) {
    case 1:
        return walk->fn(walk->ctx, &condition, err);
    case 0:
        return err_set(err, ERR_STATE, "open condition %s has no row", id);
    default:
        return -1;
    }
}

int
condition_each_open(
    struct store_txn *txn, condition_each_fn *fn, void *ctx, struct err *err)
{
    static const uint8_t from[] = {'o'};
    static const uint8_t end[] = {'o' + 1};
    struct open_walk walk = {.txn = txn, .fn = fn, .ctx = ctx};

    return store_each(txn, STORE_CONDITIONS,
        (struct bytes){.data = from, .len = 1},
        (struct bytes){.data = end, .len = 1}, each_open, &walk, err);
}

struct span_walk {
    int64_t from_unix_ms;
    int64_t to_unix_ms;
    condition_each_fn *fn;
    void *ctx;
};

static int
each_in_span(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    const struct span_walk *walk = ctx;
    struct condition condition;

    (void)key;
    if (condition_decode(value, &condition, err) != 0)
        return -1;
    if (condition.claim.since_unix_ms >= walk->to_unix_ms ||
        (condition.end_unix_ms != 0 &&
            condition.end_unix_ms <= walk->from_unix_ms))
        return 0;
    return walk->fn(walk->ctx, &condition, err);
}

static int
each_row(struct store_txn *txn, store_each_fn *fn, void *ctx, struct err *err)
{
    static const uint8_t from[] = {'c'};
    static const uint8_t end[] = {'c' + 1};

    return store_each(txn, STORE_CONDITIONS,
        (struct bytes){.data = from, .len = 1},
        (struct bytes){.data = end, .len = 1}, fn, ctx, err);
}

int
condition_each(struct store_txn *txn, int64_t from_unix_ms, int64_t to_unix_ms,
    condition_each_fn *fn, void *ctx, struct err *err)
{
    struct span_walk walk = {.from_unix_ms = from_unix_ms,
        .to_unix_ms = to_unix_ms,
        .fn = fn,
        .ctx = ctx};

    return each_row(txn, each_in_span, &walk, err);
}

struct sweeping {
    int64_t before_unix_ms;
    char ids[SWEEP_ROWS][INCIDENT_ID_BYTES];
    size_t count;
};

static int
note_old(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    struct sweeping *sweeping = ctx;
    struct condition condition;

    (void)key;
    if (condition_decode(value, &condition, err) != 0)
        return -1;
    if (condition.state != INCIDENT_OPEN &&
        condition.end_unix_ms < sweeping->before_unix_ms)
        memcpy(sweeping->ids[sweeping->count++], condition.id,
            sizeof(condition.id));
    return sweeping->count == SWEEP_ROWS;
}

int
condition_sweep(struct store_txn *txn, int64_t before_unix_ms, struct err *err)
{
    struct sweeping *sweeping = calloc(1, sizeof(*sweeping));
    int rc;

    if (sweeping == NULL)
        return err_set(err, ERR_NOMEM, "old conditions");
    sweeping->before_unix_ms = before_unix_ms;
    rc = each_row(txn, note_old, sweeping, err);
    for (size_t i = 0; rc == 0 && i < sweeping->count; i++) {
        uint8_t bytes[ROW_KEY_BYTES];

        rc = store_delete(
            txn, STORE_CONDITIONS, row_key(bytes, sweeping->ids[i]), err);
    }
    free(sweeping);
    return rc;
}

/* ---- settling ---- */

/* What stands open of one class, and which of it is claimed. */
struct settling {
    struct store_txn *txn;
    int64_t now_unix_ms;
    condition_news_fn *fn;
    void *ctx;
    enum alert_class class;
    struct condition *open; /* owned */
    bool *claimed;          /* owned; one each */
    size_t count;
};

static int
keep_open(void *ctx, const struct condition *condition, struct err *err)
{
    struct settling *at = ctx;
    struct condition *open = realloc(at->open, (at->count + 1) * sizeof(*open));

    if (open == NULL)
        return err_set(err, ERR_NOMEM, "%zu conditions", at->count + 1);
    at->open = open;
    open[at->count++] = *condition;
    return 0;
}

static int
read_open(struct settling *at, struct err *err)
{
    const uint8_t from[] = {'o', (uint8_t)at->class};
    const uint8_t end[] = {'o', (uint8_t)(at->class + 1)};
    struct open_walk walk = {.txn = at->txn, .fn = keep_open, .ctx = at};

    if (store_each(at->txn, STORE_CONDITIONS,
            (struct bytes){.data = from, .len = sizeof(from)},
            (struct bytes){.data = end, .len = sizeof(end)}, each_open, &walk,
            err) != 0)
        return -1;
    at->claimed = calloc(at->count + 1, sizeof(*at->claimed));
    return at->claimed != NULL
               ? 0
               : err_set(err, ERR_NOMEM, "%zu conditions", at->count);
}

static bool
same_thing(const struct condition_claim *a, const struct condition_claim *b)
{
    return strcmp(a->subject, b->subject) == 0 &&
           strcmp(a->scope, b->scope) == 0 && strcmp(a->key, b->key) == 0;
}

/* An event's id says nothing of its time: it happens once. */
static void
make_id(const struct condition_claim *claim, char id[INCIDENT_ID_BYTES])
{
    char text[CONDITION_SUBJECT_BYTES + INCIDENT_SCOPE_BYTES +
              CONDITION_KEY_BYTES];
    char hex[2 * DIGEST_SHA256_BYTES + 1];
    int len = snprintf(text, sizeof(text), "%s\n%s\n%s", claim->subject,
        claim->scope, claim->key);
    uint8_t digest[DIGEST_SHA256_BYTES];

    digest_sha256(text, (size_t)len, digest);
    digest_hex(digest, sizeof(digest), hex);
    incident_make_id((uint32_t)claim->class, hex,
        claim->event ? 0 : claim->since_unix_ms, id);
}

static int
tell(struct settling *at, enum condition_news news,
    const struct condition *condition, struct err *err)
{
    if (condition_put(at->txn, condition, err) != 0)
        return -1;
    return at->fn != NULL ? at->fn(at->ctx, at->txn, news, condition, err) : 0;
}

static int
open_new(
    struct settling *at, const struct condition_claim *claim, struct err *err)
{
    struct condition condition = {
        .claim = *claim,
        .state = INCIDENT_OPEN,
        .noticed_unix_ms = at->now_unix_ms,
    };
    struct condition old;
    int found;

    make_id(claim, condition.id);
    found = get_whole(at->txn, condition.id, &old, err);
    if (found < 0)
        return -1;
    if (found == 1 && claim->event)
        return 0; /* it was told in its time */
    if (found == 1)
        condition.noticed_unix_ms = old.noticed_unix_ms;
    return tell(at, CONDITION_NEWS_OPENED, &condition, err);
}

/* Its start stays what it was when it opened. */
static int
go_on(struct settling *at, struct condition *open,
    const struct condition_claim *claim, struct err *err)
{
    if (open->claim.severity == claim->severity &&
        open->claim.tell_unix_ms == claim->tell_unix_ms &&
        strcmp(open->claim.words, claim->words) == 0)
        return 0;
    open->claim.severity = claim->severity;
    open->claim.tell_unix_ms = claim->tell_unix_ms;
    memcpy(open->claim.words, claim->words, sizeof(open->claim.words));
    return tell(at, CONDITION_NEWS_CHANGED, open, err);
}

static int
take_claim(
    struct settling *at, const struct condition_claim *claim, struct err *err)
{
    for (size_t i = 0; i < at->count; i++) {
        if (!same_thing(&at->open[i].claim, claim))
            continue;
        at->claimed[i] = true;
        return claim->event ? 0 : go_on(at, &at->open[i], claim, err);
    }
    return open_new(at, claim, err);
}

static int
end_rest(struct settling *at, struct err *err)
{
    for (size_t i = 0; i < at->count; i++) {
        struct condition *open = &at->open[i];

        if (open->claim.event
                ? at->now_unix_ms - open->noticed_unix_ms < EVENT_MS
                : at->claimed[i])
            continue;
        open->state = INCIDENT_CLOSED;
        open->end_unix_ms = at->now_unix_ms;
        if (tell(at, CONDITION_NEWS_CLOSED, open, err) != 0)
            return -1;
    }
    return 0;
}

int
condition_settle(struct store_txn *txn, enum alert_class class,
    const struct condition_claims *held, int64_t now_unix_ms,
    condition_news_fn *fn, void *ctx, struct err *err)
{
    struct settling at = {.txn = txn,
        .now_unix_ms = now_unix_ms,
        .fn = fn,
        .ctx = ctx,
        .class = class};
    int rc = read_open(&at, err);

    for (size_t i = 0; rc == 0 && i < held->count; i++) {
        if (held->items[i].class == class)
            rc = take_claim(&at, &held->items[i], err);
    }
    if (rc == 0)
        rc = end_rest(&at, err);
    free(at.open);
    free(at.claimed);
    return rc;
}

/* ---- care ---- */

int
condition_row_check(struct store_txn *txn, struct bytes key, struct bytes value,
    struct err *err)
{
    struct condition condition;
    char id[INCIDENT_ID_BYTES] = "";

    if (key.len == ROW_KEY_BYTES && key.data[0] == 'c') {
        memcpy(id, key.data + 1, ID_CHARS);
        if (condition_decode(value, &condition, err) != 0)
            return -1;
        return strcmp(condition.id, id) == 0
                   ? 0
                   : err_set(err, ERR_STATE,
                         "condition %s stands where another should",
                         condition.id);
    }
    if (key.len != OPEN_KEY_BYTES || key.data[0] != 'o')
        return err_set(err, ERR_STATE, "condition key of no kind");
    memcpy(id, key.data + 2, ID_CHARS);
    if (!incident_is_id(id) || get_whole(txn, id, &condition, err) != 1 ||
        condition.state != INCIDENT_OPEN ||
        condition.claim.class != (enum alert_class)key.data[1])
        return err_set(err, ERR_STATE,
            "index of open conditions leads to none that is open");
    return 0;
}
