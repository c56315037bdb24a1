/*
 * bench_line.c - what libzmq with CURVE moves from agents to a collector that
 * does nothing: DEALERs to one ROUTER over TCP on this machine.
 *
 *   bench_line FRAME_BYTES SECONDS [AGENTS]
 *
 * Prints frames a second, and the CPU time of both ends a frame in us.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <zmq.h>

#include "clock.h"

enum { AGENTS_DEFAULT = 50, AGENTS_MAX = 1000, KEY_TEXT = 41 };

static const char endpoint[] = "tcp://127.0.0.1:*";

struct line {
    char server_public[KEY_TEXT];
    char server_secret[KEY_TEXT];
    char address[128];
    size_t frame_bytes;
    int agents;
    atomic_bool ended;
};

static void
die(const char *what)
{
    (void)fprintf(
        stderr, "bench_line: %s: %s\n", what, zmq_strerror(zmq_errno()));
    exit(1);
}

static void *
connect_agent(void *context, const struct line *line)
{
    char public_text[KEY_TEXT];
    char secret_text[KEY_TEXT];
    void *socket = zmq_socket(context, ZMQ_DEALER);
    int linger = 0;

    if (socket == NULL || zmq_curve_keypair(public_text, secret_text) != 0)
        die("agent");
    (void)zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger));
    (void)zmq_setsockopt(
        socket, ZMQ_CURVE_SERVERKEY, line->server_public, KEY_TEXT);
    (void)zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public_text, KEY_TEXT);
    (void)zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_text, KEY_TEXT);
    if (zmq_connect(socket, line->address) != 0)
        die(line->address);
    return socket;
}

/* Sends on all lines for as long as they take something. */
static void *
send_on(void *arg)
{
    static void *sockets[AGENTS_MAX];
    struct line *line = arg;
    void *context = zmq_ctx_new();
    char *frame = calloc(1, line->frame_bytes);

    if (context == NULL || frame == NULL)
        die("agents");
    for (int i = 0; i < line->agents; i++)
        sockets[i] = connect_agent(context, line);
    while (!atomic_load(&line->ended)) {
        bool any = false;

        for (int i = 0; i < line->agents; i++)
            any |= zmq_send(sockets[i], frame, line->frame_bytes,
                       ZMQ_DONTWAIT) != -1;
        if (!any)
            (void)zmq_poll(NULL, 0, 1);
    }
    for (int i = 0; i < line->agents; i++)
        (void)zmq_close(sockets[i]);
    (void)zmq_ctx_term(context);
    free(frame);
    return NULL;
}

static void *
bind_router(void *context, struct line *line)
{
    void *socket = zmq_socket(context, ZMQ_ROUTER);
    int on = 1;
    int wait_ms = 1000;
    size_t len = sizeof(line->address);

    if (socket == NULL ||
        zmq_curve_keypair(line->server_public, line->server_secret) != 0)
        die("router");
    (void)zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &on, sizeof(on));
    (void)zmq_setsockopt(socket, ZMQ_RCVTIMEO, &wait_ms, sizeof(wait_ms));
    (void)zmq_setsockopt(
        socket, ZMQ_CURVE_SECRETKEY, line->server_secret, KEY_TEXT);
    if (zmq_bind(socket, endpoint) != 0 ||
        zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, line->address, &len) != 0)
        die("bind");
    return socket;
}

static double
cpu_us(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return 1e6 * (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Frames that arrived whole within that time. */
static long
receive_for(void *socket, const struct line *line, int64_t for_ns)
{
    int64_t end_ns = clock_mono_ns() + for_ns;
    long frames = 0;

    while (clock_mono_ns() < end_ns) {
        zmq_msg_t msg;

        (void)zmq_msg_init(&msg);
        if (zmq_msg_recv(&msg, socket, 0) != -1 && !zmq_msg_more(&msg) &&
            zmq_msg_size(&msg) == line->frame_bytes)
            frames++;
        (void)zmq_msg_close(&msg);
    }
    return frames;
}

int
main(int argc, char **argv)
{
    struct line line = {.agents = AGENTS_DEFAULT};
    void *context = zmq_ctx_new();
    void *socket;
    pthread_t agents;
    double spent_us;
    long frames;
    long seconds;

    if (argc < 3 || argc > 4) {
        (void)fprintf(
            stderr, "usage: bench_line FRAME_BYTES SECONDS [AGENTS]\n");
        return 2;
    }
    line.frame_bytes = (size_t)strtoul(argv[1], NULL, 10);
    seconds = strtol(argv[2], NULL, 10);
    if (argc == 4)
        line.agents = (int)strtol(argv[3], NULL, 10);
    if (line.frame_bytes == 0 || seconds < 1 || line.agents < 1 ||
        line.agents > AGENTS_MAX)
        return 2;
    socket = bind_router(context, &line);
    if (pthread_create(&agents, NULL, send_on, &line) != 0)
        die("thread");
    (void)receive_for(socket, &line, NS_PER_SEC); /* the handshakes */
    spent_us = cpu_us();
    frames = receive_for(socket, &line, seconds * NS_PER_SEC);
    spent_us = cpu_us() - spent_us;
    atomic_store(&line.ended, true);
    (void)pthread_join(agents, NULL);
    (void)zmq_close(socket);
    (void)zmq_ctx_term(context);
    (void)printf("%.0f %.2f\n", (double)frames / (double)seconds,
        frames > 0 ? spent_us / (double)frames : 0);
    return frames > 0 ? 0 : 1;
}
