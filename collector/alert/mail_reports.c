#include "mail_reports.h"

#include <assert.h>

#include "clock.h"

void
mail_reports_init(struct mail_reports *reports, struct loop *loop,
    mailer_report_fn *report, void *ctx)
{
    reports->loop = loop;
    reports->report = report;
    reports->ctx = ctx;
    reports->count = 0;
}

void
mail_reports_hand_over(
    struct mail_reports *reports, const struct mailq_report *report)
{
    assert(reports->count < MAIL_REPORTS_MAX);
    reports->items[reports->count++] = (struct mail_reported){
        .report = *report, .handed_ns = loop_now_ns(reports->loop)};
    reports->report(reports->ctx, report);
}

bool
mail_reports_has(
    const struct mail_reports *reports, const struct mailq_row *row)
{
    for (size_t i = 0; i < reports->count; i++) {
        if (reports->items[i].report.id == row->id &&
            reports->items[i].report.tries == row->tries)
            return true;
    }
    return false;
}

bool
mail_reports_is_full(const struct mail_reports *reports)
{
    return reports->count == MAIL_REPORTS_MAX;
}

int
mail_reports_forget_written(
    struct mail_reports *reports, struct store_txn *txn, struct err *err)
{
    size_t kept = 0;

    for (size_t i = 0; i < reports->count; i++) {
        const struct mailq_report *report = &reports->items[i].report;
        struct mailq_row row;
        int found = mailq_get(txn, report->id, &row, err);

        if (found < 0)
            return -1;
        if (found == 1 && row.tries == report->tries && !row.dead &&
            (!row.cancelled || report->outcome == MAILQ_SENT))
            reports->items[kept++] = reports->items[i];
    }
    reports->count = kept;
    return 0;
}

void
mail_reports_say_again(struct mail_reports *reports)
{
    int64_t now_ns = loop_now_ns(reports->loop);

    for (size_t i = 0; i < reports->count; i++) {
        struct mail_reported *one = &reports->items[i];

        if (now_ns - one->handed_ns < MAIL_REPORT_AGAIN_MS * NS_PER_MS)
            continue;
        one->handed_ns = now_ns;
        reports->report(reports->ctx, &one->report);
    }
}
