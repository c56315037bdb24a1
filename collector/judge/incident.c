#include "incident.h"

enum { UNKNOWN_IN_A_ROW = 3 };

static enum incident_event
silence(struct incident_machine *machine)
{
    if (machine->unknown < UNKNOWN_IN_A_ROW)
        machine->unknown++;
    if (machine->unknown < UNKNOWN_IN_A_ROW)
        return INCIDENT_NOTHING;
    if (machine->open)
        machine->good = 0;
    else
        machine->bad = 0;
    return INCIDENT_NOTHING;
}

/* A slot that no second attempt confirmed opens nothing by itself. */
static bool
is_enough(const struct incident_machine *machine,
    const struct incident_rule *rule, const struct incident_slot *slot)
{
    if (machine->bad < rule->open_after)
        return false;
    return rule->open_after > 1 || !slot->unconfirmed || machine->bad > 1;
}

static enum incident_event
bad(struct incident_machine *machine, const struct incident_rule *rule,
    const struct incident_slot *slot)
{
    if (machine->open) {
        machine->good = 0;
        return INCIDENT_NOTHING;
    }
    if (machine->bad == 0)
        machine->start_unix_ms = slot->start_unix_ms;
    machine->bad++;
    if (!is_enough(machine, rule, slot))
        return INCIDENT_NOTHING;
    machine->open = true;
    machine->good = 0;
    machine->detected_unix_ms = slot->end_unix_ms;
    return INCIDENT_OPENS;
}

static enum incident_event
good(struct incident_machine *machine, const struct incident_rule *rule,
    const struct incident_slot *slot)
{
    if (!machine->open) {
        machine->bad = 0;
        return INCIDENT_NOTHING;
    }
    if (machine->good == 0)
        machine->good_unix_ms = slot->start_unix_ms;
    machine->good++;
    if (machine->good < rule->close_after)
        return INCIDENT_NOTHING;
    machine->end_unix_ms = machine->good_unix_ms;
    machine->open = false;
    machine->bad = 0;
    return INCIDENT_ENDS;
}

enum incident_event
incident_step(struct incident_machine *machine,
    const struct incident_rule *rule, const struct incident_slot *slot)
{
    switch (slot->verdict) {
    case VERDICT_PENDING:
        return INCIDENT_NOTHING;
    case VERDICT_UNKNOWN:
    case VERDICT_MAINT:
        return silence(machine);
    case VERDICT_DOWN:
        machine->unknown = 0;
        return bad(machine, rule, slot);
    case VERDICT_UP:
    case VERDICT_PARTIAL:
        machine->unknown = 0;
        return good(machine, rule, slot);
    }
    return INCIDENT_NOTHING;
}
