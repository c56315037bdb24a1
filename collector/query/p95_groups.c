#include "p95_groups.h"

#include <stdlib.h>
#include <string.h>

void
p95_groups_free(struct p95_groups *groups)
{
    for (size_t i = 0; i < groups->count; i++) {
        for (int p = 0; p < PHASE_COUNT; p++)
            free(groups->items[i].hists[p]);
    }
    free(groups->items);
    free(groups->regions);
    groups->items = NULL;
    groups->regions = NULL;
    groups->count = 0;
    groups->region_count = 0;
}

/* ---- regions ---- */

static size_t
rank_of(const struct conf_check *check, const char *region)
{
    for (size_t i = 0; check != NULL && i < check->regions.count; i++) {
        if (strcmp(check->regions.names[i], region) == 0)
            return i;
    }
    return SIZE_MAX;
}

const struct p95_region *
p95_groups_region(struct p95_groups *groups, uint16_t number, struct err *err)
{
    char name[REGISTRY_NAME_BYTES];
    struct p95_region *regions;
    struct p95_region *region;
    int rc;

    for (size_t i = 0; i < groups->region_count; i++) {
        if (groups->regions[i].number == number)
            return &groups->regions[i];
    }
    rc = registry_name(groups->txn, REGISTRY_REGION, number, name, err);
    if (rc == 0)
        err_set(err, ERR_STATE, "region %u has no name", number);
    if (rc != 1)
        return NULL;
    regions =
        realloc(groups->regions, (groups->region_count + 1) * sizeof(*regions));
    if (regions == NULL) {
        err_set(err, ERR_NOMEM, "regions");
        return NULL;
    }
    groups->regions = regions;
    region = &regions[groups->region_count++];
    *region = (struct p95_region){.number = number};
    text_put_harmless(name, strlen(name), region->name, sizeof(region->name));
    region->rank = rank_of(groups->check, region->name);
    return region;
}

/* Regions that were not configured are shown by themselves, never merged. */
static bool
counts(const struct p95_groups *groups, const struct p95_region *region,
    int64_t unix_ms)
{
    const struct conf_check *check =
        conf_history_check(groups->conf, groups->spec->check, unix_ms);

    return check == NULL || rank_of(check, region->name) != SIZE_MAX;
}

static bool
same_regions(const struct conf_region_set *a, const struct conf_region_set *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        size_t j = 0;

        while (j < b->count && strcmp(a->names[i], b->names[j]) != 0)
            j++;
        if (j == b->count)
            return false;
    }
    return true;
}

bool
p95_regions_change(const struct conf_history *conf, uint32_t check,
    int64_t from_unix_ms, int64_t to_unix_ms)
{
    const struct conf_check *first =
        conf_history_check(conf, check, from_unix_ms);

    for (size_t i = 0; i < conf->count && first != NULL; i++) {
        const struct conf_check *then =
            collector_conf_check_by_id(conf->versions[i].config, check);
        int64_t since_ms = conf->versions[i].since_unix_ms;

        if (since_ms > from_unix_ms && since_ms < to_unix_ms && then != NULL &&
            !same_regions(&first->regions, &then->regions))
            return true;
    }
    return false;
}

/* ---- groups ---- */

static struct p95_group *
insert(struct p95_groups *groups, size_t at, struct err *err)
{
    struct p95_group *items;

    if (groups->count >= P95_GROUPS_MAX) {
        err_set(
            err, ERR_LIMIT, "more than %d regions or agents", P95_GROUPS_MAX);
        return NULL;
    }
    items = realloc(groups->items, (groups->count + 1) * sizeof(*items));
    if (items == NULL) {
        err_set(err, ERR_NOMEM, "histograms");
        return NULL;
    }
    groups->items = items;
    memmove(items + at + 1, items + at, (groups->count - at) * sizeof(*items));
    groups->count++;
    items[at] = (struct p95_group){.region = 0};
    return &items[at];
}

static int
order(const struct p95_group *group, uint16_t region, uint32_t agent)
{
    if (group->region != region)
        return group->region < region ? -1 : 1;
    return (group->agent > agent) - (group->agent < agent);
}

static struct p95_group *
group_of(
    struct p95_groups *groups, uint16_t region, uint32_t agent, struct err *err)
{
    struct p95_group *group;
    size_t low = 0;
    size_t high = groups->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (order(&groups->items[middle], region, agent) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < groups->count && order(&groups->items[low], region, agent) == 0)
        return &groups->items[low];
    group = insert(groups, low, err);
    if (group == NULL)
        return NULL;
    group->region = region;
    group->agent = agent;
    return group;
}

/* Of whom, and when. */
struct origin {
    uint16_t region;
    uint32_t agent; /* 0: any */
    int64_t unix_ms;
};

/* 1: *group is where it goes, 0: it goes nowhere. */
static int
place(struct p95_groups *groups, const struct origin *of,
    struct p95_group **group, struct err *err)
{
    const struct p95_region *named = p95_groups_region(groups, of->region, err);

    if (named == NULL)
        return -1;
    switch (groups->spec->by) {
    case P95_BY_NOTHING:
        if (!counts(groups, named, of->unix_ms))
            return 0;
        *group = group_of(groups, 0, 0, err);
        break;
    case P95_BY_REGION:
        *group = group_of(groups, of->region, 0, err);
        break;
    case P95_BY_AGENT:
        *group = group_of(groups, of->region, of->agent, err);
        break;
    }
    return *group != NULL ? 1 : -1;
}

static struct hist *
hist_of(struct p95_group *group, int phase, struct err *err)
{
    if (group->hists[phase] == NULL)
        group->hists[phase] = calloc(1, sizeof(struct hist));
    if (group->hists[phase] == NULL)
        err_set(err, ERR_NOMEM, "histogram");
    return group->hists[phase];
}

int
p95_groups_begin(struct p95_groups *groups, struct err *err)
{
    const struct conf_check *check = groups->check;

    if (groups->spec->by == P95_BY_NOTHING)
        return group_of(groups, 0, 0, err) != NULL ? 0 : -1;
    if (groups->spec->by == P95_BY_AGENT || check == NULL)
        return 0;
    for (size_t i = 0; i < check->regions.count; i++) {
        uint32_t number;
        int rc = registry_find(groups->txn, REGISTRY_REGION,
            check->regions.names[i], &number, err);

        if (rc < 0 ||
            (rc == 1 && group_of(groups, (uint16_t)number, 0, err) == NULL))
            return -1;
    }
    return 0;
}

int
p95_groups_add_leg(
    struct p95_groups *groups, const struct leg *leg, struct err *err)
{
    const struct origin of = {.region = leg->region,
        .agent = leg->agent,
        .unix_ms = leg->slot_unix_ms};
    struct p95_group *group = NULL;
    int rc = place(groups, &of, &group, err);

    if (rc != 1)
        return rc;
    if (leg_is_failed(leg))
        group->failed++;
    if (!leg_is_served(leg))
        return 0;
    for (int p = 0; p < PHASE_COUNT; p++) {
        struct hist *hist;

        if ((groups->spec->phases & 1U << p) == 0 ||
            leg->last->phase_us[p] == PHASE_NOT_REACHED)
            continue;
        hist = hist_of(group, p, err);
        if (hist == NULL)
            return -1;
        hist_add(hist, leg->last->phase_us[p]);
    }
    return 0;
}

int
p95_groups_add_cell(struct p95_groups *groups, uint16_t region,
    int64_t start_unix_ms, const struct cell *cell, struct err *err)
{
    const struct origin of = {.region = region, .unix_ms = start_unix_ms};
    struct p95_group *group = NULL;
    int rc = place(groups, &of, &group, err);

    if (rc != 1)
        return rc;
    group->failed += cell->statuses[MEASURE_DOWN];
    for (int p = 0; p < PHASE_COUNT; p++) {
        struct hist *hist;

        if ((groups->spec->phases & 1U << p) == 0 ||
            cell->phases[p].hist == NULL)
            continue;
        hist = hist_of(group, p, err);
        if (hist == NULL)
            return -1;
        hist_merge(hist, cell->phases[p].hist);
    }
    return 0;
}

/* ---- names and order ---- */

static int
name_group(struct p95_groups *groups, struct p95_group *group, struct err *err)
{
    const struct p95_region *region;
    int rc;

    if (group->region == 0)
        return 0;
    region = p95_groups_region(groups, group->region, err);
    if (region == NULL)
        return -1;
    (void)strcpy(group->region_name, region->name);
    group->rank = region->rank;
    if (group->agent == 0)
        return 0;
    rc = registry_name(
        groups->txn, REGISTRY_AGENT, group->agent, group->agent_name, err);
    if (rc == 0)
        return err_set(err, ERR_STATE, "agent %u has no name", group->agent);
    return rc == 1 ? 0 : -1;
}

static int
compare(const void *left, const void *right)
{
    const struct p95_group *a = left;
    const struct p95_group *b = right;
    int by_name = strcmp(a->region_name, b->region_name);

    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    return by_name != 0 ? by_name : strcmp(a->agent_name, b->agent_name);
}

int
p95_groups_end(struct p95_groups *groups, struct err *err)
{
    for (size_t i = 0; i < groups->count; i++) {
        if (name_group(groups, &groups->items[i], err) != 0)
            return -1;
    }
    if (groups->count > 1)
        qsort(groups->items, groups->count, sizeof(*groups->items), compare);
    return 0;
}
