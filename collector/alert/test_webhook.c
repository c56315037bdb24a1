#include "test_webhook.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "curl_loop.h"
#include "loop.h"
#include "mail_sample.h"
#include "webhook_conf.h"
#include "webhook_post.h"
#include "webhook_text.h"

enum { BEGAN_AGO_MS = 15 * 60 * 1000 };

struct testing {
    const struct config *config;
    FILE *dialogue; /* NULL */
    struct loop *loop;
    struct curl_loop *curl;
    struct zone *zone;
    int64_t now_unix_ms;
    /* of the post under way */
    bool done;
    enum webhook_outcome outcome;
    char words[WEBHOOK_WORDS_BYTES];
};

static void
on_done(void *ctx, const struct webhook_told *told)
{
    struct testing *testing = ctx;

    testing->done = true;
    testing->outcome = told->outcome;
    (void)snprintf(testing->words, sizeof(testing->words), "%s", told->words);
    loop_stop(testing->loop);
}

static int
post(struct testing *testing, const struct conf_webhook *webhook,
    const struct buf *body, struct err *err)
{
    struct webhook_target target;
    struct webhook_post *under_way;

    if (webhook_conf_target(webhook, &target, err) != 0)
        return -1;
    testing->done = false;
    under_way = webhook_post_start(
        &(struct webhook_post_spec){
            .curl = testing->curl,
            .target = &target,
            .body = buf_bytes(body),
            .now_unix_ms = testing->now_unix_ms,
            .ca_file = webhook->ca_file,
            .agent = "leadline/" LEADLINE_VERSION,
            .done = on_done,
            .ctx = testing,
        },
        err);
    explicit_bzero(&target, sizeof(target));
    if (under_way == NULL)
        return -1;
    loop_run(testing->loop);
    if (testing->dialogue != NULL)
        (void)fprintf(testing->dialogue, "< %s\n",
            testing->done ? testing->words : "nothing happened");
    if (testing->done && testing->outcome == WEBHOOK_DONE)
        return 0;
    return err_set(err, ERR_PEER, "webhook %s did not take it: %s",
        webhook->name, testing->done ? testing->words : "nothing happened");
}

static int
send_sample(struct testing *testing, const struct conf_webhook *webhook,
    enum mail_state state, struct err *err)
{
    struct mail_facts *facts = calloc(1, sizeof(*facts));
    int kind = webhook_kind_of(webhook->kind);
    struct buf body;
    int rc;

    if (facts == NULL)
        return err_set(err, ERR_NOMEM, "test of webhooks");
    buf_init(&body, WEBHOOK_BODY_MAX_BYTES);
    mail_sample(
        facts, state, testing->now_unix_ms - BEGAN_AGO_MS, testing->zone);
    if (testing->dialogue != NULL)
        (void)fprintf(testing->dialogue, "# %s sample to webhook %s (%s)\n",
            mail_state_name((int)state), webhook->name, webhook->kind);
    rc = webhook_text_write((enum webhook_kind)kind, webhook->name,
        &(struct webhook_note){.facts = facts}, &body, err);
    if (rc == 0)
        rc = post(testing, webhook, &body, err);
    buf_free(&body);
    mail_facts_free(facts);
    free(facts);
    return rc;
}

/* The second too where the first was not taken: each says what it has to. */
static int
send_to_all(struct testing *testing, struct err *err)
{
    const struct config *config = testing->config;
    size_t failed = 0;
    struct err first;

    for (size_t i = 0; i < config->webhook_count; i++) {
        const struct conf_webhook *webhook = &config->webhooks[i];

        if (send_sample(testing, webhook, MAIL_FIRING,
                failed == 0 ? &first : err) != 0 ||
            send_sample(testing, webhook, MAIL_RESOLVED,
                failed == 0 ? &first : err) != 0)
            failed++;
    }
    if (failed > 0)
        *err = first;
    return failed > 0 ? -1 : 0;
}

int
test_webhook_send(const struct config *config, FILE *dialogue, struct err *err)
{
    struct testing testing = {
        .config = config,
        .dialogue = dialogue,
        .now_unix_ms = clock_unix_ms(),
    };
    struct err ignored;
    int rc = -1;

    testing.zone = zone_open(config->timezone, &ignored);
    testing.loop = loop_new(err);
    if (testing.loop == NULL)
        goto out;
    testing.curl = curl_loop_new(testing.loop, err);
    if (testing.curl != NULL)
        rc = send_to_all(&testing, err);

out:
    curl_loop_free(testing.curl);
    loop_free(testing.loop);
    zone_close(testing.zone);
    return rc;
}
