/*
 * raise_own.h - what the files of raise share: private to them.
 *
 * raise_peers.c keeps agents, raise_items.c checks and their legs; claims are
 * made of the latter in raise_items_claim.c and raise_seen.c, and of what is
 * read from the store in raise_sums.c; raise.c decides when.
 */
#ifndef COLLECTOR_RAISE_OWN_H
#define COLLECTOR_RAISE_OWN_H

#include "raise.h"
#include "raise_fleet.h"
#include "raise_leg.h"
#include "seen.h"

/* One agent, for good: legs borrow its name and region. */
struct raise_peer {
    uint32_t number;
    struct agent_row row; /* as heard last */
    bool heard;           /* since we listen */
    int64_t heard_ns;
    bool was_silent; /* AGENT_OFFLINE was raised before we listened */
    int64_t failing_unix_ms;
    int64_t cfg_refused_unix_ms;
    int64_t clone_first_unix_ms;
};

/* One check, with what each agent found at it. */
struct raise_item {
    uint32_t id;
    const struct conf_check *check; /* borrowed; NULL: not configured now */
    struct raise_leg *legs;         /* owned; by agent and family */
    struct seen **seen;             /* owned; beside them; NULL: nothing */
    size_t count;
    size_t capacity;
    bool month_dirty;            /* down time may have come to it */
    int64_t month_due_unix_ms;   /* not summed up before */
    int64_t hour_due_unix_ms;    /* p95 is looked at then */
    bool has_p95;                /* P95 is raised: */
    struct condition_claim *p95; /* owned; NULL: never was */
};

/* Which classes may have changed. */
enum raise_part {
    RAISE_PART_FLEET = 1,
    RAISE_PART_LEGS = 2, /* SLOW FAMILY DNS MAIL REGION_NETWORK */
    RAISE_PART_SEEN = 4, /* CERT DNS */
    RAISE_PART_SUMS = 8, /* P95 BUDGET */
    RAISE_PART_ALL = 15
};

struct raise {
    const struct conf_history *conf; /* borrowed */
    struct raise_peer **peers;       /* owned; by number */
    size_t peer_count;
    struct raise_item **items; /* owned; by id */
    size_t item_count;
    bool gone;      /* some item is of no configured check */
    unsigned dirty; /* enum raise_part */
    bool all;       /* this turn settles what is as it was, too */
    int64_t listening_ns;
    int64_t listening_unix_ms;
    int64_t ran_ns;
    int64_t fleet_ns;          /* the fleet was looked at */
    int64_t events_ns;         /* ... and events that may have ended */
    int64_t seen_next_unix_ms; /* time alone changes a certificate's stage */
    size_t sums_at;            /* whose turn it is */
    char own_refused[256];
    int64_t own_refused_unix_ms;
    bool own_known[ALERT_CLASS_COUNT]; /* was noted since the start */
    struct condition_claims own;       /* of the collector, as noted */
    struct condition_claims held[ALERT_CLASS_COUNT]; /* as settled last */
    struct condition_claims events;                  /* not passed on yet */
};

const struct config *raise_newest(const struct raise *raise);

/* Whether that is raised now; `key` NULL: with any. */
const struct condition_claim *raise_find_held(const struct raise *raise,
    enum alert_class class, const char *subject, const char *key);

/* ---- raise_peers.c ---- */

struct raise_peer *raise_peer_find(const struct raise *raise, uint32_t number);
/* From all rows.  Those that are there keep what was heard. */
int raise_peers_load(struct raise *raise, struct store_txn *txn,
    const struct raise_now *now, struct err *err);
void raise_peers_free(struct raise *raise);
/* We begin to listen: nobody has been heard. */
void raise_peers_listen(struct raise *raise, const struct raise_now *now);
/* Claims of all fleet classes. */
int raise_peers_claim(const struct raise *raise, const struct raise_now *now,
    struct condition_claims *claims, struct err *err);

/* ---- raise_items.c, raise_items_claim.c, raise_seen.c ---- */

/* Configured and not paused. */
static inline bool
raise_item_is_watched(const struct raise_item *item)
{
    return item->check != NULL && !item->check->check.paused;
}

int raise_items_load(
    struct raise *raise, struct store_txn *txn, struct err *err);
void raise_items_free(struct raise *raise);
/* Turns to the newest configuration. */
void raise_items_follow(struct raise *raise);
/* Forgets checks that are gone, in the store too. */
int raise_items_sweep(
    struct raise *raise, struct store_txn *txn, struct err *err);
/* SLOW, FAMILY, MAIL, REGION_NETWORK, and of DNS what legs show. */
int raise_items_claim(const struct raise *raise,
    struct condition_claims *claims, struct err *err);
/* CERT, and of DNS what answers show. */
int raise_seen_claim(struct raise *raise, struct store_txn *txn,
    int64_t now_unix_ms, struct condition_claims *claims, struct err *err);
/* The leaf of that leg is another one: an event, perhaps. */
int raise_seen_changed(struct raise *raise, struct raise_item *item, size_t at,
    int64_t now_unix_ms, struct err *err);

/* ---- raise_sums.c ---- */

/* One check's month or hour, if it is due. */
int raise_sums_run(struct raise *raise, struct store_txn *txn,
    int64_t now_unix_ms, struct err *err);
int raise_sums_claim(const struct raise *raise, struct condition_claims *claims,
    struct err *err);

#endif
