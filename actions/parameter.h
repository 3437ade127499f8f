/* parameter.h - what a value must look like before it goes into a command or a request.
 *
 * Declared beside its action and matched whole. Whatever the pattern says, no value passes that starts with '-' (it would be read as an option),
 * holds a control character, is not UTF-8 (two plans must never look alike) or is longer than PARAMETER_MAX_BYTES. In a URL it is
 * never empty, and no part of it between slashes is "." or "..". */
#pragma once

#include "src/base/document.h"
#include "src/base/pattern.h"
#include "src/base/shape.h"
#include "src/base/template.h"

/* What may stand there. */
extern const struct shape shape_parameters; /* of `params` */

#define PARAMETER_MAX_BYTES 4096

struct parameter {
    struct slice name;
    struct pattern *pattern; /* NULL: `text`, which takes any text */
    bool is_path;            /* several segments of a URL, none of them empty */
    bool in_url;             /* its action puts it into a URL */
};

struct parameter_list {
    struct parameter *items;
    size_t n_items;
};

/* Checked values, one for each parameter, in its order. */
struct parameter_values {
    const struct parameter_list *params;
    struct slice *items;
};

/* Reads the `params:` map (NULL: none). RC_INVALID after adding to `problems`; the patterns made so far are in `params` either way. */
enum rc parameters_load(const struct node *map, struct arena *arena, struct problems *problems,
                        struct parameter_list *params) MUST_CHECK;
/* Frees the patterns; the rest lives in the arena. */
void parameters_free(struct parameter_list *params);
/* NULL when there is none of that name. */
struct parameter *parameter_find(const struct parameter_list *params, struct slice name);
/* "run repo", for messages; "none" when there are none. Lives in `arena`. */
enum rc parameters_list_names(const struct parameter_list *params, struct arena *arena,
                              struct slice *names) MUST_CHECK;
/* RC_INVALID, and `why` in `arena`: "does not match /[0-9]+/ as a whole". */
enum rc parameter_check(const struct parameter *parameter, struct slice value, struct arena *arena,
                        struct slice *why) MUST_CHECK;

/* Parses a text of the configuration in which {{NAME}} may stand for these parameters and for nothing else, without filters: a value is put in exactly
 * as it was checked. RC_INVALID after adding to `problems`. */
enum rc parameter_template(const struct node *node, const struct parameter_list *params,
                           struct arena *arena, struct problems *problems,
                           struct template **template) MUST_CHECK;
/* True when some {{}} of the text has a filter, which would change what was checked. */
bool parameter_text_has_filter(struct slice text);
/* Appends the text with its values. One pass: a value is never looked at again. */
void parameter_template_render(const struct template *template,
                               const struct parameter_values *values, struct buffer *out);
/* The value of a declared parameter. */
struct slice parameter_value(const struct parameter_values *values, struct slice name);
