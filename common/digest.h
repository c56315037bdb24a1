/*
 * digest.h - SHA-256, HMAC-SHA-256, CRC-32C and random bytes.
 *
 * OpenSSL does the work, except CRC-32C (Castagnoli, polynomial 0x1EDC6F41,
 * reflected, as in iSCSI, RFC 3720 B.4), which it does not have.
 */
#ifndef COMMON_DIGEST_H
#define COMMON_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_SHA256_BYTES = 32, DIGEST_SHA256_HEX = 65 };

void digest_sha256(
    const void *data, size_t len, uint8_t out[DIGEST_SHA256_BYTES]);

void digest_hmac_sha256(const void *key, size_t key_len, const void *data,
    size_t len, uint8_t out[DIGEST_SHA256_BYTES]);

/* Goes on from `crc`; begin with 0. */
uint32_t digest_crc32c(uint32_t crc, const void *data, size_t len);
/* The same where the processor has no instruction for it. */
uint32_t digest_crc32c_by_table(uint32_t crc, const void *data, size_t len);

/* From the system's generator; asserts that it works. */
void digest_random(void *out, size_t len);
uint64_t digest_random_u64(void);

/* Lower-case; `out` holds 2 * len + 1 bytes. */
void digest_hex(const void *data, size_t len, char *out);

#endif
