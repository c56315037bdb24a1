#include "http_chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLACE_BYTES = HTTP_URL_MAX_BYTES + 64, MARK_CHARS = 8 };

/* "1a2b3c4d GET https://acme.example/" */
static void
put_place(const struct http_chain *chain, char out[PLACE_BYTES])
{
    (void)snprintf(out, PLACE_BYTES, "%08lx %.40s %s",
        (unsigned long)http_jar_mark(chain->jar), chain->method,
        chain->url.text);
}

/* Whether it was there before, with whatever cookies. */
static bool
was_there(const struct http_chain *chain, const char *place)
{
    for (size_t i = 0; i < chain->visited.count; i++) {
        if (strcmp(chain->visited.items[i] + MARK_CHARS, place + MARK_CHARS) ==
            0)
            return true;
    }
    return false;
}

int
http_chain_begin(
    struct http_chain *chain, const struct check *check, struct err *err)
{
    char place[PLACE_BYTES];

    *chain = (struct http_chain){
        .check = check,
        .method = check->method == NULL ? "GET" : check->method,
        .send_body = check->body != NULL,
    };
    if (check->url == NULL)
        return err_set(err, ERR_PARSE, "the check has no URL");
    if (http_url_take(NULL, check->url, &chain->origin, err) != 0 ||
        http_url_take(NULL, check->url, &chain->url, err) != 0)
        return -1;
    chain->jar = http_jar_new();
    if (chain->jar == NULL)
        return err_set(err, ERR_NOMEM, "cookies");
    put_place(chain, place);
    if (strlist_add(&chain->visited, place) != 0)
        return err_set(err, ERR_NOMEM, "redirects");
    return 0;
}

void
http_chain_free(struct http_chain *chain)
{
    http_url_free(&chain->origin);
    http_url_free(&chain->url);
    http_jar_free(chain->jar);
    strlist_free(&chain->visited);
    *chain = (struct http_chain){0};
}

static bool
is_redirect(int32_t status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 ||
           status == 308;
}

bool
http_chain_leads_on(
    const struct http_chain *chain, int32_t status, const char *location)
{
    if (location == NULL || !is_redirect(status))
        return false;
    return chain->check->statuses.count == 0 ||
           !check_expects_status(chain->check, status);
}

static int
note_redirect(const struct http_chain *chain, const struct http_url *to,
    const int64_t phase_us[PHASE_COUNT], struct http_facts *facts)
{
    struct redirect_fact *longer = realloc(
        facts->redirects, (facts->redirect_count + 1) * sizeof(*longer));
    struct redirect_fact *fact;

    if (longer == NULL)
        return -1;
    facts->redirects = longer;
    fact = &longer[facts->redirect_count++];
    *fact = (struct redirect_fact){.status = facts->status};
    text_put_harmless(chain->url.text, strlen(chain->url.text), fact->from,
        sizeof(fact->from));
    text_put_harmless(to->text, strlen(to->text), fact->to, sizeof(fact->to));
    memcpy(fact->phase_us, phase_us, sizeof(fact->phase_us));
    return 0;
}

/* POST becomes GET but for 307 and 308. */
static void
change_method(struct http_chain *chain, int32_t status)
{
    bool to_get = status == 303 && strcmp(chain->method, "HEAD") != 0;

    if ((status == 301 || status == 302) && strcmp(chain->method, "POST") == 0)
        to_get = true;
    if (!to_get)
        return;
    chain->method = "GET";
    chain->send_body = false;
}

/* Of a place that a redirect leads to and that is not to be fetched. */
static enum measure_reason
reason_of_place(const struct err *err)
{
    if (err->code == ERR_NOMEM)
        return REASON_AGENT_LIMIT;
    return err->code == ERR_LIMIT ? REASON_HTTP_REDIRECT_WRONG
                                  : REASON_HTTP_MALFORMED;
}

/* The chain stands at another place: is that a way, or a circle? */
static enum measure_reason
visit(struct http_chain *chain, size_t redirect_count, struct err *err)
{
    char place[PLACE_BYTES];
    bool is_too_far = redirect_count > CHECK_REDIRECTS_MAX;

    put_place(chain, place);
    if (strlist_has(&chain->visited, place) ||
        (is_too_far && was_there(chain, place))) {
        err_set(err, ERR_PEER, "%.250s", chain->url.text);
        return REASON_HTTP_REDIRECT_LOOP;
    }
    if (is_too_far) {
        err_set(err, ERR_PEER, "more than %d redirects", CHECK_REDIRECTS_MAX);
        return REASON_HTTP_REDIRECT_LIMIT;
    }
    if (strlist_add(&chain->visited, place) == 0)
        return REASON_NONE;
    err_set(err, ERR_NOMEM, "redirects");
    return REASON_AGENT_LIMIT;
}

enum measure_reason
http_chain_follow(struct http_chain *chain, const char *location,
    const int64_t phase_us[PHASE_COUNT], struct http_facts *facts,
    struct err *err)
{
    struct http_url to;

    if (http_url_take(&chain->url, location, &to, err) != 0)
        return reason_of_place(err);
    if (note_redirect(chain, &to, phase_us, facts) != 0) {
        http_url_free(&to);
        err_set(err, ERR_NOMEM, "redirects");
        return REASON_AGENT_LIMIT;
    }
    change_method(chain, facts->status);
    http_url_free(&chain->url);
    chain->url = to;
    return visit(chain, facts->redirect_count, err);
}
