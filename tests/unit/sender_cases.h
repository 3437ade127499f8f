/* sender_cases.h - for tests of senders: payloads, and all that their events must come to. */
#pragma once

#include "tests/unit/recorded.h"

#include <stdio.h>

/* Every field stands for itself: one that is not in `expected` must be absent. JSON is written with ' for ". */
struct sender_case {
    const char *event; /* its name: what its type ends in */
    const char *body;
    const char *time;  /* absent: that of receipt */
    const char *drift; /* NULL: none */
    const char *expected[EVENT_N_FIELDS];
};

static inline struct slice case_body(struct recorded *recorded, const char *body)
{
    struct slice copy;
    char *bytes;

    assert_int_equal(arena_copy(recorded->arena, slice_of(body), &copy), RC_OK);
    bytes = (char *)(uintptr_t)copy.ptr;
    for (size_t i = 0; i < copy.len; i++) {
        if (bytes[i] == '\'')
            bytes[i] = '"';
    }
    return copy;
}

static inline void assert_case(const struct event *event, const char *sender,
                               const struct sender_case *wanted)
{
    char type[128], time[TIME_TEXT_BYTES];

    (void)snprintf(type, sizeof type, "%s.%s", sender, wanted->event);
    assert_field(event, FIELD_TYPE, type);
    assert_field(event, FIELD_SOURCE, sender);
    assert_field(event, FIELD_WATCHER, sender);
    for (int field = 0; field < EVENT_N_FIELDS; field++) {
        if (field != FIELD_TYPE && field != FIELD_SOURCE && field != FIELD_WATCHER)
            assert_field(event, (enum event_field)field, wanted->expected[field]);
    }
    assert_string_equal(time_format(event->time_ms, time),
                        wanted->time ? wanted->time : "2026-11-21T08:05:00.000Z");
    if (!slice_eq(event->drift, slice_of(wanted->drift)))
        fail_msg("drift is %.*s", SLICE_ARG(event->drift));
}

/* `header` is what names the event beside the body; NULL: nothing does. */
static inline void assert_cases(struct recorded *recorded, const char *sender, const char *header,
                                const struct sender_case *cases, size_t n_cases)
{
    for (size_t i = 0; i < n_cases; i++) {
        const struct event_list *events =
            recorded_read(recorded, sender, header, header ? cases[i].event : NULL,
                          case_body(recorded, cases[i].body));

        print_message("%s %s\n", cases[i].event, cases[i].body);
        assert_int_equal(events->n_items, 1);
        assert_case(&events->items[0], sender, &cases[i]);
    }
}

/* `body` with `value` in place of what each of its members is. */
static inline struct slice misshapen(struct recorded *recorded, const char *body, const char *value)
{
    struct slice text = SLICE("{");
    struct json_fault fault;
    struct json *tree;

    assert_int_equal(json_parse(case_body(recorded, body), JSON_LIMITS_DEFAULT, &tree, &fault),
                     RC_OK);
    for (const struct json *member = json_first(tree); member; member = json_next(member))
        assert_int_equal(arena_format(recorded->arena, &text, "%.*s%s\"%.*s\":%s", SLICE_ARG(text),
                                      text.len > 1 ? "," : "", SLICE_ARG(json_name(member)), value),
                         RC_OK);
    json_free(tree);
    assert_int_equal(arena_format(recorded->arena, &text, "%.*s}", SLICE_ARG(text)), RC_OK);
    return text;
}

/* Where members are of another shape than the sender's, fields are lost, and nothing more. */
static inline void assert_no_shape_hurts(struct recorded *recorded, const char *sender,
                                         const char *header, const struct sender_case *cases,
                                         size_t n_cases)
{
    static const char *const values[] = { "null", "1e999", "true", "\"\"", "[]", "{}", "[[null]]" };

    for (size_t i = 0; i < n_cases; i++) {
        for (size_t value = 0; value < sizeof values / sizeof *values; value++) {
            const struct event_list *events =
                recorded_read(recorded, sender, header, header ? cases[i].event : NULL,
                              misshapen(recorded, cases[i].body, values[value]));

            assert_int_equal(events->n_items, 1);
            assert_field(&events->items[0], FIELD_SOURCE, sender);
            assert_field(&events->items[0], FIELD_STATE, "info"); /* neither red nor green */
        }
    }
}

#define RECORDED_TEST(name)                                                                        \
    cmocka_unit_test_setup_teardown(name, recorded_set_up, recorded_tear_down)
