/*
 * dns_set.h - records as the set they are: each once, in canonical order.
 *
 * Servers give the records of a set in any order, and rotate them; only in an
 * order that does not depend on it can they be compared.  Within a type it is
 * that of RFC 4034 6.3 (data as left-justified octets); aliases come first,
 * then the types by number.  Pure.
 */
#ifndef AGENT_DNS_SET_H
#define AGENT_DNS_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns_msg.h"

struct dns_set_item {
    const struct dns_record *record; /* borrowed */
    size_t at;                       /* the how manieth that was added */
};

struct dns_set {
    struct dns_set_item *items; /* owned; NULL until something is added */
    size_t count;
    size_t capacity;
};

/* What makes two records different. */
enum dns_set_by {
    DNS_SET_BY_DATA,          /* type and data: what an answer says */
    DNS_SET_BY_DATA_AND_OWNER /* and the name they stand at */
};

/* All zero is an empty set.  Releases it and leaves it empty. */
void dns_set_free(struct dns_set *set);

/* Adds at the end.  -1: memory is out, and the set is as it was. */
int dns_set_add(struct dns_set *set, const struct dns_record *record);

/* Puts all into canonical order and drops what is there twice. */
void dns_set_order(struct dns_set *set, enum dns_set_by by);

/* Puts all into the order in which they were added. */
void dns_set_order_as_added(struct dns_set *set);

/* The same for the same set, ordered or not; 0 if it is empty. */
uint64_t dns_set_hash(const struct dns_set *set);

/* Where this record is in a set ordered by data; -1 if it is not. */
long dns_set_find(const struct dns_set *set, uint16_t type_number,
    const uint8_t *rdata, size_t rdata_len);

#endif
