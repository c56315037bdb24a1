#include "webhook_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct range4 {
    uint8_t address[4];
    uint8_t bits;
};

static const struct range4 refused4[] = {
    {{169, 254, 0, 0}, 16},     /* link-local; nearly everybody's metadata */
    {{100, 100, 100, 200}, 32}, /* Alibaba Cloud */
    {{192, 0, 0, 192}, 32},     /* Oracle Cloud, classic */
    {{168, 63, 129, 16}, 32},   /* Azure's wire server */
};

struct range6 {
    uint8_t address[16];
    uint8_t bits;
};

static const struct range6 refused6[] = {
    {{0xfe, 0x80}, 10}, /* link-local */
    /* fd00:ec2::254 Amazon, fd20:ce::254 Google, fd00:42::42 Scaleway */
    {{0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54}, 128},
    {{0xfd, 0x20, 0, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54}, 128},
    {{0xfd, 0, 0, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x42}, 128},
};

/* IPv6 that is IPv4 inside: the prefix, and where the four bytes stand. */
static const struct {
    struct range6 range;
    uint8_t at;
} inside[] = {
    {{{[10] = 0xff, [11] = 0xff}, 96}, 12},                   /* mapped */
    {{{0}, 96}, 12},                                          /* compatible */
    {{{0x00, 0x64, 0xff, 0x9b}, 96}, 12},                     /* NAT64 */
    {{{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48}, 12},         /* NAT64, local */
    {{{0x20, 0x02}, 16}, 2},                                  /* 6to4 */
    {{{[8] = 0xff, [9] = 0xff, [10] = 0, [11] = 0}, 96}, 12}, /* translated */
};

static bool
is_within(const uint8_t *address, const uint8_t *range, unsigned bits)
{
    unsigned whole = bits / 8;
    uint8_t mask = (uint8_t)(0xff00U >> (bits % 8));

    return memcmp(address, range, whole) == 0 &&
           (bits % 8 == 0 || ((address[whole] ^ range[whole]) & mask) == 0);
}

static bool
refuses4(const uint8_t address[4])
{
    for (size_t i = 0; i < sizeof(refused4) / sizeof(refused4[0]); i++) {
        if (is_within(address, refused4[i].address, refused4[i].bits))
            return true;
    }
    return false;
}

static bool
refuses6(const uint8_t address[16])
{
    for (size_t i = 0; i < sizeof(refused6) / sizeof(refused6[0]); i++) {
        if (is_within(address, refused6[i].address, refused6[i].bits))
            return true;
    }
    for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
        if (is_within(address, inside[i].range.address, inside[i].range.bits) &&
            refuses4(address + inside[i].at))
            return true;
    }
    return false;
}

bool
webhook_guard_refuses(const struct sockaddr *address)
{
    uint8_t bytes[16];

    if (address->sa_family == AF_INET) {
        memcpy(bytes, &((const struct sockaddr_in *)address)->sin_addr, 4);
        return refuses4(bytes);
    }
    if (address->sa_family == AF_INET6) {
        memcpy(bytes, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
        return refuses6(bytes);
    }
    return true;
}
