#include "domain.h"

#include <libpsl.h>
#include <string.h>

#include "address.h"

const char *
domain_registrable(const char *host)
{
    if (address_is_ip(host))
        return NULL;
    return psl_registrable_domain(psl_builtin(), host);
}

bool
domain_same_owner(const char *host, const char *other)
{
    const char *a = domain_registrable(host);
    const char *b = domain_registrable(other);

    return a != NULL && b != NULL && strcasecmp(a, b) == 0;
}
