/*
 * import_line.h - one line of an export, as it is read again: pure.
 */
#ifndef COLLECTOR_IMPORT_LINE_H
#define COLLECTOR_IMPORT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check.h"
#include "err.h"
#include "measure.h"

enum {
    IMPORT_LINE_MAX_BYTES = 256 * 1024,
    IMPORT_NAME_BYTES = 65,
    IMPORT_SPOOL_BYTES = 33 /* 32 hex digits */
};

struct import_line {
    struct measure measure; /* facts owned; slot as given, if it was */
    bool has_slot;
    uint64_t seq;
    char check[CHECK_NAME_BYTES];
    char region[IMPORT_NAME_BYTES];
    char agent[IMPORT_NAME_BYTES];
    char spool[IMPORT_SPOOL_BYTES]; /* "": none */
};

/*
 * Reads one JSON object with the keys of the contract.  ERR_PARSE or ERR_LIMIT
 * with the key that is wrong; `line` then owns nothing.
 */
int import_line_parse(
    const char *text, size_t len, struct import_line *line, struct err *err);
void import_line_free(struct import_line *line);

#endif
