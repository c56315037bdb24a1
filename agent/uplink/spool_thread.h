/*
 * spool_thread.h - a thread that does one thing at a time for its owner, who
 * does not wait for it.
 *
 * The owner calls everything here from one thread.
 */
#ifndef AGENT_SPOOL_THREAD_H
#define AGENT_SPOOL_THREAD_H

#include "err.h"

struct spool_thread;

struct spool_thread *spool_thread_new(struct err *err);

/* Waits for what it does.  NULL is allowed. */
void spool_thread_free(struct spool_thread *thread);

typedef void spool_thread_fn(void *ctx);

/* Both are called on the thread, one after the other. */
struct spool_thread_job {
    spool_thread_fn *work;
    void *work_ctx;
    spool_thread_fn *done; /* says so to the owner's thread; NULL: nobody */
    void *done_ctx;
};

/* Begins it.  The last one must have been waited for. */
void spool_thread_start(
    struct spool_thread *thread, const struct spool_thread_job *job);

/* Until `work` has returned; what it has written is then the owner's. */
void spool_thread_wait(struct spool_thread *thread);

#endif
