/*
 * mailq.h - mails and webhooks' posts that have been decided and not yet
 * delivered.
 *
 * One row a mail and recipient, written in the transaction that decided it;
 * gone (or dead) when the mailer's report is committed.  A mail that is no
 * longer wanted is cancelled, not removed: the mailer may be in the middle of
 * sending it, and its report must find what it was.
 */
#ifndef COLLECTOR_MAILQ_H
#define COLLECTOR_MAILQ_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "store.h"

enum { MAILQ_ADDRESS_BYTES = 256 };

struct mailq_row {
    uint64_t id;                         /* the key; grows */
    char recipient[MAILQ_ADDRESS_BYTES]; /* an address, or "webhook:NAME" */
    char incident[9];                    /* "" if it tells none */
    uint8_t state_told; /* enum mail_state of alert/mail_text.h */
    uint8_t severity;   /* enum conf_severity: pages are sent first */
    int64_t queued_unix_ms;
    int64_t next_try_unix_ms;
    uint32_t tries;
    bool dead;      /* refused for good, or 24 h old */
    bool cancelled; /* not to be sent any more */
    bool blocked;   /* no mail passes until somebody mends the settings */
    bool escalated; /* the second channel has been told; see escalate.h */
    char last_error[256];
    struct bytes message; /* the whole mail, CRLF, or what is posted; borrowed
                             from the map */
};

/* The next mail's number: it grows, also over a restored store. */
int mailq_new_id(
    struct store_txn *txn, int64_t now_unix_ms, uint64_t *id, struct err *err);

int mailq_put(
    struct store_txn *txn, const struct mailq_row *row, struct err *err);
/* 1: found, 0: not, -1: err. */
int mailq_get(
    struct store_txn *txn, uint64_t id, struct mailq_row *row, struct err *err);
/* A row that is not there is no error. */
int mailq_cancel(
    struct store_txn *txn, uint64_t id, int64_t now_unix_ms, struct err *err);
int mailq_delete(struct store_txn *txn, uint64_t id, struct err *err);
typedef int mailq_each_fn(
    void *ctx, const struct mailq_row *row, struct err *err);
/* In the order of their numbers; `fn` as store_each_fn. */
int mailq_each(
    struct store_txn *txn, mailq_each_fn *fn, void *ctx, struct err *err);

/* Removes what was cancelled long enough ago, and dead ones after 35 days. */
int mailq_sweep(struct store_txn *txn, int64_t now_unix_ms, struct err *err);

typedef bool mailq_skip_fn(void *ctx, const struct mailq_row *row);

struct mailq_pick {
    int64_t now_unix_ms;
    mailq_skip_fn *skip; /* NULL: none is skipped */
    void *ctx;
    /* out: */
    struct mailq_row row; /* good as in store_get() */
    int64_t next_unix_ms; /* when to look again, if none was found */
};

/*
 * Picks the row to send next: due, pages first, then the oldest, whose
 * recipient has not had 10 mails in 10 minutes (webhooks may have any number),
 * and which skip() lets pass.
 * 1: found, 0: none now (next_unix_ms INT64_MAX: not before something is
 * queued), -1: err.
 */
int mailq_next(struct store_txn *txn, struct mailq_pick *pick, struct err *err);

/* What became of one attempt.  BLOCKED is LATER for a reason that lies with us
   and not with the recipient: a password that is not accepted. */
enum mailq_outcome { MAILQ_SENT, MAILQ_LATER, MAILQ_REFUSED, MAILQ_BLOCKED };

struct mailq_report {
    uint64_t id;
    uint32_t tries; /* that the row had: a failure counts once */
    enum mailq_outcome outcome;
    char text[256]; /* the server's or the library's words, harmless */
    int64_t at_unix_ms;
    int64_t retry_unix_ms; /* not before; 0: by the schedule */
};

/*
 * Applies it: on SENT writes the notice log and removes the row; on LATER and BLOCKED sets
 * the next try by the schedule of mail.md, and after 24 h gives it up; on
 * REFUSED marks it dead.  A row that is gone is no error, nor a report that
 * was applied already.
 */
int mailq_take_report(
    struct store_txn *txn, const struct mailq_report *report, struct err *err);

/*
 * The mailer: on the loop's thread, one mail at a time, libcurl SMTP.  It reads
 * mailq through read transactions and reports through `report`; what is still
 * not applied ten seconds later (its transaction was lost) is reported again.
 */
struct mailer;
struct curl_loop;
struct conf_mail;
struct loop;

typedef void mailer_report_fn(void *ctx, const struct mailq_report *report);

struct mailer_spec {
    struct loop *loop;      /* borrowed */
    struct curl_loop *curl; /* borrowed */
    struct store *store;    /* borrowed */
    mailer_report_fn *report;
    void *ctx;
};

struct mailer *mailer_new(const struct mailer_spec *spec, struct err *err);
void mailer_free(struct mailer *mailer);
/* Copied.  The password file is read at each use. */
int mailer_set_config(
    struct mailer *mailer, const struct conf_mail *mail, struct err *err);
/* Look at the queue again: something was queued or a report was committed. */
void mailer_nudge(struct mailer *mailer);

#endif
