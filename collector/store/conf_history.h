/*
 * conf_history.h - each configuration the store has seen, and since when it
 * was in force: what slots are judged by.
 *
 * A version's row holds its YAML text; reading it again gives the checks.
 */
#ifndef COLLECTOR_CONF_HISTORY_H
#define COLLECTOR_CONF_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "collector_conf.h"
#include "err.h"
#include "store.h"

struct conf_version {
    uint64_t version; /* from 1 */
    int64_t since_unix_ms;
    struct config *config; /* owned */
};

struct conf_history {
    struct conf_version *versions; /* owned; oldest first */
    size_t count;
};

/* 1: *version is the newest that was recorded, 0: there is none, -1: err. */
int conf_history_newest(
    struct store_txn *txn, uint64_t *version, struct err *err);

/* NULL on failure; empty where nothing was recorded.  free(NULL) is allowed. */
struct conf_history *conf_history_load(struct store_txn *txn, struct err *err);
void conf_history_free(struct conf_history *history);

/*
 * Records `config` as in force from now on, unless the newest version has the
 * same text; gives the version it now has.  A config that says nothing of what
 * was changed by command, because it was read from a file, gets that of the
 * newest version.  Versions follow each other in time even where the clock was
 * set back.
 */
int conf_history_record(struct store_txn *txn, const struct config *config,
    int64_t now_unix_ms, uint64_t *version, struct err *err);

/*
 * The version in force at that moment; the first for moments before it.  NULL
 * where nothing was recorded.
 */
const struct conf_version *conf_history_at(
    const struct conf_history *history, int64_t unix_ms);

/*
 * The check as it was configured at that moment; where it was not, as it was
 * nearest to it: before, else after.  NULL for one that never was configured.
 */
const struct conf_check *conf_history_check(
    const struct conf_history *history, uint32_t check, int64_t unix_ms);

#endif
