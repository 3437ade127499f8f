#include "src/cli/client.h"
#include "src/cli/commands_all.h"
#include "src/cli/value.h"
#include "src/daemon/daemon.h"

enum exit_code run_command(const struct invocation *invocation)
{
    const struct options *options = &invocation->options;
    const struct daemon_options daemon = { .config = { .path = options->config,
                                                       .state = options->state,
                                                       .log_level = options->log_level,
                                                       .log_format = options->log_format,
                                                       .resolve_secrets = true,
                                                       .make_state = true },
                                           .announce = true };

    return (enum exit_code)daemon_run(&daemon);
}

enum exit_code reload_command(const struct invocation *invocation)
{
    const struct client_request request = { .method = "POST",
                                            .path = SLICE("/api/v1/reload"),
                                            .body = SLICE("{}"),
                                            .timeout_ms = 2 * MINUTE_MS };
    struct client *client = NULL;
    struct json *answer = NULL;
    struct buffer out;
    enum exit_code code = client_new(invocation, &client);

    buffer_init(&out, 0);
    if (!code)
        code = client_ask(client, &request, &answer);
    if (!code) {
        if (invocation->options.json) {
            value_add_line(answer, &out);
            buffer_add_text(&out, "\n");
        } else {
            show_block(&out, "", value_text(answer, "summary"), 0);
        }
        code = screen_write(&out) ? EXIT_REFUSED : EXIT_DONE;
    }
    json_free(answer);
    client_free(client);
    buffer_free(&out);
    return code;
}
