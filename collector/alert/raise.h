/*
 * raise.h - sees on the writer's thread what is wrong beside the incidents of
 * slots, and settles it as conditions (condition.h).
 *
 * Rules are in raise_fleet.h, raise_check.h, raise_region.h, raise_cert.h,
 * raise_answers.h and raise_budget.h, all pure; here is what they look at.
 * Results and news of agents are taken as they come, in memory, and a turn
 * looks only at what changed: agents once a second, p95 and budgets of one
 * check at a time.
 */
#ifndef COLLECTOR_RAISE_H
#define COLLECTOR_RAISE_H

#include <stdbool.h>
#include <stdint.h>

#include "condition.h"
#include "conf_history.h"
#include "err.h"
#include "measure.h"
#include "raw.h"
#include "registry.h"
#include "store.h"

struct raise;

struct raise_now {
    int64_t unix_ms;
    int64_t mono_ns;
};

/* `conf` is borrowed until the next raise_set_history(). */
struct raise *raise_new(struct store_txn *txn, const struct conf_history *conf,
    const struct raise_now *now, struct err *err);
/* NULL is allowed. */
void raise_free(struct raise *raise);
void raise_set_history(struct raise *raise, const struct conf_history *conf);

/* A transaction was lost: reads again what is in the store. */
int raise_reload(struct raise *raise, struct store_txn *txn,
    const struct raise_now *now, struct err *err);

/* After anything of an agent's row was changed.  `raise` may be NULL. */
int raise_note_agent(struct raise *raise, const struct agent_row *row,
    const struct raise_now *now, struct err *err);

/*
 * A result that is new, of a running agent; `facts` may be NULL.  `raise` may
 * be NULL.
 */
int raise_note(struct raise *raise, struct store_txn *txn,
    const struct raw_result *result, const struct facts *facts,
    int64_t now_unix_ms, struct err *err);

/* Why the collector's configuration was refused when read again; "": it is
 * well. */
void raise_note_refused(
    struct raise *raise, const char *why, int64_t now_unix_ms);

/*
 * Something of the collector itself, by its class, holds (`bad`) or does not;
 * until it is noted what was raised before a restart holds.  An event is raised
 * once.
 */
int raise_note_own(struct raise *raise, const struct condition_claim *claim,
    bool bad, struct err *err);

/* Settles what changed by now; `fn` and `ctx` as of condition_settle(). */
int raise_run(struct raise *raise, struct store_txn *txn,
    const struct raise_now *now, condition_news_fn *fn, void *ctx,
    struct err *err);

#endif
