/*
 * agent_conf.h - the agent's own small file: written by `enrol`, read by
 * `run`.
 *
 * A folder holds agent.yaml (where the collector is, who we are, and what an
 * operator may add: bind, self_check, spool_cap, confine) and agent.key (our key pair,
 * mode 0600, and refused if anybody else can read it).  Keys are written as
 * 64 hexadecimal digits.
 *
 *   endpoint: tcp://collector.acme.example:7411
 *   collector_key: 3f...   # public
 *   name: eu1
 *   key_file: agent.key    # relative to this folder, like spool
 *   spool: spool
 *   spool_cap: 256MiB      # may be left out, as what follows
 *   bind: 192.0.2.7        # or a list of one IPv4 and one IPv6 address
 *   self_check: {targets: ["192.0.2.1:443", ...], resolvers: [192.0.2.1]}
 *   confine: on            # off: where seccomp or Landlock are in the way
 */
#ifndef AGENT_CONF_H
#define AGENT_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "text.h"

enum { AGENT_CONF_KEY_BYTES = 32, AGENT_CONF_IP_BYTES = 46 };

struct agent_keys {
    uint8_t public_key[AGENT_CONF_KEY_BYTES];
    uint8_t secret_key[AGENT_CONF_KEY_BYTES];
};

struct agent_conf {
    char *endpoint; /* owned; "tcp://host:port" */
    uint8_t collector_key[AGENT_CONF_KEY_BYTES];
    char name[65];
    char *key_path;  /* owned; complete, as the next one */
    char *spool_dir; /* owned */
    struct agent_keys keys;
    int64_t spool_cap_bytes;
    char bind_ip4[AGENT_CONF_IP_BYTES]; /* "" unless configured */
    char bind_ip6[AGENT_CONF_IP_BYTES];
    bool unconfined; /* the kernel is not asked to keep us from anything */

    /* Instead of what the collector sends along; see `self_check_given`. */
    bool self_check_given;
    bool self_check_off;
    struct strlist self_check_targets;   /* "IP:PORT", "[IP]:PORT" */
    struct strlist self_check_resolvers; /* "IP" or "IP#PORT" */
};

/* Told each mistake of agent.yaml, a whole line without newline. */
typedef void agent_conf_mistake_fn(void *ctx, const char *line);

/*
 * Reads DIR/agent.yaml and the key file it names.  NULL: err says what and
 * what to do; mistakes of the YAML are told first, each with its place.
 */
struct agent_conf *agent_conf_read(const char *dir,
    agent_conf_mistake_fn *mistake, void *ctx, struct err *err);

/* The same from text; no file is read, `keys` stays zero. */
struct agent_conf *agent_conf_parse(const char *dir, const char *text,
    size_t len, agent_conf_mistake_fn *mistake, void *ctx, struct err *err);

/* NULL is allowed; the secret key is wiped. */
void agent_conf_free(struct agent_conf *conf);

/*
 * Whether both mean the same line to the same collector: endpoint, its key,
 * our name and keys.
 */
bool agent_conf_same_line(
    const struct agent_conf *a, const struct agent_conf *b);

enum { AGENT_CONF_WAITING_BYTES = 80 };

/*
 * Names, with commas, what differs and takes effect only at the next start:
 * "spool_cap,bind"; "" if nothing does.
 */
void agent_conf_put_waiting(const struct agent_conf *then,
    const struct agent_conf *now, char out[AGENT_CONF_WAITING_BYTES]);

/* What `enrol` knows. */
struct agent_enrolled {
    const char *endpoint;
    const char *name;
    const uint8_t *collector_key; /* AGENT_CONF_KEY_BYTES */
    struct agent_keys keys;
};

/*
 * Makes DIR (0700) if absent and writes both files into it, the key first;
 * each appears whole or not at all, and is on disk when this returns.  Refuses
 * with ERR_STATE where agent.yaml exists already.
 */
int agent_conf_write(
    const char *dir, const struct agent_enrolled *enrolled, struct err *err);

/* Whether DIR/agent.yaml exists: a second `enrol` would overwrite it. */
bool agent_conf_exists(const char *dir);

/* Replaces the key pair (rotation), atomically and durably. */
int agent_conf_write_keys(
    const char *key_path, const struct agent_keys *keys, struct err *err);

#endif
