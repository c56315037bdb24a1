#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enrolment.h"
#include "intake_own.h"

struct enrol_ticket {
    struct enrol_job job; /* first: a writer_job is at its front */
    struct intake *intake;
    struct fleet_peer peer;
};

static void
enrol_done(struct writer_job *base)
{
    struct enrol_ticket *ticket = (struct enrol_ticket *)base;
    struct intake *intake = ticket->intake;
    struct wire_msg msg = {.type = WIRE_ENROLLED};

    intake->jobs--;
    if (base->lost) {
        log_event(LOG_AT_ERROR, "intake.enrol", "agent=%s error=\"%s\"",
            ticket->job.enrol.name, base->err.msg);
        free(ticket);
        return;
    }
    if (ticket->job.refused != 0) {
        msg.type = WIRE_REFUSED;
        msg.u.refused.code = ticket->job.refused;
        memcpy(
            msg.u.refused.text, ticket->job.text, sizeof(msg.u.refused.text));
    }
    log_event(LOG_AT_INFO, "intake.enrol", "agent=%s result=\"%s\"",
        ticket->job.enrol.name,
        ticket->job.refused == 0 ? "enrolled" : ticket->job.text);
    if (ticket->job.refused == 0)
        intake_fleet_changed(intake);
    (void)intake_send(intake, &ticket->peer, &msg);
    free(ticket);
}

static int
unhex(const char *hex, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned byte;

        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            return -1;
        out[i] = (uint8_t)byte;
    }
    return 0;
}

void
intake_take_from_token(struct intake *intake, const struct intake_from *from,
    const struct wire_msg *msg)
{
    struct enrol_ticket *ticket;

    if (msg->type != WIRE_ENROL) {
        intake->counts.dropped++;
        return;
    }
    ticket = calloc(1, sizeof(*ticket));
    if (ticket == NULL)
        return; /* the agent tries again */
    ticket->intake = intake;
    ticket->peer = from->peer;
    ticket->job.enrol = msg->u.enrol;
    ticket->job.job.run = enrol_run;
    ticket->job.job.done = enrol_done;
    ticket->job.job.cost_bytes = sizeof(*ticket);
    if (unhex(from->user + 2, ticket->job.token_key, WIRE_KEY_BYTES) != 0) {
        free(ticket);
        return;
    }
    intake->jobs++;
    writer_put(intake->writer, &ticket->job.job);
}
