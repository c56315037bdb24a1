/*
 * uplink_inner.h - what the files of uplink.h share, and nobody else
 * includes.
 */
#ifndef AGENT_UPLINK_INNER_H
#define AGENT_UPLINK_INNER_H

#include "log.h"
#include "session.h"
#include "uplink.h"
#include "uplink_socket.h"

/* What is to be said about the last CONFIG. */
struct config_answer {
    bool due;
    bool accepted;
    uint64_t cfg_version;
    char reason[WIRE_TEXT_BYTES];
};

struct uplink {
    struct loop *loop;   /* borrowed */
    struct spool *spool; /* borrowed */
    char *endpoint;      /* owned, as the next three */
    char *agent;
    char *build;
    char *bind_ip; /* NULL: none */
    struct uplink_keys keys;
    struct uplink_keys next_keys; /* of a rotation under way */
    bool rotating;
    bool newkey_due;
    uint64_t cfg_version;
    struct uplink_events events;
    void *ctx; /* borrowed */

    uint8_t boot_id[WIRE_ID_BYTES];
    struct session session;
    int64_t refused_ns;              /* our key was, last; 0 */
    struct uplink_socket_home *home; /* owned */
    struct uplink_socket *dealer;    /* owned; NULL between two connections */
    struct loop_watch socket_watch;
    struct loop_watch monitor_watch;
    struct timer timer;
    struct config_answer config_answer;
    struct buf frame; /* to be sent */
    struct log_limit lost_limit;
    struct log_limit reach_limit;
    struct log_limit nack_limit;
    struct log_limit garbage_limit;
    struct log_limit trouble_limit;
};

/* The world at this moment, as the session wants to know it. */
struct session_view uplink_look(const struct uplink *uplink);
int64_t uplink_boot_ms(const struct uplink *uplink);
/* The connection is gone, or no use. */
void uplink_lost(struct uplink *uplink, const char *why);

/* ---- uplink_send.c.  1: sent; 0: not now; -1: err ---- */

int uplink_send(
    struct uplink *uplink, const struct wire_msg *msg, struct err *err);
int uplink_send_hello(struct uplink *uplink, struct err *err);
int uplink_send_ping(struct uplink *uplink, struct err *err);
int uplink_send_batch(struct uplink *uplink, const struct session_step *step,
    uint32_t *count, struct err *err);
/* Answers that wait for the socket; 1 if none is left. */
int uplink_send_answers(struct uplink *uplink, struct err *err);

/* ---- uplink_take.c ---- */

/* One frame of untrusted bytes. */
void uplink_take_frame(struct uplink *uplink, struct bytes frame);

/* ---- uplink_rotation.c: our key pair is replaced ---- */

/* Makes the new pair and keeps it in the spool. */
int uplink_rotation_begin(struct uplink *uplink, struct err *err);
/* The collector has accepted it: it takes the old one's place. */
int uplink_rotation_end(struct uplink *uplink, struct err *err);
/* Goes on with one that an earlier process began. */
void uplink_rotation_resume(struct uplink *uplink);

#endif
