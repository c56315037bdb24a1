/*
 * http_trace.h - the ids by which a site can find our request in its logs.
 */
#ifndef AGENT_PROBE_HTTP_TRACE_H
#define AGENT_PROBE_HTTP_TRACE_H

enum { HTTP_TRACE_ID_BYTES = 37, HTTP_TRACE_PARENT_BYTES = 56 };

/* A random UUID (RFC 9562, version 4). */
void http_trace_put_id(char out[HTTP_TRACE_ID_BYTES]);

/* A random, sampled "traceparent" of W3C Trace Context. */
void http_trace_put_parent(char out[HTTP_TRACE_PARENT_BYTES]);

#endif
