#include "src/cli/commands_all.h"
#include "src/cli/remote.h"
#include "src/cli/value.h"
#include "src/cli/views.h"

static void show_proposal(struct client *client, const struct screen *screen,
                          const struct json *proposal, struct buffer *out)
{
    struct slice task_id = value_text(proposal, "task");
    struct json *task = NULL;

    /* Without its evidence a proposal is still worth seeing; why it is not there was said. */
    if (task_id.len && remote_get(client, "tasks", task_id, &task))
        task = NULL;
    view_proposal(screen, proposal, task, out);
    json_free(task);
}

/* The rule in force knows how far it is; without that a signal is still worth seeing. */
static void show_signal(struct client *client, const struct screen *screen,
                        const struct json *signal, struct buffer *out)
{
    struct json *explained = NULL;

    if (remote_get(client, "explain/signals", value_text(signal, "id"), &explained))
        explained = NULL;
    view_signal(screen, signal, value_text(explained, "progress"), out);
    json_free(explained);
}

static enum exit_code show(const struct invocation *invocation, struct client *client,
                           const char *kind, const struct json *object)
{
    static const struct {
        const char *kind;
        void (*view)(const struct screen *screen, const struct json *object, struct buffer *out);
    } views[] = { { "tasks", view_task }, { "events", view_event }, { "silences", view_silence } };
    struct slice name = slice_of(kind);
    struct buffer out;
    enum rc rc;

    buffer_init(&out, 0);
    if (invocation->options.json) {
        value_add_line(object, &out);
        buffer_add_text(&out, "\n");
    } else if (slice_eq(name, SLICE("proposals"))) {
        show_proposal(client, &invocation->screen, object, &out);
    } else if (slice_eq(name, SLICE("signals"))) {
        show_signal(client, &invocation->screen, object, &out);
    }
    for (size_t i = 0; i < sizeof views / sizeof *views && !invocation->options.json; i++)
        if (slice_eq(name, slice_of(views[i].kind)))
            views[i].view(&invocation->screen, object, &out);
    rc = screen_write(&out);
    buffer_free(&out);
    return rc ? EXIT_REFUSED : EXIT_DONE;
}

enum exit_code show_command(const struct invocation *invocation)
{
    struct slice id = slice_of(invocation->operands[0]);
    const char *kind = remote_kind(id);
    struct client *client = NULL;
    struct json *object = NULL;
    enum exit_code code;

    if (!kind)
        return usage_error(
            invocation->command,
            "an ID is prp_…, sig_…, tsk_…, evt_…, sil_… or the five letters of a proposal");
    code = client_new(invocation, &client);
    if (!code)
        code = remote_get(client, kind, id, &object);
    if (!code)
        code = show(invocation, client, kind, object);
    json_free(object);
    client_free(client);
    return code;
}
