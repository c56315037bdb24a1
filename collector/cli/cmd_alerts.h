/*
 * cmd_alerts.h - `leadline alerts`, `ack`, `silence`: what fires, and what a
 * person answers to it.
 */
#ifndef COLLECTOR_CMD_ALERTS_H
#define COLLECTOR_CMD_ALERTS_H

#include "render.h"

int cmd_ack_run(const struct cli *cli, const json_t *args);
int cmd_silence_run(const struct cli *cli, const json_t *args);
int cmd_silence_end_run(const struct cli *cli, const json_t *args);
int cmd_silence_list_run(const struct cli *cli, const json_t *args);
int cmd_alerts_run(const struct cli *cli, const json_t *args);

/* One that is no incident of slots, as "incidents.show" answers it. */
render_fn render_condition;

#endif
