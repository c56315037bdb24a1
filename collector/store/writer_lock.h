/*
 * writer_lock.h - one writer in one folder: a file that is locked as long as
 * the writer lives, with its process number in it.
 */
#ifndef COLLECTOR_WRITER_LOCK_H
#define COLLECTOR_WRITER_LOCK_H

#include <stdbool.h>

#include "err.h"

/*
 * Gives a descriptor that holds the lock until it is closed, or -1: ERR_BUSY
 * where another process has it (its number is in the message).
 */
int writer_lock_open(const char *dir, struct err *err);

/*
 * Notes in the lock's file that the store may be damaged where a first look
 * does not see it.  From a signal's handler, too.
 */
void writer_lock_mark(int fd);
bool writer_lock_is_marked(int fd);
void writer_lock_unmark(int fd);

#endif
