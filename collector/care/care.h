/*
 * care.h - what a running collector does for its store by the clock: once a
 * minute it frees what dead readers left behind and looks how full map and disk
 * are; now and then it has a backup made.
 *
 * On the loop's thread, and short: a backup is an errand of its own process.
 */
#ifndef COLLECTOR_CARE_H
#define COLLECTOR_CARE_H

#include <stdint.h>

#include "care_news.h"
#include "collector_conf.h"
#include "err.h"
#include "loop.h"
#include "store.h"

/* Where it is warned in the log, and where people are told. */
#define CARE_WARN_RATIO  0.70
#define CARE_ALERT_RATIO 0.85
/* What was told is over only this much below. */
#define CARE_RELIEF 0.05

struct care;

struct care_spec {
    struct loop *loop;           /* borrowed */
    struct store *store;         /* borrowed */
    const char *store_dir;       /* borrowed */
    const struct config *config; /* borrowed until care_set_config() */
    /* Something is so; told at each look while it is bad, and its texts lent.
     */
    void (*tell)(void *ctx, const struct care_news *news);
    void *ctx;
};

struct care *care_open(const struct care_spec *spec, struct err *err);
/* Ends a backup that is under way.  NULL is allowed. */
void care_close(struct care *care);

/* After a reload: where backups go, and how often. */
void care_set_config(struct care *care, const struct config *config);

#endif
