#include "rules/load.h"

#include "src/base/document.h"
#include "src/base/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX_BYTES ((size_t)1 << 20)

static const char *const suffixes[] = { ".yaml", ".yml", NULL };

struct reader {
    struct arena *arena;
    struct problems *problems;
    struct rule_files *files;
    size_t n_room;
    bool is_bad; /* a problem was added */
};

static void refuse(struct reader *reader, struct slice path, const char *why)
{
    problems_add(reader->problems, PROBLEM_ERROR, path, 0, 0, "%s", why);
    reader->is_bad = true;
}

static enum rc make_room(struct reader *reader)
{
    struct rule_files *files = reader->files;
    size_t n_room = reader->n_room ? 2 * reader->n_room : 16;
    struct rule_file *grown;

    if (files->n_files < reader->n_room)
        return RC_OK;
    grown = arena_alloc(reader->arena, n_room, sizeof(*grown));
    if (!grown)
        return RC_NO_MEMORY;
    if (files->n_files)
        memcpy(grown, files->files, files->n_files * sizeof(*grown));
    files->files = grown;
    reader->n_room = n_room;
    return RC_OK;
}

/* `path` ends in a NUL: it comes from the arena. */
static enum rc read_one(struct reader *reader, struct slice path, const struct stat *stat_of)
{
    struct slice text;
    enum rc rc;

    /* Rules decide what is proposed to people: nobody but their owners may write them. */
    if (stat_of->st_mode & S_IWOTH) {
        refuse(reader, path, "everybody on this machine may write this file: chmod o-w it");
        return RC_OK;
    }
    rc = file_read(path.ptr, FILE_MAX_BYTES, reader->arena, &text);
    if (rc == RC_NO_MEMORY)
        return rc;
    if (rc) {
        refuse(reader, path, rc == RC_LIMIT ? "a rule file has at most 1 MiB" : strerror(errno));
        return RC_OK;
    }
    rc = make_room(reader);
    if (!rc)
        reader->files->files[reader->files->n_files++] =
            (struct rule_file){ .name = path, .text = text };
    return rc;
}

static enum rc read_directory(struct reader *reader, struct slice path)
{
    struct slice_list names = { 0 };
    enum rc rc = directory_list(path.ptr, suffixes, reader->arena, &names);

    if (rc == RC_NO_MEMORY)
        return rc;
    if (rc)
        refuse(reader, path, strerror(errno));
    for (size_t i = 0; !rc && i < names.n_items; i++) {
        struct slice joined;
        struct stat stat_of;

        rc = path_join(path, names.items[i], reader->arena, &joined);
        if (rc)
            return rc;
        if (stat(joined.ptr, &stat_of))
            refuse(reader, joined, strerror(errno));
        else
            rc = read_one(reader, joined, &stat_of);
    }
    return rc == RC_NO_MEMORY ? rc : RC_OK;
}

/* Who may write into a directory may put a rule into it, sticky bit or not. */
static bool refuse_open_directory(struct reader *reader, struct slice path,
                                  const struct stat *stat_of)
{
    if (!(stat_of->st_mode & S_IWOTH))
        return false;
    refuse(reader, path, "everybody on this machine may write into this directory: chmod o-w it");
    return true;
}

static enum rc read_path(struct reader *reader, struct slice path)
{
    struct slice copy;
    struct stat stat_of;

    if (arena_copy(reader->arena, path, &copy))
        return RC_NO_MEMORY;
    if (stat(copy.ptr, &stat_of)) {
        refuse(reader, copy, strerror(errno));
        return RC_OK;
    }
    if (S_ISDIR(stat_of.st_mode))
        return refuse_open_directory(reader, copy, &stat_of) ? RC_OK : read_directory(reader, copy);
    return read_one(reader, copy, &stat_of);
}

enum rc rule_files_read(struct slice_list paths, struct arena *arena, struct problems *problems,
                        struct rule_files *files)
{
    struct reader reader = { .arena = arena, .problems = problems, .files = files };

    *files = (struct rule_files){ 0 };
    for (size_t i = 0; i < paths.n_items; i++) {
        enum rc rc = read_path(&reader, paths.items[i]);

        if (rc)
            return rc;
    }
    return reader.is_bad ? RC_INVALID : RC_OK;
}
