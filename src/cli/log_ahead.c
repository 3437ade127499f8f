#include "src/cli/log_ahead.h"

#include <pthread.h>
#include <stdlib.h>

#define N_CHUNKS 16
#define CHUNK_LINES 16
#define CHUNK_BYTES ((size_t)256 << 10)
#define CHUNK_MAX_BYTES ((size_t)64 << 20)

/* Lines in a row, copied. */
struct chunk {
    struct arena *arena;
    struct log_line lines[CHUNK_LINES];
    size_t n_lines;
    enum rc rc; /* what came instead of a line behind them */
};

struct log_ahead {
    struct log_input *input; /* the thread's, once it runs */
    struct chunk chunks[N_CHUNKS];
    struct chunk *taken; /* whose lines the caller is given; NULL: none yet */
    size_t next_line, next_chunk;
    bool may_have_thread, has_thread;
    pthread_t thread;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    size_t n_ready, n_free;
    bool is_ending;
    struct log_input_totals totals;
};

/* -- the thread -- */

static enum rc copy_line(struct chunk *chunk, const struct log_line *line)
{
    struct log_line *copy = &chunk->lines[chunk->n_lines];
    enum rc rc;

    *copy = *line;
    rc = arena_copy(chunk->arena, line->text, &copy->text);
    chunk->n_lines += !rc;
    return rc;
}

static void fill(struct log_ahead *ahead, struct chunk *chunk)
{
    struct log_line line;

    arena_reset(chunk->arena);
    chunk->n_lines = 0;
    do {
        chunk->rc = log_input_next(ahead->input, &line);
        if (!chunk->rc)
            chunk->rc = copy_line(chunk, &line);
    } while (!chunk->rc && chunk->n_lines < CHUNK_LINES &&
             arena_used_bytes(chunk->arena) < CHUNK_BYTES);
}

static void *live(void *context)
{
    struct log_ahead *ahead = context;
    enum rc rc = RC_OK;

    pthread_mutex_lock(&ahead->lock);
    for (size_t i = 0; !rc; i = (i + 1) % N_CHUNKS) {
        while (!ahead->n_free && !ahead->is_ending)
            pthread_cond_wait(&ahead->changed, &ahead->lock);
        if (ahead->is_ending)
            break;
        ahead->n_free--;
        pthread_mutex_unlock(&ahead->lock);
        fill(ahead, &ahead->chunks[i]);
        rc = ahead->chunks[i].rc;
        pthread_mutex_lock(&ahead->lock);
        ahead->totals = log_input_totals(ahead->input);
        ahead->n_ready++;
        pthread_cond_signal(&ahead->changed);
    }
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

/* -- life -- */

enum rc log_ahead_new(struct log_input *input, bool has_thread, struct log_ahead **ahead)
{
    struct log_ahead *made = calloc(1, sizeof *made);
    enum rc rc = RC_OK;

    if (!made) {
        log_input_free(input);
        return RC_NO_MEMORY;
    }
    made->input = input;
    made->may_have_thread = has_thread;
    made->n_free = N_CHUNKS;
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->changed, NULL);
    for (size_t i = 0; has_thread && !rc && i < N_CHUNKS; i++)
        rc = arena_new(CHUNK_MAX_BYTES, &made->chunks[i].arena);
    if (rc)
        log_ahead_free(made);
    else
        *ahead = made;
    return rc;
}

void log_ahead_free(struct log_ahead *ahead)
{
    if (!ahead)
        return;
    pthread_mutex_lock(&ahead->lock);
    ahead->is_ending = true;
    pthread_cond_signal(&ahead->changed);
    pthread_mutex_unlock(&ahead->lock);
    if (ahead->has_thread)
        pthread_join(ahead->thread, NULL);
    pthread_cond_destroy(&ahead->changed);
    pthread_mutex_destroy(&ahead->lock);
    for (size_t i = 0; i < N_CHUNKS; i++)
        arena_free(ahead->chunks[i].arena);
    log_input_free(ahead->input);
    free(ahead);
}

/* -- lines -- */

enum rc log_ahead_peek(struct log_ahead *ahead, struct slice *bytes)
{
    return log_input_peek(ahead->input, bytes);
}

/* Where no thread can be had, lines are found when they are asked for. */
static bool begin(struct log_ahead *ahead)
{
    if (ahead->may_have_thread && !ahead->has_thread)
        ahead->has_thread = !pthread_create(&ahead->thread, NULL, live, ahead);
    ahead->may_have_thread = ahead->has_thread;
    return ahead->has_thread;
}

static void take_chunk(struct log_ahead *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    if (ahead->taken) {
        ahead->n_free++;
        pthread_cond_signal(&ahead->changed);
    }
    while (!ahead->n_ready)
        pthread_cond_wait(&ahead->changed, &ahead->lock);
    ahead->n_ready--;
    pthread_mutex_unlock(&ahead->lock);
    ahead->taken = &ahead->chunks[ahead->next_chunk];
    ahead->next_chunk = (ahead->next_chunk + 1) % N_CHUNKS;
    ahead->next_line = 0;
}

enum rc log_ahead_next(struct log_ahead *ahead, struct log_line *line)
{
    if (!begin(ahead))
        return log_input_next(ahead->input, line);
    while (!ahead->taken || ahead->next_line == ahead->taken->n_lines) {
        if (ahead->taken && ahead->taken->rc)
            return ahead->taken->rc;
        take_chunk(ahead);
    }
    *line = ahead->taken->lines[ahead->next_line++];
    return RC_OK;
}

struct log_input_totals log_ahead_totals(struct log_ahead *ahead)
{
    struct log_input_totals totals;

    if (!ahead->has_thread)
        return log_input_totals(ahead->input);
    pthread_mutex_lock(&ahead->lock);
    totals = ahead->totals;
    pthread_mutex_unlock(&ahead->lock);
    return totals;
}
