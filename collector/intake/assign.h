/*
 * assign.h - which check may be measured from which region, quickly.
 *
 * An index over the newest configuration, asked once for each result; older
 * versions are asked for results from before it.
 */
#ifndef COLLECTOR_ASSIGN_H
#define COLLECTOR_ASSIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "conf_history.h"
#include "err.h"

struct assign;

/* `history` is borrowed.  NULL when memory is out. */
struct assign *assign_new(const struct conf_history *history, struct err *err);
void assign_free(struct assign *assign);

/* The check as it stood at that moment, if that region measures it then. */
const struct conf_check *assign_find(const struct assign *assign,
    uint32_t check, const char *region, int64_t at_unix_ms);

#endif
