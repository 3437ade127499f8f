/* other_channel.h - a channel where nobody decides, loaded from YAML, and a message that is owed to it; for the tests of each kind. */
#pragma once

#include "actions/channels/kinds.h"
#include "actions/channels/literal.h"
#include "src/base/clock.h"
#include "src/base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECRET "hush4hush4hush4hush"
#define PAGE_URL "https://vedette.example.com/p/prp_0000000000000000000000000G"

struct other_channel {
    struct arena *arena;
    struct problems *problems;
    struct channel channel;
    struct step step;
    struct slice argv[1];
    struct proposal proposal;
    struct card card;
    struct message message;
    struct message_note note;
    struct channel_call call;
    struct http_request request;
    struct json *body;
    struct channel_result result;
};

static inline enum rc other_load(struct other_channel *other, const struct channel_kind *kind,
                                 const char *yaml)
{
    struct channel_place where = { .base_dir = SLICE("/"),
                                   .resolve_secrets = true,
                                   .arena = other->arena,
                                   .problems = other->problems };
    struct node *map = NULL;

    other->channel = (struct channel){ .name = slice_of(kind->name), .kind = kind };
    problems_clear(other->problems);
    assert_int_equal(
        document_parse(SLICE("vedette.yaml"), slice_of(yaml), other->arena, other->problems, &map),
        RC_OK);
    return kind->load(map, &where, &other->channel);
}

static inline int other_open(void **state)
{
    static struct other_channel other;

    other = (struct other_channel){ 0 };
    if (arena_new((size_t)64 << 20, &other.arena) || problems_new(&other.problems))
        return -1;
    other.argv[0] = SLICE("/usr/bin/restart");
    other.step.argv = (struct slice_list){ .items = other.argv, .n_items = 1 };
    other.proposal = (struct proposal){ .id = { .bytes = { [15] = 16 } },
                                        .short_id = SLICE("kmwrt"),
                                        .revision = 1,
                                        .severity = SEVERITY_HIGH,
                                        .rule = SLICE("ci-main-red"),
                                        .title = SLICE("test is red on main"),
                                        .plan = { .items = &other.step, .n_items = 1 } };
    other.card = (struct card){ .proposal = &other.proposal,
                                .page_url = SLICE(PAGE_URL),
                                .deciders = SLICE("jane, john"),
                                .now_ms = 1795262400000 };
    other.message = (struct message){ .proposal = other.proposal.id };
    other.note = (struct message_note){ .number = 3, .text = SLICE("step 1 of 1 is done") };
    *state = &other;
    return 0;
}

static inline int other_close(void **state)
{
    struct other_channel *other = *state;

    json_free(other->body);
    problems_free(other->problems);
    arena_free(other->arena);
    return 0;
}

#define OTHER_TEST(test) cmocka_unit_test_setup_teardown(test, other_open, other_close)

static inline void other_call(struct other_channel *other, enum message_part part)
{
    other->call = (struct channel_call){ .channel = &other->channel,
                                         .message = &other->message,
                                         .part = part,
                                         .card = &other->card,
                                         .note = part == MESSAGE_NOTE ? &other->note : NULL,
                                         .now_ms = 1795262400000 };
}

/* Makes the request for a part, and reads its body back. */
static inline void other_ask(struct other_channel *other, enum message_part part)
{
    struct json_fault fault;

    other_call(other, part);
    assert_int_equal(other->channel.kind->request(&other->call, other->arena, &other->request),
                     RC_OK);
    json_free(other->body);
    other->body = NULL;
    if (!other->request.mail)
        assert_int_equal(json_parse(other->request.body, JSON_LIMITS_DEFAULT, &other->body, &fault),
                         RC_OK);
}

/* The text at a path of the body. */
static inline struct slice other_text(struct other_channel *other, const char *path)
{
    struct json_path *parsed;
    struct json_fault fault;

    assert_int_equal(json_path_parse(slice_of(path), other->arena, &parsed, &fault), RC_OK);
    return json_text(json_path_get(parsed, other->body));
}

struct other_answer {
    const char *name;
    enum message_part part;
    int status;
    const char *body;
    const char *head; /* NULL: none */
    enum channel_outcome outcome;
    int64_t wait_ms;
    const char *error; /* stands in it; NULL: any */
};

static inline void other_read(struct other_channel *other, const struct other_answer *answer)
{
    struct http_answer given = { .status = answer->status,
                                 .body = slice_of(answer->body ? answer->body : ""),
                                 .header_lines = slice_of(answer->head ? answer->head : "") };
    size_t offset;

    print_message("# %s\n", answer->name);
    other_call(other, answer->part ? answer->part : MESSAGE_CARD);
    other->channel.kind->read(&other->call, RC_OK, &given, other->arena, &other->result);
    if (other->result.outcome != answer->outcome) {
        print_error("outcome %d, not %d: %.*s\n", (int)other->result.outcome, (int)answer->outcome,
                    SLICE_ARG(other->result.error));
        fail();
    }
    assert_int_equal(other->result.wait_ms, answer->wait_ms);
    assert_int_equal(slice_find(other->result.error, SLICE(SECRET), &offset), RC_NOT_FOUND);
    if (answer->outcome != CHANNEL_SENT)
        assert_true(other->result.error.len > 0);
    if (answer->error &&
        slice_find(other->result.error, slice_of(answer->error), &offset) != RC_OK) {
        print_error("error:   %.*s\nwithout: %s\n", SLICE_ARG(other->result.error), answer->error);
        fail();
    }
}

#define OTHER_READ_ALL(other, answers)                                                             \
    do {                                                                                           \
        for (size_t i_ = 0; i_ < sizeof(answers) / sizeof(*(answers)); i_++)                       \
            other_read((other), &(answers)[i_]);                                                   \
    } while (0)

/* What no service may be taken for a success of, and what is the same for all. */
static inline void other_reads_what_is_no_answer(struct other_channel *other)
{
    static const struct other_answer answers[] = {
        { .name = "HTML", .status = 203, .body = "<h1>Sign in</h1>", .outcome = CHANNEL_LOST },
        { .name = "no content", .status = 204, .outcome = CHANNEL_LOST },
        { .name = "an edit may be repeated",
          .part = MESSAGE_EDIT,
          .status = 203,
          .outcome = CHANNEL_RETRY },
        { .name = "redirect", .status = 302, .outcome = CHANNEL_RETRY, .error = "redirects" },
        { .name = "broken", .status = 502, .body = "<html>", .outcome = CHANNEL_LOST },
        { .name = "broken edit", .part = MESSAGE_EDIT, .status = 500, .outcome = CHANNEL_RETRY },
        { .name = "what nobody knows", .status = 418, .outcome = CHANNEL_DEAD },
        { .name = "too fast",
          .status = 429,
          .head = "HTTP/1.1 429 Too Many\r\nRetry-After: 17\r\n",
          .outcome = CHANNEL_WAIT,
          .wait_ms = 17000 },
        { .name = "too fast for ever",
          .status = 429,
          .head = "Retry-After: 999999999999999\r\n",
          .outcome = CHANNEL_WAIT,
          .wait_ms = DAY_MS },
        { .name = "too fast, without a time", .status = 429, .outcome = CHANNEL_RETRY },
        { .name = "it repeats the secret",
          .status = 418,
          .body = "{\"message\":\"no " SECRET "\",\"description\":\"no " SECRET
                  "\",\"error\":{\"message\":\"" SECRET "\"}}",
          .outcome = CHANNEL_DEAD },
    };
    struct http_answer none = { .error = "the connection broke before the answer",
                                .may_have_arrived = true };

    OTHER_READ_ALL(other, answers);
    other_call(other, MESSAGE_CARD);
    other->channel.kind->read(&other->call, RC_IO, &none, other->arena, &other->result);
    assert_int_equal(other->result.outcome, CHANNEL_LOST);
    other_call(other, MESSAGE_EDIT);
    other->channel.kind->read(&other->call, RC_IO, &none, other->arena, &other->result);
    assert_int_equal(other->result.outcome, CHANNEL_RETRY);
    other_call(other, MESSAGE_NOTE);
    none.may_have_arrived = false;
    other->channel.kind->read(&other->call, RC_TIMEOUT, &none, other->arena, &other->result);
    assert_int_equal(other->result.outcome, CHANNEL_RETRY);
}

static inline void other_problem(struct other_channel *other, const char *text)
{
    struct buffer out;
    size_t offset;

    buffer_init(&out, 0);
    problems_format(other->problems, &out);
    if (slice_find(buffer_slice(&out), slice_of(text), &offset) != RC_OK) {
        print_error("problems: %.*s\nwithout:  %s\n", SLICE_ARG(buffer_slice(&out)), text);
        fail();
    }
    assert_int_equal(slice_find(buffer_slice(&out), SLICE(SECRET), &offset), RC_NOT_FOUND);
    buffer_free(&out);
}

#define assert_slice(slice, text) assert_slice_at(slice, text, __FILE__, __LINE__)
static inline void assert_slice_at(struct slice slice, const char *text, const char *file, int line)
{
    if (slice_eq(slice, slice_of(text)))
        return;
    print_error("got:      %.*s\nexpected: %s\n", SLICE_ARG(slice), text ? text : "(absent)");
    _fail(file, line);
}

static inline bool holds(struct slice text, const char *part)
{
    size_t offset;

    return slice_find(text, slice_of(part), &offset) == RC_OK;
}

static inline void assert_holds(struct slice text, const char *part)
{
    if (holds(text, part))
        return;
    print_error("text:    %.*s\nwithout: %s\n", SLICE_ARG(text), part);
    fail();
}

/* `part` again and again. */
static inline struct slice other_repeat(struct other_channel *other, const char *part, size_t n)
{
    size_t len = strlen(part);
    char *text = arena_alloc(other->arena, n * len + 1, 1);

    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        memcpy(text + i * len, part, len);
    return (struct slice){ .ptr = text, .len = n * len };
}
