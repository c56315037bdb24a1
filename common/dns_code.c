#include "dns_code.h"

#include <stdio.h>

#include "dns_rdata.h"

static const uint16_t type_numbers[DNS_TYPE_COUNT] = {
    [DNS_TYPE_A] = DNS_RR_A,
    [DNS_TYPE_AAAA] = DNS_RR_AAAA,
    [DNS_TYPE_CNAME] = DNS_RR_CNAME,
    [DNS_TYPE_MX] = DNS_RR_MX,
    [DNS_TYPE_NS] = DNS_RR_NS,
    [DNS_TYPE_TXT] = DNS_RR_TXT,
    [DNS_TYPE_SOA] = DNS_RR_SOA,
    [DNS_TYPE_CAA] = DNS_RR_CAA,
    [DNS_TYPE_DS] = DNS_RR_DS,
    [DNS_TYPE_HTTPS] = DNS_RR_HTTPS,
    [DNS_TYPE_PTR] = DNS_RR_PTR,
    [DNS_TYPE_SRV] = DNS_RR_SRV,
};

uint16_t
dns_type_number(enum check_dns_type type)
{
    return type_numbers[type];
}

void
dns_put_rcode(int rcode, char out[16])
{
    static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL",
        "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET",
        "NOTAUTH", "NOTZONE"};

    if (rcode >= 0 && (size_t)rcode < sizeof(names) / sizeof(names[0]))
        (void)snprintf(out, 16, "%s", names[rcode]);
    else
        (void)snprintf(out, 16, "RCODE%d", rcode);
}

void
dns_put_ede(int code, char out[40])
{
    /* RFC 8914, 4 */
    static const char *const names[] = {"other error",
        "unsupported DNSKEY algorithm", "unsupported DS digest type",
        "stale answer", "forged answer", "DNSSEC indeterminate", "DNSSEC bogus",
        "signature expired", "signature not yet valid", "DNSKEY missing",
        "RRSIGs missing", "no zone key bit set", "NSEC missing", "cached error",
        "not ready", "blocked", "censored", "filtered", "prohibited",
        "stale NXDOMAIN answer", "not authoritative", "not supported",
        "no reachable authority", "network error", "invalid data"};

    if (code >= 0 && (size_t)code < sizeof(names) / sizeof(names[0]))
        (void)snprintf(out, 40, "%s", names[code]);
    else
        (void)snprintf(out, 40, "extended error %d", code);
}

void
dns_put_type(uint16_t number, char out[16])
{
    for (int type = 0; type < DNS_TYPE_COUNT; type++) {
        if (type_numbers[type] == number) {
            (void)snprintf(out, 16, "%s", check_dns_type_name(type));
            return;
        }
    }
    if (number == DNS_RR_DNAME)
        (void)snprintf(out, 16, "DNAME");
    else
        (void)snprintf(out, 16, "TYPE%u", (unsigned)number);
}
