/*
 * raise_cert.h - what is told of certificates: that they end, were changed, or
 * differ between regions.  Pure.
 *
 * Told once a fingerprint when less than min(30 d, a third of the lifetime) is
 * left, again at min(7 d, a tenth), paged at min(24 h, a twentieth).  The end
 * is the earliest in the chain that verified, and the lifetime that of the one
 * that ends first; where the presented chain holds one that ends earlier, that
 * is a ticket apart: clients that go another way than ours meet it.
 *
 * Regions that see different certificates are told only after six hours
 * without a change in any of them: within that a renewal has reached the last
 * server of a farm and the last cache, and nothing burns, because a certificate
 * that does not verify is `down`.  A region that is served two in turn sees
 * both.
 */
#ifndef COLLECTOR_RAISE_CERT_H
#define COLLECTOR_RAISE_CERT_H

#include "condition.h"
#include "seen.h"
#include "zone.h"

enum {
    RAISE_CERT_DIFFER_MS = 6 * 3600 * 1000,
    RAISE_CERT_BACK_MS = 24 * 3600 * 1000 /* two in turn, if not longer ago */
};

/* One leg's, with its region's name. */
struct raise_seen {
    const struct seen *seen; /* borrowed */
    const char *region;
};

struct raise_certs {
    const struct check *check;
    const struct raise_seen *legs; /* of this check */
    size_t count;
    int64_t now_unix_ms;
    const struct zone *zone;
    const struct condition_claims *held; /* of CERT, as raised; NULL: none */
};

/*
 * What ends, and what differs.  `next_unix_ms` is moved to where time alone
 * will change the answer, if that is earlier.
 */
int raise_cert(const struct raise_certs *certs, struct condition_claims *claims,
    int64_t *next_unix_ms, struct err *err);

/*
 * legs[at] has just seen another leaf than before: an event, unless some leg
 * knew this one already, or it knew none.
 */
int raise_cert_changed(const struct raise_certs *certs, size_t at,
    struct condition_claims *claims, struct err *err);

/*
 * How much is left when stage 0, 1 or 2 is told, of a certificate with that
 * lifetime.
 */
int64_t raise_cert_stage_ms(int stage, int64_t lifetime_ms);

#endif
