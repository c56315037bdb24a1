#include "session.h"

#include "clock.h"
#include "session_inner.h"

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
    session_enter(session, SESSION_STREAMING, view->now_ns);
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
    session_rewind_to(session, view, welcome->acked_seq + 1);
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
    session_rewind_to(session, view, seq);
    if (++session->setbacks > SETBACKS_MAX)
        session->hold_ns = view->now_ns + SESSION_RESEND_S * NS_PER_SEC;
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
        session_leave(
            session, view, disk_full_ns, "the collector's disk is full");
        return;
    }
    session_rewind_to(session, view, session->acked + 1);
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
        session_leave(
            session, view, refused_ns, "another process has this agent's key");
        return;
    case NACK_VERSION:
        session_leave(session, view, refused_ns, "no common version");
        return;
    case NACK_REVOKED:
        session_leave(session, view, refused_ns, "the key is revoked");
        return;
    case NACK_MALFORMED:
        session_leave(session, view, SESSION_RESEND_S * NS_PER_SEC,
            "the collector calls it malformed");
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
