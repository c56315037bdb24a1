/*
 * group.h - into which messages goes what is due to one recipient.  Pure.
 *
 * Each tells one incident in its own thread; where more than three of a group
 * (a site, or the fleet) are due at once, one message tells them all in a
 * thread of its own, and what has been told so goes on in that thread.  Where
 * that is more than the recipient may get now, the worst go as they are and
 * the rest in one summary.
 */
#ifndef COLLECTOR_GROUP_H
#define COLLECTOR_GROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "collector_conf.h"

enum { GROUP_SINGLE_MAX = 3 };

/* One alert of which this recipient is to be told now. */
struct group_due {
    const char *group; /* borrowed; "acme", "fleet" */
    const char *id;    /* borrowed */
    const char *root;  /* borrowed; of the thread it was told in; "": its own */
    enum conf_severity severity;
    bool replaces;  /* takes the place of one that is queued */
    void *ctx;      /* the caller's; moves with it */
    size_t message; /* out: its place among the messages, or GROUP_LATER */
};

enum group_kind { GROUP_ONE, GROUP_THREAD, GROUP_SUMMARY };

struct group_message {
    enum group_kind kind;
    const char *group; /* borrowed */
    const char *root;  /* borrowed; of GROUP_THREAD: the id of its first */
    enum conf_severity severity; /* the worst in it */
    bool free;                   /* it only replaces what is queued */
};

#define GROUP_LATER ((size_t)-1)

/*
 * `due` is put in order; `messages` has room for as many.  Gives how many there
 * are.  `room` is how many more messages the recipient may get now.
 */
size_t group_plan(struct group_due *due, size_t count, size_t room,
    struct group_message *messages);

#endif
