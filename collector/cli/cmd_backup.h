/*
 * cmd_backup.h - leadline backup: a copy of the store, by the running collector
 * or straight from a store's folder.
 */
#ifndef COLLECTOR_CMD_BACKUP_H
#define COLLECTOR_CMD_BACKUP_H

#include "cli.h"

int cmd_backup_run(const struct cli *cli, const json_t *args);

#endif
