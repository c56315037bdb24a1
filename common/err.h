/*
 * err.h - what went wrong, and during what.
 *
 * A function that can fail takes a `struct err *` as its last parameter and
 * returns 0 or -1 (constructors: an object or NULL).  On failure it fills the
 * error exactly once.  Callers handle it, or add what they were doing with
 * err_wrap() and pass -1 on.  Only main() and the event handlers that have
 * nobody to report to may log it.
 */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

enum err_code {
    ERR_NONE = 0,
    ERR_NOMEM,   /* an allocation failed */
    ERR_SYS,     /* a system call failed; see sys_errno */
    ERR_PARSE,   /* outside input is malformed */
    ERR_LIMIT,   /* outside input is well formed, but more than we accept */
    ERR_TIMEOUT, /* a deadline passed */
    ERR_PEER,    /* the other end broke the protocol or went away */
    ERR_FULL,    /* the disk or the database map is full; nothing was changed */
    ERR_BUSY,    /* somebody else holds what must be held alone */
    ERR_STATE    /* what is stored is not what this program wrote */
};

struct err {
    enum err_code code;
    int sys_errno; /* 0 unless code is ERR_SYS */
    char msg[512]; /* one line, no newline, truncated if longer */
};

/* Records a failure.  Returns -1, so that `return err_set(...)` reads well. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Records a failed system call; its errno is the second argument. */
int err_sys(struct err *err, int sys_errno, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "<context>: " in front of the message already in `err`.  Returns -1. */
int err_wrap(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
