#include "page_stored.h"

#include "buf.h"

static void
put_key(const struct page *page, uint32_t check, uint8_t out[VERDICT_KEY_BYTES])
{
    const struct verdict_key key = {
        .hour_unix_ms = page->hour_unix_ms,
        .check = check,
        .version = (uint32_t)page->segment->version,
    };

    verdict_key_encode(&key, out);
}

int
page_find(const struct page *page, uint32_t check, struct store_txn *txn,
    struct bytes *value, struct err *err)
{
    uint8_t key[VERDICT_KEY_BYTES];

    put_key(page, check, key);
    return store_get(
        txn, STORE_VERDICTS, (struct bytes){key, sizeof(key)}, value, err);
}

int
page_load(struct page *page, uint32_t check, struct store_txn *txn,
    struct verdict_row *row, struct err *err)
{
    struct verdict_row read;
    struct bytes value;
    int rc = page_find(page, check, txn, &value, err);

    if (rc <= 0)
        return rc;
    if (verdict_row_decode(value, &read, err) != 0)
        return -1;
    page_take_row(page, &read);
    if (row != NULL)
        *row = read;
    else
        verdict_row_free(&read);
    return 1;
}

int
page_store(const struct page *page, uint32_t check, struct store_txn *txn,
    struct err *err)
{
    uint8_t key[VERDICT_KEY_BYTES];
    struct verdict_row row = page_as_row(page);
    struct buf value;
    int rc;

    put_key(page, check, key);
    buf_init(&value, VERDICT_ROW_MAX_BYTES);
    rc = verdict_row_encode(&row, &value, err);
    if (rc == 0)
        rc = store_put(txn, STORE_VERDICTS, (struct bytes){key, sizeof(key)},
            buf_bytes(&value), err);
    buf_free(&value);
    return rc;
}
