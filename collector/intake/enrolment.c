#include "enrolment.h"

#include <stdio.h>
#include <string.h>

#include "watch.h"

/* The watch expects votes from agents; it learns of each change here. */
static int
tell_watch(
    struct writer_room *room, const struct agent_row *row, struct err *err)
{
    struct watch_agent agent = {
        .agent = row->number,
        .region = (uint16_t)row->region_number,
        .suspended = row->suspended || row->revoked,
        .last_heard_unix_ms = row->last_seen_unix_ms,
    };

    return watch_set_agent(room->watch, &agent, err);
}

static void
refuse(struct enrol_job *job, enum wire_refusal code, const char *text)
{
    job->refused = code;
    (void)snprintf(job->text, sizeof(job->text), "%s", text);
}

int
enrol_run(struct writer_job *base, struct writer_room *room,
    struct store_txn *txn, struct err *err)
{
    struct enrol_job *job = (struct enrol_job *)base;
    struct token_row token;
    struct agent_row agent;
    int rc = token_get(txn, job->token_key, &token, err);

    if (rc < 0)
        return -1;
    if (rc == 0 || token.used) {
        refuse(job, REFUSED_USED,
            "this token has been used: make a new one with "
            "`leadline agent add`");
        return 0;
    }
    if (token.expires_unix_ms < room->now_unix_ms) {
        refuse(job, REFUSED_EXPIRED,
            "this token has expired: make a new one with "
            "`leadline agent add`");
        return 0;
    }
    if (strcmp(token.agent, job->enrol.name) != 0) {
        refuse(job, REFUSED_WRONG_NAME, "this token is for another agent");
        return 0;
    }
    rc = agent_get(txn, token.agent, &agent, err);
    if (rc < 0)
        return -1;
    if (rc == 0 || agent.revoked) {
        refuse(job, REFUSED_WRONG_NAME, "this agent has been removed");
        return 0;
    }
    memcpy(agent.keys[0], job->enrol.pubkey, WIRE_KEY_BYTES);
    agent.key_count = 1;
    (void)snprintf(agent.build, sizeof(agent.build), "%s", job->enrol.build);
    token.used = true;
    if (agent_put(txn, &agent, err) != 0 || token_put(txn, &token, err) != 0)
        return -1;
    return tell_watch(room, &agent, err);
}

int
agent_add_run(struct writer_job *base, struct writer_room *room,
    struct store_txn *txn, struct err *err)
{
    struct agent_add_job *job = (struct agent_add_job *)base;
    struct agent_row row = {0};
    uint32_t region;
    int rc = agent_get(txn, job->name, &row, err);

    if (rc < 0)
        return -1;
    if (rc == 1 && strcmp(row.region, job->region) != 0) {
        (void)snprintf(job->refused, sizeof(job->refused),
            "agent %s is in region %s already: choose another name", job->name,
            row.region);
        return 0;
    }
    if (rc == 1 && row.revoked) {
        (void)snprintf(job->refused, sizeof(job->refused),
            "agent %s has been revoked: choose another name", job->name);
        return 0;
    }
    if (rc == 0) {
        (void)snprintf(row.name, sizeof(row.name), "%s", job->name);
        (void)snprintf(row.region, sizeof(row.region), "%s", job->region);
        row.added_unix_ms = room->now_unix_ms;
        if (registry_number(txn, REGISTRY_AGENT, job->name, &row.number, err) !=
                0 ||
            registry_number(txn, REGISTRY_REGION, job->region, &region, err) !=
                0)
            return -1;
        row.region_number = region;
        if (agent_put(txn, &row, err) != 0)
            return -1;
    }
    return token_put(txn, &job->token, err);
}

int
agent_change_run(struct writer_job *base, struct writer_room *room,
    struct store_txn *txn, struct err *err)
{
    struct agent_change_job *job = (struct agent_change_job *)base;
    struct agent_row row;
    int rc = agent_get(txn, job->name, &row, err);

    if (rc < 0)
        return -1;
    if (rc == 0) {
        (void)snprintf(job->refused, sizeof(job->refused),
            "there is no agent %s: see `leadline agents`", job->name);
        return 0;
    }
    if (row.revoked) {
        (void)snprintf(job->refused, sizeof(job->refused),
            "agent %s has been revoked for good", job->name);
        return 0;
    }
    row.suspended = job->change == AGENT_SUSPEND;
    row.revoked = job->change == AGENT_REVOKE;
    if (agent_put(txn, &row, err) != 0)
        return -1;
    return tell_watch(room, &row, err);
}

int
agent_news_run(struct writer_job *base, struct writer_room *room,
    struct store_txn *txn, struct err *err)
{
    struct agent_news_job *job = (struct agent_news_job *)base;
    const struct agent_row *news = &job->news;
    struct agent_row row;
    int rc = agent_get(txn, news->name, &row, err);

    if (rc <= 0)
        return rc;
    row.cfg_sent = news->cfg_sent;
    row.cfg_confirmed = news->cfg_confirmed;
    memcpy(row.cfg_refused, news->cfg_refused, sizeof(row.cfg_refused));
    if (!job->cfg_only) {
        row.last_seen_unix_ms = room->now_unix_ms;
        memcpy(row.build, news->build, sizeof(row.build));
        memcpy(row.address, news->address, sizeof(row.address));
        row.spool_records = news->spool_records;
        row.skipped = news->skipped;
        row.lost = news->lost;
        row.clock_offset_ms = news->clock_offset_ms;
        row.clock_offset_known = news->clock_offset_known;
        row.self_check = news->self_check;
    }
    if (agent_put(txn, &row, err) != 0)
        return -1;
    return tell_watch(room, &row, err);
}
