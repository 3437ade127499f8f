#include "src/store/budget.h"

#include "src/base/clock.h"
#include "src/store/store_key.h"

#include <string.h>

#define NUMBER_BYTES 8
#define HEAD_NUMBERS 4

static struct store_key the_key(void)
{
    struct store_key key = { .len = 0 };

    key_add_byte(&key, 0);
    return key;
}

static bool read_number(struct slice *bytes, int64_t *number)
{
    uint64_t value;

    if (!key_read_u64(bytes, &value) || value > INT64_MAX)
        return false;
    *number = (int64_t)value;
    return true;
}

static bool read_row(struct slice bytes, struct budget_row *row)
{
    int64_t *const head[HEAD_NUMBERS] = { &row->due_ms, &row->since_ms, &row->n_gone_before,
                                          &row->n_gone };

    for (size_t i = 0; i < HEAD_NUMBERS; i++)
        if (!read_number(&bytes, head[i]))
            return false;
    if (bytes.len % NUMBER_BYTES || bytes.len / NUMBER_BYTES > BUDGET_MAX_TIMES)
        return false;
    while (bytes.len)
        if (!read_number(&bytes, &row->opened_ms[row->n_opened++]))
            return false;
    return true;
}

/* Without the times: they are many, and only those that are there are read. */
static void empty(struct budget_row *row)
{
    memset(row, 0, offsetof(struct budget_row, opened_ms));
}

enum rc budget_get(struct store_txn *txn, struct budget_row *row)
{
    const struct store_key key = the_key();
    struct slice bytes;
    enum rc rc = store_get(txn, TABLE_BUDGET, key_slice(&key), &bytes);

    empty(row);
    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    if (read_row(bytes, row))
        return RC_OK;
    empty(row);
    return RC_CORRUPT;
}

static void write_number(uint8_t *bytes, int64_t number)
{
    const uint64_t value = number > 0 ? (uint64_t)number : 0;

    for (size_t i = 0; i < NUMBER_BYTES; i++)
        bytes[i] = (uint8_t)(value >> 8 * (NUMBER_BYTES - 1 - i));
}

enum rc budget_put(struct store_txn *txn, const struct budget_row *row)
{
    const struct store_key key = the_key();
    const int64_t head[HEAD_NUMBERS] = { row->due_ms, row->since_ms, row->n_gone_before,
                                         row->n_gone };
    uint8_t bytes[NUMBER_BYTES * (HEAD_NUMBERS + BUDGET_MAX_TIMES)];

    for (size_t i = 0; i < HEAD_NUMBERS; i++)
        write_number(bytes + i * NUMBER_BYTES, head[i]);
    for (size_t i = 0; i < row->n_opened; i++)
        write_number(bytes + (HEAD_NUMBERS + i) * NUMBER_BYTES, row->opened_ms[i]);
    return store_put(
        txn, TABLE_BUDGET, key_slice(&key),
        (struct slice){ (const char *)bytes, NUMBER_BYTES * (HEAD_NUMBERS + row->n_opened) });
}

void budget_add(struct budget_row *row, int64_t now_ms)
{
    size_t n_old = 0;

    while (n_old < row->n_opened && row->opened_ms[n_old] <= now_ms - DAY_MS)
        n_old++;
    if (!n_old && row->n_opened == BUDGET_MAX_TIMES)
        n_old = 1;
    row->n_opened -= n_old;
    memmove(row->opened_ms, row->opened_ms + n_old, row->n_opened * sizeof *row->opened_ms);
    row->opened_ms[row->n_opened++] = now_ms;
}
