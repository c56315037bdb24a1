/*
 * notify.h - what systemd, or whoever else started us, wants to be told:
 * sd_notify(3)'s datagrams, without its library.
 *
 * The watchdog's pings come from the loop itself, at half of what was asked
 * for: a loop that hangs sends none, and is killed and started again.  Where
 * $NOTIFY_SOCKET is not set everything here does nothing.
 */
#ifndef AGENT_NOTIFY_H
#define AGENT_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "loop.h"

struct notify;

/*
 * Reads $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID.  Values that cannot
 * be used are logged, and are as good as none.  NULL: memory is out.  The loop
 * is borrowed.
 */
struct notify *notify_open(struct loop *loop, struct err *err);

/* NULL is allowed. */
void notify_close(struct notify *notify);

/* The start is done: `status` is a line for people.  Pings begin. */
void notify_ready(struct notify *notify, const char *status);

/* A reload begins; it ends with notify_ready(). */
void notify_reloading(struct notify *notify);

/* The end begins; pings go on until notify_close(). */
void notify_stopping(struct notify *notify);

/* Between two pings; 0: nobody watches. */
int64_t notify_ping_every_ns(const struct notify *notify);

/* The socket has no path but a name: Linux's abstract kind. */
bool notify_is_abstract(const struct notify *notify);

#endif
