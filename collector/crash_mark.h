/*
 * crash_mark.h - a collector that dies by SIGBUS or SIGSEGV says so beside its
 * store before it does: a page of it may be damaged where a first look does not
 * see it, and without that word the next start would end in the same way.
 */
#ifndef COLLECTOR_CRASH_MARK_H
#define COLLECTOR_CRASH_MARK_H

#include "store.h"

/* One store a process; it is borrowed until crash_mark_stop(). */
void crash_mark_start(const struct store *store);
void crash_mark_stop(void);

#endif
