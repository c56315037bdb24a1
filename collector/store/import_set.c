#include "import_set.h"

#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "registry.h"
#include "text.h"

enum { FIRST_ROOM = 256 };

void
import_set_free(struct import_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        measure_free_facts(&set->items[i].result.measure);
    free(set->items);
    import_names_free(&set->regions);
    import_names_free(&set->agents);
    import_names_free(&set->spools);
    *set = (struct import_set){.count = 0};
}

struct import_item *
import_set_add(struct import_set *set, struct err *err)
{
    if (set->count == set->room) {
        size_t room = set->room ? set->room * 2 : FIRST_ROOM;
        struct import_item *items = realloc(set->items, room * sizeof(*items));

        if (items == NULL) {
            err_set(err, ERR_NOMEM, "%zu results", room);
            return NULL;
        }
        set->items = items;
        set->room = room;
    }
    set->items[set->count] = (struct import_item){.spool = IMPORT_NO_SPOOL};
    return &set->items[set->count++];
}

/* ---- in the file ---- */

static int
by_identity(const struct import_item *a, const struct import_item *b)
{
    const struct measure *x = &a->result.measure;
    const struct measure *y = &b->result.measure;

    if (x->check_id != y->check_id)
        return x->check_id < y->check_id ? -1 : 1;
    if (a->agent != b->agent)
        return a->agent < b->agent ? -1 : 1;
    if (x->ts_unix_ms != y->ts_unix_ms)
        return x->ts_unix_ms < y->ts_unix_ms ? -1 : 1;
    if (x->attempt != y->attempt)
        return x->attempt < y->attempt ? -1 : 1;
    return (x->family > y->family) - (x->family < y->family);
}

static int
compare(const void *left, const void *right)
{
    const struct import_item *a = left;
    const struct import_item *b = right;
    int order = by_identity(a, b);

    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

static int
refuse(const struct import_set *set, const struct import_item *item,
    const char *where, struct err *err)
{
    const struct measure *m = &item->result.measure;
    char ts[TEXT_MOMENT_BYTES];

    text_put_moment(m->ts_unix_ms, ts);
    return err_set(err, ERR_PARSE,
        "line %u: another result of agent %s at %s (attempt %d, family %d) has "
        "other content %s; nothing was imported",
        item->line, set->agents.names[item->agent], ts, m->attempt, m->family,
        where);
}

int
import_set_sort(struct import_set *set, struct err *err)
{
    const struct import_item *first = set->items;

    if (set->count > 1)
        qsort(set->items, set->count, sizeof(*set->items), compare);
    for (size_t i = 1; i < set->count; i++) {
        struct import_item *item = &set->items[i];

        if (by_identity(first, item) != 0) {
            first = item;
            continue;
        }
        if (!measure_same(&first->result.measure, &item->result.measure) ||
            first->region != item->region)
            return refuse(set, item, "in this file", err);
        item->same = true;
    }
    return 0;
}

/* ---- in the store ---- */

/* A half hour of a check in which a line may be stored already. */
struct bucket {
    uint32_t check;
    int64_t start_unix_ms;
};

static int
compare_buckets(const void *left, const void *right)
{
    const struct bucket *a = left;
    const struct bucket *b = right;

    if (a->check != b->check)
        return a->check < b->check ? -1 : 1;
    return (a->start_unix_ms > b->start_unix_ms) -
           (a->start_unix_ms < b->start_unix_ms);
}

/* That of the slot, and that of the ts: the stored one may have another slot.*/
static struct bucket *
list_buckets(const struct import_set *set, size_t *count, struct err *err)
{
    struct bucket *buckets = calloc(set->count * 2 + 1, sizeof(*buckets));
    size_t used = 0;

    if (buckets == NULL) {
        err_set(err, ERR_NOMEM, "half hours");
        return NULL;
    }
    for (size_t i = 0; i < set->count; i++) {
        const struct measure *m = &set->items[i].result.measure;

        buckets[i * 2] = (struct bucket){.check = m->check_id,
            .start_unix_ms = m->slot_unix_ms - m->slot_unix_ms % RAW_BUCKET_MS};
        buckets[i * 2 + 1] = (struct bucket){.check = m->check_id,
            .start_unix_ms = m->ts_unix_ms - m->ts_unix_ms % RAW_BUCKET_MS};
    }
    qsort(buckets, set->count * 2, sizeof(*buckets), compare_buckets);
    for (size_t i = 0; i < set->count * 2; i++) {
        if (used == 0 || compare_buckets(&buckets[used - 1], &buckets[i]) != 0)
            buckets[used++] = buckets[i];
    }
    *count = used;
    return buckets;
}

/* The store's numbers of the names here. */
struct numbers {
    struct known {
        uint32_t number; /* the registry's */
        uint32_t name;   /* ours */
    } * known;           /* owned; by number */
    size_t count;
};

static int
compare_known(const void *left, const void *right)
{
    const struct known *a = left;
    const struct known *b = right;

    return (a->number > b->number) - (a->number < b->number);
}

static int
find_numbers(struct store_txn *txn, enum registry_kind kind,
    const struct import_names *names, struct numbers *numbers, struct err *err)
{
    numbers->known = calloc(names->count + 1, sizeof(*numbers->known));
    if (numbers->known == NULL)
        return err_set(err, ERR_NOMEM, "names");
    for (uint32_t i = 0; i < names->count; i++) {
        struct known *known = &numbers->known[numbers->count];
        int rc = registry_find(txn, kind, names->names[i], &known->number, err);

        if (rc < 0)
            return -1;
        known->name = i;
        numbers->count += rc == 1;
    }
    qsort(
        numbers->known, numbers->count, sizeof(*numbers->known), compare_known);
    return 0;
}

/* Our name of a number; NULL where the file does not speak of it. */
static const uint32_t *
name_of(const struct numbers *numbers, uint32_t number)
{
    const struct known key = {.number = number};
    const struct known *found = bsearch(&key, numbers->known, numbers->count,
        sizeof(*numbers->known), compare_known);

    return found != NULL ? &found->name : NULL;
}

struct comparing {
    struct import_set *set;
    struct numbers agents;
    struct numbers regions;
};

/* The first item of that identity, or NULL. */
static struct import_item *
find_item(const struct import_set *set, const struct import_item *like)
{
    size_t low = 0;
    size_t high = set->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (by_identity(&set->items[middle], like) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == set->count || by_identity(&set->items[low], like) != 0)
        return NULL;
    return &set->items[low];
}

static int
meet(void *ctx, const struct raw_result *stored, struct err *err)
{
    struct comparing *c = ctx;
    const uint32_t *agent = name_of(&c->agents, stored->agent);
    const uint32_t *region = name_of(&c->regions, stored->region);
    struct import_item like = {.result = *stored};
    struct import_item *item;

    if (agent == NULL)
        return 0;
    like.agent = *agent;
    item = find_item(c->set, &like);
    if (item == NULL)
        return 0;
    if (region == NULL || *region != item->region ||
        !measure_same(&item->result.measure, &stored->measure))
        return refuse(c->set, item, "in the store", err);
    item->same = true;
    return 0;
}

int
import_set_compare(
    struct import_set *set, struct store_txn *txn, struct err *err)
{
    struct comparing c = {.set = set};
    struct bucket *buckets = NULL;
    size_t count = 0;
    int rc;

    rc = find_numbers(txn, REGISTRY_AGENT, &set->agents, &c.agents, err);
    if (rc == 0)
        rc = find_numbers(txn, REGISTRY_REGION, &set->regions, &c.regions, err);
    if (rc == 0) {
        buckets = list_buckets(set, &count, err);
        rc = buckets != NULL ? 0 : -1;
    }
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = raw_each(txn, buckets[i].check, buckets[i].start_unix_ms,
            buckets[i].start_unix_ms + RAW_BUCKET_MS, meet, &c, err);
    free(buckets);
    free(c.agents.known);
    free(c.regions.known);
    return rc;
}
