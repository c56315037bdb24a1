#include "digest.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

enum { CRC_SLICES = 8 };

/* Slicing-by-8 (Kounavis and Berry, 2005), made once. */
static uint32_t crc_table[CRC_SLICES][256];
static pthread_once_t crc_once = PTHREAD_ONCE_INIT;

static void
make_crc_table(void)
{
    const uint32_t reflected = 0x82f63b78U;

    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;

        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1U) ? reflected : 0U);
        crc_table[0][i] = crc;
    }
    for (int slice = 1; slice < CRC_SLICES; slice++) {
        for (int i = 0; i < 256; i++) {
            uint32_t crc = crc_table[slice - 1][i];

            crc_table[slice][i] = (crc >> 8) ^ crc_table[0][crc & 0xffU];
        }
    }
}

static uint32_t
crc_by_table(uint32_t crc, const uint8_t *p, size_t len)
{
    (void)pthread_once(&crc_once, make_crc_table);
    for (; len >= 8; p += 8, len -= 8) {
        uint32_t low = crc ^ ((uint32_t)p[0] | (uint32_t)p[1] << 8 |
                                 (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);

        crc = crc_table[7][low & 0xffU] ^ crc_table[6][(low >> 8) & 0xffU] ^
              crc_table[5][(low >> 16) & 0xffU] ^ crc_table[4][low >> 24] ^
              crc_table[3][p[4]] ^ crc_table[2][p[5]] ^ crc_table[1][p[6]] ^
              crc_table[0][p[7]];
    }
    for (; len > 0; p++, len--)
        crc = (crc >> 8) ^ crc_table[0][(crc ^ *p) & 0xffU];
    return crc;
}

/* Every row of the store is summed each time it is read: the processor's own
 * instruction does it six times faster. */
#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t
crc_by_processor(uint32_t crc, const uint8_t *p, size_t len)
{
    uint64_t wide = crc;

    for (; len >= 8; p += 8, len -= 8) {
        uint64_t word;

        memcpy(&word, p, sizeof(word));
        wide = __builtin_ia32_crc32di(wide, word);
    }
    crc = (uint32_t)wide;
    for (; len > 0; p++, len--)
        crc = __builtin_ia32_crc32qi(crc, *p);
    return crc;
}

static bool
has_crc_instruction(void)
{
    return __builtin_cpu_supports("sse4.2");
}
#else
static uint32_t
crc_by_processor(uint32_t crc, const uint8_t *p, size_t len)
{
    return crc_by_table(crc, p, len);
}

static bool
has_crc_instruction(void)
{
    return false;
}
#endif

uint32_t
digest_crc32c(uint32_t crc, const void *data, size_t len)
{
    if (has_crc_instruction())
        return ~crc_by_processor(~crc, data, len);
    return digest_crc32c_by_table(crc, data, len);
}

uint32_t
digest_crc32c_by_table(uint32_t crc, const void *data, size_t len)
{
    return ~crc_by_table(~crc, data, len);
}

void
digest_sha256(const void *data, size_t len, uint8_t out[DIGEST_SHA256_BYTES])
{
    unsigned out_len = 0;
    int rc = EVP_Digest(data, len, out, &out_len, EVP_sha256(), NULL);

    assert(rc == 1 && out_len == DIGEST_SHA256_BYTES);
}

void
digest_hmac_sha256(const void *key, size_t key_len, const void *data,
    size_t len, uint8_t out[DIGEST_SHA256_BYTES])
{
    unsigned out_len = 0;
    const uint8_t *rc =
        HMAC(EVP_sha256(), key, (int)key_len, data, len, out, &out_len);

    assert(rc != NULL && out_len == DIGEST_SHA256_BYTES);
}

void
digest_random(void *out, size_t len)
{
    int rc = RAND_bytes(out, (int)len);

    assert(rc == 1);
}

uint64_t
digest_random_u64(void)
{
    uint64_t value;

    digest_random(&value, sizeof(value));
    return value;
}

void
digest_hex(const void *data, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *p = data;

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    out[2 * len] = '\0';
}
