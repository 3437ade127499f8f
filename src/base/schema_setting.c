#include "src/base/clock.h"
#include "src/base/schema_private.h"

#define DURATION_PATTERN "^(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"
#define SIZE_PATTERN "^[0-9]+([bB]|[kKmMgGtT][iI]?[bB])$"
#define INT_PATTERN "^-?[0-9]+$"

/* -- its value -- */

static void write_whole_number(struct schema_writing *writing, const struct setting *setting)
{
    static const char *const types[] = { "integer", "string", NULL };

    schema_write_texts(writing, "type", types);
    schema_write_pattern(writing, INT_PATTERN, "a whole number is expected here");
    if (!setting->min && !setting->max)
        return;
    json_member_int(&writing->json, "minimum", setting->min);
    json_member_int(&writing->json, "maximum", setting->max);
}

static void write_quantity(struct schema_writing *writing, const char *pattern, const char *wanted)
{
    schema_write_type(writing, "string");
    schema_write_pattern(writing, pattern, wanted);
    json_member_text(&writing->json, "errorMessage", slice_of(wanted));
}

/* Never null. */
static void write_value(struct schema_writing *writing, const struct setting *setting)
{
    switch (setting->type) {
    case SETTING_BOOL:
        schema_write_type(writing, "boolean");
        break;
    case SETTING_INT:
        write_whole_number(writing, setting);
        break;
    case SETTING_DURATION:
        write_quantity(writing, DURATION_PATTERN, "a duration has its unit: 90s, 5m, 1h, 7d");
        break;
    case SETTING_SIZE:
        write_quantity(writing, SIZE_PATTERN, "a size has its unit: 64KB, 5MB, 2GB");
        break;
    case SETTING_ENUM:
        schema_write_words(writing, setting->names);
        break;
    case SETTING_TEXTS:
    case SETTING_TEXT:
    case SETTING_NODE:
        break; /* by their shape */
    }
}

static bool is_by_shape(const struct setting *setting)
{
    return setting->shape || setting->type == SETTING_TEXT || setting->type == SETTING_TEXTS ||
           setting->type == SETTING_NODE;
}

static void write_by_shape(struct schema_writing *writing, const struct setting *setting,
                           bool may_be_null)
{
    static const struct shape any = { .kind = SHAPE_ANY };
    const struct shape *shape = setting->shape;
    const struct shape texts = { .kind = SHAPE_ONE_OR_LIST, .item = shape ? shape : &shape_text };

    if (setting->type == SETTING_TEXTS)
        shape = &texts;
    else if (!shape)
        shape = setting->type == SETTING_TEXT ? &shape_text : &any;
    schema_write_shape(writing, shape, may_be_null);
}

/* -- what is said of it -- */

static void add_limits(const struct setting *setting, struct buffer *out)
{
    bool is_quantity = setting->type == SETTING_DURATION || setting->type == SETTING_SIZE;

    if (!is_quantity || (!setting->min && !setting->max))
        return;
    buffer_add_text(out, " (");
    setting_format(setting->type, setting->min, out);
    buffer_add_text(out, " to ");
    setting_format(setting->type, setting->max, out);
    buffer_add_text(out, ")");
}

/* With the limits that a schema cannot say of a text. */
static void write_description(struct schema_writing *writing, const struct setting *setting)
{
    struct buffer text;

    if (!setting->help)
        return;
    buffer_init(&text, 0);
    buffer_add_text(&text, setting->help);
    add_limits(setting, &text);
    json_member_text(&writing->json, "description", buffer_slice(&text));
    if (buffer_rc(&text))
        writing->rc = RC_NO_MEMORY;
    buffer_free(&text);
}

static void write_usual(struct schema_writing *writing, const struct setting *setting)
{
    if (!setting->usual)
        return;
    json_key(&writing->json, "default");
    if (setting->type == SETTING_INT || setting->type == SETTING_BOOL)
        json_write_raw(&writing->json, slice_of(setting->usual));
    else
        json_write_text(&writing->json, slice_of(setting->usual));
}

void schema_write_setting(struct schema_writing *writing, const struct setting *setting,
                          bool may_be_null)
{
    json_key(&writing->json, setting->name);
    json_object_begin(&writing->json);
    write_description(writing, setting);
    write_usual(writing, setting);
    if (is_by_shape(setting)) {
        write_by_shape(writing, setting, may_be_null);
    } else {
        schema_begin_or_null(writing, may_be_null);
        write_value(writing, setting);
        schema_end_or_null(writing, may_be_null);
    }
    json_object_end(&writing->json);
}
