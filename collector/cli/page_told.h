/*
 * page_told.h - a page that was measured, for all who show it, and what they
 * have in common: sums, short names, what a bar stands for.
 */
#ifndef COLLECTOR_PAGE_TOLD_H
#define COLLECTOR_PAGE_TOLD_H

#include <stdint.h>

#include "page_model.h"

struct page_told {
    const char *target; /* borrowed, as all here */
    const char *engine; /* "light", "browser" */
    const struct page_report *report;
    const struct page_figures *figures;
    int64_t started_unix_ms;
};

struct page_sum {
    int requests;
    int64_t bytes; /* headers and bodies as sent */
};

int64_t page_item_bytes(const struct page_resource *item);
struct page_sum page_sum_all(const struct page_report *report);
struct page_sum page_sum_third_party(const struct page_report *report);

/* How many requests follow from each other, at most; the document is one. */
int page_chain_depth(const struct page_report *report);

/* What a bar says of its request, the strongest first. */
enum page_bar {
    PAGE_BAR_FAILED,
    PAGE_BAR_BLOCKING, /* nothing is painted before it is there */
    PAGE_BAR_CACHED,   /* no request at all */
    PAGE_BAR_THIRD,
    PAGE_BAR_OWN,
    PAGE_BAR_COUNT
};
enum page_bar page_bar_of(const struct page_resource *item);
const char *page_bar_name(enum page_bar mark);

/* Its end of the URL: the file's name, with the host for a third party. */
void page_short_name(const struct page_resource *item, char *out, size_t size);

/* Where the waterfall ends: the last end, or the last figure. */
int64_t page_whole_us(const struct page_told *told);

/* "1.23 MB", "27.0 kB", "812 B". */
void page_put_bytes(int64_t bytes, char *out, size_t size);

/* "1.24 s", "812 ms"; "-" for PAGE_NO_FIGURE. */
void page_put_time(int64_t us, char *out, size_t size);

/* The figures with a threshold, in the order in which they happen. */
struct page_vital {
    const char *name;
    enum vital vital;
    int64_t us;
    enum vital_grade grade;
};
enum { PAGE_VITALS = 3 };
void page_vitals(
    const struct page_told *told, struct page_vital out[PAGE_VITALS]);

#endif
