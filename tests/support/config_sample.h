/*
 * config_sample.h - a configuration for an agent with everything in it.
 */
#ifndef TESTS_CONFIG_SAMPLE_H
#define TESTS_CONFIG_SAMPLE_H

#include "wire.h"

/* wire_config_free() it. */
void config_sample(struct wire_config *config);

#endif
