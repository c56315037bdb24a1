#include "tcp_model.h"

#include <math.h>

struct tcp_model
tcp_model_cold(
    double rtt_ms, double bits_per_s, double server_ms, bool tls, bool h2)
{
    return (struct tcp_model){.rtt_ms = rtt_ms,
        .bits_per_s = bits_per_s,
        .server_ms = server_ms,
        .tls = tls,
        .h2 = h2,
        .window = TCP_MODEL_FIRST_WINDOW};
}

static double
window_limit(const struct tcp_model *tcp)
{
    double bytes_per_s = tcp->bits_per_s / 8;
    double trip_s = tcp->rtt_ms / 1000;

    return floor(bytes_per_s * trip_s / TCP_MODEL_SEGMENT_BYTES);
}

/* Until the request is with the server; one half trip at a time, since the
 * order of additions decides the last bit. */
static double
handshakes_ms(const struct tcp_model *tcp, double dns_ms)
{
    double half_ms = tcp->rtt_ms / 2;

    if (tcp->warmed)
        return half_ms;
    return dns_ms + half_ms + half_ms + half_ms +
           (tcp->tls ? tcp->rtt_ms : 0.0);
}

struct tcp_model_answer
tcp_model_download(const struct tcp_model *tcp, const struct tcp_model_ask *ask)
{
    bool warm_h2 = tcp->warmed && tcp->h2;
    double wanted = warm_h2 ? ask->bytes - tcp->overflow_bytes : ask->bytes;
    double shakes_ms = handshakes_ms(tcp, ask->dns_ms);
    double limit = window_limit(tcp);
    struct tcp_model_answer answer = {
        .round_trips = ceil(shakes_ms / tcp->rtt_ms),
        .window = fmin(tcp->window, limit),
        .connect_ms = tcp->warmed ? shakes_ms : shakes_ms - ask->dns_ms,
        /* A warm HTTP/2 connection is taken to be pipelined. */
        .ttfb_ms =
            warm_h2 ? 0.0 : shakes_ms + tcp->server_ms + tcp->rtt_ms / 2};
    double first_ms = fmax(answer.ttfb_ms - ask->elapsed_ms, 0.0);
    double down_ms = 0.0;
    double total = 0.0;
    double left;

    if (first_ms > 0.0)
        total = answer.window * TCP_MODEL_SEGMENT_BYTES;
    else
        answer.round_trips = 0.0;
    left = wanted - total;
    while (left > 0.0 && down_ms <= ask->at_most_ms - first_ms) {
        double step;

        answer.round_trips++;
        down_ms += tcp->rtt_ms;
        answer.window = fmax(fmin(limit, answer.window * 2), 1.0);
        step = answer.window * TCP_MODEL_SEGMENT_BYTES;
        total += step;
        left -= step;
    }
    answer.elapsed_ms = first_ms + down_ms;
    answer.bytes = fmax(fmin(total, wanted), 0.0);
    answer.extra_bytes = tcp->h2 ? fmax(total - wanted, 0.0) : 0.0;
    return answer;
}

double
tcp_model_saturating(double rtt_ms, double bits_per_s)
{
    double trips_per_s = 1000 / rtt_ms;

    return floor(bits_per_s / (trips_per_s * TCP_MODEL_SEGMENT_BYTES * 8));
}
