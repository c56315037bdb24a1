#include <stdlib.h>
#include <string.h>

#include "enrolment.h"
#include "intake_own.h"

/* A writer's job about a key of an agent, and whom to answer. */
struct key_ticket {
    struct agent_key_job job; /* first: a writer_job is at its front */
    struct intake *intake;
    struct fleet_peer peer;
    uint64_t session;
};

static struct key_ticket *
make_ticket(struct intake *intake, const struct fleet_agent *agent,
    const uint8_t key[WIRE_KEY_BYTES])
{
    struct key_ticket *ticket = calloc(1, sizeof(*ticket));

    if (ticket == NULL)
        return NULL;
    ticket->intake = intake;
    ticket->peer = agent->peer;
    ticket->session = agent->session;
    memcpy(ticket->job.name, agent->row.name, sizeof(ticket->job.name));
    memcpy(ticket->job.key, key, WIRE_KEY_BYTES);
    ticket->job.job.cost_bytes = sizeof(*ticket);
    return ticket;
}

void
intake_ask_rotation(struct intake *intake, const struct fleet_agent *agent)
{
    struct wire_msg msg = {.type = WIRE_ROTATE};

    if (agent->session != 0 && agent->row.rotate)
        (void)intake_send(intake, &agent->peer, &msg);
}

/* ---- NEWKEY: a second key gets in from now on ---- */

static void
answer_newkey(const struct key_ticket *ticket, const struct fleet_agent *agent)
{
    struct wire_msg msg = {.type = WIRE_KEY_OK};
    struct wire_nack_msg nack = {
        .session = ticket->session, .code = NACK_MALFORMED};

    if (ticket->job.refused[0] == '\0') {
        (void)intake_send(ticket->intake, &agent->peer, &msg);
        return;
    }
    memcpy(nack.text, ticket->job.refused, sizeof(nack.text));
    intake_send_nack(ticket->intake, &agent->peer, &nack);
}

static void
newkey_done(struct writer_job *base)
{
    struct key_ticket *ticket = (struct key_ticket *)base;
    struct intake *intake = ticket->intake;
    const struct fleet_agent *agent;

    intake->jobs--;
    if (base->lost) {
        log_event(LOG_AT_ERROR, "intake.newkey", "agent=%s error=\"%s\"",
            ticket->job.name, base->err.msg);
        free(ticket);
        return; /* asked for again after its next PING */
    }
    log_event(LOG_AT_INFO, "intake.newkey", "agent=%s result=\"%s\"",
        ticket->job.name,
        ticket->job.refused[0] == '\0' ? "let in" : ticket->job.refused);
    /* It must get in before the agent hears that it does. */
    intake_fleet_changed(intake);
    agent = fleet_find(&intake->fleet, ticket->job.name);
    if (agent != NULL && agent->session == ticket->session)
        answer_newkey(ticket, agent);
    free(ticket);
}

void
intake_take_newkey(struct intake *intake, const struct fleet_agent *agent,
    const struct wire_newkey *newkey)
{
    struct key_ticket *ticket = make_ticket(intake, agent, newkey->pubkey);

    if (ticket == NULL)
        return; /* asked for again after its next PING */
    log_event(LOG_AT_INFO, "intake.newkey", "agent=%s result=\"announced\"",
        agent->row.name);
    ticket->job.job.run = agent_newkey_run;
    ticket->job.job.done = newkey_done;
    intake->jobs++;
    writer_put(intake->writer, &ticket->job.job);
}

/* ---- the first WELCOME under it: the old one ends ---- */

static void
end_done(struct writer_job *base)
{
    struct key_ticket *ticket = (struct key_ticket *)base;
    struct intake *intake = ticket->intake;
    struct fleet_agent *agent = fleet_find(&intake->fleet, ticket->job.name);

    intake->jobs--;
    if (agent != NULL)
        agent->retiring = false;
    log_event(base->lost ? LOG_AT_ERROR : LOG_AT_INFO, "intake.rotated",
        "agent=%s result=\"%s\"", ticket->job.name,
        base->lost ? base->err.msg : "the old key has ended");
    intake_fleet_changed(intake);
    free(ticket);
}

void
intake_end_rotation(struct intake *intake, struct fleet_agent *agent)
{
    struct key_ticket *ticket = make_ticket(intake, agent, agent->row.keys[1]);

    if (ticket == NULL)
        return; /* both get in until the next HELLO */
    agent->retiring = true;
    fleet_retire_key(agent);
    ticket->job.job.run = agent_key_end_run;
    ticket->job.job.done = end_done;
    intake->jobs++;
    writer_put(intake->writer, &ticket->job.job);
}
