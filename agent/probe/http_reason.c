#include "http_reason.h"

#include <string.h>

/* Of bytes that arrived: chunks or frames that are none, too much of a head. */
static bool
is_unreadable(const char *words)
{
    return strstr(words, "chunked-encoding") != NULL ||
           strstr(words, "nghttp2_session_mem_recv") != NULL;
}

enum measure_reason
http_reason(CURLcode code, const char *words)
{
    switch ((int)code) { /* foreign and large: a default is right here */
    case CURLE_OK:
        return REASON_NONE;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
        return REASON_AGENT_LIMIT;
    case CURLE_OPERATION_TIMEDOUT:
        return REASON_HTTP_TIMEOUT;
    case CURLE_GOT_NOTHING:  /* closed before the first byte */
    case CURLE_PARTIAL_FILE: /* closed before the last */
    case CURLE_SEND_ERROR:
    case CURLE_HTTP2_STREAM: /* the server gave this stream up */
        return REASON_HTTP_RESET;
    case CURLE_FILESIZE_EXCEEDED:
        return REASON_HTTP_TOO_LARGE;
    case CURLE_RECV_ERROR:
        return is_unreadable(words) ? REASON_HTTP_MALFORMED : REASON_HTTP_RESET;
    default:
        return REASON_HTTP_MALFORMED;
    }
}

enum measure_reason
http_reason_of_deadline(enum phase phase)
{
    if (phase == PHASE_DNS)
        return REASON_DNS_TIMEOUT;
    if (phase == PHASE_CONNECT)
        return REASON_CONNECT_TIMEOUT;
    if (phase == PHASE_TLS)
        return REASON_TLS_TIMEOUT;
    return REASON_HTTP_TIMEOUT;
}
