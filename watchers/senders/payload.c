#include "watchers/senders/payload.h"

#include "src/base/clock.h"

static const struct json *nth_element(const struct json *array, int64_t index)
{
    const struct json *element = json_first(array);

    while (element && index-- > 0)
        element = json_next(element);
    return element;
}

static const struct json *step(const struct json *node, struct slice name)
{
    int64_t index;

    if (!node)
        return NULL;
    if (json_type_of(node) != JSON_ARRAY)
        return json_get(node, name);
    if (slice_to_int(name, &index) != RC_OK || index < 0)
        return NULL;
    return nth_element(node, index);
}

const struct json *payload_at(const struct json *root, struct slice path)
{
    const struct json *node = root;

    while (node && path.len)
        node = step(node, slice_cut(&path, '.'));
    return node;
}

bool payload_has(const struct json *root, struct slice paths)
{
    while (paths.len) {
        struct slice path = slice_cut(&paths, '|');
        const struct json *node = root;

        while (node && path.len && json_type_of(node) != JSON_NULL)
            node = step(node, slice_cut(&path, '.'));
        if (node)
            return true;
    }
    return false;
}

struct slice payload_text(const struct json *root, const char *paths)
{
    struct slice rest = slice_of(paths);

    while (rest.len) {
        struct slice text = json_text(payload_at(root, slice_cut(&rest, '|')));

        if (text.len)
            return text;
    }
    return (struct slice){ 0 };
}

enum rc payload_time(const struct json *root, const char *paths, int64_t *time_ms)
{
    struct slice rest = slice_of(paths);

    while (rest.len) {
        struct slice text = json_text(payload_at(root, slice_cut(&rest, '|')));

        /* Go's zero time, year 1, stands for "none". */
        if (time_parse_any(text, time_ms) == RC_OK && *time_ms > 0)
            return RC_OK;
    }
    return RC_NOT_FOUND;
}

struct slice payload_branch(struct slice ref)
{
    const struct slice heads = SLICE("refs/heads/");

    if (slice_starts(ref, heads))
        return (struct slice){ ref.ptr + heads.len, ref.len - heads.len };
    return slice_starts(ref, SLICE("refs/")) ? (struct slice){ 0 } : ref;
}

struct slice payload_first_line(struct slice text)
{
    return slice_is_absent(text) ? text : slice_trim(slice_cut(&text, '\n'));
}

static struct slice behind(struct slice text, size_t offset)
{
    return (struct slice){ text.ptr + offset, text.len - offset };
}

/* Without scheme and host; absent when there is neither. */
static struct slice path_of(struct slice url)
{
    size_t offset;

    if (slice_find(url, SLICE("://"), &offset) == RC_OK) {
        url = behind(url, offset + 3);
        (void)slice_cut(&url, '/');
        return url;
    }
    if (slice_find(url, SLICE(":"), &offset) == RC_OK)
        return behind(url, offset + 1);
    return (struct slice){ 0 };
}

struct slice payload_repo(struct slice url)
{
    struct slice path = path_of(url);

    while (path.len && path.ptr[0] == '/')
        path = behind(path, 1);
    while (path.len && path.ptr[path.len - 1] == '/')
        path.len--;
    if (slice_ends(path, SLICE(".git")))
        path.len -= 4;
    return path.len ? path : (struct slice){ 0 };
}

struct slice payload_last_segment(struct slice path)
{
    struct slice segment = path;

    while (path.len)
        segment = slice_cut(&path, '/');
    return segment;
}
