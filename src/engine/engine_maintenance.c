#include "src/engine/engine_private.h"

enum rc maintenance_find(struct turn *turn, const struct signal *signal,
                         const struct maintenance **found, int64_t *until_ms)
{
    const struct config *config = turn->engine->config;
    enum rc rc = RC_OK;

    *found = NULL;
    *until_ms = 0;
    for (size_t i = 0; i < config->n_maintenance && !rc; i++) {
        const struct maintenance *one = &config->maintenance[i];
        bool matches = false;
        int64_t ends_ms;

        if (!weekly_window_is_open(&one->window, turn->now_ms))
            continue;
        rc = silence_matches(&one->silence, signal, &matches);
        if (!matches)
            continue;
        ends_ms = weekly_window_turns_ms(&one->window, turn->now_ms);
        /* One that never ends is the last to end. */
        if (*found && (!*until_ms || (ends_ms && ends_ms <= *until_ms)))
            continue;
        *found = one;
        *until_ms = ends_ms;
    }
    return rc;
}

static bool was_open(const struct weekly_window *window, int64_t from_ms, int64_t to_ms)
{
    int64_t opens_ms;

    if (weekly_window_is_open(window, from_ms))
        return true;
    opens_ms = weekly_window_turns_ms(window, from_ms);
    return opens_ms && opens_ms < to_ms;
}

enum rc maintenance_overlap(struct turn *turn, const struct signal *signal, int64_t from_ms,
                            int64_t to_ms, bool *overlap)
{
    const struct config *config = turn->engine->config;
    enum rc rc = RC_OK;

    *overlap = false;
    for (size_t i = 0; i < config->n_maintenance && !rc && !*overlap; i++)
        if (was_open(&config->maintenance[i].window, from_ms, to_ms))
            rc = silence_matches(&config->maintenance[i].silence, signal, overlap);
    return rc;
}
