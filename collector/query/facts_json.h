/*
 * facts_json.h - a measure and what it saw, as the contract's JSON names it.
 */
#ifndef COLLECTOR_FACTS_JSON_H
#define COLLECTOR_FACTS_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "measure.h"

/* {"dns": 812, ..., "total": 64332}: the phases of one exchange, null where
 * not reached; a page's figures only where they are. */
json_t *phases_json(const int64_t phase_us[PHASE_COUNT]);

/* The parts "http", "tls", "dns" of `probe --json`; null without facts. */
json_t *http_facts_json(const struct http_facts *http);
json_t *tls_facts_json(const struct tls_facts *tls, int64_t now_unix_ms);
json_t *dns_facts_json(const struct dns_facts *dns);

/* RFC 3339, or null for 0. */
json_t *moment_json(int64_t unix_ms);

/* The fixed name of a reason, or null for none. */
json_t *reason_json(enum measure_reason reason);

/* The name of the phase that failed, or null. */
json_t *failed_phase_json(const struct measure *measure);

#endif
