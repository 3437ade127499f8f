#include "src/engine/rule_test.h"

#include "src/base/file.h"
#include "src/engine/rule_test_private.h"

#define FIXTURE_LIMIT_BYTES ((size_t)25 << 20)

struct run {
    const struct rule_test *test;
    const struct rule_test_text *text;
    struct simulation *simulation;
    struct arena *arena;
    struct problems *problems;
    struct buffer *failure;
    size_t n_received;
};

/* Ids of events in a test: the number of the event is enough. */
static struct slice next_seed(struct run *run)
{
    run->n_received++;
    return (struct slice){ (const char *)&run->n_received, sizeof run->n_received };
}

static enum rc receive_fields(struct run *run, const struct test_event *event, int64_t now_ms)
{
    struct buffer json;
    enum rc rc;

    buffer_init(&json, 0);
    rc = rule_test_event_json(run->text, event, &json);
    if (!rc)
        rc = simulation_receive_event(run->simulation, buffer_slice(&json), now_ms, next_seed(run));
    buffer_free(&json);
    return rc;
}

/* A fixture stands beside the rule file that names it. */
static enum rc read_fixture(struct run *run, const struct test_event *event, struct slice *body)
{
    struct slice directory = run->test->file;
    struct slice path;
    enum rc rc;

    while (directory.len && directory.ptr[directory.len - 1] != '/')
        directory.len--;
    if (!directory.len)
        directory = SLICE(".");
    rc = path_join(directory, event->file, run->arena, &path);
    if (!rc)
        rc = file_read(path.ptr, FIXTURE_LIMIT_BYTES, run->arena, body);
    if (rc)
        node_problem(run->problems, event->node, "cannot read `%.*s`: %s", SLICE_ARG(event->file),
                     rc_text(rc));
    return rc ? RC_INVALID : RC_OK;
}

static enum rc write_body(struct run *run, const struct node *node, struct slice *body)
{
    struct json_writer writer;
    struct buffer json;
    enum rc rc;

    buffer_init(&json, FIXTURE_LIMIT_BYTES);
    writer = json_writer_to(&json);
    node_write_json(node, &writer);
    rc = buffer_rc(&json);
    if (!rc)
        rc = arena_copy(run->arena, buffer_slice(&json), body);
    buffer_free(&json);
    return rc;
}

static enum rc take_headers(struct run *run, const struct node *map, struct record_list *headers)
{
    struct header *items;

    if (!map)
        return RC_OK;
    items = arena_alloc(run->arena, map->n_pairs + 1, sizeof *items);
    if (!items)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < map->n_pairs; i++)
        items[i] = (struct header){ .name = map->pairs[i].key, .value = map->pairs[i].value->text };
    *headers = (struct record_list){ items, map->n_pairs };
    return RC_OK;
}

static enum rc receive_hook(struct run *run, const struct test_event *event, int64_t now_ms)
{
    struct journal_entry entry = { .door = DOOR_DATA,
                                   .watcher = event->hook,
                                   .received_ms = now_ms };
    enum rc rc;

    if (event->body)
        rc = write_body(run, event->body, &entry.body);
    else
        rc = read_fixture(run, event, &entry.body);
    if (!rc)
        rc = take_headers(run, event->headers, &entry.headers);
    return rc ? rc : simulation_receive(run->simulation, &entry, next_seed(run));
}

static enum rc decide(struct run *run, const struct test_event *event, int64_t now_ms)
{
    const struct decision decision = { .verdict = (enum verdict)event->verdict,
                                       .by = event->by,
                                       .via = SLICE("token"),
                                       .reason = event->reason,
                                       .for_ms = event->for_ms };
    struct decision_answer answer = { 0 };
    enum rc rc = simulation_decide(run->simulation, &decision, now_ms, run->arena, &answer);

    if (rc == RC_NOT_FOUND) {
        buffer_format(run->failure, "  line %u: there is no proposal to decide\n",
                      event->node->mark.line);
        return RC_OK;
    }
    if (!rc && answer.outcome != DECISION_TAKEN)
        buffer_format(run->failure, "  line %u: the decision was not taken: %.*s\n",
                      event->node->mark.line, SLICE_ARG(answer.detail));
    return rc;
}

static enum rc end_step(struct run *run, const struct test_event *event, int64_t now_ms)
{
    static const enum effect_state states[] = { EFFECT_DONE, EFFECT_FAILED, EFFECT_UNKNOWN };
    enum rc rc = simulation_end_step(run->simulation, states[event->step], now_ms);

    if (rc != RC_NOT_FOUND)
        return rc;
    buffer_format(run->failure, "  line %u: no step runs\n", event->node->mark.line);
    return RC_OK;
}

static enum rc play(struct run *run)
{
    static enum rc (*const players[])(struct run * run, const struct test_event *event,
                                      int64_t now_ms) = {
        [TEST_FIELDS] = receive_fields,
        [TEST_HOOK] = receive_hook,
        [TEST_DECIDE] = decide,
        [TEST_STEP] = end_step,
    };
    const struct rule_test_text *text = run->text;
    enum rc rc = engine_begin(simulation_engine(run->simulation), TEST_BEGIN_MS);

    for (size_t i = 0; i < text->n_events && !rc; i++) {
        const struct test_event *event = &text->events[i];

        rc = players[event->kind](run, event, TEST_BEGIN_MS + event->at_ms);
        if (rc == RC_INVALID)
            node_problem(run->problems, event->node,
                         "this event cannot be read: its members are fields of an event");
    }
    if (!rc && text->until_ms)
        rc = simulation_advance(run->simulation, TEST_BEGIN_MS + text->until_ms);
    return rc;
}

/* Tests ask for no configured watcher: every sender is there under its own name. They ask what rules propose, not how much of it people are asked at a time. */
static enum rc with_all_senders(const struct config *config, struct arena *arena,
                                struct config *copy)
{
    *copy = *config;
    copy->n_maintenance = 0; /* rules are tested by themselves */
    copy->budget.is_there = false;
    return watchers_of_senders(arena, &copy->watchers);
}

static enum rc run_test(const struct config *config, const struct rule_files *files,
                        const struct rule_test *test, struct arena *arena,
                        struct problems *problems, struct buffer *failure)
{
    struct run run = { .test = test, .arena = arena, .problems = problems, .failure = failure };
    struct ruleset *ruleset = NULL;
    struct rule_test_text text;
    struct config senders;
    enum rc rc = rule_test_read(test, arena, problems, &text);

    run.text = &text;
    if (!rc)
        rc = with_all_senders(config, arena, &senders);
    if (!rc)
        rc = ruleset_parse(files, problems, &ruleset);
    if (!rc)
        rc = simulation_new(&senders, ruleset, &run.simulation);
    if (!rc)
        rc = play(&run);
    if (!rc)
        rc = rule_test_compare(&text, run.simulation, arena, failure);
    simulation_free(run.simulation);
    return rc;
}

enum rc rule_test_run(const struct config *config, const struct rule_files *files,
                      const struct rule_test *test, struct arena *arena, struct problems *problems,
                      struct rule_test_report *report)
{
    const struct node *name = test->node->type == NODE_MAP ? node_find(test->node, "name") : NULL;
    struct buffer failure;
    enum rc rc;

    buffer_init(&failure, (size_t)1 << 20);
    *report =
        (struct rule_test_report){ .file = test->file,
                                   .line = test->node->mark.line,
                                   .name = name ? name->text : SLICE("(a test without a name)") };
    rc = run_test(config, files, test, arena, problems, &failure);
    if (rc == RC_INVALID) {
        buffer_add_text(&failure, "  the test itself is wrong\n");
        rc = RC_OK;
    }
    report->passed = !rc && !failure.len;
    if (!rc && failure.len)
        rc = arena_copy(arena, buffer_slice(&failure), &report->failure);
    buffer_free(&failure);
    return rc;
}
