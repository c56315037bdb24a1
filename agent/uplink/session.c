#include "session.h"

#include <string.h>

#include "clock.h"

static const int64_t hello_max_ns = 10 * NS_PER_SEC;
static const int64_t connect_max_ns = 30 * NS_PER_SEC;
static const int64_t silence_max_ns = 30 * NS_PER_SEC;
static const int64_t resend_after_ns = 15 * NS_PER_SEC;
static const int64_t refused_ns = 300 * NS_PER_SEC; /* DUPLICATE and the like */
static const int64_t disk_full_ns = 30 * NS_PER_SEC;
static const int64_t no_credit_ns = NS_PER_SEC; /* where nothing else is said */

enum {
    PING_MIN_MS = 1000,
    PING_MAX_MS = 20000,
    PING_DEFAULT_MS = 10000,
    RETRY_MAX_MS = 300000,
    SETBACKS_MAX = 3
};

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

static void
enter(struct session *session, enum session_state state, int64_t now_ns)
{
    session->state = state;
    session->since_ns = now_ns;
}

/* The only way back to WAITING. */
static void
leave(struct session *session, const struct session_view *view,
    int64_t delay_ns, const char *why)
{
    if (session->state == SESSION_WAITING)
        return;
    session->drop_due = true;
    session->why = why;
    session->flying = 0;
    session->retry_ns = view->now_ns + delay_ns;
    enter(session, SESSION_WAITING, view->now_ns);
}

void
session_lost(
    struct session *session, const struct session_view *view, const char *why)
{
    if (session->state != SESSION_WAITING) {
        leave(session, view, backoff_next_ns(&session->backoff, view->random),
            why);
    }
}

void
session_reconnect(
    struct session *session, const struct session_view *view, const char *why)
{
    leave(session, view, 0, why);
}

void
session_heard(struct session *session, int64_t now_ns)
{
    session->heard_ns = now_ns;
}

/* ---- what goes out ---- */

/* Sends from `seq` again; what was under way no longer counts. */
static void
rewind_to(
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
        until_ns =
            sooner(until_ns, session->flight[0].sent_ns + resend_after_ns);
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
    if (session->flying > 0 &&
        view->now_ns - session->flight[0].sent_ns >= resend_after_ns) {
        rewind_to(session, view, session->acked + 1);
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
            enter(session, SESSION_CONNECTING, view->now_ns);
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
        enter(session, SESSION_HELLO_SENT, now_ns);
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
        session->hold_ns = now_ns + resend_after_ns;
}

/* ---- what comes in ---- */

static uint32_t
within(uint32_t value, uint32_t min, uint32_t max)
{
    if (value < min)
        return min;
    return value > max ? max : value;
}

/*
 * True if the collector's mark cannot be of this spool as it is now: another
 * disk, an older snapshot, or results that went with the power.
 */
static bool
is_another_spool(const struct wire_welcome *welcome,
    const struct session_view *view, const struct session_own *own)
{
    if (welcome->acked_seq == 0)
        return false;
    if (welcome->acked_seq > view->spool.synced_seq)
        return true;
    if (own->there)
        return own->crc32c != welcome->acked_crc;
    return view->spool.acked_seq < welcome->acked_seq;
}

/* The collector has everything up to `seq`. */
static void
take_mark(
    struct session *session, const struct session_view *view, uint64_t seq)
{
    unsigned kept = 0;

    if (seq <= session->acked)
        return;
    if (seq > session->sent_last) {
        session_lost(session, view, "acknowledged what was never sent");
        return;
    }
    session->acked = seq;
    session->ack_due = true;
    session->setbacks = 0;
    if (session->next <= seq)
        session->next = seq + 1;
    for (unsigned i = 0; i < session->flying; i++) {
        if (session->flight[i].last > seq)
            session->flight[kept++] = session->flight[i];
    }
    session->flying = kept;
}

static void
take_window(struct session *session, uint32_t window, int64_t retry_after_ns,
    int64_t now_ns)
{
    session->window = within(window, 0, SESSION_WINDOW_MAX);
    if (window == 0)
        session->hold_ns = now_ns + retry_after_ns;
    else if (session->setbacks == 0)
        session->hold_ns = now_ns;
}

void
session_take_welcome(struct session *session, const struct session_view *view,
    const struct wire_welcome *welcome, const struct session_own *own)
{
    uint32_t ping_ms =
        welcome->ping_ms != 0 ? welcome->ping_ms : PING_DEFAULT_MS;

    if (session->state != SESSION_HELLO_SENT)
        return;
    if (is_another_spool(welcome, view, own)) {
        session->renumber_due = true;
        session_lost(session, view, "the collector knows another spool");
        return;
    }
    backoff_reset(&session->backoff);
    enter(session, SESSION_STREAMING, view->now_ns);
    session->id = welcome->session;
    session->acked = welcome->acked_seq;
    session->ack_due = welcome->acked_seq > view->spool.acked_seq;
    /* What the last session sent may be committed yet, and acknowledged. */
    if (session->sent_last < welcome->acked_seq)
        session->sent_last = welcome->acked_seq;
    session->narrow_last = 0;
    session->setbacks = 0;
    session->max_records =
        within(welcome->max_batch_records, 1, WIRE_BATCH_MAX_RECORDS);
    session->max_bytes =
        within(welcome->max_batch_bytes, 1, WIRE_BATCH_MAX_BYTES);
    session->ping_every_ns =
        (int64_t)within(ping_ms, PING_MIN_MS, PING_MAX_MS) * NS_PER_MS;
    session->ping_ns = view->now_ns;
    session->heard_ns = view->now_ns;
    take_window(session, welcome->window_batches, no_credit_ns, view->now_ns);
    rewind_to(session, view, welcome->acked_seq + 1);
}

void
session_take_ack(struct session *session, const struct session_view *view,
    const struct wire_ack *ack)
{
    int64_t retry_ns = no_credit_ns;

    if (session->state != SESSION_STREAMING || ack->session != session->id)
        return;
    session_heard(session, view->now_ns);
    if (ack->retry_after_ms != 0) {
        retry_ns =
            (int64_t)within(ack->retry_after_ms, 1, RETRY_MAX_MS) * NS_PER_MS;
    }
    take_mark(session, view, ack->acked_seq);
    take_window(session, ack->window_batches, retry_ns, view->now_ns);
}

/* The batch that a NACK names, or NULL: it is of no concern any more. */
static const struct session_flight *
find_flight(const struct session *session, uint64_t first)
{
    for (unsigned i = 0; i < session->flying; i++) {
        if (session->flight[i].first == first)
            return &session->flight[i];
    }
    return NULL;
}

/* Sends from `seq` again, more slowly each time that nothing comes of it. */
static void
set_back(struct session *session, const struct session_view *view, uint64_t seq)
{
    rewind_to(session, view, seq);
    if (++session->setbacks > SETBACKS_MAX)
        session->hold_ns = view->now_ns + resend_after_ns;
}

static void
take_batch_nack(struct session *session, const struct session_view *view,
    const struct wire_nack_msg *nack, const struct session_flight *flight)
{
    uint64_t first = flight->first;
    uint64_t last = flight->last;
    uint64_t half = (last - first + 1) / 2;

    if (nack->code == NACK_BAD_BATCH) {
        if (last > session->narrow_last)
            session->narrow_last = last;
        set_back(session, view, first);
    } else if (nack->code == NACK_TOO_BIG) {
        session->max_records = half > 0 ? (uint32_t)half : 1;
        set_back(session, view, first);
    } else if (nack->expected_seq > session->sent_last + 1) {
        session_lost(session, view, "expects what was never sent");
    } else {
        set_back(session, view, nack->expected_seq);
    }
}

static void
take_disk_full(struct session *session, const struct session_view *view)
{
    if (session->state == SESSION_HELLO_SENT) {
        leave(session, view, disk_full_ns, "the collector's disk is full");
        return;
    }
    rewind_to(session, view, session->acked + 1);
    session->hold_ns = view->now_ns + disk_full_ns +
                       (int64_t)(view->random % (uint64_t)disk_full_ns);
}

void
session_take_nack(struct session *session, const struct session_view *view,
    const struct wire_nack_msg *nack)
{
    const struct session_flight *flight;

    if (session->state != SESSION_HELLO_SENT &&
        session->state != SESSION_STREAMING)
        return;
    session_heard(session, view->now_ns);
    switch (nack->code) {
    case NACK_NO_SESSION:
        session_lost(session, view, "the collector forgot the session");
        return;
    case NACK_DUPLICATE:
        leave(
            session, view, refused_ns, "another process has this agent's key");
        return;
    case NACK_VERSION:
        leave(session, view, refused_ns, "no common version");
        return;
    case NACK_REVOKED:
        leave(session, view, refused_ns, "the key is revoked");
        return;
    case NACK_MALFORMED:
        leave(
            session, view, resend_after_ns, "the collector calls it malformed");
        return;
    case NACK_DISK_FULL:
        take_disk_full(session, view);
        return;
    case NACK_BAD_BATCH:
    case NACK_TOO_BIG:
    case NACK_GAP:
        flight = find_flight(session, nack->first_seq);
        if (session->state == SESSION_STREAMING && flight != NULL &&
            nack->session == session->id)
            take_batch_nack(session, view, nack, flight);
        return;
    }
}

void
session_take_bye(struct session *session, const struct session_view *view)
{
    session_lost(session, view, "the collector said BYE");
}

void
session_take_pong(struct session *session, const struct session_view *view,
    const struct wire_pong *pong)
{
    if (session->state != SESSION_STREAMING)
        return;
    session_heard(session, view->now_ns);
    clock_offset_take(&session->clock, pong, view->now_ns / NS_PER_MS);
    take_mark(session, view, pong->acked_seq);
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
