#include "src/base/problem.h"
#include "src/cli/client.h"
#include "src/cli/commands_all.h"
#include "src/cli/pages.h"
#include "src/cli/value.h"
#include "src/daemon/list_query.h"
#include "src/store/proposals.h"
#include "src/store/silences.h"
#include "src/store/tasks.h"

#define COLUMNS_MAX 9

/* How a cell shows its member. */
enum cell_form {
    CELL_TEXT,
    CELL_LIST,  /* a key: its values with dots between */
    CELL_PAIRS, /* an object: "field=value, …" */
    CELL_AGO,
    CELL_EXPIRY, /* of what is still open */
    CELL_END,    /* of what is still active */
    CELL_TITLE,  /* of an event; of one that was kept aside, why */
    CELL_HELD,   /* what holds a signal back: its reason */
};

struct cell {
    const char *member;
    enum cell_form form;
};

/* One kind of list. Columns and cells go together; the last one is cut to the terminal. */
static const struct list {
    const char *name;
    struct table_column columns[COLUMNS_MAX];
    struct cell cells[COLUMNS_MAX];
    size_t n_columns;
    const char *const *states; /* that --state takes; NULL: it takes none */
} lists[] = {
    { .name = "proposals",
      .columns = { { "ID" },
                   { "STATE", true },
                   { "SEVERITY", true },
                   { "CREATED" },
                   { "EXPIRES" },
                   { "COUNT" },
                   { "RULE" },
                   { "TITLE" } },
      .cells = { { "short" },
                 { "state" },
                 { "severity" },
                 { "created", CELL_AGO },
                 { "expires", CELL_EXPIRY },
                 { "count" },
                 { "rule" },
                 { "title" } },
      .n_columns = 8,
      .states = proposal_state_names },
    { .name = "signals",
      .columns = { { "ID" },
                   { "STATE", true },
                   { "HELD BACK" },
                   { "SEVERITY", true },
                   { "COUNT" },
                   { "LAST SEEN" },
                   { "RULE" },
                   { "KEY" },
                   { "TITLE" } },
      .cells = { { "id" },
                 { "state" },
                 { "held", CELL_HELD },
                 { "severity" },
                 { "count" },
                 { "last_seen", CELL_AGO },
                 { "rule" },
                 { "key", CELL_LIST },
                 { "title" } },
      .n_columns = 9,
      .states = signal_state_names },
    { .name = "tasks",
      .columns = { { "ID" },
                   { "STATE", true },
                   { "CREATED" },
                   { "REASON" },
                   { "RULE" },
                   { "QUESTION" } },
      .cells = { { "id" },
                 { "state" },
                 { "created", CELL_AGO },
                 { "reason" },
                 { "rule" },
                 { "question" } },
      .n_columns = 6,
      .states = task_state_names },
    { .name = "events",
      .columns = { { "ID" },
                   { "RECEIVED" },
                   { "WATCHER" },
                   { "KIND" },
                   { "STATE", true },
                   { "SUBJECT" },
                   { "TITLE" } },
      .cells = { { "id" },
                 { "received", CELL_AGO },
                 { "watcher" },
                 { "kind" },
                 { "state" },
                 { "subject" },
                 { "title", CELL_TITLE } },
      .n_columns = 7,
      .states = list_event_states },
    { .name = "silences",
      .columns = { { "ID" }, { "STATE", true }, { "ENDS" }, { "BY" }, { "WHERE" }, { "REASON" } },
      .cells = { { "id" },
                 { "state" },
                 { "until", CELL_END },
                 { "by" },
                 { "where", CELL_PAIRS },
                 { "reason" } },
      .n_columns = 6,
      .states = silence_state_names },
    { .name = "audit",
      .columns = { { "NUMBER" },
                   { "AT" },
                   { "WHAT" },
                   { "WHO" },
                   { "VIA" },
                   { "OBJECT" },
                   { "DETAIL" } },
      .cells = { { "number" },
                 { "at", CELL_AGO },
                 { "what" },
                 { "who" },
                 { "via" },
                 { "object" },
                 { "detail" } },
      .n_columns = 7 },
};

static const struct list *list_of(const char *name)
{
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (slice_eq(slice_of(lists[i].name), slice_of(name)))
            return &lists[i];
    return NULL;
}

struct listing {
    const struct invocation *invocation;
    const struct list *list;
    struct table *table; /* NULL: JSON, written as it comes */
    struct buffer text;
};

static enum rc add_cell(struct listing *listing, const struct cell *cell, const struct json *item)
{
    const struct json *value = json_get_text(item, cell->member);
    int64_t time_ms;

    buffer_clear(&listing->text);
    switch (cell->form) {
    case CELL_TEXT:
        if (!slice_is_absent(json_text(value)))
            buffer_add(&listing->text, json_text(value));
        else if (value)
            value_add_line(value, &listing->text);
        break;
    case CELL_LIST:
        value_show_list(value, " · ", &listing->text);
        break;
    case CELL_TITLE:
        buffer_add(&listing->text, json_text(value ? value : json_get_text(item, "reason")));
        break;
    case CELL_HELD:
        buffer_add(&listing->text, value_text(value, "reason"));
        break;
    case CELL_PAIRS:
        value_show_pairs(value, &listing->text);
        break;
    case CELL_EXPIRY:
    case CELL_END:
        if (!slice_eq(value_text(item, "state"),
                      cell->form == CELL_END ? SLICE("active") : SLICE("open")))
            break;
        __attribute__((fallthrough));
    case CELL_AGO:
        if (value_time(item, cell->member, &time_ms))
            show_time(&listing->invocation->screen, &listing->text, time_ms, false);
        break;
    }
    return table_add(listing->table, buffer_slice(&listing->text));
}

static enum rc take_item(void *context, const struct json *item)
{
    struct listing *listing = context;
    enum rc rc = RC_OK;

    if (!listing->table) {
        value_add_line(item, &listing->text);
        buffer_add_text(&listing->text, "\n");
        return screen_write(&listing->text);
    }
    for (size_t i = 0; i < listing->list->n_columns && !rc; i++)
        rc = add_cell(listing, &listing->list->cells[i], item);
    return rc;
}

static enum exit_code finish(struct listing *listing)
{
    const struct command *command = listing->invocation->command;

    if (!listing->table)
        return EXIT_DONE;
    if (!table_n_rows(listing->table)) {
        complain(command, "there are none");
        return EXIT_DONE;
    }
    buffer_clear(&listing->text);
    table_show(listing->table, &listing->invocation->screen, &listing->text);
    return screen_write(&listing->text) ? EXIT_REFUSED : EXIT_DONE;
}

/* --- is it said rightly? --- */

static enum exit_code refuse_state(const struct invocation *invocation, const struct list *list)
{
    struct slice given = slice_of(invocation->options.list_state);
    const char *meant = problem_did_you_mean(given, list->states);
    struct buffer text;
    enum exit_code code;

    buffer_init(&text, 0);
    buffer_add_text(&text, "--state is one of");
    for (size_t i = 0; list->states[i]; i++)
        buffer_format(&text, " %s", list->states[i]);
    buffer_add_text(&text, ", or several with commas between, not `");
    buffer_add_shown(&text, given);
    buffer_add_text(&text, "`");
    if (meant)
        buffer_format(&text, "; did you mean `%s`?", meant);
    code = usage_error(invocation->command, "%.*s", SLICE_ARG(buffer_slice(&text)));
    buffer_free(&text);
    return code;
}

/* What the daemon would refuse is refused here: a call that is wrong is wrong without one, too. */
static enum exit_code check_call(const struct invocation *invocation, const struct list *list)
{
    const struct options *options = &invocation->options;
    uint64_t states;
    int64_t since_ms;

    if (options->list_state && list->states &&
        list_query_read_states(slice_of(options->list_state), list->states, &states))
        return refuse_state(invocation, list);
    if (options->since && list_query_read_since(slice_of(options->since), 0, &since_ms))
        return usage_error(invocation->command,
                           "--since is a time (RFC 3339) or how long ago (90s, 5m, 1h, 7d)");
    return EXIT_DONE;
}

enum exit_code list_show(const struct invocation *invocation, const char *name)
{
    struct listing listing = { .invocation = invocation, .list = list_of(name) };
    struct client *client = NULL;
    enum exit_code code = check_call(invocation, listing.list);

    if (!code)
        code = client_new(invocation, &client);
    buffer_init(&listing.text, 0);
    if (!code && !invocation->options.json &&
        table_new(listing.list->columns, listing.list->n_columns, &listing.table))
        code = EXIT_REFUSED;
    if (!code)
        code = pages_each(client, invocation, listing.list->name, take_item, &listing);
    if (!code)
        code = finish(&listing);
    table_free(listing.table);
    buffer_free(&listing.text);
    client_free(client);
    return code;
}

enum exit_code list_command(const struct invocation *invocation)
{
    return list_show(invocation, invocation->command->name);
}

/* --- the trail's chain --- */

static enum exit_code report_chain(const struct invocation *invocation, const struct json *answer)
{
    bool is_whole = value_is_true(answer, "ok");
    struct buffer out;
    enum rc rc;

    buffer_init(&out, 0);
    if (invocation->options.json) {
        value_add_line(answer, &out);
        buffer_add_text(&out, "\n");
    } else if (is_whole) {
        buffer_format(&out, "%lld entries: the chain is whole\n",
                      (long long)value_int(answer, "verified"));
    } else {
        buffer_format(&out,
                      "the chain is broken at entry %lld: it, or the one before it, was changed, "
                      "removed or moved\n",
                      (long long)value_int(answer, "first_bad"));
    }
    rc = screen_write(&out);
    buffer_free(&out);
    return is_whole && !rc ? EXIT_DONE : EXIT_REFUSED;
}

enum exit_code audit_command(const struct invocation *invocation)
{
    const struct client_request request = { .path = SLICE("/api/v1/audit?verify=1"),
                                            .timeout_ms = 10 * MINUTE_MS };
    struct client *client = NULL;
    struct json *answer = NULL;
    enum exit_code code;

    if (!invocation->options.verify)
        return list_command(invocation);
    code = client_new(invocation, &client);
    if (!code)
        code = client_ask(client, &request, &answer);
    if (!code && !json_get_text(answer, "ok")) {
        complain(invocation->command, "this daemon does not check its trail");
        code = EXIT_REFUSED;
    }
    if (!code)
        code = report_chain(invocation, answer);
    json_free(answer);
    client_free(client);
    return code;
}
