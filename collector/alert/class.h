/*
 * class.h - what kind of alert an incident is, and how severe.  Pure; the
 * table is that of semantics.md, "Telling apart whose fault it is".
 */
#ifndef COLLECTOR_CLASS_H
#define COLLECTOR_CLASS_H

#include <stdint.h>

#include "check.h"
#include "collector_conf.h"

/* Stored: may only grow at its end. */
enum alert_class {
    ALERT_SITE_DOWN,
    ALERT_REGIONAL,
    ALERT_FORM_FAILING,
    ALERT_COLLECTOR_ISOLATED, /* every agent silent at once: it is our line */
    ALERT_AGENT_OFFLINE,
    ALERT_REGION_BLIND,   /* all agents of a region silent */
    ALERT_AGENT_NETWORK,  /* an agent's self-check fails */
    ALERT_REGION_NETWORK, /* many sites bad from one region, and from no other */
    ALERT_SLOW,
    ALERT_P95,    /* expect.p95 missed over the last hour */
    ALERT_BUDGET, /* of the month's downtime */
    ALERT_CERT,
    ALERT_DNS,
    ALERT_FAMILY, /* one of IPv4 and IPv6 is broken */
    ALERT_MAIL,   /* a domain's mail set-up */
    ALERT_STORE_FULL,
    ALERT_AGENT_CLOCK,
    ALERT_CONFIG_REJECTED,
    ALERT_DUPLICATE_AGENT,
    ALERT_STORE_DAMAGED,
    ALERT_BACKUP_FAILED,
    ALERT_FLAPPING, /* up and down all the time; as severe as its incidents */
    ALERT_CLASS_COUNT
};

/* `scope` is "global" or a region's name. */
enum alert_class alert_class_of(enum check_kind kind, const char *scope);

/* What it has unless whoever raises it knows better. */
enum conf_severity alert_severity_of(enum alert_class class);

/* "SITE_DOWN"; outside the enum NULL. */
const char *alert_class_name(int class);

/* How long the first telling waits. */
int64_t alert_wait_ms(enum conf_severity severity);

#endif
