/*
 * http_trace.h - the ids by which a site can find our request in its logs.
 */
#ifndef AGENT_PROBE_HTTP_TRACE_H
#define AGENT_PROBE_HTTP_TRACE_H

enum { HTTP_TRACE_ID_BYTES = 37, HTTP_TRACE_PARENT_BYTES = 56 };

/* A random UUID (RFC 9562, version 4). */
void http_trace_put_id(char out[HTTP_TRACE_ID_BYTES]);

/*
 * A sampled "traceparent" of W3C Trace Context whose trace is the UUID `id`,
 * so that one number finds the request in the logs and in the traces; its
 * parent is random.
 */
void http_trace_put_parent(
    const char id[HTTP_TRACE_ID_BYTES], char out[HTTP_TRACE_PARENT_BYTES]);

#endif
