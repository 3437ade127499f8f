#include "src/base/json.h"

#include <cjson/cJSON.h>
#include <string.h>
#include <threads.h>

/* A node of ours is cJSON's own, with two differences: a number has the type cJSON_Raw with its text as valuestring, so that
 * nothing rounds it, and a string holds no NUL, because json_scan has refused it. Where a number is written in another way than
 * json_number_text has it, that text stands behind the first, and valueint says where; else valueint is 0. */

/* The first of a tree, and where all of it lies. */
struct root {
    cJSON item;
    struct arena *memory;
};

/* What one node takes, with the copy of a number's text. */
#define NODE_BYTES (sizeof(cJSON) + 2 * sizeof(max_align_t))
#define BLOCK_LEAST_BYTES 512
#define BLOCK_MOST_BYTES ((size_t)32 * 1024)

/* Of the tree that this thread parses. A tree is freed in one stroke, where cJSON would free each node and each string by itself. */
static _Thread_local struct arena *memory;

static void *allocate(size_t n_bytes)
{
    return arena_alloc(memory, 1, n_bytes);
}

static void leave(void *bytes)
{
    (void)bytes;
}

static void take_hooks(void)
{
    cJSON_Hooks hooks = { .malloc_fn = allocate, .free_fn = leave };

    cJSON_InitHooks(&hooks);
}

/* A usual tree takes some four times the bytes of its text, and lies in one block. */
static size_t block_bytes_for(struct slice text)
{
    if (text.len < BLOCK_LEAST_BYTES / 4)
        return BLOCK_LEAST_BYTES;
    return text.len > BLOCK_MOST_BYTES / 4 ? BLOCK_MOST_BYTES : text.len * 4;
}

static enum rc begin_root(struct slice text, struct json_limits limits, struct root **root)
{
    static once_flag has_hooks = ONCE_FLAG_INIT;
    const size_t limit_bytes = sizeof(**root) + limits.n_nodes * 2 * NODE_BYTES + 2 * text.len;
    enum rc rc = arena_new_of_blocks(limit_bytes, block_bytes_for(text), &memory);

    *root = NULL;
    if (rc)
        return rc;
    call_once(&has_hooks, take_hooks);
    *root = arena_alloc(memory, 1, sizeof(**root));
    if (!*root) {
        arena_free(memory);
        return RC_NO_MEMORY;
    }
    (*root)->memory = memory;
    return RC_OK;
}

static const struct json *node_of(const cJSON *item)
{
    return (const struct json *)item;
}

static const cJSON *item_of(const struct json *node)
{
    return (const cJSON *)node;
}

static int type_of(const struct json *node)
{
    return item_of(node)->type & 0xff;
}

/* Behind the string that begins at `at`. Most of a payload is long strings: memchr passes over them. */
static const char *skip_string(const char *at, const char *end)
{
    const char *quote, *escape;

    for (at++; at < end; at = escape + 2) {
        quote = memchr(at, '"', (size_t)(end - at));
        if (!quote)
            break;
        escape = memchr(at, '\\', (size_t)(quote - at));
        if (!escape)
            return quote + 1;
    }
    return end;
}

/* Takes all up to and including the next number off `rest`, which is JSON that passed the scan. */
static struct slice cut_number(struct slice *rest)
{
    const char *at = rest->ptr;
    const char *end = rest->ptr + rest->len;
    const char *start;

    while (at < end && *at != '-' && (*at < '0' || *at > '9'))
        at = *at == '"' ? skip_string(at, end) : at + 1;
    start = at;
    at += at < end && *at == '-';
    while (at < end && *at >= '0' && *at <= '9') /* most are integers */
        at++;
    while (at < end && memchr("+-.0123456789eE", *at, 15))
        at++;
    *rest = (struct slice){ at, (size_t)(end - at) };
    return (struct slice){ start, (size_t)(at - start) };
}

static enum rc keep_number_text(cJSON *item, struct slice *rest)
{
    char room[JSON_NUMBER_TEXT_BYTES];
    struct slice written = cut_number(rest);
    struct slice text = json_number_text(written, room);
    bool is_the_same = text.ptr == written.ptr || slice_eq(text, written);
    char *copy = cJSON_malloc(written.len + 1 + (is_the_same ? 0 : text.len + 1));

    if (!copy)
        return RC_NO_MEMORY;
    memcpy(copy, written.ptr, written.len);
    copy[written.len] = '\0';
    item->valuestring = copy;
    item->valueint = 0;
    item->type = cJSON_Raw;
    if (is_the_same)
        return RC_OK;
    item->valueint = (int)written.len + 1;
    memcpy(copy + item->valueint, text.ptr, text.len);
    copy[item->valueint + (int)text.len] = '\0';
    return RC_OK;
}

/* Tree and text hold the numbers in the same order. As deep as the scan allows. */
static enum rc keep_number_texts(cJSON *item, struct slice *rest)
{
    enum rc rc = RC_OK;

    for (; item && rc == RC_OK; item = item->next) {
        if (item->child)
            rc = keep_number_texts(item->child, rest);
        else if (cJSON_IsNumber(item))
            rc = keep_number_text(item, rest);
    }
    return rc;
}

static enum rc parse(struct slice text, cJSON *item)
{
    const char *end;
    const cJSON *parsed = cJSON_ParseWithLengthOpts(text.ptr, text.len, &end, false);

    if (!parsed)
        return RC_NO_MEMORY;
    *item = *parsed;
    return keep_number_texts(item, &text);
}

enum rc json_parse_again(struct slice text, struct json_limits limits, struct json **root,
                         struct json_fault *fault)
{
    struct root *made;
    enum rc rc = begin_root(text, limits, &made);

    if (!rc) {
        rc = parse(text, &made->item);
        memory = NULL;
    }
    if (!rc) {
        *root = (struct json *)&made->item;
        return RC_OK;
    }
    if (made)
        arena_free(made->memory);
    rc = json_scan(text, limits, fault); /* of what was never scanned */
    if (rc)
        return rc;
    *fault = (struct json_fault){ .text = "out of memory" };
    return RC_NO_MEMORY;
}

enum rc json_parse(struct slice text, struct json_limits limits, struct json **root,
                   struct json_fault *fault)
{
    enum rc rc = json_scan(text, limits, fault);

    return rc ? rc : json_parse_again(text, limits, root, fault);
}

void json_free(struct json *root)
{
    if (root)
        arena_free(((struct root *)root)->memory);
}

enum json_type json_type_of(const struct json *node)
{
    if (!node)
        return JSON_NULL;
    switch (type_of(node)) {
    case cJSON_False:
        return JSON_FALSE;
    case cJSON_True:
        return JSON_TRUE;
    case cJSON_Raw:
        return JSON_NUMBER;
    case cJSON_String:
        return JSON_STRING;
    case cJSON_Array:
        return JSON_ARRAY;
    case cJSON_Object:
        return JSON_OBJECT;
    default:
        return JSON_NULL;
    }
}

const struct json *json_get(const struct json *node, struct slice name)
{
    if (!node || type_of(node) != cJSON_Object)
        return NULL;
    for (const cJSON *item = item_of(node)->child; item; item = item->next)
        if (strnlen(item->string, name.len + 1) == name.len &&
            memcmp(item->string, name.ptr, name.len) == 0)
            return node_of(item);
    return NULL;
}

const struct json *json_get_text(const struct json *node, const char *name)
{
    return json_get(node, slice_of(name));
}

const struct json *json_first(const struct json *node)
{
    return node ? node_of(item_of(node)->child) : NULL;
}

const struct json *json_next(const struct json *node)
{
    return node ? node_of(item_of(node)->next) : NULL;
}

struct slice json_name(const struct json *node)
{
    return slice_of(node ? item_of(node)->string : NULL);
}

size_t json_count(const struct json *node)
{
    size_t n = 0;

    for (const struct json *item = json_first(node); item; item = json_next(item))
        n++;
    return n;
}

struct slice json_text(const struct json *node)
{
    if (!node)
        return (struct slice){ 0 };
    switch (type_of(node)) {
    case cJSON_String:
        return slice_of(item_of(node)->valuestring);
    case cJSON_Raw:
        return slice_of(item_of(node)->valuestring + item_of(node)->valueint);
    case cJSON_True:
        return SLICE("true");
    case cJSON_False:
        return SLICE("false");
    default:
        return (struct slice){ 0 };
    }
}

struct slice json_string(const struct json *node)
{
    return node && type_of(node) == cJSON_String ? json_text(node) : (struct slice){ 0 };
}

struct slice json_number_written(const struct json *node)
{
    return slice_of(node && type_of(node) == cJSON_Raw ? item_of(node)->valuestring : NULL);
}

enum rc json_number(const struct json *node, double *value)
{
    if (!node || type_of(node) != cJSON_Raw)
        return RC_NOT_FOUND;
    *value = item_of(node)->valuedouble;
    return RC_OK;
}

enum rc json_int(const struct json *node, int64_t *value)
{
    if (!node || slice_to_int(json_number_written(node), value) != RC_OK)
        return RC_NOT_FOUND;
    return RC_OK;
}
