/*
 * watch_parts.h - what the files of the watch share: private to them.
 *
 * live.h keeps the votes of slots that are open, rejudge.h makes hours anew
 * from raw, settle.h runs the incident machines; watch.c decides when.
 */
#ifndef COLLECTOR_WATCH_PARTS_H
#define COLLECTOR_WATCH_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "box.h"
#include "page.h"
#include "recount.h"
#include "run.h"
#include "timeline.h"
#include "watch.h"

enum {
    LIVE_SLOTS = 16, /* open at once: (3 T + 8 s) / T and some ahead */
    WATCH_SILENT_MS = 90000,
    WATCH_LATE_MS = 1000,     /* late results are taken together, at least */
    WATCH_LATE_MAX_MS = 30000 /* ... and at most so long */
};

struct live_slot {
    bool used;
    bool dirty; /* something was noted since it was judged */
    bool live;  /* ... that was not imported */
    bool imported;
    int64_t start_unix_ms;
    int64_t deadline_unix_ms;
    struct timeline_segment segment; /* a copy: timelines are made anew */
    struct region_map regions;
    struct box box;
    uint8_t cells[VERDICT_ROW_SCOPES_MAX]; /* as written last */
};

struct stale_item {
    int64_t hour_unix_ms;
    int64_t due_unix_ms;
    bool live;    /* some of it was not imported */
    bool rebuild; /* votes of before a restart: nothing is judged without */
    bool stored;  /* there is a mark in the store */
};

/* Slots that got another verdict since the incidents were settled. */
struct changes {
    int64_t from_unix_ms; /* INT64_MAX: none */
    int64_t to_unix_ms;   /* start of the last one */
    int64_t live_from_unix_ms;
    int64_t live_to_unix_ms;
    bool imported;
    bool urgent; /* open slots are among them: somebody may wait for it */
};

struct watch_check {
    uint32_t check;
    char name[CHECK_NAME_BYTES];
    int64_t first_slot_unix_ms; /* as in its row */
    struct timeline timeline;
    struct live_slot slots[LIVE_SLOTS];
    struct stale_item *stale; /* owned; by hour */
    size_t stale_count;
    size_t stale_capacity;
    size_t rebuild_count;
    int64_t late_ms; /* late results of an hour are taken together so long */
    struct changes changes;
    bool unsettled_stored;
    struct run *checkpoint; /* owned; NULL: none */
    int64_t checkpoint_unix_ms;
    int64_t overtaken_unix_ms;     /* a slot that machines skipped; INT64_MAX */
    int64_t overtaken_due_unix_ms; /* when it is judged at the latest */
    bool quiet;                    /* no incident reaches past the checkpoint */
    bool fresh[VERDICT_ROW_SCOPES_MAX]; /* news of its incident was fresh */
    int64_t seal_unix_ms;               /* the hour that is completed next */
    bool ended;                         /* removed, and settled since */
    uint8_t *no_route; /* owned; by agent; NULL where families are one */
    size_t no_route_count;
    struct box_agent *expected; /* owned; those of its regions */
    size_t expected_count;
    size_t expected_capacity;
    uint64_t expected_generation;
    uint64_t expected_version;
};

struct known_agent {
    uint16_t region; /* 0: not known */
    bool suspended;
    bool expected;
    int64_t last_heard_unix_ms;
};

struct watch {
    const struct conf_history *history; /* borrowed */
    struct watch_check *checks;         /* owned */
    size_t count;
    uint32_t *table; /* owned; by check id: 1 + place, open addressing */
    size_t table_mask;
    struct known_agent *agents; /* owned; by registry number */
    size_t agent_count;
    uint64_t generation; /* grows when who is expected changes */
    int64_t now_unix_ms;
    int64_t noted_run_unix_ms; /* as stored */
    uint64_t settled_version;  /* as stored */
    bool wrote;                /* rows, since that was noted */
    struct page page;          /* scratch */
};

struct watch_sink {
    watch_news_fn *fn;
    void *ctx;
};

const struct config *watch_newest(const struct watch *watch);

/* Remembers that a slot's verdict is another one. */
void watch_changed(
    struct watch_check *check, int64_t start_unix_ms, bool live, bool imported);

/*
 * Marks an hour to be judged anew, on disk too unless it is `rebuild`.
 */
int watch_mark_stale(struct watch_check *check, struct store_txn *txn,
    const struct stale_item *item, struct err *err);

/* Writes the scratch page as its row. */
int watch_put_page(struct watch *watch, const struct watch_check *check,
    struct store_txn *txn, struct err *err);
/* Turns the scratch page and fills it from its row.  1: there is one, 0. */
int watch_get_page(struct watch *watch, const struct watch_check *check,
    struct store_txn *txn, const struct timeline_segment *segment,
    int64_t hour_unix_ms, struct err *err);

#endif
