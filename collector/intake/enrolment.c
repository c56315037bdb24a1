#include "enrolment.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "raise.h"
#include "watch.h"

/* Who expects votes or heartbeats from agents learns of each change here. */
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

    const struct raise_now now = {
        .unix_ms = room->now_unix_ms, .mono_ns = clock_mono_ns()};

    if (watch_set_agent(room->watch, &agent, err) != 0)
        return -1;
    return raise_note_agent(room->raise, row, &now, err);
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
    agent.rotate = false;
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
    if (job->change == AGENT_ROTATE && row.key_count == 0) {
        (void)snprintf(job->refused, sizeof(job->refused),
            "agent %s has not enrolled yet: it has no key to replace",
            job->name);
        return 0;
    }
    if (job->change == AGENT_ROTATE)
        row.rotate = true;
    else
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
    agent_take_news(&row, news);
    if (job->heard)
        row.last_seen_unix_ms = room->now_unix_ms;
    if (agent_put(txn, &row, err) != 0)
        return -1;
    return tell_watch(room, &row, err);
}

struct key_search {
    const struct agent_key_job *job;
    bool taken;
};

static int
compare_keys(void *ctx, const struct agent_row *row, struct err *err)
{
    struct key_search *search = ctx;

    (void)err;
    if (strcmp(row->name, search->job->name) == 0)
        return 0;
    for (int i = 0; i < row->key_count; i++)
        search->taken |=
            memcmp(row->keys[i], search->job->key, WIRE_KEY_BYTES) == 0;
    return 0;
}

/* 1: somebody else's, an agent's or a token's; 0: not; -1: err. */
static int
is_taken(
    const struct agent_key_job *job, struct store_txn *txn, struct err *err)
{
    struct key_search search = {.job = job};
    struct token_row token;
    int rc = token_get(txn, job->key, &token, err);

    if (rc != 0)
        return rc;
    if (agent_each(txn, compare_keys, &search, err) != 0)
        return -1;
    return search.taken;
}

int
agent_newkey_run(struct writer_job *base, struct writer_room *room,
    struct store_txn *txn, struct err *err)
{
    struct agent_key_job *job = (struct agent_key_job *)base;
    struct agent_row row;
    int rc = agent_get(txn, job->name, &row, err);

    (void)room;
    if (rc < 0)
        return -1;
    if (rc == 0 || row.revoked || row.key_count == 0) {
        (void)snprintf(
            job->refused, sizeof(job->refused), "this agent has no key");
        return 0;
    }
    if (memcmp(row.keys[0], job->key, WIRE_KEY_BYTES) == 0)
        return 0; /* in force already: an answer that was lost */
    rc = is_taken(job, txn, err);
    if (rc < 0)
        return -1;
    if (rc == 1) {
        (void)snprintf(
            job->refused, sizeof(job->refused), "this key is somebody else's");
        return 0;
    }
    memcpy(row.keys[1], job->key, WIRE_KEY_BYTES);
    row.key_count = 2;
    return agent_put(txn, &row, err);
}

int
agent_key_end_run(struct writer_job *base, struct writer_room *room,
    struct store_txn *txn, struct err *err)
{
    const struct agent_key_job *job = (const struct agent_key_job *)base;
    struct agent_row row;
    int rc = agent_get(txn, job->name, &row, err);

    (void)room;
    /* Enrolled anew meanwhile: that key is the one. */
    if (rc <= 0 || row.key_count != 2 ||
        memcmp(row.keys[1], job->key, WIRE_KEY_BYTES) != 0)
        return rc < 0 ? -1 : 0;
    memcpy(row.keys[0], job->key, WIRE_KEY_BYTES);
    row.key_count = 1;
    row.rotate = false;
    return agent_put(txn, &row, err);
}
