/*
 * condition.h - what may be told and is no incident of a check's slots: of
 * agents, regions and the collector, of certificates, names, budgets, slowness.
 *
 * Whoever looks (raise_*.h) claims what holds now, all of it for one class;
 * condition_settle() compares that with what is open and says what is new, has
 * changed or is over.  A condition has an id as an incident has, and is as long
 * in the store.
 *
 * STORE_CONDITIONS: 'c' id -> the condition; 'o' class id -> nothing, while it
 * is open.
 */
#ifndef COLLECTOR_CONDITION_H
#define COLLECTOR_CONDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "class.h"
#include "collector_conf.h"
#include "err.h"
#include "incident_row.h"
#include "store.h"

enum {
    CONDITION_SUBJECT_BYTES = 130,
    CONDITION_KEY_BYTES = 80,
    CONDITION_WORDS_BYTES = 512
};

/* Stored: may only grow at its end. */
enum condition_on {
    CONDITION_ON_CHECK,
    CONDITION_ON_AGENT,
    CONDITION_ON_REGION,
    CONDITION_ON_COLLECTOR,
    CONDITION_ON_COUNT
};

/* What is seen now.  A value. */
struct condition_claim {
    enum alert_class class;
    enum conf_severity severity;
    enum condition_on on;
    char subject[CONDITION_SUBJECT_BYTES]; /* "acme/home", "eu1", "eu"; "" */
    char scope[INCIDENT_SCOPE_BYTES]; /* of a check "global" or a region; of a
                                         silent agent its region; "" */
    uint32_t check;                   /* 0: none */
    char key[CONDITION_KEY_BYTES];    /* what sets it apart from the next of its
                                      class, subject and scope: a fingerprint
                                      and a stage, "2026-11"; "" */
    int64_t since_unix_ms;
    int64_t tell_unix_ms; /* not told before; 0: at once */
    bool event;           /* happened at `since`: told once, never resolved */
    char words[CONDITION_WORDS_BYTES]; /* a line for people: what is seen */
};

struct condition_claims {
    struct condition_claim *items; /* owned */
    size_t count;
};

/* Copies the claim. */
int condition_claims_add(struct condition_claims *claims,
    const struct condition_claim *claim, struct err *err);
void condition_claims_free(struct condition_claims *claims);

/* As it is stored. */
struct condition {
    char id[INCIDENT_ID_BYTES];   /* without "INC-" */
    struct condition_claim claim; /* as it was claimed last */
    enum incident_state state;    /* open, closed or removed */
    int64_t noticed_unix_ms;      /* first claimed, once */
    int64_t end_unix_ms;          /* 0: open */
    char acked_by[65];            /* "" */
    int64_t acked_unix_ms;
};

enum condition_news {
    CONDITION_NEWS_OPENED,
    CONDITION_NEWS_CHANGED, /* severity, words, when it may be told */
    CONDITION_NEWS_CLOSED
};
/* The row is stored already. */
typedef int condition_news_fn(void *ctx, struct store_txn *txn,
    enum condition_news news, const struct condition *condition,
    struct err *err);

/*
 * `held`, all of this class, is what holds now.  What is open with the same
 * subject, scope and key goes on; what is not among them any more ends now.  An
 * event opens once and for ever under its key, and ends a day later.
 */
int condition_settle(struct store_txn *txn, enum alert_class class,
    const struct condition_claims *held, int64_t now_unix_ms,
    condition_news_fn *fn, void *ctx, struct err *err);

/* Writes it as it is, open or not. */
int condition_put(
    struct store_txn *txn, const struct condition *condition, struct err *err);

/*
 * By id or a unique front of it, "INC-" before it or not.  1: found, 0: not,
 * -1: err (ERR_PARSE when it fits several).
 */
int condition_get(struct store_txn *txn, const char *id,
    struct condition *condition, struct err *err);

typedef int condition_each_fn(
    void *ctx, const struct condition *condition, struct err *err);
/* Those that are open; `fn` as store_each_fn. */
int condition_each_open(
    struct store_txn *txn, condition_each_fn *fn, void *ctx, struct err *err);
/* All that overlap [from, to), in no order. */
int condition_each(struct store_txn *txn, int64_t from_unix_ms,
    int64_t to_unix_ms, condition_each_fn *fn, void *ctx, struct err *err);

/* Removes some of those that ended before `before`. */
int condition_sweep(
    struct store_txn *txn, int64_t before_unix_ms, struct err *err);

int condition_encode(
    const struct condition *condition, struct buf *out, struct err *err);
/* ERR_STATE for anything that is not a condition. */
int condition_decode(
    struct bytes bytes, struct condition *condition, struct err *err);
/* ERR_STATE unless it is a row that condition_put() wrote. */
int condition_row_check(struct store_txn *txn, struct bytes key,
    struct bytes value, struct err *err);

#endif
