#include "src/store/store.h"

#include "src/base/log.h"
#include "src/store/meta.h"
#include "src/store/preallocation.h"
#include "src/store/store_backend.h"
#include "src/store/store_place.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Threads that read, with room to spare: a slot is taken for the length of one read transaction (MDB_NOTLS), so that
 * threads come and go without using up the table. */
#define MAX_READERS 512
#define MIN_MAP_BYTES ((int64_t)1024 * 1024)
#define COMMITS_A_COUNT 16 /* commits after which the freed pages are counted anew */
#define FREE_TABLE ((MDB_dbi)0)

struct lmdb_store {
    struct store base;
    MDB_env *env;
    MDB_dbi tables[STORE_N_TABLES];
    struct preallocation pages; /* the writer's */
    int lock_fd;
    _Atomic int64_t n_free_pages;
    _Atomic unsigned n_commits_to_count; /* 0: count the freed pages when they are next asked for */
};

struct lmdb_txn {
    struct store_txn base;
    MDB_txn *txn;
};

struct lmdb_cursor {
    struct store_cursor base;
    MDB_cursor *cursor;
};

static struct lmdb_store *lmdb_of(struct store *store)
{
    return (struct lmdb_store *)store;
}

static MDB_txn *txn_of(struct store_txn *txn)
{
    return ((struct lmdb_txn *)txn)->txn;
}

static MDB_dbi table_of(struct store_txn *txn, enum store_table table)
{
    return lmdb_of(txn->store)->tables[table];
}

static enum rc rc_of(int code)
{
    static const struct {
        int code;
        enum rc rc;
    } codes[] = {
        { .code = MDB_SUCCESS, .rc = RC_OK },
        { .code = MDB_NOTFOUND, .rc = RC_NOT_FOUND },
        { .code = MDB_KEYEXIST, .rc = RC_CONFLICT },
        { .code = MDB_MAP_FULL, .rc = RC_FULL },
        { .code = MDB_TXN_FULL, .rc = RC_FULL },
        { .code = ENOSPC, .rc = RC_FULL },
        { .code = EDQUOT, .rc = RC_FULL },
        { .code = EFBIG, .rc = RC_FULL },
        { .code = MDB_READERS_FULL, .rc = RC_BUSY },
        { .code = MDB_BAD_VALSIZE, .rc = RC_LIMIT },
        { .code = ENOMEM, .rc = RC_NO_MEMORY },
        { .code = MDB_CORRUPTED, .rc = RC_CORRUPT },
        { .code = MDB_PAGE_NOTFOUND, .rc = RC_CORRUPT },
        { .code = MDB_INVALID, .rc = RC_CORRUPT },
        { .code = MDB_VERSION_MISMATCH, .rc = RC_CORRUPT },
    };

    for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
        if (codes[i].code == code)
            return codes[i].rc;
    }
    return RC_IO;
}

static struct slice slice_of_value(MDB_val value)
{
    return (struct slice){ .ptr = value.mv_data, .len = value.mv_size };
}

/* LMDB takes a pointer to bytes it does not change. */
static MDB_val value_of(struct slice slice)
{
    union {
        const char *ptr;
        void *data;
    } bytes = { .ptr = slice.ptr };

    return (MDB_val){ .mv_data = bytes.data, .mv_size = slice.len };
}

/* --- transactions --- */

static enum rc lmdb_begin(struct store *store, bool is_write, struct store_txn **txn)
{
    struct lmdb_txn *made = calloc(1, sizeof(*made));
    int code;

    if (!made)
        return RC_NO_MEMORY;
    code = mdb_txn_begin(lmdb_of(store)->env, NULL, is_write ? 0 : MDB_RDONLY, &made->txn);
    if (code) {
        free(made);
        return rc_of(code);
    }
    *txn = &made->base;
    return RC_OK;
}

/* A write that a full disk cuts short is EIO to LMDB, as if the disk had failed, but no call has failed: errno is not set. What the file system says is left does not tell: some
 * keep several hundred KiB for themselves. Nothing of it counts: it went to pages that no commit names. */
static enum rc rc_of_commit(int code, int number)
{
    return code == EIO && number != EIO ? RC_FULL : rc_of(code);
}

static enum rc lmdb_commit(struct store_txn *txn)
{
    struct lmdb_store *store = lmdb_of(txn->store);
    enum rc rc;
    int code;

    errno = 0;
    code = mdb_txn_commit(txn_of(txn));
    rc = rc_of_commit(code, errno);
    if (store->n_commits_to_count)
        store->n_commits_to_count--;
    free(txn);
    return rc;
}

static void lmdb_abort(struct store_txn *txn)
{
    mdb_txn_abort(txn_of(txn));
    free(txn);
}

/* --- rows --- */

static enum rc lmdb_get(struct store_txn *txn, enum store_table table, struct slice key,
                        struct slice *value)
{
    MDB_val mdb_key = value_of(key), mdb_value;
    int code = mdb_get(txn_of(txn), table_of(txn, table), &mdb_key, &mdb_value);

    if (code)
        return rc_of(code);
    *value = slice_of_value(mdb_value);
    return RC_OK;
}

static enum rc lmdb_put(struct store_txn *txn, enum store_table table, struct slice key,
                        struct slice value, enum store_put_mode mode)
{
    static const unsigned flags[] = {
        [STORE_PUT_OVER] = 0,
        [STORE_PUT_NEW] = MDB_NOOVERWRITE,
        [STORE_PUT_LAST] = MDB_APPEND,
    };
    MDB_val mdb_key = value_of(key), mdb_value = value_of(value);
    int code = mdb_put(txn_of(txn), table_of(txn, table), &mdb_key, &mdb_value, flags[mode]);

    if (code == MDB_KEYEXIST &&
        mode == STORE_PUT_LAST) /* not the last: its place has to be searched */
        code = mdb_put(txn_of(txn), table_of(txn, table), &mdb_key, &mdb_value, 0);
    return rc_of(code);
}

static enum rc lmdb_delete(struct store_txn *txn, enum store_table table, struct slice key)
{
    MDB_val mdb_key = value_of(key);

    return rc_of(mdb_del(txn_of(txn), table_of(txn, table), &mdb_key, NULL));
}

static enum rc lmdb_count(struct store_txn *txn, enum store_table table, uint64_t *n_rows)
{
    MDB_stat stat;
    int code = mdb_stat(txn_of(txn), table_of(txn, table), &stat);

    if (code)
        return rc_of(code);
    *n_rows = stat.ms_entries;
    return RC_OK;
}

static enum rc lmdb_cursor_open(struct store_txn *txn, enum store_table table,
                                struct store_cursor **cursor)
{
    struct lmdb_cursor *made = calloc(1, sizeof(*made));
    int code;

    if (!made)
        return RC_NO_MEMORY;
    code = mdb_cursor_open(txn_of(txn), table_of(txn, table), &made->cursor);
    if (code) {
        free(made);
        return rc_of(code);
    }
    *cursor = &made->base;
    return RC_OK;
}

static void lmdb_cursor_close(struct store_cursor *cursor)
{
    mdb_cursor_close(((struct lmdb_cursor *)cursor)->cursor);
    free(cursor);
}

static int move_before(MDB_cursor *cursor, MDB_val *key, MDB_val *value)
{
    int code = mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);

    if (code && code != MDB_NOTFOUND)
        return code;
    return mdb_cursor_get(cursor, key, value, code ? MDB_LAST : MDB_PREV);
}

static enum rc lmdb_cursor_move(struct store_cursor *base, enum store_move move, struct slice *key,
                                struct slice *value)
{
    static const MDB_cursor_op ops[] = {
        [STORE_FIRST] = MDB_FIRST,
        [STORE_LAST] = MDB_LAST,
        [STORE_NEXT] = MDB_NEXT,
        [STORE_PREVIOUS] = MDB_PREV,
        [STORE_AT_OR_AFTER] = MDB_SET_RANGE,
    };
    MDB_cursor *cursor = ((struct lmdb_cursor *)base)->cursor;
    MDB_val mdb_key = value_of(*key), mdb_value;
    int code = move == STORE_BEFORE ? move_before(cursor, &mdb_key, &mdb_value)
                                    : mdb_cursor_get(cursor, &mdb_key, &mdb_value, ops[move]);

    if (code)
        return rc_of(code);
    *key = slice_of_value(mdb_key);
    *value = slice_of_value(mdb_value);
    return RC_OK;
}

/* --- the environment --- */

/* LMDB keeps what it may use again in a table of its own: each row is a list of page numbers, its length first. That
 * table can be walked in read transactions only. */
static int count_free_pages(MDB_txn *txn, int64_t *n_pages)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    int code = mdb_cursor_open(txn, FREE_TABLE, &cursor);

    *n_pages = 0;
    if (code)
        return code;
    while (!(code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
        size_t n_listed;

        memcpy(&n_listed, value.mv_data, sizeof(n_listed));
        *n_pages += (int64_t)n_listed;
    }
    mdb_cursor_close(cursor);
    return code == MDB_NOTFOUND ? MDB_SUCCESS : code;
}

static enum rc count_anew(struct lmdb_store *store)
{
    MDB_txn *txn;
    int64_t n_pages;
    int code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);

    if (code)
        return rc_of(code);
    code = count_free_pages(txn, &n_pages);
    mdb_txn_abort(txn);
    if (code)
        return rc_of(code);
    store->n_free_pages = n_pages;
    store->n_commits_to_count = COMMITS_A_COUNT;
    return RC_OK;
}

/* Without a free reader slot the older count will do. */
static enum rc need_count(struct lmdb_store *store)
{
    enum rc rc = store->n_commits_to_count ? RC_OK : count_anew(store);

    return rc == RC_BUSY ? RC_OK : rc;
}

static enum rc lmdb_usage(struct store *base, int64_t *used_bytes, int64_t *max_bytes)
{
    struct lmdb_store *store = lmdb_of(base);
    MDB_envinfo info;
    MDB_stat stat;
    int64_t n_pages;
    enum rc rc = need_count(store);

    if (rc)
        return rc;
    if (mdb_env_info(store->env, &info) || mdb_env_stat(store->env, &stat))
        return RC_IO;
    n_pages = (int64_t)info.me_last_pgno + 1 - store->n_free_pages;
    *used_bytes = n_pages * (int64_t)stat.ms_psize;
    *max_bytes = (int64_t)info.me_mapsize;
    return RC_OK;
}

/* INT64_MAX where the file system does not tell. */
static int64_t disk_bytes(const struct lmdb_store *store)
{
    struct statvfs disk;

    if (fstatvfs(store->pages.fd, &disk) || !disk.f_blocks)
        return INT64_MAX;
    return (int64_t)(disk.f_bavail * disk.f_frsize);
}

static enum rc lmdb_disk_room(struct store *base, int64_t *bytes)
{
    struct lmdb_store *store = lmdb_of(base);
    enum rc rc;

    *bytes = disk_bytes(store);
    if (*bytes >= STORE_ROOM_AGAIN_BYTES)
        return RC_OK;
    rc = need_count(store);
    *bytes += store->n_free_pages * (int64_t)store->pages.page_bytes;
    return rc;
}

static void lmdb_check_readers(struct store *store)
{
    int n_dead = 0;

    lmdb_of(store)->n_commits_to_count = 0;
    if (mdb_reader_check(lmdb_of(store)->env, &n_dead))
        log_warn("reader slots of the store cannot be checked");
    else if (n_dead)
        log_warn("readers of the store died: their slots are free again n=%d", n_dead);
}

/* Never of the room below which the disk is full. */
static void lmdb_preallocate(struct store *base)
{
    struct lmdb_store *store = lmdb_of(base);
    MDB_envinfo info;

    if (disk_bytes(store) >= STORE_ROOM_AGAIN_BYTES + PREALLOCATION_MOST_BYTES &&
        !mdb_env_info(store->env, &info))
        preallocation_extend(&store->pages, (int64_t)info.me_last_pgno + 1);
}

static void lmdb_close(struct store *base)
{
    struct lmdb_store *store = lmdb_of(base);

    if (store->env)
        mdb_env_close(store->env);
    if (store->lock_fd >= 0) /* last: nobody else may come in while the environment is open */
        close(store->lock_fd);
    free(store);
}

static const struct store_backend lmdb_backend = {
    .close = lmdb_close,
    .begin = lmdb_begin,
    .commit = lmdb_commit,
    .abort = lmdb_abort,
    .get = lmdb_get,
    .put = lmdb_put,
    .delete = lmdb_delete,
    .count = lmdb_count,
    .cursor_open = lmdb_cursor_open,
    .cursor_close = lmdb_cursor_close,
    .cursor_move = lmdb_cursor_move,
    .usage = lmdb_usage,
    .check_readers = lmdb_check_readers,
    .disk_room = lmdb_disk_room,
    .preallocate = lmdb_preallocate,
};

/* --- opening --- */

/* Closed on exec, and looked at for preallocation. */
static enum rc prepare_file(struct lmdb_store *store)
{
    MDB_envinfo info;
    MDB_stat stat;
    int fd;

    if (mdb_env_get_fd(store->env, &fd) || mdb_env_info(store->env, &info) ||
        mdb_env_stat(store->env, &stat) || fcntl(fd, F_SETFD, FD_CLOEXEC))
        return RC_IO;
    return preallocation_begin(&store->pages, fd, stat.ms_psize,
                               (int64_t)(info.me_mapsize / stat.ms_psize));
}

static size_t map_bytes(int64_t max_bytes)
{
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    size_t bytes = (size_t)(max_bytes < MIN_MAP_BYTES ? MIN_MAP_BYTES : max_bytes);

    return bytes - bytes % page_bytes;
}

static enum rc open_environment(struct lmdb_store *store, const struct store_options *options,
                                struct problems *problems)
{
    int code = mdb_env_create(&store->env);
    enum rc rc;

    if (!code)
        code = mdb_env_set_mapsize(store->env, map_bytes(options->max_bytes));
    if (!code)
        code = mdb_env_set_maxreaders(store->env, MAX_READERS);
    if (!code)
        code = mdb_env_set_maxdbs(store->env, STORE_N_TABLES);
    if (!code)
        code = mdb_env_open(store->env, options->directory, MDB_NOTLS, 0600);
    rc = code ? rc_of(code) : prepare_file(store);
    if (rc)
        problems_add(problems, PROBLEM_ERROR, slice_of(options->directory), 0, 0,
                     "the store cannot be opened: %s", code ? mdb_strerror(code) : rc_text(rc));
    return rc;
}

static enum rc open_table(struct store_txn *txn, enum store_table table)
{
    return rc_of(mdb_dbi_open(txn_of(txn), store_table_names[table], MDB_CREATE,
                              &lmdb_of(txn->store)->tables[table]));
}

/* The version is read before any other table is looked at: what a newer one made of them, we cannot know. */
static enum rc check_schema(struct store_txn *txn, const char *directory, struct problems *problems)
{
    uint64_t version;
    enum rc rc = open_table(txn, TABLE_META);

    if (!rc)
        rc = meta_get(txn, META_SCHEMA, &version);
    if (rc)
        return rc;
    if (version > STORE_SCHEMA_VERSION) {
        problems_add(problems, PROBLEM_ERROR, slice_of(directory), 0, 0,
                     "the store was written by a newer version (schema %llu, this one knows %d): "
                     "run that version, or choose another `state`",
                     (unsigned long long)version, STORE_SCHEMA_VERSION);
        return RC_INVALID;
    }
    return version == STORE_SCHEMA_VERSION ? RC_OK
                                           : meta_set(txn, META_SCHEMA, STORE_SCHEMA_VERSION);
}

static enum rc open_tables(struct store *store, const char *directory, struct problems *problems)
{
    struct store_txn *txn = NULL;
    enum rc rc = store_begin(store, &txn);

    store_use_last_room(txn);
    if (!rc)
        rc = check_schema(txn, directory, problems);
    for (enum store_table table = TABLE_META; table < STORE_N_TABLES && !rc; table++)
        rc = open_table(txn, table);
    if (!rc)
        rc = store_commit(&txn);
    store_abort(&txn);
    if (rc && rc != RC_INVALID)
        problems_add(problems, PROBLEM_ERROR, slice_of(directory), 0, 0,
                     "the tables of the store cannot be opened: %s", rc_text(rc));
    return rc;
}

enum rc store_open(const struct store_options *options, struct problems *problems,
                   struct store **store)
{
    struct lmdb_store *made = calloc(1, sizeof(*made));
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    made->base.backend = &lmdb_backend;
    made->lock_fd = -1;
    rc = store_place_take(options->directory, problems, &made->lock_fd);
    if (!rc)
        rc = open_environment(made, options, problems);
    if (!rc)
        rc = open_tables(&made->base, options->directory, problems);
    if (!rc)
        rc = store_place_sync(options->directory, problems);
    if (rc) {
        store_close(&made->base);
        return rc;
    }
    *store = &made->base;
    return RC_OK;
}
