/*
 * probe.h - the shape all probes share: start one attempt at a check, be told
 * once what it saw.
 *
 * The contract of every probe: `done` is called exactly once, from the loop,
 * never from inside probe_start(), never after probe_cancel(); the probe is
 * already gone when it is called.  One deadline holds for the whole attempt:
 * the check's timeout.  Durations come from the monotonic clock.  What goes
 * wrong with the target is a measure (`down`), what goes wrong with this
 * machine is a measure too (`error`, reasons agent_*); probe_start() itself
 * fails only when memory is out.
 */
#ifndef AGENT_PROBE_H
#define AGENT_PROBE_H

#include "check.h"
#include "err.h"
#include "loop.h"
#include "measure.h"

struct tls_ctx;   /* tls_probe.h: the shared OpenSSL context and trust stores */
struct curl_loop; /* common/curl_loop.h */
struct resolver;  /* resolve.h */

/* What probes need from their surroundings.  All borrowed. */
struct probe_env {
    struct loop *loop;
    struct resolver *resolver;
    struct tls_ctx *tls;
    struct curl_loop *curl;
    const char *bind_ip4; /* source address of this family, or NULL */
    const char *bind_ip6;
    const char *build; /* for the user agent: "leadline/0.1.0" */
};

/* Which attempt this is. */
struct probe_run {
    int64_t ts_unix_ms;
    int64_t slot_unix_ms;
    uint8_t attempt;
    enum check_family family; /* ANY, 4 or 6: one leg */
};

struct probe;

/*
 * `measure` is good only during the call; its facts too, unless the callee
 * takes them by setting measure->facts to NULL.
 */
typedef void probe_done_fn(void *ctx, struct measure *measure);

/* `check` is borrowed and must outlive the probe.  NULL: memory is out. */
struct probe *probe_start(const struct probe_env *env,
    const struct check *check, const struct probe_run *run, probe_done_fn *done,
    void *ctx, struct err *err);

/* Drops the attempt; `done` will not be called.  NULL is allowed. */
void probe_cancel(struct probe *probe);

/*
 * What each kind gives to probe.c, which holds the table.  `start` makes the
 * kind's own object (it reports through `done` as above); `cancel` ends it.
 */
struct probe_kind {
    void *(*start)(const struct probe_env *env, const struct check *check,
        const struct probe_run *run, probe_done_fn *done, void *ctx,
        struct err *err);
    void (*cancel)(void *self);
};

extern const struct probe_kind dns_probe_kind;
extern const struct probe_kind tcp_probe_kind;
extern const struct probe_kind tls_probe_kind;
extern const struct probe_kind http_probe_kind;
extern const struct probe_kind page_probe_kind; /* of agent/page */

/*
 * Fills the core of a new measure from the run: everything but the outcome.
 */
void probe_begin_measure(struct measure *measure, const struct check *check,
    const struct probe_run *run);

/*
 * Sets TOTAL.  Where the exchange came to its end, that is the sum of its
 * phases: what name server, network and target took, without our own work in
 * between (judging a certificate takes a few tenths of a millisecond).  Where
 * a phase failed, it is all that was spent: there the last phase has no span.
 */
void probe_set_total(struct measure *measure, int64_t spent_us);

/*
 * Sets `slow` where an `up` took longer than the check allows (TOTAL against
 * slow_ms).  Every probe calls it last.
 */
void probe_judge_slow(struct measure *measure, const struct check *check);

#endif
