/*
 * export_names.h - what a result's numbers are called.
 */
#ifndef COLLECTOR_EXPORT_NAMES_H
#define COLLECTOR_EXPORT_NAMES_H

#include "conf_history.h"
#include "raw.h"
#include "registry.h"
#include "store.h"

struct export_names {
    char check[CHECK_NAME_BYTES];
    char region[REGISTRY_NAME_BYTES];
    char agent[REGISTRY_NAME_BYTES];
    char spool[REGISTRY_NAME_BYTES]; /* "": none */
};

/* ERR_STATE where a number has no name. */
int export_names(struct store_txn *txn, const struct conf_history *conf,
    const struct raw_result *result, struct export_names *names,
    struct err *err);

#endif
