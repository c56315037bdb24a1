/*
 * incident_codec.h - an incident as bytes: pure, versioned, trusting nothing
 * that is read.
 */
#ifndef COLLECTOR_INCIDENT_CODEC_H
#define COLLECTOR_INCIDENT_CODEC_H

#include "buf.h"
#include "err.h"
#include "incident_row.h"

enum { INCIDENT_ROW_MAX_BYTES = 1000 };

int incident_row_encode(
    const struct incident_row *row, struct buf *out, struct err *err);
/* ERR_STATE for anything else than an incident. */
int incident_row_decode(
    struct bytes bytes, struct incident_row *row, struct err *err);

/* True for eight letters and digits of Crockford's base 32. */
bool incident_is_id(const char *id);

/*
 * An id, or the front of one, as a person may type it: "inc-7k3q" -> "7K3Q";
 * I, L and O are 1, 1 and 0.  ERR_PARSE for what cannot be one.
 */
int incident_take_prefix(
    const char *text, char id[INCIDENT_ID_BYTES], struct err *err);

#endif
