/*
 * collector_care.h - care of the store as part of a collector: before it is
 * opened, and while it runs.
 */
#ifndef COLLECTOR_COLLECTOR_CARE_H
#define COLLECTOR_COLLECTOR_CARE_H

#include <stdbool.h>

#include "care.h"
#include "restore.h"
#include "writer.h"

/*
 * Restores a damaged store and says so in the log.  1, 0 or -1 as
 * restore_if_damaged().
 */
int collector_care_restore(
    const struct config *config, struct restored *restored, struct err *err);

/* Hands a care_spec's news to the writer, which raises them; it is its ctx. */
struct collector_care_desk {
    struct writer *writer; /* borrowed */
    int64_t hurt_told_ns;  /* the last of that kind; 0: none */
};
void collector_care_tell(void *desk_ctx, const struct care_news *news);

/* Says so to people, too. */
void collector_care_tell_restored(
    struct collector_care_desk *desk, const struct restored *restored);

/* A damaged row was set aside: logged, and told, once an hour. */
void collector_care_tell_hurt(
    struct collector_care_desk *desk, const struct store_hurt *hurt);

#endif
