#include "actions/channels/slack_card.h"

#include "actions/channels/slack_blocks.h"
#include "sample_card.h"
#include "slack_limits.h"

#define BIDI "\xe2\x80\xae"       /* U+202E */
#define ZERO_WIDTH "\xe2\x80\x8b" /* U+200B */

/* --- reading what is sent --- */

static struct json *message_of(struct card_sample *sample, int64_t wanted)
{
    struct buffer out;
    struct json_writer writer;
    struct json *message;

    buffer_init(&out, 0);
    writer = json_writer_to(&out);
    json_object_begin(&writer);
    assert_int_equal(slack_write_card(&sample->card, wanted, sample->arena, &writer), RC_OK);
    json_object_end(&writer);
    message = parse_sent(buffer_slice(&out));
    buffer_free(&out);
    slack_check_message(message);
    return message;
}

typedef enum rc (*view_maker)(const struct card *card, struct slice metadata, struct arena *arena,
                              struct slice *view);

static struct json *view_of(struct card_sample *sample, view_maker make)
{
    struct slice text;
    struct json *view;

    assert_int_equal(make(&sample->card, SLICE("prp_x:1:-:1"), sample->arena, &text), RC_OK);
    view = parse_sent(text);
    slack_check_view(view);
    return view;
}

static const struct json *block_of(const struct json *message, const char *type)
{
    const struct json *block = json_first(json_get_text(message, "blocks"));

    while (block && !slice_eq(json_string(json_get_text(block, "type")), text_of(type)))
        block = json_next(block);
    return block;
}

static const struct json *button_of(const struct json *message, const char *action_id)
{
    const struct json *element =
        json_first(json_get_text(block_of(message, "actions"), "elements"));

    while (element &&
           !slice_eq(json_string(json_get_text(element, "action_id")), text_of(action_id)))
        element = json_next(element);
    return element;
}

static struct slice text_in(const struct json *object, const char *member)
{
    return json_string(json_get_text(json_get_text(object, member), "text"));
}

/* "approve reject ack details more" */
static void assert_buttons(const struct json *message, const char *expected)
{
    struct buffer ids;
    const struct json *element =
        json_first(json_get_text(block_of(message, "actions"), "elements"));

    buffer_init(&ids, 0);
    for (; element; element = json_next(element)) {
        buffer_add_text(&ids, ids.len ? " " : "");
        buffer_add(&ids, json_string(json_get_text(element, "action_id")));
    }
    assert_slice(buffer_slice(&ids), expected);
    buffer_free(&ids);
}

/* Calls `visit` with each text object below `node`. */
static void each_text(const struct json *node, void (*visit)(void *context, struct slice text),
                      void *context)
{
    if (json_type_of(node) == JSON_OBJECT &&
        json_type_of(json_get_text(node, "text")) == JSON_STRING)
        visit(context, json_string(json_get_text(node, "text")));
    for (const struct json *child = json_first(node); child; child = json_next(child))
        each_text(child, visit, context);
}

static void add_text(void *context, struct slice text)
{
    buffer_add(context, text);
    buffer_add_text(context, "\n--\n");
}

/* All texts of the blocks, in order. */
static struct slice texts_of(const struct card_sample *sample, const struct json *message)
{
    struct buffer out;
    struct slice text;

    buffer_init(&out, 0);
    each_text(json_get_text(message, "blocks"), add_text, &out);
    assert_int_equal(arena_copy(sample->arena, buffer_slice(&out), &text), RC_OK);
    buffer_free(&out);
    return text;
}

/* --- the card over its life --- */

static void an_open_card_has_all_that_a_decision_needs(void **state)
{
    struct card_sample *sample = *state;
    struct json *message = message_of(sample, 17);
    struct slice texts = texts_of(sample, message);
    static const char *const parts[] = {
        "High: api answers 503",
        "Waits for a decision",
        "Seen 4 times since 11:42 UTC, last 12:00 UTC (over 18 min)",
        "Rule api-503: shop · api",
        "May be decided by jane, john (oncall)",
        "Expires 16:00 UTC, then nothing happens",
        "Likely cause (80 % sure): The pool of deploy 214",
        "The pool has had no free connection since 11:58",
        "If approved, 2 steps run",
        "changes things here; undo: start-old",
        "/usr/bin/systemctl restart api.service",
        "only if this check passes",
        "Afterwards it is watched for 1h: verified when it stays quiet",
        "This rule before: 12 proposed, 9 approved",
        "Proposal kmwrt, revision 3, plan ",
        "<https://vedette.example.com/#/p/kmwrt|All of it, on Vedette's page>",
        "<https://ci.example.com/run/7?a=1&amp;b=2|What was reported (ci.example.com)>",
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        assert_holds(texts, parts[i]);
    assert_buttons(message, "approve reject ack details more");
    json_free(message);
}

static void the_buttons_of_each_state(void **state)
{
    static const struct {
        enum proposal_state state;
        const char *buttons;
    } cases[] = {
        { PROPOSAL_OPEN, "approve reject ack details more" },
        { PROPOSAL_APPROVED, "take_back details" },
        { PROPOSAL_RUNNING, "details" },
        { PROPOSAL_UNKNOWN, "settle_ran settle_not_ran details" },
        { PROPOSAL_VERIFYING, "details" },
        { PROPOSAL_VERIFIED, "undo details" },
        { PROPOSAL_RECURRED, "undo details" },
        { PROPOSAL_INCONCLUSIVE, "undo details" },
        { PROPOSAL_DONE, "undo details" },
        { PROPOSAL_FAILED, "details" },
        { PROPOSAL_STALE, "" },
        { PROPOSAL_REJECTED, "" },
        { PROPOSAL_EXPIRED, "" },
        { PROPOSAL_WITHDRAWN, "" },
        { PROPOSAL_SUPERSEDED, "" },
        { PROPOSAL_UNDOING, "details" },
        { PROPOSAL_UNDONE, "details" },
        { PROPOSAL_UNDO_FAILED, "details" },
        { PROPOSAL_UNDO_UNKNOWN, "details" },
    };

    assert_int_equal(sizeof(cases) / sizeof(*cases), PROPOSAL_STATES);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct card_sample *sample = *state;
        struct json *message;

        card_make(sample, 2, NULL);
        card_move(sample, NULL, cases[i].state);
        message = message_of(sample, 1);
        assert_buttons(message, cases[i].buttons);
        json_free(message);
    }
}

static void the_fallback_says_the_same_to_those_who_hear_it(void **state)
{
    struct card_sample *sample = *state;
    struct json *message = message_of(sample, 1);
    struct slice text = json_string(json_get_text(message, "text"));

    assert_holds(text, "High: api answers 503\nWaits for a decision\n");
    assert_holds(text, "       /usr/bin/systemctl restart api.service\n");
    assert_holds(text, "run/7?a=1&amp;b=2");
    json_free(message);
}

static void who_has_approved_already_stands_on_the_card(void **state)
{
    struct card_sample *sample = *state;
    struct json *message;

    sample->proposal.approvers.need = 2;
    card_decide(sample, NULL, VERDICT_APPROVE, "jane");
    message = message_of(sample, 1);
    assert_holds(texts_of(sample, message), "1 of 2 approvals: jane");
    assert_buttons(message, "approve reject ack details more");
    json_free(message);
}

static void who_is_on_it_needs_no_such_button(void **state)
{
    struct card_sample *sample = *state;
    struct json *message;

    sample->proposal.acknowledged_by = SLICE("jane");
    message = message_of(sample, 1);
    assert_buttons(message, "approve reject details more");
    assert_holds(texts_of(sample, message), "jane is on it");
    json_free(message);
}

static void steps_say_how_they_stand(void **state)
{
    struct card_sample *sample = *state;
    struct json *message;

    card_move(sample, NULL, PROPOSAL_RUNNING);
    sample->steps[0].state = STEP_DONE;
    message = message_of(sample, 1);
    assert_holds(texts_of(sample, message), "done in 3 s\n--\n");
    assert_holds(texts_of(sample, message), "runs since 12:01 UTC\n--\n");
    json_free(message);
}

static void a_card_without_a_plan_cannot_be_approved(void **state)
{
    struct card_sample *sample = *state;
    struct json *message;

    card_make(sample, 0, NULL);
    message = message_of(sample, 1);
    assert_buttons(message, "reject ack details more");
    assert_holds(texts_of(sample, message), "No plan is offered: this is for you to look at");
    json_free(message);
}

/* --- what buttons say --- */

static void a08_every_copy_names_the_same_proposal_and_plan(void **state)
{
    struct card_sample *sample = *state;
    struct json *first = message_of(sample, 7), *second = message_of(sample, 8);
    struct slice one = json_string(json_get_text(block_of(first, "actions"), "block_id"));
    struct slice other = json_string(json_get_text(block_of(second, "actions"), "block_id"));
    struct slice value = json_string(json_get_text(button_of(first, "approve"), "value"));
    struct slack_ref a, b;

    assert_false(slice_eq(one, other)); /* a client keeps no stale state */
    assert_int_equal(slack_ref_parse(one, &a), RC_OK);
    assert_int_equal(slack_ref_parse(other, &b), RC_OK);
    assert_true(slice_eq(a.proposal, b.proposal));
    assert_true(slice_eq(a.plan_digest, sample->proposal.plan_digest));
    assert_true(slice_eq(b.plan_digest, sample->proposal.plan_digest));
    assert_int_equal(a.revision, 3);
    assert_int_equal(a.wanted, 7);
    assert_int_equal(b.wanted, 8);
    assert_true(slice_starts(value, a.proposal));
    assert_true(slice_ends(value, a.plan_digest));
    assert_true(slice_eq(value, json_string(json_get_text(button_of(second, "approve"), "value"))));
    json_free(first);
    json_free(second);
}

static void rejecting_takes_one_tap_with_a_reason(void **state)
{
    struct card_sample *sample = *state;
    struct json *message = message_of(sample, 1);
    const struct json *option = json_first(json_get_text(button_of(message, "reject"), "options"));

    for (size_t i = 0; reason_names[i]; i++, option = json_next(option)) {
        assert_slice(json_string(json_get_text(option, "value")), reason_names[i]);
        assert_slice(text_in(option, "text"), card_reasons[i]);
    }
    assert_null(option);
    json_free(message);
}

static void more_is_snooze_mute_and_edit_where_there_is_something_to_edit(void **state)
{
    static const char *const values[] = { "snooze:1h", "snooze:4h", "snooze:1d", "mute", "edit" };
    struct card_sample *sample = *state;
    struct json *message = message_of(sample, 1);
    const struct json *options = json_get_text(button_of(message, "more"), "options");
    const struct json *option = json_first(options);

    for (size_t i = 0; i < 5; i++, option = json_next(option))
        assert_slice(json_string(json_get_text(option, "value")), values[i]);
    assert_null(option);
    json_free(message);
    sample->steps[0].params = sample->steps[1].params = SLICE("{}");
    message = message_of(sample, 1);
    assert_int_equal(json_count(json_get_text(button_of(message, "more"), "options")), 4);
    json_free(message);
}

static void approving_what_has_effects_shows_the_plan_again(void **state)
{
    struct card_sample *sample = *state;
    struct json *message = message_of(sample, 1);
    const struct json *confirm = json_get_text(button_of(message, "approve"), "confirm");

    assert_slice(text_in(confirm, "title"), "Run 2 steps?");
    assert_slice(text_in(confirm, "text"), "1. /usr/bin/systemctl restart api.service; 2. "
                                           "/usr/bin/systemctl restart api.service");
    assert_slice(json_string(json_get_text(confirm, "style")), "primary");
    json_free(message);

    sample->steps[0].undo = (struct slice){ 0 };
    message = message_of(sample, 1);
    confirm = json_get_text(button_of(message, "approve"), "confirm");
    assert_slice(text_in(confirm, "title"), "Run 2 steps (not all can be undone)?");
    assert_slice(json_string(json_get_text(confirm, "style")), "danger");
    json_free(message);
}

static void a_dialog_that_cannot_hold_the_plan_names_its_steps(void **state)
{
    struct card_sample *sample = *state;
    struct json *message;

    card_make(sample, 8, NULL);
    message = message_of(sample, 1);
    assert_holds(text_in(json_get_text(button_of(message, "approve"), "confirm"), "text"),
                 "As shown on the card: 8 steps: restart-api, restart-api");
    json_free(message);
}

static void what_changes_nothing_is_approved_without_a_question(void **state)
{
    struct card_sample *sample = *state;
    struct json *message;

    sample->steps[0].effect = sample->steps[1].effect = EFFECT_NONE;
    message = message_of(sample, 1);
    assert_null(json_get_text(button_of(message, "approve"), "confirm"));
    json_free(message);
}

static void undo_shows_what_it_would_run(void **state)
{
    struct card_sample *sample = *state;
    struct json *message;

    card_move(sample, NULL, PROPOSAL_DONE);
    message = message_of(sample, 1);
    assert_holds(texts_of(sample, message),
                 "undo of step 2: start-old\n  /usr/bin/systemctl start api-old.service\n");
    assert_holds(text_in(json_get_text(button_of(message, "undo"), "confirm"), "text"),
                 "1. /usr/bin/systemctl start api-old.service");
    json_free(message);
}

static void o13_an_undo_that_is_not_shown_whole_is_not_offered_here(void **state)
{
    struct card_sample *sample = *state;
    static char text[3100];
    struct slice argument = { text, sizeof(text) };
    struct json *message;

    memset(text, 'u', sizeof(text));
    card_move(sample, NULL, PROPOSAL_DONE);
    sample->undos[0].argv = (struct slice_list){ .items = &argument, .n_items = 1 };
    message = message_of(sample, 1);
    assert_buttons(message, "details");
    assert_lacks(texts_of(sample, message), "uuuuuuuu");
    json_free(message);
}

/* --- the plan, exactly --- */

/* What shown_add_argument wrote, read back. */
static struct slice read_argument(const struct card_sample *sample, struct slice line)
{
    char *out = arena_alloc(sample->arena, line.len + 1, 1);
    size_t n = 0;

    assert_non_null(out);
    if (!line.len || line.ptr[0] != '"')
        return line;
    for (size_t i = 1; i + 1 < line.len; i++) {
        char next = line.ptr[i + 1];
        unsigned value;

        if (line.ptr[i] != '\\') {
            out[n++] = line.ptr[i];
            continue;
        }
        i++;
        if (next == 'n' || next == 't') {
            out[n++] = next == 'n' ? '\n' : '\t';
        } else if (next == 'x') {
            assert_int_equal(sscanf(line.ptr + i + 1, "%2x", &value), 1);
            out[n++] = (char)value;
            i += 2;
        } else if (next == 'u' || next == 'U') {
            assert_int_equal(sscanf(line.ptr + i + 1, next == 'u' ? "%4x" : "%8x", &value), 1);
            i += next == 'u' ? 4 : 8;
            if (value > 0xffff)
                out[n++] = (char)(0xf0 | value >> 18),
                out[n++] = (char)(0x80 | (value >> 12 & 0x3f));
            else if (value > 0x7ff)
                out[n++] = (char)(0xe0 | value >> 12);
            else
                out[n++] = (char)(0xc0 | value >> 6);
            if (value > 0x7ff)
                out[n++] = (char)(0x80 | (value >> 6 & 0x3f));
            out[n++] = (char)(0x80 | (value & 0x3f));
        } else {
            out[n++] = next;
        }
    }
    return (struct slice){ .ptr = out, .len = n };
}

/* The text of the first preformatted part of a rich_text block that has one. */
static struct slice preformatted_of(const struct json *block)
{
    const struct json *part = json_first(json_get_text(block, "elements"));

    for (; part; part = json_next(part))
        if (slice_eq(json_string(json_get_text(part, "type")), SLICE("rich_text_preformatted")))
            return json_string(json_get_text(json_first(json_get_text(part, "elements")), "text"));
    return (struct slice){ 0 };
}

/* Takes the next word of a command off its one line: up to a blank, or to the quote that ends it. */
static struct slice cut_word(struct slice *line)
{
    struct slice word = *line;
    bool is_quoted = line->len && line->ptr[0] == '"';
    size_t n = is_quoted;

    while (n < line->len && line->ptr[n] != (is_quoted ? '"' : ' '))
        n += is_quoted && line->ptr[n] == '\\' ? 2 : 1;
    n += is_quoted;
    assert_true(n <= line->len);
    word.len = n;
    n += n < line->len; /* the blank */
    line->ptr += n;
    line->len -= n;
    return word;
}

static void assert_plan_is_exact(const struct card_sample *sample, const struct json *message)
{
    const struct json *block = json_first(json_get_text(message, "blocks"));

    for (size_t i = 0; i < sample->proposal.plan.n_items; i++) {
        const struct slice_list *argv = &sample->steps[i].argv;
        struct slice lines = { 0 };
        bool is_one_line;
        size_t offset;

        while (block && slice_is_absent(lines)) {
            lines = preformatted_of(block);
            block = json_next(block);
        }
        is_one_line = slice_find(lines, SLICE("\n"), &offset) != RC_OK;
        for (size_t j = 0; j < argv->n_items; j++) {
            struct slice word = is_one_line ? cut_word(&lines) : slice_cut(&lines, '\n');

            assert_true(slice_eq(read_argument(sample, word), argv->items[j]));
        }
        assert_int_equal(lines.len, 0);
    }
}

static void o13_a_plan_that_does_not_fit_has_no_approve_button_and_says_where(void **state)
{
    struct card_sample *sample = *state;
    char text[3100];
    struct slice argument = { text, 3000 };
    struct json *message;

    memset(text, 'a', sizeof(text));
    card_make(sample, 1, NULL);
    sample->steps[0].argv = (struct slice_list){ .items = &argument, .n_items = 1 };
    message = message_of(sample, 1);
    assert_non_null(button_of(message, "approve"));
    assert_plan_is_exact(sample, message);
    json_free(message);

    argument.len = 3001;
    message = message_of(sample, 1);
    assert_null(button_of(message, "approve"));
    assert_non_null(button_of(message, "reject"));
    assert_lacks(texts_of(sample, message), "aaaaaaaa");
    assert_holds(texts_of(sample, message),
                 "Read it whole, and approve it, on https://vedette.example.com/#/p/kmwrt or with "
                 "`vedette approve kmwrt`");
    json_free(message);
}

static void o13_many_steps_are_shown_all_or_none(void **state)
{
    struct card_sample *sample = *state;
    size_t n_whole = 0;

    for (size_t n_steps = 1; n_steps <= CARD_MAX_STEPS; n_steps++) {
        struct json *message;

        card_make(sample, n_steps, NULL);
        message = message_of(sample, 1);
        if (button_of(message, "approve")) {
            assert_plan_is_exact(sample, message);
            n_whole++;
        } else {
            assert_lacks(texts_of(sample, message), "/usr/bin/systemctl");
        }
        json_free(message);
    }
    assert_in_range(n_whole, 8, CARD_MAX_STEPS - 1); /* both happened */
}

static void o13_a_long_title_is_cut_in_the_header_and_stands_below_it(void **state)
{
    struct card_sample *sample = *state;
    char title[400];
    struct json *message;
    struct slice header;

    for (size_t i = 0; i < sizeof(title); i += 2)
        memcpy(title + i, "\xc3\xa4", 2);
    sample->proposal.title = (struct slice){ title, sizeof(title) };
    message = message_of(sample, 1);
    header = text_in(block_of(message, "header"), "text");
    assert_true(slice_is_utf8(header));
    assert_int_equal(characters_of(header), 150);
    assert_true(slice_ends(header, SLICE("…")));
    assert_true(slice_ends(text_in(block_of(message, "section"), "text"), sample->proposal.title));
    json_free(message);
}

/* --- the plain card --- */

static void a_plain_card_is_a_header_a_text_and_buttons_with_the_exact_plan(void **state)
{
    struct card_sample *sample = *state;
    struct json *message;
    struct slice text;

    sample->card.is_plain = true;
    message = message_of(sample, 1);
    assert_int_equal(json_count(json_get_text(message, "blocks")), 3);
    text = text_in(block_of(message, "section"), "text");
    assert_true(
        slice_starts(text, SLICE("Waits for a decision"))); /* the header has the headline */
    assert_holds(text, "       /usr/bin/systemctl restart api.service\n");
    assert_buttons(message, "approve reject ack details more");
    json_free(message);

    card_make(sample, 20, NULL);
    sample->card.is_plain = true;
    message = message_of(sample, 1);
    assert_buttons(message, "reject ack details more");
    assert_holds(text_in(block_of(message, "section"), "text"), "The plan does not fit here");
    json_free(message);
}

/* --- modals --- */

static void details_show_every_piece_of_evidence(void **state)
{
    struct card_sample *sample = *state;
    struct json *view;
    struct slice texts;
    static const char *const parts[] = {
        "e1 · log · api.log · held at 2026-11-21 12:00 UTC",
        "12:00:01 pool: no free connection\n12:00:02 HTTP 503",
        "supported: The new pool size is too small. · for: e1",
        "whether the database itself was slow",
        "the slow-query log",
        "Why does api answer 503?",
        "2026-11-21 12:01 UTC: approve by jane via slack, revision 3",
    };

    card_decide(sample, NULL, VERDICT_APPROVE, "jane");
    view = view_of(sample, slack_view_details);
    texts = texts_of(sample, view);
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        assert_holds(texts, parts[i]);
    assert_slice(json_string(json_get_text(view, "callback_id")), "details");
    assert_slice(json_string(json_get_text(view, "private_metadata")), "prp_x:1:-:1");
    assert_null(json_get_text(view, "submit"));
    json_free(view);
}

static void o13_evidence_is_cut_in_its_middle_with_sizes(void **state)
{
    struct card_sample *sample = *state;
    char text[9000];
    struct json *view;
    struct slice texts;

    memset(text, 'x', sizeof(text));
    memcpy(text, "BEGIN", 5);
    memcpy(text + sizeof(text) - 3, "END", 3);
    sample->evidence[0].text = (struct slice){ text, sizeof(text) };
    sample->evidence[0].bytes = 70000;
    sample->evidence[0].truncated = true;
    view = view_of(sample, slack_view_details);
    texts = texts_of(sample, view);
    assert_holds(texts, "BEGINxxx");
    assert_holds(texts, "xxxEND");
    assert_holds(texts, "\n… 6500 bytes are left out here …\n");
    assert_holds(texts, "Shown in part: 70000 bytes were captured, 9000 are kept");
    json_free(view);
}

static void evidence_that_does_not_fit_is_counted(void **state)
{
    struct card_sample *sample = *state;
    static char text[3000];
    struct json *view;

    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < CARD_MAX_EVIDENCE; i++) {
        card_make_evidence(sample, NULL, i);
        sample->evidence[i].text = (struct slice){ text, sizeof(text) };
    }
    sample->task.evidence.n_items = CARD_MAX_EVIDENCE;
    view = view_of(sample, slack_view_details);
    assert_holds(texts_of(sample, view), "more pieces of evidence do not fit here");
    assert_holds(texts_of(sample, view), "with `vedette show kmwrt`");
    json_free(view);
}

static void a_task_that_is_gone_is_said(void **state)
{
    struct card_sample *sample = *state;
    struct json *view;

    sample->card.task = NULL;
    sample->card.signal = NULL;
    view = view_of(sample, slack_view_details);
    assert_holds(texts_of(sample, view), "No evidence is kept of this one");
    json_free(view);
}

static void edit_has_an_input_for_each_parameter(void **state)
{
    struct card_sample *sample = *state;
    struct json *view;
    const struct json *input;

    sample->steps[1].params = SLICE("{\"unit\":\"b\",\"text\":\"two\\nlines\",\"empty\":\"\"}");
    view = view_of(sample, slack_view_edit);
    input = block_of(view, "input");
    assert_slice(json_string(json_get_text(input, "block_id")), "param:1:unit");
    assert_slice(text_in(input, "label"), "Step 1, restart-api: unit");
    assert_slice(json_string(json_get_text(json_get_text(input, "element"), "initial_value")),
                 "api.service");
    assert_slice(json_string(json_get_text(json_get_text(input, "element"), "action_id")), "value");
    input = json_next(json_next(input));
    assert_slice(json_string(json_get_text(input, "block_id")), "param:2:text");
    assert_int_equal(json_type_of(json_get_text(json_get_text(input, "element"), "multiline")),
                     JSON_TRUE);
    input = json_next(input);
    assert_slice(json_string(json_get_text(input, "block_id")), "param:2:empty");
    assert_int_equal(json_type_of(json_get_text(input, "optional")), JSON_TRUE);
    assert_null(json_next(input));
    assert_holds(texts_of(sample, view), "revision 4");
    json_free(view);
}

static void parameters_without_room_are_counted(void **state)
{
    struct card_sample *sample = *state;
    struct buffer out;
    struct json_writer writer;
    struct json *view;

    buffer_init(&out, 0);
    writer = json_writer_to(&out);
    json_object_begin(&writer);
    for (int i = 0; i < 100; i++) {
        char name[8];

        snprintf(name, sizeof(name), "p%d", i);
        json_member_text(&writer, name, SLICE("x"));
    }
    json_object_end(&writer);
    sample->steps[0].params = sample->steps[1].params = buffer_slice(&out);
    view = view_of(sample, slack_view_edit);
    assert_holds(texts_of(sample, view),
                 "104 more parameters have no room here and stay as they are");
    json_free(view);
    buffer_free(&out);
}

static void a14_a_parameter_that_an_input_would_change_is_not_edited_there(void **state)
{
    struct card_sample *sample = *state;
    struct json *view;

    sample->steps[0].params = SLICE("{\"unit\":\"a\\u202eb\"}");
    sample->steps[1].params = SLICE("{}");
    view = view_of(sample, slack_view_edit);
    assert_null(block_of(view, "input"));
    assert_holds(texts_of(sample, view), "Step 1, restart-api: unit is too long, or holds");
    json_free(view);
}

static void mute_says_what_is_muted_and_asks_why(void **state)
{
    struct card_sample *sample = *state;
    struct json *view = view_of(sample, slack_view_mute);
    const struct json *input = block_of(view, "input");
    const struct json *options = json_get_text(json_get_text(input, "element"), "options");

    assert_holds(texts_of(sample, view), "Muted is exactly this: rule api-503: shop · api\n");
    assert_slice(json_string(json_get_text(input, "block_id")), "for");
    assert_int_equal(json_count(options), 4);
    assert_slice(json_string(json_get_text(json_first(options), "value")), "1h");
    assert_slice(json_string(json_get_text(json_next(input), "block_id")), "reason");
    json_free(view);
}

static void metadata_beyond_the_limit_is_refused(void **state)
{
    struct card_sample *sample = *state;
    static char metadata[3001];
    struct slice view;

    memset(metadata, 'a', sizeof(metadata));
    assert_int_equal(
        slack_view_mute(&sample->card, (struct slice){ metadata, 3000 }, sample->arena, &view),
        RC_OK);
    assert_int_equal(
        slack_view_mute(&sample->card, (struct slice){ metadata, 3001 }, sample->arena, &view),
        RC_LIMIT);
}

/* --- whatever comes in --- */

struct nasty {
    uint64_t seed;
    size_t max_parts;
};

static uint32_t nasty_next(struct nasty *nasty)
{
    nasty->seed = nasty->seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(nasty->seed >> 33);
}

/* Pieces that have broken others: mentions, links, entities, layout, what hides, what is not UTF-8, long words. */
static struct slice make_nasty(void *context, struct arena *arena)
{
    const struct slice parts[] = {
        SLICE("<!channel>"),
        SLICE("<!here|here>"),
        SLICE("<@U0123456789>"),
        SLICE("<!subteam^S1>"),
        SLICE("<#C1>"),
        SLICE("<https://evil.example.com|https://bank.example.com>"),
        SLICE("&lt;&amp;&"),
        SLICE("*b*_i_~s~`c`"),
        SLICE("```\n"),
        SLICE("\n\nApproved by jane\n"),
        SLICE("\r\x1b[31m"),
        SLICE(BIDI),
        SLICE(ZERO_WIDTH),
        SLICE("\xd0\xb0"),
        SLICE("\xff\xfe\xc0\x80"),
        SLICE("\0nul"),
        SLICE("😀😀"),
        SLICE("\"}],\"blocks\":[]"),
        SLICE("\\u202e"),
        SLICE("     "),
        SLICE("https://evil.example.com/<!channel>"),
        SLICE(":boom:"),
        SLICE("{{secret.x}}"),
        SLICE("%s%n"),
        SLICE("abc"),
    };
    struct nasty *nasty = context;
    size_t n_parts = nasty_next(nasty) % (nasty->max_parts + 1);
    struct buffer out;
    struct slice text;

    buffer_init(&out, 0);
    for (size_t i = 0; i < n_parts; i++)
        buffer_add(&out, parts[nasty_next(nasty) % (sizeof(parts) / sizeof(*parts))]);
    assert_int_equal(arena_copy(arena, buffer_slice(&out), &text), RC_OK);
    buffer_free(&out);
    return text;
}

static void check_all_of(struct card_sample *sample, int64_t wanted)
{
    static const view_maker views[] = { slack_view_details, slack_view_edit, slack_view_mute };
    struct json *message = message_of(sample, wanted);

    if (button_of(message, "approve") && !sample->card.is_plain)
        assert_plan_is_exact(sample, message);
    json_free(message);
    for (size_t i = 0; i < sizeof(views) / sizeof(*views); i++)
        json_free(view_of(sample, views[i]));
}

/* The parameters and the event, as JSON with a nasty text in it. */
static void make_nasty_json(struct card_sample *sample, struct nasty *nasty)
{
    struct buffer out;
    struct json_writer writer;

    buffer_init(&out, 0);
    writer = json_writer_to(&out);
    json_object_begin(&writer);
    json_member_text(&writer, "url", make_nasty(nasty, sample->arena));
    json_member_text(&writer, "other", make_nasty(nasty, sample->arena));
    json_object_end(&writer);
    assert_int_equal(arena_copy(sample->arena, buffer_slice(&out), &sample->signal.last_event),
                     RC_OK);
    for (size_t i = 0; i < sample->proposal.plan.n_items; i++)
        sample->steps[i].params = sample->signal.last_event;
    buffer_free(&out);
}

/* Every state, every size, random texts in every field: all limits hold, nothing is parsed that is not ours, nothing hides, and what can be approved is shown exactly. */
static void i01_o13_a14_no_text_in_any_field_breaks_a_card_or_a_modal(void **state)
{
    static const size_t sizes[] = { 0, 1, 3, 12, 60, 400 };
    static const size_t n_steps[] = { 0, 1, 3, CARD_MAX_STEPS };
    struct card_sample *sample = *state;

    for (size_t round = 0; round < 6 * PROPOSAL_STATES * 4; round++) {
        struct nasty nasty = { .seed = round, .max_parts = sizes[round % 6] };
        const struct card_texts texts = { .make = make_nasty, .context = &nasty };

        arena_reset(sample->arena);
        card_make(sample, n_steps[round / 6 % 4], &texts);
        card_move(sample, &texts, (enum proposal_state)(round / 24));
        make_nasty_json(sample, &nasty);
        sample->proposal.earlier_outcome = make_nasty(&nasty, sample->arena);
        sample->proposal.refused = make_nasty(&nasty, sample->arena);
        sample->proposal.acknowledged_by = make_nasty(&nasty, sample->arena);
        sample->card.page_url =
            round % 3 ? SLICE("https://v.example.com/a|b<c>") : make_nasty(&nasty, sample->arena);
        sample->card.is_plain = round % 5 == 0;
        card_sign(sample);
        check_all_of(sample, (int64_t)round);
    }
}

static struct slice make_long(void *context, struct arena *arena)
{
    struct slice text;

    (void)arena;
    text = (struct slice){ .ptr = context, .len = 5000 };
    return text;
}

/* However long the rest is: what is decided with, and where the rest is, are never cut by it. */
static void o13_the_longest_card_keeps_its_plan_its_buttons_and_its_link(void **state)
{
    struct card_sample *sample = *state;
    static char text[5000];
    const struct card_texts texts = { .make = make_long, .context = text };
    struct step step = sample->steps[0];
    struct slice argument = { text, 3000 };
    struct json *message;

    memset(text, 'x', sizeof(text));
    card_make(sample, 1, &texts);
    step.argv = (struct slice_list){ .items = &argument, .n_items = 1 };
    step.why = (struct slice){ text, sizeof(text) };
    sample->steps[0] = step;
    sample->proposal.earlier_outcome = step.why;
    sample->proposal.acknowledged_by = step.why;
    card_sign(sample);
    message = message_of(sample, 1);
    assert_plan_is_exact(sample, message);
    assert_buttons(message, "approve reject details more");
    assert_slice(text_in(button_of(message, "approve"), "text"), "Approve");
    assert_slice(
        text_in(json_first(json_get_text(button_of(message, "reject"), "options")), "text"),
        "wrong cause");
    assert_holds(texts_of(sample, message), "8 verified, 1 came back");
    assert_holds(texts_of(sample, message), "|All of it, on Vedette's page>");
    json_free(message);
}

static void o13_a_list_of_blocks_holds_its_limits_whoever_fills_it(void **state)
{
    struct card_sample *sample = *state;
    struct slack_blocks blocks;
    struct buffer out;
    struct json_writer writer;
    struct json *list;

    buffer_init(&out, 0);
    writer = json_writer_to(&out);
    json_object_begin(&writer);
    slack_blocks_begin(&blocks, &writer, sample->arena, 3, 10);
    for (size_t i = 0; i < 5; i++)
        slack_put_section(&blocks, SLICE("12345678"), SLACK_TEXT);
    assert_int_equal(slack_blocks_end(&blocks), RC_OK);
    json_object_end(&writer);
    list = parse_sent(buffer_slice(&out));
    assert_int_equal(json_count(json_get_text(list, "blocks")), 3);
    assert_slice(texts_of(sample, list), "12345678\n--\n1…\n--\n…\n--\n");
    json_free(list);
    buffer_free(&out);
}

static void i01_notes_and_answers_are_escaped_and_bounded(void **state)
{
    struct card_sample *sample = *state;
    struct nasty nasty = { .seed = 1, .max_parts = 300 };

    for (size_t i = 0; i < 200; i++) {
        struct buffer out;
        struct json_writer writer;
        struct json *message;
        struct slice text;

        buffer_init(&out, 0);
        writer = json_writer_to(&out);
        json_object_begin(&writer);
        assert_int_equal(
            slack_write_text(make_nasty(&nasty, sample->arena), sample->arena, &writer), RC_OK);
        json_object_end(&writer);
        message = parse_sent(buffer_slice(&out));
        text = json_string(json_get_text(message, "text"));
        check_parsed(text, false);
        check_is_shown("message", text);
        assert_in_range(characters_of(text), 1, 4000);
        json_free(message);
        buffer_free(&out);
    }
}

static void out_of_memory_is_refused(void **state)
{
    struct card_sample *sample = *state;

    for (size_t bytes = 64; bytes < 40000; bytes += bytes / 4) {
        struct arena *small;
        struct buffer out;
        struct json_writer writer;
        struct slice view;
        enum rc rc;

        buffer_init(&out, 0);
        writer = json_writer_to(&out);
        json_object_begin(&writer);
        assert_int_equal(arena_new(bytes, &small), RC_OK);
        rc = slack_write_card(&sample->card, 1, small, &writer);
        assert_true(rc == RC_OK || rc == RC_NO_MEMORY);
        arena_reset(small);
        rc = slack_view_details(&sample->card, SLICE("x"), small, &view);
        assert_true(rc == RC_OK || rc == RC_NO_MEMORY);
        arena_reset(small);
        rc = slack_view_edit(&sample->card, SLICE("x"), small, &view);
        assert_true(rc == RC_OK || rc == RC_NO_MEMORY);
        arena_free(small);
        buffer_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CARD_TEST(an_open_card_has_all_that_a_decision_needs),
        CARD_TEST(the_buttons_of_each_state),
        CARD_TEST(the_fallback_says_the_same_to_those_who_hear_it),
        CARD_TEST(who_has_approved_already_stands_on_the_card),
        CARD_TEST(who_is_on_it_needs_no_such_button),
        CARD_TEST(steps_say_how_they_stand),
        CARD_TEST(a_card_without_a_plan_cannot_be_approved),
        CARD_TEST(a08_every_copy_names_the_same_proposal_and_plan),
        CARD_TEST(rejecting_takes_one_tap_with_a_reason),
        CARD_TEST(more_is_snooze_mute_and_edit_where_there_is_something_to_edit),
        CARD_TEST(approving_what_has_effects_shows_the_plan_again),
        CARD_TEST(a_dialog_that_cannot_hold_the_plan_names_its_steps),
        CARD_TEST(what_changes_nothing_is_approved_without_a_question),
        CARD_TEST(undo_shows_what_it_would_run),
        CARD_TEST(o13_an_undo_that_is_not_shown_whole_is_not_offered_here),
        CARD_TEST(parameters_without_room_are_counted),
        CARD_TEST(o13_a_list_of_blocks_holds_its_limits_whoever_fills_it),
        CARD_TEST(o13_a_plan_that_does_not_fit_has_no_approve_button_and_says_where),
        CARD_TEST(o13_many_steps_are_shown_all_or_none),
        CARD_TEST(o13_a_long_title_is_cut_in_the_header_and_stands_below_it),
        CARD_TEST(a_plain_card_is_a_header_a_text_and_buttons_with_the_exact_plan),
        CARD_TEST(details_show_every_piece_of_evidence),
        CARD_TEST(o13_evidence_is_cut_in_its_middle_with_sizes),
        CARD_TEST(evidence_that_does_not_fit_is_counted),
        CARD_TEST(a_task_that_is_gone_is_said),
        CARD_TEST(edit_has_an_input_for_each_parameter),
        CARD_TEST(a14_a_parameter_that_an_input_would_change_is_not_edited_there),
        CARD_TEST(mute_says_what_is_muted_and_asks_why),
        CARD_TEST(metadata_beyond_the_limit_is_refused),
        CARD_TEST(i01_o13_a14_no_text_in_any_field_breaks_a_card_or_a_modal),
        CARD_TEST(o13_the_longest_card_keeps_its_plan_its_buttons_and_its_link),
        CARD_TEST(i01_notes_and_answers_are_escaped_and_bounded),
        CARD_TEST(out_of_memory_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
