#include "src/store/rulesets.h"

#include "src/store/store_row.h"

/* clang-format off */
#define AT(member) .offset = offsetof(struct saved_file, member)
static const struct record_field file_fields[] = {
    { .tag = 1, .type = RECORD_TEXT, .name = "name", AT(name) },
    { .tag = 2, .type = RECORD_TEXT, .name = "text", AT(text) },
    { .tag = 3, .type = RECORD_BOOL, .name = "is_list", AT(is_list) },
};
#undef AT
static const struct record_shape file_shape = RECORD_SHAPE(saved_file, file_fields);

#define AT(member) .offset = offsetof(struct saved_ruleset, member)
static const struct record_field ruleset_fields[] = {
    { .tag = 1, .type = RECORD_TIME, .name = "saved", AT(saved_ms) },
    { .tag = 2, .type = RECORD_LIST, .name = "files", .shape = &file_shape, AT(files) },
};
#undef AT
/* clang-format on */
static const struct record_shape ruleset_shape = RECORD_SHAPE(saved_ruleset, ruleset_fields);

static struct store_key last_good(void)
{
    static const char name[] = "last_good";
    struct store_key key = { .len = 0 };

    key_add(&key, (const uint8_t *)name, sizeof(name) - 1);
    return key;
}

enum rc ruleset_save(struct store_txn *txn, const struct saved_ruleset *saved)
{
    return row_put(txn, TABLE_RULESETS, &ruleset_shape, last_good(), saved);
}

enum rc ruleset_load_saved(struct store_txn *txn, struct arena *arena, struct saved_ruleset *saved)
{
    return row_get(txn, TABLE_RULESETS, &ruleset_shape, last_good(), arena, saved);
}
