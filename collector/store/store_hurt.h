/*
 * store_hurt.h - a row that is not what was put: whoever reads it fails, and
 * the writer sets it aside, so that it is met once and not for ever.
 *
 * It is moved as it is into the table "quarantine", under a key that says from
 * where.  Only what can be missed is moved: results, verdicts, cells, and what
 * follows from them.  Names, agents, marks and configurations are not: without
 * them numbers would change their meaning, and a backup is the better answer.
 */
#ifndef COLLECTOR_STORE_HURT_H
#define COLLECTOR_STORE_HURT_H

#include "store.h"

struct store_hurt {
    enum store_table table;
    uint8_t key[STORE_KEY_MAX_BYTES];
    size_t key_len;
};

enum { STORE_HURT_TEXT_BYTES = 128 };

/*
 * Gives, once, a row that somebody in this process found damaged since the
 * last call, and that may be set aside.  From any thread.
 */
bool store_take_hurt(struct store *store, struct store_hurt *hurt);

/*
 * Moves the row and, because what hurts one often hurts the page, those of the
 * next few hundred behind it that are damaged too.  Gives how many: 0 where the
 * row is whole or gone, and nothing was written; -1: err.
 */
int store_set_aside(struct store_txn *txn, const struct store_hurt *hurt,
    int64_t now_unix_ms, struct err *err);

/* Of a row of the quarantine: whether it is such a row, and which it was. */
bool store_hurt_of(struct bytes key, struct store_hurt *hurt);

/* How many are set aside. */
int store_count_hurt(struct store_txn *txn, size_t *count, struct err *err);

/* Its table and its key's first bytes. */
void store_hurt_text(
    const struct store_hurt *hurt, char out[STORE_HURT_TEXT_BYTES]);

#endif
