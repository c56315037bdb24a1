/*
 * in_child.h - runs a function in a process of its own: what a process gives
 * up is given up for good, and a test needs a fresh one for each case.
 */
#ifndef TESTS_IN_CHILD_H
#define TESTS_IN_CHILD_H

#include <stdbool.h>

/* What a child returns when it could not even begin. */
enum { IN_CHILD_COULD_NOT = 99 };

/* Says with a small number what it saw. */
typedef int in_child_fn(void *ctx);

/* Fails the test if the child dies of a signal. */
int in_child(in_child_fn *fn, void *ctx);

/* Skips the test, and says why, where the kernel has no seccomp filters. */
void skip_without_seccomp(void);

/* Whether a sanitizer is built in, which needs some calls more. */
bool is_sanitized(void);

#endif
