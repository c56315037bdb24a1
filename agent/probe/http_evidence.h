/*
 * http_evidence.h - what is kept of an answer's headers: the site's own id of
 * the request, its release, and what else helps to find out what happened.
 *
 * Pure.  Cookies and what else may be secret are never kept.
 */
#ifndef AGENT_PROBE_HTTP_EVIDENCE_H
#define AGENT_PROBE_HTTP_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "measure.h"

struct http_evidence {
    struct http_facts *facts; /* borrowed; where it is kept */
    size_t id_rank;           /* of the id that is kept; the lowest wins */
    size_t release_count;     /* of the headers that are kept */
};

/* Forgets what was kept: another answer begins. */
void http_evidence_begin(
    struct http_evidence *evidence, struct http_facts *facts);

/* One header line as it came, CRLF and all. */
void http_evidence_take(
    struct http_evidence *evidence, const char *line, size_t len);

/* Whether a header kept as evidence ("x-release: 7") tells the site's release. */
bool http_evidence_is_release(const char *header);

/*
 * The value if the line is the header `name` (lower-case); its length in
 * *value_len, without space around it.  Else NULL.
 */
const char *http_evidence_value(
    const char *line, size_t len, const char *name, size_t *value_len);

#endif
