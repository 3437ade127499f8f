#include "src/base/read_ahead.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES ((size_t)512 << 10)
/* Where threads hand pieces to each other, waking them costs less by the byte. */
#define LARGE_PIECE_BYTES ((size_t)2 << 20)
/* One that is worked on, one that is ready, one that is being read. */
#define N_PIECES 3

struct piece {
    char *room; /* READ_AHEAD_REST_BYTES for the rest of the one before, then the piece */
    size_t n_bytes;
    enum rc rc;
};

struct read_ahead {
    struct gzip_file *file;
    size_t piece_bytes;
    struct piece pieces[N_PIECES];
    struct slice given; /* the last piece, with the rest before it */
    size_t next;        /* piece to be given */
    bool is_over;       /* the last one was the last */
    enum rc rc;         /* why */
    bool has_thread;
    pthread_t thread;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    size_t n_ready;
    size_t n_free;
    bool is_ending;
};

/* -- reading -- */

static char *bytes_of(const struct piece *piece)
{
    return piece->room + READ_AHEAD_REST_BYTES;
}

static void fill(struct read_ahead *read, struct piece *piece)
{
    piece->n_bytes = 0;
    piece->rc = gzip_file_read(read->file, bytes_of(piece), read->piece_bytes, &piece->n_bytes);
}

static bool is_last(const struct piece *piece)
{
    return piece->rc || !piece->n_bytes;
}

static void *live(void *context)
{
    struct read_ahead *read = context;
    bool was_last = false;

    pthread_mutex_lock(&read->lock);
    for (size_t i = 0; !read->is_ending && !was_last; i = (i + 1) % N_PIECES) {
        while (!read->n_free && !read->is_ending)
            pthread_cond_wait(&read->changed, &read->lock);
        if (read->is_ending)
            break;
        read->n_free--;
        pthread_mutex_unlock(&read->lock);
        fill(read, &read->pieces[i]);
        was_last = is_last(&read->pieces[i]);
        pthread_mutex_lock(&read->lock);
        read->n_ready++;
        pthread_cond_signal(&read->changed);
    }
    pthread_mutex_unlock(&read->lock);
    return NULL;
}

/* -- life -- */

enum rc read_ahead_new(struct gzip_file *file, bool has_thread, struct read_ahead **read)
{
    struct read_ahead *made = calloc(1, sizeof(*made));

    if (!made) {
        gzip_file_free(file);
        return RC_NO_MEMORY;
    }
    made->file = file;
    made->piece_bytes = has_thread ? LARGE_PIECE_BYTES : PIECE_BYTES;
    made->n_free = N_PIECES;
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->changed, NULL);
    for (size_t i = 0; i < N_PIECES; i++) {
        made->pieces[i].room = malloc(READ_AHEAD_REST_BYTES + made->piece_bytes);
        if (!made->pieces[i].room) {
            read_ahead_free(made);
            return RC_NO_MEMORY;
        }
    }
    /* Where no thread can be had, it is read when asked for. */
    made->has_thread = has_thread && !pthread_create(&made->thread, NULL, live, made);
    *read = made;
    return RC_OK;
}

void read_ahead_free(struct read_ahead *read)
{
    if (!read)
        return;
    pthread_mutex_lock(&read->lock);
    read->is_ending = true;
    pthread_cond_signal(&read->changed);
    pthread_mutex_unlock(&read->lock);
    if (read->has_thread)
        pthread_join(read->thread, NULL);
    pthread_cond_destroy(&read->changed);
    pthread_mutex_destroy(&read->lock);
    gzip_file_free(read->file);
    for (size_t i = 0; i < N_PIECES; i++)
        free(read->pieces[i].room);
    free(read);
}

/* -- the next piece -- */

/* All others are free for the thread once the rest of the last one is copied. */
static void give_back(struct read_ahead *read)
{
    pthread_mutex_lock(&read->lock);
    read->n_free++;
    pthread_cond_signal(&read->changed);
    pthread_mutex_unlock(&read->lock);
}

static struct piece *await(struct read_ahead *read)
{
    struct piece *piece = &read->pieces[read->next];

    if (!read->has_thread) {
        fill(read, piece);
        return piece;
    }
    pthread_mutex_lock(&read->lock);
    while (!read->n_ready)
        pthread_cond_wait(&read->changed, &read->lock);
    read->n_ready--;
    pthread_mutex_unlock(&read->lock);
    return piece;
}

enum rc read_ahead_next(struct read_ahead *read, size_t n_rest, struct slice *bytes)
{
    struct slice before = read->given;
    struct piece *piece;

    if (n_rest > READ_AHEAD_REST_BYTES)
        return RC_LIMIT;
    before = (struct slice){ before.ptr ? before.ptr + before.len - n_rest : NULL, n_rest };
    if (read->is_over) {
        *bytes = read->given = before;
        return read->rc;
    }
    piece = await(read);
    if (n_rest)
        memcpy(bytes_of(piece) - n_rest, before.ptr, n_rest);
    if (read->given.ptr && read->has_thread)
        give_back(read);
    read->next = (read->next + 1) % N_PIECES;
    read->is_over = is_last(piece);
    read->rc = piece->rc;
    read->given = (struct slice){ bytes_of(piece) - n_rest, n_rest + piece->n_bytes };
    *bytes = read->given;
    return piece->rc;
}
