#include "class.h"

#include <stddef.h>
#include <string.h>

enum { WAIT_PAGE_MS = 5000, WAIT_REST_MS = 30000 };

enum alert_class
alert_class_of(enum check_kind kind, const char *scope)
{
    if (strcmp(scope, "global") != 0)
        return ALERT_REGIONAL;
    return kind == CHECK_FORM ? ALERT_FORM_FAILING : ALERT_SITE_DOWN;
}

enum conf_severity alert_severity_of(enum alert_class class)
{
    switch (class) {
    case ALERT_SITE_DOWN:
    case ALERT_FORM_FAILING:
        return SEVERITY_PAGE;
    case ALERT_REGIONAL:
        return SEVERITY_NOTIFY;
    case ALERT_CLASS_COUNT:
        break;
    }
    return SEVERITY_DIGEST;
}

const char *
alert_class_name(int class)
{
    static const char *const names[ALERT_CLASS_COUNT] = {
        [ALERT_SITE_DOWN] = "SITE_DOWN",
        [ALERT_REGIONAL] = "REGIONAL",
        [ALERT_FORM_FAILING] = "FORM_FAILING",
    };

    return class >= 0 && class < ALERT_CLASS_COUNT ? names[class] : NULL;
}

int64_t
alert_wait_ms(enum conf_severity severity)
{
    return severity == SEVERITY_PAGE ? WAIT_PAGE_MS : WAIT_REST_MS;
}
