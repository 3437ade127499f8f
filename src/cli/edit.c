/* Editing: other values for parameters of the plan; the new plan is shown with its digest, for whoever approves it. */
#include "src/cli/commands_all.h"
#include "src/cli/decide.h"
#include "src/cli/value.h"
#include "src/cli/views.h"

static enum exit_code check_call(const struct invocation *invocation)
{
    enum exit_code code = decision_check_id(invocation);

    if (!code && !invocation->options.n_sets)
        return usage_error(invocation->command, "change what? --set STEP.NAME=VALUE");
    return code;
}

/* The daemon is told an object for each step there is: what is set for another would be lost. Without a plan it says why there is none. */
static enum exit_code check_steps(const struct invocation *invocation, const struct json *proposal)
{
    const struct options *options = &invocation->options;
    int64_t n_steps = (int64_t)json_count(json_get_text(proposal, "plan"));

    for (size_t i = 0; i < options->n_sets && n_steps; i++) {
        if (options->sets[i].step <= n_steps)
            continue;
        complain(invocation->command, "there is no step %lld: the plan has %lld",
                 (long long)options->sets[i].step, (long long)n_steps);
        return EXIT_REFUSED;
    }
    return EXIT_DONE;
}

static enum exit_code report(const struct invocation *invocation, const struct json *proposal)
{
    struct buffer out;
    enum exit_code code = decision_report(invocation, proposal);

    if (code || invocation->options.json)
        return code;
    buffer_init(&out, 0);
    view_plan(&invocation->screen, proposal, &out);
    code = screen_write(&out) ? EXIT_REFUSED : EXIT_DONE;
    buffer_free(&out);
    return code;
}

enum exit_code edit_command(const struct invocation *invocation)
{
    struct slice id = slice_of(invocation->operands[0]);
    struct json *shown = NULL, *edited = NULL;
    struct client *client = NULL;
    struct buffer body;
    enum exit_code code = check_call(invocation);

    buffer_init(&body, 0);
    if (!code)
        code = client_new(invocation, &client);
    if (!code)
        code = remote_get(client, "proposals", id, &shown);
    if (!code)
        code = check_steps(invocation, shown);
    if (!code) {
        decision_write(invocation, shown, &body);
        code = remote_post(client, "proposals", id, "decision", buffer_slice(&body), &edited);
    }
    if (!code)
        code = report(invocation, edited);
    json_free(shown);
    json_free(edited);
    client_free(client);
    buffer_free(&body);
    return code;
}
