/*
 * ctl_client.h - the command line's end of the control socket: one question,
 * one answer or a run of pieces.
 */
#ifndef COLLECTOR_CTL_CLIENT_H
#define COLLECTOR_CTL_CLIENT_H

#include <stdint.h>

#include "buf.h"
#include "err.h"

/* Each piece of the answer, in order.  -1 with err ends the reading. */
typedef int ctl_piece_fn(void *ctx, struct bytes piece, struct err *err);

struct ctl_question {
    const char *endpoint;
    const char *command;
    const char *args_json;
    int64_t timeout_ms; /* for each piece */
};

/*
 * Blocks.  *exit_code gets the collector's word.  -1: nobody answers
 * (ERR_TIMEOUT, with what to do), or the collector refused (its sentence in
 * err, code ERR_PARSE where the exit code is 2).
 */
int ctl_ask(const struct ctl_question *question, ctl_piece_fn *fn, void *ctx,
    int *exit_code, struct err *err);

#endif
