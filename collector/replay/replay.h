/*
 * replay.h - which messages would have been sent over a span of the past, by
 * the settings of then or by others.
 *
 * Verdicts as they are now, those of regions, are the evidence; incidents are
 * made of them anew, and the alert decisions run over these under a time of
 * their own, in a store that is gone afterwards.  Nothing is sent, and the
 * store that is read is not changed.  Every mail counts as accepted when it is
 * queued.
 *
 * What is stored says when an incident was seen.  One that is not stored is
 * seen at the end of the slot that opens it, 5 s later where a second attempt
 * confirms it; its end at the end of the slot that closes it.  Conditions are
 * those that were raised then, but for FLAPPING, which follows from verdicts.
 * Silences and acknowledgements are those of then; windows of maintenance mask
 * as they are known now.
 */
#ifndef COLLECTOR_REPLAY_H
#define COLLECTOR_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "class.h"
#include "condition.h"
#include "conf_history.h"
#include "err.h"
#include "mail_text.h"
#include "mailq.h"
#include "notice_log.h"
#include "store.h"

enum { REPLAY_TITLE_BYTES = 256 };

struct replay_spec {
    struct store_txn *txn;           /* of the store that is read */
    const struct conf_history *conf; /* as stored */
    const char *yaml; /* other settings, as if they had always been in force;
                         NULL: those of then.  Free of mistakes */
    int64_t from_unix_ms;
    int64_t to_unix_ms; /* at the latest now */
    int64_t now_unix_ms;
    bool imported; /* what imported results make is told as if it were live */
};

enum replay_kind { REPLAY_ONE, REPLAY_GROUP, REPLAY_SUMMARY };

struct replay_message {
    int64_t at_unix_ms;
    char to[MAILQ_ADDRESS_BYTES];
    enum mail_state state;
    enum conf_severity severity;
    enum replay_kind kind;
    char title[REPLAY_TITLE_BYTES]; /* the mail's subject */
    struct notice_member *items;    /* owned; the alerts it tells */
    size_t count;
};

/* Why nothing was told of an alert. */
enum replay_why {
    REPLAY_TOLD,
    REPLAY_LATE,     /* was over before it was seen */
    REPLAY_IMPORTED, /* of results that were imported */
    REPLAY_WITHDRAWN,
    REPLAY_NOBODY, /* no receiver wants that severity */
    REPLAY_SILENCE,
    REPLAY_MAINTENANCE,
    REPLAY_ALERT, /* a louder one */
    REPLAY_SHORT, /* was over before its wait was */
    REPLAY_WAITS  /* would have been told later */
};

struct replay_alert {
    char id[INCIDENT_ID_BYTES];
    enum alert_class class;
    enum conf_severity severity;
    enum condition_on on;
    char subject[CONDITION_SUBJECT_BYTES];
    char scope[INCIDENT_SCOPE_BYTES];
    int64_t start_unix_ms;
    int64_t end_unix_ms; /* 0: open */
    size_t messages;     /* in the span */
    enum replay_why why;
    char by[INCIDENT_ID_BYTES]; /* the alert or silence; "" */
};

/* What kept one quiet for a while. */
struct replay_hushed {
    char id[INCIDENT_ID_BYTES];
    enum notice_mute mute;
    char by[INCIDENT_ID_BYTES];
};

struct replay {
    struct replay_message *messages; /* owned; in the order of time */
    size_t message_count;
    struct replay_alert *alerts; /* owned; by id; all of the span */
    size_t alert_count;
    struct replay_hushed *hushed; /* owned; the last of each */
    size_t hushed_count;
    struct strlist notes; /* sentences: what other settings cannot change */
};

/* On failure *replay needs no free. */
int replay_run(
    const struct replay_spec *spec, struct replay *replay, struct err *err);
void replay_free(struct replay *replay);

/* NULL: there is none. */
struct replay_alert *replay_alert(const struct replay *replay, const char *id);

#endif
