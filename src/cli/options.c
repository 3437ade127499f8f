#include "src/cli/options.h"

#include "src/base/problem.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define LIMIT_MAX 1000000 /* lists come page after page: a whole journal may be asked for */
#define LONG_BASE 256     /* getopt's values of options without a letter start here */

#define AT(member) .offset = offsetof(struct options, member)
#define FLAG(member) .type = OPTION_IS_FLAG, AT(member)
#define TEXT(member) .type = OPTION_IS_TEXT, AT(member)

static const struct option_row rows[OPTION_N] = {
    [OPTION_CONFIG] = { "config", 'c', "FILE",
                        "the configuration; default: $VEDETTE_CONFIG, /etc/vedette/vedette.yaml, "
                        "else the embedded one",
                        TEXT(config) },
    [OPTION_STATE] = { "state", 0, "DIR", "the state directory, instead of the configuration's",
                       TEXT(state) },
    [OPTION_LOG_FORMAT] = { "log-format", 0, "text|json", "how the log is written",
                            TEXT(log_format) },
    [OPTION_LOG_LEVEL] = { "log-level", 0, "debug|info|warn|error", "what is logged",
                           TEXT(log_level) },
    [OPTION_URL] = { "url", 0, "URL",
                     "where the daemon's control address is; default: $VEDETTE_URL, else the "
                     "socket of the configuration",
                     TEXT(url) },
    [OPTION_TOKEN_FILE] = { "token-file", 0, "FILE",
                            "who you are, where --url leads; default: $VEDETTE_TOKEN",
                            TEXT(token_file) },
    [OPTION_JSON] = { "json", 0, NULL, "one JSON object a line", FLAG(json) },
    [OPTION_STRICT] = { "strict", 0, NULL,
                        "fail on warnings too; of `test`: on what --coverage finds", FLAG(strict) },
    [OPTION_VERBOSE] = { "verbose", 'v', NULL,
                         "also how lines of logs find their rules, and what that costs",
                         FLAG(verbose) },
    [OPTION_PRINT] = { "print", 0, NULL,
                       "print the effective configuration and rules, and where each value comes "
                       "from",
                       FLAG(print) },
    [OPTION_RULES] = { "rules", 0, "PATH…", "rule files or directories", .type = OPTION_IS_RULES },
    [OPTION_HOOK] = { "hook", 0, "SENDER=FILE", "one payload, as SENDER sends it",
                      .type = OPTION_IS_INPUT, .input = INPUT_HOOK },
    [OPTION_DELIVERIES] = { "deliveries", 0, "SENDER=FILE",
                            "recorded deliveries, a line each: {\"headers\": {…}, \"body\": {…}, "
                            "\"time\": \"…\"}",
                            .type = OPTION_IS_INPUT, .input = INPUT_DELIVERIES },
    [OPTION_EVENTS] = { "events", 0, "FILE",
                        "events, a line each, as `vedette events --json` prints them",
                        .type = OPTION_IS_INPUT, .input = INPUT_EVENTS },
    [OPTION_LOG] = { "log", 0, "NAME=FILE",
                     "lines, as the log watcher NAME reads them; - is standard input",
                     .type = OPTION_IS_INPUT, .input = INPUT_LOG },
    [OPTION_TIME_FORMAT] = { "time-format", 0, "FORM",
                             "when lines say that they happened: `auto`, or a form of strptime",
                             TEXT(time_format) },
    [OPTION_HEADER] = { "header", 'H', "'Name: value'", "a header of the payload",
                        .type = OPTION_IS_HEADER },
    [OPTION_AGAINST] = { "against", 0, "PATH",
                         "the rules to compare with, instead of the loaded ones", TEXT(against) },
    [OPTION_TRANSITIONS] = { "transitions", 0, NULL,
                             "print what the rules do, as `replay` does, instead of comparing",
                             FLAG(transitions) },
    [OPTION_SUMMARY] = { "summary", 0, NULL, "end with one object of totals", FLAG(summary) },
    [OPTION_QUIET] = { "quiet", 0, NULL, "print only the totals", FLAG(quiet) },
    [OPTION_PROFILE] = { "profile", 0, NULL, "end with the ten rules that took most time",
                         FLAG(profile) },
    [OPTION_SAMPLE] = { "sample", 0, "NAME", "an embedded payload instead of FILE", TEXT(sample) },
    [OPTION_SAMPLES] = { "samples", 0, NULL, "list the embedded payloads", FLAG(samples) },
    [OPTION_PRINT_CURL] = { "print-curl", 0, NULL,
                            "print the signed curl line instead of sending (it may hold the hook's "
                            "token)",
                            FLAG(print_curl) },
    [OPTION_RULE] = { "rule", 0, "ID", "only of this rule", TEXT(rule) },
    [OPTION_WATCHER] = { "watcher", 0, "NAME", "only of this watcher", TEXT(watcher) },
    [OPTION_LIST_STATE] = { "state", 0, "STATE", "only in this state", TEXT(list_state) },
    [OPTION_KIND] = { "kind", 0, "KIND", "only of this kind; vedette.* are Vedette's own",
                      TEXT(kind) },
    [OPTION_SINCE] = { "since", 0, "1h|TIME", "not older than that", TEXT(since) },
    [OPTION_LIMIT] = { "limit", 0, "N", "at most so many; default 50", .type = OPTION_IS_NUMBER,
                       AT(limit) },
    [OPTION_VERIFY] = { "verify", 0, NULL,
                        "check the trail's chain of hashes instead of listing it", FLAG(verify) },
    [OPTION_NOTE] = { "note", 0, "TEXT", "kept with the decision", TEXT(note) },
    [OPTION_REASON] = { "reason", 0, "CODE|TEXT",
                        "why: of a reject wrong_cause, wrong_action, known, too_late or "
                        "not_worth_it; of a silence a sentence",
                        TEXT(reason) },
    [OPTION_FOR] = { "for", 0, "1h", "how long", TEXT(snooze_for) },
    [OPTION_WHERE] = { "where", 0, "FIELD=VALUE",
                       "what is silenced; given several times, all hold; for `rule` a glob will do",
                       .type = OPTION_IS_WHERE },
    [OPTION_YES] = { "yes", 'y', NULL, "do not ask", FLAG(yes) },
    [OPTION_NO_WAIT] = { "no-wait", 0, NULL, "do not follow the steps to their end",
                         FLAG(no_wait) },
    [OPTION_RAN] = { "ran", 0, NULL, "the step did run", FLAG(ran) },
    [OPTION_NOT_RAN] = { "not-ran", 0, NULL, "the step did not run", FLAG(not_ran) },
    [OPTION_SET] = { "set", 0, "STEP.NAME=VALUE", "what a parameter of a step shall be",
                     .type = OPTION_IS_SET },
    [OPTION_SENDERS] = { "senders", 0, NULL, "list the senders that `webhook:` takes",
                         FLAG(senders) },
    [OPTION_FILTER] = { "filter", 0, "TEXT|/PATTERN/",
                        "only tests with it in their name, their file, or the id of a rule that "
                        "they name",
                        TEXT(filter) },
    [OPTION_JUNIT] = { "junit", 0, "FILE", "also write JUnit XML; `-` is standard output",
                       TEXT(junit) },
    [OPTION_COVERAGE] = { "coverage", 0, NULL,
                          "end with the rules and clauses that no test exercised; with --strict "
                          "they fail",
                          FLAG(coverage) },
};

const struct option_row *option_row(enum option_id option)
{
    assert(option > OPTION_END && option < OPTION_N);
    return &rows[option];
}

/* --- values --- */

struct parse {
    const enum option_id *allowed;
    struct options *options;
    struct buffer *why;
};

static enum rc refuse(const struct parse *parse, const char *before, const char *given,
                      const char *after)
{
    buffer_add_text(parse->why, before);
    buffer_add_shown(parse->why, slice_of(given));
    buffer_add_text(parse->why, after);
    return RC_INVALID;
}

static enum rc too_many(const struct parse *parse, const struct option_row *row)
{
    buffer_format(parse->why, "more than %d times --%s", OPTIONS_MAX_TEXTS, row->name);
    return RC_INVALID;
}

static enum rc take_number(const struct parse *parse, const struct option_row *row,
                           const char *text)
{
    int64_t *number = (int64_t *)(void *)((char *)parse->options + row->offset);

    if (!slice_to_int(slice_of(text), number) && *number >= 1 && *number <= LIMIT_MAX)
        return RC_OK;
    buffer_format(parse->why, "--%s is a number from 1 to %d, not `", row->name, LIMIT_MAX);
    return refuse(parse, "", text, "`");
}

static enum rc take_input(const struct parse *parse, const struct option_row *row, const char *text)
{
    struct options *options = parse->options;
    struct input_option *input = &options->inputs[options->n_inputs];
    struct slice rest = slice_of(text);

    if (options->n_inputs == OPTIONS_MAX_TEXTS)
        return too_many(parse, row);
    *input = (struct input_option){ .kind = row->input, .path = text };
    if (row->input != INPUT_EVENTS) {
        input->name = slice_cut(&rest, '=');
        input->path = rest.ptr;
        if (!input->name.len || !rest.len) {
            buffer_format(parse->why, "--%s takes %s, not `", row->name, row->argument);
            return refuse(parse, "", text, "`");
        }
    }
    options->n_inputs++;
    options->n_hooks += row->input == INPUT_HOOK;
    return RC_OK;
}

static enum rc take_header(const struct parse *parse, const struct option_row *row,
                           const char *text)
{
    struct options *options = parse->options;
    struct slice rest = slice_of(text);
    struct slice name = slice_cut(&rest, ':');

    if (options->n_headers == OPTIONS_MAX_TEXTS)
        return too_many(parse, row);
    if (!slice_trim(name).len || name.len == slice_of(text).len ||
        slice_has_control(slice_of(text)))
        return refuse(parse, "-H takes 'Name: value', not `", text, "`");
    options->headers[options->n_headers++] =
        (struct header_option){ .name = slice_trim(name),
                                .value = slice_trim(rest),
                                .hook = options->n_hooks ? options->n_hooks - 1 : 0 };
    return RC_OK;
}

/* The same parameter twice leaves open which value was meant. */
static bool is_set_already(const struct options *options, const struct set_option *given)
{
    for (size_t i = 0; i < options->n_sets; i++)
        if (options->sets[i].step == given->step && slice_eq(options->sets[i].name, given->name))
            return true;
    return false;
}

static enum rc take_set(const struct parse *parse, const struct option_row *row, const char *text)
{
    struct options *options = parse->options;
    struct slice rest = slice_of(text);
    struct slice target = slice_cut(&rest, '=');
    struct slice name = target;
    struct slice step = slice_cut(&name, '.');
    struct set_option given = { .name = name, .value = rest };

    if (options->n_sets == OPTIONS_MAX_TEXTS)
        return too_many(parse, row);
    if (target.len == slice_of(text).len || !name.len || slice_to_int(step, &given.step) ||
        given.step < 1)
        return refuse(parse, "--set takes STEP.NAME=VALUE, as 1.run=8, not `", text, "`");
    if (is_set_already(options, &given))
        return refuse(parse, "--set is given twice for one parameter: `", text, "`");
    options->sets[options->n_sets++] = given;
    return RC_OK;
}

/* Both would have to hold, and no field is equal to two texts. */
static bool is_where_already(const struct options *options, struct slice field)
{
    for (size_t i = 0; i < options->n_where; i++)
        if (slice_eq(options->where[i].field, field))
            return true;
    return false;
}

static enum rc take_where(const struct parse *parse, const struct option_row *row, const char *text)
{
    struct options *options = parse->options;
    struct slice value = slice_of(text);
    struct slice field = slice_cut(&value, '=');

    if (options->n_where == OPTIONS_MAX_TEXTS)
        return too_many(parse, row);
    if (!field.len || !value.len)
        return refuse(parse, "--where takes FIELD=VALUE, not `", text, "`");
    if (is_where_already(options, field)) {
        buffer_add_text(parse->why, "--where: `");
        buffer_add_shown(parse->why, field);
        buffer_add_text(parse->why, "` is given twice; a silence for each does that");
        return RC_INVALID;
    }
    options->where[options->n_where++] = (struct where_option){ field, value };
    return RC_OK;
}

static enum rc take(const struct parse *parse, const struct option_row *row, const char *text)
{
    struct options *options = parse->options;
    void *target = (char *)options + row->offset;

    switch (row->type) {
    case OPTION_IS_FLAG:
        *(bool *)target = true;
        return RC_OK;
    case OPTION_IS_TEXT:
        *(const char **)target = text;
        return RC_OK;
    case OPTION_IS_NUMBER:
        return take_number(parse, row, text);
    case OPTION_IS_RULES:
        if (options->n_rules == OPTIONS_MAX_TEXTS)
            return too_many(parse, row);
        options->rules[options->n_rules++] = text;
        return RC_OK;
    case OPTION_IS_INPUT:
        return take_input(parse, row, text);
    case OPTION_IS_HEADER:
        return take_header(parse, row, text);
    case OPTION_IS_SET:
        return take_set(parse, row, text);
    case OPTION_IS_WHERE:
        return take_where(parse, row, text);
    }
    return RC_INVALID;
}

/* --- getopt's tables, made from ours --- */

struct getopt_tables {
    char letters[2 * OPTION_N + 2];
    struct option names[OPTION_N + 1];
    const char *known[OPTION_N + 1]; /* for the did-you-mean */
};

static int value_of(enum option_id option)
{
    return rows[option].letter ? rows[option].letter : LONG_BASE + (int)option;
}

static void make_tables(const enum option_id *allowed, struct getopt_tables *tables)
{
    size_t n_letters = 0;
    size_t n = 0;

    memset(tables, 0, sizeof *tables);
    tables->letters[n_letters++] = ':'; /* we say ourselves what is wrong */
    for (; allowed[n] != OPTION_END; n++) {
        const struct option_row *row = &rows[allowed[n]];

        tables->known[n] = row->name;
        tables->names[n] =
            (struct option){ .name = row->name,
                             .has_arg = row->argument ? required_argument : no_argument,
                             .val = value_of(allowed[n]) };
        if (!row->letter)
            continue;
        tables->letters[n_letters++] = row->letter;
        if (row->argument)
            tables->letters[n_letters++] = ':';
    }
}

static const struct option_row *row_of_value(const enum option_id *allowed, int value)
{
    for (; *allowed != OPTION_END; allowed++)
        if (value_of(*allowed) == value)
            return &rows[*allowed];
    return NULL;
}

/* getopt's '?': a letter nobody knows, a value nobody asked for, or a name nobody knows. */
static enum rc refuse_unknown(const struct parse *parse, const struct getopt_tables *tables,
                              const char *given)
{
    const char letter[] = { '-', (char)optopt, '\0' };
    struct slice rest = slice_of(given);
    struct slice word = slice_cut(&rest, '=');
    const char *meant = NULL;

    if (optopt && row_of_value(parse->allowed, optopt))
        return refuse(parse, "`", given, "` takes no value");
    if (optopt)
        return refuse(parse, "unknown option `", letter, "`");

    if (slice_starts(word, SLICE("--")))
        meant = problem_did_you_mean((struct slice){ word.ptr + 2, word.len - 2 }, tables->known);
    buffer_add_text(parse->why, "unknown option `");
    buffer_add_shown(parse->why, word);
    buffer_add_text(parse->why, "`");
    if (meant)
        buffer_format(parse->why, "; did you mean `--%s`?", meant);
    return RC_INVALID;
}

enum rc options_parse(const enum option_id *allowed, int argc, char **argv, struct options *options,
                      int *first_operand, struct buffer *why)
{
    const struct parse parse = { .allowed = allowed, .options = options, .why = why };
    struct getopt_tables tables;
    const struct option_row *row;
    enum rc rc = RC_OK;
    int value;

    *options = (struct options){ 0 };
    make_tables(allowed, &tables);
    optind = 0; /* getopt starts anew, its own state included */
    opterr = 0;
    while (!rc) {
        value = getopt_long(argc, argv, tables.letters, tables.names, NULL);
        if (value == -1)
            break;
        if (value == '?')
            return refuse_unknown(&parse, &tables, argv[optind - 1]);
        if (value == ':')
            return refuse(&parse, "", argv[optind - 1], " needs a value");
        row = row_of_value(allowed, value);
        if (row)
            rc = take(&parse, row, optarg);
    }
    *first_operand = optind;
    return rc;
}
