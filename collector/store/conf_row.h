/*
 * conf_row.h - a configuration as it is kept: since when, and its packed text.
 */
#ifndef COLLECTOR_CONF_ROW_H
#define COLLECTOR_CONF_ROW_H

#include <stdint.h>

#include "buf.h"
#include "err.h"

enum { CONF_ROW_TEXT_MAX_BYTES = 1 << 20 };

int conf_row_encode(
    int64_t since_unix_ms, struct bytes text, struct buf *out, struct err *err);

/* Appends the text to `text`.  ERR_STATE for anything else. */
int conf_row_decode(struct bytes row, int64_t *since_unix_ms, struct buf *text,
    struct err *err);

#endif
