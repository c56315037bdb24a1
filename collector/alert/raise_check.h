/*
 * raise_check.h - tickets about a check that is up all the same: slow, one
 * family broken, name servers that disagree, DNSSEC that does not verify, mail
 * set up wrong.  Pure.
 *
 * One claim a check and matter, whose words name the regions that see it: a
 * region more or less is no new ticket.
 */
#ifndef COLLECTOR_RAISE_CHECK_H
#define COLLECTOR_RAISE_CHECK_H

#include "condition.h"
#include "raise_leg.h"
#include "zone.h"

/* A check and all its legs, as of now. */
struct raise_view {
    const struct check *check;
    const struct raise_leg *legs;
    size_t count;
    const struct zone *zone; /* NULL: UTC */
};

/* A claim about the check as a whole. */
struct condition_claim raise_claim_of(enum alert_class class,
    enum conf_severity severity, const struct check *check);

int raise_slow(const struct raise_view *view, struct condition_claims *claims,
    struct err *err);
int raise_family(const struct raise_view *view, struct condition_claims *claims,
    struct err *err);
/* Servers that disagree (key "servers") and "dnssec". */
int raise_dns(const struct raise_view *view, struct condition_claims *claims,
    struct err *err);
int raise_mail(const struct raise_view *view, struct condition_claims *claims,
    struct err *err);

/* So many slots have been seen that an old claim must stand by itself. */
bool raise_view_is_known(const struct raise_view *view);

#endif
