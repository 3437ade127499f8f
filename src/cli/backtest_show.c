#include "src/cli/backtest_show.h"

#include "src/cli/value.h"
#include "src/cli/views.h"

#include <stdio.h>
#include <time.h>

#define LISTED_MAX 20 /* differences of a kind that people are shown */
#define CELL_BYTES 64
#define MOMENT_BYTES 32

static const char *const kind_names[] = { "signal", "proposal" };
static const char *const list_names[] = { "signals", "proposals" };
static const char marks[] = { '+', '-', '~' };

/* What may differ between two findings that are the same thing. */
enum member_type { MEMBER_TEXT, MEMBER_TIME, MEMBER_NUMBER };
static const struct member {
    const char *name;
    const char *word; /* for people */
    enum member_type type;
    size_t offset;
} members[] = {
    { "time", "began", MEMBER_TIME, offsetof(struct finding, at_ms) },
    { "until", "ended", MEMBER_TIME, offsetof(struct finding, until_ms) },
    { "state", "state", MEMBER_TEXT, offsetof(struct finding, state) },
    { "count", "count", MEMBER_NUMBER, offsetof(struct finding, count) },
    { "n_signals", "signals", MEMBER_NUMBER, offsetof(struct finding, n_signals) },
    { "severity", "severity", MEMBER_TEXT, offsetof(struct finding, severity) },
    { "title", "title", MEMBER_TEXT, offsetof(struct finding, title) },
    { "plan", "plan", MEMBER_TEXT, offsetof(struct finding, plan) },
};
#define N_MEMBERS (sizeof members / sizeof *members)

static struct slice text_of(const struct member *member, const struct finding *finding)
{
    return *(const struct slice *)(const void *)((const char *)finding + member->offset);
}

static int64_t number_of(const struct member *member, const struct finding *finding)
{
    return *(const int64_t *)(const void *)((const char *)finding + member->offset);
}

/* --- how many --- */

static struct slice day_of(const struct finding *finding, struct arena *arena, bool is_local)
{
    time_t seconds = (time_t)(finding->at_ms / 1000);
    char text[MOMENT_BYTES];
    struct slice day = { 0 };
    struct tm moment;

    if (!(is_local ? localtime_r(&seconds, &moment) : gmtime_r(&seconds, &moment)))
        return SLICE("?");
    strftime(text, sizeof text, "%Y-%m-%d", &moment);
    if (arena_copy(arena, slice_of(text), &day))
        return (struct slice){ 0 };
    return day;
}

static struct slice name_day(void *context, const struct finding *finding, struct arena *arena)
{
    const bool *is_local = context;

    return day_of(finding, arena, *is_local);
}

static struct slice name_rule(void *context, const struct finding *finding, struct arena *arena)
{
    (void)context;
    (void)arena;
    return finding->rule;
}

static struct slice name_all(void *context, const struct finding *finding, struct arena *arena)
{
    (void)context;
    (void)finding;
    (void)arena;
    return SLICE("all");
}

static enum rc tally(const struct backtest_result *result,
                     struct slice (*name_of)(void *context, const struct finding *finding,
                                             struct arena *arena),
                     bool is_local, struct tally_list *tallies)
{
    const struct tally_request request = { .before = result->loaded,
                                           .after = result->these,
                                           .differences = result->differences,
                                           .name_of = name_of,
                                           .context = &is_local };

    return findings_tally(&request, result->arena, tallies);
}

static bool differs(const struct tally *tally)
{
    for (int kind = 0; kind < FINDING_KINDS; kind++)
        for (int i = 0; i < DIFFERENCES; i++)
            if (tally->n_differences[kind][i])
                return true;
    return false;
}

/* --- for programs --- */

static void write_finding(const struct finding *finding, struct json_writer *writer)
{
    json_object_begin(writer);
    for (size_t i = 0; i < N_MEMBERS; i++) {
        const struct member *member = &members[i];

        if (member->type == MEMBER_TEXT)
            json_member_text(writer, member->name, text_of(member, finding));
        else if (!number_of(member, finding))
            continue;
        else if (member->type == MEMBER_TIME)
            json_member_time(writer, member->name, number_of(member, finding));
        else
            json_member_int(writer, member->name, number_of(member, finding));
    }
    json_member_text(writer, "event", finding->event);
    json_object_end(writer);
}

static void write_difference(const struct difference *difference, struct buffer *out)
{
    const struct finding *finding = difference_finding(difference);
    struct json_writer writer = json_writer_to(out);

    json_object_begin(&writer);
    json_member_text(&writer, "difference", slice_of(difference_names[difference->kind]));
    json_member_text(&writer, "what", slice_of(kind_names[finding->kind]));
    json_member_text(&writer, "rule", finding->rule);
    json_key(&writer, "key");
    json_array_begin(&writer);
    for (size_t i = 0; i < finding->key.n_items; i++)
        json_write_text(&writer, finding->key.items[i]);
    json_array_end(&writer);
    if (difference->before) {
        json_key(&writer, "loaded");
        write_finding(difference->before, &writer);
    }
    if (difference->after) {
        json_key(&writer, "these");
        write_finding(difference->after, &writer);
    }
    json_object_end(&writer);
    buffer_add_text(out, "\n");
}

static void write_counts(const struct tally *tally, struct json_writer *writer)
{
    for (int kind = 0; kind < FINDING_KINDS; kind++) {
        json_key(writer, list_names[kind]);
        json_object_begin(writer);
        json_member_int(writer, "loaded", (int64_t)tally->n_before[kind]);
        json_member_int(writer, "these", (int64_t)tally->n_after[kind]);
        for (int i = 0; i < DIFFERENCES; i++)
            json_member_int(writer, difference_names[i], (int64_t)tally->n_differences[kind][i]);
        json_object_end(writer);
    }
}

static void write_tallies(const char *member, const struct tally_list *tallies, struct buffer *out)
{
    for (size_t i = 0; i < tallies->n_items; i++) {
        struct json_writer writer = json_writer_to(out);

        json_object_begin(&writer);
        json_member_text(&writer, member, tallies->items[i].name);
        write_counts(&tallies->items[i], &writer);
        json_object_end(&writer);
        buffer_add_text(out, "\n");
    }
}

static void write_totals(const struct backtest_result *result, const struct tally *all,
                         struct buffer *out)
{
    struct json_writer writer = json_writer_to(out);

    json_object_begin(&writer);
    json_key(&writer, "totals");
    json_object_begin(&writer);
    if (result->since_ms != INT64_MIN)
        json_member_time(&writer, "since", result->since_ms);
    json_member_int(&writer, "events", (int64_t)result->n_events);
    write_counts(all, &writer);
    json_object_end(&writer);
    json_object_end(&writer);
    buffer_add_text(out, "\n");
}

static enum rc write_all(const struct backtest_result *result, const struct tally *all,
                         struct buffer *out)
{
    struct tally_list days = { 0 }, rules = { 0 };
    enum rc rc = tally(result, name_day, false, &days);

    if (!rc)
        rc = tally(result, name_rule, false, &rules);
    for (int kind = 0; kind < FINDING_KINDS && !rc; kind++)
        for (size_t i = 0; i < result->differences[kind].n_items; i++)
            write_difference(&result->differences[kind].items[i], out);
    write_tallies("day", &days, out);
    write_tallies("rule", &rules, out);
    write_totals(result, all, out);
    return rc;
}

/* --- for people: tables --- */

static enum rc add_number(struct table *table, size_t number)
{
    char text[CELL_BYTES] = "";

    if (number)
        snprintf(text, sizeof text, "%zu", number);
    return table_add(table, slice_of(text));
}

static enum rc add_counts(struct table *table, const struct tally *tally)
{
    enum rc rc = RC_OK;

    for (int kind = 0; kind < FINDING_KINDS && !rc; kind++) {
        char text[CELL_BYTES];

        snprintf(text, sizeof text, "%zu → %zu", tally->n_before[kind], tally->n_after[kind]);
        rc = table_add(table, slice_of(text));
        for (int i = 0; i < DIFFERENCES && !rc; i++)
            rc = add_number(table, tally->n_differences[kind][i]);
    }
    return rc;
}

static enum rc show_tallies(const struct screen *screen, const char *title,
                            const struct tally_list *tallies, bool only_different,
                            struct buffer *out)
{
    const struct table_column columns[] = { { title }, { "SIGNALS" }, { "+" },
                                            { "-" },   { "~" },       { "PROPOSALS" },
                                            { "+" },   { "-" },       { "~" } };
    struct table *table = NULL;
    enum rc rc = table_new(columns, sizeof columns / sizeof *columns, &table);

    for (size_t i = 0; i < tallies->n_items && !rc; i++) {
        if (only_different && !differs(&tallies->items[i]))
            continue;
        rc = table_add(table, tallies->items[i].name);
        if (!rc)
            rc = add_counts(table, &tallies->items[i]);
    }
    if (!rc && table_n_rows(table)) {
        buffer_add_text(out, "\n");
        table_show(table, screen, out);
    }
    table_free(table);
    return rc;
}

/* --- for people: differences --- */

static void show_moment(int64_t time_ms, struct buffer *out)
{
    time_t seconds = (time_t)(time_ms / 1000);
    char text[MOMENT_BYTES];
    struct tm moment;

    if (!time_ms || !localtime_r(&seconds, &moment)) {
        buffer_add_text(out, "not yet");
        return;
    }
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &moment);
    buffer_add_text(out, text);
}

static void show_value(const struct member *member, const struct finding *finding,
                       struct buffer *out)
{
    if (member->type == MEMBER_TIME)
        show_moment(number_of(member, finding), out);
    else if (member->type == MEMBER_NUMBER)
        buffer_format(out, "%lld", (long long)number_of(member, finding));
    else if (text_of(member, finding).len)
        show_text(out, text_of(member, finding));
    else
        buffer_add_text(out, "none");
}

static bool is_equal(const struct member *member, const struct finding *a, const struct finding *b)
{
    if (member->type == MEMBER_TEXT)
        return slice_eq(text_of(member, a), text_of(member, b));
    return number_of(member, a) == number_of(member, b);
}

/* "24ms earlier": two moments that are near each other look the same otherwise. */
static bool show_shift(const struct member *member, const struct difference *difference,
                       struct buffer *out)
{
    int64_t before = number_of(member, difference->before);
    int64_t after = number_of(member, difference->after);
    char text[TIME_TEXT_BYTES];

    if (!before || !after)
        return false;
    buffer_format(out, "%s %s",
                  duration_format(after > before ? after - before : before - after, text),
                  after > before ? "later" : "earlier");
    return true;
}

/* "      began 3m earlier; count 3 → 4; title a → b" */
static void show_change(const struct difference *difference, struct buffer *out)
{
    const char *before = "      ";

    for (size_t i = 0; i < N_MEMBERS; i++) {
        const struct member *member = &members[i];

        if (is_equal(member, difference->before, difference->after))
            continue;
        buffer_format(out, "%s%s ", before, member->word);
        before = "; ";
        if (member->type == MEMBER_TIME && show_shift(member, difference, out))
            continue;
        show_value(member, difference->before, out);
        buffer_add_text(out, " → ");
        show_value(member, difference->after, out);
    }
    buffer_add_text(out, "\n");
}

static void show_difference(const struct screen *screen, const struct difference *difference,
                            struct buffer *out)
{
    static const enum colour colours[] = { COLOUR_GOOD, COLOUR_BAD, COLOUR_WARNING };
    const struct finding *finding = difference_finding(difference);

    show_colour(screen, out, colours[difference->kind]);
    buffer_format(out, "  %c ", marks[difference->kind]);
    show_colour(screen, out, COLOUR_NONE);
    show_moment(finding->at_ms, out);
    buffer_add_text(out, "  ");
    show_text(out, finding->rule);
    for (size_t i = 0; i < finding->key.n_items; i++) {
        buffer_add_text(out, i ? " · " : "  ");
        show_text(out, finding->key.items[i]);
    }
    if (finding->title.len) {
        buffer_add_text(out, ": ");
        show_text(out, finding->title);
    }
    if (finding->event.len) {
        buffer_add_text(out, "  ");
        show_text(out, finding->event);
    }
    buffer_add_text(out, "\n");
    if (difference->kind == DIFFERENCE_CHANGED)
        show_change(difference, out);
    else if (finding->plan.len)
        buffer_format(out, "      plan %.*s\n", SLICE_ARG(finding->plan));
}

static void show_differences(const struct screen *screen, const char *title,
                             const struct difference_list *differences, struct buffer *out)
{
    size_t n = differences->n_items;

    if (!n)
        return;
    view_heading(screen, title, out);
    for (size_t i = 0; i < n && i < LISTED_MAX; i++)
        show_difference(screen, &differences->items[i], out);
    if (n > LISTED_MAX)
        buffer_format(out, "  and %zu more: --json lists all\n", n - LISTED_MAX);
}

/* --- for people: all of it --- */

static void show_head(const struct backtest_result *result, struct buffer *out)
{
    buffer_format(out, "%llu events", (unsigned long long)result->n_events);
    if (result->since_ms != INT64_MIN) {
        buffer_add_text(out, " since ");
        show_moment(result->since_ms, out);
    }
    buffer_format(out, "; these rules: %zu file%s", result->n_given,
                  result->n_given == 1 ? "" : "s");
    if (result->n_kept)
        buffer_format(out, ", %zu of the loaded kept beside %s", result->n_kept,
                      result->n_given == 1 ? "it" : "them");
    buffer_add_text(out, "\n");
}

static void show_sum(const struct tally *all, struct buffer *out)
{
    for (int kind = 0; kind < FINDING_KINDS; kind++) {
        buffer_format(out, "%s%s: %zu loaded, %zu with these", kind ? "; " : "", list_names[kind],
                      all->n_before[kind], all->n_after[kind]);
        for (int i = 0; i < DIFFERENCES; i++)
            if (all->n_differences[kind][i])
                buffer_format(out, ", %zu %s", all->n_differences[kind][i], difference_names[i]);
    }
    buffer_add_text(out, "\n");
}

/* The first difference that an event tells of. */
static void show_hint(const struct backtest_result *result, struct buffer *out)
{
    for (int kind = 0; kind < FINDING_KINDS && result->is_of_daemon; kind++) {
        for (size_t i = 0; i < result->differences[kind].n_items; i++) {
            struct slice event = difference_finding(&result->differences[kind].items[i])->event;

            if (!event.len)
                continue;
            buffer_add_text(out, "why, with the loaded rules: vedette explain ");
            show_text(out, event);
            buffer_add_text(out, "\n");
            return;
        }
    }
}

static enum rc show_all(const struct screen *screen, const struct backtest_result *result,
                        const struct tally *all, struct buffer *out)
{
    struct tally_list days = { 0 }, rules = { 0 };
    enum rc rc = tally(result, name_day, true, &days);

    if (!rc)
        rc = tally(result, name_rule, true, &rules);
    show_head(result, out);
    if (!rc)
        rc = show_tallies(screen, "DAY", &days, false, out);
    if (!rc)
        rc = show_tallies(screen, "RULE", &rules, true, out);
    show_differences(screen, "Signals", &result->differences[FINDING_SIGNAL], out);
    show_differences(screen, "Proposals", &result->differences[FINDING_PROPOSAL], out);
    if (days.n_items)
        buffer_add_text(out, "\n");
    show_sum(all, out);
    show_hint(result, out);
    return rc;
}

enum rc backtest_show(const struct invocation *invocation, const struct backtest_result *result,
                      struct buffer *out)
{
    const struct options *options = &invocation->options;
    const struct tally none = { .name = SLICE("all") };
    struct tally_list sum = { 0 };
    const struct tally *all;
    enum rc rc = tally(result, name_all, true, &sum);

    if (rc)
        return rc;
    all = sum.n_items ? sum.items : &none;
    if (options->quiet && options->json)
        write_totals(result, all, out);
    else if (options->quiet)
        show_sum(all, out);
    else if (options->json)
        rc = write_all(result, all, out);
    else
        rc = show_all(&invocation->screen, result, all, out);
    return rc ? rc : buffer_rc(out);
}
