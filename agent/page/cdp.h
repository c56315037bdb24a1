/*
 * cdp.h - messages of Chromium's debugging protocol as they pass through a
 * pipe: JSON objects, each ended by a NUL.  Pure.
 *
 * What comes in was partly written by the page that the browser shows, so a
 * message that is not understood is an error of that message alone: it is
 * taken off, and the next one is read as if it had not been there.
 * [src: chromium content/browser/devtools/devtools_pipe_handler.cc]
 */
#ifndef AGENT_CDP_H
#define AGENT_CDP_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "buf.h"
#include "err.h"

enum {
    CDP_MESSAGE_BYTES_MAX = 8 << 20, /* a screenshot of a phone: about 2 MiB */
    CDP_READ_BYTES_MAX = 64 << 10    /* what cdp_in_add() takes at once */
};

enum cdp_kind {
    CDP_ANSWER,  /* to the command `id`; `body` is its result */
    CDP_REFUSAL, /* of the command `id`; `text` says why */
    CDP_EVENT    /* `text` is its name, `body` its parameters */
};

struct cdp_message {
    enum cdp_kind kind;
    int id;              /* > 0; 0 for an event */
    const char *text;    /* of `root`; NULL for an answer */
    const char *session; /* of `root`; NULL: of the browser as a whole */
    const json_t *body;  /* an object of `root`; NULL where nothing was said */
    json_t *root;        /* owned */
};

/* What has come through the pipe and was not taken yet. */
struct cdp_in {
    struct buf buf;
    size_t taken;    /* bytes at the front that were handed out */
    size_t searched; /* bytes at the front that hold no further NUL */
};

/* Nothing read, nothing allocated; cdp_in_free() leaves one like it. */
void cdp_in_init(struct cdp_in *in);
void cdp_in_free(struct cdp_in *in);

/*
 * Adds at most CDP_READ_BYTES_MAX bytes, when cdp_in_next() has said that
 * there is no further message.  ERR_LIMIT: more than CDP_MESSAGE_BYTES_MAX have
 * come and the message goes on; the stream has no use after that.
 */
int cdp_in_add(
    struct cdp_in *in, const void *data, size_t len, struct err *err);

/*
 * Takes the next whole message: 1, and the caller frees it; 0, there is none
 * yet; -1, it was no message of the protocol (ERR_PARSE) and was taken off.
 * Bytes of strings behind a NUL in them are not seen through `text` and
 * `session`; half a surrogate pair is read as U+FFFD.
 */
int cdp_in_next(
    struct cdp_in *in, struct cdp_message *message, struct err *err);

void cdp_message_free(struct cdp_message *message);

/*
 * Appends a command.  `session` and `params` may be NULL.  On failure `out` is
 * as it was.
 */
int cdp_command(struct buf *out, int id, const char *session,
    const char *method, const json_t *params, struct err *err);

#endif
