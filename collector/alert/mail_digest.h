/*
 * mail_digest.h - the daily mail: how each site did, what was not told by
 * itself, and what will need somebody soon.  Pure.  It comes also when there is
 * nothing to tell: that it does not is a sign of its own.
 */
#ifndef COLLECTOR_MAIL_DIGEST_H
#define COLLECTOR_MAIL_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mail_group.h"
#include "uptime.h"

enum { MAIL_DIGEST_WHY_BYTES = 160, MAIL_DIGEST_CERT_BYTES = 260 };

struct mail_digest_site {
    char name[CONF_NAME_BYTES];
    char main_check[CONDITION_SUBJECT_BYTES]; /* "": none */
    struct uptime day;                        /* the last 24 hours */
    struct uptime month;                      /* the running one */
    int64_t target_millionths;
    int64_t p95_us;     /* of main's total, 24 hours; -1: too few */
    uint64_t form_good; /* attempts of its forms, 24 hours */
    uint64_t form_bad;
    bool has_form;
};

struct mail_digest_cert {
    char check[CONDITION_SUBJECT_BYTES];
    char name[MAIL_DIGEST_CERT_BYTES]; /* its subject */
    int64_t not_after_unix_ms;         /* the earliest of its chain */
};

/* Something that was seen and went to nobody by itself. */
struct mail_digest_untold {
    struct mail_group_item item;
    char why[MAIL_DIGEST_WHY_BYTES]; /* "over before it was seen", "silenced" */
};

/* A mail that will not arrive. */
struct mail_digest_dead {
    char recipient[256];
    char incident[INCIDENT_ID_BYTES]; /* "" */
    char error[256];
};

struct mail_digest {
    bool sample;
    int64_t now_unix_ms;
    int64_t from_unix_ms;    /* what it covers begins: the last digest */
    const struct zone *zone; /* borrowed; NULL: UTC */

    /* All owned: mail_digest_free(). */
    struct mail_digest_site *sites;
    size_t site_count;
    struct mail_group_item *open; /* fires now, whatever its severity */
    size_t open_count;
    struct mail_group_item *over; /* told and ended since the last digest */
    size_t over_count;
    struct mail_digest_untold *untold;
    size_t untold_count;
    struct mail_digest_cert *certs; /* end soonest first */
    size_t cert_count;
    struct mail_agent *silent; /* agents that are expected and not there */
    size_t silent_count;
    struct mail_digest_dead *dead;
    size_t dead_count;

    size_t agents_present;
    size_t agents_expected;
    size_t mails_told;             /* messages accepted since the last digest */
    size_t mails_queued;           /* wait */
    int64_t oldest_queued_unix_ms; /* 0: none waits */
};

/* Leaves it empty. */
void mail_digest_free(struct mail_digest *digest);

/* Appends the whole message, as mail_text_write() does. */
int mail_digest_write(const struct mail_digest *digest,
    const struct mail_envelope *envelope, struct buf *out, struct err *err);

#endif
