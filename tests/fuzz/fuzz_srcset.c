/*
 * What srcset_choose() gives is a piece of one of its texts, without spaces;
 * a media query, a length and an address end.  Texts are divided by NULs:
 * srcset, sizes, src.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "media_query.h"
#include "page_url.h"
#include "srcset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct slice
cut(const uint8_t **data, size_t *size)
{
    const uint8_t *nul = *size == 0 ? NULL : memchr(*data, '\0', *size);
    size_t len = nul == NULL ? *size : (size_t)(nul - *data);
    struct slice out = {.at = (const char *)*data, .len = len};

    *data += len;
    *size -= len;
    if (*size > 0) {
        (*data)++;
        (*size)--;
    }
    return out;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *end = (const char *)data + size;
    const char *begin = (const char *)data;
    struct slice srcset = cut(&data, &size);
    struct slice sizes = cut(&data, &size);
    struct slice src = cut(&data, &size);
    struct slice url = srcset_choose(srcset, sizes, src);
    char *joined;
    double px;

    if (url.len > 0 && (url.at < begin || url.at + url.len > end))
        abort();
    (void)media_query_matches(sizes);
    (void)media_query_length_px(src, &px);
    if (!(srcset_size_px(sizes) >= 0))
        abort();
    joined = page_url_join("https://a.test/x/?y", url);
    if (joined != NULL) {
        char *again = page_url_join(NULL, slice_of(joined));

        if (again == NULL || strcmp(again, joined) != 0)
            abort(); /* an address of ours stays what it is */
        free(again);
    }
    free(joined);
    return 0;
}
