/*
 * registry_codec.h - the rows of registry.h as bytes: pure, versioned, and
 * trusting nothing that is read.
 *
 * A decoder fails with ERR_STATE.  What it accepts survives a round trip.
 */
#ifndef COLLECTOR_REGISTRY_CODEC_H
#define COLLECTOR_REGISTRY_CODEC_H

#include "buf.h"
#include "err.h"
#include "registry.h"

enum { REGISTRY_ROW_MAX_BYTES = 2000 };

int agent_row_encode(
    const struct agent_row *row, struct buf *out, struct err *err);
int agent_row_decode(
    struct bytes bytes, struct agent_row *row, struct err *err);

/* Without the key, which is the row's key in the table. */
int token_row_encode(
    const struct token_row *row, struct buf *out, struct err *err);
int token_row_decode(
    struct bytes bytes, struct token_row *row, struct err *err);

int mark_row_encode(
    const struct mark_row *row, struct buf *out, struct err *err);
int mark_row_decode(struct bytes bytes, struct mark_row *row, struct err *err);

/* Without the id, which is the row's key in the table. */
int check_row_encode(
    const struct check_row *row, struct buf *out, struct err *err);
int check_row_decode(
    struct bytes bytes, struct check_row *row, struct err *err);

#endif
