/*
 * self_check.h - is it the target that is gone, or are we?
 *
 * Rounds (see self_round.h) run every 10 s, which feeds only state and PING,
 * and for whoever asks, after a probe ended `down`.
 */
#ifndef AGENT_SELF_CHECK_H
#define AGENT_SELF_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "loop.h"
#include "resolve.h"
#include "text.h"

/* The numbers are those of PING. */
enum self_check_state {
    SELF_CHECK_UNKNOWN, /* switched off, or no round has ended yet */
    SELF_CHECK_GOOD,
    SELF_CHECK_FAILING
};

struct self_check;

struct self_check_spec {
    struct loop *loop;         /* borrowed */
    struct resolver *resolver; /* borrowed */
    const char *bind_ip4;      /* borrowed; source address, or NULL */
    const char *bind_ip6;
};

/* Switched off until configured. */
struct self_check *self_check_new(
    const struct self_check_spec *spec, struct err *err);

/* Nobody may be waiting for an answer.  NULL is allowed. */
void self_check_free(struct self_check *self_check);

struct self_check_plan {
    bool off;
    const struct strlist *targets;   /* "IP:PORT", "[IP6]:PORT" */
    const struct strlist *resolvers; /* "IP" or "IP#PORT" */
};

/*
 * Changes what is looked at; copied.  A running round is begun anew.  Fails,
 * and changes nothing, when a target is no address and port.
 */
int self_check_configure(struct self_check *self_check,
    const struct self_check_plan *plan, struct err *err);

typedef void self_check_told_fn(void *ctx, enum self_check_state state);

/* Embedded in whoever asks; zeroed is not asking. */
struct self_check_ask {
    self_check_told_fn *fn;
    void *ctx; /* borrowed */
    bool asking;
    uint64_t after; /* rounds that had begun when it asked */
    struct self_check_ask *next;
};

/*
 * Has `fn` called once, from the loop and never from inside this call, within
 * 5 s, with what a round says that began after now (one that has begun before
 * may say FAILING, but not GOOD).  UNKNOWN where it is switched off.
 */
void self_check_ask(struct self_check *self_check, struct self_check_ask *ask);

/* `fn` will not be called.  Harmless if it is not asking. */
void self_check_ask_stop(
    struct self_check *self_check, struct self_check_ask *ask);

/* As the last round said. */
enum self_check_state self_check_state(const struct self_check *self_check);

const char *self_check_state_name(enum self_check_state state);

#endif
