#include "rules/list_files.h"
#include "rules/loader.h"
#include "src/base/digest.h"

#include <stdlib.h>

/* One file of lines of the set being loaded. */
struct list_of_file {
    struct list_of_file *next;
    struct slice path;
    struct slice digest; /* of its lines, however they are laid out */
    struct line_list lines;
};

static const struct rule_file *find_file(const struct rule_files *files, struct slice path)
{
    for (size_t i = 0; i < files->n_files; i++) {
        if (files->files[i].is_list && slice_eq(files->files[i].name, path))
            return &files->files[i];
    }
    return NULL;
}

static const struct rule_file *find_readable(struct loader *loader, const struct node *name,
                                             struct slice path)
{
    const struct rule_file *file = find_file(loader->files, path);

    if (!file)
        node_problem(loader->problems, name,
                     "`%.80s` cannot be had: these rules are not read from files", name->text.ptr);
    else if (!slice_is_absent(file->fault))
        node_problem(loader->problems, name, "`%.*s` cannot be used: %.*s", SLICE_ARG(path),
                     SLICE_ARG(file->fault));
    else
        return file;
    return NULL;
}

static void take_digest(struct loader *loader, struct list_of_file *list)
{
    char hex[SHA256_HEX_BYTES];
    struct sha256 digest;

    if (sha256_of_parts(list->lines.lines, list->lines.n_lines, &digest) ||
        arena_copy(loader->arena, slice_of(hex_format(digest.bytes, SHA256_BYTES, hex)),
                   &list->digest))
        loader->rc = RC_NO_MEMORY;
}

static struct list_of_file *make_list(struct loader *loader, const struct rule_file *file)
{
    struct list_of_file *list = loader_alloc(loader, 1, sizeof(*list));

    if (!list)
        return NULL;
    *list = (struct list_of_file){ .next = loader->lists_read,
                                   .path = loader_keep(loader, file->name) };
    if (line_list_make(loader_keep(loader, file->text), loader->arena, &list->lines))
        loader->rc = RC_NO_MEMORY;
    take_digest(loader, list);
    loader->lists_read = list;
    return list;
}

static struct list_of_file *find_list(struct loader *loader, struct slice path)
{
    struct list_of_file *list = loader->lists_read;

    while (list && !slice_eq(list->path, path))
        list = list->next;
    return list;
}

/* What the rule says is what stands in the file now, under that name. */
static void join_version(struct loader *loader, struct slice name, const struct list_of_file *list)
{
    struct slice part;

    if (arena_format(loader->nodes, &part, "%.*s %.*s", SLICE_ARG(name), SLICE_ARG(list->digest)))
        loader->rc = RC_NO_MEMORY;
    else
        loader_add_name(loader, &loader->lists_of_rule, part);
}

const struct line_list *read_list_file(struct loader *loader, const struct node *name)
{
    const struct rule_file *file;
    struct list_of_file *list;
    struct slice path;

    if (name->type != NODE_SCALAR || !list_file_is_name(name->text)) {
        node_problem(loader->problems, name,
                     "`file` is the name of a file beside this one: no folder, no dot at its "
                     "beginning");
        return NULL;
    }
    if (list_file_path(name->mark.file, name->text, loader->nodes, &path)) {
        loader->rc = RC_NO_MEMORY;
        return NULL;
    }
    list = find_list(loader, path);
    file = list ? NULL : find_readable(loader, name, path);
    if (file)
        list = make_list(loader, file);
    if (!list)
        return NULL;
    if (!list->lines.n_lines)
        mark_problem(loader->problems, PROBLEM_WARNING, name->mark,
                     "`%.*s` has no line: no field is one of it", SLICE_ARG(path));
    join_version(loader, name->text, list);
    return &list->lines;
}
