#include "src/cli/input_screen.h"

#include <pthread.h>
#include <stdlib.h>

struct input_screen {
    struct screen *screens[INPUT_SCREENS_MAX];
    size_t n_screens;
    size_t n_workers;
    pthread_mutex_t screening; /* of their use */
};

enum rc input_screen_new(struct engine *const *engines, size_t n_engines, size_t n_workers,
                         struct input_screen **screen)
{
    struct input_screen *made = calloc(1, sizeof *made);
    enum rc rc = made ? RC_OK : RC_NO_MEMORY;

    if (rc)
        return rc;
    made->n_workers = n_workers;
    pthread_mutex_init(&made->screening, NULL);
    for (size_t i = 0; i < n_engines && !rc; i++, made->n_screens++)
        rc = screen_new(engines[i], n_workers, &made->screens[i]);
    if (rc) {
        input_screen_free(made);
        return rc;
    }
    *screen = made;
    return RC_OK;
}

void input_screen_free(struct input_screen *screen)
{
    if (!screen)
        return;
    for (size_t i = 0; i < screen->n_screens; i++)
        screen_free(screen->screens[i]);
    pthread_mutex_destroy(&screen->screening);
    free(screen);
}

void input_screen_set_profile(struct input_screen *screen, struct profile *profile)
{
    screen_set_profile(screen->screens[0], profile);
}

/* Both lists are in the order of the lines; one that stands in both is taken once. */
static void merge(const struct record_list *lines, const struct log_line *before, size_t n_before,
                  struct log_line *merged, size_t *n_merged)
{
    const struct log_line *items = lines->items;
    size_t i = 0, k = 0;

    *n_merged = 0;
    while (i < lines->n_items || k < n_before) {
        bool is_new = k == n_before || (i < lines->n_items && items[i].offset < before[k].offset);

        if (!is_new && i < lines->n_items && items[i].offset == before[k].offset)
            i++;
        merged[(*n_merged)++] = is_new ? items[i++] : before[k++];
    }
}

/* What one is told does not outlive the next question. */
static enum rc add_lines(const struct record_list *lines, struct record_list *wanted)
{
    struct log_line *merged = calloc(lines->n_items + wanted->n_items + 1, sizeof *merged);
    size_t n_merged;

    if (!merged)
        return RC_NO_MEMORY;
    merge(lines, wanted->items, wanted->n_items, merged, &n_merged);
    free(wanted->items);
    *wanted = (struct record_list){ merged, n_merged };
    return RC_OK;
}

/* From the threads of all logs. */
static enum rc screen_lines(void *context, const struct log_batch *batch, int64_t reference_ms,
                            struct record_list *wanted)
{
    struct input_screen *screen = context;
    struct record_list all = { 0 };
    enum rc rc = RC_OK;

    pthread_mutex_lock(&screen->screening);
    for (size_t i = 0; i < screen->n_screens && !rc; i++) {
        struct screened screened;

        rc = screen_batch(screen->screens[i], batch, reference_ms, &screened);
        if (!rc)
            rc = add_lines(&screened.wanted, &all);
    }
    pthread_mutex_unlock(&screen->screening);
    if (rc)
        free(all.items);
    else
        *wanted = all;
    return rc;
}

struct log_input_screen input_screen_asked(struct input_screen *screen)
{
    return (struct log_input_screen){ .context = screen,
                                      .screen = screen_lines,
                                      .has_threads = screen->n_workers > 1 };
}

enum rc input_screen_learn(void *context, const struct log_watch *watch, struct slice bytes)
{
    struct input_screen *screen = context;
    enum rc rc = RC_OK;

    for (size_t i = 0; i < screen->n_screens && !rc; i++)
        rc = screen_learn(screen->screens[i], watch, bytes);
    return rc;
}
