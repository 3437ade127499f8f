#include "src/daemon/posting_private.h"

/* What others are shown is real time. */
static int64_t failing_mono_ms(const struct shown_channel *shown)
{
    if (!shown->failing_since_ms)
        return 0;
    return shown->failing_since_ms - clock_wall_ms() + clock_mono_ms();
}

static void tell(struct posting *posting, struct channel_state *state,
                 const struct shown_channel *shown, int64_t *due_ms)
{
    const struct engine_notice notice = {
        .watcher = shown->name,
        .state = shown->failing_since_ms ? CHANNEL_FAILING : CHANNEL_BACK,
        .detail = slice_of(shown->error),
        .since_ms = shown->failing_since_ms,
    };

    if (posting_turn_notify(posting, &notice))
        posting_due(due_ms, clock_mono_ms() + POSTING_TRY_AGAIN_MS);
    else
        state->told = shown->failing_since_ms ? HEALTH_FAILING : HEALTH_WELL;
}

void posting_tell_health(struct posting *posting, int64_t *due_ms)
{
    for (size_t i = 0; i < posting->n_shown; i++) {
        const struct shown_channel *shown = &posting->shown[i];
        struct channel_state *state = posting_channel(posting, shown->name);
        int64_t at_ms = state
                            ? health_news_ms(state->told, failing_mono_ms(shown), posting->begun_ms)
                            : INT64_MAX;

        if (at_ms == INT64_MAX)
            continue;
        if (clock_mono_ms() < at_ms)
            posting_due(due_ms, at_ms);
        else
            tell(posting, state, shown, due_ms);
    }
}
