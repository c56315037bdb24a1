/*
 * mail_mime.h - headers and bodies as mail servers accept them: folded,
 * encoded, CRLF.  Pure.
 */
#ifndef COLLECTOR_MAIL_MIME_H
#define COLLECTOR_MAIL_MIME_H

#include <stddef.h>

#include "buf.h"
#include "err.h"

/*
 * One header.  Where `value` is not plain ASCII it becomes encoded words (RFC
 * 2047, UTF-8).  Folded at 78 where there is a space to fold at, 998 at most
 * anyhow; control characters (line ends too) become '?', so that no value can
 * begin another header.
 */
int mime_put_header(
    struct buf *out, const char *name, const char *value, struct err *err);

/*
 * `len` bytes of UTF-8 text with LF line ends as quoted-printable: lines of 76
 * at most, CRLF.  The last line is ended if it is not.
 */
int mime_put_quoted(
    struct buf *out, const char *text, size_t len, struct err *err);

#endif
