#include "probe_answers.h"

#include <string.h>

#include "cols.h"
#include "probe_field.h"
#include "text.h"

enum { NAME_COLUMNS_MAX = 40, TTL_BYTES = 32 };

static const char *
rcode_words(const char *rcode)
{
    static const struct {
        const char *rcode;
        const char *words;
    } words[] = {
        {"NXDOMAIN", " (there is no such name)"},
        {"SERVFAIL", " (the server could not find out)"},
        {"REFUSED", " (the server does not answer us for this name)"},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i].rcode, rcode) == 0)
            return words[i].words;
    }
    return "";
}

static void
print_server(const struct paper *paper, const struct dns_facts *dns)
{
    bool good = strcmp(dns->rcode, "NOERROR") == 0;

    probe_field_begin(paper, "server");
    paper_put(paper, PAPER_PLAIN, "%s over %s: ", dns->server, dns->transport);
    paper_put(paper, good ? PAPER_PLAIN : PAPER_BAD, "%s",
        dns->rcode[0] != '\0' ? dns->rcode : "no answer");
    paper_put(paper, PAPER_PLAIN, "%s", rcode_words(dns->rcode));
    if (dns->authenticated)
        paper_put(paper, PAPER_GOOD, ", AD: validated by DNSSEC");
    if (dns->truncated)
        paper_put(paper, PAPER_DIM, ", the UDP answer was cut, asked by TCP");
    paper_end(paper);
}

/* "asked     ns1.acme.example. 192.0.2.1, serial 7, 12.3 ms" */
static void
print_authority(
    const struct paper *paper, const struct dns_server_fact *server, bool first)
{
    probe_field_begin(paper, first ? "asked" : "");
    paper_put(paper, PAPER_PLAIN, "%s %s", server->name, server->server);
    if (server->has_serial)
        paper_put(
            paper, PAPER_PLAIN, ", serial %lu", (unsigned long)server->serial);
    if (server->elapsed_us != PHASE_NOT_REACHED)
        paper_put(
            paper, PAPER_DIM, ", %.1f ms", (double)server->elapsed_us / 1000);
    if (server->reason != REASON_NONE)
        paper_put(
            paper, PAPER_BAD, ", %s", measure_reason_name((int)server->reason));
    paper_end(paper);
}

static void
put_ttl(uint32_t ttl_s, char out[TTL_BYTES])
{
    text_put_span((int64_t)ttl_s * 1000, out, TTL_BYTES);
}

/* Columns as wide as they must be; data may be long, and comes last. */
void
probe_answers_print(const struct paper *paper, const struct dns_facts *dns)
{
    size_t name_columns = 0;
    size_t ttl_columns = 0;
    char ttl[TTL_BYTES];

    print_server(paper, dns);
    for (size_t i = 0; i < dns->answer_count; i++) {
        size_t columns = cols_of(dns->answers[i].name);

        if (columns > name_columns)
            name_columns = columns;
        put_ttl(dns->answers[i].ttl_s, ttl);
        if (strlen(ttl) > ttl_columns)
            ttl_columns = strlen(ttl);
    }
    if (name_columns > NAME_COLUMNS_MAX)
        name_columns = NAME_COLUMNS_MAX;
    for (size_t i = 0; i < dns->answer_count; i++) {
        const struct dns_answer_fact *answer = &dns->answers[i];
        size_t columns = cols_of(answer->name);

        put_ttl(answer->ttl_s, ttl);
        paper_put(paper, PAPER_PLAIN, "    %s", answer->name);
        paper_spaces(
            paper, columns < name_columns ? name_columns - columns + 2 : 2);
        paper_put(paper, PAPER_DIM, "%*s  ", (int)ttl_columns, ttl);
        paper_put(paper, PAPER_PLAIN, "%-5s  %s", answer->type, answer->data);
        paper_end(paper);
    }
    if (dns->left_out > 0)
        probe_field(paper, "", PAPER_DIM,
            "and %lu more, which are compared but not kept",
            (unsigned long)dns->left_out);
    if (dns->answer_count == 0 && strcmp(dns->rcode, "NOERROR") == 0)
        probe_field(paper, "", PAPER_DIM,
            "no record of this type: the name exists, or one below it");
    for (size_t i = 0; i < dns->server_count; i++)
        print_authority(paper, &dns->servers[i], i == 0);
}
