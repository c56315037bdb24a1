/*
 * watch.h - judges slots as their votes come in, steps the incident machines,
 * and says what changed.  Lives on the writer's thread, inside its write
 * transactions.
 *
 * What is written (verdict rows, incidents) is a pure function of raw results,
 * configuration history and windows; watch only decides when.  Votes of open
 * slots are held in memory and can be rebuilt from raw at any time; results
 * for slots that are judged already make their hour be judged again from raw.
 */
#ifndef COLLECTOR_WATCH_H
#define COLLECTOR_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "conf_history.h"
#include "err.h"
#include "incident_row.h"
#include "raw.h"
#include "store.h"

struct watch;

/* An agent that may vote, as of now. */
struct watch_agent {
    uint32_t agent; /* registry numbers */
    uint16_t region;
    bool suspended;             /* or revoked: not expected */
    int64_t last_heard_unix_ms; /* expected while younger than 90 s */
};

/* `history` is borrowed until the next watch_set_history(). */
struct watch *watch_new(struct store_txn *txn,
    const struct conf_history *history, int64_t now_unix_ms, struct err *err);
void watch_free(struct watch *watch);

/* After a new configuration version was recorded in this transaction. */
int watch_set_history(struct watch *watch, struct store_txn *txn,
    const struct conf_history *history, int64_t now_unix_ms, struct err *err);

/* Adds or renews what is known of one agent. */
int watch_set_agent(
    struct watch *watch, const struct watch_agent *agent, struct err *err);

/*
 * A result that raw_add() called RAW_NEW in this transaction.  `imported`
 * results are judged and never told.
 */
int watch_note(struct watch *watch, struct store_txn *txn,
    const struct raw_result *result, bool imported, struct err *err);

enum incident_news {
    INCIDENT_NEWS_OPENED,
    INCIDENT_NEWS_CHANGED, /* start, end or reason moved */
    INCIDENT_NEWS_CLOSED,
    INCIDENT_NEWS_WITHDRAWN,
    INCIDENT_NEWS_REMOVED
};

/*
 * `row` is already stored.  `fresh` says that the incident's newest judged
 * slot is bad and younger than ten minutes: what semantics.md asks before an
 * incident is told.
 */
typedef int watch_news_fn(void *ctx, struct store_txn *txn,
    enum incident_news news, const struct incident_row *row, bool fresh,
    struct err *err);

/*
 * Judges what can be judged by now, in the given transaction.  Does a bounded
 * amount of late work a call; *again says that there is more to do at once.
 * `next_unix_ms` gets the moment when time alone will allow the next verdict.
 */
int watch_run(struct watch *watch, struct store_txn *txn, int64_t now_unix_ms,
    watch_news_fn *fn, void *ctx, bool *again, int64_t *next_unix_ms,
    struct err *err);

/*
 * After a transaction that had watch_note() or watch_run() in it was lost
 * (commit failed): forget what was held in memory and read it again.
 */
int watch_reload(struct watch *watch, struct store_txn *txn,
    int64_t now_unix_ms, struct err *err);

#endif
