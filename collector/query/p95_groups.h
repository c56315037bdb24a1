/*
 * p95_groups.h - the histograms behind an answer: one set for all regions, for
 * each region, or for each agent.
 */
#ifndef COLLECTOR_P95_GROUPS_H
#define COLLECTOR_P95_GROUPS_H

#include "cell.h"
#include "hist.h"
#include "p95.h"

struct p95_group {
    uint16_t region; /* 0: all */
    uint32_t agent;  /* 0: all */
    uint64_t failed;
    struct hist *hists[PHASE_COUNT]; /* owned; NULL while empty */
    char region_name[CONF_NAME_BYTES];
    char agent_name[REGISTRY_NAME_BYTES];
    size_t rank; /* of the region in the configuration */
};

/* A region's number, what it is called, and whether it counts. */
struct p95_region {
    uint16_t number;
    char name[CONF_NAME_BYTES];
    size_t rank; /* SIZE_MAX: is not configured for this check */
};

struct p95_groups {
    struct store_txn *txn;           /* borrowed */
    const struct conf_history *conf; /* borrowed */
    const struct conf_check *check;  /* borrowed; NULL: never configured */
    const struct p95_spec *spec;     /* borrowed */
    struct p95_region *regions;      /* owned; seen so far */
    size_t region_count;
    struct p95_group *items; /* owned; by region, agent */
    size_t count;
};

void p95_groups_free(struct p95_groups *groups);

/* Makes the groups that are shown even where nothing was measured. */
int p95_groups_begin(struct p95_groups *groups, struct err *err);

/* The region of that number.  NULL and err where it has no name. */
const struct p95_region *p95_groups_region(
    struct p95_groups *groups, uint16_t number, struct err *err);

/* Adds a leg that no maintenance covers. */
int p95_groups_add_leg(
    struct p95_groups *groups, const struct leg *leg, struct err *err);
/* Adds a cell that begins then; never by agent. */
int p95_groups_add_cell(struct p95_groups *groups, uint16_t region,
    int64_t start_unix_ms, const struct cell *cell, struct err *err);

/* Whether the regions that count become others inside of [from, to). */
bool p95_regions_change(const struct conf_history *conf, uint32_t check,
    int64_t from_unix_ms, int64_t to_unix_ms);

/* Names the groups and brings them into the order in which they are shown. */
int p95_groups_end(struct p95_groups *groups, struct err *err);

#endif
