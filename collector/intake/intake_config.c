#include <stdio.h>
#include <stdlib.h>

#include "intake_own.h"
#include "push.h"

/* It has what it should have. */
static void
note_confirmed(struct intake *intake, struct fleet_agent *agent)
{
    struct agent_row *row = &agent->row;

    if (row->cfg_sent == agent->cfg_version &&
        row->cfg_confirmed == agent->cfg_version && row->cfg_refused[0] == '\0')
        return;
    row->cfg_sent = row->cfg_confirmed = agent->cfg_version;
    row->cfg_refused[0] = '\0';
    intake_send_news(intake, agent, false);
}

/* It should have another version than the store says. */
static void
note_wanted(struct intake *intake, struct fleet_agent *agent, uint64_t version)
{
    if (agent->row.cfg_sent == version)
        return;
    agent->row.cfg_sent = version;
    agent->row.cfg_refused[0] = '\0';
    intake_send_news(intake, agent, false);
}

void
intake_push_config(struct intake *intake, struct fleet_agent *agent)
{
    struct wire_msg msg = {.type = WIRE_CONFIG};
    uint64_t version;
    struct err err;

    agent->cfg_due = false;
    if (agent->row.key_count == 0 || agent->row.revoked)
        return;
    if (push_make(intake->config, &intake->fleet, agent, &msg.u.config, &err) !=
        0) {
        log_event(LOG_AT_ERROR, "intake.push", "error=\"%s\"", err.msg);
        return;
    }
    version = msg.u.config.cfg_version;
    if (agent->session == 0) {
        note_wanted(intake, agent, version); /* it hears after its HELLO */
    } else if (agent->cfg_version == version) {
        note_confirmed(intake, agent);
    } else if (agent->cfg_told != version) {
        agent->cfg_due = !intake_send(intake, &agent->peer, &msg);
        agent->cfg_told = agent->cfg_due ? 0 : version;
        note_wanted(intake, agent, version);
    }
    wire_config_free(&msg.u.config);
}

/* An answer to an older version says nothing of the one that is wanted. */
void
intake_take_config_answer(struct intake *intake, struct fleet_agent *agent,
    const struct wire_msg *msg)
{
    struct agent_row *row = &agent->row;

    if (msg->type == WIRE_CONFIG_OK) {
        agent->cfg_version = msg->u.config_ok_version;
        row->cfg_confirmed = msg->u.config_ok_version;
        if (row->cfg_confirmed == row->cfg_sent)
            row->cfg_refused[0] = '\0';
    } else if (msg->u.config_bad.cfg_version == row->cfg_sent) {
        (void)snprintf(row->cfg_refused, sizeof(row->cfg_refused), "%s",
            msg->u.config_bad.reason[0] != '\0' ? msg->u.config_bad.reason
                                                : "the agent does not say why");
        log_event(LOG_AT_WARN, "intake.config_refused",
            "agent=%s reason=\"%s\"", row->name, row->cfg_refused);
    } else {
        return;
    }
    intake_send_news(intake, agent, false);
}
