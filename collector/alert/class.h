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
    ALERT_CLASS_COUNT
};

/* `scope` is "global" or a region's name. */
enum alert_class alert_class_of(enum check_kind kind, const char *scope);

enum conf_severity alert_severity_of(enum alert_class class);

/* "SITE_DOWN"; outside the enum NULL. */
const char *alert_class_name(int class);

/* How long the first telling waits. */
int64_t alert_wait_ms(enum conf_severity severity);

#endif
