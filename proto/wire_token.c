#include "wire.h"

#include <ctype.h>
#include <string.h>

#include <leadline.pb-c.h>

#include "digest.h"
#include "wire_part.h"

enum {
    CRC_BYTES = 4,
    TOKEN_MAX_BYTES = 512, /* before base64 */
    TOKEN_MAX_CHARS = TOKEN_MAX_BYTES * 4 / 3 + 4,
    TOKEN_LAST_FIELD = 5
};

#define PREFIX "ll1."

#define TOKEN_MIN_UNIX_MS INT64_C(1577836800000) /* 2020-01-01 */
#define TOKEN_MAX_UNIX_MS INT64_C(4102444800000) /* 2100-01-01 */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz0123456789-_";

/* base64url without padding (RFC 4648 5). */
static int
put_base64(struct bytes from, struct buf *out, struct err *err)
{
    uint32_t bits = 0;
    unsigned bit_count = 0;

    for (size_t i = 0; i < from.len; i++) {
        bits = bits << 8 | from.data[i];
        for (bit_count += 8; bit_count >= 6; bit_count -= 6) {
            if (buf_append(
                    out, &alphabet[bits >> (bit_count - 6) & 63U], 1, err) != 0)
                return -1;
        }
    }
    if (bit_count == 0)
        return 0;
    return buf_append(out, &alphabet[bits << (6 - bit_count) & 63U], 1, err);
}

/* `out` is large enough.  Characters were checked. */
static int
take_base64(const char *text, size_t len, uint8_t *out, size_t *out_len,
    struct err *err)
{
    uint32_t bits = 0;
    unsigned bit_count = 0;

    *out_len = 0;
    for (size_t i = 0; i < len; i++) {
        const char *at = strchr(alphabet, text[i]);

        bits = bits << 6 | (uint32_t)(at - alphabet);
        bit_count += 6;
        if (bit_count < 8)
            continue;
        bit_count -= 8;
        out[(*out_len)++] = (uint8_t)(bits >> bit_count);
    }
    if (bit_count == 6)
        return err_set(err, ERR_PARSE, "the token is cut short");
    if ((bits & ((1U << bit_count) - 1)) != 0)
        return err_set(
            err, ERR_PARSE, "the token is mistyped at its last character");
    return 0;
}

/* How long the fields say the token is; 0 if they end too early. */
static size_t
said_len(struct bytes token)
{
    struct bytes left = token;

    for (uint64_t number = 1; number <= TOKEN_LAST_FIELD; number++) {
        uint64_t tag;
        uint64_t value;

        if (wire_part_take_varint(&left, &tag) != 0 || tag >> 3 != number ||
            wire_part_take_varint(&left, &value) != 0)
            return 0;
        if (number == TOKEN_LAST_FIELD)
            break;
        if (value > left.len)
            return 0;
        left.data += value;
        left.len -= (size_t)value;
    }
    return token.len - left.len + CRC_BYTES;
}

/* Puts a checksum that does not match into words. */
static int
fail_checksum(struct bytes token, struct err *err)
{
    size_t said = said_len(token);

    if (said == 0 || said > token.len)
        return err_set(err, ERR_PARSE,
            "the token is cut short or mistyped: copy the whole line again");
    if (said < token.len)
        return err_set(
            err, ERR_PARSE, "the token has something behind its end");
    return err_set(
        err, ERR_PARSE, "the token is mistyped: its checksum does not match");
}

static int
check_endpoint(const char *endpoint, struct err *err)
{
    static const char scheme[] = "tcp://";
    const char *colon = strrchr(endpoint, ':');
    struct err ignored;
    int64_t port;

    if (strncmp(endpoint, scheme, strlen(scheme)) != 0 ||
        colon <= endpoint + strlen(scheme) ||
        text_take_int(colon + 1, 1, 65535, &port, &ignored) != 0)
        return err_set(
            err, ERR_PARSE, "endpoint \"%s\" is not tcp://HOST:PORT", endpoint);
    for (const char *at = endpoint; *at != '\0'; at++) {
        if (!isgraph((unsigned char)*at))
            return err_set(
                err, ERR_PARSE, "endpoint \"%s\" holds a blank", endpoint);
    }
    return 0;
}

static int
check_token(const struct wire_token *token, struct err *err)
{
    if (check_endpoint(token->endpoint, err) != 0)
        return -1;
    if (!text_is_name(token->name))
        return err_set(
            err, ERR_PARSE, "\"%s\" is not an agent's name", token->name);
    return wire_part_range(token->expires_unix_ms, TOKEN_MIN_UNIX_MS,
        TOKEN_MAX_UNIX_MS - 1, "token's expiry", err);
}

int
wire_token_encode(
    const struct wire_token *token, struct buf *out, struct err *err)
{
    Leadline__Token pb = LEADLINE__TOKEN__INIT;
    uint8_t bytes[TOKEN_MAX_BYTES];
    size_t before = out->len;
    size_t len;
    uint32_t crc;

    if (check_token(token, err) != 0)
        return -1;
    pb.endpoint = wire_part_of_text(token->endpoint);
    pb.name = wire_part_of_text(token->name);
    pb.collector_key =
        wire_part_of(token->collector_key, sizeof(token->collector_key));
    pb.onetime_secret =
        wire_part_of(token->onetime_secret, sizeof(token->onetime_secret));
    pb.expires_unix_ms = token->expires_unix_ms;
    /* Every field has its own limit, and their sum fits. */
    len = leadline__token__pack(&pb, bytes);
    crc = digest_crc32c(0, bytes, len);
    for (int shift = 24; shift >= 0; shift -= 8)
        bytes[len++] = (uint8_t)(crc >> shift);
    if (buf_append(out, PREFIX, strlen(PREFIX), err) != 0 ||
        put_base64((struct bytes){.data = bytes, .len = len}, out, err) != 0) {
        out->len = before;
        return -1;
    }
    return 0;
}

static int
take_fields(struct bytes bytes, struct wire_token *token, struct err *err)
{
    const Leadline__Token *pb;
    struct wire_arena arena;

    wire_arena_init(&arena, 0);
    pb = wire_part_unpack(&leadline__token__descriptor, bytes, &arena, err);
    if (pb == NULL ||
        wire_part_text(pb->endpoint, token->endpoint, sizeof(token->endpoint),
            "endpoint", err) != 0 ||
        wire_part_name(
            pb->name, token->name, sizeof(token->name), "name", err) != 0 ||
        wire_part_exact(pb->collector_key, token->collector_key,
            sizeof(token->collector_key), "collector's key", err) != 0 ||
        wire_part_exact(pb->onetime_secret, token->onetime_secret,
            sizeof(token->onetime_secret), "one-time key", err) != 0)
        return -1;
    token->expires_unix_ms = pb->expires_unix_ms;
    return check_token(token, err);
}

/* Finds the token's characters within the text, and that they are ones. */
static int
trim(const char *text, const char **start, size_t *len, struct err *err)
{
    while (isspace((unsigned char)*text))
        text++;
    if (strncmp(text, PREFIX, strlen(PREFIX)) != 0)
        return err_set(err, ERR_PARSE,
            "this is not an enrolment token: those begin with " PREFIX);
    *start = text + strlen(PREFIX);
    *len = strlen(*start);
    while (*len > 0 && isspace((unsigned char)(*start)[*len - 1]))
        (*len)--;
    if (*len > TOKEN_MAX_CHARS)
        return err_set(err, ERR_LIMIT,
            "%zu characters are too many for an enrolment token", *len);
    for (size_t i = 0; i < *len; i++) {
        if (isspace((unsigned char)(*start)[i]))
            return err_set(err, ERR_PARSE,
                "the token has a blank or a line's end at character %zu: "
                "paste it as one word",
                strlen(PREFIX) + i + 1);
        if (strchr(alphabet, (*start)[i]) == NULL)
            return err_set(err, ERR_PARSE,
                "the token is mistyped: character %zu cannot be in one",
                strlen(PREFIX) + i + 1);
    }
    return 0;
}

int
wire_token_decode(const char *text, struct wire_token *token, struct err *err)
{
    uint8_t bytes[TOKEN_MAX_CHARS];
    const char *start = NULL;
    size_t chars = 0;
    size_t len = 0;
    uint32_t crc = 0;

    *token = (struct wire_token){0};
    if (trim(text, &start, &chars, err) != 0 ||
        take_base64(start, chars, bytes, &len, err) != 0)
        return -1;
    if (len <= CRC_BYTES)
        return err_set(err, ERR_PARSE, "the token is cut short");
    for (size_t i = len - CRC_BYTES; i < len; i++)
        crc = crc << 8 | bytes[i];
    if (crc != digest_crc32c(0, bytes, len - CRC_BYTES))
        return fail_checksum((struct bytes){.data = bytes, .len = len}, err);
    if (take_fields((struct bytes){.data = bytes, .len = len - CRC_BYTES},
            token, err) != 0)
        return err_wrap(err, "token");
    return 0;
}
