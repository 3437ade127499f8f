#include "actions/channels/slack_texts.h"

#include "src/base/form.h"

#include <string.h>

/* --- forms --- */

static bool is_id(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_ts(unsigned char c)
{
    return (c >= '0' && c <= '9') || c == '.';
}

static bool is_visible(unsigned char c)
{
    return c > ' ' && c <= '~';
}

static bool is_not_nul(unsigned char c)
{
    return c != 0;
}

static bool has_form(struct slice text, enum slack_text_form form)
{
    static bool (*const forms[])(unsigned char c) = {
        [SLACK_ID] = is_id,
        [SLACK_TS] = is_ts,
        [SLACK_WORD] = is_visible,
        [SLACK_TEXT] = is_not_nul,
    };

    for (size_t i = 0; i < text.len; i++)
        if (!forms[form]((unsigned char)text.ptr[i]))
            return false;
    return form != SLACK_TEXT || slice_is_utf8(text);
}

/* --- one text --- */

static enum rc take(const struct slack_text *row, struct slice found, struct arena *arena,
                    void *target)
{
    struct slice copy;
    enum rc rc;

    if (!found.len)
        return row->is_required ? RC_INVALID : RC_OK;
    if (found.len > row->max_bytes || !has_form(found, row->form))
        return RC_INVALID;
    rc = arena_copy(arena, found, &copy);
    if (!rc)
        memcpy((char *)target + row->offset, &copy, sizeof copy);
    return rc;
}

/* --- out of JSON --- */

static enum rc find_in_json(const char *path_text, const struct json *root, struct arena *arena,
                            struct slice *found)
{
    struct json_path *path;
    struct json_fault fault;
    const struct json *node;
    enum rc rc;

    *found = (struct slice){ 0 };
    if (!path_text)
        return RC_OK;
    rc = json_path_parse(slice_of(path_text), arena, &path, &fault);
    if (rc)
        return rc;
    node = json_path_get(path, root);
    if (node && json_type_of(node) != JSON_STRING && json_type_of(node) != JSON_NULL)
        return RC_INVALID;
    *found = json_string(node);
    return RC_OK;
}

enum rc slack_texts_of_json(const struct slack_text *table, size_t n_rows, const struct json *root,
                            struct arena *arena, void *target)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; i < n_rows && !rc; i++) {
        struct slice found;

        rc = find_in_json(table[i].path, root, arena, &found);
        if (!rc && !found.len)
            rc = find_in_json(table[i].other, root, arena, &found);
        if (!rc)
            rc = take(&table[i], found, arena, target);
    }
    return rc;
}

/* --- out of a form --- */

enum rc slack_texts_of_form(const struct slack_text *table, size_t n_rows, struct slice body,
                            struct arena *arena, void *target)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; i < n_rows && !rc; i++) {
        struct slice found = { 0 };

        rc = form_field(body, slice_of(table[i].path), arena, &found);
        if (!rc || rc == RC_NOT_FOUND)
            rc = take(&table[i], found, arena, target);
    }
    return rc;
}
