/* document.h - a YAML file as a tree that remembers where everything stood.
 *
 * libyaml stops here, through its event interface. On top of YAML it refuses:
 * anchors and aliases, tags, a key twice in one map, keys that are not plain
 * text, more than one document, depth over 16, files over 1 MiB, bytes that are not UTF-8, control
 * characters in text. Explicit `null` and `~` are null; so is nothing at all. Scalars stay the text that was written: `no`, `1.10` and `08:00` mean what was typed. */
#pragma once

#include "src/base/arena.h"
#include "src/base/json.h"
#include "src/base/problem.h"

enum node_type { NODE_SCALAR, NODE_LIST, NODE_MAP };
enum node_style { NODE_PLAIN, NODE_SINGLE_QUOTED, NODE_DOUBLE_QUOTED, NODE_BLOCK };

struct mark {
    struct slice file;
    uint32_t line;   /* from 1 */
    uint32_t column; /* from 1, in bytes */
};

struct node;
struct node_pair {
    struct slice key;
    struct mark key_mark;
    struct node *value;
};
struct node {
    enum node_type type;
    struct mark mark;
    enum node_style style; /* NODE_SCALAR */
    struct slice text;     /* NODE_SCALAR; an empty plain scalar and `null`/`~` are is_null */
    struct slice
        raw; /* the same as the file has it, from its mark on; absent where each byte of `text` is simply one of the file */
    bool is_null;
    struct node **items; /* NODE_LIST */
    size_t n_items;
    struct node_pair *pairs; /* NODE_MAP, in the order of the file */
    size_t n_pairs;
};

/* Parses `text` as the contents of `file` (a name for messages, kept by the marks). The tree lives in `arena`, and copies of the text.
 * RC_INVALID after adding to `problems`: then `*root` is NULL, or the whole tree where its parts are wrong by themselves (a name twice, a control
 * character), for who looks for more mistakes. An empty document is an empty map. */
enum rc document_parse(struct slice file, struct slice text, struct arena *arena,
                       struct problems *problems, struct node **root) MUST_CHECK;
/* Reads the file at `path`, then as above. RC_NOT_FOUND when there is none, RC_IO when it cannot be read: both add a problem. */
enum rc document_load(const char *path, struct arena *arena, struct problems *problems,
                      struct node **root) MUST_CHECK;
/* Value of a key of a map; NULL when absent. */
struct node *node_find(const struct node *map, const char *key);
struct node *node_find_slice(const struct node *map, struct slice key);
/* Puts the pairs' addresses into `sorted`, which has room for n_pairs: by key, equal keys in the order of the file. */
void node_sort_pairs(const struct node *map, const struct node_pair **sorted);
/* The tree as JSON with sorted keys: plain true, false and JSON numbers typed
 * (but a fraction that ends in 0 is a version, not a number), null where is_null, all else strings. What versions are hashes of. */
void node_write_json(const struct node *node, struct json_writer *writer);
/* The text of the JSON number that a plain scalar is (json_number_text), whatever it ends in; absent where it is none. As json_number_text, `text` holds
 * JSON_NUMBER_TEXT_BYTES; borrows either. */
struct slice node_number_text(const struct node *node, char *text);
/* problems_add at the node's (or a mark's) place. */
void node_problem(struct problems *problems, const struct node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void mark_problem(struct problems *problems, enum problem_severity severity, struct mark mark,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The place in the file of the `offset`-th byte of a scalar's text: behind quotes, escapes, line ends and indentation. Its mark where that cannot be told (\x escapes). */
struct mark mark_inside(const struct node *scalar, size_t offset);
/* "text", "a list" or "a map", for messages. */
const char *node_type_text(const struct node *node);
