/*
 * silence.h - messages that a person does not want for a while.
 *
 * A silence keeps messages back and changes no number; a resolve of what was
 * told is told all the same.  Each of its words narrows it: a silence without
 * any would be one of everything, and is refused.
 *
 * STORE_SILENCES: id -> the silence.
 */
#ifndef COLLECTOR_SILENCE_H
#define COLLECTOR_SILENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "check.h"
#include "collector_conf.h"
#include "err.h"
#include "incident_row.h"
#include "notice_log.h"
#include "store.h"

enum { SILENCE_MAX = 1000, SILENCE_REASON_BYTES = 201 };

/* A value.  "" matches any. */
struct silence {
    char id[INCIDENT_ID_BYTES];
    char check[CHECK_NAME_BYTES];      /* a full name or glob */
    char region[INCIDENT_SCOPE_BYTES]; /* of a scope, or a region itself */
    char class[24];                    /* "SITE_DOWN" */
    char agent[CONF_NAME_BYTES];       /* a name or glob */
    int64_t from_unix_ms;
    int64_t until_unix_ms;
    char author[65];
    char reason[SILENCE_REASON_BYTES]; /* "" */
};

/* Whether it keeps this one quiet then.  Pure. */
bool silence_covers(const struct silence *silence, const struct notice *notice,
    int64_t now_unix_ms);

/*
 * Takes what a person typed: words such as "acme/home" (a check, or a glob of
 * them), "region:eu", "class:REGIONAL", "agent:eu1", in any order.  ERR_PARSE says what is wrong.
 */
int silence_take_match(
    const char *text, struct silence *silence, struct err *err);

/* Gives it an id and stores it.  ERR_LIMIT when there are too many. */
int silence_put(
    struct store_txn *txn, struct silence *silence, struct err *err);
/* It ends now.  By id or a unique front of it.  1: done, 0: there is none. */
int silence_end(struct store_txn *txn, const char *id, int64_t now_unix_ms,
    struct err *err);
/* Removes those that ended 90 days ago; kept so long for who asks why. */
int silence_sweep(struct store_txn *txn, int64_t now_unix_ms, struct err *err);

struct silence_list {
    struct silence *items; /* owned */
    size_t count;
};
/* All that are stored; those that are over, too. */
int silence_list(
    struct store_txn *txn, struct silence_list *list, struct err *err);
void silence_list_free(struct silence_list *list);

/* The first that covers it; NULL: none. */
const struct silence *silence_list_covers(const struct silence_list *list,
    const struct notice *notice, int64_t now_unix_ms);

int silence_encode(
    const struct silence *silence, struct buf *buf, struct err *err);
/* ERR_STATE for anything that is not a silence. */
int silence_decode(
    struct bytes bytes, struct silence *silence, struct err *err);

#endif
