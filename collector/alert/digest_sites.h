/*
 * digest_sites.h - how each site did, for the digest.
 */
#ifndef COLLECTOR_DIGEST_SITES_H
#define COLLECTOR_DIGEST_SITES_H

#include "digest_facts.h"

/* Fills digest->sites; what it made is freed with the digest, also on -1. */
int digest_sites_collect(struct store_txn *txn,
    const struct digest_query *query, const struct config *config,
    struct mail_digest *digest, struct err *err);

#endif
