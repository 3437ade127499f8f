#include "watchers/trusted_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as the kernel follows */
#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

static enum rc rc_of_errno(int number, const char **why)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return RC_NOT_FOUND;
    case EACCES:
    case EPERM:
        *why = "no permission to read it: let the daemon's user read the file and search its "
               "directories (a group such as adm, or an ACL)";
        return RC_DENIED;
    case EMFILE:
    case ENFILE:
        return RC_FULL;
    default:
        return RC_IO;
    }
}

/* Whoever opens a pipe or a device does something to it already. */
static enum rc check_kind(const struct stat *facts, const char **why)
{
    if (S_ISREG(facts->st_mode))
        return RC_OK;
    *why = "it is no regular file";
    return RC_DENIED;
}

static int open_without_links(const char *path, uint64_t flags)
{
    const struct open_how how = { .flags = flags, .resolve = RESOLVE_NO_SYMLINKS };

    return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

/* -- with links: a step at a time -- */

/* What is left of the way; grows at its front when a link is put in place of its name. */
struct way {
    char text[2 * PATH_MAX];
    char *rest;
    unsigned n_links;
};

static bool is_trusted_link(int directory, const char *name, const struct stat *link)
{
    struct stat target;

    if (link->st_uid == 0 || link->st_uid == geteuid())
        return true;
    return !fstatat(directory, name, &target, 0) && target.st_uid == link->st_uid;
}

/* Puts what the link says before the rest of the way. */
static enum rc follow(int directory, const char *name, struct way *way)
{
    char target[PATH_MAX], rest[PATH_MAX];
    ssize_t len = readlinkat(directory, name, target, sizeof target - 1);

    if (len < 0 || strlen(way->rest) >= sizeof rest || ++way->n_links > LINKS_MAX)
        return RC_IO;
    target[len] = '\0';
    strcpy(rest, way->rest);
    if (snprintf(way->text, sizeof way->text, "%s/%s", target, rest) >= (int)sizeof way->text)
        return RC_IO;
    way->rest = way->text;
    return RC_OK;
}

static int open_start(struct way *way)
{
    return open(way->rest[0] == '/' ? "/" : ".", O_PATH | O_CLOEXEC | O_DIRECTORY);
}

/* The next name of the way; NULL at its end. */
static char *next_name(struct way *way)
{
    char *name = way->rest + strspn(way->rest, "/");
    char *end = name + strcspn(name, "/");

    if (!*name)
        return NULL;
    way->rest = *end ? end + 1 : end;
    *end = '\0';
    return name;
}

static bool is_last(const struct way *way)
{
    return !way->rest[strspn(way->rest, "/")];
}

/* One step from `*directory`, which it closes or replaces; at the last one `*fd` is the file. */
static enum rc step(int *directory, const char *name, struct way *way, int *fd, const char **why)
{
    struct stat facts;
    int next;

    if (fstatat(*directory, name, &facts, AT_SYMLINK_NOFOLLOW))
        return rc_of_errno(errno, why);
    if (S_ISLNK(facts.st_mode)) {
        enum rc rc;

        if (!is_trusted_link(*directory, name, &facts)) {
            *why = "a symbolic link on its way belongs to another user than what it leads to: it "
                   "is not followed";
            return RC_DENIED;
        }
        rc = follow(*directory, name, way);
        if (rc || way->rest[0] != '/')
            return rc;
        next = open_start(way);
    } else if (is_last(way)) {
        enum rc rc = check_kind(&facts, why);

        if (rc)
            return rc;
        *fd = openat(*directory, name, OPEN_FLAGS | O_NOFOLLOW);
        return *fd < 0 ? rc_of_errno(errno, why) : RC_OK;
    } else {
        next = openat(*directory, name, O_PATH | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW);
    }
    if (next < 0)
        return rc_of_errno(errno, why);
    close(*directory);
    *directory = next;
    return RC_OK;
}

static enum rc open_by_steps(const char *path, int *fd, const char **why)
{
    struct way way = { .n_links = 0 };
    enum rc rc = RC_OK;
    char *name;
    int directory;

    if (strlen(path) >= PATH_MAX)
        return RC_NOT_FOUND;
    strcpy(way.text, path);
    way.rest = way.text;
    directory = open_start(&way);
    if (directory < 0)
        return rc_of_errno(errno, why);
    while (!rc && *fd < 0 && (name = next_name(&way)) != NULL)
        rc = step(&directory, name, &way, fd, why);
    close(directory);
    return rc || *fd >= 0 ? rc : RC_NOT_FOUND;
}

/* A kernel before 5.6, or a filter that does not know the call: the slower way is as good. */
static bool wants_steps(int number)
{
    return number == ELOOP || number == ENOSYS || number == EPERM;
}

static enum rc open_at_once(const char *path, int *fd, const char **why)
{
    int place = open_without_links(path, O_PATH | O_CLOEXEC);
    struct stat facts;
    enum rc rc;

    if (place < 0)
        return wants_steps(errno) ? open_by_steps(path, fd, why) : rc_of_errno(errno, why);
    rc = fstat(place, &facts) ? RC_IO : check_kind(&facts, why);
    close(place);
    if (rc)
        return rc;
    *fd = open_without_links(path, OPEN_FLAGS);
    return *fd < 0 ? rc_of_errno(errno, why) : RC_OK;
}

enum rc trusted_open(const char *path, int *fd, struct stat *facts, const char **why)
{
    enum rc rc;

    *why = NULL;
    *fd = -1;
    rc = open_at_once(path, fd, why);
    if (!rc && fstat(*fd, facts))
        rc = RC_IO;
    if (!rc)
        rc = check_kind(facts, why); /* it may have become another since */
    if (rc && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    return rc;
}
