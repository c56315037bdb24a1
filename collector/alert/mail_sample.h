/*
 * mail_sample.h - made-up mails, one of every kind: for `test-mail`, and to
 * look at.  Pure.
 */
#ifndef COLLECTOR_MAIL_SAMPLE_H
#define COLLECTOR_MAIL_SAMPLE_H

#include "buf.h"
#include "err.h"
#include "mail_group.h"
#include "mail_text.h"

enum mail_sample_kind {
    /* one of every kind of mail */
    SAMPLE_DOWN,
    SAMPLE_REMINDER,
    SAMPLE_RESOLVED,
    SAMPLE_WAS_DOWN,
    SAMPLE_WITHDRAWN,
    SAMPLE_FLAPPING,
    SAMPLE_GROUP,
    SAMPLE_GROUP_RESOLVED,
    SAMPLE_SUMMARY,
    SAMPLE_DIGEST,
    SAMPLE_DIGEST_QUIET,
    SAMPLE_AGENT_OFFLINE,
    SAMPLE_AGENT_BACK,
    SAMPLE_CERT,
    /* the rest of the classes */
    SAMPLE_REGIONAL,
    SAMPLE_FORM,
    SAMPLE_COLLECTOR_ISOLATED,
    SAMPLE_REGION_BLIND,
    SAMPLE_AGENT_NETWORK,
    SAMPLE_REGION_NETWORK,
    SAMPLE_SLOW,
    SAMPLE_P95,
    SAMPLE_BUDGET_HALF,
    SAMPLE_BUDGET_USED,
    SAMPLE_CERT_CHANGED,
    SAMPLE_CERT_DIFFERS,
    SAMPLE_DNS,
    SAMPLE_DNS_CHANGED,
    SAMPLE_DNS_DIFFERS,
    SAMPLE_FAMILY,
    SAMPLE_MAIL,
    SAMPLE_STORE_FULL,
    SAMPLE_AGENT_CLOCK,
    SAMPLE_CONFIG_REJECTED,
    SAMPLE_DUPLICATE_AGENT,
    SAMPLE_STORE_DAMAGED,
    SAMPLE_BACKUP_FAILED,
    SAMPLE_COUNT,
    SAMPLE_BASIC_COUNT = SAMPLE_CERT + 1
};

/* "agent_offline"; outside the enum NULL. */
const char *mail_sample_name(int kind);
/* -1: no such name. */
int mail_sample_from(const char *name);

struct mail_sample_spec {
    enum mail_sample_kind kind;
    bool real; /* does not say that it is a test: only to be looked at */
    int64_t began_unix_ms;   /* ids, and so threads, follow from it */
    const struct zone *zone; /* borrowed; NULL: UTC */
};

/* Appends the whole message, as mail_text_write() does. */
int mail_sample_write(const struct mail_sample_spec *spec,
    const struct mail_envelope *envelope, struct buf *out, struct err *err);

/*
 * Two of three regions cannot reach a site; `state` is MAIL_FIRING or
 * MAIL_RESOLVED.  The id, and so the thread, is that of `began_unix_ms`.
 * Without evidence when memory is out.  mail_facts_free() it.
 */
void mail_sample(struct mail_facts *facts, enum mail_state state,
    int64_t began_unix_ms, const struct zone *zone);

/* A condition; `kind` is one of those (SAMPLE_AGENT_OFFLINE ...). */
void mail_sample_condition(
    struct mail_facts *facts, const struct mail_sample_spec *spec);

/* Mails about many; `kind` is SAMPLE_GROUP to SAMPLE_DIGEST_QUIET. */
int mail_sample_many(const struct mail_sample_spec *spec,
    const struct mail_envelope *envelope, struct buf *out, struct err *err);

#endif
