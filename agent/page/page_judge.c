#include "page_judge.h"

#include <stdio.h>

enum { US_PER_MS = 1000 };

static int64_t
ms_of(int64_t us)
{
    return us == PAGE_NO_FIGURE ? -1 : us / US_PER_MS;
}

/* What the page came to; -1: there is no such figure. */
static int64_t
came_to(enum check_budget budget, const struct page_report *report,
    const struct page_figures *figures)
{
    int64_t sum = 0;

    switch (budget) {
    case CHECK_BUDGET_FCP_MS:
        return ms_of(figures->fcp_us);
    case CHECK_BUDGET_LCP_MS:
        return ms_of(figures->lcp_us);
    case CHECK_BUDGET_FULLY_LOADED_MS:
        return ms_of(figures->fully_loaded_us);
    case CHECK_BUDGET_BYTES:
        for (size_t i = 0; i < report->count; i++)
            sum +=
                report->items[i].bytes_encoded + report->items[i].bytes_header;
        return sum;
    case CHECK_BUDGET_REQUESTS:
        return (int64_t)report->count;
    case CHECK_BUDGET_THIRD_PARTY:
        for (size_t i = 0; i < report->count; i++)
            sum += report->items[i].third_party;
        return sum;
    case CHECK_BUDGET_ERRORS:
        return (int64_t)(report->errors.count + report->errors_left_out);
    case CHECK_BUDGET_SCORE: /* the most it can be is what must suffice */
        return figures->score.known ? (int64_t)(figures->score.high * 100 + 0.5)
                                    : -1;
    case CHECK_BUDGET_COUNT:
        break;
    }
    return -1;
}

enum measure_reason
page_judge(const struct check *check, const struct page_report *report,
    const struct page_figures *figures, char *words, size_t size)
{
    for (int i = 0; i < CHECK_BUDGET_COUNT; i++) {
        int64_t allowed = check->budgets[i];
        int64_t value = came_to((enum check_budget)i, report, figures);
        bool is_span = i <= CHECK_BUDGET_FULLY_LOADED_MS;
        bool is_score = i == CHECK_BUDGET_SCORE;

        if (allowed < 0 || value < 0 ||
            (is_score ? value >= allowed : value <= allowed))
            continue;
        (void)snprintf(words, size, "%s is %lld%s, %lld%s allowed",
            check_budget_name(i), (long long)value, is_span ? " ms" : "",
            (long long)allowed, is_score ? " at least" : "");
        return REASON_PAGE_BUDGET;
    }
    return REASON_NONE;
}
