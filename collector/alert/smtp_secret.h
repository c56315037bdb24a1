/*
 * smtp_secret.h - a password from a file that nobody else may read.
 */
#ifndef COLLECTOR_SMTP_SECRET_H
#define COLLECTOR_SMTP_SECRET_H

#include <stddef.h>

#include "err.h"

enum { SMTP_SECRET_BYTES = 1024 };

/*
 * Reads the first line.  The file must be a plain one with no rights for
 * others (mode 0600), or lie in systemd's credentials directory.  Wipe `out`
 * after use with explicit_bzero().
 */
int smtp_secret_read(
    const char *path, char out[SMTP_SECRET_BYTES], struct err *err);

#endif
