#include <stdio.h>
#include <string.h>

#include "intake_own.h"

enum {
    RETRY_MS = 1000,
    QUEUE_MAX_BYTES = 32 << 20,           /* more waiting: no new credit */
    QUEUE_LOW_BYTES = QUEUE_MAX_BYTES / 2 /* less: credit for all again */
};

void
intake_send_ack(struct intake *intake, struct fleet_agent *agent)
{
    struct wire_msg msg = {.type = WIRE_ACK,
        .u.ack = {.session = agent->session, .acked_seq = agent->acked_seq}};

    if (writer_waiting_bytes(intake->writer) > QUEUE_MAX_BYTES) {
        fleet_grant_none(&intake->fleet, agent);
        intake->withheld = true;
    } else {
        fleet_grant(&intake->fleet, agent);
    }
    msg.u.ack.window_batches = agent->window;
    if (agent->window == 0)
        msg.u.ack.retry_after_ms = RETRY_MS;
    (void)intake_send(intake, &agent->peer, &msg);
}

/*
 * Nothing of it was kept.  What the store can never keep (more results of one
 * check than half an hour has room for) is asked for record by record, and the
 * one that it is goes to quarantine; the rest comes again by itself.
 */
static void
refuse_lost(struct intake *intake, struct fleet_agent *agent,
    const struct apply_job *job)
{
    struct wire_nack_msg nack = {.session = job->source.session,
        .first_seq = job->batch.first_seq,
        .code = NACK_DISK_FULL};

    if (job->job.alone && job->job.err.code == ERR_LIMIT) {
        nack.code = NACK_BAD_BATCH;
        if (job->batch.count == 1)
            agent->unkept_seq = job->batch.first_seq;
    } else {
        nack.expected_seq = agent->acked_seq + 1;
    }
    (void)snprintf(nack.text, sizeof(nack.text), "%.200s", job->job.err.msg);
    intake_send_nack(intake, &agent->peer, &nack);
}

/* The answer to a batch, after its transaction. */
static void
answer_batch(struct intake *intake, struct fleet_agent *agent,
    const struct apply_job *job)
{
    struct wire_nack_msg nack = {
        .session = job->source.session, .first_seq = job->batch.first_seq};

    if (job->job.lost) {
        refuse_lost(intake, agent, job);
        return;
    }
    switch (job->admission.verdict) {
    case ADMIT_MALFORMED:
        nack.code = NACK_MALFORMED;
        intake_send_nack(intake, &agent->peer, &nack);
        return;
    case ADMIT_GAP:
        nack.code = NACK_GAP;
        nack.expected_seq = job->admission.expected;
        intake_send_nack(intake, &agent->peer, &nack);
        return;
    case ADMIT_DUPLICATE:
        intake->counts.duplicates++;
        break;
    case ADMIT_TAKE:
        intake->counts.results += job->batch.first_seq + job->batch.count -
                                  job->admission.take_from - job->canaries;
        break;
    }
    if (job->mark.acked_seq > agent->acked_seq)
        agent->acked_seq = job->mark.acked_seq;
    intake_send_ack(intake, agent);
}

static void
log_batch(struct intake *intake, const struct apply_job *job)
{
    const struct admission *admission = &job->admission;

    if (admission->verdict != ADMIT_TAKE)
        return;
    if (admission->lost_to != 0)
        log_limited(&intake->lost_log, LOG_AT_WARN, "intake.lost",
            "agent=%s from=%llu to=%llu", job->source.agent,
            (unsigned long long)admission->lost_from,
            (unsigned long long)admission->lost_to);
    if (apply_is_unreadable(job))
        log_limited(&intake->quarantine_log, LOG_AT_WARN, "intake.quarantine",
            "agent=%s seq=%llu reason=\"%s\"", job->source.agent,
            (unsigned long long)job->batch.first_seq, job->unreadable.msg);
}

/* The queue has room: who was granted nothing need not wait to ask. */
static void
grant_again(struct intake *intake)
{
    if (!intake->withheld ||
        writer_waiting_bytes(intake->writer) > QUEUE_LOW_BYTES)
        return;
    intake->withheld = false;
    for (size_t i = 0; i < intake->fleet.count; i++) {
        struct fleet_agent *agent = &intake->fleet.agents[i];

        if (agent->session != 0 && agent->window == 0)
            intake_send_ack(intake, agent);
    }
}

static void
meter_batch(struct meter *meter, const struct apply_job *job)
{
    for (uint32_t i = 0; i < job->batch.count; i++) {
        if (job->is_new[i])
            meter_add(meter, &job->measures[i], job->source.region_number,
                job->source.region);
    }
}

static void
batch_done(struct writer_job *base)
{
    struct apply_job *job = (struct apply_job *)base;
    struct intake *intake = job->ctx;
    struct fleet_agent *agent = fleet_find(&intake->fleet, job->source.agent);

    intake->jobs--;
    if (!base->lost)
        log_batch(intake, job);
    if (!base->lost && intake->meter != NULL)
        meter_batch(intake->meter, job);
    if (agent != NULL)
        agent->queued_bytes -= job->queued_bytes;
    /* Somebody else may speak for the agent by now: the mark stands anyway. */
    if (agent != NULL && agent->session == job->source.session)
        answer_batch(intake, agent, job);
    apply_free(job);
    grant_again(intake);
}

static void
refuse_batch(struct intake *intake, const struct fleet_agent *agent,
    const struct wire_batch *batch, enum wire_nack code, const char *text)
{
    struct wire_nack_msg nack = {
        .session = agent->session, .first_seq = batch->first_seq, .code = code};

    (void)snprintf(nack.text, sizeof(nack.text), "%.200s", text);
    intake_send_nack(intake, &agent->peer, &nack);
}

/*
 * What an agent sends again after 15 s may still wait for a slow disk.  It is
 * not taken in twice, nor more than was granted: so the queue is bounded,
 * whatever agents do.
 */
static bool
is_over_window(const struct fleet_agent *agent)
{
    size_t window = agent->window_peak > 0 ? agent->window_peak : 1;

    return agent->queued_bytes >= window * agent->max_batch_bytes;
}

/* As it came, and something for what surrounds it. */
static size_t
bytes_of(const struct wire_batch *batch)
{
    return batch->records.len + sizeof(struct apply_job);
}

void
intake_take_batch(struct intake *intake, struct fleet_agent *agent,
    const struct wire_batch *batch)
{
    struct apply_source source = {
        .agent_number = agent->row.number,
        .region_number = (uint16_t)agent->row.region_number,
        .session = agent->session,
        .max_batch_bytes = agent->max_batch_bytes,
        .keep_unreadable =
            batch->count == 1 && batch->first_seq == agent->bad_seq,
        .keep_unkept =
            batch->count == 1 && batch->first_seq == agent->unkept_seq,
    };
    enum wire_nack code;
    struct apply_job *job;
    struct err err;

    memcpy(source.agent, agent->row.name, sizeof(source.agent));
    memcpy(source.region, agent->row.region, sizeof(source.region));
    memcpy(source.spool_id, agent->spool_id, WIRE_ID_BYTES);
    intake->counts.batches++;
    if (is_over_window(agent)) {
        intake->counts.overruns++;
        return;
    }
    job = apply_decode(batch, &source, &code, &err);
    if (job == NULL) {
        if (code == NACK_BAD_BATCH && batch->count == 1)
            agent->bad_seq = batch->first_seq;
        refuse_batch(intake, agent, batch, code, err.msg);
        return;
    }
    job->job.run = apply_run;
    job->job.done = batch_done;
    job->ctx = intake;
    intake->jobs++;
    job->queued_bytes = bytes_of(batch);
    agent->queued_bytes += job->queued_bytes;
    writer_put(intake->writer, &job->job);
}
