/*
 * import_set.h - the results of an import before they are written: what they
 * say, from which line, and which of them are there already.
 */
#ifndef COLLECTOR_IMPORT_SET_H
#define COLLECTOR_IMPORT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "import_names.h"
#include "raw.h"
#include "store.h"

enum { IMPORT_NO_SPOOL = INT32_MAX };

/* Region, agent and spool are numbers of import_names until they are written.*/
struct import_item {
    struct raw_result result; /* facts owned */
    uint32_t region;
    uint32_t agent;
    uint32_t spool; /* IMPORT_NO_SPOOL */
    uint32_t line;
    bool same; /* is there already */
};

struct import_set {
    struct import_names regions;
    struct import_names agents;
    struct import_names spools;
    struct import_item *items; /* owned */
    size_t count;
    size_t room;
};

void import_set_free(struct import_set *set);

/* A place for one more; NULL when memory is out. */
struct import_item *import_set_add(struct import_set *set, struct err *err);

/*
 * Sorts by identity and finds what comes twice.  ERR_PARSE where equal
 * identities have other content.
 */
int import_set_sort(struct import_set *set, struct err *err);

/* The same against what is stored.  Writes nothing. */
int import_set_compare(
    struct import_set *set, struct store_txn *txn, struct err *err);

#endif
