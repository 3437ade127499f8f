/* options.h - every option of every command, once: its name, its value, its help.
 *
 * A name means the same wherever it is taken. A command's row says which it takes (command.h). */
#pragma once

#include "src/base/buffer.h"
#include "src/base/slice.h"

enum option_id {
    OPTION_END, /* ends a command's list */
    OPTION_CONFIG,
    OPTION_STATE,
    OPTION_LOG_FORMAT,
    OPTION_LOG_LEVEL,
    OPTION_URL,
    OPTION_TOKEN_FILE,
    OPTION_JSON,
    OPTION_STRICT,
    OPTION_VERBOSE,
    OPTION_PRINT,
    OPTION_RULES,
    OPTION_HOOK,
    OPTION_DELIVERIES,
    OPTION_EVENTS,
    OPTION_LOG,
    OPTION_TIME_FORMAT,
    OPTION_HEADER,
    OPTION_AGAINST,
    OPTION_TRANSITIONS,
    OPTION_SUMMARY,
    OPTION_QUIET,
    OPTION_PROFILE,
    OPTION_SAMPLE,
    OPTION_SAMPLES,
    OPTION_PRINT_CURL,
    OPTION_RULE,
    OPTION_WATCHER,
    OPTION_LIST_STATE,
    OPTION_KIND,
    OPTION_SINCE,
    OPTION_LIMIT,
    OPTION_VERIFY,
    OPTION_NOTE,
    OPTION_REASON,
    OPTION_FOR,
    OPTION_WHERE,
    OPTION_YES,
    OPTION_NO_WAIT,
    OPTION_RAN,
    OPTION_NOT_RAN,
    OPTION_SET,
    OPTION_SENDERS,
    OPTION_FILTER,
    OPTION_JUNIT,
    OPTION_COVERAGE,
    OPTION_N
};

enum input_kind { INPUT_HOOK, INPUT_DELIVERIES, INPUT_EVENTS, INPUT_LOG };

/* One `--hook SENDER=FILE` and the like. */
struct input_option {
    enum input_kind kind;
    struct slice name; /* before the `=`; absent for events */
    const char *path;  /* "-": standard input */
};

/* One `-H 'Name: value'`; it belongs to the --hook before it (before the first: to the first). */
struct header_option {
    struct slice name, value;
    size_t hook; /* the how-manieth --hook, from 0 */
};

/* One `--set STEP.NAME=VALUE`: another value for a parameter of a plan's step. */
struct set_option {
    int64_t step; /* from 1 */
    struct slice name, value;
};

/* One `--where field=value`. */
struct where_option {
    struct slice field, value;
};

#define OPTIONS_MAX_TEXTS 64

/* What was given; all zero when nothing was. */
struct options {
    const char *config, *state, *log_format, *log_level;
    const char *url, *token_file;
    const char *sample, *time_format, *rule, *watcher, *list_state, *kind, *since, *note, *reason,
        *snooze_for, *filter, *junit, *against;
    int64_t limit;
    bool json, strict, verbose, print, summary, quiet, profile, samples, print_curl, verify, yes,
        no_wait, ran, not_ran, senders, coverage, transitions;
    const char *rules[OPTIONS_MAX_TEXTS];
    size_t n_rules;
    struct input_option inputs[OPTIONS_MAX_TEXTS];
    size_t n_inputs, n_hooks;
    struct header_option headers[OPTIONS_MAX_TEXTS];
    size_t n_headers;
    struct set_option sets[OPTIONS_MAX_TEXTS];
    size_t n_sets;
    struct where_option where[OPTIONS_MAX_TEXTS];
    size_t n_where;
};

enum option_type {
    OPTION_IS_FLAG,
    OPTION_IS_TEXT,
    OPTION_IS_NUMBER, /* 1 to 10000 */
    OPTION_IS_RULES,
    OPTION_IS_INPUT,
    OPTION_IS_HEADER,
    OPTION_IS_SET,
    OPTION_IS_WHERE,
};

struct option_row {
    const char *name;
    char letter;          /* 0: none */
    const char *argument; /* as help shows it; NULL for flags */
    const char *help;
    enum option_type type;
    size_t offset; /* in struct options: FLAG, TEXT, NUMBER */
    enum input_kind input;
};

/* Never NULL for a value of the enum but OPTION_END. */
const struct option_row *option_row(enum option_id option);

/* Reads `argv` (its first is the command's name) by the options that `allowed` (ended by OPTION_END) lists. Puts the operands, in order, at the end of `argv`;
 * `*first_operand` is where they begin. RC_INVALID after saying in `why` what is wrong, in one line. Not for two threads. */
enum rc options_parse(const enum option_id *allowed, int argc, char **argv, struct options *options,
                      int *first_operand, struct buffer *why) MUST_CHECK;
