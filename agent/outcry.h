/*
 * outcry.h - when an agent says that the collector is gone, and that it is
 * back.  Pure.
 *
 * Each agent waits two minutes longer than the one before it by name, so that
 * usually only the first has said it when a person has come.  It is said once
 * an outage, whatever restarts the agent meanwhile: what must be known for
 * that is outcry_encode()d into the spool.
 */
#ifndef AGENT_OUTCRY_H
#define AGENT_OUTCRY_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

enum {
    OUTCRY_AFTER_MS = 300 * 1000,
    OUTCRY_RANK_MS = 120 * 1000,
    OUTCRY_BYTES = 10,
    OUTCRY_BACK_MAX_MS = 24 * 3600 * 1000 /* "back" is tried for so long */
};

enum outcry_state {
    OUTCRY_QUIET,   /* the collector is there */
    OUTCRY_WAITING, /* it is not */
    OUTCRY_SAID,    /* and that has been said */
    OUTCRY_BACK     /* it is there again, and that is to be said */
};

struct outcry {
    enum outcry_state state;
    int64_t since_unix_ms;      /* it has not been heard; BACK: from when */
    int64_t until_unix_ms;      /* BACK: when it was heard again */
    int64_t not_before_unix_ms; /* after a post that failed */
    uint32_t failures;
};

enum outcry_do { OUTCRY_DO_NOTHING, OUTCRY_DO_SAY_GONE, OUTCRY_DO_SAY_BACK };

struct outcry_view {
    int64_t now_unix_ms;
    bool heard;   /* the collector has given a sign of life of late */
    bool cut_off; /* it is our own network that is gone */
    uint32_t rank;
};

/* What to do now.  *changed: what is kept is no longer so. */
enum outcry_do outcry_step(
    struct outcry *outcry, const struct outcry_view *view, bool *changed);

/* A post ended.  `refused`: it never will be taken. */
void outcry_said(
    struct outcry *outcry, bool taken, bool refused, int64_t now_unix_ms);

/* state | since, ms since 1970, big-endian | refused for good */
void outcry_encode(const struct outcry *outcry, uint8_t out[OUTCRY_BYTES]);
int outcry_decode(struct bytes bytes, struct outcry *outcry, struct err *err);

#endif
