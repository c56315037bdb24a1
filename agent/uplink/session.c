#include "session.h"

#include "clock.h"
#include "session_inner.h"

static const int64_t hello_max_ns = 10 * NS_PER_SEC;
static const int64_t connect_max_ns = 30 * NS_PER_SEC;
static const int64_t silence_max_ns = 30 * NS_PER_SEC;

void
session_init(struct session *session, int64_t now_ns)
{
    *session = (struct session){
        .since_ns = now_ns,
        .retry_ns = now_ns,
        .backoff = {.base_ns = NS_PER_SEC, .cap_ns = 60 * NS_PER_SEC},
        .why = "start",
    };
}

void
session_enter(struct session *session, enum session_state state, int64_t now_ns)
{
    session->state = state;
    session->since_ns = now_ns;
}

void
session_leave(struct session *session, const struct session_view *view,
    int64_t delay_ns, const char *why)
{
    if (session->state == SESSION_WAITING)
        return;
    session->drop_due = true;
    session->why = why;
    session->flying = 0;
    session->retry_ns = view->now_ns + delay_ns;
    session_enter(session, SESSION_WAITING, view->now_ns);
}

void
session_lost(
    struct session *session, const struct session_view *view, const char *why)
{
    if (session->state != SESSION_WAITING) {
        session_leave(session, view,
            backoff_next_ns(&session->backoff, view->random), why);
    }
}

void
session_reconnect(
    struct session *session, const struct session_view *view, const char *why)
{
    session_leave(session, view, 0, why);
}

void
session_heard(struct session *session, int64_t now_ns)
{
    session->heard_ns = now_ns;
}

void
session_rewind_to(
    struct session *session, const struct session_view *view, uint64_t seq)
{
    if (seq <= session->acked)
        seq = session->acked + 1;
    if (seq < view->spool.oldest_seq)
        seq = view->spool.oldest_seq;
    session->next = seq;
    session->flying = 0;
}

/* Batches that may be under way now. */
static unsigned
credit(const struct session *session, int64_t now_ns)
{
    if (now_ns < session->hold_ns)
        return 0;
    /* Without credit, one batch asks whether there is some again. */
    return session->window == 0 ? 1 : session->window;
}

static bool
has_unsent(const struct session *session, const struct session_view *view)
{
    return session->next <= view->spool.synced_seq;
}

static struct session_step
batch_step(struct session *session, const struct session_view *view)
{
    uint64_t left;
    struct session_step step = {
        .what = SESSION_DO_BATCH,
        .max_records = session->max_records,
        .max_bytes = session->max_bytes,
    };

    step.first_seq = session->next;
    if (session->next <= session->narrow_last)
        step.max_records = 1;
    left = view->spool.synced_seq - session->next + 1;
    if (left < step.max_records)
        step.max_records = (uint32_t)left;
    return step;
}

static int64_t
sooner(int64_t a_ns, int64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

static struct session_step
wait_step(const struct session *session, const struct session_view *view)
{
    int64_t until_ns = session->heard_ns + silence_max_ns;

    until_ns = sooner(until_ns, session->ping_ns);
    if (session->flying > 0)
        until_ns = sooner(until_ns,
            session->flight[0].sent_ns + SESSION_RESEND_S * NS_PER_SEC);
    if (has_unsent(session, view) && session->hold_ns > view->now_ns)
        until_ns = sooner(until_ns, session->hold_ns);
    return (struct session_step){.what = SESSION_DO_WAIT, .until_ns = until_ns};
}

static struct session_step
stream(struct session *session, const struct session_view *view)
{
    if (view->now_ns - session->heard_ns >= silence_max_ns) {
        session_lost(session, view, "silence");
        return session_step(session, view);
    }
    if (view->now_ns >= session->ping_ns)
        return (struct session_step){.what = SESSION_DO_PING};
    if (session->flying > 0 && view->now_ns - session->flight[0].sent_ns >=
                                   SESSION_RESEND_S * NS_PER_SEC) {
        session_rewind_to(session, view, session->acked + 1);
    }
    /* The oldest may have gone for want of room while we waited. */
    if (session->next < view->spool.oldest_seq)
        session->next = view->spool.oldest_seq;
    if (has_unsent(session, view) &&
        session->flying < credit(session, view->now_ns)) {
        return batch_step(session, view);
    }
    return wait_step(session, view);
}

static struct session_step
wait_at_most(struct session *session, const struct session_view *view,
    int64_t limit_ns, const char *why)
{
    if (view->now_ns - session->since_ns >= limit_ns) {
        session_lost(session, view, why);
        return session_step(session, view);
    }
    return (struct session_step){
        .what = SESSION_DO_WAIT, .until_ns = session->since_ns + limit_ns};
}

/* What must be done before anything else, in this order. */
static bool
due_step(struct session *session, const struct session_view *view,
    struct session_step *step)
{
    *step = (struct session_step){.why = session->why};
    if (session->drop_due) {
        session->drop_due = false;
        step->what = SESSION_DO_DROP;
    } else if (session->renumber_due) {
        session->renumber_due = false;
        session->ack_due = false;
        session->sent_last = 0;
        step->what = SESSION_DO_RENUMBER;
        step->seq = view->spool.acked_seq;
    } else if (session->ack_due) {
        session->ack_due = false;
        step->what = SESSION_DO_ACK;
        step->seq = session->acked;
    } else {
        return false;
    }
    return true;
}

struct session_step
session_step(struct session *session, const struct session_view *view)
{
    struct session_step step;

    if (due_step(session, view, &step))
        return step;
    switch (session->state) {
    case SESSION_WAITING:
        step.what = SESSION_DO_WAIT;
        step.until_ns = session->retry_ns;
        if (view->now_ns >= session->retry_ns) {
            step.what = SESSION_DO_CONNECT;
            session_enter(session, SESSION_CONNECTING, view->now_ns);
        }
        return step;
    case SESSION_CONNECTING:
        if (view->writable) {
            step.what = SESSION_DO_HELLO;
            return step;
        }
        return wait_at_most(session, view, connect_max_ns, "no connection");
    case SESSION_HELLO_SENT:
        return wait_at_most(session, view, hello_max_ns, "no answer to HELLO");
    case SESSION_STREAMING:
        return stream(session, view);
    }
    return step;
}

void
session_sent(struct session *session, const struct session_step *step,
    uint32_t count, int64_t now_ns)
{
    if (step->what == SESSION_DO_HELLO)
        session_enter(session, SESSION_HELLO_SENT, now_ns);
    if (step->what == SESSION_DO_PING)
        session->ping_ns = now_ns + session->ping_every_ns;
    if (step->what != SESSION_DO_BATCH)
        return;
    session->flight[session->flying++] =
        (struct session_flight){.first = step->first_seq,
            .last = step->first_seq + count - 1,
            .sent_ns = now_ns};
    session->next = step->first_seq + count;
    if (session->next - 1 > session->sent_last)
        session->sent_last = session->next - 1;
    /* The one that asks for credit is not followed by a second. */
    if (session->window == 0)
        session->hold_ns = now_ns + SESSION_RESEND_S * NS_PER_SEC;
}

const char *
session_state_name(const struct session *session)
{
    switch (session->state) {
    case SESSION_WAITING:
    case SESSION_CONNECTING:
        return "disconnected";
    case SESSION_HELLO_SENT:
        return "hello_sent";
    case SESSION_STREAMING:
        return "streaming";
    }
    return "disconnected";
}
