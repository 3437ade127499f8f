/* sender_door.h - for tests of senders: requests as they come, and what their door says. */
#pragma once

#include "tests/unit/configured.h"

#include "watchers/webhook.h"

#define DOOR_NOW_MS INT64_C(1795248300000) /* 2026-11-21T08:05:00Z */
#define DOOR_MAX_HEADERS 4

struct door_attempt {
    const char *what;
    const char *door; /* the watcher's name */
    struct {
        const char *name, *value;
    } headers[DOOR_MAX_HEADERS + 1];
    const char *body;
    const char *content_type; /* NULL: application/json */
    int status;               /* 0: it is stored */
    const char *delivery_id;  /* of what is stored; NULL: the digest of its body */
    const char *stored;       /* its body in the journal; NULL: as it came */
    int64_t later_ms;         /* than DOOR_NOW_MS, by our clock */
};

static inline void assert_door(struct configured *configured, const struct door_attempt *attempt)
{
    const struct webhook *hook =
        watchers_find_webhook(configured->watchers, slice_of(attempt->door));
    struct header headers[DOOR_MAX_HEADERS];
    struct webhook_request request = {
        .headers = headers,
        .content_type =
            slice_of(attempt->content_type ? attempt->content_type : "application/json"),
        .body = slice_of(attempt->body),
        .received_ms = DOOR_NOW_MS,
        .real_ms = DOOR_NOW_MS + attempt->later_ms,
    };
    struct webhook_answer answer;
    struct slice id;

    print_message("%s\n", attempt->what);
    assert_non_null(hook);
    for (; attempt->headers[request.n_headers].name; request.n_headers++)
        headers[request.n_headers] =
            (struct header){ slice_of(attempt->headers[request.n_headers].name),
                             slice_of(attempt->headers[request.n_headers].value) };
    assert_int_equal(webhook_receive(hook, &request, configured->arena, &answer), RC_OK);
    assert_int_equal(answer.status, attempt->status);
    if (answer.status)
        return;
    id = answer.entry.delivery_id;
    if (attempt->delivery_id)
        assert_true(slice_eq(id, slice_of(attempt->delivery_id)));
    else
        assert_true(slice_starts(id, SLICE("sha256:")));
    assert_true(
        slice_eq(answer.entry.body, slice_of(attempt->stored ? attempt->stored : attempt->body)));
}

/* `doors` is the list in vedette.yaml. */
static inline void assert_doors(struct configured *configured, const char *doors,
                                const struct door_attempt *attempts, size_t n_attempts)
{
    assert_int_equal(configured_load(configured, doors), RC_OK);
    for (size_t i = 0; i < n_attempts; i++)
        assert_door(configured, &attempts[i]);
}

#define DOOR_TEST(name)                                                                            \
    cmocka_unit_test_setup_teardown(name, configured_set_up, configured_tear_down)
