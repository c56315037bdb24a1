/*
 * dns_conf.h - what this machine says of names: resolv.conf and hosts, and
 * name servers as people write them.
 *
 * Both files are read as libc reads them: what is not understood is passed
 * over, for they belong to the machine and not to us.
 */
#ifndef AGENT_DNS_CONF_H
#define AGENT_DNS_CONF_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "buf.h"
#include "err.h"
#include "text.h"

enum {
    DNS_SERVERS_MAX = 8,
    DNS_SEARCH_MAX = 6,
    DNS_SERVER_TEXT_BYTES = 64,
    DNS_FILE_MAX_BYTES =
        4 << 20 /* hosts files that block advertising are big */
};

struct dns_server {
    struct sockaddr_storage addr;
    socklen_t addr_len;
};

struct dns_servers {
    struct dns_server items[DNS_SERVERS_MAX];
    size_t count;
};

struct dns_conf {
    struct dns_servers servers; /* at least one: 127.0.0.1 if none is named */
    char search[DNS_SEARCH_MAX][256];
    size_t search_count;
    int ndots;          /* names with fewer dots try the search list first */
    int64_t timeout_ns; /* for one server; 0: not said */
    int attempts;       /* rounds over the servers; 0: not said */
};

/* Reads the text of a resolv.conf. */
void dns_conf_take(const char *text, struct dns_conf *out);

/* "IP", "IP#PORT", "[IP]#PORT". */
int dns_server_take(const char *text, struct dns_server *out, struct err *err);

/* The address, with "#port" unless that is 53. */
void dns_server_put(
    const struct dns_server *server, char out[DNS_SERVER_TEXT_BYTES]);

/* `addr` is good only during the call.  Other than 0 stops. */
typedef int dns_hosts_fn(
    void *ctx, const struct sockaddr_storage *addr, socklen_t addr_len);

/* Calls `fn` for each address that a hosts file's text gives the name. */
int dns_hosts_each(
    const char *text, const char *name, dns_hosts_fn *fn, void *ctx);

/* A small file of the machine's, kept in memory and read when it changes. */
struct dns_file {
    const char *path; /* borrowed */
    struct buf text;
    struct timespec changed;
    ino_t inode;
    off_t size;
};

void dns_file_init(struct dns_file *file, const char *path);
void dns_file_free(struct dns_file *file);

/*
 * Looks whether the file has changed and reads it.  Returns its text, good
 * until the next call; a file that is absent or cannot be read is empty.
 */
const char *dns_file_text(struct dns_file *file);

#endif
