/*
 * conf_report.h - what a configuration means, for people and for programs.
 */
#ifndef COLLECTOR_CONF_REPORT_H
#define COLLECTOR_CONF_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "collector_conf.h"

/*
 * Checks the file as the collector would, the files it names included.  A good
 * one is described on `out`, warnings and mistakes go to `talk`; with `json`
 * one object on `out` holds both.  Gives the exit code: 0, or 2 where there is
 * no configuration to be had.
 */
int conf_report_file(const char *path, bool json, FILE *out, FILE *talk);

/*
 * Requests that one agent in each of a check's regions makes in a day, without
 * redirects, retries and further name servers.
 */
int64_t conf_report_requests_per_day(const struct conf_check *check);

#endif
