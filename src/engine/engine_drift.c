/* Payloads that are not as their sender's used to be: counted, and said in the log once for each shape. */
#include "src/engine/engine_private.h"

#include "src/base/map.h"

/* A sender that says something new each time would fill the log, and memory. */
#define SHAPES_MAX 1000

static bool is_new_shape(struct engine *engine, const struct event *event)
{
    struct slice shape;

    if (!engine->drift_shapes && map_new(&engine->drift_shapes))
        return false;
    if (map_count(engine->drift_shapes) >= SHAPES_MAX ||
        arena_format(engine->arena, &shape, "%.*s %.*s %.*s",
                     SLICE_ARG(event->fields[FIELD_WATCHER]), SLICE_ARG(event->fields[FIELD_TYPE]),
                     SLICE_ARG(event->drift)) ||
        map_get(engine->drift_shapes, shape))
        return false;
    map_put(engine->drift_shapes, shape, engine);
    return true;
}

void drift_tell(struct engine *engine, const struct event *event)
{
    /* In a replay the events themselves say it. */
    if (!event->drift.len || engine->deterministic)
        return;
    metric_add(METRIC_EVENTS_DRIFTED, event->fields[FIELD_WATCHER], (struct slice){ 0 }, 1);
    if (is_new_shape(engine, event))
        log_warn("payload is not as expected: %.*s; what is there is used watcher=%.*s type=%.*s",
                 SLICE_ARG(event->drift), SLICE_ARG(event->fields[FIELD_WATCHER]),
                 SLICE_ARG(event->fields[FIELD_TYPE]));
}
