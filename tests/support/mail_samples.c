/*
 * mail_samples.c - writes every sample mail, and a hostile one, as files.
 *
 *   mail_samples DIR    DIR/<kind>.eml, as of 2026-11-24 03:10 CET
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail_sample.h"

/* 2026-11-24T02:10:00Z */
static const int64_t began_unix_ms = INT64_C(1795486200000);
static const struct mail_envelope envelope = {
    .notice = 42,
    .from = "alerts@acme-mail.example",
    .to = "oncall@acme-mail.example",
};

static int
keep(const char *dir, const char *name, const struct buf *mail)
{
    char path[1024];
    FILE *file;
    size_t written;

    (void)snprintf(path, sizeof(path), "%s/%s.eml", dir, name);
    file = fopen(path, "wb");
    if (file == NULL)
        return -1;
    written = fwrite(mail->data, 1, mail->len, file);
    return fclose(file) == 0 && written == mail->len ? 0 : -1;
}

static int
write_kind(const char *dir, int kind, const struct zone *zone, struct err *err)
{
    struct buf out;
    int rc;

    buf_init(&out, MAIL_MAX_BYTES);
    rc = mail_sample_write(
        &(struct mail_sample_spec){
            .kind = (enum mail_sample_kind)kind,
            .real = true,
            .began_unix_ms = began_unix_ms,
            .zone = zone,
        },
        &envelope, &out, err);
    if (rc == 0 && keep(dir, mail_sample_name(kind), &out) != 0)
        rc = err_set(err, ERR_SYS, "cannot write to %s", dir);
    buf_free(&out);
    return rc;
}

/* What strangers may try, in every place they can fill. */
static const char hostile[] =
    "x\r\nBcc: victim@elsewhere.example\r\n\r\n.\r\n.leading dot\nbare "
    "\x1b[31m\x07\x7f \xe2\x80\xae"
    "gnp.exe\xe2\x81\xa6 \xe2\x80\x8b\xff\xc0"
    "<script>document.title='owned'</script><img src=https://evil.example/x>"
    "<b style=\"position:fixed\">' \" & =?utf-8?q?x?= \xc3\xbc\xe6\xbc\xa2";

static void
spoil(char *at, size_t size)
{
    (void)snprintf(at, size, "%s", hostile);
}

static void
spoil_facts(struct mail_facts *facts)
{
    struct facts *seen = facts->facts;

    spoil(facts->incident.check_name, sizeof(facts->incident.check_name));
    spoil(facts->target, sizeof(facts->target));
    spoil(facts->failure_agent, sizeof(facts->failure_agent));
    spoil(facts->regions[0].name, sizeof(facts->regions[0].name));
    spoil(facts->results[0].agent, sizeof(facts->results[0].agent));
    spoil(facts->incident.acked_by, sizeof(facts->incident.acked_by));
    if (seen == NULL)
        return;
    spoil(seen->detail, sizeof(seen->detail));
    spoil(seen->http->request_id, sizeof(seen->http->request_id));
    spoil(seen->http->headers[0], sizeof(seen->http->headers[0]));
    spoil(seen->tls->chain[0].subject, sizeof(seen->tls->chain[0].subject));
    spoil(seen->tls->names[0], sizeof(seen->tls->names[0]));
}

static int
write_hostile(const char *dir, const struct zone *zone, struct err *err)
{
    struct mail_facts *facts = calloc(1, sizeof(*facts));
    struct buf out;
    int rc;

    if (facts == NULL)
        return err_set(err, ERR_NOMEM, "facts");
    buf_init(&out, MAIL_MAX_BYTES);
    mail_sample(facts, MAIL_FIRING, began_unix_ms, zone);
    facts->sample = false;
    spoil_facts(facts);
    rc = mail_text_write(facts, &envelope, &out, err);
    if (rc == 0 && keep(dir, "hostile", &out) != 0)
        rc = err_set(err, ERR_SYS, "cannot write to %s", dir);
    buf_free(&out);
    mail_facts_free(facts);
    free(facts);
    return rc;
}

int
main(int argc, char **argv)
{
    struct err err;
    struct zone *zone = zone_open("Europe/Berlin", &err);
    int rc = zone != NULL && argc == 2 ? 0 : -1;

    for (int kind = 0; rc == 0 && kind < SAMPLE_COUNT; kind++)
        rc = write_kind(argv[1], kind, zone, &err);
    if (rc == 0)
        rc = write_hostile(argv[1], zone, &err);
    if (rc != 0)
        (void)fprintf(stderr, "mail_samples: %s\n",
            argc == 2 ? err.msg : "usage: mail_samples DIR");
    zone_close(zone);
    return rc == 0 ? 0 : 1;
}
