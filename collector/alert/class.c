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

static const struct {
    const char *name;
    enum conf_severity severity;
} classes[ALERT_CLASS_COUNT] = {
    [ALERT_SITE_DOWN] = {"SITE_DOWN", SEVERITY_PAGE},
    [ALERT_REGIONAL] = {"REGIONAL", SEVERITY_NOTIFY},
    [ALERT_FORM_FAILING] = {"FORM_FAILING", SEVERITY_PAGE},
    [ALERT_COLLECTOR_ISOLATED] = {"COLLECTOR_ISOLATED", SEVERITY_PAGE},
    [ALERT_AGENT_OFFLINE] = {"AGENT_OFFLINE", SEVERITY_NOTIFY},
    [ALERT_REGION_BLIND] = {"REGION_BLIND", SEVERITY_NOTIFY},
    [ALERT_AGENT_NETWORK] = {"AGENT_NETWORK", SEVERITY_DIGEST},
    [ALERT_REGION_NETWORK] = {"REGION_NETWORK", SEVERITY_NOTIFY},
    [ALERT_SLOW] = {"SLOW", SEVERITY_TICKET},
    [ALERT_P95] = {"P95", SEVERITY_TICKET},
    [ALERT_BUDGET] = {"BUDGET", SEVERITY_TICKET},
    [ALERT_CERT] = {"CERT", SEVERITY_TICKET},
    [ALERT_DNS] = {"DNS", SEVERITY_TICKET},
    [ALERT_FAMILY] = {"FAMILY", SEVERITY_TICKET},
    [ALERT_MAIL] = {"MAIL", SEVERITY_TICKET},
    [ALERT_STORE_FULL] = {"STORE_FULL", SEVERITY_NOTIFY},
    [ALERT_AGENT_CLOCK] = {"AGENT_CLOCK", SEVERITY_NOTIFY},
    [ALERT_CONFIG_REJECTED] = {"CONFIG_REJECTED", SEVERITY_NOTIFY},
    [ALERT_DUPLICATE_AGENT] = {"DUPLICATE_AGENT", SEVERITY_NOTIFY},
    [ALERT_STORE_DAMAGED] = {"STORE_DAMAGED", SEVERITY_NOTIFY},
    [ALERT_BACKUP_FAILED] = {"BACKUP_FAILED", SEVERITY_NOTIFY},
    [ALERT_FLAPPING] = {"FLAPPING", SEVERITY_NOTIFY},
};

enum conf_severity alert_severity_of(enum alert_class class)
{
    return class < ALERT_CLASS_COUNT ? classes[class].severity
                                     : SEVERITY_DIGEST;
}

const char *
alert_class_name(int class)
{
    return class >= 0 && class < ALERT_CLASS_COUNT ? classes[class].name : NULL;
}

int64_t
alert_wait_ms(enum conf_severity severity)
{
    return severity == SEVERITY_PAGE ? WAIT_PAGE_MS : WAIT_REST_MS;
}
