/*
 * care_news.h - what is told of the collector's store: it is filling up, a
 * backup failed, a damaged one was replaced.
 *
 * Such a matter is bad or well, and told as a condition of the collector.
 */
#ifndef COLLECTOR_CARE_NEWS_H
#define COLLECTOR_CARE_NEWS_H

#include <stdbool.h>
#include <stdint.h>

#include "condition.h"

enum care_matter { CARE_STORE_FULL, CARE_BACKUP, CARE_DAMAGED, CARE_MATTERS };

struct care_news {
    enum care_matter matter;
    bool bad;
    int64_t now_unix_ms;
    const char *title;  /* what is so */
    const char *detail; /* what was said by whom; "" */
    const char *advice; /* what to do; "" */
};

/* What is so as a claim; one of a replaced store is an event of its own. */
void care_news_claim(
    const struct care_news *news, struct condition_claim *claim);

#endif
