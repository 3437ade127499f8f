/* value.h - JSON values as people read them. */
#pragma once

#include "src/base/json.h"
#include "src/cli/screen.h"

/* A line for each scalar: its path as rules write it, and the value; null as "null". Nothing for NULL. Foreign text throughout. */
void value_show_paths(const struct json *value, struct buffer *out);
/* "a, b, c" for a list of texts. */
void value_show_list(const struct json *list, const char *separator, struct buffer *out);
/* "field=value, field=value" for an object of texts. */
void value_show_pairs(const struct json *object, struct buffer *out);
/* A scalar, or the JSON of what is none. */
void value_show(const struct json *value, struct buffer *out);
/* The time that an RFC 3339 member holds; false when it holds none. */
bool value_time(const struct json *object, const char *name, int64_t *time_ms);
/* A text or number member; absent when it is not there. */
struct slice value_text(const struct json *object, const char *name);
bool value_is_true(const struct json *object, const char *name);
int64_t value_int(const struct json *object, const char *name); /* 0 when it is not there */
/* Without brackets and quotes around it where it needs none: a line of JSON behind it. */
void value_add_line(const struct json *value, struct buffer *out);
