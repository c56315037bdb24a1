/*
 * mail_group.h - one mail about several incidents: a group that is told
 * together, and what storm control held back.  Pure.
 */
#ifndef COLLECTOR_MAIL_GROUP_H
#define COLLECTOR_MAIL_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "class.h"
#include "collector_conf.h"
#include "condition.h"
#include "err.h"
#include "mail_doc.h"
#include "mail_frame.h"
#include "mail_text.h"
#include "zone.h"

/* So many are shown one by one, the worst first; the rest is counted. */
enum { MAIL_ITEMS_MAX = 60 };

struct mail_group_item {
    char id[INCIDENT_ID_BYTES];
    char subject[CONDITION_SUBJECT_BYTES]; /* as mail_subject_of() says */
    char scope[INCIDENT_SCOPE_BYTES];      /* "global", a region, or "" */
    enum alert_class class;
    enum conf_severity severity;
    enum mail_state state; /* what is told of it now */
    int64_t start_unix_ms;
    int64_t end_unix_ms;               /* 0: open */
    char words[CONDITION_WORDS_BYTES]; /* why; "" */
};

struct mail_group {
    bool sample;
    int64_t now_unix_ms;
    const struct zone *zone;    /* borrowed; NULL: UTC */
    char site[CONF_NAME_BYTES]; /* or "fleet" */
    /* All that the group's thread tells, resolved ones too; borrowed. */
    const struct mail_group_item *items;
    size_t count;
    size_t first_count; /* of its first mail: the subject stays; 0: count */
    char root[INCIDENT_ID_BYTES]; /* id of its first */
};

/* Appends the whole message, as mail_text_write() does. */
int mail_group_write(const struct mail_group *group,
    const struct mail_envelope *envelope, struct buf *out, struct err *err);

/* More mails to one recipient than storm control lets through. */
struct mail_summary {
    bool sample;
    int64_t now_unix_ms;
    const struct zone *zone;             /* borrowed; NULL: UTC */
    int64_t since_unix_ms;               /* the first was held back */
    const struct mail_group_item *items; /* borrowed */
    size_t count;
};

int mail_summary_write(const struct mail_summary *summary,
    const struct mail_envelope *envelope, struct buf *out, struct err *err);

struct mail_items_view {
    const struct zone *zone; /* borrowed; NULL: UTC */
    int64_t now_unix_ms;
    size_t max; /* so many are shown, the rest is counted */
};

/*
 * Puts them as a table: firing before resolved, severe before others.  -1 when
 * memory is out.
 */
int mail_items_put(const struct mail_group_item *items, size_t count,
    const struct mail_items_view *view, struct mail_doc *doc);

/* "DOWN", "agent silent": what an item is, in two words. */
const char *mail_item_what(const struct mail_group_item *item);

#endif
