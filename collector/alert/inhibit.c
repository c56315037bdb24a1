#include "inhibit.h"

bool
inhibit_mutes(const struct notice *loud, const struct notice *quiet)
{
    if (loud->severity < quiet->severity)
        return false;
    return loud->class == ALERT_SITE_DOWN && quiet->class == ALERT_REGIONAL &&
           quiet->check == loud->check;
}

bool
inhibit_is_muted(const struct notice_list *list, size_t at)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct notice *loud = &list->items[i];

        if (i != at && loud->state == INCIDENT_OPEN && loud->fresh &&
            inhibit_mutes(loud, &list->items[at]))
            return true;
    }
    return false;
}
