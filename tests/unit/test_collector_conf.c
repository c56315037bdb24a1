#include "collector_conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cm.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* What was told, line by line. */
static char told[16384];

static void
keep(void *ctx, const char *line)
{
    size_t len = strlen(told);

    (void)ctx;
    (void)snprintf(told + len, sizeof(told) - len, "%s\n", line);
}

static struct config *
parse(const char *text)
{
    struct err err;

    told[0] = '\0';
    return collector_conf_parse(text, strlen(text), "t.yaml", keep, NULL, &err);
}

static struct config *
must_parse(const char *text)
{
    struct config *config = parse(text);

    if (config == NULL)
        fail_msg("refused: %s", told);
    return config;
}

/* The text is refused, and these are the very lines that say why. */
static void
assert_mistakes(const char *text, const char *lines)
{
    struct config *config = parse(text);

    if (config != NULL)
        fail_msg("was taken: %s", text);
    assert_string_equal(told, lines);
}

#define SMALL "regions: [eu, us, ap]\n"

static const char smallest[] =
    "mail: {server: \"smtp://mail.other.example\", from: a@other.example, "
    "to: [b@other.example]}\n" SMALL "sites:\n  - url: https://acme.example/\n";

static void
mail_regions_and_one_url_are_enough(void **state)
{
    struct config *config = must_parse(smallest);
    const struct conf_check *check;

    (void)state;
    assert_string_equal(config->listen, "tcp://*:7411");
    assert_string_equal(config->control, "ipc:///run/leadline/control");
    assert_string_equal(config->store, "/var/lib/leadline");
    assert_string_equal(config->key_file, "/var/lib/leadline/collector.key");
    assert_null(config->public_endpoint);
    assert_null(config->dashboard_listen);
    assert_int_equal(config->sla_target_millionths, 999000);
    assert_int_equal(config->self_check_targets.count, 3);
    assert_int_equal(config->reminder_ms, 14400000);
    assert_int_equal(config->warnings.count, 0);
    assert_string_equal(config->sites[0].name, "acme.example");
    assert_string_equal(config->sites[0].main_check, "acme.example/home");
    assert_int_equal(config->check_count, 4);
    assert_string_equal(config->checks[0].check.name, "acme.example/cert");
    assert_string_equal(config->checks[3].check.name, "acme.example/www");

    check = collector_conf_check(config, "acme.example/home");
    assert_non_null(check);
    assert_int_equal(check->check.kind, CHECK_HTTP);
    assert_int_equal(check->check.interval_ms, 60000);
    assert_int_equal(check->check.timeout_ms, 10000);
    assert_int_equal(check->check.slow_ms, 2000);
    assert_int_equal(check->check.expect_hops, -1);
    assert_int_equal(check->regions.count, 3);
    assert_true(check->derived);

    check = collector_conf_check(config, "acme.example/www");
    assert_string_equal(check->check.url, "https://www.acme.example/");
    assert_string_equal(check->check.expect_redirect, "https://acme.example/");
    assert_int_equal(check->check.expect_hops, 1);

    check = collector_conf_check(config, "acme.example/dns");
    assert_string_equal(check->check.host, "acme.example");
    assert_string_equal(check->check.server, "authoritative");
    assert_int_equal(
        check->check.dns_types, 1U << DNS_TYPE_A | 1U << DNS_TYPE_AAAA);
    assert_int_equal(check->check.interval_ms, 300000);

    check = collector_conf_check(config, "acme.example/cert");
    assert_int_equal(check->check.kind, CHECK_TLS);
    assert_int_equal(check->check.port, 443);
    assert_int_equal(check->check.id, check_id_of("acme.example/cert"));
    assert_ptr_equal(
        collector_conf_check_by_id(config, check->check.id), check);
    assert_null(collector_conf_check(config, "acme.example/nothing"));
    collector_conf_free(config);
}

static void
other_urls_derive_what_follows_from_them(void **state)
{
    static const struct {
        const char *url;
        const char *names; /* of the checks, sorted */
        const char *www;
    } cases[] = {
        {"https://www.acme.co.uk/x", "cert dns home www ",
            "https://acme.co.uk/"},
        {"http://acme.example:8080/", "dns home www ",
            "http://www.acme.example:8080/"},
        {"https://shop.acme.example/", "cert dns home ", NULL},
        {"https://127.0.0.1:8443/", "cert home ", NULL},
        {"https://[::1]:8443/", "cert home ", NULL},
        {"https://localhost/", "cert home ", NULL},
        {"https://WWW.Acme.Example/", "cert dns home www ",
            "https://acme.example/"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[512];
        char names[256] = "";
        struct config *config;
        const struct conf_check *www;

        (void)snprintf(text, sizeof(text),
            SMALL "sites: [{name: s, url: \"%s\"}]\n", cases[i].url);
        config = must_parse(text);
        for (size_t j = 0; j < config->check_count; j++) {
            strcat(names, config->checks[j].check.name + 2);
            strcat(names, " ");
        }
        assert_string_equal(names, cases[i].names);
        www = collector_conf_check(config, "s/www");
        if (cases[i].www != NULL)
            assert_string_equal(www->check.url, cases[i].www);
        collector_conf_free(config);
    }
}

static void
a_listed_check_changes_only_the_keys_it_gives(void **state)
{
    struct config *config = must_parse(SMALL
        "defaults: {interval: 30s, timeout: 4s, slow: 1s}\n"
        "sites:\n"
        "  - name: acme\n"
        "    url: https://acme.example/\n"
        "    checks:\n"
        "      - {name: home, expect: {body: Hello}, regions: [eu, ap]}\n"
        "      - {name: dns, server: 127.0.0.1:5353, type: A,\n"
        "         expect: [192.0.2.7]}\n"
        "      - {name: cert, kind: http, url: 'https://acme.example/c'}\n"
        "      - {name: extra, kind: tcp, host: Acme.Example., port: 25,\n"
        "         depends_on: home, paused: true, quorum: 2, target: 99.95,\n"
        "         timeout: 250ms, slow: 0s, family: both, server: system}\n"
        "      - {name: mx, kind: tls, host: m.example, port: 2525,\n"
        "         starttls: smtp}\n");
    const struct conf_check *check = collector_conf_check(config, "acme/home");

    (void)state;
    assert_string_equal(check->check.url, "https://acme.example/");
    assert_string_equal(check->check.expect_body, "Hello");
    assert_int_equal(check->check.interval_ms, 30000);
    assert_int_equal(check->check.timeout_ms, 4000);
    assert_int_equal(check->check.slow_ms, 1000);
    assert_int_equal(check->regions.count, 2);
    assert_false(check->derived);
    check = collector_conf_check(config, "acme/dns");
    assert_string_equal(check->check.server, "127.0.0.1#5353");
    assert_int_equal(check->check.dns_types, 1U << DNS_TYPE_A);
    assert_int_equal(check->check.expect_answers.count, 1);
    assert_int_equal(check->check.interval_ms, 300000);
    assert_string_equal(check->check.host, "acme.example");
    check = collector_conf_check(config, "acme/cert");
    assert_int_equal(check->check.kind, CHECK_HTTP);
    assert_null(check->check.host);
    assert_int_equal(check->check.interval_ms, 30000);
    assert_int_equal(check->check.starttls, CHECK_STARTTLS_BY_PORT);
    check = collector_conf_check(config, "acme/mx");
    assert_int_equal(check->check.starttls, CHECK_STARTTLS_SMTP);
    check = collector_conf_check(config, "acme/extra");
    assert_string_equal(check->check.host, "acme.example");
    assert_string_equal(check->depends_on, "acme/home");
    assert_true(check->check.paused);
    assert_int_equal(check->quorum, 2);
    assert_int_equal(check->target_millionths, 999500);
    assert_int_equal(check->check.timeout_ms, 250);
    assert_int_equal(check->check.slow_ms, 0);
    assert_int_equal(check->check.family, CHECK_FAMILY_BOTH);
    assert_null(check->check.server);
    collector_conf_free(config);
}

static void
kinds_that_are_not_built_are_left_out_with_a_warning(void **state)
{
    struct config *config = must_parse(
        SMALL "sites:\n"
              "  - name: a\n"
              "    derive: false\n"
              "    main: look\n"
              "    checks:\n"
              "      - {name: look, kind: form, url: 'https://a.example/'}\n"
              "      - {name: post, kind: mail, host: a.example}\n"
              "      - {name: up, kind: tcp, host: a.example, port: 1,\n"
              "         depends_on: look, quorum: 9}\n");

    (void)state;
    assert_int_equal(config->check_count, 1);
    assert_string_equal(config->checks[0].check.name, "a/up");
    assert_string_equal(config->checks[0].depends_on, "");
    assert_int_equal(config->checks[0].quorum, 9);
    assert_string_equal(config->sites[0].main_check, "");
    assert_true(config->warnings.count >= 3);
    collector_conf_free(config);
}

static void
a_page_has_a_profile_and_budgets(void **state)
{
    struct config *config = must_parse(SMALL
        "sites:\n"
        "  - name: a\n"
        "    checks:\n"
        "      - {name: p, kind: page, url: 'https://a.example/',\n"
        "         interval: 15m, profile: regular-3g, expect: {lcp: 2.5s,\n"
        "         bytes: 2000000, errors: 0, score: 85}}\n"
        "      - {name: q, kind: page, url: 'https://a.example/'}\n");
    const struct check *p = &collector_conf_check(config, "a/p")->check;
    const struct check *q = &collector_conf_check(config, "a/q")->check;

    (void)state;
    assert_int_equal(p->kind, CHECK_PAGE);
    assert_int_equal(p->profile, CHECK_PROFILE_REGULAR_3G);
    assert_int_equal(p->timeout_ms, 45000);
    assert_int_equal(p->slow_ms, 0);
    assert_int_equal(p->budgets[CHECK_BUDGET_LCP_MS], 2500);
    assert_int_equal(p->budgets[CHECK_BUDGET_FCP_MS], -1);
    assert_int_equal(p->budgets[CHECK_BUDGET_BYTES], 2000000);
    assert_int_equal(p->budgets[CHECK_BUDGET_ERRORS], 0);
    assert_int_equal(p->budgets[CHECK_BUDGET_SCORE], 85);
    assert_int_equal(q->profile, CHECK_PROFILE_SLOW_4G);
    for (int i = 0; i < CHECK_BUDGET_COUNT; i++)
        assert_int_equal(q->budgets[i], -1);
    collector_conf_free(config);
}

static void
derive_false_and_main_are_obeyed(void **state)
{
    struct config *config = must_parse(
        SMALL "sites:\n"
              "  - name: a\n"
              "    url: https://acme.example/\n"
              "    derive: false\n"
              "    main: second\n"
              "    checks:\n"
              "      - {name: first, kind: tcp, host: h.example, port: 1}\n"
              "      - {name: second, kind: tcp, host: h.example, port: 2}\n"
              "  - name: b\n"
              "    checks:\n"
              "      - {name: z, kind: dns, host: h.example}\n"
              "      - {name: y, url: 'http://h.example/', interval: 5s}\n"
              "  - {name: c}\n");

    (void)state;
    assert_int_equal(config->check_count, 4);
    assert_string_equal(config->sites[0].main_check, "a/second");
    assert_string_equal(config->sites[1].main_check, "b/y");
    assert_string_equal(config->sites[2].main_check, "");
    assert_int_equal(
        collector_conf_check(config, "b/y")->check.timeout_ms, 5000);
    assert_int_equal(config->warnings.count, 2); /* no mail, c has no checks */
    collector_conf_free(config);
}

static void
everything_of_the_contract_is_read(void **state)
{
    struct config *config = must_parse(
        "listen: tcp://*:7411\n"
        "public: tcp://collector.acme.example:7411\n"
        "key_file: /etc/leadline/collector.key\n"
        "control: ipc:///run/leadline/control\n"
        "store: /var/lib/leadline\n"
        "dashboard: {listen: 127.0.0.1:8411}\n"
        "sla: {target: 99.9, timezone: Europe/Berlin, form_target: 99}\n"
        "mail:\n"
        "  server: smtp://mail.example:587\n"
        "  user: alerts\n"
        "  password_file: /etc/leadline/smtp-password\n"
        "  from: alerts@acme.example\n"
        "  to: [oncall@acme-mail.example]\n"
        "  ca_file: null\n"
        "webhooks: [{name: chat, kind: slack, url_file: /etc/slack-url}]\n"
        "defaults: {interval: 60s, timeout: 10s, slow: 2s}\n"
        "receivers:\n"
        "  - {name: oncall, mail: [oncall@acme-mail.example],\n"
        "     from_severity: notify, sites: [acme]}\n"
        "  - {name: chat, webhook: chat, from_severity: page}\n"
        "self_check: {targets: [\"1.1.1.1:443\", \"8.8.8.8:443\"],\n"
        "  resolvers: [1.1.1.1, 8.8.8.8]}\n"
        "digest: {at: \"08:00\"}\n"
        "deadman: {url_file: /etc/leadline/deadman-url}\n"
        "store_max: 2GiB\n"
        "backup: {dir: /var/backups/leadline, every: 1h, keep: 5}\n"
        "regions: [eu, us, ap]\n"
        "sites:\n"
        "  - name: acme\n"
        "    url: https://acme.example/\n"
        "    dns_map: {a: [b]}\n"
        "    campaign_urls: ['https://acme.example/?utm_source=x']\n"
        "    handover: {registrar: r, owners: [x], rollback: y}\n"
        "    checks:\n"
        "      - {name: home, kind: http, url: https://acme.example/,\n"
        "         interval: 30s,\n"
        "         expect: {status: [200], body: \"Get a quote\", p95: 1.5s}}\n"
        "      - {name: dns, kind: dns, host: acme.example, type: A,\n"
        "         expect: [203.0.113.7]}\n"
        "      - {name: cert, kind: tls, host: acme.example, port: 443}\n"
        "mailboxes: [{name: leads, imap: imaps://in.acme.example,\n"
        "  user: leads, password_file: /x}]\n"
        "maintenance:\n"
        "  - {checks: [acme/*], every: \"Sun 02:00-03:00\", timezone: UTC,\n"
        "     reason: patching}\n"
        "  - {checks: [acme/home], regions: [eu],\n"
        "     from: 2026-11-28T22:00:00Z, to: 2026-11-28T23:00:00Z,\n"
        "     reason: move}\n"
        "alerts:\n"
        "  global: {open_after: 1, close_after: 2, quorum: majority}\n"
        "  regional: {open_after: 3, close_after: 3, min: 60s}\n"
        "  reminder: 4h\n");
    const struct conf_check *home = collector_conf_check(config, "acme/home");

    (void)state;
    assert_true(config->mail.configured);
    assert_null(config->mail.ca_file);
    assert_string_equal(config->timezone, "Europe/Berlin");
    assert_non_null(config->zone);
    assert_int_equal(config->form_target_millionths, 990000);
    assert_string_equal(config->webhooks[0].kind, "slack");
    assert_int_equal(config->receiver_count, 2);
    assert_int_equal(config->receivers[1].from_severity, SEVERITY_PAGE);
    assert_string_equal(config->receivers[1].webhook, "chat");
    assert_int_equal(config->window_count, 2);
    assert_int_equal(config->windows[0].weekday, 0);
    assert_int_equal(config->windows[0].from_minute, 120);
    assert_int_equal(config->windows[0].to_minute, 180);
    assert_string_equal(config->windows[1].timezone, "Europe/Berlin");
    assert_int_equal(config->windows[1].from_unix_ms, INT64_C(1795903200000));
    assert_int_equal(config->windows[1].regions.count, 1);
    assert_int_equal(config->global_rule.open_after, 1);
    assert_int_equal(config->regional_rule.min_ms, 60000);
    assert_int_equal(home->expect_p95_us, 1500000);
    assert_string_equal(home->check.statuses.items[0], "200");
    assert_int_equal(config->backup_every_ms, 3600000);
    assert_int_equal(config->backup_keep, 5);
    assert_int_equal(config->store_max_bytes, INT64_C(2) << 30);
    collector_conf_free(config);
}

static void
all_mistakes_are_told_at_once_in_order(void **state)
{
    (void)state;
    assert_mistakes(
        "regions: [eu, us]\n"
        "listn: tcp://*:1\n"
        "sites:\n"
        "  - name: acme\n"
        "    url: https://acme.example/\n"
        "    checks:\n"
        "      - name: home\n"
        "        interval: 30\n"
        "        exepct: {status: [200]}\n"
        "        slow: 10ms\n"
        "        slow: 20ms\n"
        "      - {name: a, kind: http, interval: 10ms}\n"
        "      - {name: b, kind: gopher}\n"
        "      - {name: c, kind: page, url: 'https://a.example/', profile: x}\n"
        "      - {name: d, kind: tcp, host: h.example, regions: [ue]}\n",
        "t.yaml:2:1: listn: unknown key (did you mean \"listen\"?)\n"
        "t.yaml:8:19: interval: \"30\" needs a unit: ms, s, m, h or d\n"
        "t.yaml:9:9: exepct: unknown key (did you mean \"expect\"?)\n"
        "t.yaml:11:9: slow: is there twice (first in line 10)\n"
        "t.yaml:12:9: url: is missing: kind http needs it (https://...)\n"
        "t.yaml:12:41: interval: \"10ms\" is out of range (5s to 1d)\n"
        "t.yaml:13:25: kind: \"gopher\" is none of dns, tcp, tls, http, page, "
        "mail, form\n"
        "t.yaml:14:67: profile: \"x\" is none of slow-4g, regular-3g, none\n"
        "t.yaml:15:9: port: is missing: kind tcp needs it (1 to 65535)\n"
        "t.yaml:15:56: regions: \"ue\" is not among the regions that count; "
        "did you mean \"eu\"?\n");
}

/* One wrong line each, and what must be said of it. */
static const struct {
    const char *text;
    const char *says;
} wrong[] = {
    {"[a]\n", "the file: a map goes here (key: value)"},
    {"", "there is nothing in it"},
    {"a: [\n", "YAML: "},
    {"a: b\n---\nc: d\n", "a second document begins"},
    {"sites: []\n", "regions: is missing"},
    {"regions: []\n", "regions: a list of 1 to 64 goes here"},
    {"regions: [eu, eu]\n", "regions: \"eu\" is there twice"},
    {"regions: [e/u]\n", "regions: \"e/u\" is not a name"},
    {"regions: {eu: 1}\n", "regions: a list of 1 to 64 goes here"},
    {"regions:\n", "regions: has no value"},
    {SMALL "listen: 7411\n", "listen: \"7411\" is not an endpoint"},
    {SMALL "listen: tcp://*:99999\n", "listen: "},
    {SMALL "listen: tcp://*:0\n", "listen: "},
    {SMALL "public: tcp://*:7411\n", "public: "},
    {SMALL "public: tcp://h.example\n", "public: "},
    {SMALL "control: ipc://relative\n", "control: "},
    {SMALL "control: tcp://0.0.0.0:1\n", "control: "},
    {SMALL "dashboard: {listen: 0.0.0.0:80}\n", "needs token_file"},
    {SMALL "dashboard: {listen: here}\n", "listen: \"here\" is not ADDRESS"},
    {SMALL "sla: {target: 100.1}\n", "is not a percentage"},
    {SMALL "sla: {target: 0}\n", "is not a percentage"},
    {SMALL "sla: {target: 99.99999}\n", "at most four decimals"},
    {SMALL "sla: {timezone: Mars/Base}\n", "no time zone \"Mars/Base\""},
    {SMALL "sla: {timezone: ../../etc/passwd}\n", "not the name of a time"},
    {SMALL "mail: {server: 'smtp://h.example'}\n", "from: is missing"},
    {SMALL "mail: {server: 'http://h.example'}\n", "is not smtp://HOST"},
    {SMALL "mail: {server: 'smtp://u:p@h.example'}\n", "must not carry a user"},
    {SMALL "mail: {password: x}\n", "\"password_file\""},
    {SMALL "mail: {from: \"a@b@c\"}\n", "is not a mail address"},
    {SMALL "mail: {to: [\"a@b.example\\r\\nBcc: c@d\"]}\n",
        "control character"},
    {SMALL "mail: {user: x}\n", "password_file: is missing"},
    {SMALL "webhooks: [{name: a}]\n", "either url_file or url"},
    {SMALL "webhooks: [{name: a, kind: pagerduty}]\n", "secret_file"},
    {SMALL "webhooks: [{name: a, kind: slack, url: 'http://a/', secret_file: "
           "b}]\n",
        "slack has no secret"},
    {SMALL "webhooks: [{name: a, url: 'http://a/', fallback: true}, {name: b, "
           "url: 'http://b/', fallback: true}]\n",
        "there is one already: \"a\""},
    {SMALL "receivers: [{name: a, webhook: b}]\n", "there is no webhook"},
    {SMALL "receivers: [{name: a}]\n", "mail or webhook must say"},
    {SMALL "receivers: [{name: a, mail: a@b.example}]\n", "needs the server"},
    {SMALL "self_check: on\n", "neither off nor"},
    {SMALL "self_check: {targets: ['1.1.1.1:443']}\n", "list of 2 to 16"},
    {SMALL "self_check: {targets: ['a.example:1', '1.1.1.1:1']}\n", "ADDRESS"},
    {SMALL "self_check: {resolvers: [dns.example]}\n", "is not a DNS server"},
    {SMALL "digest: {at: 8am}\n", "is not a time of day"},
    {SMALL "digest: {at: \"24:00\"}\n", "is not a time of day"},
    {SMALL "backup: {every: 1h}\n", "dir: is missing"},
    {SMALL "backup: {dir: /b, keep: 0}\n", "0 is out of range"},
    {SMALL "store_max: 16\n", "is not a size"},
    {SMALL "alerts: {global: {open_after: 0}}\n", "0 is out of range"},
    {SMALL "alerts: {reminder: 4}\n", "needs a unit"},
    {SMALL "sites: {}\n", "sites: a list of"},
    {SMALL "sites: [{}]\n", "name: is missing"},
    {SMALL "sites: [{url: 'ftp://a.example/'}]\n", "is not a URL"},
    {SMALL "sites: [{url: 'smtp://a.example/'}]\n", "http:// or https://"},
    {SMALL "sites: [{url: 'https://a b/'}]\n", "has a character"},
    {SMALL "sites: [{url: 'https://gr\xc3\xbcn.example/'}]\n", "punycode"},
    {SMALL "sites: [{url: 'https:///'}]\n", "no valid host"},
    {SMALL "sites: [{url: 'https://a.example:0/'}]\n", "no valid host"},
    {SMALL "sites: [{url: 'https://1.2.3.400/'}]\n", "no valid host"},
    {SMALL "sites: [{name: a}, {name: a}]\n", "two sites \"a\""},
    {SMALL "sites: [{name: a, main: b}]\n", "this site has no check \"b\""},
    {SMALL "sites: [{name: a, checks: 5}]\n", "a list of checks goes here"},
    {SMALL "sites: [{name: a, checks: [5]}]\n", "each is a map"},
    {SMALL "sites: [{name: a, checks: [{kind: tcp}]}]\n", "name: is missing"},
    {SMALL "sites: [{name: a, checks: [{name: b}]}]\n", "kind: is missing"},
};

static const struct {
    const char *check;
    const char *says;
} wrong_checks[] = {
    {"kind: tcp, host: a.example, port: 0", "0 is out of range"},
    {"kind: tcp, host: 'a b', port: 1", "is not a host name"},
    {"kind: tcp, host: a, port: 1, url: 'http://a/'", "does not know this key"},
    {"kind: tls, host: a, expect: {status: 200}", "cannot expect this"},
    {"kind: tls, host: a, starttls: lmtp", "none of smtp, imap, pop3, none"},
    {"kind: tcp, host: a, port: 1, starttls: smtp", "does not know this key"},
    {"kind: dns, host: a, type: B", "\"B\" is none of A"},
    {"kind: dns, host: a, expect: [x]", "not an answer of the types"},
    {"kind: dns, host: a, type: A, expect: ['::1']", "not an answer of"},
    {"kind: dns, host: a, server: x", "is not a DNS server"},
    {"url: 'http://a/', timeout: 61s", "longer than the interval of 1m"},
    {"url: 'http://a/', interval: 25h", "out of range (5s to 1d)"},
    {"url: 'http://a/', expect: {status: 99}", "is not a status"},
    {"url: 'http://a/', expect: {hops: 11}", "11 is out of range"},
    {"url: 'http://a/', expect: {body: ''}", "has no value"},
    {"url: 'http://a/', resolve: 'a:443'", "is not HOST:PORT:ADDRESS"},
    {"url: 'http://a/', headers: {'a b': c}", "is not a header's name"},
    {"url: 'http://a/', headers: {A: \"b\\r\\nC: d\"}", "has a line break"},
    {"url: 'http://a/', headers: [plain]", "is not \"Name: value\""},
    {"url: 'http://a/', method: get", "is not a method"},
    {"url: 'http://a/', method: GET, body: x", "GET sends no body"},
    {"url: 'http://a/', family: 5", "\"5\" is none of any, 4, 6, both"},
    {"url: 'http://a/', quorum: some", "neither majority nor"},
    {"url: 'http://a/', regions: [xx]", "not among the regions"},
    {"url: 'http://a/', depends_on: nope", "there is no check \"a/nope\""},
    {"url: 'http://a/', depends_on: c", "goes round in a circle"},
    {"url: 'http://a/', paused: yes", "neither true nor false"},
    {"url: {a: b}", "one value goes here, not a map"},
    {"url: [a]", "one value goes here, not a list"},
    {"url: !!binary aGk=", "tags such as"},
};

static const struct {
    const char *window;
    const char *says;
} wrong_windows[] = {
    {"checks: [a/c]", "either every, or from and to"},
    {"checks: [a/c], every: 'Sun 2-3'", "is not a window"},
    {"checks: [a/c], every: '02:00-02:00'", "is not a window"},
    {"checks: [a/c], every: '24:00-02:00'", "is not a window"},
    {"checks: [a/c], every: '02:60-03:00'", "is not a window"},
    {"checks: [a/c], from: now, to: 2026-01-01", "is not a date"},
    {"checks: [a/c], from: 2026-01-02, to: 2026-01-01", "later than from"},
    {"checks: [a/c], from: 2026-01-02", "to: is missing"},
    {"checks: [a/x], every: '02:00-03:00'", "there is no check \"a/x\""},
    {"every: '02:00-03:00'", "checks: is missing"},
    {"checks: [a/c], every: '02:00-03:00', regions: [xx]", "not among"},
    {"checks: [a/c], every: '02:00-03:00', timezone: X", "no time zone"},
};

static void
assert_says(const char *text, const char *says)
{
    struct config *config = parse(text);

    if (config != NULL)
        fail_msg("was taken: %s", text);
    if (strstr(told, says) == NULL)
        fail_msg("%s: said %s", text, told);
}

static void
each_mistake_has_its_words(void **state)
{
    char text[1024];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_says(wrong[i].text, wrong[i].says);
    for (size_t i = 0; i < COUNT_OF(wrong_checks); i++) {
        (void)snprintf(text, sizeof(text),
            SMALL "sites: [{name: a, checks: [{name: c, %s}]}]\n",
            wrong_checks[i].check);
        assert_says(text, wrong_checks[i].says);
    }
    for (size_t i = 0; i < COUNT_OF(wrong_windows); i++) {
        (void)snprintf(text, sizeof(text),
            SMALL "sites: [{name: a, checks: [{name: c, url: 'http://h/'}]}]\n"
                  "maintenance: [{%s}]\n",
            wrong_windows[i].window);
        assert_says(text, wrong_windows[i].says);
    }
}

static void
default_timeouts_longer_than_the_interval_are_a_mistake(void **state)
{
    (void)state;
    assert_says(SMALL "defaults: {interval: 5s, timeout: 10s}\n"
                      "sites: [{name: a, url: 'https://a.example/'}]\n",
        "t.yaml:2:11: timeout: the default timeout of 10s is longer");
}

static void
a_circle_of_two_is_found(void **state)
{
    (void)state;
    assert_says(SMALL "sites: [{name: a, checks: [\n"
                      "  {name: x, url: 'http://h/', depends_on: y},\n"
                      "  {name: y, url: 'http://h/', depends_on: a/x}]}]\n",
        "goes round in a circle");
}

static void
two_names_with_one_number_are_refused(void **state)
{
    (void)state;
    assert_int_equal(check_id_of("a/c9061"), check_id_of("a/c59711"));
    assert_says(SMALL "sites: [{name: a, checks: [\n"
                      "  {name: c9061, url: 'http://h/'},\n"
                      "  {name: c59711, url: 'http://h/'}]}]\n",
        "would be stored under one number");
}

static void
assert_warned(const struct config *config, const char *words)
{
    for (size_t i = 0; i < config->warnings.count; i++) {
        if (strstr(config->warnings.items[i], words) != NULL)
            return;
    }
    for (size_t i = 0; i < config->warnings.count; i++)
        print_error("%s\n", config->warnings.items[i]);
    fail_msg("no warning says: %s", words);
}

static void
who_is_left_out_of_receivers_is_warned_of(void **state)
{
    struct config *config = must_parse(
        "mail: {server: 'smtp://m.example', from: a@b.example,\n"
        "  to: [x@b.example, y@b.example]}\n"
        "webhooks: [{name: h, kind: slack, url: 'https://h.example/'},\n"
        "  {name: f, url: 'https://f.example/', fallback: true},\n"
        "  {name: n, url: 'https://n.example/'}]\n"
        "receivers: [{name: r, mail: [x@b.example], sites: [acme]},\n"
        "  {name: p, webhook: n, sites: [acme]}]\n" SMALL
        "sites: [{name: acme, url: 'https://acme.example/'},\n"
        "  {name: beta, url: 'https://beta.example/'}]\n");

    (void)state;
    assert_int_equal(config->warnings.count, 3);
    assert_warned(config, "receivers: nobody is told when beta is down");
    assert_warned(config, "to: y@b.example gets nothing");
    assert_warned(config, "webhooks: h gets nothing");
    collector_conf_free(config);
}

static void
alert_mail_inside_a_watched_domain_is_warned_of(void **state)
{
    struct config *config = must_parse(
        "mail: {server: 'smtp://mail.acme.example', from: a@acme.example,\n"
        "  to: [x@other.example, y@acme.example]}\n"
        "receivers: [{name: r, mail: [o@pages.example, z@eu.acme.example]}]\n"
        "webhooks: [{name: a, url: 'https://ntfy.example/t'}, {name: b, url: "
        "'https://chat.acme.example/'}]\n" SMALL
        "sites: [{name: acme, url: 'https://www.acme.example/'}]\n");

    (void)state;
    assert_int_equal(config->warnings.count, 8);
    assert_warned(config, "t.yaml:1:16: server: mail.acme.example lies inside");
    assert_warned(config, "mail: z@eu.acme.example lies inside");
    assert_warned(config, "url: chat.acme.example lies inside");
    assert_warned(config, "to: y@acme.example lies inside");
    collector_conf_free(config);
}

static void
rules_follow_regions_and_interval(void **state)
{
    struct config config = {.regional_rule = {.min_ms = -1}};

    (void)state;
    assert_int_equal(conf_global_open_after(&config, 3), 1);
    assert_int_equal(conf_global_open_after(&config, 2), 2);
    assert_int_equal(conf_global_close_after(&config), 2);
    assert_int_equal(conf_regional_open_after(&config, 60000), 3);
    assert_int_equal(conf_regional_open_after(&config, 10000), 6);
    assert_int_equal(conf_regional_open_after(&config, 7000), 9);
    assert_int_equal(conf_regional_close_after(&config), 3);
    config.regional_rule.open_after = 2;
    assert_int_equal(conf_regional_open_after(&config, 10000), 2);
    config.regional_rule.min_ms = 20000;
    assert_int_equal(conf_regional_open_after(&config, 5000), 4);
    config.regional_rule.open_after = 0;
    assert_int_equal(conf_regional_open_after(&config, 10000), 3);
    config.global_rule =
        (struct conf_incident_rule){.open_after = 4, .close_after = 5};
    assert_int_equal(conf_global_open_after(&config, 1), 4);
    assert_int_equal(conf_global_close_after(&config), 5);
}

static struct config *
with_window(const char *window)
{
    char text[1024];

    (void)snprintf(text, sizeof(text),
        SMALL "sites: [{name: a, checks: [{name: c, url: 'http://h/'}]}]\n"
              "maintenance: [{%s}]\n",
        window);
    return must_parse(text);
}

static bool
covers(const struct config *config, const char *region, const char *from,
    const char *to)
{
    int64_t from_unix_ms = 0;
    int64_t to_unix_ms = 0;
    struct err err;

    assert_ok(text_take_moment(from, 0, &from_unix_ms, &err), err);
    assert_ok(text_take_moment(to, 0, &to_unix_ms, &err), err);
    return conf_window_covers(
        &config->windows[0], "a/c", region, from_unix_ms, to_unix_ms);
}

static void
a_weekly_window_follows_the_clocks_of_its_zone(void **state)
{
    struct config *config = with_window(
        "checks: [a/*], every: 'Sun 02:00-03:00', timezone: Europe/Berlin");

    (void)state;
    /* winter: UTC+1 */
    assert_true(
        covers(config, "eu", "2026-11-29T01:00:00Z", "2026-11-29T01:01:00Z"));
    assert_true(
        covers(config, NULL, "2026-11-29T01:59:00Z", "2026-11-29T02:00:00Z"));
    assert_false(
        covers(config, "eu", "2026-11-29T00:59:00Z", "2026-11-29T01:00:00Z"));
    assert_false(
        covers(config, "eu", "2026-11-29T02:00:00Z", "2026-11-29T02:01:00Z"));
    /* not on other days */
    assert_false(
        covers(config, "eu", "2026-11-28T01:00:00Z", "2026-11-28T02:00:00Z"));
    /* summer: UTC+2 */
    assert_true(
        covers(config, "eu", "2026-07-05T00:30:00Z", "2026-07-05T00:31:00Z"));
    assert_false(
        covers(config, "eu", "2026-07-05T01:00:00Z", "2026-07-05T01:01:00Z"));
    /* clocks set back: the hour happens twice, both are covered */
    assert_true(
        covers(config, "eu", "2026-10-25T00:00:00Z", "2026-10-25T00:01:00Z"));
    assert_true(
        covers(config, "eu", "2026-10-25T01:59:00Z", "2026-10-25T02:00:00Z"));
    assert_false(
        covers(config, "eu", "2026-10-25T02:00:00Z", "2026-10-25T02:01:00Z"));
    /* clocks set forward: the hour is left out */
    assert_false(
        covers(config, "eu", "2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z"));
    assert_false(
        covers(config, "eu", "2026-03-29T01:00:00Z", "2026-03-29T01:01:00Z"));
    /* a long span holds some Sunday */
    assert_true(covers(config, "eu", "2026-01-01", "2026-06-01"));
    assert_false(covers(config, "eu", "2026-11-29T01:30:00Z",
        "2026-11-29T01:30:00Z")); /* empty */
    collector_conf_free(config);
}

static void
a_daily_window_may_pass_midnight(void **state)
{
    struct config *config =
        with_window("checks: [a/c], every: '23:30-00:30', regions: [eu]");

    (void)state;
    assert_true(
        covers(config, "eu", "2026-11-29T23:45:00Z", "2026-11-29T23:46:00Z"));
    assert_true(
        covers(config, "eu", "2026-11-30T00:29:59Z", "2026-11-30T00:31:00Z"));
    assert_false(
        covers(config, "eu", "2026-11-30T00:30:00Z", "2026-11-30T00:31:00Z"));
    assert_false(
        covers(config, "us", "2026-11-29T23:45:00Z", "2026-11-29T23:46:00Z"));
    assert_false(
        covers(config, NULL, "2026-11-29T23:45:00Z", "2026-11-29T23:46:00Z"));
    collector_conf_free(config);
    config = with_window("checks: [a/c], every: 'Sat 22:00-24:00'");
    assert_true(
        covers(config, "eu", "2026-11-28T23:59:00Z", "2026-11-29T00:00:00Z"));
    assert_false(
        covers(config, "eu", "2026-11-29T00:00:00Z", "2026-11-29T00:01:00Z"));
    collector_conf_free(config);
}

static void
a_single_window_covers_what_overlaps_it(void **state)
{
    struct config *config =
        with_window("checks: [a/c], from: 2026-11-28T22:00:00+01:00, "
                    "to: 2026-11-28T22:00:00Z");

    (void)state;
    assert_true(
        covers(config, NULL, "2026-11-28T21:59:59Z", "2026-11-29T00:00:00Z"));
    assert_true(
        covers(config, "eu", "2026-11-28T20:00:00Z", "2026-11-28T21:00:01Z"));
    assert_false(
        covers(config, "eu", "2026-11-28T20:00:00Z", "2026-11-28T21:00:00Z"));
    assert_false(
        covers(config, "eu", "2026-11-28T22:00:00Z", "2026-11-28T23:00:00Z"));
    assert_false(conf_window_covers(&config->windows[0], "a/other", "eu",
        INT64_C(1795903199000), INT64_C(1795903200000)));
    collector_conf_free(config);
}

static void
ca_files_are_read_beside_the_configuration(void **state)
{
    static const char pem[] = "-----BEGIN CERTIFICATE-----\nx\n";
    char dir[] = "/tmp/leadline-conf-XXXXXX";
    char path[64];
    struct config *config;
    struct err err;
    FILE *out;

    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/ca.pem", dir);
    out = fopen(path, "w");
    assert_non_null(out);
    (void)fputs(pem, out);
    (void)fclose(out);
    config = must_parse(
        SMALL "sites: [{name: a, checks: [\n"
              "  {name: c, url: 'https://h/', ca_file: ca.pem},\n"
              "  {name: d, url: 'https://h/', ca_file: missing.pem}]}]\n");
    told[0] = '\0';
    assert_int_equal(
        collector_conf_load_files(config, dir, keep, NULL, &err), -1);
    assert_string_equal(config->checks[0].check.ca_pem, pem);
    assert_non_null(strstr(told, "t.yaml:4:41: ca_file: open "));
    assert_string_equal(err.msg, "t.yaml: 1 file could not be read");
    collector_conf_free(config);
    (void)unlink(path);
    (void)rmdir(dir);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mail_regions_and_one_url_are_enough),
        cmocka_unit_test(other_urls_derive_what_follows_from_them),
        cmocka_unit_test(a_listed_check_changes_only_the_keys_it_gives),
        cmocka_unit_test(kinds_that_are_not_built_are_left_out_with_a_warning),
        cmocka_unit_test(a_page_has_a_profile_and_budgets),
        cmocka_unit_test(derive_false_and_main_are_obeyed),
        cmocka_unit_test(everything_of_the_contract_is_read),
        cmocka_unit_test(all_mistakes_are_told_at_once_in_order),
        cmocka_unit_test(each_mistake_has_its_words),
        cmocka_unit_test(
            default_timeouts_longer_than_the_interval_are_a_mistake),
        cmocka_unit_test(a_circle_of_two_is_found),
        cmocka_unit_test(two_names_with_one_number_are_refused),
        cmocka_unit_test(alert_mail_inside_a_watched_domain_is_warned_of),
        cmocka_unit_test(who_is_left_out_of_receivers_is_warned_of),
        cmocka_unit_test(rules_follow_regions_and_interval),
        cmocka_unit_test(a_weekly_window_follows_the_clocks_of_its_zone),
        cmocka_unit_test(a_daily_window_may_pass_midnight),
        cmocka_unit_test(a_single_window_covers_what_overlaps_it),
        cmocka_unit_test(ca_files_are_read_beside_the_configuration),
    };

    return cmocka_run_group_tests_name("collector_conf", tests, NULL, NULL);
}
