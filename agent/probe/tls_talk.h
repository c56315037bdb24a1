/*
 * tls_talk.h - the dialogue of starttls.h on a socket.
 *
 * It neither waits nor keeps time: whoever holds it does, and calls again.
 */
#ifndef AGENT_PROBE_TLS_TALK_H
#define AGENT_PROBE_TLS_TALK_H

#include "starttls.h"

struct tls_talk {
    struct starttls dialogue;
    const char *unsent; /* in dialogue.command; NULL: nothing */
};

enum tls_talk_step {
    TLS_TALK_READ,  /* go on when the socket is readable */
    TLS_TALK_WRITE, /* or writable */
    TLS_TALK_OVER,  /* the next byte is TLS */
    TLS_TALK_FAILED
};

/* `fd` is connected; EHLO will say its own address. */
void tls_talk_init(struct tls_talk *talk, enum check_starttls protocol, int fd);

/*
 * Goes on after the socket became ready.  TLS_TALK_FAILED leaves the reason in
 * `*reason` and the words in dialogue.detail.
 */
enum tls_talk_step tls_talk_go_on(
    struct tls_talk *talk, int fd, enum measure_reason *reason);

#endif
