/* Approving: the plan is shown exactly as it runs, the digest of what was shown is what is approved, and the steps are followed to their end. */
#include "src/cli/commands_all.h"
#include "src/cli/decide.h"
#include "src/cli/value.h"
#include "src/cli/views.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOK_AGAIN_MS 200
#define PATIENCE_MS (2 * MINUTE_MS) /* beyond what the plan itself may take */

struct approval {
    const struct invocation *invocation;
    struct screen screen; /* its time goes on: people may think before they answer */
    struct client *client;
    struct slice id;
    struct json *proposal; /* as last seen */
    bool is_paused;        /* nothing acts: it is not waited for */
    struct buffer out;
};

static enum exit_code write_out(struct approval *approval)
{
    return screen_write(&approval->out) ? EXIT_REFUSED : EXIT_DONE;
}

/* --- before --- */

static enum exit_code show_plan(struct approval *approval)
{
    if (approval->invocation->options.json)
        return EXIT_DONE;
    show_text(&approval->out, value_text(approval->proposal, "title"));
    buffer_add_text(&approval->out, "\n");
    view_plan(&approval->screen, approval->proposal, &approval->out);
    return write_out(approval);
}

static enum exit_code ask(const struct approval *approval)
{
    char answer[16] = { 0 };

    if (approval->invocation->options.yes || approval->invocation->options.json ||
        !isatty(STDIN_FILENO) || !approval->screen.is_terminal)
        return EXIT_DONE;
    printf("\nApprove exactly this? [y/N] ");
    fflush(stdout);
    if (fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y'))
        return EXIT_DONE;
    printf("nothing was decided\n");
    return EXIT_REFUSED;
}

static enum exit_code post(struct approval *approval)
{
    struct json *after = NULL;
    struct buffer body;
    enum exit_code code;

    buffer_init(&body, 0);
    decision_write(approval->invocation, approval->proposal, &body);
    code = remote_post(approval->client, "proposals", approval->id, "decision", buffer_slice(&body),
                       &after);
    buffer_free(&body);
    if (code)
        return code;
    json_free(approval->proposal);
    approval->proposal = after;
    approval->screen.now_ms = clock_real_ms();
    return EXIT_DONE;
}

/* --- after --- */

/* What an approved proposal comes to, and whether that is well. */
static const struct end {
    const char *state;
    bool is_well;
} ends[] = {
    { "done", true },         { "verifying", true },    { "verified", true },
    { "open", true }, /* one of two approvals */
    { "inconclusive", true }, { "failed", false },      { "unknown", false },
    { "stale", false },       { "recurred", false },    { "expired", false },
    { "withdrawn", false },   { "rejected", false },    { "superseded", false },
    { "undone", false },      { "undo_failed", false }, { "undo_unknown", false },
    { "undoing", false },
};

static const struct end *end_of(struct slice state)
{
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (slice_eq(state, slice_of(ends[i].state)))
            return &ends[i];
    return NULL;
}

static bool has_ended(const struct json *step)
{
    static const char *const states[] = { "done", "failed", "unknown", "not_started", NULL };
    int ignored;

    return !slice_to_enum(value_text(step, "state"), states, &ignored);
}

/* Tells of each step that ended since the last look, in order. */
static enum exit_code tell_steps(struct approval *approval, size_t *n_told)
{
    const struct json *step = json_first(json_get_text(approval->proposal, "plan"));
    size_t number = 0;

    for (; step; step = json_next(step)) {
        number++;
        if (number <= *n_told)
            continue;
        if (!has_ended(step))
            break;
        *n_told = number;
        if (approval->invocation->options.json)
            continue;
        buffer_format(&approval->out, "  %zu. ", number);
        show_text(&approval->out, value_text(step, "action"));
        buffer_add_text(&approval->out, "\n");
        view_step_outcome(&approval->screen, step, &approval->out);
    }
    return write_out(approval);
}

/* All that the plan may take: its hold, and the time-outs of its steps and their checks. */
static int64_t longest_ms(const struct approval *approval)
{
    const struct json *step = json_first(json_get_text(approval->proposal, "plan"));
    int64_t longest = PATIENCE_MS, hold_ms;

    if (value_time(approval->proposal, "hold_until", &hold_ms) && hold_ms > approval->screen.now_ms)
        longest += hold_ms - approval->screen.now_ms;
    for (; step; step = json_next(step))
        longest += 2 * value_int(step, "timeout_ms") + MINUTE_MS;
    return longest;
}

static enum exit_code look_again(struct approval *approval)
{
    const struct timespec pause = { .tv_nsec = LOOK_AGAIN_MS * 1000000L };
    struct json *newer = NULL;
    enum exit_code code;

    nanosleep(&pause, NULL);
    code = remote_get(approval->client, "proposals", approval->id, &newer);
    if (code)
        return code;
    json_free(approval->proposal);
    approval->proposal = newer;
    approval->screen.now_ms = clock_real_ms();
    return EXIT_DONE;
}

static enum exit_code tell_hold(struct approval *approval)
{
    int64_t hold_ms;

    if (approval->invocation->options.json ||
        !value_time(approval->proposal, "hold_until", &hold_ms) ||
        hold_ms - approval->screen.now_ms < SECOND_MS)
        return EXIT_DONE;
    buffer_add_text(&approval->out, "approved; starts ");
    show_time(&approval->screen, &approval->out, hold_ms, false);
    buffer_add_text(&approval->out, "; until then `vedette take-back ");
    show_text(&approval->out, value_text(approval->proposal, "short"));
    buffer_add_text(&approval->out, "` takes it back\n");
    return write_out(approval);
}

/* Nothing starts meanwhile, however long one waits. */
static enum exit_code look_for_pause(struct approval *approval)
{
    struct json *status = NULL;
    int64_t hold_ms;

    if (!slice_eq(value_text(approval->proposal, "state"), SLICE("approved")) ||
        (value_time(approval->proposal, "hold_until", &hold_ms) &&
         hold_ms > approval->screen.now_ms))
        return EXIT_DONE;
    approval->is_paused = !client_get(approval->client, SLICE("/api/v1/status"), &status) &&
                          value_is_true(status, "paused");
    json_free(status);
    if (approval->is_paused)
        complain(approval->invocation->command, "paused: it starts after `vedette resume`");
    return EXIT_DONE;
}

static enum exit_code follow(struct approval *approval)
{
    int64_t until_mono_ms = clock_mono_ms() + longest_ms(approval);
    size_t n_told = 0;
    enum exit_code code = tell_hold(approval);

    while (!code) {
        code = tell_steps(approval, &n_told);
        if (!code)
            code = look_for_pause(approval);
        if (code || approval->is_paused || end_of(value_text(approval->proposal, "state")))
            break;
        if (clock_mono_ms() > until_mono_ms) {
            complain(approval->invocation->command,
                     "it takes longer than its plan allows; `vedette show %.*s` says how it stands",
                     SLICE_ARG(approval->id));
            return EXIT_REFUSED;
        }
        code = look_again(approval);
    }
    return code;
}

static enum exit_code tell_end(const struct approval *approval)
{
    const struct end *end = end_of(value_text(approval->proposal, "state"));
    int64_t until_ms;
    enum exit_code code = decision_report(approval->invocation, approval->proposal);

    if (code || approval->invocation->options.no_wait)
        return code;
    if (approval->is_paused)
        return EXIT_REFUSED;
    if (!approval->invocation->options.json &&
        value_time(approval->proposal, "verify_until", &until_ms) &&
        slice_eq(value_text(approval->proposal, "state"), SLICE("verifying"))) {
        struct buffer out;

        buffer_init(&out, 0);
        buffer_add_text(&out, "what it comes to is known ");
        show_time(&approval->screen, &out, until_ms, true);
        buffer_add_text(&out, "\n");
        code = screen_write(&out) ? EXIT_REFUSED : EXIT_DONE;
        buffer_free(&out);
    }
    return code ? code : end && end->is_well ? EXIT_DONE : EXIT_REFUSED;
}

enum exit_code approve_command(const struct invocation *invocation)
{
    struct approval approval = { .invocation = invocation,
                                 .screen = invocation->screen,
                                 .id = slice_of(invocation->operands[0]) };
    enum exit_code code = decision_check_id(invocation);

    buffer_init(&approval.out, 0);
    if (!code)
        code = client_new(invocation, &approval.client);
    if (!code)
        code = remote_get(approval.client, "proposals", approval.id, &approval.proposal);
    if (!code)
        code = show_plan(&approval);
    if (!code)
        code = ask(&approval);
    if (!code)
        code = post(&approval);
    if (!code && !invocation->options.no_wait)
        code = follow(&approval);
    if (!code)
        code = tell_end(&approval);
    json_free(approval.proposal);
    client_free(approval.client);
    buffer_free(&approval.out);
    return code;
}
