/*
 * mailq_codec.h - a queued mail as the bytes that are stored.  Pure.
 */
#ifndef COLLECTOR_MAILQ_CODEC_H
#define COLLECTOR_MAILQ_CODEC_H

#include "buf.h"
#include "err.h"
#include "mailq.h"

/* Appends everything but the id, which is the key. */
int mailq_row_encode(
    const struct mailq_row *row, struct buf *out, struct err *err);

/* ERR_STATE for anything that is not a row; `message` points into `bytes`. */
int mailq_row_decode(
    struct bytes bytes, struct mailq_row *row, struct err *err);

#endif
