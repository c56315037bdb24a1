#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "control_own.h"
#include "enrolment.h"
#include "log.h"

static const int64_t token_valid_ms = 86400000;

static const char *
text_of(const json_t *args, const char *name)
{
    const char *text = json_string_value(json_object_get(args, name));

    return text != NULL ? text : "";
}

static const struct config *
config_in_force(const struct control *control)
{
    return control->conf->versions[control->conf->count - 1].config;
}

/* ---- agent.add ---- */

struct add_ticket {
    struct agent_add_job job; /* first: a writer_job is at its front */
    struct control *control;
    struct control_peer peer;
    struct wire_token token;
};

static void
add_done(struct writer_job *base)
{
    struct add_ticket *ticket = (struct add_ticket *)base;
    struct control *control = ticket->control;
    struct buf text;
    struct err err = base->err;

    buf_init(&text, 4096);
    if (base->lost) {
        control_refuse(control, &ticket->peer, 3, err.msg);
    } else if (ticket->job.refused[0] != '\0') {
        control_refuse(control, &ticket->peer, 2, ticket->job.refused);
    } else if (wire_token_encode(&ticket->token, &text, &err) != 0 ||
               buf_text(&text, &err) == NULL) {
        control_refuse(control, &ticket->peer, 3, err.msg);
    } else {
        char expires[TEXT_MOMENT_BYTES];

        control->fleet_changed(control->ctx);
        text_put_moment(ticket->token.expires_unix_ms, expires);
        control_reply_json(control, &ticket->peer, 0,
            json_pack("{s:s, s:s, s:s, s:s}", "name", ticket->job.name,
                "region", ticket->job.region, "token", buf_text(&text, &err),
                "expires", expires));
    }
    /* It holds a secret. */
    explicit_bzero(ticket, sizeof(*ticket));
    if (text.data != NULL)
        explicit_bzero(text.data, text.capacity);
    buf_free(&text);
    free(ticket);
}

static int
check_add(const struct config *config, const char *name, const char *region,
    struct err *err)
{
    bool known = false;

    if (!text_is_name(name))
        return err_set(err, ERR_PARSE,
            "\"%.64s\" is no name for an agent: a-z, 0-9, and . _ - inside",
            name);
    for (size_t i = 0; i < config->regions.count; i++)
        known |= strcmp(config->regions.names[i], region) == 0;
    if (!text_is_name(region))
        return err_set(err, ERR_PARSE, "an agent needs --region");
    if (!known)
        return err_set(err, ERR_PARSE,
            "region %s is not among `regions` of the configuration", region);
    if (config->public_endpoint == NULL)
        return err_set(err, ERR_PARSE,
            "the configuration lacks `public: tcp://HOST:PORT`: where agents "
            "are to dial");
    return 0;
}

static void
agent_add(struct control *control, const struct control_peer *peer,
    const json_t *args)
{
    const struct config *config = config_in_force(control);
    struct add_ticket *ticket = calloc(1, sizeof(*ticket));
    const char *name = text_of(args, "name");
    const char *region = text_of(args, "region");
    struct curve_key onetime;
    struct err err;

    if (ticket == NULL) {
        control_refuse(control, peer, 3, "out of memory");
        return;
    }
    if (check_add(config, name, region, &err) != 0) {
        control_refuse(control, peer, 2, err.msg);
        free(ticket);
        return;
    }
    if (curve_key_make(&onetime, &err) != 0) {
        control_refuse(control, peer, 3, err.msg);
        free(ticket);
        return;
    }
    ticket->control = control;
    ticket->peer = *peer;
    ticket->token.expires_unix_ms = clock_unix_ms() + token_valid_ms;
    (void)snprintf(ticket->token.endpoint, sizeof(ticket->token.endpoint), "%s",
        config->public_endpoint);
    (void)snprintf(ticket->token.name, sizeof(ticket->token.name), "%s", name);
    memcpy(ticket->token.collector_key, control->collector_key, WIRE_KEY_BYTES);
    memcpy(ticket->token.onetime_secret, onetime.secret_key, WIRE_KEY_BYTES);
    ticket->job.job.run = agent_add_run;
    ticket->job.job.done = add_done;
    (void)snprintf(ticket->job.name, sizeof(ticket->job.name), "%s", name);
    (void)snprintf(
        ticket->job.region, sizeof(ticket->job.region), "%s", region);
    memcpy(ticket->job.token.key, onetime.public_key, WIRE_KEY_BYTES);
    (void)snprintf(
        ticket->job.token.agent, sizeof(ticket->job.token.agent), "%s", name);
    ticket->job.token.expires_unix_ms = ticket->token.expires_unix_ms;
    explicit_bzero(&onetime, sizeof(onetime));
    writer_put(control->writer, &ticket->job.job);
}

/* ---- agent.suspend, agent.resume, agent.revoke, agent.rotate ---- */

struct change_ticket {
    struct agent_change_job job;
    struct control *control;
    struct control_peer peer;
};

static void
change_done(struct writer_job *base)
{
    struct change_ticket *ticket = (struct change_ticket *)base;
    struct control *control = ticket->control;

    if (base->lost) {
        control_refuse(control, &ticket->peer, 3, base->err.msg);
    } else if (ticket->job.refused[0] != '\0') {
        control_refuse(control, &ticket->peer, 2, ticket->job.refused);
    } else {
        control->fleet_changed(control->ctx);
        control_reply_json(control, &ticket->peer, 0,
            json_pack("{s:s}", "name", ticket->job.name));
    }
    free(ticket);
}

static void
agent_change(struct control *control, const struct control_peer *peer,
    const json_t *args, enum agent_change change)
{
    struct change_ticket *ticket = calloc(1, sizeof(*ticket));

    if (ticket == NULL) {
        control_refuse(control, peer, 3, "out of memory");
        return;
    }
    ticket->control = control;
    ticket->peer = *peer;
    ticket->job.change = change;
    ticket->job.job.run = agent_change_run;
    ticket->job.job.done = change_done;
    (void)snprintf(ticket->job.name, sizeof(ticket->job.name), "%.64s",
        text_of(args, "name"));
    writer_put(control->writer, &ticket->job.job);
}

bool
control_change(struct control *control, const struct control_peer *peer,
    const char *command, const json_t *args)
{
    if (strcmp(command, "agent.add") == 0)
        agent_add(control, peer, args);
    else if (strcmp(command, "agent.suspend") == 0)
        agent_change(control, peer, args, AGENT_SUSPEND);
    else if (strcmp(command, "agent.resume") == 0)
        agent_change(control, peer, args, AGENT_RESUME);
    else if (strcmp(command, "agent.revoke") == 0)
        agent_change(control, peer, args, AGENT_REVOKE);
    else if (strcmp(command, "agent.rotate") == 0)
        agent_change(control, peer, args, AGENT_ROTATE);
    else
        return false;
    return true;
}
