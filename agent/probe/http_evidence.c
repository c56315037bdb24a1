#include "http_evidence.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "text.h"

/* Where sites put their id of a request; the first that is there is kept. */
static const char *const id_names[] = {
    "x-request-id",
    "request-id",
    "x-correlation-id",
    "x-amzn-requestid",
    "x-amz-request-id",
    "x-amz-cf-id",
    "cf-ray",
    "x-vercel-id",
    "x-nf-request-id",
    "fly-request-id",
    "x-azure-ref",
    "x-cloud-trace-context",
    "x-trace-id",
    "traceresponse",
};

/* Where sites say which version of themselves answered. */
static const char *const release_names[] = {
    "x-release",
    "x-app-version",
    "x-version",
    "x-revision",
    "x-git-commit",
    "x-commit",
    "x-build",
    "x-build-id",
    "x-deployment-id",
    "x-vercel-deployment-url",
};

static const char *const kept_names[] = {
    "server",
    "date",
    "content-type",
    "content-length",
    "content-encoding",
    "location",
    "retry-after",
    "cache-control",
    "age",
    "via",
    "x-cache",
    "x-served-by",
    "cf-cache-status",
    "x-powered-by",
    "strict-transport-security",
    "server-timing",
};

enum {
    ID_COUNT = sizeof(id_names) / sizeof(id_names[0]),
    KEPT_COUNT = sizeof(kept_names) / sizeof(kept_names[0]),
    RELEASE_COUNT = sizeof(release_names) / sizeof(release_names[0]),
    RELEASES_MAX = 2 /* for which there is room, whatever else there is */
};

const char *
http_evidence_value(
    const char *line, size_t len, const char *name, size_t *value_len)
{
    size_t name_len = strlen(name);
    const char *end = line + len;
    const char *at = line + name_len;

    if (len <= name_len || *at != ':' || strncasecmp(line, name, name_len) != 0)
        return NULL;
    at++;
    while (at < end && strchr(" \t", *at) != NULL && *at != '\0')
        at++;
    while (end > at && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r' ||
                           end[-1] == '\n'))
        end--;
    *value_len = (size_t)(end - at);
    return at;
}

bool
http_evidence_is_release(const char *header)
{
    size_t value_len;

    for (size_t i = 0; i < RELEASE_COUNT; i++) {
        if (http_evidence_value(
                header, strlen(header), release_names[i], &value_len) != NULL)
            return true;
    }
    return false;
}

void
http_evidence_begin(struct http_evidence *evidence, struct http_facts *facts)
{
    evidence->facts = facts;
    evidence->id_rank = ID_COUNT;
    evidence->release_count = 0;
    facts->request_id[0] = '\0';
    facts->header_count = 0;
}

static void
take_id(struct http_evidence *evidence, const char *line, size_t len)
{
    struct http_facts *facts = evidence->facts;

    for (size_t i = 0; i < evidence->id_rank; i++) {
        size_t value_len;
        const char *value =
            http_evidence_value(line, len, id_names[i], &value_len);

        if (value == NULL || value_len == 0)
            continue;
        text_put_harmless(
            value, value_len, facts->request_id, sizeof(facts->request_id));
        evidence->id_rank = i;
        return;
    }
}

/* True if it is one of the names; it is kept then. */
static bool
keep(struct http_facts *facts, const char *const *names, size_t count,
    const char *line, size_t len)
{
    for (size_t i = 0; i < count; i++) {
        size_t value_len;
        const char *value =
            http_evidence_value(line, len, names[i], &value_len);
        char *to;

        if (value == NULL)
            continue;
        to = facts->headers[facts->header_count++];
        (void)snprintf(to, FACTS_TEXT_BYTES, "%s: ", names[i]);
        text_put_harmless(
            value, value_len, to + strlen(to), FACTS_TEXT_BYTES - strlen(to));
        return true;
    }
    return false;
}

void
http_evidence_take(struct http_evidence *evidence, const char *line, size_t len)
{
    struct http_facts *facts = evidence->facts;
    size_t others = facts->header_count - evidence->release_count;

    take_id(evidence, line, len);
    if (others < FACTS_HEADERS_MAX - RELEASES_MAX &&
        keep(facts, kept_names, KEPT_COUNT, line, len))
        return;
    if (evidence->release_count < RELEASES_MAX &&
        keep(facts, release_names, RELEASE_COUNT, line, len))
        evidence->release_count++;
}
