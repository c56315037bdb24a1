#include "crash_mark.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

enum { SIGNALS = 2 };

static const int deadly[SIGNALS] = {SIGBUS, SIGSEGV};

/* What a handler can reach; set before there are threads. */
static struct {
    _Atomic(const struct store *) store; /* borrowed; NULL: none */
    struct sigaction before[SIGNALS];
} crash;

/* Then whoever was there before us has his turn: the default, or a sanitizer. */
static void
on_crash(int signal)
{
    const struct store *store = atomic_exchange(&crash.store, NULL);

    if (store != NULL)
        store_mark_suspect(store);
    for (int i = 0; i < SIGNALS; i++) {
        if (deadly[i] == signal)
            (void)sigaction(signal, &crash.before[i], NULL);
    }
    (void)raise(signal);
}

void
crash_mark_start(const struct store *store)
{
    struct sigaction action = {.sa_handler = on_crash};

    atomic_store(&crash.store, store);
    (void)sigemptyset(&action.sa_mask);
    for (int i = 0; i < SIGNALS; i++)
        (void)sigaction(deadly[i], &action, &crash.before[i]);
}

void
crash_mark_stop(void)
{
    if (atomic_exchange(&crash.store, NULL) == NULL)
        return;
    for (int i = 0; i < SIGNALS; i++)
        (void)sigaction(deadly[i], &crash.before[i], NULL);
}
