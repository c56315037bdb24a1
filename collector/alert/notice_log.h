/*
 * notice_log.h - what each recipient has been told of each incident, and what
 * is still to be told.
 *
 * One row an incident or condition, written in the transaction that saw it
 * change, so that whatever must happen later survives a crash.  A notice is
 * active while something may still have to be told of it; a settled one is
 * kept because late results may yet make it untrue.
 *
 * STORE_NOTICES: 'a' id -> active notice; 'z' id -> settled notice; 'g' mail ->
 * what a mail tells that tells several; 's' address -> when it got its last
 * mails (mail_pace.h).
 */
#ifndef COLLECTOR_NOTICE_LOG_H
#define COLLECTOR_NOTICE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "class.h"
#include "condition.h"
#include "err.h"
#include "incident_row.h"
#include "mail_pace.h"
#include "mail_text.h"
#include "mailq.h"
#include "store.h"

/* Stored: may only grow at its end. */
enum notice_told {
    NOTICE_UNTOLD,
    NOTICE_TOLD_FIRING,
    NOTICE_TOLD_RESOLVED,
    NOTICE_TOLD_WITHDRAWN,
    NOTICE_TOLD_COUNT
};

struct notice_target {
    char address[MAILQ_ADDRESS_BYTES];
    enum notice_told told;      /* the last that was accepted */
    bool missed;                /* a firing mail was queued and not accepted */
    bool refused;               /* and will not be, for good */
    uint64_t mail;              /* in mailq; 0: none */
    enum mail_state mail_state; /* of that mail */
    int64_t last_unix_ms;       /* something was queued or accepted; 0 */
    char root[INCIDENT_ID_BYTES]; /* told in that group's thread; "": its own */
    uint32_t root_count;          /* what that thread's first mail told */
};

/* Why nothing new is told of it.  Stored: may only grow at its end. */
enum notice_mute {
    NOTICE_HEARD,
    NOTICE_MUTED_BY_ALERT,
    NOTICE_MUTED_BY_MAINTENANCE,
    NOTICE_MUTED_BY_SILENCE,
    NOTICE_MUTE_COUNT
};

/* targets are owned: notice_free(). */
struct notice {
    char id[INCIDENT_ID_BYTES];
    bool is_condition;    /* else an incident of a check's slots */
    enum condition_on on; /* CONDITION_ON_CHECK for incidents */
    uint32_t check;       /* 0: none */
    char subject[CONDITION_SUBJECT_BYTES]; /* a check's, agent's or region's
                                              name; "" */
    char scope[INCIDENT_SCOPE_BYTES];
    enum alert_class class;
    enum conf_severity severity;
    enum incident_state state;
    int64_t start_unix_ms;
    int64_t detected_unix_ms;
    int64_t noticed_unix_ms;
    int64_t end_unix_ms;              /* 0: open */
    uint8_t reason;                   /* enum measure_reason */
    int64_t acked_until_unix_ms;      /* somebody has it: no reminders; 0 */
    enum notice_mute mute;            /* for whoever would be told first */
    char muted_by[INCIDENT_ID_BYTES]; /* that alert's or silence's id; "" */
    bool fresh;           /* has been seen bad and young since it opened */
    bool outage;          /* five bad slots in a row: told though it flaps */
    bool event;           /* its end is nothing to tell */
    int64_t tell_unix_ms; /* a condition: not before; 0 */
    int64_t due_unix_ms;  /* not told before; 0: not decided yet */
    struct notice_target *targets; /* owned */
    size_t target_count;
};

void notice_free(struct notice *notice);

/* "fleet": what is no site's. */
#define NOTICE_FLEET "fleet"

/* What it is told together with: a site's name, or NOTICE_FLEET. */
void notice_group(const struct notice *notice, char group[CONF_NAME_BYTES]);

/* The target of that address, made if there is none; NULL: out of memory. */
struct notice_target *notice_target(
    struct notice *notice, const char *address, struct err *err);

/* Rows are of this version; older ones are read, too. */
enum { NOTICE_ROW_VERSION = 3 };

int notice_encode(
    const struct notice *notice, struct buf *buf, struct err *err);
/* ERR_STATE for anything that is not a notice; *notice then needs no free. */
int notice_decode(struct bytes bytes, struct notice *notice, struct err *err);

/* 1: found, active or settled; 0: not; -1: err. */
int notice_get(struct store_txn *txn, const char *id, struct notice *notice,
    struct err *err);
/* Stores it as active. */
int notice_put_active(
    struct store_txn *txn, const struct notice *notice, struct err *err);
/* Stores it as settled, or forgets it where nothing was ever queued. */
int notice_settle(
    struct store_txn *txn, const struct notice *notice, struct err *err);

/* Removes some of the settled ones that ended before `before`. */
int notice_sweep(
    struct store_txn *txn, int64_t before_unix_ms, struct err *err);

/* All active ones, in a new array of notices that the caller frees. */
struct notice_list {
    struct notice *items; /* owned */
    size_t count;
};
int notice_list_active(
    struct store_txn *txn, struct notice_list *list, struct err *err);
void notice_list_free(struct notice_list *list);

/*
 * What became of a mail: accepted, or given up.  A notice that was settled is
 * active again, so that what follows from it is decided.
 */
int notice_note_mail(struct store_txn *txn, const struct mailq_row *row,
    bool accepted, int64_t at_unix_ms, struct err *err);

/* What a queued mail tells of each of several notices. */
struct notice_member {
    char id[INCIDENT_ID_BYTES];
    enum mail_state state;
};
enum { NOTICE_MEMBERS_MAX = 4096 };

int notice_put_members(struct store_txn *txn, uint64_t mail,
    const struct notice_member *members, size_t count, struct err *err);
/* Owned by the caller; none (of a mail that tells one): 0 and NULL. */
int notice_get_members(struct store_txn *txn, uint64_t mail,
    struct notice_member **members, size_t *count, struct err *err);
/* ERR_STATE for anything that is not such a row. */
int notice_members_decode(struct bytes bytes, struct notice_member **members,
    size_t *count, struct err *err);
int notice_forget_members(
    struct store_txn *txn, uint64_t mail, struct err *err);

/* An address that got none has an empty pace. */
int notice_get_pace(struct store_txn *txn, const char *address,
    struct mail_pace *pace, struct err *err);
int notice_note_pace(struct store_txn *txn, const char *address,
    int64_t sent_unix_ms, struct err *err);

#endif
