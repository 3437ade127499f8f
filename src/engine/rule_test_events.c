#include "src/engine/rule_test_private.h"

#include "src/base/file.h"
#include "watchers/watcher_config.h"

#include <errno.h>

#define FIXTURE_LIMIT_BYTES ((size_t)25 << 20)

static const char *const outcome_names[] = { "ok", "failed", "unknown", NULL };
static const char *const check_names[] = { "ok", "failed", NULL };
static const char *const notice_names[] = {
    [WATCHER_SILENT] = "silent", [WATCHER_BROKEN] = "broken",       [WATCHER_BACK] = "back",
    [WATCHER_LOST] = "lost",     [WATCHER_CAUGHT_UP] = "caught_up", NULL
};

static const struct shape shape_texts_by_name = { .kind = SHAPE_MAP, .item = &shape_text };

/* `0` needs no unit. */
const struct shape shape_moment = {
    .kind = SHAPE_TEXT,
    .name = "moment",
    .pattern = "^(0|([0-9]+(d|h|m|s|ms))+)$",
    .wanted = "the time since the test began, as 20m",
};

/* clang-format off */
#define AT(member) .offset = offsetof(struct test_event, member)
#define AT_ROW { .name = "at", .type = SETTING_DURATION, AT(at_ms), .shape = &shape_moment, .help = "when, since the test began: 20m; left out: with the one before" }
static const struct setting hook_members[] = {
    AT_ROW,
    { .name = "hook", .type = SETTING_TEXT, AT(source), .required = true, .help = "a delivery: the webhook of the configuration, or the sender" },
    { .name = "headers", .type = SETTING_NODE, AT(headers), .shape = &shape_texts_by_name, .help = "its headers: {X-GitHub-Event: push}" },
    { .name = "file", .type = SETTING_TEXT, AT(file), .help = "the file of its body, beside this one" },
    { .name = "body", .type = SETTING_NODE, AT(body), .help = "or the body itself" },
};
static const struct setting log_members[] = {
    AT_ROW,
    { .name = "log", .type = SETTING_TEXT, AT(source), .required = true, .help = "lines of a log: the watcher that reads them" },
    { .name = "line", .type = SETTING_TEXT, AT(line), .help = "one of them" },
    { .name = "file", .type = SETTING_TEXT, AT(file), .help = "or all of a file beside this one" },
};
static const struct setting decide_members[] = {
    AT_ROW,
    { .name = "decide", .type = SETTING_ENUM, AT(verdict), .required = true, .names = verdict_names, .help = "what somebody decides" },
    { .name = "by", .type = SETTING_TEXT, AT(by), .required = true, .help = "who decides" },
    { .name = "via", .type = SETTING_TEXT, AT(via), .help = "how: page socket token (the default) slack; an approval from page and slack is held" },
    { .name = "reason", .type = SETTING_TEXT, AT(reason), .help = "why, of a rejection" },
    { .name = "note", .type = SETTING_TEXT, AT(note), .help = "kept with the decision" },
    { .name = "for", .type = SETTING_DURATION, AT(for_ms), .help = "how long, of a snooze" },
    { .name = "rule", .type = SETTING_TEXT, AT(rule), .help = "of which rule the proposal is; left out: the newest of any" },
    { .name = "key", .type = SETTING_NODE, AT(key), .shape = &shape_texts, .help = "and of which key" },
    { .name = "step", .type = SETTING_INT, AT(step_number), .min = 1, .max = 100, .help = "of an edit: which step, from 1" },
    { .name = "with", .type = SETTING_NODE, AT(with), .shape = &shape_texts_by_name, .help = "of an edit: the parameters that change" },
    { .name = "settle", .type = SETTING_TEXT, AT(settle), .help = "ran or not_ran" },
};
static const struct setting step_members[] = {
    AT_ROW,
    { .name = "step", .type = SETTING_ENUM, AT(outcome), .required = true, .names = outcome_names, .help = "what the step that runs comes to" },
};
static const struct setting check_members[] = {
    AT_ROW,
    { .name = "check", .type = SETTING_ENUM, AT(outcome), .required = true, .names = check_names, .help = "what preconditions and checks that verify come to from now on" },
};
static const struct setting notice_members[] = {
    AT_ROW,
    { .name = "notice", .type = SETTING_ENUM, AT(notice), .required = true, .names = notice_names, .help = "what becomes of a watcher" },
    { .name = "watcher", .type = SETTING_TEXT, AT(watcher), .required = true, .help = "which" },
};
static const struct setting resolve_members[] = {
    AT_ROW,
    { .name = "resolve", .type = SETTING_TEXT, AT(rule), .required = true, .help = "a signal is ended by hand: its rule" },
    { .name = "key", .type = SETTING_NODE, AT(key), .required = true, .shape = &shape_texts, .help = "its key" },
    { .name = "by", .type = SETTING_TEXT, AT(by), .required = true, .help = "who does" },
};
static const struct setting field_members[] = { AT_ROW };
#undef AT
/* clang-format on */

/* -- fields of an event -- */

/* Those of every event are proposed; what else an event may say stands beside them. */
static enum rc make_fields(struct arena *arena, struct shape *shape)
{
    size_t n_own = shape->n_settings;
    struct setting *rows = arena_alloc(arena, n_own + EVENT_N_FIELDS, sizeof *rows);

    if (!rows)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < n_own; i++)
        rows[i] = shape->settings[i];
    for (size_t i = 0; i < EVENT_N_FIELDS; i++)
        rows[n_own + i] = (struct setting){ .name = event_field_names[i],
                                            .type = SETTING_TEXT,
                                            .help = event_field_help[i] };
    shape->settings = rows;
    shape->n_settings = n_own + EVENT_N_FIELDS;
    return RC_OK;
}

static const struct shape shape_any = { .kind = SHAPE_ANY };
static const struct shape shape_fields = {
    .name = "event", SHAPE_OF(field_members), .item = &shape_any, .make = make_fields
};
const struct shape shape_test_fields = {
    .kind = SHAPE_MAP, .name = "fields", .item = &shape_any, .make = make_fields
};

static bool refuse_member(const struct rule_test_reading *reading, const struct node_pair *pair)
{
    const char *meant = problem_did_you_mean(pair->key, event_field_names);

    mark_problem(reading->problems, PROBLEM_ERROR, pair->key_mark,
                 "no event has a field `%.*s`: fields stand bare as rules name them, what else a "
                 "payload holds stands under `data`%s%s%s",
                 SLICE_ARG(pair->key), meant ? "; did you mean `" : "", meant ? meant : "",
                 meant ? "`?" : "");
    return false;
}

static void refuse_word(const struct rule_test_reading *reading, const struct node_pair *pair,
                        const char *const *words, const char *field)
{
    const char *meant = problem_did_you_mean(pair->value->text, words);
    struct buffer known;

    buffer_init(&known, 0);
    for (size_t i = 0; words[i]; i++)
        buffer_format(&known, " %s", words[i]);
    node_problem(reading->problems, pair->value,
                 "`%s` of an event is never `%.*s`, but one of%.*s%s%s%s", field,
                 SLICE_ARG(pair->value->text), SLICE_ARG(buffer_slice(&known)),
                 meant ? "; did you mean `" : "", meant ? meant : "", meant ? "`?" : "");
    buffer_free(&known);
}

/* Words that are ours: an event that has another one never comes in. */
static bool has_known_word(const struct rule_test_reading *reading, const struct node_pair *pair)
{
    const char *const *words;
    int field, word;

    if (slice_to_enum(pair->key, event_field_names, &field) ||
        (field != FIELD_STATE && field != FIELD_SEVERITY))
        return true;
    words = watcher_words_of((enum event_field)field);
    if (!slice_to_enum(pair->value->text, words, &word))
        return true;
    refuse_word(reading, pair, words, event_field_names[field]);
    return false;
}

static bool is_time(struct slice text)
{
    int64_t ms;

    return !duration_parse(text, &ms) || !time_parse_any(text, &ms);
}

static bool check_field(const struct rule_test_reading *reading, const struct node_pair *pair)
{
    if (!event_is_member(pair->key))
        return refuse_member(reading, pair);
    if (slice_eq(pair->key, SLICE("data")))
        return true;
    if (pair->value->type != NODE_SCALAR) {
        node_problem(reading->problems, pair->value, "`%.*s` is text, not %s", SLICE_ARG(pair->key),
                     node_type_text(pair->value));
        return false;
    }
    if (slice_eq(pair->key, SLICE("time")) && !is_time(pair->value->text)) {
        node_problem(reading->problems, pair->value,
                     "`time` is when it happened: as `at`, or 2026-01-01T00:00:00Z");
        return false;
    }
    if (slice_eq(pair->key, SLICE("kind")) &&
        (slice_eq(pair->value->text, SLICE("vedette.signal")) ||
         slice_eq(pair->value->text, SLICE("vedette.proposal")))) {
        node_problem(reading->problems, pair->value,
                     "that a rule fired follows from what it saw: give the events that make it");
        return false;
    }
    return has_known_word(reading, pair);
}

static enum rc check_fields(const struct rule_test_reading *reading, const struct node *map)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; i < map->n_pairs; i++)
        if (!slice_eq(map->pairs[i].key, SLICE("at")) && !check_field(reading, &map->pairs[i]))
            rc = RC_INVALID;
    return rc;
}

enum rc rule_test_check_with(const struct rule_test_reading *reading, const struct node *with)
{
    if (!with)
        return RC_OK;
    if (with->type != NODE_MAP) {
        node_problem(reading->problems, with,
                     "`with` is a map of fields that all events of the test have, not %s",
                     node_type_text(with));
        return RC_INVALID;
    }
    if (node_find(with, "at")) {
        node_problem(reading->problems, node_find(with, "at"), "each event has its own `at`");
        return RC_INVALID;
    }
    return check_fields(reading, with);
}

static enum rc read_fields(const struct rule_test_reading *reading, const struct node *map,
                           struct test_event *event)
{
    const struct node *at = node_find(map, "at");
    enum rc rc = check_fields(reading, map);

    if (at && duration_parse(at->text, &event->at_ms)) {
        node_problem(reading->problems, at, "`at` is the time since the test began, as `20m`");
        rc = RC_INVALID;
    }
    return rc;
}

/* -- what else may happen -- */

static enum rc want(bool holds, const struct rule_test_reading *reading,
                    const struct test_event *event, const char *text)
{
    if (!holds)
        node_problem(reading->problems, event->node, "%s", text);
    return holds ? RC_OK : RC_INVALID;
}

/* A fixture stands beside the rule file that names it. */
static enum rc read_fixture(const struct rule_test_reading *reading, struct test_event *event)
{
    struct slice directory = reading->test->file;
    struct slice path;
    enum rc rc;

    if (slice_is_absent(event->file))
        return RC_OK;
    while (directory.len && directory.ptr[directory.len - 1] != '/')
        directory.len--;
    if (!directory.len)
        directory = SLICE(".");
    rc = path_join(directory, event->file, reading->arena, &path);
    if (!rc)
        rc = file_read(path.ptr, FIXTURE_LIMIT_BYTES, reading->arena, &event->fixture);
    if (!rc)
        return RC_OK;
    node_problem(reading->problems, node_find(event->node, "file"),
                 "cannot read `%.*s` beside the rule file: %s", SLICE_ARG(event->file),
                 rc == RC_IO ? strerror(errno) : rc_text(rc));
    return RC_INVALID;
}

static enum rc check_hook(const struct rule_test_reading *reading, struct test_event *event)
{
    enum rc rc;

    if (reading->watchers && !watchers_find_webhook(reading->watchers, event->source)) {
        node_problem(reading->problems, node_find(event->node, "hook"),
                     "there is no webhook `%.*s`: name one of the configuration, or a sender "
                     "(`vedette hooks --senders` lists them)",
                     SLICE_ARG(event->source));
        return RC_INVALID;
    }
    if (event->headers && event->headers->type != NODE_MAP) {
        node_problem(reading->problems, event->headers,
                     "`headers` is a map: {X-GitHub-Event: push}");
        return RC_INVALID;
    }
    rc = want(!event->body != slice_is_absent(event->file), reading, event,
              "a delivery has either a `file` beside this one, or its `body`");
    return rc ? rc : read_fixture(reading, event);
}

static enum rc check_log(const struct rule_test_reading *reading, struct test_event *event)
{
    enum rc rc =
        want(slice_is_absent(event->line) != slice_is_absent(event->file), reading, event,
             "a log says either one `line`, or all that stand in a `file` beside this one");

    return rc ? rc : read_fixture(reading, event);
}

static enum rc check_decide(const struct rule_test_reading *reading, struct test_event *event)
{
    static const char *const vias[] = { "page", "socket", "token", "slack", NULL };
    enum rc rc = RC_OK;
    int via;

    if (!slice_is_absent(event->via) && slice_to_enum(event->via, vias, &via)) {
        node_problem(reading->problems, node_find(event->node, "via"),
                     "`via` must be one of page socket token slack, not `%.*s`",
                     SLICE_ARG(event->via));
        rc = RC_INVALID;
    }
    if (event->with && event->with->type != NODE_MAP) {
        node_problem(reading->problems, event->with,
                     "`with` is a map of the parameters that change");
        rc = RC_INVALID;
    }
    if (!rule_test_knows_rule(reading, event->rule, node_find(event->node, "rule")))
        rc = RC_INVALID;
    return rc;
}

static enum rc check_resolve(const struct rule_test_reading *reading, struct test_event *event)
{
    return rule_test_knows_rule(reading, event->rule, node_find(event->node, "resolve"))
               ? RC_OK
               : RC_INVALID;
}

#define SHAPE(of, table) .shape = { .name = (of), SHAPE_OF(table) }
static const struct event_form {
    const char *member; /* by which it is told */
    enum test_event_kind kind;
    struct shape shape;
    enum rc (*check)(const struct rule_test_reading *reading, struct test_event *event);
} forms[] = {
    { .member = "hook", .kind = TEST_HOOK, SHAPE("delivery", hook_members), .check = check_hook },
    { .member = "log", .kind = TEST_LOG, SHAPE("lines", log_members), .check = check_log },
    { .member = "decide",
      .kind = TEST_DECIDE,
      SHAPE("decision", decide_members),
      .check = check_decide },
    { .member = "step", .kind = TEST_STEP, SHAPE("step_result", step_members) },
    { .member = "check", .kind = TEST_CHECK, SHAPE("check_result", check_members) },
    { .member = "notice", .kind = TEST_NOTICE, SHAPE("notice", notice_members) },
    { .member = "resolve",
      .kind = TEST_RESOLVE,
      SHAPE("resolving", resolve_members),
      .check = check_resolve },
};

static enum rc make_event(struct arena *arena, struct shape *shape)
{
    struct shape_choice *choices = arena_alloc(arena, COUNT(forms) + 1, sizeof *choices);

    if (!choices)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < COUNT(forms); i++)
        choices[i] = (struct shape_choice){ .member = forms[i].member, .shape = &forms[i].shape };
    choices[COUNT(forms)].shape = &shape_fields;
    shape->choices = choices;
    return RC_OK;
}

const struct shape shape_test_event = { .kind = SHAPE_CHOICE,
                                        .name = "test_event",
                                        .make = make_event };

static const struct event_form *form_of(const struct node *map)
{
    for (size_t i = 0; i < COUNT(forms); i++)
        if (node_find(map, forms[i].member))
            return &forms[i];
    return NULL;
}

enum rc rule_test_read_event(const struct rule_test_reading *reading, const struct node *node,
                             int64_t last_ms, struct test_event *event)
{
    const struct event_form *form;
    const struct node *map;
    enum rc rc;

    *event = (struct test_event){ .node = node, .at_ms = last_ms, .step_number = 1 };
    if (node->type != NODE_MAP) {
        node_problem(reading->problems, node, "an event is a map: {at: 5m, state: failing}");
        return RC_INVALID;
    }
    map = rule_test_without_zero(node, reading->arena);
    if (!map)
        return RC_NO_MEMORY;
    if (map->n_pairs != node->n_pairs)
        event->at_ms = 0;
    form = form_of(map);
    if (!form)
        return read_fields(reading, map, event);
    event->kind = form->kind;
    rc = settings_read(form->shape.settings, form->shape.n_settings, map, reading->arena,
                       reading->problems, event);
    return rc || !form->check ? rc : form->check(reading, event);
}
