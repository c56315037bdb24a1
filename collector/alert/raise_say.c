#include "raise_say.h"

#include <stdio.h>
#include <string.h>

void
raise_names_add(struct raise_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i], name) == 0)
            return;
    }
    if (names->count < RAISE_NAMES_MAX)
        names->items[names->count++] = name;
}

void
raise_names_put(const struct raise_names *names, char out[RAISE_NAMES_BYTES])
{
    size_t said =
        names->count < RAISE_NAMES_SAID ? names->count : RAISE_NAMES_SAID;
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < said; i++)
        used += (size_t)snprintf(out + used, RAISE_NAMES_BYTES - used,
            "%s%.64s", i > 0 ? ", " : "", names->items[i]);
    if (names->count > said)
        (void)snprintf(out + used, RAISE_NAMES_BYTES - used, " and %zu more",
            names->count - said);
}

void
raise_count_put(size_t count, const char *noun, char out[SAY_BYTES])
{
    (void)snprintf(
        out, SAY_BYTES, "%zu %s%s", count, noun, count == 1 ? "" : "s");
}
