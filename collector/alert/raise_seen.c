#include <stdlib.h>
#include <string.h>

#include "raise_answers.h"
#include "raise_cert.h"
#include "raise_own.h"

/* Legs of agents that may speak and have seen something. */
struct look {
    struct raise_certs certs;
    struct raise_seen *legs;           /* owned */
    struct seen **rows;                /* owned; beside them */
    struct raise_answers_marks *marks; /* owned */
};

static void
free_look(struct look *look)
{
    free(look->legs);
    free(look->rows);
    free(look->marks);
}

static int
begin_look(const struct raise *raise, const struct raise_item *item,
    int64_t now_unix_ms, struct look *look, struct err *err)
{
    *look = (struct look){
        .legs = calloc(item->count + 1, sizeof(*look->legs)),
        .rows = calloc(item->count + 1, sizeof(struct seen *)),
        .marks = calloc(item->count + 1, sizeof(*look->marks)),
    };
    look->certs = (struct raise_certs){.check = &item->check->check,
        .legs = look->legs,
        .now_unix_ms = now_unix_ms,
        .zone = raise_newest(raise)->zone,
        .held = &raise->held[ALERT_CERT]};
    if (look->legs == NULL || look->rows == NULL || look->marks == NULL) {
        free_look(look);
        return err_set(err, ERR_NOMEM, "certificates");
    }
    for (size_t i = 0; i < item->count; i++) {
        const struct raise_peer *peer =
            raise_peer_find(raise, item->legs[i].agent);

        if (item->seen[i] == NULL || peer == NULL || peer->row.suspended ||
            peer->row.revoked)
            continue;
        look->rows[look->certs.count] = item->seen[i];
        look->legs[look->certs.count++] = (struct raise_seen){
            .seen = item->seen[i], .region = item->legs[i].region};
    }
    return 0;
}

static int
keep_marks(struct look *look, struct store_txn *txn, struct err *err)
{
    for (size_t i = 0; i < look->certs.count; i++) {
        struct seen_answers *answers = &look->rows[i]->answers;

        if (answers->told == look->marks[i].told &&
            answers->agreed == look->marks[i].agreed)
            continue;
        answers->told = look->marks[i].told;
        answers->agreed = look->marks[i].agreed;
        if (seen_put(txn, look->rows[i], err) != 0)
            return -1;
    }
    return 0;
}

/* ---- one certificate, several checks of a site ---- */

static bool
are_of_one_site(
    const struct condition_claim *a, const struct condition_claim *b)
{
    size_t len = strcspn(a->subject, "/");

    return len == strcspn(b->subject, "/") &&
           strncmp(a->subject, b->subject, len) == 0;
}

static bool
is_about_tls(const struct raise *raise, const struct condition_claim *claim)
{
    const struct conf_check *check =
        collector_conf_check_by_id(raise_newest(raise), claim->check);

    return check != NULL && check->check.kind == CHECK_TLS;
}

/* Somebody else says it: the check of kind tls, else the first. */
static bool
is_said_elsewhere(
    const struct raise *raise, const struct condition_claims *claims, size_t at)
{
    const struct condition_claim *claim = &claims->items[at];
    bool own = is_about_tls(raise, claim);

    for (size_t i = 0; i < claims->count; i++) {
        const struct condition_claim *other = &claims->items[i];
        bool theirs = is_about_tls(raise, other);

        if (i == at || other->class != ALERT_CERT ||
            strcmp(other->key, claim->key) != 0 ||
            !are_of_one_site(other, claim))
            continue;
        if (theirs != own ? theirs : i < at)
            return true;
    }
    return false;
}

/* Of what was added from `from` on. */
static void
drop_doubles(
    const struct raise *raise, struct condition_claims *claims, size_t from)
{
    bool *drop = calloc(claims->count + 1, sizeof(*drop));
    size_t kept = from;

    if (drop == NULL)
        return; /* told twice */
    for (size_t i = from; i < claims->count; i++)
        drop[i] = claims->items[i].class == ALERT_CERT &&
                  is_said_elsewhere(raise, claims, i);
    for (size_t i = from; i < claims->count; i++) {
        if (!drop[i])
            claims->items[kept++] = claims->items[i];
    }
    claims->count = kept;
    free(drop);
}

/* Another check has seen this leaf, or the one before and will tell of it. */
static bool
tells_change(const struct raise_item *other, bool own_is_tls,
    const struct seen_cert *seen)
{
    bool is_tls = other->check->check.kind == CHECK_TLS;

    for (size_t k = 0; k < other->count; k++) {
        const char *print =
            other->seen[k] != NULL ? other->seen[k]->cert.fingerprint : "";

        if (print[0] == '\0')
            continue;
        if (strcmp(print, seen->fingerprint) == 0 && (is_tls || !own_is_tls))
            return true;
        if (strcmp(print, seen->before) == 0 && is_tls && !own_is_tls)
            return true;
    }
    return false;
}

static bool
is_change_told(const struct raise *raise, const struct raise_item *item,
    const struct seen_cert *seen)
{
    bool is_tls = item->check->check.kind == CHECK_TLS;

    for (size_t i = 0; i < raise->item_count; i++) {
        const struct raise_item *other = raise->items[i];

        if (other != item && raise_item_is_watched(other) &&
            strcmp(other->check->site, item->check->site) == 0 &&
            tells_change(other, is_tls, seen))
            return true;
    }
    return false;
}

int
raise_seen_claim(struct raise *raise, struct store_txn *txn,
    int64_t now_unix_ms, struct condition_claims *claims, struct err *err)
{
    size_t from = claims->count;

    raise->seen_next_unix_ms = INT64_MAX;
    for (size_t i = 0; i < raise->item_count; i++) {
        const struct raise_item *item = raise->items[i];
        struct look look;
        int rc;

        if (!raise_item_is_watched(item))
            continue;
        if (begin_look(raise, item, now_unix_ms, &look, err) != 0)
            return -1;
        rc = raise_cert(&look.certs, claims, &raise->seen_next_unix_ms, err);
        if (rc == 0)
            rc = raise_answers(&look.certs, look.marks, claims,
                &raise->seen_next_unix_ms, err);
        if (rc == 0)
            rc = keep_marks(&look, txn, err);
        free_look(&look);
        if (rc != 0)
            return -1;
    }
    drop_doubles(raise, claims, from);
    return 0;
}

int
raise_seen_changed(struct raise *raise, struct raise_item *item, size_t at,
    int64_t now_unix_ms, struct err *err)
{
    struct look look;
    int rc = 0;

    if (is_change_told(raise, item, &item->seen[at]->cert))
        return 0;
    if (begin_look(raise, item, now_unix_ms, &look, err) != 0)
        return -1;
    for (size_t i = 0; rc == 0 && i < look.certs.count; i++) {
        if (look.rows[i] == item->seen[at])
            rc = raise_cert_changed(&look.certs, i, &raise->events, err);
    }
    free_look(&look);
    return rc;
}
