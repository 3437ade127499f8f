#include "actions/parameter.h"

#include "src/base/settings.h"
#include "src/base/utf8.h"

#include <string.h>

#define NAME_MAX_BYTES 64

/* -- declaration -- */

static bool is_name(struct slice name)
{
    if (!name.len || name.len > NAME_MAX_BYTES || name.ptr[0] == '-' ||
        (name.ptr[0] >= '0' && name.ptr[0] <= '9'))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '_' && c != '-')
            return false;
    }
    return true;
}

static enum rc load_pattern(const struct node *node, struct arena *arena, struct problems *problems,
                            struct parameter *parameter)
{
    struct json_fault fault = { 0 };
    enum rc rc;

    if (node->type != NODE_SCALAR || node->style == NODE_PLAIN || !pattern_is_written(node->text)) {
        node_problem(problems, node,
                     "the pattern of a parameter stands between slashes in single quotes: "
                     "'/[0-9]+/'; any text is the word `text`");
        return RC_INVALID;
    }
    rc = pattern_parse(node->text, arena, &parameter->pattern, &fault);
    if (rc == RC_INVALID)
        node_problem(problems, node, "bad pattern: %s (at byte %zu)", fault.text, fault.offset + 1);
    return rc;
}

struct parameter_members {
    struct node *match;
    bool is_path;
};

/* A pattern, or the word `text`. */
static const struct shape shape_value = {
    .kind = SHAPE_TEXT,
    .pattern = "^(text|/[\\s\\S]*/[ixsugmy]*)$",
    .wanted = "the pattern of a parameter stands between slashes in single quotes: '/[0-9]+/'; any "
              "text is the word `text`",
};

static const struct setting parameter_settings[] = {
    { .name = "match",
      .type = SETTING_NODE,
      .offset = offsetof(struct parameter_members, match),
      .required = true,
      .shape = &shape_pattern,
      .help = "the pattern that the whole value must match" },
    { .name = "path",
      .type = SETTING_BOOL,
      .offset = offsetof(struct parameter_members, is_path),
      .help = "true: the value may fill several segments of a URL" },
};

static const struct shape parameter_map = { .name = "parameter", SHAPE_OF(parameter_settings) };
static const struct shape *const parameter_either[] = { &shape_value, &parameter_map, NULL };
static const struct shape shape_parameter = { .kind = SHAPE_EITHER, .either = parameter_either };
const struct shape shape_parameters = { .kind = SHAPE_MAP, .item = &shape_parameter };

static enum rc load_one(const struct node_pair *pair, struct arena *arena,
                        struct problems *problems, struct parameter *parameter)
{
    struct parameter_members members = { 0 };
    enum rc rc;

    parameter->name = pair->key;
    if (!is_name(pair->key)) {
        mark_problem(problems, PROBLEM_ERROR, pair->key_mark,
                     "the name of a parameter is letters, digits, `_` and `-`, at most %d",
                     NAME_MAX_BYTES);
        return RC_INVALID;
    }
    if (pair->value->type == NODE_SCALAR && slice_eq(pair->value->text, SLICE("text")))
        return RC_OK;
    if (pair->value->type != NODE_MAP)
        return load_pattern(pair->value, arena, problems, parameter);
    rc = settings_read(parameter_settings, sizeof(parameter_settings) / sizeof(*parameter_settings),
                       pair->value, arena, problems, &members);
    if (rc)
        return rc;
    parameter->is_path = members.is_path;
    return load_pattern(members.match, arena, problems, parameter);
}

enum rc parameters_load(const struct node *map, struct arena *arena, struct problems *problems,
                        struct parameter_list *params)
{
    enum rc worst = RC_OK;

    *params = (struct parameter_list){ 0 };
    if (!map)
        return RC_OK;
    if (map->type != NODE_MAP) {
        node_problem(problems, map, "`params` is a map of names to patterns, not %s",
                     node_type_text(map));
        return RC_INVALID;
    }
    params->items = arena_alloc(arena, map->n_pairs, sizeof(*params->items));
    if (!params->items && map->n_pairs)
        return RC_NO_MEMORY;
    for (; params->n_items < map->n_pairs; params->n_items++) {
        enum rc rc = load_one(&map->pairs[params->n_items], arena, problems,
                              &params->items[params->n_items]);

        if (rc && rc != RC_INVALID)
            return rc;
        if (rc)
            worst = rc;
    }
    return worst;
}

void parameters_free(struct parameter_list *params)
{
    for (size_t i = 0; i < params->n_items; i++)
        pattern_free(params->items[i].pattern);
    *params = (struct parameter_list){ 0 };
}

struct parameter *parameter_find(const struct parameter_list *params, struct slice name)
{
    for (size_t i = 0; i < params->n_items; i++)
        if (slice_eq(params->items[i].name, name))
            return &params->items[i];
    return NULL;
}

enum rc parameters_list_names(const struct parameter_list *params, struct arena *arena,
                              struct slice *names)
{
    struct buffer out;
    enum rc rc;

    buffer_init(&out, 0);
    for (size_t i = 0; i < params->n_items; i++) {
        if (i)
            buffer_add_byte(&out, ' ');
        buffer_add(&out, params->items[i].name);
    }
    if (!params->n_items)
        buffer_add_text(&out, "none");
    rc = buffer_rc(&out);
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&out), names);
    buffer_free(&out);
    return rc;
}

/* -- a value -- */

/* C0, DEL, and C1, which a terminal obeys as well. */
static bool has_control(struct slice value)
{
    if (slice_has_control(value))
        return true;
    for (size_t i = 0; i < value.len;) {
        uint32_t code_point = 0;
        size_t len = utf8_char_len(value.ptr + i, value.len - i, &code_point);

        if (len == 2 && code_point < 0xa0)
            return true;
        i += len ? len : 1;
    }
    return false;
}

/* What no value may be, whatever its pattern; NULL when it is fine. */
static const char *find_hostile(struct slice value)
{
    if (value.len > PARAMETER_MAX_BYTES)
        return "is longer than 4 KiB";
    if (has_control(value))
        return "holds a control character";
    if (!slice_is_utf8(value))
        return "is not UTF-8";
    if (value.len && value.ptr[0] == '-')
        return "starts with `-`, which a program would read as an option";
    return NULL;
}

/* Servers and proxies disagree on when they decode, so that "..%2f.." is as bad as "../..". */
static const char *find_bad_segment(const struct parameter *parameter, struct slice value)
{
    struct slice rest = value;

    if (!value.len)
        return "is empty, which a URL cannot hold";
    if (parameter->is_path && slice_ends(value, SLICE("/")))
        return "has an empty segment";
    while (rest.len) {
        struct slice segment = slice_cut(&rest, '/');

        if (slice_eq(segment, SLICE(".")) || slice_eq(segment, SLICE("..")))
            return "has a segment `.` or `..`";
        if (parameter->is_path && !segment.len)
            return "has an empty segment";
    }
    return NULL;
}

static enum rc match_whole(const struct parameter *parameter, struct slice value,
                           enum pattern_result *result)
{
    struct pattern_scratch *scratch = NULL;
    enum rc rc = pattern_scratch_new(&scratch);

    if (rc)
        return rc;
    *result = pattern_match_whole(parameter->pattern, value, scratch);
    pattern_scratch_free(scratch);
    return RC_OK;
}

enum rc parameter_check(const struct parameter *parameter, struct slice value, struct arena *arena,
                        struct slice *why)
{
    const char *fault = find_hostile(value);
    enum pattern_result result = PATTERN_MATCH;
    enum rc rc = RC_OK;

    if (!fault && (parameter->in_url || parameter->is_path))
        fault = find_bad_segment(parameter, value);
    if (!fault && parameter->pattern)
        rc = match_whole(parameter, value, &result);
    if (rc)
        return rc;
    if (!fault && result == PATTERN_MATCH)
        return RC_OK;
    if (fault) {
        *why = slice_of(fault);
        return RC_INVALID;
    }
    rc = arena_format(arena, why, "does not match %.*s as a whole",
                      SLICE_ARG(pattern_source(parameter->pattern)));
    return rc ? rc : RC_INVALID;
}

/* -- a text with parameters in it -- */

bool parameter_text_has_filter(struct slice text)
{
    size_t open, close;

    while (!slice_find(text, SLICE("{{"), &open)) {
        struct slice inside = { .ptr = text.ptr + open, .len = text.len - open };

        if (slice_find(inside, SLICE("}}"), &close))
            return false;
        text = (struct slice){ .ptr = inside.ptr + close, .len = inside.len - close };
        inside.len = close;
        if (memchr(inside.ptr, '|', inside.len))
            return true;
    }
    return false;
}

static enum rc check_names(const struct node *node, const struct template *template,
                           const struct parameter_list *params, struct arena *arena,
                           struct problems *problems)
{
    for (size_t i = 0;; i++) {
        struct slice name = template_name(template, i);
        struct slice names;
        enum rc rc;

        if (slice_is_absent(name))
            return RC_OK;
        if (parameter_find(params, name))
            continue;
        if (slice_starts(name, SLICE("secret."))) {
            node_problem(problems, node, "secrets are usable in request headers only");
            return RC_INVALID;
        }
        rc = parameters_list_names(params, arena, &names);
        if (rc)
            return rc;
        node_problem(problems, node,
                     "{{%.*s}} is not a parameter of this action; `params` has: %.*s",
                     SLICE_ARG(name), SLICE_ARG(names));
        return RC_INVALID;
    }
}

enum rc parameter_template(const struct node *node, const struct parameter_list *params,
                           struct arena *arena, struct problems *problems,
                           struct template **template)
{
    struct json_fault fault = { 0 };
    enum rc rc;

    if (node->type != NODE_SCALAR || (node->is_null && node->style == NODE_PLAIN)) {
        node_problem(problems, node, "a text is expected here, not %s",
                     node->type == NODE_SCALAR ? "nothing" : node_type_text(node));
        return RC_INVALID;
    }
    rc = template_parse(node->text, arena, template, &fault);
    if (rc == RC_INVALID) {
        node_problem(problems, node, "%s (at byte %zu)", fault.text, fault.offset + 1);
        return rc;
    }
    if (rc)
        return rc;
    if (parameter_text_has_filter(node->text)) {
        node_problem(problems, node,
                     "no filters here: a value is put in exactly as it was checked");
        return RC_INVALID;
    }
    return check_names(node, *template, params, arena, problems);
}

struct slice parameter_value(const struct parameter_values *values, struct slice name)
{
    for (size_t i = 0; i < values->params->n_items; i++)
        if (slice_eq(values->params->items[i].name, name))
            return values->items[i];
    return (struct slice){ 0 };
}

/* template.h hands the context back as it got it. */
struct render_context {
    const struct parameter_values *values;
};

static struct slice get_value(void *context, struct slice name)
{
    const struct render_context *render = context;

    return parameter_value(render->values, name);
}

void parameter_template_render(const struct template *template,
                               const struct parameter_values *values, struct buffer *out)
{
    struct render_context context = { .values = values };
    struct template_values names = { .get = get_value, .context = &context };

    template_render(template, &names, out, NULL);
}
