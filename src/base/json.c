#include "src/base/json.h"

#include <cjson/cJSON.h>
#include <string.h>

/* A node of ours is cJSON's own, with two differences: a number has the type cJSON_Raw with its text as valuestring, so that
 * nothing rounds it, and a string holds no NUL, because json_scan has refused it. */

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
    while (at < end && memchr("+-.0123456789eE", *at, 15))
        at++;
    *rest = (struct slice){ at, (size_t)(end - at) };
    return (struct slice){ start, (size_t)(at - start) };
}

static enum rc keep_number_text(cJSON *item, struct slice *rest)
{
    struct slice text = cut_number(rest);
    char *copy = cJSON_malloc(text.len + 1);

    if (!copy)
        return RC_NO_MEMORY;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    item->valuestring = copy; /* cJSON_Delete frees it */
    item->type = cJSON_Raw;
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

enum rc json_parse(struct slice text, struct json_limits limits, struct json **root,
                   struct json_fault *fault)
{
    const char *end;
    cJSON *item;
    enum rc rc;

    rc = json_scan(text, limits, fault);
    if (rc)
        return rc;
    item = cJSON_ParseWithLengthOpts(text.ptr, text.len, &end, false);
    if (item)
        rc = keep_number_texts(item, &text);
    if (!item || rc) {
        cJSON_Delete(item);
        *fault = (struct json_fault){ .text = "out of memory" };
        return RC_NO_MEMORY;
    }
    *root = (struct json *)item;
    return RC_OK;
}

void json_free(struct json *root)
{
    cJSON_Delete((cJSON *)root);
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
    case cJSON_Raw:
        return slice_of(item_of(node)->valuestring);
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

enum rc json_number(const struct json *node, double *value)
{
    if (!node || type_of(node) != cJSON_Raw)
        return RC_NOT_FOUND;
    *value = item_of(node)->valuedouble;
    return RC_OK;
}

enum rc json_int(const struct json *node, int64_t *value)
{
    if (!node || type_of(node) != cJSON_Raw || slice_to_int(json_text(node), value) != RC_OK)
        return RC_NOT_FOUND;
    return RC_OK;
}
