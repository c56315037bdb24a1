#include "digest.h"

#include <string.h>

#include "cm.h"

/* RFC 3720, B.4, and the usual check value. */
static void
crc32c_gives_the_values_of_its_rfc(void **state)
{
    uint8_t bytes[32];

    (void)state;
    assert_int_equal(digest_crc32c(0, "123456789", 9), 0xe3069283U);
    memset(bytes, 0, sizeof(bytes));
    assert_int_equal(digest_crc32c(0, bytes, 32), 0x8a9136aaU);
    memset(bytes, 0xff, sizeof(bytes));
    assert_int_equal(digest_crc32c(0, bytes, 32), 0x62a8ab43U);
    for (int i = 0; i < 32; i++)
        bytes[i] = (uint8_t)i;
    assert_int_equal(digest_crc32c(0, bytes, 32), 0x46dd794eU);
    for (int i = 0; i < 32; i++)
        bytes[i] = (uint8_t)(31 - i);
    assert_int_equal(digest_crc32c(0, bytes, 32), 0x113fdb5cU);
    assert_int_equal(digest_crc32c(0, "", 0), 0);
}

static void
crc32c_of_parts_is_the_crc32c_of_the_whole(void **state)
{
    uint8_t bytes[64];

    (void)state;
    for (int i = 0; i < 64; i++)
        bytes[i] = (uint8_t)(i * 37);
    for (size_t cut = 0; cut <= 64; cut++) {
        uint32_t crc = digest_crc32c(0, bytes, cut);

        crc = digest_crc32c(crc, bytes + cut, 64 - cut);
        assert_int_equal(crc, digest_crc32c(0, bytes, 64));
    }
}

static void
crc32c_is_the_same_with_and_without_the_instruction(void **state)
{
    uint8_t bytes[300];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * i * 31 + i);
    for (size_t len = 0; len < 200; len++) {
        uint32_t before = (uint32_t)len * 0x9e3779b9U;

        assert_int_equal(digest_crc32c(before, bytes + len % 9, len),
            digest_crc32c_by_table(before, bytes + len % 9, len));
    }
}

static void
assert_sha256(const char *data, const char *expect)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    char hex[DIGEST_SHA256_HEX];

    digest_sha256(data, strlen(data), digest);
    digest_hex(digest, sizeof(digest), hex);
    assert_string_equal(hex, expect);
}

/* FIPS 180-4's examples. */
static void
sha256_gives_the_values_of_its_standard(void **state)
{
    (void)state;
    assert_sha256(
        "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_sha256("abc",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

/* RFC 4231, cases 1, 2 and 6 (a key longer than a block). */
static void
hmac_sha256_gives_the_values_of_its_rfc(void **state)
{
    static const char last[] =
        "Test Using Larger Than Block-Size Key - Hash Key First";
    uint8_t key[131];
    uint8_t digest[DIGEST_SHA256_BYTES];
    char hex[DIGEST_SHA256_HEX];

    (void)state;
    memset(key, 0x0b, 20);
    digest_hmac_sha256(key, 20, "Hi There", 8, digest);
    digest_hex(digest, sizeof(digest), hex);
    assert_string_equal(hex,
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    digest_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, digest);
    digest_hex(digest, sizeof(digest), hex);
    assert_string_equal(hex,
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, 131);
    digest_hmac_sha256(key, 131, last, strlen(last), digest);
    digest_hex(digest, sizeof(digest), hex);
    assert_string_equal(hex,
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void
random_bytes_differ(void **state)
{
    (void)state;
    assert_true(digest_random_u64() != digest_random_u64());
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc32c_gives_the_values_of_its_rfc),
        cmocka_unit_test(crc32c_is_the_same_with_and_without_the_instruction),
        cmocka_unit_test(crc32c_of_parts_is_the_crc32c_of_the_whole),
        cmocka_unit_test(sha256_gives_the_values_of_its_standard),
        cmocka_unit_test(hmac_sha256_gives_the_values_of_its_rfc),
        cmocka_unit_test(random_bytes_differ),
    };

    return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
