/*
 * writer_lock.h - one writer in one folder: a file that is locked as long as
 * the writer lives, with its process number in it.
 */
#ifndef COLLECTOR_WRITER_LOCK_H
#define COLLECTOR_WRITER_LOCK_H

#include "err.h"

/*
 * Gives a descriptor that holds the lock until it is closed, or -1: ERR_BUSY
 * where another process has it (its number is in the message).
 */
int writer_lock_open(const char *dir, struct err *err);

#endif
