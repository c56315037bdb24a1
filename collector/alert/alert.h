/*
 * alert.h - from incidents to mails: what is told, to whom, when.
 *
 * Decisions are made on the writer's thread inside its transactions and leave
 * rows in `notices` and `mailq`; the mailer on the loop's thread sends what
 * stands in `mailq` and hands back what became of it.  A crash between
 * sending and writing that down doubles a mail, never loses one.
 */
#ifndef COLLECTOR_ALERT_H
#define COLLECTOR_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "condition.h"
#include "conf_history.h"
#include "err.h"
#include "incident_row.h"
#include "store.h"
#include "watch.h"

struct alert;

/* `conf` is borrowed until the next alert_set_history(). */
struct alert *alert_new(const struct conf_history *conf, struct err *err);
void alert_free(struct alert *alert);
void alert_set_history(struct alert *alert, const struct conf_history *conf);

/*
 * For whoever jumps from moment to moment in a store made for that (replay.h):
 * no digest, mails about one alert have no text, and time alone makes it look
 * again every `look_ms`, more often while something flaps.
 */
void alert_set_draft(struct alert *alert, int64_t look_ms);

/* A transaction was lost: drops what is held in memory and reads it again. */
void alert_forget(struct alert *alert);

/* Fits watch_run(): `ctx` is the struct alert. */
watch_news_fn alert_take_news;

/* The same for condition_settle(). */
condition_news_fn alert_take_condition;

/*
 * Decides what is due by now and queues mails.  `next_unix_ms` gets the moment
 * when time alone makes the next one due (INT64_MAX: none); *queued says that
 * mailq got new rows.
 */
int alert_run(struct alert *alert, struct store_txn *txn, int64_t now_unix_ms,
    bool *queued, int64_t *next_unix_ms, struct err *err);

#endif
