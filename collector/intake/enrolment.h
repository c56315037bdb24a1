/*
 * enrolment.h - how agents come in: tokens made, and tokens used.  Jobs for
 * the writer.
 */
#ifndef COLLECTOR_ENROLMENT_H
#define COLLECTOR_ENROLMENT_H

#include "err.h"
#include "registry.h"
#include "wire.h"
#include "writer.h"

/* An ENROL message that came in under a one-time key. */
struct enrol_job {
    struct writer_job job;
    uint8_t token_key[WIRE_KEY_BYTES];
    struct wire_enrol enrol;
    void *ctx; /* of whoever made the job */
    /* filled by the writer: 0 means enrolled */
    enum wire_refusal refused;
    char text[WIRE_TEXT_BYTES];
};

writer_run_fn enrol_run;

/* `agent add`: a row for the agent (or a new token for one that is there). */
struct agent_add_job {
    struct writer_job job;
    char name[WIRE_NAME_BYTES];
    char region[WIRE_NAME_BYTES];
    struct token_row token;
    void *ctx;
    /* filled by the writer: why not; "" when done */
    char refused[WIRE_TEXT_BYTES];
};

writer_run_fn agent_add_run;

/* `agent suspend|resume|revoke|rotate`. */
enum agent_change { AGENT_SUSPEND, AGENT_RESUME, AGENT_REVOKE, AGENT_ROTATE };

struct agent_change_job {
    struct writer_job job;
    char name[WIRE_NAME_BYTES];
    enum agent_change change;
    void *ctx;
    char refused[WIRE_TEXT_BYTES];
};

writer_run_fn agent_change_run;

/* What an agent told of itself. */
struct agent_news_job {
    struct writer_job job;
    struct agent_row news; /* name and the fields below "last news" */
    bool heard;            /* it was last seen now */
};

writer_run_fn agent_news_run;

/* A rotation's two ends. */
struct agent_key_job {
    struct writer_job job;
    char name[WIRE_NAME_BYTES];
    uint8_t key[WIRE_KEY_BYTES];
    /* filled by the writer */
    char refused[WIRE_TEXT_BYTES];
};

/* Lets `key` in beside the one in force; another second one is forgotten. */
writer_run_fn agent_newkey_run;

/* `key` is the only one from now on. */
writer_run_fn agent_key_end_run;

#endif
