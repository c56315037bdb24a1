#include "dns_set.h"

#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "dns_rdata.h"

enum { FIRST_CAPACITY = 16 };

void
dns_set_free(struct dns_set *set)
{
    free(set->items);
    *set = (struct dns_set){0};
}

int
dns_set_add(struct dns_set *set, const struct dns_record *record)
{
    if (set->count == set->capacity) {
        size_t capacity =
            set->capacity == 0 ? FIRST_CAPACITY : 2 * set->capacity;
        struct dns_set_item *more =
            realloc(set->items, capacity * sizeof(*more));

        if (more == NULL)
            return -1;
        set->items = more;
        set->capacity = capacity;
    }
    set->items[set->count] = (struct dns_set_item){record, set->count};
    set->count++;
    return 0;
}

/* Aliases lead to the rest. */
static unsigned
rank(const struct dns_record *record)
{
    return record->type_number == DNS_RR_CNAME ? 0 : record->type_number;
}

static int
compare_data(const struct dns_record *a, const struct dns_record *b)
{
    size_t both = a->rdata_len < b->rdata_len ? a->rdata_len : b->rdata_len;
    int order;

    if (rank(a) != rank(b))
        return rank(a) < rank(b) ? -1 : 1;
    order = both > 0 ? memcmp(a->rdata, b->rdata, both) : 0;
    if (order != 0 || a->rdata_len == b->rdata_len)
        return order;
    return a->rdata_len < b->rdata_len ? -1 : 1;
}

static int
compare_owner(const struct dns_record *a, const struct dns_record *b)
{
    int order = compare_data(a, b);

    return order != 0 ? order : strcmp(a->name, b->name);
}

static int
by_data(const void *a, const void *b)
{
    const struct dns_set_item *x = a;
    const struct dns_set_item *y = b;
    int order = compare_data(x->record, y->record);

    return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

static int
by_owner(const void *a, const void *b)
{
    const struct dns_set_item *x = a;
    const struct dns_set_item *y = b;
    int order = compare_owner(x->record, y->record);

    return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

static int
by_place(const void *a, const void *b)
{
    const struct dns_set_item *x = a;
    const struct dns_set_item *y = b;

    return (x->at > y->at) - (x->at < y->at);
}

void
dns_set_order(struct dns_set *set, enum dns_set_by by)
{
    bool owner = by == DNS_SET_BY_DATA_AND_OWNER;
    size_t kept = 0;

    if (set->count < 2)
        return;
    qsort(set->items, set->count, sizeof(*set->items),
        owner ? by_owner : by_data);
    for (size_t i = 1; i < set->count; i++) {
        const struct dns_record *last = set->items[kept].record;
        const struct dns_record *record = set->items[i].record;

        if ((owner ? compare_owner : compare_data)(last, record) != 0)
            set->items[++kept] = set->items[i];
    }
    set->count = kept + 1;
}

void
dns_set_order_as_added(struct dns_set *set)
{
    if (set->count > 1)
        qsort(set->items, set->count, sizeof(*set->items), by_place);
}

uint64_t
dns_set_hash(const struct dns_set *set)
{
    uint64_t sum = 0; /* commutative: the order does not matter */

    for (size_t i = 0; i < set->count; i++) {
        const struct dns_record *record = set->items[i].record;
        uint8_t digest[DIGEST_SHA256_BYTES];
        uint64_t part;

        digest_sha256(record->rdata, record->rdata_len, digest);
        memcpy(&part, digest, sizeof(part));
        sum += part + record->type_number;
    }
    return sum;
}

long
dns_set_find(const struct dns_set *set, uint16_t type_number,
    const uint8_t *rdata, size_t rdata_len)
{
    struct dns_record wanted = {.type_number = type_number,
        .rdata = (uint8_t *)(uintptr_t)rdata,
        .rdata_len = rdata_len};
    size_t from = 0;
    size_t to = set->count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = compare_data(set->items[middle].record, &wanted);

        if (order == 0)
            return (long)middle;
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return -1;
}
