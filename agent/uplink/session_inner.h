/*
 * session_inner.h - what the two halves of session.h share: session.c says
 * what goes out, session_take.c takes what comes in.  Nobody else includes it.
 */
#ifndef AGENT_SESSION_INNER_H
#define AGENT_SESSION_INNER_H

#include "session.h"

enum {
    SESSION_RESEND_S = 15 /* what is unacknowledged for so long goes again */
};

void session_enter(
    struct session *session, enum session_state state, int64_t now_ns);

/* The only way back to WAITING, for at least `delay_ns`. */
void session_leave(struct session *session, const struct session_view *view,
    int64_t delay_ns, const char *why);

/* Sends from `seq` again; what was under way no longer counts. */
void session_rewind_to(
    struct session *session, const struct session_view *view, uint64_t seq);

#endif
