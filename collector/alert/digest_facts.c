#include "digest_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest_sites.h"
#include "mailq.h"
#include "notice_log.h"
#include "registry.h"
#include "seen.h"

enum { PRESENT_MS = 90000, LISTED_MAX = 500 };

struct collecting {
    struct store_txn *txn;
    const struct digest_query *query;
    const struct config *config; /* the newest */
    struct mail_digest *digest;
};

/*
 * Room for one more behind `count` items; NULL when memory is out.  The caller
 * stores the result and counts.
 */
static void *
one_more(void *items, size_t count, size_t bytes, struct err *err)
{
    void *grown = realloc(items, (count + 1) * bytes);

    if (grown == NULL)
        (void)err_set(err, ERR_NOMEM, "digest of %zu items", count + 1);
    else
        memset((char *)grown + count * bytes, 0, bytes);
    return grown;
}

static int
add_item(struct mail_group_item **items, size_t *count,
    const struct mail_group_item *item, struct err *err)
{
    struct mail_group_item *grown;

    if (*count == LISTED_MAX)
        return 0;
    grown = one_more(*items, *count, sizeof(*grown), err);
    if (grown == NULL)
        return -1;
    grown[*count] = *item;
    *items = grown;
    (*count)++;
    return 0;
}

/* ---- incidents and conditions ---- */

static bool
was_told(const struct notice *notice)
{
    for (size_t i = 0; i < notice->target_count; i++) {
        if (notice->targets[i].told != NOTICE_UNTOLD)
            return true;
    }
    return false;
}

/* Why nobody was told of one that has a notice, or had one. */
static void
say_why(const struct notice *notice, char why[MAIL_DIGEST_WHY_BYTES])
{
    const char *words = "over before it was to be told";

    switch (notice->mute) {
    case NOTICE_HEARD:
    case NOTICE_MUTE_COUNT:
        break;
    case NOTICE_MUTED_BY_ALERT:
        words = "muted by a louder alert";
        break;
    case NOTICE_MUTED_BY_MAINTENANCE:
        words = "in maintenance";
        break;
    case NOTICE_MUTED_BY_SILENCE:
        words = "silenced";
        break;
    }
    (void)snprintf(why, MAIL_DIGEST_WHY_BYTES, "%s%s%s", words,
        notice->muted_by[0] != '\0' ? ": " : "", notice->muted_by);
}

/* 1: somebody was told of it, 0: nobody, and `why`; -1: err. */
static int
find_told(struct collecting *at, const char *id,
    char why[MAIL_DIGEST_WHY_BYTES], struct err *err)
{
    struct notice notice = {0};
    int found = notice_get(at->txn, id, &notice, err);

    if (found < 0)
        return -1;
    say_why(&notice, why);
    if (found == 0)
        return 0;
    found = was_told(&notice);
    notice_free(&notice);
    return found;
}

static int
add_untold(struct collecting *at, const struct mail_group_item *item,
    const char *why, struct err *err)
{
    struct mail_digest *digest = at->digest;
    struct mail_digest_untold *grown;

    if (digest->untold_count == LISTED_MAX)
        return 0;
    grown = one_more(digest->untold, digest->untold_count, sizeof(*grown), err);
    if (grown == NULL)
        return -1;
    digest->untold = grown;
    grown += digest->untold_count++;
    grown->item = *item;
    (void)snprintf(grown->why, sizeof(grown->why), "%s", why);
    return 0;
}

static int
take_incident(void *ctx, const struct incident_row *row, struct err *err)
{
    struct collecting *at = ctx;
    struct mail_digest *digest = at->digest;
    const struct conf_check *check =
        collector_conf_check_by_id(at->config, row->check);
    struct mail_group_item item = {
        .state = row->end_unix_ms != 0 ? MAIL_RESOLVED : MAIL_FIRING,
        .start_unix_ms = row->start_unix_ms,
        .end_unix_ms = row->end_unix_ms,
    };
    char why[MAIL_DIGEST_WHY_BYTES];
    int told;

    if (row->imported || row->state == INCIDENT_WITHDRAWN)
        return 0;
    item.class = alert_class_of(
        check != NULL ? check->check.kind : CHECK_HTTP, row->scope);
    item.severity = alert_severity_of(item.class);
    memcpy(item.id, row->id, sizeof(item.id));
    memcpy(item.scope, row->scope, sizeof(item.scope));
    (void)snprintf(item.subject, sizeof(item.subject), "%s", row->check_name);
    if (row->reason != REASON_NONE)
        (void)snprintf(item.words, sizeof(item.words), "%s",
            measure_reason_words((enum measure_reason)row->reason));
    if (row->end_unix_ms == 0)
        return add_item(&digest->open, &digest->open_count, &item, err);
    if (row->late)
        return add_untold(at, &item, "over before it was seen (late)", err);
    told = find_told(at, row->id, why, err);
    if (told < 0)
        return -1;
    if (told > 0)
        return add_item(&digest->over, &digest->over_count, &item, err);
    return add_untold(at, &item, why, err);
}

static int
take_condition(void *ctx, const struct condition *condition, struct err *err)
{
    struct collecting *at = ctx;
    struct mail_digest *digest = at->digest;
    const struct condition_claim *claim = &condition->claim;
    char subject[MAIL_SUBJECT_BYTES];
    struct mail_group_item item = {
        .class = claim->class,
        .severity = claim->severity,
        .state =
            condition->state == INCIDENT_OPEN ? MAIL_FIRING : MAIL_RESOLVED,
        .start_unix_ms = claim->since_unix_ms,
        .end_unix_ms = condition->end_unix_ms,
    };

    mail_subject_of(claim, subject);
    (void)snprintf(item.subject, sizeof(item.subject), "%.129s", subject);
    memcpy(item.id, condition->id, sizeof(item.id));
    memcpy(item.scope, claim->scope, sizeof(item.scope));
    memcpy(item.words, claim->words, sizeof(item.words));
    if (condition->state == INCIDENT_OPEN)
        return add_item(&digest->open, &digest->open_count, &item, err);
    return add_item(&digest->over, &digest->over_count, &item, err);
}

/* ---- certificates ---- */

/* One that several agents see is named once, and the soonest stand first. */
static int
add_cert(struct mail_digest *digest, const struct mail_digest_cert *cert,
    struct err *err)
{
    struct mail_digest_cert *grown;
    size_t place = digest->cert_count;

    for (size_t i = 0; i < digest->cert_count; i++) {
        if (digest->certs[i].not_after_unix_ms == cert->not_after_unix_ms &&
            strcmp(digest->certs[i].check, cert->check) == 0)
            return 0;
    }
    if (digest->cert_count == LISTED_MAX)
        return 0;
    grown = one_more(digest->certs, digest->cert_count, sizeof(*grown), err);
    if (grown == NULL)
        return -1;
    digest->certs = grown;
    while (place > 0 &&
           grown[place - 1].not_after_unix_ms > cert->not_after_unix_ms)
        place--;
    memmove(&grown[place + 1], &grown[place],
        (digest->cert_count - place) * sizeof(*grown));
    grown[place] = *cert;
    digest->cert_count++;
    return 0;
}

static int
take_seen(void *ctx, const struct seen *seen, struct err *err)
{
    struct collecting *at = ctx;
    const struct seen_cert *cert = &seen->cert;
    const struct conf_check *check =
        collector_conf_check_by_id(at->config, seen->check);
    struct mail_digest_cert kept = {.not_after_unix_ms = cert->end_unix_ms};

    if (cert->presented_end_unix_ms != 0 &&
        (kept.not_after_unix_ms == 0 ||
            cert->presented_end_unix_ms < kept.not_after_unix_ms))
        kept.not_after_unix_ms = cert->presented_end_unix_ms;
    if (check == NULL || kept.not_after_unix_ms == 0 ||
        kept.not_after_unix_ms > at->query->now_unix_ms + DIGEST_SOON_MS)
        return 0;
    (void)snprintf(kept.check, sizeof(kept.check), "%s", check->check.name);
    if (cert->ends_first[0] != '\0' &&
        kept.not_after_unix_ms == cert->end_unix_ms)
        (void)snprintf(kept.name, sizeof(kept.name), "%s", cert->ends_first);
    else
        (void)snprintf(kept.name, sizeof(kept.name), "%.16s by %s",
            cert->fingerprint, cert->issuer);
    return add_cert(at->digest, &kept, err);
}

/* ---- the fleet ---- */

static int
take_agent(void *ctx, const struct agent_row *row, struct err *err)
{
    struct collecting *at = ctx;
    struct mail_digest *digest = at->digest;
    struct mail_agent *grown;

    if (row->revoked || row->suspended || row->key_count == 0)
        return 0;
    digest->agents_expected++;
    if (row->last_seen_unix_ms > at->query->now_unix_ms - PRESENT_MS) {
        digest->agents_present++;
        return 0;
    }
    if (digest->silent_count == LISTED_MAX)
        return 0;
    grown = one_more(digest->silent, digest->silent_count, sizeof(*grown), err);
    if (grown == NULL)
        return -1;
    digest->silent = grown;
    grown += digest->silent_count++;
    memcpy(grown->name, row->name, sizeof(grown->name));
    memcpy(grown->region, row->region, sizeof(grown->region));
    memcpy(grown->address, row->address, sizeof(grown->address));
    grown->last_seen_unix_ms = row->last_seen_unix_ms;
    return 0;
}

/* ---- messages ---- */

static int
take_mail(void *ctx, const struct mailq_row *row, struct err *err)
{
    struct collecting *at = ctx;
    struct mail_digest *digest = at->digest;
    struct mail_digest_dead *grown;

    if (row->cancelled)
        return 0;
    if (!row->dead) {
        digest->mails_queued++;
        if (digest->oldest_queued_unix_ms == 0 ||
            row->queued_unix_ms < digest->oldest_queued_unix_ms)
            digest->oldest_queued_unix_ms = row->queued_unix_ms;
        return 0;
    }
    /* One that was given up after 24 h was queued a day before that. */
    if (row->queued_unix_ms <
            at->query->from_unix_ms - INT64_C(24) * 3600 * 1000 ||
        digest->dead_count == LISTED_MAX)
        return 0;
    grown = one_more(digest->dead, digest->dead_count, sizeof(*grown), err);
    if (grown == NULL)
        return -1;
    digest->dead = grown;
    grown += digest->dead_count++;
    memcpy(grown->recipient, row->recipient, sizeof(grown->recipient));
    memcpy(grown->incident, row->incident, sizeof(grown->incident));
    memcpy(grown->error, row->last_error, sizeof(grown->error));
    return 0;
}

static int
take_notice(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    struct collecting *at = ctx;
    struct notice notice;

    (void)key;
    if (notice_decode(value, &notice, err) != 0)
        return -1;
    for (size_t i = 0; i < notice.target_count; i++) {
        const struct notice_target *target = &notice.targets[i];

        at->digest->mails_told +=
            target->told != NOTICE_UNTOLD &&
            target->last_unix_ms >= at->query->from_unix_ms;
    }
    notice_free(&notice);
    return 0;
}

static int
take_notices(struct collecting *at, uint8_t letter, struct err *err)
{
    uint8_t end = (uint8_t)(letter + 1);

    return store_each(at->txn, STORE_NOTICES,
        (struct bytes){.data = &letter, .len = 1},
        (struct bytes){.data = &end, .len = 1}, take_notice, at, err);
}

/* ---- all of it ---- */

static int
collect(struct collecting *at, struct err *err)
{
    const struct digest_query *query = at->query;

    if (digest_sites_collect(at->txn, query, at->config, at->digest, err) !=
            0 ||
        incident_each(at->txn, 0, query->from_unix_ms, query->now_unix_ms,
            take_incident, at, err) != 0 ||
        condition_each(at->txn, query->from_unix_ms, query->now_unix_ms,
            take_condition, at, err) != 0 ||
        seen_each(at->txn, take_seen, at, err) != 0 ||
        agent_each(at->txn, take_agent, at, err) != 0 ||
        mailq_each(at->txn, take_mail, at, err) != 0 ||
        take_notices(at, 'a', err) != 0)
        return -1;
    return take_notices(at, 'z', err);
}

int
digest_facts_collect(struct store_txn *txn, const struct digest_query *query,
    struct mail_digest *digest, struct err *err)
{
    struct collecting at = {.txn = txn, .query = query, .digest = digest};

    *digest = (struct mail_digest){
        .now_unix_ms = query->now_unix_ms,
        .from_unix_ms = query->from_unix_ms,
        .zone = query->zone,
    };
    if (query->conf->count == 0)
        return 0;
    at.config = query->conf->versions[query->conf->count - 1].config;
    if (collect(&at, err) == 0)
        return 0;
    mail_digest_free(digest);
    return err_wrap(err, "digest");
}
