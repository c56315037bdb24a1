/*
 * mail_reports.h - what a sender has handed over and is not written yet.
 *
 * A row whose report is under way must not be sent again; a report whose
 * transaction was lost must be said again.  On the loop's thread.
 */
#ifndef COLLECTOR_MAIL_REPORTS_H
#define COLLECTOR_MAIL_REPORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "loop.h"
#include "mailq.h"
#include "store.h"

enum { MAIL_REPORTS_MAX = 64, MAIL_REPORT_AGAIN_MS = 10 * 1000 };

struct mail_reports {
    struct loop *loop; /* borrowed */
    mailer_report_fn *report;
    void *ctx;
    struct mail_reported {
        struct mailq_report report;
        int64_t handed_ns;
    } items[MAIL_REPORTS_MAX];
    size_t count;
};

void mail_reports_init(struct mail_reports *reports, struct loop *loop,
    mailer_report_fn *report, void *ctx);

/* Asserts that there is room. */
void mail_reports_hand_over(
    struct mail_reports *reports, const struct mailq_report *report);

bool mail_reports_has(
    const struct mail_reports *reports, const struct mailq_row *row);
bool mail_reports_is_full(const struct mail_reports *reports);

/* Forgets those whose row has gone or has been changed. */
int mail_reports_forget_written(
    struct mail_reports *reports, struct store_txn *txn, struct err *err);

/* Says again what was said ten seconds ago and is still there. */
void mail_reports_say_again(struct mail_reports *reports);

#endif
