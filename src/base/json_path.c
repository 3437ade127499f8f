#include "src/base/json.h"

#define PARTS_MAX 16
#define INDEX_MAX 1000000

enum part_type { PART_NAME, PART_INDEX, PART_ANY };

struct part {
    enum part_type type;
    struct slice name;
    size_t index;
};

struct json_path {
    bool has_wildcard;
    size_t n_parts;
    struct part parts[];
};

struct reader {
    struct slice text;
    size_t at;
    struct arena *arena;
    struct json_fault *fault;
};

static enum rc refuse(struct reader *reader, size_t offset, const char *text)
{
    *reader->fault = (struct json_fault){ .offset = offset, .text = text };
    return RC_INVALID;
}

static bool is_next(const struct reader *reader, char byte)
{
    return reader->at < reader->text.len && reader->text.ptr[reader->at] == byte;
}

/* What may stand in a name without quotes: anything but the signs of paths and templates, and blanks. */
static bool is_bare(char byte)
{
    switch (byte) {
    case '.':
    case '[':
    case ']':
    case '"':
    case '{':
    case '}':
    case '|':
        return false;
    default:
        return (uint8_t)byte > ' ' && byte != 0x7f;
    }
}

static enum rc read_bare_name(struct reader *reader, struct part *part)
{
    size_t start = reader->at;

    while (reader->at < reader->text.len && is_bare(reader->text.ptr[reader->at]))
        reader->at++;
    if (reader->at == start)
        return refuse(reader, start, "a name was expected in the path");
    part->type = PART_NAME;
    part->name = (struct slice){ reader->text.ptr + start, reader->at - start };
    return RC_OK;
}

/* Between double quotes; a backslash takes the next byte as it is. */
static enum rc read_quoted_name(struct reader *reader, struct part *part)
{
    size_t open = reader->at++;
    char *name = arena_alloc(reader->arena, reader->text.len, 1);
    size_t len = 0;

    if (!name) {
        *reader->fault = (struct json_fault){ .offset = open, .text = "out of memory" };
        return RC_NO_MEMORY;
    }
    for (; !is_next(reader, '"'); reader->at++) {
        if (is_next(reader, '\\'))
            reader->at++;
        if (reader->at >= reader->text.len)
            return refuse(reader, open, "the quote is never closed");
        name[len++] = reader->text.ptr[reader->at];
    }
    reader->at++;
    part->type = PART_NAME;
    part->name = (struct slice){ name, len };
    return RC_OK;
}

static enum rc read_index(struct reader *reader, struct part *part)
{
    size_t start = reader->at;
    struct slice digits;
    int64_t index;

    while (reader->at < reader->text.len && !is_next(reader, ']'))
        reader->at++;
    digits = (struct slice){ reader->text.ptr + start, reader->at - start };
    if (slice_to_int(digits, &index) != RC_OK || index < 0 || index > INDEX_MAX)
        return refuse(reader, start, "an index, [*] or [\"name\"] was expected");
    part->type = PART_INDEX;
    part->index = (size_t)index;
    return RC_OK;
}

static enum rc read_bracket(struct reader *reader, struct part *part)
{
    size_t open = reader->at++;
    enum rc rc = RC_OK;

    if (is_next(reader, '"')) {
        rc = read_quoted_name(reader, part);
    } else if (is_next(reader, '*')) {
        reader->at++;
        part->type = PART_ANY;
    } else {
        rc = read_index(reader, part);
    }
    if (rc)
        return rc;
    if (!is_next(reader, ']'))
        return refuse(reader, open, "the bracket is never closed");
    reader->at++;
    return RC_OK;
}

static enum rc read_part(struct reader *reader, struct part *part)
{
    if (is_next(reader, '['))
        return read_bracket(reader, part);
    if (reader->at > 0) {
        if (!is_next(reader, '.'))
            return refuse(reader, reader->at, "a dot or a bracket was expected in the path");
        reader->at++;
    }
    return read_bare_name(reader, part);
}

/* Most paths have one part, and there may be many of them. */
static enum rc keep(const struct part *parts, size_t n_parts, struct arena *arena,
                    struct json_path **path)
{
    struct json_path *made = arena_alloc(arena, 1, sizeof *made + n_parts * sizeof *made->parts);

    if (!made)
        return RC_NO_MEMORY;
    made->n_parts = n_parts;
    for (size_t i = 0; i < n_parts; i++) {
        made->parts[i] = parts[i];
        made->has_wildcard |= parts[i].type == PART_ANY;
    }
    *path = made;
    return RC_OK;
}

enum rc json_path_parse(struct slice text, struct arena *arena, struct json_path **path,
                        struct json_fault *fault)
{
    struct reader reader = { .arena = arena, .fault = fault };
    struct part parts[PARTS_MAX] = { 0 };
    size_t n_parts = 0;
    enum rc rc;

    *fault = (struct json_fault){ .text = "out of memory" };
    rc = arena_copy(arena, text, &reader.text); /* names borrow from it */
    if (rc)
        return rc;
    do {
        if (n_parts == PARTS_MAX)
            return refuse(&reader, reader.at, "a path has at most 16 parts");
        rc = read_part(&reader, &parts[n_parts++]);
        if (rc)
            return rc;
    } while (reader.at < reader.text.len);
    return keep(parts, n_parts, arena, path);
}

bool json_path_has_wildcard(const struct json_path *path)
{
    return path->has_wildcard;
}

static const struct json *element_at(const struct json *node, size_t index)
{
    const struct json *item;

    if (json_type_of(node) != JSON_ARRAY)
        return NULL;
    for (item = json_first(node); item && index; index--)
        item = json_next(item);
    return item;
}

struct visit {
    const struct json_path *path;
    bool (*visit)(void *context, const struct json *node);
    void *context;
};

/* True to go on. */
static bool visit_from(const struct visit *visit, const struct json *node, size_t at)
{
    const struct part *part;

    for (; node && at < visit->path->n_parts; at++) {
        part = &visit->path->parts[at];
        if (part->type == PART_ANY)
            break;
        node = part->type == PART_NAME ? json_get(node, part->name) : element_at(node, part->index);
    }
    if (!node)
        return true;
    if (at == visit->path->n_parts)
        return visit->visit(visit->context, node);
    if (json_type_of(node) != JSON_ARRAY)
        return true;
    for (const struct json *item = json_first(node); item; item = json_next(item))
        if (!visit_from(visit, item, at + 1))
            return false;
    return true;
}

void json_path_each(const struct json_path *path, const struct json *root,
                    bool (*visit)(void *context, const struct json *node), void *context)
{
    struct visit how = { .path = path, .visit = visit, .context = context };

    (void)visit_from(&how, root, 0);
}

static bool keep_first(void *context, const struct json *node)
{
    const struct json **first = context;

    *first = node;
    return false;
}

const struct json *json_path_get(const struct json_path *path, const struct json *root)
{
    const struct json *first = NULL;

    json_path_each(path, root, keep_first, &first);
    return first;
}
