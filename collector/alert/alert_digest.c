#include "alert_digest.h"

#include <stdio.h>

#include "digest_facts.h"
#include "digest_time.h"
#include "log.h"
#include "mail_text.h"
#include "mailq.h"
#include "receivers.h"
#include "row.h"

enum { LAST_BYTES = 8, AGAIN_MS = 3600 * 1000 };

static const struct bytes last_key = {
    .data = (const uint8_t *)"digest.last", .len = sizeof("digest.last") - 1};

static const int64_t day_ms = INT64_C(24) * 3600 * 1000;

static int
get_last(struct store_txn *txn, int64_t *last_unix_ms, struct err *err)
{
    struct bytes value;
    int found = store_get(txn, STORE_META, last_key, &value, err);

    if (found != 1)
        return found;
    if (value.len != LAST_BYTES)
        return err_set(err, ERR_STATE, "digest.last of %zu bytes", value.len);
    *last_unix_ms = (int64_t)key_take_u64(value.data);
    return 1;
}

static int
put_last(struct store_txn *txn, int64_t last_unix_ms, struct err *err)
{
    uint8_t bytes[LAST_BYTES];

    key_put_u64(bytes, (uint64_t)last_unix_ms);
    return store_put(txn, STORE_META, last_key,
        (struct bytes){.data = bytes, .len = sizeof(bytes)}, err);
}

static int
queue_one(struct store_txn *txn, const struct config *config,
    const struct mail_digest *digest, const char *address, struct err *err)
{
    struct mailq_row row = {
        .state_told = MAIL_FIRING,
        .severity = SEVERITY_DIGEST,
        .queued_unix_ms = digest->now_unix_ms,
        .next_try_unix_ms = digest->now_unix_ms,
    };
    struct mail_envelope envelope = {.from = config->mail.from, .to = address};
    struct buf message;
    int rc;

    if (mailq_new_id(txn, digest->now_unix_ms, &row.id, err) != 0)
        return -1;
    envelope.notice = row.id;
    (void)snprintf(row.recipient, sizeof(row.recipient), "%s", address);
    buf_init(&message, MAIL_MAX_BYTES);
    rc = mail_digest_write(digest, &envelope, &message, err);
    row.message = buf_bytes(&message);
    if (rc == 0)
        rc = mailq_put(txn, &row, err);
    buf_free(&message);
    return rc;
}

static int
queue_all(struct store_txn *txn, const struct conf_history *conf,
    const struct digest_query *query, struct err *err)
{
    const struct config *config = conf->versions[conf->count - 1].config;
    struct mail_digest digest;
    struct strlist all = {0};
    int rc = 0;

    if (!config->mail.configured)
        return 0;
    if (receivers_all(config, &all) != 0) {
        strlist_free(&all);
        return err_set(err, ERR_NOMEM, "receivers of the digest");
    }
    if (digest_facts_collect(txn, query, &digest, err) != 0) {
        strlist_free(&all);
        return -1;
    }
    for (size_t i = 0; rc == 0 && i < all.count; i++)
        rc = queue_one(txn, config, &digest, all.items[i], err);
    mail_digest_free(&digest);
    strlist_free(&all);
    return rc;
}

/* What it covers begins at the last one, but not in a time long gone. */
static int
run_in_zone(struct store_txn *txn, const struct conf_history *conf,
    struct digest_query *query, int64_t *next_unix_ms, struct err *err)
{
    const char *at = conf->versions[conf->count - 1].config->digest_at;
    int64_t last_unix_ms = query->now_unix_ms;
    int64_t due_unix_ms;
    int found = get_last(txn, &last_unix_ms, err);

    if (found == 1 && last_unix_ms > query->now_unix_ms) {
        last_unix_ms = query->now_unix_ms; /* the clock was set back */
        found = 0;
    }
    if (found < 0 || (found == 0 && put_last(txn, last_unix_ms, err) != 0))
        return -1;
    due_unix_ms = digest_time_next(query->zone, at, last_unix_ms);
    *next_unix_ms = due_unix_ms;
    if (query->now_unix_ms < due_unix_ms)
        return 0;
    *next_unix_ms = digest_time_next(query->zone, at, query->now_unix_ms);
    query->from_unix_ms = last_unix_ms > query->now_unix_ms - 2 * day_ms
                              ? last_unix_ms
                              : query->now_unix_ms - day_ms;
    if (queue_all(txn, conf, query, err) == 0)
        return put_last(txn, query->now_unix_ms, err) == 0 ? 1 : -1;
    if (err->code != ERR_STATE)
        return -1;
    /* A damaged row must not keep alerts back, which come from this turn too;
       that no digest comes is a sign of its own. */
    log_event(LOG_AT_ERROR, "digest.failed", "error=%s", err->msg);
    *next_unix_ms = query->now_unix_ms + AGAIN_MS;
    return 0;
}

int
alert_digest_run(struct store_txn *txn, const struct conf_history *conf,
    int64_t now_unix_ms, bool *queued, int64_t *next_unix_ms, struct err *err)
{
    struct digest_query query = {.conf = conf, .now_unix_ms = now_unix_ms};
    struct err ignored;
    struct zone *zone;
    int rc;

    *next_unix_ms = INT64_MAX;
    if (conf->count == 0)
        return 0;
    /* NULL is UTC: a zone that is gone must not keep the digest back. */
    zone =
        zone_open(conf->versions[conf->count - 1].config->timezone, &ignored);
    query.zone = zone;
    rc = run_in_zone(txn, conf, &query, next_unix_ms, err);
    zone_close(zone);
    *queued = *queued || rc == 1;
    return rc < 0 ? err_wrap(err, "the digest") : 0;
}
