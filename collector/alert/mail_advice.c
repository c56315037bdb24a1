#include "mail_advice.h"

#include <stdio.h>
#include <string.h>

static const struct mail_advice advices[ALERT_CLASS_COUNT] = {
    [ALERT_COLLECTOR_ISOLATED] =
        {
            .title = "COLLECTOR CUT OFF",
            .lasts = true,
            .ended = "collector cut off",
            .whom = "nobody yet: the sites may be well, but nobody watches "
                    "them, and no outage is told until agents are back",
            .look = "the collector's network, firewall and listening port; "
                    "what agents measure meanwhile they keep and send later",
            .here = {"leadline agents"},
            .where = "the collector's machine",
            .there = {"ip route", "ss -ltn", "ping -c 3 1.1.1.1"},
        },
    [ALERT_FLAPPING] =
        {
            .title = "UP AND DOWN ALL THE TIME",
            .lasts = true,
            .ended = "up and down",
            .whom = "visitors who come while it is down",
            .look = "what comes and goes: one bad server behind a balancer, a "
                    "restart loop, a full connection pool",
            .here = {"leadline results '%' --since 2h",
                "leadline incidents --since 24h"},
        },
    [ALERT_AGENT_OFFLINE] =
        {
            .title = "AGENT SILENT",
            .lasts = true,
            .ended = "agent silent",
            .whom = "no visitor: its region has one voter less",
            .look = "whether that machine is up, its service runs, and it "
                    "reaches the collector's port",
            .here = {"leadline agents"},
            .where = "that agent's machine",
            .there = {"systemctl status leadline-agent",
                "journalctl -u leadline-agent -n 50"},
        },
    [ALERT_REGION_BLIND] =
        {
            .title = "REGION UNWATCHED",
            .lasts = true,
            .ended = "region unwatched",
            .whom = "visitors from there, should something break for them "
                    "alone: nobody would see it",
            .look = "the hosting company's status page, then the machines of "
                    "that region one by one",
            .here = {"leadline agents"},
            .where = "each agent's machine there",
            .there = {"systemctl status leadline-agent",
                "journalctl -u leadline-agent -n 50"},
        },
    [ALERT_AGENT_NETWORK] =
        {
            .title = "AGENT'S NETWORK FAILS",
            .lasts = true,
            .ended = "agent's network failed",
            .whom = "no visitor: what this agent finds down does not count",
            .look = "that machine's route and resolvers, and whether "
                    "self_check's targets answer from elsewhere",
            .here = {"leadline agents"},
            .where = "that agent's machine",
            .there = {"ip route", "ping -c 3 1.1.1.1",
                "journalctl -u leadline-agent -n 50"},
        },
    [ALERT_REGION_NETWORK] =
        {
            .title = "REGION'S NETWORK FAILS",
            .lasts = true,
            .ended = "region's network failed",
            .whom = "at most visitors whose way leads through that network; "
                    "other regions see the sites up",
            .look = "the status page of the company that hosts the agents "
                    "there, then the way from there to the sites",
            .here = {"leadline status", "leadline agents"},
            .where = "an agent's machine there",
            .there = {"ip route", "ping -c 3 1.1.1.1"},
        },
    [ALERT_SLOW] =
        {
            .title = "SLOW",
            .lasts = true,
            .ended = "slow",
            .whom = "visitors wait; nothing is down",
            .look = "which phase grew: connect is the network, tls and wait "
                    "the server, transfer the size",
            .here = {"leadline p95 '%' --phase all --by region --since 1h",
                "leadline results '%' --since 1h"},
        },
    [ALERT_P95] =
        {
            .title = "P95 MISSED",
            .lasts = true,
            .ended = "p95 missed",
            .whom = "one visitor in twenty waits longer than was promised; "
                    "nothing is down",
            .look = "which phase grew: connect is the network, tls and wait "
                    "the server, transfer the size",
            .here = {"leadline p95 '%' --phase all --by region --since 1h",
                "leadline p95 '%' --phase all --by region --since 24h"},
        },
    [ALERT_BUDGET] =
        {
            .title = "ERROR BUDGET HALF USED",
            .ended = "error budget",
            .whom = "whoever was promised this uptime (SLA)",
            .look = "what used it up, and whether planned work can wait until "
                    "the month is over",
            .here = {"leadline sla '%'", "leadline incidents --since 30d"},
        },
    [ALERT_CERT] =
        {
            .title = "CERTIFICATE ENDS",
            .ended = "certificate",
            .whom = "all visitors from the moment it ends: browsers refuse the "
                    "site",
            .look = "renew it where it is made, have every server load the new "
                    "one, and look why that did not happen by itself",
            .here = {"leadline probe '@'", "leadline results '%' --since 1h"},
        },
    [ALERT_DNS] =
        {
            .title = "DNS WRONG",
            .lasts = true,
            .ended = "DNS wrong",
            .whom = "visitors whose resolver asks the wrong server, or who are "
                    "sent to the wrong address",
            .look = "what each name server says below, against the zone as it "
                    "should be; then who changed it",
            .here = {"leadline probe '@' --kind dns",
                "leadline results '%' --since 1h"},
        },
    [ALERT_FAMILY] =
        {
            .title = "ONE OF IPv4 AND IPv6 IS DOWN",
            .lasts = true,
            .ended = "one of IPv4 and IPv6 down",
            .whom = "visitors who have only that one; others are served, some "
                    "of them late",
            .look = "whether the server listens on that address, its firewall, "
                    "and whether the A and AAAA records are right",
            .here = {"leadline probe '@' --family 4",
                "leadline probe '@' --family 6"},
        },
    [ALERT_MAIL] =
        {
            .title = "MAIL SET-UP",
            .ended = "mail set-up",
            .whom = "whoever waits for mail of this domain: it may be refused "
                    "or taken for spam",
            .look = "the domain's MX, SPF, DKIM and DMARC records",
            .here = {"leadline results '%' --since 24h"},
        },
    [ALERT_STORE_FULL] =
        {
            .title = "STORE FILLS UP",
            .ended = "store filled up",
            .whom = "nobody yet: at 100 % no result is taken, agents keep "
                    "theirs 48 h",
            .look = "free the disk, or raise store_max in leadline.yaml",
            .here = {"leadline status"},
            .where = "the collector's machine",
            .there = {"df -h"},
        },
    [ALERT_AGENT_CLOCK] =
        {
            .title = "CLOCK WRONG",
            .ended = "clock wrong",
            .whom = "no visitor: slots follow the collector's clock, but "
                    "certificates are judged by that machine's",
            .look = "whether that machine's clock is set by NTP",
            .here = {"leadline agents"},
            .where = "that machine",
            .there = {"timedatectl", "timedatectl set-ntp true"},
        },
    [ALERT_CONFIG_REJECTED] =
        {
            .title = "CONFIGURATION REJECTED",
            .ended = "configuration rejected",
            .whom = "no visitor: the configuration before goes on, what was "
                    "changed is not watched yet",
            .look = "the mistake named above; nothing else is needed",
            .here = {"leadline agents"},
            .where = "the collector's machine",
            .there = {"leadline check-config /etc/leadline/leadline.yaml",
                "kill -HUP $(pidof leadline-collector)"},
        },
    [ALERT_DUPLICATE_AGENT] =
        {
            .title = "AGENT RUNS TWICE",
            .ended = "agent ran twice",
            .whom = "no visitor: the second one is turned away",
            .look = "a copied machine or folder; if you know of none, the key "
                    "was stolen: rotate it, or revoke the agent",
            /* No `revoke`: it is for good, and this is typed half asleep. */
            .here = {"leadline agents", "leadline agent rotate '%'"},
        },
    [ALERT_STORE_DAMAGED] =
        {
            .title = "STORE DAMAGED",
            .ended = "store damaged",
            .whom = "whoever relies on the reports: some rows cannot be read",
            .look = "the disk (dmesg), then restore the last good backup",
            .here = {"leadline verify"},
            .where = "the collector's machine",
            .there = {"dmesg | tail -n 50"},
        },
    [ALERT_BACKUP_FAILED] =
        {
            .title = "BACKUP FAILED",
            .ended = "backup failed",
            .whom = "nobody yet: what would be lost with this disk grows",
            .look = "whether backup.dir exists, can be written and has room",
            .here = {"leadline verify"},
            .where = "the collector's machine",
            .there = {"df -h"},
        },
};

/* Same class, another story: raise_*.c tells them apart by the key. */
static const struct mail_advice cert_changed = {
    .title = "CERTIFICATE CHANGED",
    .ended = "certificate changed",
    .whom = "nobody, if you renewed it; everybody, if somebody else did",
    .look = "whether one of you renewed it: issuer and names below",
    .here = {"leadline probe '@'"},
};

static const struct mail_advice cert_differs = {
    .title = "CERTIFICATES DIFFER BETWEEN REGIONS",
    .ended = "certificates differed between regions",
    .whom = "visitors of one region get another certificate than the rest",
    .look = "whether one server or edge kept the old one, or somebody on the "
            "way shows his own",
    .here = {"leadline probe '@'", "leadline results '%' --since 1h"},
};

static const struct mail_advice dns_changed = {
    .title = "DNS ANSWERS CHANGED",
    .ended = "DNS answers changed",
    .whom = "nobody, if you changed them; everybody, if somebody else did",
    .look = "whether one of you changed the zone",
    .here = {"leadline probe '@' --kind dns"},
};

static const struct mail_advice dns_differs = {
    .title = "DNS ANSWERS DIFFER BETWEEN REGIONS",
    .ended = "DNS answers differed between regions",
    .whom = "visitors of one region may be sent elsewhere than the rest",
    .look = "whether that is meant (GeoDNS, a CDN), a change is on its way, or "
            "a resolver lies",
    .here = {"leadline probe '@' --kind dns",
        "leadline results '%' --since 1h"},
};

static const struct mail_advice budget_used = {
    .title = "ERROR BUDGET USED UP",
    .ended = "error budget",
    .whom = "whoever was promised this uptime (SLA): the month misses it",
    .look = "what used it up, and put off planned work until the month is "
            "over",
    .here = {"leadline sla '%'", "leadline incidents --since 30d"},
};

static const struct mail_advice nothing = {
    .title = "FAILING",
    .ended = "failing",
};

const struct mail_advice *
mail_advice_of(const struct condition_claim *claim)
{
    bool differs = strcmp(claim->key, "regions") == 0;

    if (claim->class == ALERT_CERT && claim->event)
        return &cert_changed;
    if (claim->class == ALERT_CERT && differs)
        return &cert_differs;
    if (claim->class == ALERT_DNS && claim->event)
        return &dns_changed;
    if (claim->class == ALERT_DNS && differs)
        return &dns_differs;
    if (claim->class == ALERT_BUDGET && claim->severity >= SEVERITY_NOTIFY)
        return &budget_used;
    if (claim->class >= ALERT_CLASS_COUNT ||
        advices[claim->class].title == NULL)
        return &nothing;
    return &advices[claim->class];
}

bool
mail_advice_is_typable(const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~' || text[i] == '\'')
            return false;
    }
    return len > 0 && len <= 300 && text[0] != '-';
}

bool
mail_advice_line(const char *command, const char *subject, const char *target,
    char out[MAIL_ADVICE_BYTES])
{
    size_t mark = strcspn(command, "%@");
    const char *put = command[mark] == '@' ? target : subject;

    if (command[mark] == '\0') {
        (void)snprintf(out, MAIL_ADVICE_BYTES, "%s", command);
        return true;
    }
    if (!mail_advice_is_typable(put))
        return false;
    (void)snprintf(out, MAIL_ADVICE_BYTES, "%.*s%s%s", (int)mark, command, put,
        command + mark + 1);
    return true;
}
