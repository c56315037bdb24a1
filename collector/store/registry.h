/*
 * registry.h - who and what the store knows by number: agents, regions,
 * spools, checks; agents' keys and last news; enrolment tokens; marks.
 *
 * Numbers are given once and never again to another name.  Rows are versioned
 * varint codecs of their own (fuzzed); a row that cannot be read is ERR_STATE.
 */
#ifndef COLLECTOR_REGISTRY_H
#define COLLECTOR_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "store.h"

enum {
    REGISTRY_NAME_BYTES = 130,
    REGISTRY_KEY_BYTES = 32,
    REGISTRY_SPOOL_ID_BYTES = 16
};

enum registry_kind { REGISTRY_REGION, REGISTRY_AGENT, REGISTRY_SPOOL };

/*
 * The number of a name (from 1); makes one in a write transaction if there is
 * none.  A spool's name is the hex of its id.
 */
int registry_number(struct store_txn *txn, enum registry_kind kind,
    const char *name, uint32_t *number, struct err *err);

/* 1: found, 0: no such name, -1: err.  Never makes one. */
int registry_find(struct store_txn *txn, enum registry_kind kind,
    const char *name, uint32_t *number, struct err *err);

/* 1: found, 0: no such number, -1: err. */
int registry_name(struct store_txn *txn, enum registry_kind kind,
    uint32_t number, char name[REGISTRY_NAME_BYTES], struct err *err);

/*
 * ERR_STATE unless it is a row that registry_number() wrote, and its
 * counterpart says the same.
 */
int registry_row_check(struct store_txn *txn, struct bytes key,
    struct bytes value, struct err *err);

/* ---- agents ---- */

struct agent_row {
    char name[65];
    char region[65];
    uint32_t number; /* registry number of the name */
    uint32_t region_number;
    uint8_t keys[2][REGISTRY_KEY_BYTES]; /* public; two during rotation */
    uint8_t key_count;                   /* 0: added, not enrolled yet */
    bool suspended;
    bool revoked;
    bool rotate; /* a new key was asked for and is not in force yet */
    int64_t added_unix_ms;
    /* last news, renewed with each PING */
    int64_t last_seen_unix_ms; /* 0: never */
    char build[65];
    uint64_t spool_records;
    uint64_t skipped;
    uint64_t lost;
    int64_t clock_offset_ms;
    bool clock_offset_known;
    uint8_t self_check; /* 0 unknown, 1 good, 2 failing */
    uint64_t cfg_sent;  /* version */
    uint64_t cfg_confirmed;
    char cfg_refused[256]; /* why the last one was; "" */
    char address[64];      /* it spoke from last */
    /* A second process with its key, turned away last. */
    int64_t clone_unix_ms; /* 0: never */
    char clone_address[64];
};

/* Sets what `news` has below "last news" but last_seen_unix_ms. */
void agent_take_news(struct agent_row *row, const struct agent_row *news);

int agent_put(
    struct store_txn *txn, const struct agent_row *row, struct err *err);
/* 1: found, 0: not, -1: err. */
int agent_get(struct store_txn *txn, const char *name, struct agent_row *row,
    struct err *err);
typedef int agent_each_fn(
    void *ctx, const struct agent_row *row, struct err *err);
/* In the order of names. */
int agent_each(
    struct store_txn *txn, agent_each_fn *fn, void *ctx, struct err *err);

/* ---- tokens ---- */

struct token_row {
    uint8_t key[REGISTRY_KEY_BYTES]; /* the one-time public key */
    char agent[65];
    int64_t expires_unix_ms;
    bool used;
};

int token_put(
    struct store_txn *txn, const struct token_row *row, struct err *err);
int token_get(struct store_txn *txn, const uint8_t key[REGISTRY_KEY_BYTES],
    struct token_row *row, struct err *err);
typedef int token_each_fn(
    void *ctx, const struct token_row *row, struct err *err);
int token_each(
    struct store_txn *txn, token_each_fn *fn, void *ctx, struct err *err);
int token_delete(struct store_txn *txn, const uint8_t key[REGISTRY_KEY_BYTES],
    struct err *err);

/* ---- marks: how far each spool has been taken ---- */

struct mark_row {
    uint64_t acked_seq;
    uint32_t acked_crc; /* crc32c of that record as it was sent */
    uint64_t taken;     /* results ever, without duplicates and lost */
    uint64_t lost;      /* told as dropped by the agent */
    uint64_t quarantined;
    uint64_t refused; /* not assigned, or too old */
};

int mark_put(struct store_txn *txn, uint32_t agent,
    const uint8_t spool_id[REGISTRY_SPOOL_ID_BYTES], const struct mark_row *row,
    struct err *err);
/* 1: found, 0: not (row is then all zero), -1: err. */
int mark_get(struct store_txn *txn, uint32_t agent,
    const uint8_t spool_id[REGISTRY_SPOOL_ID_BYTES], struct mark_row *row,
    struct err *err);

/* The counts over all spools of an agent; acked_seq and acked_crc are 0. */
int mark_sum(struct store_txn *txn, uint32_t agent, struct mark_row *sum,
    struct err *err);

/* ---- checks ---- */

struct check_row {
    uint32_t id;
    char name[130];
    int64_t first_slot_unix_ms; /* of its first result; INT64_MAX: none yet */
};

int check_row_put(
    struct store_txn *txn, const struct check_row *row, struct err *err);
int check_row_get(
    struct store_txn *txn, uint32_t id, struct check_row *row, struct err *err);
/*
 * Notes that a result of this check came, for that slot: makes the row, or
 * moves its first slot to an earlier one.
 */
int check_row_note(struct store_txn *txn, uint32_t id, const char *name,
    int64_t slot_unix_ms, struct err *err);
typedef int check_row_each_fn(
    void *ctx, const struct check_row *row, struct err *err);
int check_row_each(
    struct store_txn *txn, check_row_each_fn *fn, void *ctx, struct err *err);

#endif
