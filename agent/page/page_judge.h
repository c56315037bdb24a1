/*
 * page_judge.h - whether a page keeps to what its check allows it.  Pure.
 */
#ifndef AGENT_PAGE_JUDGE_H
#define AGENT_PAGE_JUDGE_H

#include <stddef.h>

#include "check.h"
#include "measure.h"
#include "page_model.h"

/*
 * REASON_NONE, or page_budget with what is over it in `words`.  A figure that
 * there is none of (client-rendered pages) is over no budget.
 */
enum measure_reason page_judge(const struct check *check,
    const struct page_report *report, const struct page_figures *figures,
    char *words, size_t size);

#endif
