/*
 * incident.h - the machine that turns one scope's verdicts, slot by slot, into
 * incidents.
 *
 * Pure; see semantics.md, "Incidents".
 */
#ifndef COLLECTOR_INCIDENT_H
#define COLLECTOR_INCIDENT_H

#include <stdbool.h>
#include <stdint.h>

#include "verdict.h"

/* In slots, for the slot that is stepped over. */
struct incident_rule {
    int32_t open_after;
    int32_t close_after;
};

/* All-zero is a machine that is OK and has seen nothing. */
struct incident_machine {
    bool open;
    int32_t bad;              /* slots in a row, while OK */
    int32_t good;             /* slots in a row, while open */
    int32_t unknown;          /* slots in a row that are UNKNOWN or MAINT */
    int64_t start_unix_ms;    /* of the first bad slot */
    int64_t detected_unix_ms; /* end of the slot that opened it */
    int64_t good_unix_ms;     /* start of the first good slot in a row */
    int64_t end_unix_ms;      /* of the incident that was closed last */
};

struct incident_slot {
    int64_t start_unix_ms;
    int64_t end_unix_ms;
    enum verdict verdict;
    bool unconfirmed;
};

enum incident_event { INCIDENT_NOTHING, INCIDENT_OPENS, INCIDENT_ENDS };

/* A slot that is not judged changes nothing. */
enum incident_event incident_step(struct incident_machine *machine,
    const struct incident_rule *rule, const struct incident_slot *slot);

#endif
