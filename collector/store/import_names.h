/*
 * import_names.h - the names of an import, each once, by small numbers: pure.
 */
#ifndef COLLECTOR_IMPORT_NAMES_H
#define COLLECTOR_IMPORT_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* All zero is empty. */
struct import_names {
    char **names;     /* owned; by number, from 0 */
    uint32_t *sorted; /* owned; the numbers in the order of their names */
    uint32_t count;
    uint32_t room;
};

void import_names_free(struct import_names *names);

/* The number of a name, a new one where it was not seen before. */
int import_names_take(struct import_names *names, const char *name,
    uint32_t *number, struct err *err);

#endif
