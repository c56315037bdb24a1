#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector_conf_parts.h"
#include "domain.h"

enum { RARE_INTERVAL_MS = 300000 };

/* A site's url, taken apart. */
struct origin {
    const struct address_url *url;
    const char *text;   /* the url itself */
    const char *domain; /* registrable; NULL if there is none */
};

/* Fills a new draft; false where the check does not follow from this url. */
typedef bool derive_fn(
    struct reader *reader, const struct origin *origin, struct draft *draft);

static void
put(struct reader *reader, char **field, const char *text)
{
    *field = copy_text(reader->conf, text);
}

static bool
derive_home(
    struct reader *reader, const struct origin *origin, struct draft *draft)
{
    draft->kind = CHECK_HTTP;
    put(reader, &draft->out.check.url, origin->text);
    return true;
}

/* The other of apex and www leads to the site, in one step. */
static bool
derive_www(
    struct reader *reader, const struct origin *origin, struct draft *draft)
{
    struct check *check = &draft->out.check;
    const struct address_url *url = origin->url;
    const char *host = url->host;
    char other[ADDRESS_HOST_BYTES + 4];
    char text[ADDRESS_HOST_BYTES + 32];
    char port[8] = "";

    if (origin->domain == NULL)
        return false;
    if (strcmp(host, origin->domain) == 0)
        (void)snprintf(other, sizeof(other), "www.%s", host);
    else if (strncmp(host, "www.", 4) == 0 &&
             strcmp(host + 4, origin->domain) == 0)
        (void)snprintf(other, sizeof(other), "%s", host + 4);
    else
        return false;
    if (!address_is_host(other))
        return false;
    if (url->has_port)
        (void)snprintf(port, sizeof(port), ":%d", (int)url->port);
    (void)snprintf(text, sizeof(text), "%s://%s%s/", url->scheme, other, port);
    draft->kind = CHECK_HTTP;
    put(reader, &check->url, text);
    put(reader, &check->expect_redirect, origin->text);
    check->expect_hops = 1;
    return true;
}

static bool
derive_dns(
    struct reader *reader, const struct origin *origin, struct draft *draft)
{
    struct check *check = &draft->out.check;

    if (origin->domain == NULL)
        return false;
    draft->kind = CHECK_DNS;
    put(reader, &check->host, origin->url->host);
    put(reader, &check->server, "authoritative");
    check->dns_types = 1U << DNS_TYPE_A | 1U << DNS_TYPE_AAAA;
    check->interval_ms = RARE_INTERVAL_MS;
    return true;
}

static bool
derive_cert(
    struct reader *reader, const struct origin *origin, struct draft *draft)
{
    struct check *check = &draft->out.check;

    if (strcmp(origin->url->scheme, "https") != 0)
        return false;
    draft->kind = CHECK_TLS;
    put(reader, &check->host, origin->url->host);
    check->port = origin->url->port;
    check->interval_ms = RARE_INTERVAL_MS;
    return true;
}

/*
 * What follows from a url alone.  `page` (light, 15m) and `mail` (when the
 * domain has MX, 1h) are to stand here as soon as their kinds exist.
 */
static const struct {
    const char *name;
    derive_fn *derive;
} derivations[] = {
    {"home", derive_home},
    {"www", derive_www},
    {"dns", derive_dns},
    {"cert", derive_cert},
};

void
derive_checks(struct reader *reader, const struct conf_site *site)
{
    struct address_url url;
    struct err err;
    struct origin origin = {.url = &url, .text = site->url};

    if (address_take_url(site->url, &url, &err) != 0)
        return; /* complained of when it was read */
    origin.domain = domain_registrable(url.host);
    for (size_t i = 0; i < sizeof(derivations) / sizeof(derivations[0]); i++) {
        struct draft *draft =
            add_draft(reader, site->name, derivations[i].name);

        if (draft == NULL)
            return;
        if (!derivations[i].derive(reader, &origin, draft)) {
            draft_free(draft);
            reader->draft_count--;
        }
    }
}
