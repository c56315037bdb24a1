/*
 * run.h - the incident machines of all scopes of a check, run over its pages.
 *
 * Pure.  A run may begin anywhere: a scope whose machine's state is not known
 * there becomes known at the first slot after which it is surely OK whatever
 * was before, and is silent until then.
 */
#ifndef COLLECTOR_RUN_H
#define COLLECTOR_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "incident.h"
#include "incident_row.h"
#include "page.h"
#include "verdict_row.h"

struct run_scope {
    char name[INCIDENT_SCOPE_BYTES];
    struct incident_machine machine;
    bool known;
    int32_t calm;      /* while not known: good slots in a row */
    int32_t silent;    /* while not known: UNKNOWN ones in a row */
    enum verdict last; /* of the newest judged slot; PENDING: none */
    int64_t last_end_unix_ms;
    size_t found;            /* the open incident's place in the list */
    int64_t skipped_unix_ms; /* start of the first slot that is not judged */
    bool skipped;            /* ... there is one */
    bool overtaken;          /* ... and a later one is judged */
};

/* A value: copied to go on from later. */
struct run {
    struct run_scope scopes[VERDICT_ROW_SCOPES_MAX];
    size_t count;
    const struct timeline_segment *segment; /* last seen */
};

struct found {
    char scope[INCIDENT_SCOPE_BYTES];
    int64_t start_unix_ms;
    int64_t detected_unix_ms;
    int64_t end_unix_ms; /* 0: open */
    bool removed;        /* ended because its check or region is gone */
};

/* From where on the list has all incidents of a scope, whether it is still
 * there or not. */
struct found_scope {
    char name[INCIDENT_SCOPE_BYTES];
    int64_t from_unix_ms;
};

struct found_list {
    struct found *items; /* owned; by end of the slot that opened it */
    size_t count;
    size_t capacity;
    struct found_scope *scopes; /* owned */
    size_t scope_count;
};

void found_list_free(struct found_list *list);

/* INT64_MAX for a scope that the list knows nothing of. */
int64_t found_list_known_from(const struct found_list *list, const char *scope);

/*
 * Begins before the first slot of `first`.  `from_beginning` says that nothing
 * was before it.
 */
int run_begin(struct run *run, const struct timeline_segment *first,
    bool from_beginning, struct found_list *list, struct err *err);

/*
 * Goes on with a copied run from `from_unix_ms`: puts the incidents that are
 * open into a new list.
 */
int run_resume(struct run *run, int64_t from_unix_ms, struct found_list *list,
    struct err *err);

int run_slot(struct run *run, const struct page *page, size_t slot,
    struct found_list *list, struct err *err);

/* After the last slot of a check that is no longer configured. */
void run_end_removed(struct run *run, struct found_list *list);

/*
 * Says what state a scope's machine is in after the slot that begins then: an
 * incident that is open is put into the list.
 */
int run_make_known(struct run *run, size_t scope,
    const struct incident_machine *machine, int64_t slot_unix_ms,
    struct found_list *list, struct err *err);

/*
 * Start of the first slot that the machines have skipped and gone on: they
 * have to be run again when it is judged.  INT64_MAX: there is none.
 */
int64_t run_overtaken(const struct run *run);

bool run_is_known(const struct run *run);
const struct run_scope *run_scope(const struct run *run, const char *name);

#endif
