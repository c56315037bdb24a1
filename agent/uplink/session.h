/*
 * session.h - what the agent's end of the line says, and when.  Pure: time,
 * chance and the spool's state are parameters.
 *
 *   WAITING --> CONNECTING --> HELLO_SENT --> STREAMING
 *      ^_____________\______________\____________/
 *        no WELCOME, a NACK, silence, a lost connection
 *
 * Whoever owns the socket tells what came (session_take_*, session_lost) and
 * then asks session_step() what to do until it says to wait.
 */
#ifndef AGENT_SESSION_H
#define AGENT_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "backoff.h"
#include "clock_offset.h"
#include "spool.h"
#include "wire.h"

enum {
    SESSION_WINDOW_MAX = 64 /* batches under way; 24 bytes are kept of each */
};

enum session_state {
    SESSION_WAITING = 0,
    SESSION_CONNECTING,
    SESSION_HELLO_SENT,
    SESSION_STREAMING
};

enum session_do {
    SESSION_DO_WAIT,     /* until until_ns, or until something comes */
    SESSION_DO_CONNECT,  /* make a new socket */
    SESSION_DO_DROP,     /* close the socket; `why` is for the log */
    SESSION_DO_HELLO,    /* send it */
    SESSION_DO_PING,     /* send it */
    SESSION_DO_BATCH,    /* send records from first_seq */
    SESSION_DO_ACK,      /* tell the spool: acknowledged up to seq */
    SESSION_DO_RENUMBER, /* give the spool a new id, keeping what is above seq */
};

struct session_step {
    enum session_do what;
    int64_t until_ns;
    uint64_t seq;       /* ACK, RENUMBER */
    uint64_t first_seq; /* BATCH */
    uint32_t max_records;
    uint32_t max_bytes; /* of records; one record may be more */
    const char *why;
};

/* How the world looks at this moment. */
struct session_view {
    int64_t now_ns;
    uint64_t random;
    bool writable; /* the socket takes a message: the handshake is done */
    struct spool_state spool;
};

struct session_flight {
    uint64_t first;
    uint64_t last;
    int64_t sent_ns;
};

/* A value; session_init() makes one that connects at once. */
struct session {
    enum session_state state;
    int64_t since_ns; /* of the state */
    int64_t retry_ns; /* WAITING: when to connect */
    struct backoff backoff;
    const char *why; /* of the last loss */
    bool drop_due;
    bool ack_due;
    bool renumber_due;

    uint64_t id; /* the collector's number for this session */
    uint64_t acked;
    uint64_t next;        /* the next to be sent */
    uint64_t sent_last;   /* the highest ever sent of this spool id */
    uint64_t narrow_last; /* up to this: record by record */
    uint32_t window;
    uint32_t max_records;
    uint32_t max_bytes;
    int64_t ping_every_ns;
    int64_t ping_ns;   /* when the next is due */
    int64_t heard_ns;  /* the collector's last word */
    int64_t hold_ns;   /* no batch before this */
    unsigned setbacks; /* NACKs since the mark last moved */
    struct session_flight flight[SESSION_WINDOW_MAX];
    unsigned flying;

    struct clock_offset clock;
};

void session_init(struct session *session, int64_t now_ns);

/* The next thing to do.  Call again until it says SESSION_DO_WAIT. */
struct session_step session_step(
    struct session *session, const struct session_view *view);

/*
 * A HELLO, PING or BATCH (of `count` records) has been handed to the socket.
 * If it could not be: do not call this, and ask again later.
 */
void session_sent(struct session *session, const struct session_step *step,
    uint32_t count, int64_t now_ns);

/* The connection is gone or never came to be.  `why` is a literal. */
void session_lost(
    struct session *session, const struct session_view *view, const char *why);

/* The same, without a delay: our own keys have changed. */
void session_reconnect(
    struct session *session, const struct session_view *view, const char *why);

/* Our own record of the number that a WELCOME names. */
struct session_own {
    bool there;
    uint32_t crc32c;
};

void session_take_welcome(struct session *session,
    const struct session_view *view, const struct wire_welcome *welcome,
    const struct session_own *own);
void session_take_ack(struct session *session, const struct session_view *view,
    const struct wire_ack *ack);
void session_take_nack(struct session *session, const struct session_view *view,
    const struct wire_nack_msg *nack);
void session_take_pong(struct session *session, const struct session_view *view,
    const struct wire_pong *pong);
void session_take_bye(struct session *session, const struct session_view *view);

/* Any other message of the collector is a sign of life too. */
void session_heard(struct session *session, int64_t now_ns);

/* "streaming", "hello_sent", "disconnected". */
const char *session_state_name(const struct session *session);

#endif
