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
    struct timer silent; /* sessions that nobody speaks in any more end */
    struct intake_counts counts;
    struct log_limit drop_log;
    struct log_limit nack_log;
    struct log_limit lost_log;
    struct log_limit quarantine_log;
    struct buf out; /* the frame being sent */
    size_t jobs;    /* with the writer */
    bool withheld;  /* credit, because the queue was full */
    bool closing;
};

/* One message of a peer that has been let in. */
struct intake_from {
    struct fleet_peer peer;
    const char *user;              /* User-Id, "a:NAME/TAG" or "t:KEY" */
    const char *address;           /* Peer-Address; "" if unknown */
    char key_tag[FLEET_TAG_BYTES]; /* of an agent's key */
};

/* Sends to a peer; a message that cannot be sent is dropped.  False then. */
bool intake_send(struct intake *intake, const struct fleet_peer *peer,
    const struct wire_msg *msg);

void intake_send_nack(struct intake *intake, const struct fleet_peer *peer,
    const struct wire_nack_msg *nack);

/* ---- intake_socket.c: the protocol's options, before it is bound ---- */

int intake_set_options(
    void *socket, const struct curve_key *key, struct err *err);

/* ---- session.c: what agents say, by type ---- */

void intake_take_message(struct intake *intake, struct intake_from *from,
    const struct wire_msg *msg);

bool intake_is_same_peer(
    const struct fleet_peer *a, const struct fleet_peer *b);

/* agent->row's news to the store; `heard`: it spoke just now. */
void intake_send_news(
    struct intake *intake, const struct fleet_agent *agent, bool heard);

/* ---- intake_token.c: a one-time key may say ENROL, and nothing else ---- */

void intake_take_from_token(struct intake *intake,
    const struct intake_from *from, const struct wire_msg *msg);

/* ---- intake_hello.c: who may have the session ---- */

void intake_take_hello(struct intake *intake, struct fleet_agent *agent,
    const struct intake_from *from, const struct wire_hello *hello);

/* ---- intake_batch.c: results, and the answer after their commit ---- */

void intake_take_batch(struct intake *intake, struct fleet_agent *agent,
    const struct wire_batch *batch);

/* The mark, and what may be under way from now on. */
void intake_send_ack(struct intake *intake, struct fleet_agent *agent);

/* ---- intake_config.c: checks out, and what agents say to them ---- */

/* The CONFIG of this agent, unless it has it; and notes what it should have
 * where it is not connected. */
void intake_push_config(struct intake *intake, struct fleet_agent *agent);

void intake_take_config_answer(struct intake *intake, struct fleet_agent *agent,
    const struct wire_msg *msg);

/* ---- intake_rotate.c: a new key for an agent, without a gap ----
 *
 * `agent rotate` marks the agent's row; ROTATE goes out now, after each
 * WELCOME and after each PING, until the agent has come in with its new key.
 */

/* Sends ROTATE where one was asked for. */
void intake_ask_rotation(
    struct intake *intake, const struct fleet_agent *agent);

void intake_take_newkey(struct intake *intake, const struct fleet_agent *agent,
    const struct wire_newkey *newkey);

/* It has been welcomed under its newer key: the old one is no more. */
void intake_end_rotation(struct intake *intake, struct fleet_agent *agent);

#endif
