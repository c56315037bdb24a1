/*
 * canary.h - whether what agents send is committed, becomes cells and is
 * judged: followed on a copy that counts nowhere.
 *
 * The canary is the newest result that was taken in, of whatever agent and
 * check; where none comes for half a minute, agents send one of no check (see
 * CHECK_CANARY_ID), which is kept nowhere else.  In the turn of the writer
 * that commits it, after that turn has judged, alerted and made cells, it is
 * made a cell, put into the store, read back and judged, by the same functions
 * that real ones go through.  Only a turn that ends with its commit counts.
 *
 * STORE_META "canary": when it was measured, and its cell.
 */
#ifndef COLLECTOR_CANARY_H
#define COLLECTOR_CANARY_H

#include <stdint.h>

#include "err.h"
#include "measure.h"
#include "store.h"

/* All-zero: none has come. */
struct canary {
    struct measure measure;  /* the newest that was taken, without facts */
    int64_t arrived_unix_ms; /* when the newest that arrived was measured */
};

/* A result was taken in this turn; one from the future is not believed. */
void canary_note(
    struct canary *canary, const struct measure *measure, int64_t now_unix_ms);

/*
 * Makes it a cell and judges it; arrived_unix_ms counts once the transaction
 * is on disk.  One that comes back as another does not arrive, and harms nobody
 * else; fails only where the store does.
 */
int canary_run(struct canary *canary, struct store_txn *txn, struct err *err);

#endif
