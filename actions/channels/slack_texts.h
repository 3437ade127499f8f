/* slack_texts.h - texts out of what Slack sends, each of a form that is known, copied where it stays.
 *
 * What is there and not of its form makes the whole request invalid: an id with a quote in it is nobody's id. */
#pragma once

#include "src/base/arena.h"
#include "src/base/json.h"

enum slack_text_form {
    SLACK_ID,   /* capital letters and digits */
    SLACK_TS,   /* digits and points */
    SLACK_WORD, /* visible ASCII */
    SLACK_TEXT, /* valid UTF-8 without NUL */
};

struct slack_text {
    const char *path;  /* of JSON, or the name of a form's field */
    const char *other; /* where the first is not there; NULL: nowhere */
    enum slack_text_form form;
    size_t max_bytes;
    bool is_required; /* and not empty */
    size_t offset;    /* of its slice in the struct that is filled */
};

/* Fills the texts of `table`; those that are not there, or empty and not required, stay as they were. RC_INVALID. */
enum rc slack_texts_of_json(const struct slack_text *table, size_t n_rows, const struct json *root,
                            struct arena *arena, void *target) MUST_CHECK;
enum rc slack_texts_of_form(const struct slack_text *table, size_t n_rows, struct slice body,
                            struct arena *arena, void *target) MUST_CHECK;
