/*
 * cmd_test_mail.h - `leadline test-mail`: a sample of each kind of mail, and
 * the dialogue with the server.
 */
#ifndef COLLECTOR_CMD_TEST_MAIL_H
#define COLLECTOR_CMD_TEST_MAIL_H

#include "cli.h"
#include "test_mail.h"

/*
 * "to", "only" and "all" as in struct test_mail_spec; "config": the file; by default ./leadline.yaml, else
 * /etc/leadline/leadline.yaml.
 */
int cmd_test_mail_run(const struct cli *cli, const json_t *args);

#endif
