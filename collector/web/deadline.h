/*
 * deadline.h - no connection lasts longer than a request takes.
 *
 * libmicrohttpd ends a connection that is silent; one that sends a byte now
 * and then stays for ever.  Here each connection has its moment of birth, and
 * one that is too old is shut down, whatever it is doing: libmicrohttpd then
 * meets the end of it and closes.  Called from several threads.
 */
#ifndef COLLECTOR_DEADLINE_H
#define COLLECTOR_DEADLINE_H

#include <pthread.h>
#include <stdint.h>

enum { DEADLINE_CONNECTIONS_MAX = 128 };

struct deadline {
    pthread_mutex_t lock;
    int fds[DEADLINE_CONNECTIONS_MAX]; /* borrowed; -1: free */
    int64_t born_ns[DEADLINE_CONNECTIONS_MAX];
};

void deadline_init(struct deadline *deadline);
void deadline_free(struct deadline *deadline);

/* A connection began; its descriptor is open until deadline_forget(). */
void deadline_note(struct deadline *deadline, int fd, int64_t now_ns);
void deadline_forget(struct deadline *deadline, int fd);

/* Shuts down what was born before that moment; gives how many these were. */
int deadline_cut(struct deadline *deadline, int64_t before_ns);

#endif
