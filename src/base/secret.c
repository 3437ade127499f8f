#include "src/base/secret.h"
#include "src/base/buffer.h"
#include "src/base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SECRET_MAX_BYTES ((size_t)64 * 1024)

struct reader {
    const char *name;
    struct slice base_dir;
    bool resolve;
    struct arena *arena;
    struct problems *problems;
};

static enum rc accept(const struct reader *reader, const struct node *node, struct slice value,
                      struct slice *secret)
{
    if (value.len == 0) {
        node_problem(reader->problems, node, "the secret `%s` is empty", reader->name);
        return RC_INVALID;
    }
    *secret = value;
    return RC_OK;
}

/* -- from a file -- */

static void warn_if_readable(const struct reader *reader, const struct node *node,
                             struct slice path)
{
    struct stat status;

    if (stat(path.ptr, &status) == 0 && (status.st_mode & S_IROTH))
        mark_problem(reader->problems, PROBLEM_WARNING, node->mark,
                     "`%s` can be read by everybody (mode %03o): chmod 600", path.ptr,
                     (unsigned)(status.st_mode & 0777));
}

/* Where the file is: below the configuration, or else among what systemd hands over. */
static enum rc find_file(const struct reader *reader, struct slice written, struct slice *path,
                         struct slice *bytes)
{
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    enum rc rc = path_join(reader->base_dir, written, reader->arena, path);
    struct slice elsewhere;

    if (rc)
        return rc;
    errno = 0;
    rc = file_read(path->ptr, SECRET_MAX_BYTES, reader->arena, bytes);
    if (rc != RC_NOT_FOUND || !credentials || slice_starts(written, SLICE("/")))
        return rc;
    if (path_join(slice_of(credentials), written, reader->arena, &elsewhere) != RC_OK)
        return RC_NO_MEMORY;
    rc = file_read(elsewhere.ptr, SECRET_MAX_BYTES, reader->arena, bytes);
    if (rc == RC_OK)
        *path = elsewhere;
    return rc;
}

static struct slice without_newline(struct slice bytes)
{
    if (slice_ends(bytes, SLICE("\n")))
        bytes.len--;
    if (slice_ends(bytes, SLICE("\r")))
        bytes.len--;
    return bytes;
}

static enum rc read_file(const struct reader *reader, const struct node *node, struct slice *secret)
{
    struct slice path = { 0 };
    struct slice bytes;
    enum rc rc = find_file(reader, node->text, &path, &bytes);

    if (rc == RC_NO_MEMORY)
        return rc;
    if (rc) {
        const char *why = rc == RC_IO && errno ? strerrordesc_np(errno) : NULL;

        node_problem(reader->problems, node, "the secret file `%s` cannot be read: %s",
                     path.ptr ? path.ptr : node->text.ptr, why ? why : rc_text(rc));
        return RC_INVALID;
    }
    warn_if_readable(reader, node, path);
    return accept(reader, node, without_newline(bytes), secret);
}

/* -- from the environment, or from the configuration itself -- */

/* NAME of ${NAME}; absent for anything else. */
static struct slice variable_name(struct slice text)
{
    struct slice name;

    if (!slice_starts(text, SLICE("${")) || !slice_ends(text, SLICE("}")))
        return (struct slice){ 0 };
    name = (struct slice){ text.ptr + 2, text.len - 3 };
    return name;
}

static bool is_variable_name(struct slice name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

    for (size_t i = 0; i < name.len; i++)
        if (!memchr(allowed, name.ptr[i], sizeof allowed - 1))
            return false;
    return name.len > 0 && (name.ptr[0] < '0' || name.ptr[0] > '9');
}

static enum rc read_variable(const struct reader *reader, const struct node *node,
                             struct slice written, struct slice *secret)
{
    struct slice name;
    const char *value;

    if (!is_variable_name(written)) {
        node_problem(reader->problems, node, "`${…}` needs the name of an environment variable");
        return RC_INVALID;
    }
    if (!reader->resolve)
        return RC_OK;
    if (arena_copy(reader->arena, written, &name) != RC_OK)
        return RC_NO_MEMORY;
    value = getenv(name.ptr);
    if (!value) {
        node_problem(reader->problems, node, "the environment has no variable `%s`", name.ptr);
        return RC_INVALID;
    }
    if (arena_copy(reader->arena, slice_of(value), &name) != RC_OK)
        return RC_NO_MEMORY;
    return accept(reader, node, name, secret);
}

static enum rc read_literal(const struct reader *reader, const struct node *node,
                            struct slice *secret)
{
    struct slice variable = variable_name(node->text);

    if (!slice_is_absent(variable))
        return read_variable(reader, node, variable, secret);
    mark_problem(reader->problems, PROBLEM_WARNING, node->mark,
                 "the secret `%s` stands in the configuration itself: better `%s_file: PATH` or "
                 "`%s: ${NAME}`",
                 reader->name, reader->name, reader->name);
    return reader->resolve ? accept(reader, node, node->text, secret) : RC_OK;
}

/* -- the members -- */

static enum rc read_one(const struct reader *reader, const struct node *node, bool is_file,
                        struct slice *secret)
{
    *secret = SLICE("(not read)");
    if (node->type != NODE_SCALAR || node->is_null || node->text.len == 0) {
        node_problem(reader->problems, node, "`%s%s` needs %s", reader->name,
                     is_file ? "_file" : "", is_file ? "the path of a file" : "a secret");
        return RC_INVALID;
    }
    if (!is_file)
        return read_literal(reader, node, secret);
    return reader->resolve ? read_file(reader, node, secret) : RC_OK;
}

/* One, or a list of them while it is rotated. */
static enum rc read_all(const struct reader *reader, const struct node *node, bool is_file,
                        struct slice_list *secrets)
{
    const struct node *const *items = &node;
    size_t n_items = 1;
    enum rc worst = RC_OK;

    if (node->type == NODE_LIST && node->n_items) {
        items = (const struct node *const *)node->items;
        n_items = node->n_items;
    }
    secrets->items = arena_alloc(reader->arena, n_items, sizeof(*secrets->items));
    if (!secrets->items)
        return RC_NO_MEMORY;
    secrets->n_items = n_items;
    for (size_t i = 0; i < n_items; i++) {
        enum rc rc = read_one(reader, items[i], is_file, &secrets->items[i]);

        if (rc == RC_NO_MEMORY)
            return rc;
        if (rc)
            worst = rc;
    }
    return worst;
}

/* `null` written out is the same as left out. */
static const struct node *find_written(const struct node *map, struct slice name)
{
    const struct node *node = node_find_slice(map, name);

    return node && node->is_null && node->text.len ? NULL : node;
}

enum rc secret_read(const struct node *map, const char *name, struct slice base_dir, bool resolve,
                    struct arena *arena, struct problems *problems, struct slice_list *secrets)
{
    struct reader reader = {
        .name = name, .base_dir = base_dir, .resolve = resolve, .arena = arena, .problems = problems
    };
    const struct node *literal = find_written(map, slice_of(name));
    const struct node *in_file;
    struct slice file_name;

    if (arena_format(arena, &file_name, "%s_file", name) != RC_OK)
        return RC_NO_MEMORY;
    in_file = find_written(map, file_name);
    if (literal && in_file) {
        node_problem(problems, literal, "give `%s` or `%s_file`, not both", name, name);
        return RC_INVALID;
    }
    if (literal)
        return read_all(&reader, literal, false, secrets);
    if (in_file)
        return read_all(&reader, in_file, true, secrets);
    return RC_NOT_FOUND;
}
