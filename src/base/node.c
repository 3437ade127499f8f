#include "src/base/document.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void mark_problem(struct problems *problems, enum problem_severity severity, struct mark mark,
                  const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    problems_add(problems, severity, mark.file, mark.line, mark.column, "%s", text);
}

void node_problem(struct problems *problems, const struct node *node, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    problems_add(problems, PROBLEM_ERROR, node->mark.file, node->mark.line, node->mark.column, "%s",
                 text);
}

struct node *node_find_slice(const struct node *map, struct slice key)
{
    if (!map || map->type != NODE_MAP)
        return NULL;
    for (size_t i = 0; i < map->n_pairs; i++)
        if (slice_eq(map->pairs[i].key, key))
            return map->pairs[i].value;
    return NULL;
}

struct node *node_find(const struct node *map, const char *key)
{
    return node_find_slice(map, slice_of(key));
}

static int compare_pairs(const void *a, const void *b)
{
    const struct node_pair *const *left = a;
    const struct node_pair *const *right = b;
    int order = slice_compare((*left)->key, (*right)->key);

    if (order)
        return order;
    return *left < *right ? -1 : *left > *right;
}

void node_sort_pairs(const struct node *map, const struct node_pair **sorted)
{
    for (size_t i = 0; i < map->n_pairs; i++)
        sorted[i] = &map->pairs[i];
    qsort(sorted, map->n_pairs, sizeof(*sorted), compare_pairs);
}

const char *node_type_text(const struct node *node)
{
    static const char *const names[] = {
        [NODE_SCALAR] = "text",
        [NODE_LIST] = "a list",
        [NODE_MAP] = "a map",
    };

    return names[node->type];
}

static bool is_json_number(struct slice text)
{
    struct json_fault fault;

    if (text.len == 0 || (text.ptr[0] != '-' && (text.ptr[0] < '0' || text.ptr[0] > '9')))
        return false;
    return json_scan(text, JSON_LIMITS_DEFAULT, &fault) == RC_OK;
}

/* A JSON number that stands as it would be written: 1.10 is a version, and as a number it would be 1.1. */
static bool is_number(struct slice text)
{
    size_t offset;

    if (slice_find(text, SLICE("."), &offset) == RC_OK && slice_ends(text, SLICE("0")))
        return false;
    return is_json_number(text);
}

struct slice node_number_text(const struct node *node, char *text)
{
    if (node->type != NODE_SCALAR || node->style != NODE_PLAIN || !is_json_number(node->text))
        return (struct slice){ 0 };
    return json_number_text(node->text, text);
}

static void write_scalar(const struct node *node, struct json_writer *writer)
{
    bool is_plain = node->style == NODE_PLAIN;

    if (node->is_null)
        json_write_null(writer);
    else if (is_plain && (slice_eq(node->text, SLICE("true")) ||
                          slice_eq(node->text, SLICE("false")) || is_number(node->text)))
        json_write_raw(writer, node->text);
    else
        json_write_text(writer, node->text);
}

static void write_pairs(const struct node *map, struct json_writer *writer)
{
    const struct node_pair **sorted;

    if (map->n_pairs == 0)
        return;
    sorted = calloc(map->n_pairs, sizeof(*sorted));
    if (!sorted) {
        writer->out->failed = true;
        return;
    }
    node_sort_pairs(map, sorted);
    for (size_t i = 0; i < map->n_pairs; i++) {
        json_key_slice(writer, sorted[i]->key);
        node_write_json(sorted[i]->value, writer);
    }
    free(sorted);
}

void node_write_json(const struct node *node, struct json_writer *writer)
{
    switch (node->type) {
    case NODE_SCALAR:
        write_scalar(node, writer);
        break;
    case NODE_LIST:
        json_array_begin(writer);
        for (size_t i = 0; i < node->n_items; i++)
            node_write_json(node->items[i], writer);
        json_array_end(writer);
        break;
    case NODE_MAP:
        json_object_begin(writer);
        write_pairs(node, writer);
        json_object_end(writer);
        break;
    }
}
