/*
 * in_child.h - does something that may kill the process in a child of it.
 *
 * LMDB 0.9 reads through a map: a page that a torn file does not have is a
 * SIGBUS, and a page of garbage can be anything.  What looks at such a file
 * first, does it here.
 */
#ifndef COLLECTOR_IN_CHILD_H
#define COLLECTOR_IN_CHILD_H

#include "err.h"

enum { IN_CHILD_MAX = 100 };

/* Gives 0 to IN_CHILD_MAX, or -1 with an error. */
typedef int in_child_fn(void *ctx, struct err *err);

/*
 * Runs `fn` in a child and gives what it gave, its error too.  A child that
 * dies is ERR_STATE, one that takes longer than `max_s` ERR_TIMEOUT.  Call it
 * before there are other threads.
 */
int in_child(in_child_fn *fn, void *ctx, unsigned max_s, struct err *err);

#endif
