/* recorded.h - for tests of senders: a delivery as it lies in the journal, read by the sender of its name. */
#pragma once

#include "src/base/clock.h"
#include "src/base/embedded.h"
#include "watchers/watchers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define RECEIVED_MS INT64_C(1795248300000) /* 2026-11-21T08:05:00Z */

struct recorded {
    struct arena *arena;
    struct watchers *watchers;
    struct event_list events;
};

static inline int recorded_set_up(void **state)
{
    static struct recorded recorded;

    recorded = (struct recorded){ 0 };
    assert_int_equal(arena_new((size_t)64 * 1024 * 1024, &recorded.arena), RC_OK);
    assert_int_equal(watchers_of_senders(recorded.arena, &recorded.watchers), RC_OK);
    *state = &recorded;
    return 0;
}

static inline int recorded_tear_down(void **state)
{
    struct recorded *recorded = *state;

    event_list_free(&recorded->events);
    arena_free(recorded->arena);
    return 0;
}

/* Its events; `event_type` goes into `event_header`, where the sender has one. */
static inline const struct event_list *recorded_read(struct recorded *recorded, const char *sender,
                                                     const char *event_header,
                                                     const char *event_type, struct slice body)
{
    struct header header = { slice_of(event_header), slice_of(event_type) };
    const struct journal_entry entry = {
        .door = DOOR_DATA,
        .id = ulid_from_seed(RECEIVED_MS, body),
        .seq = 7,
        .watcher = slice_of(sender),
        .received_ms = RECEIVED_MS,
        .delivery_id = SLICE("d-1"),
        .body = body,
        .headers = { .items = &header, .n_items = event_header ? 1 : 0 },
    };

    event_list_free(&recorded->events);
    assert_int_equal(
        watchers_events(recorded->watchers, &entry, recorded->arena, &recorded->events), RC_OK);
    return &recorded->events;
}

static inline struct slice recorded_fixture(const char *name)
{
    extern const struct embedded_file fixture_files[];

    for (const struct embedded_file *file = fixture_files; file->name; file++) {
        if (strcmp(file->name, name) == 0)
            return file->text;
    }
    fail_msg("no fixture %s", name);
    return (struct slice){ 0 };
}

/* NULL stands for an absent field. */
static inline void assert_field(const struct event *event, enum event_field field,
                                const char *expected)
{
    struct slice value = event->fields[field];

    if (slice_eq(value, slice_of(expected)))
        return;
    fail_msg("%s is %.*s, not %s", event_field_names[field],
             slice_is_absent(value) ? 6 : (int)value.len, value.ptr ? value.ptr : "absent",
             expected ? expected : "absent");
}
