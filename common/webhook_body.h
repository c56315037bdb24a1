/*
 * webhook_body.h - what is posted to each kind of webhook.  Pure.
 *
 * generic is what Prometheus' Alertmanager posts (version 4), so that whoever
 * takes alerts from there takes ours.  slack and pagerduty (Events API v2,
 * dedup_key is the incident) are JSON too.  ntfy is header lines, an empty
 * line and text.  Words of strangers are data in all of them: none can become
 * markup, a mention or a header.
 */
#ifndef COMMON_WEBHOOK_BODY_H
#define COMMON_WEBHOOK_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "webhook_target.h"

enum {
    WEBHOOK_BODY_MAX_BYTES = 256 * 1024,
    WEBHOOK_HEADER_BYTES = 256,
    WEBHOOK_ITEMS_MAX = 200 /* the rest is counted only */
};

/* One alert.  All texts are borrowed, none is NULL. */
struct webhook_item {
    const char *id;       /* "INC-7K3QX2MA" */
    const char *class;    /* "SITE_DOWN" */
    const char *subject;  /* "acme/home", "eu1" */
    const char *scope;    /* "global", a region, "" */
    const char *severity; /* "page", "notify", "ticket", "digest" */
    const char *state;    /* "firing", "reminder", "resolved", "withdrawn" */
    bool over;            /* resolved, withdrawn */
    int64_t start_unix_ms;
    int64_t end_unix_ms; /* 0: open */
    const char *summary; /* one line */
    const char *details; /* lines; "" */
};

struct webhook_message {
    const char *receiver; /* the webhook's name */
    const char *title;    /* "[INC-7K3QX2MA] acme/home" */
    const char *key;      /* the same over all that is told of it */
    const struct webhook_item *items;
    size_t count; /* at least one; several are a group */
};

/* Appends the body. */
int webhook_body_write(enum webhook_kind kind,
    const struct webhook_message *message, struct buf *out, struct err *err);

/*
 * Of a body for ntfy: moves the next header line into `line`, without its end;
 * false after the empty line, `body` is then the text.
 */
bool webhook_body_take_header(struct bytes *body, struct bytes *line);

/*
 * Appends a JSON object with the routing key in it, which is not kept where
 * bodies are.
 */
int webhook_body_add_key(
    struct bytes body, const char *key, struct buf *out, struct err *err);

#endif
