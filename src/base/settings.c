#include "src/base/settings.h"
#include "src/base/buffer.h"
#include "src/base/clock.h"

#include <inttypes.h>
#include <string.h>

/* Of a value shown in a message. */
#define SHOWN_MAX_BYTES 60

struct reader {
    const struct setting *settings;
    size_t n_settings;
    struct arena *arena;
    struct problems *problems;
    char *target;
};

static int shown_len(struct slice text)
{
    return (int)(text.len < SHOWN_MAX_BYTES ? text.len : SHOWN_MAX_BYTES);
}

#define SHOWN(slice) shown_len(slice), (slice).ptr

/* -- one value -- */

static enum rc refuse_value(const struct reader *reader, const struct setting *setting,
                            const struct node *value, const char *expected)
{
    if (value->type == NODE_SCALAR)
        node_problem(reader->problems, value, "`%s` must be %s, not `%.*s`", setting->name,
                     expected, SHOWN(value->text));
    else
        node_problem(reader->problems, value, "`%s` must be %s, not %s", setting->name, expected,
                     node_type_text(value));
    return RC_INVALID;
}

static enum rc read_text(const struct reader *reader, const struct setting *setting,
                         struct node *value, void *member)
{
    struct slice *text = member;

    if (value->type != NODE_SCALAR)
        return refuse_value(reader, setting, value, "text");
    return arena_copy(reader->arena, value->text, text);
}

static enum rc read_bool(const struct reader *reader, const struct setting *setting,
                         struct node *value, void *member)
{
    bool is_plain = value->type == NODE_SCALAR && value->style == NODE_PLAIN;
    bool *flag = member;

    if (!is_plain ||
        (!slice_eq(value->text, SLICE("true")) && !slice_eq(value->text, SLICE("false"))))
        return refuse_value(reader, setting, value, "true or false");
    *flag = value->text.ptr[0] == 't';
    return RC_OK;
}

/* What INT, DURATION and SIZE differ in. */
struct quantity {
    enum rc (*parse)(struct slice text, int64_t *value);
    void (*format)(int64_t value, struct buffer *out);
    const char *expected;
};

static void format_int(int64_t value, struct buffer *out)
{
    buffer_format(out, "%" PRId64, value);
}

static void format_duration(int64_t value, struct buffer *out)
{
    char text[TIME_TEXT_BYTES];

    buffer_add_text(out, duration_format(value, text));
}

/* In the largest unit that says it exactly. */
static void format_size(int64_t value, struct buffer *out)
{
    static const char *const units[] = { "B", "KB", "MB", "GB", "TB" };
    size_t unit = 0;

    while (value && value % 1024 == 0 && unit + 1 < sizeof(units) / sizeof(*units)) {
        value /= 1024;
        unit++;
    }
    buffer_format(out, "%" PRId64 "%s", value, units[unit]);
}

static const struct quantity quantities[] = {
    [SETTING_INT] = { .parse = slice_to_int, .format = format_int, .expected = "a whole number" },
    [SETTING_DURATION] = { .parse = duration_parse,
                           .format = format_duration,
                           .expected = "a duration with its unit (90s, 5m, 1h, 7d)" },
    [SETTING_SIZE] = { .parse = size_parse,
                       .format = format_size,
                       .expected = "a size with its unit (64KB, 5MB, 2GB)" },
};

void setting_format(enum setting_type type, int64_t value, struct buffer *out)
{
    quantities[type].format(value, out);
}

static enum rc check_range(const struct reader *reader, const struct setting *setting,
                           const struct node *value, int64_t number)
{
    const struct quantity *quantity = &quantities[setting->type];
    struct buffer range;

    if ((setting->min == 0 && setting->max == 0) ||
        (number >= setting->min && number <= setting->max))
        return RC_OK;
    buffer_init(&range, 0);
    buffer_add(&range, SLICE("between "));
    quantity->format(setting->min, &range);
    buffer_add(&range, SLICE(" and "));
    quantity->format(setting->max, &range);
    buffer_add_byte(&range, '\0');
    (void)refuse_value(reader, setting, value, range.failed ? "within its limits" : range.ptr);
    buffer_free(&range);
    return RC_INVALID;
}

/* A duration or a size indeed, but with decimals: what is exact has none. */
static bool has_decimals(const struct setting *setting, struct slice text, char *whole)
{
    return (setting->type == SETTING_DURATION && duration_has_decimals(text, whole)) ||
           (setting->type == SETTING_SIZE && size_has_decimals(text, whole));
}

static enum rc refuse_decimals(const struct reader *reader, const struct setting *setting,
                               const struct node *value, const char *whole)
{
    const char *kind = setting->type == SETTING_SIZE ? "size" : "duration";

    if (whole[0])
        node_problem(reader->problems, value,
                     "`%s` takes a %s without decimals: write %s, not `%.*s`", setting->name, kind,
                     whole, SHOWN(value->text));
    else
        node_problem(reader->problems, value, "`%s` takes a %s without decimals, not `%.*s`",
                     setting->name, kind, SHOWN(value->text));
    return RC_INVALID;
}

/* A duration indeed, but longer than any may be. */
static bool is_overlong(const struct setting *setting, struct slice text)
{
    int64_t duration_ms;
    double real_ms;

    return setting->type == SETTING_DURATION && duration_parse(text, &duration_ms) != RC_OK &&
           duration_parse_real(text, &real_ms) == RC_OK && real_ms > 3650.0 * DAY_MS;
}

static enum rc read_quantity(const struct reader *reader, const struct setting *setting,
                             struct node *value, void *member)
{
    const struct quantity *quantity = &quantities[setting->type];
    int64_t *number = member;
    char whole[TIME_TEXT_BYTES];
    int64_t parsed;
    enum rc rc;

    if (value->type == NODE_SCALAR && is_overlong(setting, value->text))
        return refuse_value(reader, setting, value, "a duration of ten years at most");
    if (value->type == NODE_SCALAR && has_decimals(setting, value->text, whole))
        return refuse_decimals(reader, setting, value, whole);
    if (value->type != NODE_SCALAR || quantity->parse(value->text, &parsed) != RC_OK)
        return refuse_value(reader, setting, value, quantity->expected);
    rc = check_range(reader, setting, value, parsed);
    if (rc == RC_OK)
        *number = parsed;
    return rc;
}

/* "a b c", with a NUL. */
static void list_names(const char *const *names, struct buffer *out)
{
    for (size_t i = 0; names[i]; i++) {
        if (i)
            buffer_add_byte(out, ' ');
        buffer_add_text(out, names[i]);
    }
    buffer_add_byte(out, '\0');
}

static enum rc read_enum(const struct reader *reader, const struct setting *setting,
                         struct node *value, void *member)
{
    struct buffer expected;
    const char *meant;
    int *index = member;

    if (value->type == NODE_SCALAR && slice_to_enum(value->text, setting->names, index) == RC_OK)
        return RC_OK;
    meant = value->type == NODE_SCALAR ? problem_did_you_mean(value->text, setting->names) : NULL;
    buffer_init(&expected, 0);
    if (meant)
        buffer_format(&expected, "one of (did you mean `%s`?) ", meant);
    else
        buffer_add(&expected, SLICE("one of "));
    list_names(setting->names, &expected);
    (void)refuse_value(reader, setting, value, expected.failed ? "one of its names" : expected.ptr);
    buffer_free(&expected);
    return RC_INVALID;
}

static enum rc read_texts(const struct reader *reader, const struct setting *setting,
                          struct node *value, void *member)
{
    bool is_list = value->type == NODE_LIST;
    size_t n_items = is_list ? value->n_items : 1;
    struct slice *items = arena_alloc(reader->arena, n_items, sizeof(*items));
    struct slice_list *list = member;

    if (!items)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < n_items; i++) {
        const struct node *item = is_list ? value->items[i] : value;

        if (item->type != NODE_SCALAR || item->is_null)
            return refuse_value(reader, setting, item, "a text or a list of texts");
        if (arena_copy(reader->arena, item->text, &items[i]))
            return RC_NO_MEMORY;
    }
    *list = (struct slice_list){ .items = items, .n_items = n_items };
    return RC_OK;
}

static enum rc read_node(const struct reader *reader, const struct setting *setting,
                         struct node *value, void *member)
{
    struct node **node = member;

    (void)reader;
    (void)setting;
    *node = value;
    return RC_OK;
}

static enum rc (*const readers[])(const struct reader *reader, const struct setting *setting,
                                  struct node *value, void *member) = {
    [SETTING_TEXT] = read_text,         [SETTING_BOOL] = read_bool,
    [SETTING_INT] = read_quantity,      [SETTING_SIZE] = read_quantity,
    [SETTING_DURATION] = read_quantity, [SETTING_ENUM] = read_enum,
    [SETTING_TEXTS] = read_texts,       [SETTING_NODE] = read_node,
};

/* -- the map -- */

static const struct setting *find_setting(const struct reader *reader, struct slice name)
{
    for (size_t i = 0; i < reader->n_settings; i++)
        if (slice_eq(name, slice_of(reader->settings[i].name)))
            return &reader->settings[i];
    return NULL;
}

/* The member that a misspelt name is nearest to; NULL: none is near. */
static enum rc find_meant(const struct reader *reader, struct slice name,
                          const struct setting **meant)
{
    const char **names = arena_alloc(reader->arena, reader->n_settings + 1, sizeof(*names));
    const char *nearest;

    if (!names)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < reader->n_settings; i++)
        names[i] = reader->settings[i].name;
    nearest = problem_did_you_mean(name, names);
    *meant = nearest ? find_setting(reader, slice_of(nearest)) : NULL;
    return RC_OK;
}

static enum rc refuse_unknown(const struct reader *reader, const struct node_pair *pair,
                              const struct setting *meant)
{
    const char **names = arena_alloc(reader->arena, reader->n_settings + 1, sizeof(*names));
    struct buffer valid;

    if (!names)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < reader->n_settings; i++)
        names[i] = reader->settings[i].name;
    buffer_init(&valid, 0);
    if (meant)
        buffer_format(&valid, "did you mean `%s`? ", meant->name);
    buffer_add(&valid, SLICE("valid here: "));
    list_names(names, &valid);
    mark_problem(reader->problems, PROBLEM_ERROR, pair->key_mark, "unknown member `%.*s`; %s",
                 SHOWN(pair->key), valid.failed ? "" : valid.ptr);
    buffer_free(&valid);
    return RC_INVALID;
}

static enum rc read_member(const struct reader *reader, const struct setting *setting,
                           const struct node_pair *pair)
{
    if (pair->value->is_null && pair->value->text.len == 0) {
        mark_problem(reader->problems, PROBLEM_ERROR, pair->key_mark,
                     "`%s` is empty: give it a value, or leave it out", setting->name);
        return RC_INVALID;
    }
    if (pair->value->is_null) /* written out as null: the same as left out */
        return RC_OK;
    return readers[setting->type](reader, setting, pair->value, reader->target + setting->offset);
}

/* What is misspelt is read as what was most likely meant: what it holds may be wrong as well, and others build on it. */
static enum rc read_unknown(const struct reader *reader, const struct node *map,
                            const struct node_pair *pair)
{
    const struct setting *meant = NULL;
    enum rc rc = find_meant(reader, pair->key, &meant);

    if (!rc)
        rc = refuse_unknown(reader, pair, meant);
    if (rc == RC_INVALID && meant && !node_find(map, meant->name) &&
        read_member(reader, meant, pair) == RC_NO_MEMORY)
        rc = RC_NO_MEMORY;
    return rc;
}

static enum rc read_pair(const struct reader *reader, const struct node *map,
                         const struct node_pair *pair)
{
    const struct setting *setting = find_setting(reader, pair->key);

    return setting ? read_member(reader, setting, pair) : read_unknown(reader, map, pair);
}

/* It is there under a name that was refused as misspelt. */
static bool is_meant(const struct reader *reader, const struct node *map,
                     const struct setting *setting)
{
    for (size_t i = 0; i < map->n_pairs; i++) {
        const struct setting *meant = NULL;

        if (!find_setting(reader, map->pairs[i].key) &&
            find_meant(reader, map->pairs[i].key, &meant) == RC_OK && meant == setting)
            return true;
    }
    return false;
}

static enum rc check_required(const struct reader *reader, const struct node *map)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; i < reader->n_settings; i++) {
        const struct setting *setting = &reader->settings[i];
        const struct node *value = node_find(map, setting->name);

        /* An empty one has had its problem. */
        if (!setting->required || (value && !(value->is_null && value->text.len)) ||
            is_meant(reader, map, setting))
            continue;
        node_problem(reader->problems, map, "`%s` is missing here%s%s", setting->name,
                     setting->help ? ": " : "", setting->help ? setting->help : "");
        rc = RC_INVALID;
    }
    return rc;
}

enum rc settings_read(const struct setting *settings, size_t n_settings, const struct node *map,
                      struct arena *arena, struct problems *problems, void *target)
{
    struct reader reader = { .settings = settings,
                             .n_settings = n_settings,
                             .arena = arena,
                             .problems = problems,
                             .target = target };
    enum rc worst = RC_OK;

    if (map->type != NODE_MAP) {
        node_problem(problems, map, "a map of members is expected here, not %s",
                     node_type_text(map));
        return RC_INVALID;
    }
    for (size_t i = 0; i < map->n_pairs; i++) {
        enum rc rc = read_pair(&reader, map, &map->pairs[i]);

        if (rc == RC_NO_MEMORY)
            return rc;
        if (rc)
            worst = rc;
    }
    if (check_required(&reader, map) != RC_OK)
        worst = RC_INVALID;
    return worst;
}
