/* json.h - JSON as it comes from outside: scanned strictly, then read as a tree; and JSON written.
 *
 * cJSON stops here. It alone would accept trailing garbage, cut strings at an
 * escaped NUL, fold the case of keys and round integers from 10^15. So every
 * text passes json_scan first, lookups are case-sensitive, and a number keeps
 * the text it came as: a tree is written as it was read. As a value a number has one text, however it was written. */
#pragma once

#include "src/base/arena.h"
#include "src/base/buffer.h"

struct json; /* a node of a tree; borrowed from its root */

struct json_limits {
    uint32_t depth;   /* arrays and objects inside each other */
    uint32_t n_nodes; /* values and keys */
};
#define JSON_LIMITS_DEFAULT ((struct json_limits){ .depth = 64, .n_nodes = 200000 })

struct json_fault {
    size_t offset;    /* byte of the text at which it goes wrong */
    const char *text; /* static: "trailing characters after the value", … */
};

/* Checks that `text` is exactly one RFC 8259 value in UTF-8 with blanks around it at most, no BOM, no key twice in one
 * object, no NUL (raw or escaped), no lone surrogate, no
 * number of more than 63 characters, within `limits` (and never deeper than 256). Allocates nothing that grows with the text but the key sets.
 * RC_INVALID, or RC_LIMIT, fills `fault`. */
enum rc json_scan(struct slice text, struct json_limits limits,
                  struct json_fault *fault) MUST_CHECK;

/* Scans, then gives the tree; free the root with json_free. */
enum rc json_parse(struct slice text, struct json_limits limits, struct json **root,
                   struct json_fault *fault) MUST_CHECK;
/* The same of what json_scan or json_parse has accepted before, and of nothing else: what would have been refused is read somehow. */
enum rc json_parse_again(struct slice text, struct json_limits limits, struct json **root,
                         struct json_fault *fault) MUST_CHECK;
/* For a root only; accepts NULL. */
void json_free(struct json *root);

enum json_type {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};
/* JSON_NULL for NULL, so that lookups can be chained. */
enum json_type json_type_of(const struct json *node);
/* Member of an object by its exact name; NULL when absent or not an object. */
const struct json *json_get(const struct json *node, struct slice name);
const struct json *json_get_text(const struct json *node,
                                 const char *name); /* same, by a literal */
/* Elements of an array or members of an object, in order; NULL at the end. */
const struct json *json_first(const struct json *node);
const struct json *json_next(const struct json *node);
/* Name of a member of an object; absent for others. */
struct slice json_name(const struct json *node);
size_t json_count(const struct json *node);
/* Text of a scalar: a string's value, a number as json_number_text has it, "true", "false". Absent for null, arrays,
 * objects and NULL, so that lookups can be chained. Borrowed from the tree. */
struct slice json_text(const struct json *node);
/* A string's value; absent for anything else, numbers included. */
struct slice json_string(const struct json *node);
/* A number exactly as it was written; absent for anything else. */
struct slice json_number_written(const struct json *node);
/* RC_NOT_FOUND when not a number. */
enum rc json_number(const struct json *node, double *value) MUST_CHECK;
/* Integers of 64 bits, exactly; RC_NOT_FOUND when it is not one. */
enum rc json_int(const struct json *node, int64_t *value) MUST_CHECK;

#define JSON_NUMBER_TEXT_BYTES 80
/* The one text of a JSON number, by which equal numbers are equal: 42 of 42.0 and 4.2e1, 0.5 of 0.50, 0 of -0. Exact, whatever its size:
 * without an exponent where that takes at most 63 bytes, and an integer as it is written. What has no exponent begins with its text, a
 * sign of 0 aside. `written` must be a JSON number; `text` holds JSON_NUMBER_TEXT_BYTES. Borrows either. */
struct slice json_number_text(struct slice written, char *text);

/* A path into a tree: a.b[0].c, [*] for any element, ["odd key"] (in which a backslash takes the next byte as it is). */
struct json_path;
/* Gives a path in `arena`. RC_INVALID fills `fault` (offset in `text`). At most 16 parts. */
enum rc json_path_parse(struct slice text, struct arena *arena, struct json_path **path,
                        struct json_fault *fault) MUST_CHECK;
bool json_path_has_wildcard(const struct json_path *path);
/* The first node the path leads to; NULL when there is none. */
const struct json *json_path_get(const struct json_path *path, const struct json *root);
/* Calls `visit` for each node the path leads to until it returns false. */
void json_path_each(const struct json_path *path, const struct json *root,
                    bool (*visit)(void *context, const struct json *node), void *context);

/* Writes JSON into a buffer, compact, in the order of the calls. Commas are set by the writer. Bytes that are not UTF-8,
 * and NULs, are written as the text "\xff": every output is valid, and can be read back. Control characters and those that turn the direction of text are always escaped. Ask buffer_rc of the buffer at the end. */
struct json_writer {
    struct buffer *out;
    bool needs_comma;
};
struct json_writer json_writer_to(struct buffer *out);
void json_object_begin(struct json_writer *writer);
void json_object_end(struct json_writer *writer);
void json_array_begin(struct json_writer *writer);
void json_array_end(struct json_writer *writer);
void json_key(struct json_writer *writer, const char *name);
void json_key_slice(struct json_writer *writer, struct slice name);
void json_write_text(struct json_writer *writer, struct slice text); /* absent writes null */
void json_write_int(struct json_writer *writer, int64_t value);
void json_write_real(struct json_writer *writer, double value); /* not finite: null */
void json_write_bool(struct json_writer *writer, bool value);
void json_write_null(struct json_writer *writer);
void json_write_time(struct json_writer *writer, int64_t time_ms);  /* RFC 3339 text */
void json_write_raw(struct json_writer *writer, struct slice json); /* already JSON */
void json_write_node(struct json_writer *writer, const struct json *node);
/* A member with text, left out when absent: the usual way in our answers. */
void json_member_text(struct json_writer *writer, const char *name, struct slice text);
void json_member_int(struct json_writer *writer, const char *name, int64_t value);
void json_member_bool(struct json_writer *writer, const char *name, bool value);
void json_member_time(struct json_writer *writer, const char *name,
                      int64_t time_ms); /* left out when 0 */
