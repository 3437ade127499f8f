/* vedette silence add | list | remove: what people mute for a time. */
#include "src/base/clock.h"
#include "src/base/problem.h"
#include "src/base/ulid.h"
#include "src/cli/client.h"
#include "src/cli/commands_all.h"
#include "src/cli/value.h"
#include "src/store/silences.h"

/* --- what is said --- */

static void warn(const struct invocation *invocation, const struct json *silence)
{
    struct buffer line;

    buffer_init(&line, 0);
    for (const struct json *warning = json_first(json_get_text(silence, "warnings")); warning;
         warning = json_next(warning)) {
        buffer_clear(&line);
        show_text(&line, json_text(warning));
        complain(invocation->command, "warning: %.*s", SLICE_ARG(buffer_slice(&line)));
    }
    buffer_free(&line);
}

static enum exit_code report(const struct invocation *invocation, const struct json *silence)
{
    struct buffer out;
    int64_t until_ms;
    enum rc rc;

    buffer_init(&out, 0);
    if (invocation->options.json) {
        value_add_line(silence, &out);
    } else {
        show_text(&out, value_text(silence, "id"));
        buffer_add_text(&out, " is ");
        show_word(&invocation->screen, &out, value_text(silence, "state"));
        buffer_add_text(&out, ": ");
        value_show_pairs(json_get_text(silence, "where"), &out);
        if (slice_eq(value_text(silence, "state"), SLICE("active")) &&
            value_time(silence, "until", &until_ms)) {
            buffer_add_text(&out, ", ends ");
            show_time(&invocation->screen, &out, until_ms, true);
        }
    }
    buffer_add_text(&out, "\n");
    rc = screen_write(&out);
    buffer_free(&out);
    warn(invocation, silence);
    return rc ? EXIT_REFUSED : EXIT_DONE;
}

static enum exit_code ask(const struct invocation *invocation, const struct client_request *request)
{
    struct client *client = NULL;
    struct json *silence = NULL;
    enum exit_code code = client_new(invocation, &client);

    if (!code)
        code = client_ask(client, request, &silence);
    if (!code)
        code = report(invocation, silence);
    json_free(silence);
    client_free(client);
    return code;
}

/* --- add --- */

static enum exit_code check_severity(const struct invocation *invocation)
{
    const struct options *options = &invocation->options;
    int ignored;

    for (size_t i = 0; i < options->n_where; i++) {
        const struct where_option *clause = &options->where[i];
        const char *meant;

        if (!slice_eq(clause->field, SLICE("severity")) ||
            !slice_to_enum(clause->value, severity_names, &ignored))
            continue;
        meant = problem_did_you_mean(clause->value, severity_names);
        return usage_error(invocation->command,
                           "--where severity is low, medium, high or critical%s%s%s",
                           meant ? "; did you mean `" : "", meant ? meant : "", meant ? "`?" : "");
    }
    return EXIT_DONE;
}

static enum exit_code check_add(const struct invocation *invocation)
{
    const struct options *options = &invocation->options;
    int64_t for_ms;

    if (invocation->n_operands > 1)
        return usage_error(invocation->command, "what is silenced stands behind --where");
    if (!options->n_where)
        return usage_error(invocation->command,
                           "what? --where rule=ci-* --where service=shop: all of them hold");
    if (!options->snooze_for)
        return usage_error(invocation->command, "how long? --for 2h");
    if (duration_parse(slice_of(options->snooze_for), &for_ms) || for_ms <= 0)
        return usage_error(invocation->command, "--for is a time with its unit: 30m, 2h, 3d");
    if (for_ms < SILENCE_MIN_MS || for_ms > SILENCE_MAX_MS)
        return usage_error(invocation->command, "--for: a silence lasts from 1 minute to 30 days");
    if (!options->reason || !*options->reason)
        return usage_error(invocation->command, "why? --reason 'the database is moved'");
    return check_severity(invocation);
}

static void write_add(const struct options *options, struct buffer *body)
{
    struct json_writer writer = json_writer_to(body);

    json_object_begin(&writer);
    json_key(&writer, "where");
    json_object_begin(&writer);
    for (size_t i = 0; i < options->n_where; i++) {
        json_key_slice(&writer, options->where[i].field);
        json_write_text(&writer, options->where[i].value);
    }
    json_object_end(&writer);
    json_member_text(&writer, "for", slice_of(options->snooze_for));
    json_member_text(&writer, "reason", slice_of(options->reason));
    json_object_end(&writer);
}

static enum exit_code add(const struct invocation *invocation)
{
    struct client_request request = { .method = "POST", .path = SLICE("/api/v1/silences") };
    struct buffer body;
    enum exit_code code = check_add(invocation);

    buffer_init(&body, 0);
    if (!code) {
        write_add(&invocation->options, &body);
        request.body = buffer_slice(&body);
        code = ask(invocation, &request);
    }
    buffer_free(&body);
    return code;
}

/* --- list, remove --- */

static enum exit_code list(const struct invocation *invocation)
{
    if (invocation->n_operands > 1)
        return usage_error(invocation->command, "list takes no ID; `vedette show ID` shows one");
    return list_show(invocation, "silences");
}

static enum exit_code drop(const struct invocation *invocation)
{
    struct client_request request = { .method = "DELETE" };
    struct buffer path;
    struct ulid id;
    enum exit_code code;

    if (invocation->n_operands < 2 || ulid_parse(slice_of(invocation->operands[1]), "sil_", &id))
        return usage_error(invocation->command, "which? remove takes the ID of a silence: sil_…");
    buffer_init(&path, 0);
    buffer_add_text(&path, "/api/v1/silences/");
    url_add_encoded(&path, slice_of(invocation->operands[1]));
    request.path = buffer_slice(&path);
    code = ask(invocation, &request);
    buffer_free(&path);
    return code;
}

enum exit_code silence_command(const struct invocation *invocation)
{
    static const char *const names[] = { "add", "list", "remove", NULL };
    static enum exit_code (*const verbs[])(const struct invocation *invocation) = { add, list,
                                                                                    drop };
    int verb;

    if (slice_to_enum(slice_of(invocation->operands[0]), names, &verb))
        return usage_error(invocation->command, "add, list or remove?");
    return verbs[verb](invocation);
}
