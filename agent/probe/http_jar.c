#include "http_jar.h"

#include <stdlib.h>
#include <string.h>

#include "digest.h"

/* libcurl tells a cookie as a line of seven fields, with tabs in between. */
enum { FIELD_EXPIRES = 4, FIELD_COUNT = 7 };

struct http_jar {
    CURLSH *share; /* owned */
};

struct http_jar *
http_jar_new(void)
{
    struct http_jar *jar = calloc(1, sizeof(*jar));

    if (jar == NULL)
        return NULL;
    jar->share = curl_share_init();
    if (jar->share != NULL && curl_share_setopt(jar->share, CURLSHOPT_SHARE,
                                  CURL_LOCK_DATA_COOKIE) == CURLSHE_OK)
        return jar;
    http_jar_free(jar);
    return NULL;
}

void
http_jar_free(struct http_jar *jar)
{
    if (jar == NULL)
        return;
    (void)curl_share_cleanup(jar->share);
    free(jar);
}

void
http_jar_use(struct http_jar *jar, CURL *easy)
{
    (void)curl_easy_setopt(easy, CURLOPT_SHARE, jar->share);
    (void)curl_easy_setopt(easy, CURLOPT_COOKIEFILE, ""); /* of no file */
}

static uint32_t
mark_of(const char *line)
{
    uint32_t crc = 0;

    for (int field = 0; field < FIELD_COUNT && *line != '\0'; field++) {
        size_t len = strcspn(line, "\t");

        if (field != FIELD_EXPIRES)
            crc = digest_crc32c(crc, line, len + 1); /* the tab or NUL too */
        line += line[len] == '\0' ? len : len + 1;
    }
    return crc;
}

uint32_t
http_jar_mark(struct http_jar *jar)
{
    CURL *easy = curl_easy_init();
    struct curl_slist *lines = NULL;
    uint32_t sum = 0; /* commutative: in what order they are told is open */

    if (easy == NULL)
        return 0;
    (void)curl_easy_setopt(easy, CURLOPT_SHARE, jar->share);
    if (curl_easy_getinfo(easy, CURLINFO_COOKIELIST, &lines) == CURLE_OK) {
        for (const struct curl_slist *at = lines; at != NULL; at = at->next)
            sum += mark_of(at->data);
    }
    curl_slist_free_all(lines);
    curl_easy_cleanup(easy);
    return sum;
}
