#include "src/daemon/posting_private.h"

/* One question; the member that is set says which. */
struct turn {
    const struct engine_message *begin;
    const struct engine_message_result *end;
    const struct channel_facts *channel;
    const struct group_members *members;
    const struct engine_notice *notice;
    struct ulid proposal;
    struct slice name;
};

static enum rc run_begin(struct inlet_control *control, struct engine *engine, int64_t now_ms)
{
    const struct turn *turn = control->context;

    return engine_begin_message(engine, turn->begin, clock_real_ms(), now_ms);
}

static enum rc run_end(struct inlet_control *control, struct engine *engine, int64_t now_ms)
{
    const struct turn *turn = control->context;

    return engine_end_message(engine, turn->end, now_ms);
}

static enum rc run_skip(struct inlet_control *control, struct engine *engine, int64_t now_ms)
{
    const struct turn *turn = control->context;

    return engine_skip_message(engine, turn->proposal, turn->name, now_ms);
}

static enum rc run_take_over(struct inlet_control *control, struct engine *engine, int64_t now_ms)
{
    const struct turn *turn = control->context;

    return engine_take_over_message(engine, turn->proposal, turn->name, now_ms);
}

static enum rc run_note_channel(struct inlet_control *control, struct engine *engine,
                                int64_t now_ms)
{
    const struct turn *turn = control->context;

    (void)now_ms;
    return engine_note_channel(engine, turn->channel);
}

static enum rc run_notify(struct inlet_control *control, struct engine *engine, int64_t now_ms)
{
    const struct turn *turn = control->context;

    return engine_notify(engine, turn->notice, now_ms);
}

static enum rc run_note_group(struct inlet_control *control, struct engine *engine, int64_t now_ms)
{
    const struct turn *turn = control->context;

    (void)now_ms;
    return engine_note_group(engine, turn->members);
}

static enum rc run(struct posting *posting, struct turn turn,
                   enum rc (*ask)(struct inlet_control *control, struct engine *engine,
                                  int64_t now_ms))
{
    struct inlet_control control = { .run = ask, .context = &turn };

    return inlet_run_and_wait(service_inlet(posting->service), &control);
}

enum rc posting_turn_begin(struct posting *posting, const struct engine_message *ref)
{
    return run(posting, (struct turn){ .begin = ref }, run_begin);
}

enum rc posting_turn_end(struct posting *posting, const struct engine_message_result *result)
{
    return run(posting, (struct turn){ .end = result }, run_end);
}

enum rc posting_turn_skip(struct posting *posting, struct ulid proposal, struct slice channel)
{
    return run(posting, (struct turn){ .proposal = proposal, .name = channel }, run_skip);
}

enum rc posting_turn_take_over(struct posting *posting, struct ulid proposal, struct slice channel)
{
    return run(posting, (struct turn){ .proposal = proposal, .name = channel }, run_take_over);
}

enum rc posting_turn_note_channel(struct posting *posting, const struct channel_facts *facts)
{
    return run(posting, (struct turn){ .channel = facts }, run_note_channel);
}

enum rc posting_turn_notify(struct posting *posting, const struct engine_notice *notice)
{
    return run(posting, (struct turn){ .notice = notice }, run_notify);
}

enum rc posting_turn_note_group(struct posting *posting, const struct group_members *members)
{
    return run(posting, (struct turn){ .members = members }, run_note_group);
}
