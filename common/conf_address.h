/*
 * conf_address.h - takers (see conf.h) for what both configurations say of
 * the network.
 */
#ifndef COMMON_CONF_ADDRESS_H
#define COMMON_CONF_ADDRESS_H

#include "conf.h"

/* struct strlist of min..max "IP:PORT" or "[IPv6]:PORT". */
conf_take_fn conf_take_targets;

/* struct strlist of min..max DNS servers, written "IP" or "IP#PORT". */
conf_take_fn conf_take_servers;

#endif
