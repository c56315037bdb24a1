/* make_token ENDPOINT NAME: a token as "leadline agent add" prints them. */
#include <stdio.h>
#include <string.h>

#include "wire.h"

int
main(int argc, char **argv)
{
    struct wire_token token = {
        .collector_key = {1},
        .onetime_secret = {2},
        .expires_unix_ms = INT64_C(1900000000000),
    };
    struct buf text;
    struct err err;

    if (argc != 3)
        return 2;
    (void)snprintf(token.endpoint, sizeof(token.endpoint), "%s", argv[1]);
    (void)snprintf(token.name, sizeof(token.name), "%s", argv[2]);
    buf_init(&text, 4096);
    if (wire_token_encode(&token, &text, &err) != 0) {
        (void)fprintf(stderr, "%s\n", err.msg);
        return 3;
    }
    (void)printf("%s\n", buf_text(&text, &err));
    buf_free(&text);
    return 0;
}
