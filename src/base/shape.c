#include "src/base/shape.h"

const struct shape shape_text = { .kind = SHAPE_TEXT };
const struct shape shape_texts = { .kind = SHAPE_ONE_OR_LIST, .item = &shape_text };

/* As pattern_is_written has it. */
const struct shape shape_pattern = {
    .kind = SHAPE_TEXT,
    .name = "pattern",
    .pattern = "^(/[\\s\\S]*/[ixsugmy]*|\\$[A-Za-z_][A-Za-z0-9_-]*)$",
    .wanted = "a pattern stands between slashes and in single quotes: '/error|fatal/i'",
};
const struct shape shape_patterns = { .kind = SHAPE_ONE_OR_LIST, .item = &shape_pattern };

static const char *const flag_words[] = { "true", "false", NULL };
const struct shape shape_flag = { .kind = SHAPE_WORD, .words = flag_words };
