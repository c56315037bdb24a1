/*
 * webhook_target.h - where a webhook goes, and what it must be given.  Pure.
 */
#ifndef COMMON_WEBHOOK_TARGET_H
#define COMMON_WEBHOOK_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "err.h"

enum webhook_kind {
    WEBHOOK_GENERIC,   /* Alertmanager's JSON, version 4, signed */
    WEBHOOK_SLACK,     /* incoming webhook; Mattermost and others take it too */
    WEBHOOK_PAGERDUTY, /* Events API v2 */
    WEBHOOK_NTFY,      /* text to a topic's URL */
    WEBHOOK_KIND_COUNT
};

enum {
    WEBHOOK_NAME_BYTES = 65,
    WEBHOOK_URL_BYTES = 1001,
    WEBHOOK_SECRET_BYTES = 1024,
    WEBHOOK_TARGET_TEXT_BYTES = 2200
};

/* Where PagerDuty takes events, unless told otherwise. */
#define WEBHOOK_PAGERDUTY_URL "https://events.pagerduty.com/v2/enqueue"

/* Wipe it after use: url and secret are keys to somebody's room. */
struct webhook_target {
    char name[WEBHOOK_NAME_BYTES];
    enum webhook_kind kind;
    char url[WEBHOOK_URL_BYTES];
    /*
     * "": none.  generic: signs; pagerduty: the routing key; ntfy: the access
     * token.  One line.
     */
    char secret[WEBHOOK_SECRET_BYTES];
    bool allow_link_local;
};

/* "slack"; outside the enum NULL. */
const char *webhook_kind_name(int kind);
/* -1: none of that name. */
int webhook_kind_of(const char *name);

/*
 * As one line: NAME KIND[+link-local] URL[ SECRET].  How an agent gets the one
 * that it posts to when the collector is gone.
 */
void webhook_target_put(
    const struct webhook_target *target, char out[WEBHOOK_TARGET_TEXT_BYTES]);
/* Fails for anything that webhook_target_put() could not have written. */
int webhook_target_take(
    const char *text, struct webhook_target *target, struct err *err);

#endif
