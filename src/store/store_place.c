#include "src/store/store_place.h"

#include "src/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#define LOCK_NAME "lock"
#define PID_BYTES 24

/* Those that <linux/magic.h> does not name. */
#define CIFS_MAGIC 0xff534d42
#define CEPH_MAGIC 0x00c36400
#define LUSTRE_MAGIC 0x0bd00bd0
#define GPFS_MAGIC 0x47504653

static const struct network_system {
    uint32_t magic;
    const char *name;
} network_systems[] = {
    { .magic = NFS_SUPER_MAGIC, .name = "NFS" },     { .magic = SMB_SUPER_MAGIC, .name = "SMB" },
    { .magic = SMB2_SUPER_MAGIC, .name = "SMB" },    { .magic = CIFS_MAGIC, .name = "SMB" },
    { .magic = CEPH_MAGIC, .name = "Ceph" },         { .magic = LUSTRE_MAGIC, .name = "Lustre" },
    { .magic = GPFS_MAGIC, .name = "GPFS" },         { .magic = AFS_SUPER_MAGIC, .name = "AFS" },
    { .magic = AFS_FS_MAGIC, .name = "AFS" },        { .magic = CODA_SUPER_MAGIC, .name = "Coda" },
    { .magic = OCFS2_SUPER_MAGIC, .name = "OCFS2" }, { .magic = V9FS_MAGIC, .name = "9P" },
};

static enum rc refuse(struct problems *problems, const char *directory, const char *why)
{
    problems_add(problems, PROBLEM_ERROR, slice_of(directory), 0, 0,
                 "the store cannot be opened here: %s", why);
    return RC_IO;
}

static enum rc refuse_for_errno(struct problems *problems, const char *directory)
{
    return refuse(problems, directory, strerrordesc_np(errno));
}

static enum rc check_file_system(int directory_fd, const char *directory, struct problems *problems)
{
    struct statvfs flags;
    struct statfs system;

    if (fstatvfs(directory_fd, &flags) || fstatfs(directory_fd, &system))
        return refuse_for_errno(problems, directory);
    if (flags.f_flag & ST_RDONLY)
        return refuse(problems, directory, "the file system is mounted read-only");
    for (size_t i = 0; i < sizeof(network_systems) / sizeof(*network_systems); i++) {
        if ((uint32_t)system.f_type != network_systems[i].magic)
            continue;
        problems_add(problems, PROBLEM_ERROR, slice_of(directory), 0, 0,
                     "the store cannot lie on %s, a network file system: choose a local directory "
                     "for `state`",
                     network_systems[i].name);
        return RC_IO;
    }
    return RC_OK;
}

static void refuse_second(int fd, const char *directory, struct problems *problems)
{
    char text[PID_BYTES];
    ssize_t n_read = pread(fd, text, sizeof(text), 0);
    struct slice pid =
        slice_trim((struct slice){ .ptr = text, .len = n_read > 0 ? (size_t)n_read : 0 });
    int64_t number;

    if (slice_to_int(pid, &number)) /* it holds the lock and has not yet written its pid */
        problems_add(problems, PROBLEM_ERROR, slice_of(directory), 0, 0,
                     "the store is in use by another process");
    else
        problems_add(
            problems, PROBLEM_ERROR, slice_of(directory), 0, 0,
            "the store is in use by process %lld: stop that one first, or choose another `state`",
            (long long)number);
}

static enum rc write_pid(int fd)
{
    char text[PID_BYTES];
    int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

    if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)len, 0) != len)
        return errno == ENOSPC || errno == EDQUOT ? RC_OK : RC_IO; /* only a courtesy */
    return RC_OK;
}

static enum rc take_lock(int directory_fd, const char *directory, struct problems *problems,
                         int *lock_fd)
{
    int fd = openat(directory_fd, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    enum rc rc = RC_OK;

    if (fd < 0)
        return refuse_for_errno(problems, directory);
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        if (errno == EWOULDBLOCK) {
            refuse_second(fd, directory, problems);
            rc = RC_BUSY;
        } else {
            rc = refuse_for_errno(problems, directory);
        }
    } else if (write_pid(fd)) {
        rc = refuse_for_errno(problems, directory);
    }
    if (rc)
        close(fd);
    else
        *lock_fd = fd;
    return rc;
}

enum rc store_place_take(const char *directory, struct problems *problems, int *lock_fd)
{
    int directory_fd;
    enum rc rc;

    if (directory_make(directory, 0700))
        return refuse_for_errno(problems, directory);
    directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory_fd < 0)
        return refuse_for_errno(problems, directory);
    rc = check_file_system(directory_fd, directory, problems);
    if (!rc)
        rc = take_lock(directory_fd, directory, problems, lock_fd);
    close(directory_fd);
    return rc;
}

enum rc store_place_sync(const char *directory, struct problems *problems)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int parent_fd = fd < 0 ? -1 : openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_synced = fd >= 0 && !fsync(fd);

    /* A parent that we may not even read was not made by us. */
    if (parent_fd >= 0 && fsync(parent_fd))
        is_synced = false;
    if (!is_synced)
        refuse_for_errno(problems, directory);
    if (parent_fd >= 0)
        close(parent_fd);
    if (fd >= 0)
        close(fd);
    return is_synced ? RC_OK : RC_IO;
}
