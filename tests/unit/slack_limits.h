/* slack_limits.h - what Block Kit takes, as one table; for tests of everything that is sent to Slack.
 *
 * Facts of docs.slack.dev and @slack/types 3.2.0, counted in code points. The checks read JSON that is to be sent, and know nothing of who wrote it. */
#pragma once

#include "actions/channels/shown.h"
#include "src/base/json.h"
#include "src/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum limit_kind {
    LIMIT_TEXT,  /* an object plain_text or mrkdwn: characters of its text */
    LIMIT_VALUE, /* a string: characters */
    LIMIT_ITEMS, /* a list: how many, at least one */
};

/* `object` is a "type", or what has none: message, confirm, option. */
static const struct slack_limit {
    const char *object, *member;
    enum limit_kind kind;
    size_t max;
    bool must_be_plain;
} slack_limits[] = {
    { "message", "blocks", LIMIT_ITEMS, 50, false },
    { "message", "text", LIMIT_VALUE, 4000, false },
    { "modal", "blocks", LIMIT_ITEMS, 100, false },
    { "modal", "title", LIMIT_TEXT, 24, true },
    { "modal", "submit", LIMIT_TEXT, 24, true },
    { "modal", "close", LIMIT_TEXT, 24, true },
    { "modal", "private_metadata", LIMIT_VALUE, 3000, false },
    { "modal", "callback_id", LIMIT_VALUE, 255, false },
    { "header", "text", LIMIT_TEXT, 150, true },
    { "section", "text", LIMIT_TEXT, 3000, false },
    { "section", "fields", LIMIT_ITEMS, 10, false },
    { "context", "elements", LIMIT_ITEMS, 10, false },
    { "actions", "elements", LIMIT_ITEMS, 25, false },
    { "input", "label", LIMIT_TEXT, 2000, true },
    { "input", "hint", LIMIT_TEXT, 2000, true },
    { "rich_text", "elements", LIMIT_ITEMS, SIZE_MAX, false },
    { "rich_text_section", "elements", LIMIT_ITEMS, SIZE_MAX, false },
    { "rich_text_list", "elements", LIMIT_ITEMS, SIZE_MAX, false },
    { "rich_text_preformatted", "elements", LIMIT_ITEMS, SIZE_MAX, false },
    { "text", "text", LIMIT_VALUE, 3000, false },
    { "plain_text", "text", LIMIT_VALUE, 3000, false },
    { "mrkdwn", "text", LIMIT_VALUE, 3000, false },
    { "button", "text", LIMIT_TEXT, 75, true },
    { "button", "value", LIMIT_VALUE, 2000, false },
    { "button", "url", LIMIT_VALUE, 3000, false },
    { "confirm", "title", LIMIT_TEXT, 100, true },
    { "confirm", "text", LIMIT_TEXT, 300, false },
    { "confirm", "confirm", LIMIT_TEXT, 30, true },
    { "confirm", "deny", LIMIT_TEXT, 30, true },
    { "static_select", "placeholder", LIMIT_TEXT, 150, true },
    { "static_select", "options", LIMIT_ITEMS, 100, false },
    { "overflow", "options", LIMIT_ITEMS, 5, false },
    { "option", "text", LIMIT_TEXT, 75, true },
    { "option", "value", LIMIT_VALUE, 75, false },
    { "plain_text_input", "initial_value", LIMIT_VALUE, 3000, false },
    { "plain_text_input", "placeholder", LIMIT_TEXT, 150, true },
};

/* Objects that must have a member, or are refused. */
static const struct slack_need {
    const char *object, *member;
} slack_needs[] = {
    { "message", "text" },
    { "message", "blocks" },
    { "modal", "title" },
    { "modal", "blocks" },
    { "header", "text" },
    { "context", "elements" },
    { "actions", "elements" },
    { "actions", "block_id" },
    { "input", "label" },
    { "input", "element" },
    { "input", "block_id" },
    { "button", "text" },
    { "button", "action_id" },
    { "confirm", "title" },
    { "confirm", "text" },
    { "confirm", "confirm" },
    { "confirm", "deny" },
    { "static_select", "options" },
    { "static_select", "action_id" },
    { "overflow", "options" },
    { "overflow", "action_id" },
    { "option", "text" },
    { "option", "value" },
    { "plain_text", "text" },
    { "mrkdwn", "text" },
    { "text", "text" },
    { "rich_text", "elements" },
    { "rich_text_list", "style" },
    { "plain_text_input", "action_id" },
};

#define SLACK_MAX_IDS 200
struct slack_walk {
    size_t n_characters; /* of all texts of all blocks */
    struct slice block_ids[SLACK_MAX_IDS];
    size_t n_block_ids;
};

static inline size_t characters_of(struct slice text)
{
    size_t n = 0;

    while (text.len) {
        size_t len = utf8_char_len(text.ptr, text.len, NULL);

        assert_true(len > 0);
        text.ptr += len;
        text.len -= len;
        n += len == 4 ? 2 : 1; /* UTF-16 units: the largest of what Slack may count */
    }
    return n;
}

static inline void limit_broken(const char *object, const char *member, const char *why)
{
    print_error("%s.%s: %s\n", object, member, why);
    fail();
}

/* Nothing hides or turns what stands around it. */
static inline void check_is_shown(const char *object, struct slice text)
{
    if (!shown_is_same(text))
        limit_broken(object, "text", "a control, invisible or turning character");
}

/* Text that Slack parses: & only as an entity, < and > only around links of ours: <http…|label>. */
static inline void check_parsed(struct slice text, bool may_link)
{
    while (text.len) {
        struct slice link;

        if (text.ptr[0] == '&') {
            assert_true(slice_starts(text, SLICE("&amp;")) || slice_starts(text, SLICE("&lt;")) ||
                        slice_starts(text, SLICE("&gt;")));
        }
        assert_int_not_equal(text.ptr[0], '>');
        if (text.ptr[0] == '<') {
            size_t bar;

            assert_true(may_link);
            link = slice_cut(&text, '>');
            assert_true(slice_starts(link, SLICE("<https://")) ||
                        slice_starts(link, SLICE("<http://")));
            assert_int_equal(slice_find(link, SLICE("|"), &bar), RC_OK);
            link.ptr++, link.len--;
            assert_null(memchr(link.ptr, '<', link.len));
            assert_null(memchr(link.ptr + bar, '|', link.len - bar));
            for (size_t i = 0; i + 1 < bar; i++)
                assert_true(link.ptr[i] > 0x20 && link.ptr[i] < 0x7f);
            continue;
        }
        text.ptr++, text.len--;
    }
}

static inline void check_limit(const struct slack_limit *limit, const struct json *node)
{
    const struct json *text = limit->kind == LIMIT_TEXT ? json_get_text(node, "text") : node;
    size_t n = limit->kind == LIMIT_ITEMS ? json_count(node) : characters_of(json_string(text));

    if (limit->kind == LIMIT_ITEMS ? json_type_of(node) != JSON_ARRAY
                                   : json_type_of(text) != JSON_STRING)
        limit_broken(limit->object, limit->member, "is of another type");
    if (limit->must_be_plain &&
        !slice_eq(json_string(json_get_text(node, "type")), SLICE("plain_text")))
        limit_broken(limit->object, limit->member, "takes plain_text only");
    if (n == 0 && !slice_eq(slice_of(limit->member), SLICE("private_metadata")))
        limit_broken(limit->object, limit->member, "is empty");
    if (n > limit->max)
        limit_broken(limit->object, limit->member, "is too long");
}

static inline void check_object(const char *object, const struct json *node)
{
    for (size_t i = 0; i < sizeof(slack_limits) / sizeof(*slack_limits); i++)
        if (strcmp(slack_limits[i].object, object) == 0 &&
            json_get_text(node, slack_limits[i].member))
            check_limit(&slack_limits[i], json_get_text(node, slack_limits[i].member));
    for (size_t i = 0; i < sizeof(slack_needs) / sizeof(*slack_needs); i++)
        if (strcmp(slack_needs[i].object, object) == 0 &&
            !json_get_text(node, slack_needs[i].member))
            limit_broken(object, slack_needs[i].member, "is missing");
}

static inline void check_style(const char *object, const struct json *node)
{
    struct slice style = json_string(json_get_text(node, "style"));

    if (strcmp(object, "button") != 0 && strcmp(object, "confirm") != 0)
        return;
    if (json_get_text(node, "style"))
        assert_true(slice_eq(style, SLICE("primary")) || slice_eq(style, SLICE("danger")));
}

static inline void check_ids(struct slack_walk *walk, const struct json *block)
{
    struct slice id = json_string(json_get_text(block, "block_id"));
    const struct json *elements = json_get_text(block, "elements");

    if (id.len) {
        assert_true(characters_of(id) <= 255);
        for (size_t i = 0; i < walk->n_block_ids; i++)
            assert_false(slice_eq(walk->block_ids[i], id));
        assert_true(walk->n_block_ids < SLACK_MAX_IDS);
        walk->block_ids[walk->n_block_ids++] = id;
    }
    for (const struct json *a = json_first(elements); a; a = json_next(a)) {
        struct slice action = json_string(json_get_text(a, "action_id"));

        assert_true(characters_of(action) <= 255);
        for (const struct json *b = json_first(elements); action.len && b != a; b = json_next(b))
            assert_false(slice_eq(action, json_string(json_get_text(b, "action_id"))));
    }
}

static inline void check_text(struct slack_walk *walk, const char *object, const struct json *node)
{
    struct slice text = json_string(json_get_text(node, "text"));
    bool is_mrkdwn = strcmp(object, "mrkdwn") == 0;
    bool is_plain = strcmp(object, "plain_text") == 0;

    if (!is_mrkdwn && !is_plain && strcmp(object, "text") != 0)
        return;
    check_is_shown(object, text);
    walk->n_characters += characters_of(text);
    if (is_mrkdwn) {
        check_parsed(text, true);
        assert_int_equal(json_type_of(json_get_text(node, "verbatim")), JSON_TRUE);
    }
    if (is_plain)
        assert_int_equal(json_type_of(json_get_text(node, "emoji")), JSON_FALSE);
}

static inline void check_node(struct slack_walk *walk, const char *object, const struct json *node)
{
    char type[40] = "";
    struct slice name = json_string(json_get_text(node, "type"));

    if (json_type_of(node) == JSON_OBJECT && name.len) {
        assert_true(name.len < sizeof(type));
        memcpy(type, name.ptr, name.len);
        object = type;
    }
    if (strcmp(object, "header") == 0)
        assert_null(memchr(json_string(json_get_text(json_get_text(node, "text"), "text")).ptr,
                           '\n',
                           json_string(json_get_text(json_get_text(node, "text"), "text")).len));
    if (json_type_of(node) == JSON_OBJECT) {
        check_object(object, node);
        check_style(object, node);
        check_text(walk, object, node);
    }
    for (const struct json *child = json_first(node); child; child = json_next(child)) {
        struct slice member = json_name(child);
        bool is_confirm = json_type_of(child) == JSON_OBJECT && slice_eq(member, SLICE("confirm"));

        if (slice_eq(member, SLICE("blocks")))
            for (const struct json *block = json_first(child); block; block = json_next(block))
                check_ids(walk, block);
        if (slice_eq(member, SLICE("options")) || slice_eq(member, SLICE("initial_option")))
            check_node(walk, "option", child);
        else if (is_confirm)
            check_node(walk, "confirm", child);
        else
            check_node(walk, json_type_of(node) == JSON_ARRAY ? object : "", child);
    }
}

static inline struct json *parse_sent(struct slice sent)
{
    struct json *root;
    struct json_fault fault;

    if (json_parse(sent, JSON_LIMITS_DEFAULT, &root, &fault)) {
        print_error("not JSON: %s\n%.*s\n", fault.text, SLICE_ARG(sent));
        fail();
    }
    return root;
}

/* {"text", "blocks"} as chat.postMessage takes them. */
static inline void slack_check_message(const struct json *message)
{
    struct slack_walk walk = { 0 };
    struct slice text = json_string(json_get_text(message, "text"));

    check_node(&walk, "message", message);
    check_is_shown("message", text);
    check_parsed(text, false);
    assert_true(text.len <= 4000);
    assert_true(walk.n_characters <= 10000);
}

/* A modal as views.open takes it. */
static inline void slack_check_view(const struct json *view)
{
    struct slack_walk walk = { 0 };

    assert_true(slice_eq(json_string(json_get_text(view, "type")), SLICE("modal")));
    check_node(&walk, "modal", view);
}
