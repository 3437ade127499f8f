/* template.h - text with {{names}} in it.
 *
 *   {{workflow}} is red on {{branch | default: an unknown branch}}
 *
 * One pass, no logic: an inserted value is never looked at again. Filters: default: TEXT,
 * json, truncate: N (characters, "…" added), upper, lower, ago (a time as "5 min ago").
 * At most four behind a name, from left to right; default stands in for an absent value before the others act. upper and lower are for
 * ASCII letters. Names have the form of JSON paths: branch, first.branch, data["odd key"]. */
#pragma once

#include "src/base/arena.h"
#include "src/base/buffer.h"
#include "src/base/json.h"

struct template;

/* Gives a template in `arena`. RC_INVALID fills `fault` with the offset and a static text. At most 64 names. */
enum rc template_parse(struct slice text, struct arena *arena, struct template **template,
                       struct json_fault *fault) MUST_CHECK;

/* The value of a name when the template is rendered; absent when there is none. */
struct template_values {
    struct slice (*get)(void *context, struct slice name);
    void *context;
    int64_t now_ms; /* for `ago` */
};

/* Appends the text to `out`. A name without value and default inserts nothing; its index is noted in `missing` when that is not
 * NULL (the first such name). */
void template_render(const struct template *template, const struct template_values *values,
                     struct buffer *out, struct slice *missing);
/* The i-th name used, for checks at load; absent past the end. */
struct slice template_name(const struct template *template, size_t i);
/* The text as it was written. */
struct slice template_source(const struct template *template);
