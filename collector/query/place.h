/*
 * place.h - which region and agent a question is about: --region, --agent.
 */
#ifndef COLLECTOR_QUERY_PLACE_H
#define COLLECTOR_QUERY_PLACE_H

#include <jansson.h>
#include <stdint.h>

#include "err.h"
#include "store.h"

/* Their registry numbers; 0: all.  ERR_PARSE for a name nobody has. */
int query_place_take(struct store_txn *txn, const json_t *args,
    uint32_t *region, uint32_t *agent, struct err *err);

#endif
