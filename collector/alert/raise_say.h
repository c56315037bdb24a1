/*
 * raise_say.h - lists of names and moments inside the one line that says what
 * is seen.  Pure.
 */
#ifndef COLLECTOR_RAISE_SAY_H
#define COLLECTOR_RAISE_SAY_H

#include <stddef.h>
#include <stdint.h>

#include "mail_say.h"
#include "zone.h"

enum {
    RAISE_NAMES_MAX = 64, /* told apart */
    RAISE_NAMES_SAID = 6,
    RAISE_NAMES_BYTES = 420
};

/* "eu, us, ap and 3 more": each name once.  All-zero is empty. */
struct raise_names {
    const char *items[RAISE_NAMES_MAX]; /* borrowed */
    size_t count;
};

void raise_names_add(struct raise_names *names, const char *name);
void raise_names_put(
    const struct raise_names *names, char out[RAISE_NAMES_BYTES]);

/* "3 agents", "1 agent". */
void raise_count_put(size_t count, const char *noun, char out[SAY_BYTES]);

#endif
