#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

/*
 * A message is one line that can be shown anywhere, whatever came in through
 * its arguments: they quote files, answers and certificates of strangers.
 */
static void
flatten(struct err *err)
{
    char msg[sizeof(err->msg)];

    memcpy(msg, err->msg, sizeof(msg));
    for (char *at = msg; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = ' ';
    }
    text_put_harmless(msg, strlen(msg), err->msg, sizeof(err->msg));
}

int
err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
    va_list ap;

    err->code = code;
    err->sys_errno = 0;
    va_start(ap, fmt);
    (void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
    va_end(ap);
    flatten(err);
    return -1;
}

int
err_sys(struct err *err, int sys_errno, const char *fmt, ...)
{
    va_list ap;
    size_t len;

    err->code = ERR_SYS;
    err->sys_errno = sys_errno;
    va_start(ap, fmt);
    (void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
    va_end(ap);
    len = strlen(err->msg);
    (void)snprintf(
        err->msg + len, sizeof(err->msg) - len, ": %s", strerror(sys_errno));
    flatten(err);
    return -1;
}

int
err_wrap(struct err *err, const char *fmt, ...)
{
    char inner[sizeof(err->msg)];
    va_list ap;
    size_t len;

    memcpy(inner, err->msg, sizeof(inner));
    va_start(ap, fmt);
    (void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
    va_end(ap);
    len = strlen(err->msg);
    (void)snprintf(err->msg + len, sizeof(err->msg) - len, ": %s", inner);
    flatten(err);
    return -1;
}
