#include "src/cli/test_coverage.h"

#include "rules/coverage.h"

/* One thing that tests should have shown, in the words of both readers. */
struct part {
    const struct rule *rule;
    struct slice name; /* absent: the rule as a whole */
    struct mark mark;
    bool was_seen;
    const char *never; /* held | failed | fired | ended | held_back: for programs */
    const char *told;  /* what people are told where it was not seen */
};

struct sum {
    struct test_coverage *all;
    bool as_json;
    struct buffer *out;
};

static void tell_people(const struct part *part, struct buffer *out)
{
    struct buffer text;

    buffer_init(&text, 0);
    buffer_add(&text, part->mark.file);
    buffer_format(&text, ":%u:%u: ", part->mark.line, part->mark.column);
    buffer_add(&text, part->rule->id);
    if (!slice_is_absent(part->name)) {
        buffer_add_text(&text, ": ");
        buffer_add(&text, part->name);
    }
    buffer_format(&text, " %s", part->told);
    show_text(out, buffer_slice(&text));
    buffer_add_text(out, "\n");
    buffer_free(&text);
}

static void tell_program(const struct part *part, struct buffer *out)
{
    struct json_writer writer = json_writer_to(out);

    json_object_begin(&writer);
    json_member_text(&writer, "file", part->mark.file);
    json_member_int(&writer, "line", part->mark.line);
    json_member_int(&writer, "column", part->mark.column);
    json_member_text(&writer, "rule", part->rule->id);
    json_member_text(&writer, "part", part->name);
    json_member_text(&writer, "never", slice_of(part->never));
    json_object_end(&writer);
    buffer_add_text(out, "\n");
}

static void add_part(const struct sum *sum, const struct part *part)
{
    sum->all->n_parts++;
    sum->all->n_exercised += part->was_seen;
    if (part->was_seen)
        return;
    if (sum->as_json)
        tell_program(part, sum->out);
    else
        tell_people(part, sum->out);
}

static void add_covered(const struct sum *sum, const struct rule *rule, const struct covered *item)
{
    struct part part = { .rule = rule,
                         .name = item->name,
                         .mark = item->mark,
                         .was_seen = item->held,
                         .never = "held",
                         .told = "was never seen to hold" };

    add_part(sum, &part);
    if (!item->has_two_sides)
        return;
    part.was_seen = item->failed;
    part.never = "failed";
    part.told = "was never seen to fail: no test has an event that it keeps out";
    add_part(sum, &part);
}

static void add_rule(const struct sum *sum, const struct rule_coverage *covered)
{
    const struct rule *rule = covered->rule;
    struct part part = { .rule = rule,
                         .mark = rule->mark,
                         .was_seen = covered->fired,
                         .never = "fired",
                         .told = "never fires" };

    sum->all->n_rules++;
    sum->all->n_fired += covered->fired;
    add_part(sum, &part);
    if (!covered->fired)
        return; /* what follows from it need not be said */
    part.was_seen = covered->ended;
    part.never = "ended";
    part.told = "never ends: no test sees it resolved";
    /* Where an event ends it, that event is a part of its own. */
    if (rule->clear.kind == CLEAR_BY_QUIET)
        add_part(sum, &part);
    part.was_seen = covered->was_held;
    part.never = "held_back";
    part.told = "is never held back by its unless, while or active";
    if (rule->unless.n_items || rule->while_firing.n_items || rule->active)
        add_part(sum, &part);
    for (size_t i = 0; i < covered->coverage->n_items; i++)
        add_covered(sum, rule, &covered->coverage->items[i]);
}

void test_coverage_add(const struct rule_test_suite *suite, bool as_json, struct test_coverage *all,
                       struct buffer *out)
{
    const struct sum sum = { .all = all, .as_json = as_json, .out = out };
    const struct rule_coverage *covered;

    for (size_t i = 0; (covered = rule_test_suite_coverage(suite, i)); i++)
        add_rule(&sum, covered);
}

void test_coverage_sum(const struct test_coverage *all, bool as_json, struct buffer *out)
{
    buffer_format(out,
                  as_json ? "{\"rules\":%zu,\"fired\":%zu,\"parts\":%zu,\"exercised\":%zu}\n"
                          : "coverage: of %zu rules %zu fire; of %zu parts %zu are exercised\n",
                  all->n_rules, all->n_fired, all->n_parts, all->n_exercised);
}

bool test_coverage_is_whole(const struct test_coverage *all)
{
    return all->n_exercised == all->n_parts;
}
