#include "src/engine/rule_test_private.h"

/* One change of a signal or a proposal, as the feed tells it. */
struct change_seen {
    bool is_proposal;
    int64_t at_ms; /* from the beginning of the test */
    struct slice rule;
    struct slice state;
    int64_t count;
    const struct json *json;
    struct ulid proposal;
    bool is_opening; /* the first one told of a proposal */
    bool taken;      /* by an expectation */
};

struct seen {
    struct change_seen *items;
    size_t n_items, n_room;
    struct json **trees;
};

#define CHANGES_MAX 10000

static enum rc take_change(const struct feed_item *item, struct arena *arena, struct seen *seen)
{
    struct change_seen *change = &seen->items[seen->n_items];
    struct json_fault fault;
    struct json *json = NULL;
    int64_t time_ms = 0;
    enum rc rc;

    (void)arena;
    change->is_proposal = slice_eq(item->name, SLICE("proposal"));
    if (!change->is_proposal && !slice_eq(item->name, SLICE("signal")))
        return RC_OK;
    rc = json_parse(item->json, JSON_LIMITS_DEFAULT, &json, &fault);
    if (rc)
        return rc;
    seen->trees[seen->n_items++] = json;
    rc = time_parse(json_text(json_get_text(json, "time")), &time_ms);
    change->at_ms = time_ms - TEST_BEGIN_MS;
    change->json = json;
    change->rule = json_text(json_get_text(json, "rule"));
    change->state = json_text(json_get_text(json, change->is_proposal ? "state" : "transition"));
    if (!rc && change->is_proposal)
        rc = ulid_parse(json_text(json_get_text(json, "proposal")), "prp_", &change->proposal);
    if (json_int(json_get_text(json, "count"), &change->count))
        change->count = 0;
    return rc;
}

static void mark_opening(struct seen *seen)
{
    struct change_seen *last = &seen->items[seen->n_items - 1];

    if (!seen->n_items || !last->is_proposal)
        return;
    last->is_opening = true;
    for (size_t i = 0; i + 1 < seen->n_items; i++)
        if (seen->items[i].is_proposal && !ulid_compare(seen->items[i].proposal, last->proposal))
            last->is_opening = false;
}

static enum rc collect(struct simulation *simulation, struct arena *arena, struct seen *seen)
{
    struct feed_item item;
    uint64_t seq = 0;
    enum rc rc;

    seen->n_room = CHANGES_MAX;
    seen->items = arena_alloc(arena, seen->n_room, sizeof *seen->items);
    seen->trees = arena_alloc(arena, seen->n_room, sizeof *seen->trees);
    if (!seen->items || !seen->trees)
        return RC_NO_MEMORY;
    while (!(rc = simulation_next_change(simulation, &seq, arena, &item))) {
        size_t n_before = seen->n_items;

        if (seen->n_items == seen->n_room)
            return RC_LIMIT;
        rc = take_change(&item, arena, seen);
        if (rc)
            return rc;
        if (seen->n_items > n_before)
            mark_opening(seen);
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* --- saying what came instead --- */

static void show_time(int64_t at_ms, struct buffer *out)
{
    char text[TIME_TEXT_BYTES];

    buffer_format(out, "{at: %s", at_ms ? duration_format(at_ms, text) : "0m");
}

static void show_number(const struct change_seen *change, const char *member, struct buffer *out)
{
    int64_t number;

    if (!json_int(json_get_text(change->json, member), &number) && number > 1)
        buffer_format(out, ", %s: %lld", member, (long long)number);
}

static void show_change(const struct change_seen *change, struct buffer *out)
{
    struct json_writer writer = json_writer_to(out);

    show_time(change->at_ms, out);
    if (change->is_proposal) {
        buffer_format(out, ", proposal: {rule: %.*s, state: %.*s, title: ", SLICE_ARG(change->rule),
                      SLICE_ARG(change->state));
        buffer_add(out, json_text(json_get_text(change->json, "title")));
        show_number(change, "revision", out);
        show_number(change, "signal_count", out);
        buffer_add_text(out, "}}");
        return;
    }
    buffer_format(out, ", rule: %.*s, key: ", SLICE_ARG(change->rule));
    json_write_node(&writer, json_get_text(change->json, "key"));
    buffer_format(out, ", state: %.*s, count: %lld}", SLICE_ARG(change->state),
                  (long long)change->count);
}

static void show_wanted(const struct expectation *wanted, struct buffer *out)
{
    struct json_writer writer = json_writer_to(out);

    node_write_json(wanted->node, &writer);
}

static void differ(const struct expectation *wanted, const struct change_seen *got,
                   struct buffer *failure)
{
    buffer_format(failure, "  line %u: expected ", wanted->node->mark.line);
    show_wanted(wanted, failure);
    buffer_add_text(failure, "\n           got      ");
    if (got)
        show_change(got, failure);
    else
        buffer_add_text(failure, "nothing");
    buffer_add_text(failure, "\n");
}

/* --- signals: every firing and resolved of the rules named, in order, and no other --- */

static bool key_fits(const struct node *key, const struct json *got)
{
    const struct json *value = json_first(got);

    if (!key)
        return true;
    if (key->type == NODE_SCALAR)
        return value && !json_next(value) && slice_eq(json_text(value), key->text);
    for (size_t i = 0; i < key->n_items; i++, value = json_next(value))
        if (!value || !slice_eq(json_text(value), key->items[i]->text))
            return false;
    return !value;
}

static bool change_fits(const struct expectation *wanted, const struct change_seen *got)
{
    if (wanted->at_ms >= 0 && wanted->at_ms != got->at_ms)
        return false;
    if (wanted->state >= 0 && !slice_eq(slice_of(signal_state_names[wanted->state]), got->state))
        return false;
    if (wanted->count >= 0 && wanted->count != got->count)
        return false;
    return slice_eq(wanted->rule, got->rule) &&
           key_fits(wanted->key, json_get_text(got->json, "key"));
}

static bool is_about_a_signal(const struct expectation *wanted)
{
    return !wanted->proposal && wanted->n_proposals < 0;
}

static bool is_named(const struct rule_test_text *text, struct slice rule)
{
    for (size_t i = 0; i < text->n_expectations; i++)
        if (is_about_a_signal(&text->expectations[i]) && slice_eq(text->expectations[i].rule, rule))
            return true;
    return false;
}

/* The next change that counts; a pending one only where it is asked for. */
static struct change_seen *next_change(const struct rule_test_text *text, struct seen *seen,
                                       size_t *at, bool wants_pending)
{
    for (; *at < seen->n_items; ++*at) {
        struct change_seen *change = &seen->items[*at];
        bool is_pending = slice_eq(change->state, SLICE("pending"));

        if (change->is_proposal || !is_named(text, change->rule) || (is_pending && !wants_pending))
            continue;
        ++*at;
        return change;
    }
    return NULL;
}

static void compare_signals(const struct rule_test_text *text, struct seen *seen,
                            struct buffer *failure)
{
    struct change_seen *got;
    size_t at = 0;

    for (size_t i = 0; i < text->n_expectations; i++) {
        const struct expectation *wanted = &text->expectations[i];

        if (!is_about_a_signal(wanted))
            continue;
        got = next_change(text, seen, &at, wanted->state == SIGNAL_PENDING);
        if (!got || !change_fits(wanted, got))
            differ(wanted, got, failure);
    }
    while ((got = next_change(text, seen, &at, false))) {
        buffer_add_text(failure, "  not expected: ");
        show_change(got, failure);
        buffer_add_text(failure, "\n");
    }
}

/* --- proposals --- */

static bool plan_fits(const struct slice_list *wanted, const struct record_list *plan)
{
    const struct step *steps = plan->items;

    if (!wanted->items)
        return true;
    if (wanted->n_items != plan->n_items)
        return false;
    for (size_t i = 0; i < wanted->n_items; i++)
        if (!slice_eq(wanted->items[i], steps[i].action))
            return false;
    return true;
}

/* Of a number that is not asked for any will do. */
static bool number_fits(int64_t wanted, const struct change_seen *got, const char *member)
{
    int64_t number;

    return wanted < 0 || (!json_int(json_get_text(got->json, member), &number) && number == wanted);
}

static bool text_fits(struct slice wanted, const struct change_seen *got, const char *member)
{
    return slice_is_absent(wanted) || slice_eq(wanted, json_text(json_get_text(got->json, member)));
}

/* Said of a proposal when it changed: what is told of it without a state or a revision is told of its opening. */
static bool moment_fits(const struct expected_proposal *wanted, const struct change_seen *got)
{
    if (wanted->state >= 0 && !slice_eq(slice_of(proposal_state_names[wanted->state]), got->state))
        return false;
    return wanted->state >= 0 || wanted->revision >= 0 || got->is_opening;
}

static enum rc proposal_fits(const struct expectation *wanted, const struct change_seen *got,
                             struct simulation *simulation, struct arena *arena, bool *fits)
{
    struct proposal proposal = { 0 };
    enum rc rc;

    *fits = false;
    if (wanted->at_ms >= 0 && wanted->at_ms != got->at_ms)
        return RC_OK;
    if (!slice_is_absent(wanted->rule) && !slice_eq(wanted->rule, got->rule))
        return RC_OK;
    if (!moment_fits(&wanted->wanted, got))
        return RC_OK;
    rc = simulation_proposal(simulation, got->proposal, arena, &proposal);
    if (rc)
        return rc;
    *fits = plan_fits(&wanted->wanted.plan, &proposal.plan) &&
            text_fits(wanted->wanted.title, got, "title") &&
            text_fits(wanted->wanted.severity, got, "severity") &&
            number_fits(wanted->wanted.signals, got, "signal_count") &&
            number_fits(wanted->wanted.revision, got, "revision");
    return RC_OK;
}

static enum rc compare_proposal(const struct expectation *wanted, struct seen *seen,
                                struct simulation *simulation, struct arena *arena,
                                struct buffer *failure)
{
    const struct change_seen *nearest = NULL;
    bool fits = false;

    for (size_t i = 0; i < seen->n_items; i++) {
        struct change_seen *got = &seen->items[i];
        enum rc rc;

        if (!got->is_proposal || got->taken)
            continue;
        nearest = got;
        rc = proposal_fits(wanted, got, simulation, arena, &fits);
        if (rc)
            return rc;
        got->taken = fits;
        if (fits)
            return RC_OK;
    }
    differ(wanted, nearest, failure);
    return RC_OK;
}

static void compare_number(const struct expectation *wanted, const struct seen *seen,
                           struct buffer *failure)
{
    int64_t n_proposals = 0;

    for (size_t i = 0; i < seen->n_items; i++)
        n_proposals += seen->items[i].is_opening && (slice_is_absent(wanted->rule) ||
                                                     slice_eq(wanted->rule, seen->items[i].rule));
    if (n_proposals != wanted->n_proposals)
        buffer_format(failure, "  line %u: expected %lld proposals\n           got      %lld\n",
                      wanted->node->mark.line, (long long)wanted->n_proposals,
                      (long long)n_proposals);
}

static enum rc compare_proposals(const struct rule_test_text *text, struct seen *seen,
                                 struct simulation *simulation, struct arena *arena,
                                 struct buffer *failure)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; i < text->n_expectations && !rc; i++) {
        const struct expectation *wanted = &text->expectations[i];

        if (wanted->n_proposals >= 0)
            compare_number(wanted, seen, failure);
        if (wanted->proposal)
            rc = compare_proposal(wanted, seen, simulation, arena, failure);
    }
    return rc;
}

enum rc rule_test_compare(const struct rule_test_text *text, struct simulation *simulation,
                          struct arena *arena, struct buffer *failure)
{
    struct seen seen = { 0 };
    enum rc rc = collect(simulation, arena, &seen);

    if (!rc) {
        compare_signals(text, &seen, failure);
        rc = compare_proposals(text, &seen, simulation, arena, failure);
    }
    for (size_t i = 0; i < seen.n_items; i++)
        json_free(seen.trees[i]);
    return rc;
}
