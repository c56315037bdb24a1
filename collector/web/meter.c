#include "meter.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Where names, pages and forms differ: finer below a second. */
const double meter_bounds_s[METER_BUCKETS] = {0.0005, 0.001, 0.0025, 0.005,
    0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 300};

static const int64_t bounds_us[METER_BUCKETS] = {500, 1000, 2500, 5000, 10000,
    25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000,
    25000000, 60000000, 300000000};

enum { SLOTS_FIRST = 256 };

struct entry {
    uint64_t key;
    struct meter_series series;
};

struct meter {
    pthread_mutex_t lock;
    struct entry **entries; /* owned, as each of them; in order of arrival */
    size_t count;
    uint32_t *slots;   /* owned; place + 1 of an entry; 0: free */
    size_t slot_count; /* a power of two, more than twice the entries */
    uint64_t missed;
};

struct meter *
meter_new(struct err *err)
{
    struct meter *meter = calloc(1, sizeof(*meter));

    if (meter == NULL) {
        err_set(err, ERR_NOMEM, "meter");
        return NULL;
    }
    (void)pthread_mutex_init(&meter->lock, NULL);
    return meter;
}

void
meter_free(struct meter *meter)
{
    if (meter == NULL)
        return;
    for (size_t i = 0; i < meter->count; i++)
        free(meter->entries[i]);
    free(meter->entries);
    free(meter->slots);
    (void)pthread_mutex_destroy(&meter->lock);
    free(meter);
}

/* The slot that holds the key, or the free one where it belongs. */
static uint32_t *
slot_of(const struct meter *meter, uint64_t key)
{
    size_t mask = meter->slot_count - 1;
    /* Fibonacci hashing (Knuth 6.4): spreads ids that follow each other. */
    size_t at = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & mask;

    while (meter->slots[at] != 0 &&
           meter->entries[meter->slots[at] - 1]->key != key)
        at = (at + 1) & mask;
    return &meter->slots[at];
}

/* Room for one entry more; false: memory is out. */
static bool
grow(struct meter *meter)
{
    size_t slot_count =
        meter->slot_count > 0 ? meter->slot_count * 2 : SLOTS_FIRST;
    struct entry **entries;
    uint32_t *slots;

    if (meter->slot_count > 2 * (meter->count + 1))
        return true;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
    entries = realloc(meter->entries, slot_count / 2 * sizeof(*entries));
    if (entries == NULL)
        return false;
    meter->entries = entries;
    slots = calloc(slot_count, sizeof(*slots));
    if (slots == NULL)
        return false;
    free(meter->slots);
    meter->slots = slots;
    meter->slot_count = slot_count;
    for (size_t i = 0; i < meter->count; i++)
        *slot_of(meter, entries[i]->key) = (uint32_t)i + 1;
    return true;
}

/* NULL: there is no room for another. */
static struct meter_series *
series_of(struct meter *meter, uint64_t key)
{
    struct entry *entry;

    if (meter->slot_count > 0) {
        uint32_t place = *slot_of(meter, key);

        if (place != 0)
            return &meter->entries[place - 1]->series;
    }
    if (meter->count == METER_SERIES_MAX || !grow(meter))
        return NULL;
    entry = calloc(1, sizeof(*entry));
    if (entry == NULL)
        return NULL;
    entry->key = key;
    meter->entries[meter->count++] = entry;
    *slot_of(meter, key) = (uint32_t)meter->count;
    return &entry->series;
}

static void
add_us(struct meter_hist *hist, int64_t us)
{
    size_t low = 0;
    size_t high = METER_BUCKETS;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (us <= bounds_us[middle])
            high = middle;
        else
            low = middle + 1;
    }
    hist->counts[low]++;
    hist->sum_us += (uint64_t)us;
}

static void
add_to(struct meter_series *series, const struct measure *measure)
{
    if (measure->status < MEASURE_STATUS_COUNT)
        series->results[measure->status]++;
    if (measure->isolated)
        series->isolated++;
    if (measure->isolated || !measure_votes_up(measure))
        return;
    for (int p = 0; p < PHASE_COUNT; p++) {
        if (measure->phase_us[p] == PHASE_NOT_REACHED)
            continue;
        series->phases |= (uint16_t)(1U << p);
        add_us(&series->hists[p], measure->phase_us[p]);
    }
}

void
meter_add(struct meter *meter, const struct measure *measure,
    uint16_t region_number, const char *region)
{
    uint64_t key = (uint64_t)measure->check_id << 16 | region_number;
    struct meter_series *series;

    (void)pthread_mutex_lock(&meter->lock);
    series = series_of(meter, key);
    if (series == NULL) {
        meter->missed++;
    } else {
        if (series->region[0] == '\0') {
            series->check = measure->check_id;
            (void)strncpy(series->region, region, METER_REGION_BYTES - 1);
        }
        add_to(series, measure);
    }
    (void)pthread_mutex_unlock(&meter->lock);
}

bool
meter_get(struct meter *meter, size_t i, struct meter_series *out)
{
    bool found;

    (void)pthread_mutex_lock(&meter->lock);
    found = i < meter->count;
    if (found)
        *out = meter->entries[i]->series;
    (void)pthread_mutex_unlock(&meter->lock);
    return found;
}

uint64_t
meter_missed(struct meter *meter)
{
    uint64_t missed;

    (void)pthread_mutex_lock(&meter->lock);
    missed = meter->missed;
    (void)pthread_mutex_unlock(&meter->lock);
    return missed;
}
