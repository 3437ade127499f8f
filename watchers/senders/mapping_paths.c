#include "watchers/senders/mapping_paths.h"

#include "src/base/clock.h"

/* The length up to the next '|' that stands in no quotes. */
static size_t path_len(struct slice text)
{
    bool is_quoted = false;
    size_t at = 0;

    for (; at < text.len && (is_quoted || text.ptr[at] != '|'); at++) {
        if (is_quoted && text.ptr[at] == '\\')
            at++;
        else if (text.ptr[at] == '"')
            is_quoted = !is_quoted;
    }
    return at < text.len ? at : text.len;
}

struct slice mapping_paths_first(struct slice text)
{
    return slice_trim((struct slice){ text.ptr, path_len(text) });
}

/* What stands behind the next '|'; absent when there is none. */
static struct slice behind_first(struct slice text)
{
    size_t len = path_len(text);

    if (len == text.len)
        return (struct slice){ 0 };
    return (struct slice){ text.ptr + len + 1, text.len - len - 1 };
}

static enum rc parse_one(const struct node *value, struct slice text, struct arena *arena,
                         struct problems *problems, struct json_path **path)
{
    struct json_fault fault;
    enum rc rc = json_path_parse(text, arena, path, &fault);

    if (rc == RC_INVALID)
        node_problem(problems, value, "`%.*s` is no path: %s at character %zu", SLICE_ARG(text),
                     fault.text, fault.offset + 1);
    return rc;
}

static enum rc check_text(const struct node *value, struct slice name, struct problems *problems)
{
    if (value->type == NODE_SCALAR && !value->is_null)
        return RC_OK;
    node_problem(problems, value, "`%.*s` must be the path of a member, as `app.name`",
                 SLICE_ARG(name));
    return RC_INVALID;
}

enum rc mapping_path_parse(const struct node *value, struct slice name, struct arena *arena,
                           struct problems *problems, struct json_path **path)
{
    enum rc rc = check_text(value, name, problems);

    return rc ? rc : parse_one(value, value->text, arena, problems, path);
}

enum rc mapping_paths_parse(const struct node *value, struct slice name, struct arena *arena,
                            struct problems *problems, struct mapping_paths *paths)
{
    struct slice rest = value->text;
    enum rc rc = check_text(value, name, problems);
    size_t n_paths = 0;

    if (rc)
        return rc;
    for (struct slice text = rest; !slice_is_absent(text); text = behind_first(text))
        n_paths++;
    paths->items = arena_alloc(arena, n_paths, sizeof *paths->items);
    if (!paths->items)
        return RC_NO_MEMORY;
    for (; paths->n_items < n_paths && !rc; paths->n_items++, rest = behind_first(rest))
        rc = parse_one(value, mapping_paths_first(rest), arena, problems,
                       &paths->items[paths->n_items]);
    return rc;
}

struct slice mapping_paths_text(struct mapping_paths paths, const struct json *root)
{
    for (size_t i = 0; i < paths.n_items; i++) {
        struct slice text = json_text(json_path_get(paths.items[i], root));

        if (text.len)
            return text;
    }
    return (struct slice){ 0 };
}

enum rc mapping_paths_time(struct mapping_paths paths, const struct json *root, int64_t *time_ms)
{
    for (size_t i = 0; i < paths.n_items; i++) {
        struct slice text = json_text(json_path_get(paths.items[i], root));

        if (time_parse_any(text, time_ms) == RC_OK && *time_ms > 0)
            return RC_OK;
    }
    return RC_NOT_FOUND;
}
