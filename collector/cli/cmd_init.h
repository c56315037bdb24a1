/*
 * cmd_init.h - init URL: asks for mail server and address, writes
 * leadline.yaml, sends the test mail.
 */
#ifndef COLLECTOR_CMD_INIT_H
#define COLLECTOR_CMD_INIT_H

#include "cli.h"

int cmd_init_run(const struct cli *cli, const json_t *args);

/* Sends the test mail of the configuration at `path`; an exit code. */
typedef int init_test_mail_fn(const struct cli *cli, const char *path);

/* The same with another way to send it (NULL: none is sent). */
int cmd_init_with(
    const struct cli *cli, const json_t *args, init_test_mail_fn *test_mail);

#endif
