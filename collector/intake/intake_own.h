/*
 * intake_own.h - what the files of intake share, and nobody else sees.
 */
#ifndef COLLECTOR_INTAKE_OWN_H
#define COLLECTOR_INTAKE_OWN_H

#include "apply.h"
#include "intake.h"
#include "log.h"
#include "strangers.h"
#include "wire.h"
#include "zap.h"

struct intake {
    struct loop *loop;           /* borrowed */
    struct store *store;         /* borrowed */
    struct writer *writer;       /* borrowed */
    const struct config *config; /* borrowed */
    struct meter *meter;         /* borrowed; or NULL */
    void *context;               /* owned */
    void *socket;                /* owned */
    struct zap *zap;             /* owned */
    struct strangers strangers;
    struct fleet fleet;
    struct loop_watch readable;
    struct timer more; /* messages were left when a turn's bound was reached */
    struct timer tokens; /* the key table is renewed: tokens end */
    struct intake_counts counts;
    struct log_limit drop_log;
    struct log_limit nack_log;
    struct log_limit lost_log;
    struct buf out; /* the frame being sent */
    size_t jobs;    /* with the writer */
    bool closing;
};

/* One message of a peer that has been let in. */
struct intake_from {
    struct fleet_peer peer;
    const char *user;    /* User-Id, "a:NAME" or "t:KEY" */
    const char *address; /* Peer-Address; "" if unknown */
};

/* Sends to a peer; a message that cannot be sent is dropped.  False then. */
bool intake_send(struct intake *intake, const struct fleet_peer *peer,
    const struct wire_msg *msg);

void intake_send_nack(struct intake *intake, const struct fleet_peer *peer,
    const struct wire_nack_msg *nack);

/* session.c: what agents say, by type. */
void intake_take_message(struct intake *intake, const struct intake_from *from,
    struct wire_msg *msg);

/* session.c: the CONFIG of this agent, unless it has it. */
void intake_push_config(struct intake *intake, struct fleet_agent *agent);

#endif
