#include "src/cli/decide.h"

#include "actions/proposal.h"
#include "src/base/clock.h"
#include "src/base/problem.h"
#include "src/cli/commands_all.h"
#include "src/cli/value.h"
#include "src/store/proposals.h"

#include <string.h>

/* --- what is said --- */

/* A command's name is its verdict, but for the dash. */
static void write_verdict(struct json_writer *writer, const char *command)
{
    char verdict[32] = { 0 };

    for (size_t i = 0; command[i] && i + 1 < sizeof verdict; i++)
        verdict[i] = command[i] == '-' ? '_' : command[i];
    json_member_text(writer, "verdict", slice_of(verdict));
}

/* For each step of the plan an object of what is set in it. */
static void write_params(const struct options *options, const struct json *proposal,
                         struct json_writer *writer)
{
    int64_t n_steps = (int64_t)json_count(json_get_text(proposal, "plan"));

    json_key(writer, "params");
    json_array_begin(writer);
    for (int64_t step = 1; step <= n_steps; step++) {
        json_object_begin(writer);
        for (size_t i = 0; i < options->n_sets; i++) {
            if (options->sets[i].step != step)
                continue;
            json_key_slice(writer, options->sets[i].name);
            json_write_text(writer, options->sets[i].value);
        }
        json_object_end(writer);
    }
    json_array_end(writer);
}

void decision_write(const struct invocation *invocation, const struct json *proposal,
                    struct buffer *body)
{
    const struct options *options = &invocation->options;
    struct json_writer writer = json_writer_to(body);

    json_object_begin(&writer);
    write_verdict(&writer, invocation->command->name);
    json_member_text(&writer, "plan_digest", value_text(proposal, "plan_digest"));
    json_member_text(&writer, "reason", slice_of(options->reason));
    json_member_text(&writer, "note", slice_of(options->note));
    json_member_text(&writer, "for", slice_of(options->snooze_for));
    if (options->ran || options->not_ran)
        json_member_text(&writer, "settle", options->ran ? SLICE("ran") : SLICE("not_ran"));
    if (options->n_sets)
        write_params(options, proposal, &writer);
    json_object_end(&writer);
}

enum exit_code decision_report(const struct invocation *invocation, const struct json *proposal)
{
    struct slice said = value_text(proposal, "detail");
    struct slice outcome = value_text(proposal, "outcome");
    struct buffer out;
    enum rc rc;

    buffer_init(&out, 0);
    if (invocation->options.json) {
        value_add_line(proposal, &out);
    } else {
        show_text(&out, value_text(proposal, "short"));
        buffer_add_text(&out, " is ");
        show_word(&invocation->screen, &out, value_text(proposal, "state"));
        if (said.len || outcome.len) {
            buffer_add_text(&out, ": ");
            show_text(&out, said.len ? said : outcome);
        }
    }
    buffer_add_text(&out, "\n");
    rc = screen_write(&out);
    buffer_free(&out);
    return rc ? EXIT_REFUSED : EXIT_DONE;
}

/* --- is it said rightly? --- */

static enum exit_code check_reject(const struct invocation *invocation)
{
    const char *reason = invocation->options.reason;
    const char *meant;
    int ignored;

    if (!reason)
        return usage_error(
            invocation->command,
            "why? --reason wrong_cause, wrong_action, known, too_late or not_worth_it");
    if (!slice_to_enum(slice_of(reason), reason_names, &ignored))
        return EXIT_DONE;
    meant = problem_did_you_mean(slice_of(reason), reason_names);
    return usage_error(
        invocation->command,
        "a reason is wrong_cause, wrong_action, known, too_late or not_worth_it%s%s%s",
        meant ? "; did you mean `" : "", meant ? meant : "", meant ? "`?" : "");
}

static enum exit_code check_snooze(const struct invocation *invocation)
{
    int64_t for_ms;

    if (!invocation->options.snooze_for)
        return usage_error(invocation->command, "how long? --for 1h");
    if (duration_parse(slice_of(invocation->options.snooze_for), &for_ms) || for_ms <= 0)
        return usage_error(invocation->command, "--for is a time with its unit: 30m, 1h, 2d");
    if (for_ms < SNOOZE_MIN_MS || for_ms > SNOOZE_MAX_MS)
        return usage_error(invocation->command, "--for: a snooze lasts from 1m to 7d");
    return EXIT_DONE;
}

static enum exit_code check_settle(const struct invocation *invocation)
{
    if (invocation->options.ran == invocation->options.not_ran)
        return usage_error(invocation->command, "what became of the step? --ran or --not-ran");
    return EXIT_DONE;
}

enum exit_code decision_check_id(const struct invocation *invocation)
{
    const char *kind = remote_kind(slice_of(invocation->operands[0]));

    if (kind && !strcmp(kind, "proposals"))
        return EXIT_DONE;
    return usage_error(invocation->command, "ID is a proposal: prp_…, or its five letters");
}

static enum exit_code check_call(const struct invocation *invocation)
{
    static const struct {
        const char *command;
        enum exit_code (*check)(const struct invocation *invocation);
    } checks[] = { { "reject", check_reject },
                   { "snooze", check_snooze },
                   { "settle", check_settle } };
    enum exit_code code = decision_check_id(invocation);

    if (code)
        return code;
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (!strcmp(checks[i].command, invocation->command->name))
            return checks[i].check(invocation);
    return EXIT_DONE;
}

/* --- deciding --- */

enum exit_code decide_command(const struct invocation *invocation)
{
    struct slice id = slice_of(invocation->operands[0]);
    struct client *client = NULL;
    struct json *shown = NULL, *proposal = NULL;
    struct buffer body;
    enum exit_code code = check_call(invocation);

    buffer_init(&body, 0);
    if (!code)
        code = client_new(invocation, &client);
    /* Every decision carries the digest of the plan that its human could see. */
    if (!code)
        code = remote_get(client, "proposals", id, &shown);
    if (!code) {
        decision_write(invocation, shown, &body);
        code = remote_post(client, "proposals", id, "decision", buffer_slice(&body), &proposal);
    }
    if (!code)
        code = decision_report(invocation, proposal);
    json_free(shown);
    json_free(proposal);
    client_free(client);
    buffer_free(&body);
    return code;
}

/* Asks for `verb` of an object and says so in one line; `said` is what is said of it, the id before. */
static enum exit_code ask_for(const struct invocation *invocation, const char *kind,
                              const char *verb, const char *said)
{
    struct slice id = slice_of(invocation->operands[0]);
    struct client *client = NULL;
    struct json *answer = NULL;
    struct buffer out;
    enum exit_code code;

    buffer_init(&out, 0);
    code = client_new(invocation, &client);
    if (!code)
        code = remote_post(client, kind, id, verb, SLICE("{}"), &answer);
    if (!code) {
        if (invocation->options.json)
            value_add_line(answer, &out);
        else
            buffer_format(&out, "%.*s %s", SLICE_ARG(id), said);
        buffer_add_text(&out, "\n");
        code = screen_write(&out) ? EXIT_REFUSED : EXIT_DONE;
    }
    json_free(answer);
    client_free(client);
    buffer_free(&out);
    return code;
}

static bool is_of_kind(const struct invocation *invocation, const char *wanted)
{
    const char *kind = remote_kind(slice_of(invocation->operands[0]));

    return kind && strcmp(kind, wanted) == 0;
}

enum exit_code resolve_command(const struct invocation *invocation)
{
    if (!is_of_kind(invocation, "signals"))
        return usage_error(invocation->command, "SIG is a signal: sig_…");
    return ask_for(invocation, "signals", "resolve", "is resolved");
}

enum exit_code replay_event_command(const struct invocation *invocation)
{
    if (!is_of_kind(invocation, "events"))
        return usage_error(invocation->command, "EVT is an event: evt_…");
    return ask_for(invocation, "events", "replay", "is taken in again");
}

enum exit_code pause_command(const struct invocation *invocation)
{
    bool pauses = !strcmp(invocation->command->name, "pause");
    const struct client_request request = { .method = "POST",
                                            .path = pauses ? SLICE("/api/v1/pause")
                                                           : SLICE("/api/v1/resume"),
                                            .body = SLICE("{}") };
    struct client *client = NULL;
    struct json *answer = NULL;
    struct buffer out;
    enum exit_code code = client_new(invocation, &client);

    buffer_init(&out, 0);
    if (!code)
        code = client_ask(client, &request, &answer);
    if (!code) {
        if (invocation->options.json)
            buffer_format(&out, "{\"paused\":%s}\n", pauses ? "true" : "false");
        else
            buffer_add_text(&out, pauses ? "paused: nothing acts until `vedette resume`\n"
                                         : "resumed: approved steps start again\n");
        code = screen_write(&out) ? EXIT_REFUSED : EXIT_DONE;
    }
    json_free(answer);
    client_free(client);
    buffer_free(&out);
    return code;
}
