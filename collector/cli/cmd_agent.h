/*
 * cmd_agent.h - agent add, suspend, resume, revoke, rotate.
 */
#ifndef COLLECTOR_CMD_AGENT_H
#define COLLECTOR_CMD_AGENT_H

#include "cli.h"

int cmd_agent_add_run(const struct cli *cli, const json_t *args);
int cmd_agent_suspend_run(const struct cli *cli, const json_t *args);
int cmd_agent_resume_run(const struct cli *cli, const json_t *args);
int cmd_agent_revoke_run(const struct cli *cli, const json_t *args);
int cmd_agent_rotate_run(const struct cli *cli, const json_t *args);

#endif
