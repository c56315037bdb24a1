/*
 * alloc_fail.h - makes the n-th allocation fail, and counts them.
 *
 * Link the test with alloc_fail: the linker then leads malloc, calloc,
 * realloc and strdup of what is linked statically, which is ours, to here.
 */
#ifndef TESTS_ALLOC_FAIL_H
#define TESTS_ALLOC_FAIL_H

/* Allocations since the program started. */
long alloc_fail_count(void);

/*
 * Calls attempt(), which returns 0 or -1, with the first, the second, ...
 * allocation failing, until it needs no more.  Asserts that it returns -1
 * exactly if an allocation failed.  Returns how many it needs.
 */
int alloc_fail_each(int (*attempt)(void *ctx), void *ctx);

#endif
