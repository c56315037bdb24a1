/*
 * tcp_model.h - how long a download takes over one TCP connection: handshakes,
 * slow start, and HTTP/2's use of what a window had left.  Pure.
 *
 * The model is Lantern's, that of Lighthouse's simulated throttling
 * (trace_engine, models/trace/lantern/simulation/TCPConnection.js), down to
 * the order of its additions, so that results are equal to the last bit.
 * Times are ms and sizes bytes, both double, because Lantern's are; a size is
 * double also because a rate without limit makes windows without limit.
 */
#ifndef AGENT_TCP_MODEL_H
#define AGENT_TCP_MODEL_H

#include <stdbool.h>

enum { TCP_MODEL_SEGMENT_BYTES = 1460, TCP_MODEL_FIRST_WINDOW = 10 };

struct tcp_model {
    double rtt_ms;
    double bits_per_s; /* this connection's share; INFINITY: no limit */
    double server_ms;  /* from the whole request to the answer's first byte */
    bool tls;
    bool h2;
    bool warmed;           /* has answered before: no handshakes */
    double window;         /* congestion window, in segments */
    double overflow_bytes; /* h2: what the last window still had room for */
};

/* Where in its life a download is. */
struct tcp_model_ask {
    double bytes;      /* still to come */
    double elapsed_ms; /* since it was begun */
    double at_most_ms; /* how long to go on; INFINITY: to the end */
    double dns_ms;     /* until the name is known; 0 if it is */
};

struct tcp_model_answer {
    double elapsed_ms; /* may pass at_most_ms, by less than a round trip */
    double round_trips;
    double bytes;       /* arrived */
    double extra_bytes; /* h2: room left in the last window */
    double window;      /* at the end */
    double connect_ms;  /* handshakes and request, without the name */
    double ttfb_ms;
};

struct tcp_model tcp_model_cold(
    double rtt_ms, double bits_per_s, double server_ms, bool tls, bool h2);

/* Changes nothing: who goes on with the answer puts it into the connection. */
struct tcp_model_answer tcp_model_download(
    const struct tcp_model *tcp, const struct tcp_model_ask *ask);

/* How many connections of one segment a round trip fill the line. */
double tcp_model_saturating(double rtt_ms, double bits_per_s);

#endif
