#include "spool_thread.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

/* What LMDB needs, several times over; more would only be mapped. */
enum { STACK_BYTES = 256 * 1024 };

struct spool_thread {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct spool_thread_job job; /* by lock, as all that follows */
    bool working;
    bool ending;
    bool started; /* there is a thread to be joined */
};

static void *
live(void *ctx)
{
    struct spool_thread *thread = ctx;
    struct spool_thread_job job;

    (void)pthread_mutex_lock(&thread->lock);
    for (;;) {
        while (!thread->working && !thread->ending)
            (void)pthread_cond_wait(&thread->changed, &thread->lock);
        if (!thread->working)
            break;
        job = thread->job;
        (void)pthread_mutex_unlock(&thread->lock);
        job.work(job.work_ctx);
        (void)pthread_mutex_lock(&thread->lock);
        thread->working = false;
        /* Before anybody who waits goes on: what `done` uses is still there. */
        if (job.done != NULL)
            job.done(job.done_ctx);
        (void)pthread_cond_broadcast(&thread->changed);
    }
    (void)pthread_mutex_unlock(&thread->lock);
    return NULL;
}

/* Signals are for the owner's thread. */
static int
start(struct spool_thread *thread)
{
    pthread_attr_t attr;
    sigset_t all;
    sigset_t before;
    int rc = pthread_attr_init(&attr);

    if (rc != 0)
        return rc;
    (void)sigfillset(&all);
    rc = pthread_attr_setstacksize(&attr, STACK_BYTES);
    if (rc == 0)
        rc = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (rc == 0) {
        rc = pthread_create(&thread->thread, &attr, live, thread);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    (void)pthread_attr_destroy(&attr);
    return rc;
}

struct spool_thread *
spool_thread_new(struct err *err)
{
    struct spool_thread *thread = calloc(1, sizeof(*thread));
    int rc;

    if (thread == NULL) {
        err_set(err, ERR_NOMEM, "thread");
        return NULL;
    }
    (void)pthread_mutex_init(&thread->lock, NULL);
    (void)pthread_cond_init(&thread->changed, NULL);
    rc = start(thread);
    if (rc != 0) {
        err_sys(err, rc, "thread");
        spool_thread_free(thread);
        return NULL;
    }
    thread->started = true;
    return thread;
}

void
spool_thread_free(struct spool_thread *thread)
{
    if (thread == NULL)
        return;
    if (thread->started) {
        (void)pthread_mutex_lock(&thread->lock);
        thread->ending = true;
        (void)pthread_cond_broadcast(&thread->changed);
        (void)pthread_mutex_unlock(&thread->lock);
        (void)pthread_join(thread->thread, NULL);
    }
    (void)pthread_cond_destroy(&thread->changed);
    (void)pthread_mutex_destroy(&thread->lock);
    free(thread);
}

void
spool_thread_start(
    struct spool_thread *thread, const struct spool_thread_job *job)
{
    (void)pthread_mutex_lock(&thread->lock);
    assert(!thread->working);
    thread->job = *job;
    thread->working = true;
    (void)pthread_cond_broadcast(&thread->changed);
    (void)pthread_mutex_unlock(&thread->lock);
}

void
spool_thread_wait(struct spool_thread *thread)
{
    (void)pthread_mutex_lock(&thread->lock);
    while (thread->working)
        (void)pthread_cond_wait(&thread->changed, &thread->lock);
    (void)pthread_mutex_unlock(&thread->lock);
}
