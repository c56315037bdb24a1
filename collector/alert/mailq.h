/*
 * mailq.h - mails that have been decided and not yet delivered.
 *
 * One row a mail and recipient, written in the transaction that decided it;
 * gone (or dead) when the mailer's report is committed.
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
    uint64_t id; /* the key; grows */
    char recipient[MAILQ_ADDRESS_BYTES];
    char incident[9];   /* "" if it tells none */
    uint8_t state_told; /* enum mail_state of alert/mail_text.h */
    int64_t queued_unix_ms;
    int64_t next_try_unix_ms;
    uint32_t tries;
    bool dead; /* refused for good, or 24 h old */
    char last_error[256];
    struct bytes message; /* the whole mail, CRLF; borrowed from the map */
};

int mailq_put(struct store_txn *txn, struct mailq_row *row, struct err *err);
int mailq_delete(struct store_txn *txn, uint64_t id, struct err *err);
typedef int mailq_each_fn(
    void *ctx, const struct mailq_row *row, struct err *err);
int mailq_each(
    struct store_txn *txn, mailq_each_fn *fn, void *ctx, struct err *err);

/* What became of one attempt. */
enum mailq_outcome { MAILQ_SENT, MAILQ_LATER, MAILQ_REFUSED };

struct mailq_report {
    uint64_t id;
    enum mailq_outcome outcome;
    char text[256]; /* the server's or the library's words, harmless */
    int64_t at_unix_ms;
};

/* Applies it: on SENT writes the notice log and removes the row; on LATER sets
 * the next try by the schedule of mail.md; on REFUSED marks it dead. */
int mailq_take_report(
    struct store_txn *txn, const struct mailq_report *report, struct err *err);

/*
 * The mailer: on the loop's thread, one mail at a time, libcurl SMTP.  It reads
 * mailq through read transactions and reports through `report`.
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
