/*
 * import_facts.h - the further facts of an exported line, read again: pure.
 */
#ifndef COLLECTOR_IMPORT_FACTS_H
#define COLLECTOR_IMPORT_FACTS_H

#include <jansson.h>

#include "err.h"
#include "measure.h"

/*
 * "ip", "detail", "http", "tls" and "dns" of a line, as `probe --json` names
 * them.  *facts is new and the caller's; NULL where the line has none of them.
 * What is more than facts can hold is left out.
 */
int import_facts(const json_t *line, struct facts **facts, struct err *err);

/* {"dns": 812, "total": 64332}: the phases reached; others are left. */
int import_phases(const json_t *object, const char *key,
    int64_t phase_us[PHASE_COUNT], struct err *err);

#endif
