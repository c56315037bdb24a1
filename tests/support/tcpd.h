/*
 * tcpd.h - a server on loopback that does to each connection what a test
 * says: what no real server would do.
 *
 * One thread, one connection after the other, blocking sockets.  A connection
 * is closed when its function returns.
 */
#ifndef TESTS_TCPD_H
#define TESTS_TCPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tcpd;

/* Called on the server's thread for each connection. */
typedef void tcpd_serve_fn(int fd, void *ctx);

/* Listens on a free port of 127.0.0.1 (or of ::1); NULL if that fails. */
struct tcpd *tcpd_start(tcpd_serve_fn *serve, void *ctx);
struct tcpd *tcpd_start_ip6(tcpd_serve_fn *serve, void *ctx);

/* Ends the connection being served, if any, and the thread. */
void tcpd_stop(struct tcpd *tcpd);

uint16_t tcpd_port(const struct tcpd *tcpd);

/* How many connections have been accepted. */
int tcpd_count(struct tcpd *tcpd);

/*
 * Reads a request's head, to the empty line; false if the peer left first.
 * `out` is a C string.
 */
bool tcpd_read_head(int fd, char *out, size_t size);

void tcpd_send(int fd, const char *text);
void tcpd_send_bytes(int fd, const void *bytes, size_t len);

/* Reads until the peer closes. */
void tcpd_wait_for_end(int fd);

/* Makes the close that follows a reset. */
void tcpd_reset_at_close(int fd);

/* A port of 127.0.0.1 where nothing listens (any more). */
uint16_t tcpd_closed_port(void);

#endif
