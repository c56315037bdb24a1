/*
 * seen.h - the certificate and the answers that one agent saw last at one leg
 * of a check, kept for ever: facts travel only when they change, and evidence
 * is deleted after a while.
 *
 * STORE_META: "seen." check u32, agent u32, family u8 -> a row.
 */
#ifndef COLLECTOR_SEEN_H
#define COLLECTOR_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "check.h"
#include "err.h"
#include "measure.h"
#include "store.h"

enum { SEEN_NAME_BYTES = 72, SEEN_ANSWERS_BYTES = 160, SEEN_PRINT_BYTES = 65 };

struct seen_cert {
    char fingerprint[SEEN_PRINT_BYTES]; /* of the leaf; "": none was seen */
    char issuer[SEEN_NAME_BYTES];
    int64_t leaf_end_unix_ms;
    int64_t
        begin_unix_ms;   /* of the one in the verified chain that ends first */
    int64_t end_unix_ms; /* ... and when; 0: nothing was verified yet */
    char ends_first[SEEN_NAME_BYTES]; /* its name, if it is not the leaf; "" */
    int64_t presented_end_unix_ms;    /* earliest in the presented chain; 0 */
    int64_t since_unix_ms;            /* this leaf is presented */
    char before[SEEN_PRINT_BYTES];    /* the leaf before it; "" */
    /* It was changed back to what was before: two are served at once. */
    int64_t back_unix_ms; /* the last time; 0: never */
};

struct seen_answers {
    uint32_t set; /* a number over the set of records; 0: none seen */
    char text[SEEN_ANSWERS_BYTES];
    int64_t since_unix_ms;
    uint32_t before; /* the set before it; 0 */
    int64_t before_stood_ms;
    char before_text[SEEN_ANSWERS_BYTES];
    bool told;   /* that it changed */
    bool agreed; /* with all other regions, at some time */
};

struct seen {
    uint32_t check;
    uint32_t agent;
    uint8_t family;
    int64_t ts_unix_ms; /* of the newest facts */
    struct seen_cert cert;
    struct seen_answers answers;
};

/*
 * Takes newer facts of this leg; older ones change nothing.  True if something
 * is other than it was.
 */
bool seen_take(struct seen *seen, const struct check *check,
    const struct measure *measure);

int seen_encode(const struct seen *seen, struct buf *out, struct err *err);
/* But for whose it is; ERR_STATE for anything that is no such row. */
int seen_decode(struct bytes bytes, struct seen *seen, struct err *err);

int seen_put(struct store_txn *txn, const struct seen *seen, struct err *err);
int seen_delete(
    struct store_txn *txn, const struct seen *seen, struct err *err);

/* Every row; `fn` as store_each_fn. */
typedef int seen_each_fn(void *ctx, const struct seen *seen, struct err *err);
int seen_each(
    struct store_txn *txn, seen_each_fn *fn, void *ctx, struct err *err);

#endif
