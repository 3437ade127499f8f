#include "rules/load.h"

#include "rules/list_files.h"
#include "src/base/document.h"
#include "src/base/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX_BYTES ((size_t)1 << 20)

static const char *const suffixes[] = { ".yaml", ".yml", NULL };

struct reader {
    struct arena *arena;
    struct problems *problems;
    struct rule_files *files;
    size_t n_room;
    uid_t owner; /* of the directory in which is read */
    bool is_bad; /* a problem was added */
};

/* Rules decide what is proposed to people: nobody but their owners may write them, nor what they look into. Whom the directory belongs to could put any file there, and the
 * configuration names the directory; somebody else's file has come by another way. NULL: it may be read. */
static const char *distrust(const struct reader *reader, const struct stat *file)
{
    if (file->st_mode & S_IWOTH)
        return "everybody on this machine may write this file: chmod o-w it";
    if (file->st_uid != 0 && file->st_uid != geteuid() && file->st_uid != reader->owner)
        return "this file belongs neither to root, nor to the user that runs vedette, nor to the "
               "owner of its directory: chown it";
    return NULL;
}

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

static enum rc add_file(struct reader *reader, struct rule_file file)
{
    enum rc rc = make_room(reader);

    if (rc)
        return rc;
    reader->files->files[reader->files->n_files++] = file;
    reader->files->n_lists += file.is_list ? 1 : 0;
    return RC_OK;
}

static bool is_read(const struct reader *reader, struct slice path)
{
    for (size_t i = 0; i < reader->files->n_files; i++) {
        if (reader->files->files[i].is_list && slice_eq(reader->files->files[i].name, path))
            return true;
    }
    return false;
}

/* What is wrong with it is kept: whoever names it tells it, at its place. */
static enum rc read_list(struct reader *reader, struct slice path)
{
    struct rule_file list = { .name = path, .is_list = true };
    struct stat stat_of;
    const char *fault = NULL;
    enum rc rc;

    if (stat(path.ptr, &stat_of))
        fault = strerror(errno);
    else
        fault = distrust(reader, &stat_of);
    if (!fault) {
        rc = file_read(path.ptr, FILE_MAX_BYTES, reader->arena, &list.text);
        if (rc == RC_NO_MEMORY)
            return rc;
        if (rc)
            fault = rc == RC_LIMIT ? "a file of lines has at most 1 MiB" : strerror(errno);
    }
    if (fault && arena_copy(reader->arena, slice_of(fault), &list.fault))
        return RC_NO_MEMORY;
    return add_file(reader, list);
}

static enum rc read_lists(struct reader *reader, const struct rule_file *file)
{
    struct slice_list names;
    enum rc rc = list_files_find(file, reader->arena, &names);

    for (size_t i = 0; !rc && i < names.n_items; i++) {
        struct slice path;

        rc = list_file_path(file->name, names.items[i], reader->arena, &path);
        if (!rc && !is_read(reader, path))
            rc = read_list(reader, path);
    }
    return rc;
}

/* `path` ends in a NUL: it comes from the arena. */
static enum rc read_one(struct reader *reader, struct slice path, const struct stat *stat_of)
{
    struct rule_file file = { .name = path };
    const char *fault = distrust(reader, stat_of);
    enum rc rc;

    if (fault) {
        refuse(reader, path, fault);
        return RC_OK;
    }
    rc = file_read(path.ptr, FILE_MAX_BYTES, reader->arena, &file.text);
    if (rc == RC_NO_MEMORY)
        return rc;
    if (rc) {
        refuse(reader, path, rc == RC_LIMIT ? "a rule file has at most 1 MiB" : strerror(errno));
        return RC_OK;
    }
    rc = add_file(reader, file);
    return rc ? rc : read_lists(reader, &file);
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

static enum rc read_file(struct reader *reader, struct slice path, const struct stat *stat_of)
{
    struct slice directory;
    struct stat stat_of_directory;

    if (list_file_path(path, SLICE("."), reader->arena, &directory))
        return RC_NO_MEMORY;
    if (stat(directory.ptr, &stat_of_directory)) {
        refuse(reader, path, strerror(errno));
        return RC_OK;
    }
    reader->owner = stat_of_directory.st_uid;
    return read_one(reader, path, stat_of);
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
    if (!S_ISDIR(stat_of.st_mode))
        return read_file(reader, copy, &stat_of);
    if (refuse_open_directory(reader, copy, &stat_of))
        return RC_OK;
    reader->owner = stat_of.st_uid;
    return read_directory(reader, copy);
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
