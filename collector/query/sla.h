/*
 * sla.h - uptime, its bounds, budget and verdict of a check over a span, whole
 * and by region, with the incidents that overlap it.
 */
#ifndef COLLECTOR_QUERY_SLA_H
#define COLLECTOR_QUERY_SLA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "conf_history.h"
#include "err.h"
#include "incident_row.h"
#include "store.h"
#include "uptime.h"

enum { SLA_OWN_TARGET = -1 };

struct sla_spec {
    uint32_t check;
    int64_t from_unix_ms;
    int64_t to_unix_ms;  /* later than now: ends at the last judged slot */
    int64_t now_unix_ms; /* nothing later is judged */
    int64_t target_millionths; /* SLA_OWN_TARGET: as configured */
    bool verdicts;             /* one letter a slot as well */
};

struct sla_incident {
    char id[INCIDENT_ID_BYTES];
    int64_t start_unix_ms;
    int64_t detected_unix_ms;
    int64_t end_unix_ms;     /* 0: open */
    int64_t noticed_unix_ms; /* 0: not yet */
};

struct sla_scope {
    char name[INCIDENT_SCOPE_BYTES]; /* "global" or a region's */
    struct uptime uptime;
    struct sla_incident *incidents; /* owned; by start */
    size_t incident_count;
    struct buf letters; /* if asked for */
};

struct sla {
    char check[CHECK_NAME_BYTES];
    int64_t from_unix_ms;
    int64_t to_unix_ms; /* as asked, or the end of the last judged slot */
    bool running;       /* the span is not over */
    int64_t target_millionths;
    enum uptime_sla verdict;
    struct sla_scope *scopes; /* owned; the whole first */
    size_t scope_count;
    bool verdicts;
    int64_t slot_ms; /* of the first slot; 0: there is none */
    int64_t first_slot_unix_ms;
    size_t slots; /* letters so far */
};

/*
 * ERR_PARSE for a check that was never configured.  A failed query needs no
 * free.
 */
int sla_query(struct store_txn *txn, const struct conf_history *conf,
    const struct sla_spec *spec, struct sla *sla, struct err *err);
void sla_free(struct sla *sla);

/* As the contract's `sla --json`, new; NULL when memory is out. */
json_t *sla_to_json(const struct sla *sla);

/*
 * The answer for one check (full name) or, with NULL, {"checks": [...]} of all
 * that are configured now.  *exit_code is 1 where a target is breached.
 * spec->check is not looked at.
 */
int sla_answer(struct store_txn *txn, const struct conf_history *conf,
    const char *check, const struct sla_spec *spec, json_t **answer,
    int *exit_code, struct err *err);

#endif
