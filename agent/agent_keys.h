/*
 * agent_keys.h - the key file behind agent_conf.h: two lines of 64 lower-case
 * hexadecimal digits, public and secret, mode 0600.
 */
#ifndef AGENT_KEYS_H
#define AGENT_KEYS_H

#include "agent_conf.h"

#define AGENT_YAML_NAME "agent.yaml"
#define AGENT_KEY_NAME  "agent.key"

enum { AGENT_KEY_HEX_BYTES = 2 * AGENT_CONF_KEY_BYTES };

/* Takes 64 digits; what follows them is the caller's. */
int agent_key_from_hex(const char *text, uint8_t key[AGENT_CONF_KEY_BYTES]);

/* Refuses a file that others can read, and one that is no key file. */
int agent_keys_read(const char *path, struct agent_keys *out, struct err *err);

#endif
