/*
 * http_reason.h - what libcurl's errors mean in our closed list.
 *
 * Pure.
 */
#ifndef AGENT_PROBE_HTTP_REASON_H
#define AGENT_PROBE_HTTP_REASON_H

#include <curl/curl.h>

#include "measure.h"

/*
 * Of a transfer that failed after connecting and shaking hands: earlier phases
 * know better, from errno and OpenSSL.  `words` is libcurl's error buffer: it
 * has one code for a connection that broke and for bytes that cannot be read.
 */
enum measure_reason http_reason(CURLcode code, const char *words);

/* What a deadline means that comes in `phase`. */
enum measure_reason http_reason_of_deadline(enum phase phase);

#endif
