#include "src/base/commit_range.h"
#include "src/cli/value.h"
#include "src/cli/views.h"

#define NAME_COLUMNS 12
#define EVIDENCE_LINES 12 /* of each: a line of a log with those around it; `show TASK` has all */

void view_heading(const struct screen *screen, const char *text, struct buffer *out)
{
    buffer_add_text(out, "\n");
    show_colour(screen, out, COLOUR_STRONG);
    buffer_add_text(out, text);
    show_colour(screen, out, COLOUR_NONE);
    buffer_add_text(out, "\n");
}

void view_member(const char *name, struct slice value, struct buffer *out)
{
    if (!value.len)
        return;
    buffer_format(out, "  %-*s ", NAME_COLUMNS - 1, name);
    show_text(out, value);
    buffer_add_text(out, "\n");
}

void view_list_member(const char *name, const struct json *list, struct buffer *out)
{
    struct buffer text;

    if (!json_first(list))
        return;
    buffer_init(&text, 0);
    value_show_list(list, ", ", &text);
    view_member(name, buffer_slice(&text), out);
    buffer_free(&text);
}

void view_time_member(const struct screen *screen, const char *name, const struct json *object,
                      const char *member, struct buffer *out)
{
    int64_t time_ms;

    if (!value_time(object, member, &time_ms))
        return;
    buffer_format(out, "  %-*s ", NAME_COLUMNS - 1, name);
    show_time(screen, out, time_ms, true);
    buffer_add_text(out, "\n");
}

void view_commits(const struct json *object, struct buffer *out)
{
    struct buffer range;

    buffer_init(&range, 0);
    buffer_add_commit_range(&range, value_text(object, "last_good"),
                            value_text(object, "first_bad"));
    view_member("commits", buffer_slice(&range), out);
    buffer_free(&range);
}

void view_citations(const struct json *list, const char *before, struct buffer *out)
{
    if (!json_first(list))
        return;
    buffer_format(out, " [%s", before);
    value_show_list(list, ", ", out);
    buffer_add_text(out, "]");
}

/* --- what happened --- */

static void show_head(const struct screen *screen, const struct json *proposal, struct buffer *out)
{
    int64_t expires_ms;
    struct slice state = value_text(proposal, "state");

    show_colour(screen, out, COLOUR_STRONG);
    show_text(out, value_text(proposal, "title"));
    show_colour(screen, out, COLOUR_NONE);
    buffer_add_text(out, "\n");
    show_text(out, value_text(proposal, "short"));
    buffer_add_text(out, "  ");
    show_word(screen, out, state);
    buffer_add_text(out, "  severity ");
    show_word(screen, out, value_text(proposal, "severity"));
    if (slice_eq(state, SLICE("open")) && value_time(proposal, "expires", &expires_ms)) {
        buffer_add_text(out, "  expires ");
        show_time(screen, out, expires_ms, true);
    }
    buffer_add_text(out, "  ");
    show_colour(screen, out, COLOUR_FAINT);
    show_text(out, value_text(proposal, "id"));
    show_colour(screen, out, COLOUR_NONE);
    buffer_add_text(out, "\n");
}

/* Of a group: the signals beside the one that leads. */
static void show_others(const struct json *proposal, struct buffer *out)
{
    const struct json *others = json_get_text(proposal, "others");
    int64_t n_signals = (int64_t)json_count(json_get_text(proposal, "signals")) +
                        value_int(proposal, "more_signals");
    int64_t n_left = n_signals - 1 - (int64_t)json_count(others);

    if (!json_first(others))
        return;
    buffer_add_text(out, "  together with\n");
    for (const struct json *other = json_first(others); other; other = json_next(other)) {
        buffer_add_text(out, "  - ");
        show_text(out, value_text(other, "title"));
        if (!slice_eq(value_text(other, "state"), SLICE("firing")))
            buffer_add_text(out, " (well again)");
        buffer_add_text(out, "\n");
    }
    if (n_left > 0)
        buffer_format(out, "  - %lld more\n", (long long)n_left);
}

static void show_occurrence(const struct screen *screen, const struct json *proposal,
                            struct buffer *out)
{
    int64_t count = value_int(proposal, "count");
    int64_t first_ms = 0, last_ms = 0;

    view_heading(screen, "What happened", out);
    buffer_add_text(out, "  ");
    show_text(out, value_text(proposal, "rule"));
    buffer_add_text(out, ": ");
    value_show_list(json_get_text(proposal, "key"), " · ", out);
    buffer_format(out, "\n  %lld time%s", (long long)count, count == 1 ? "" : "s");
    if (value_time(proposal, "first_seen", &first_ms)) {
        buffer_add_text(out, count > 1 ? ", first " : ", ");
        show_time(screen, out, first_ms, true);
    }
    if (count > 1 && value_time(proposal, "last_seen", &last_ms)) {
        buffer_add_text(out, ", last ");
        show_time(screen, out, last_ms, true);
    }
    buffer_add_text(out, "\n");
    view_commits(proposal, out);
    view_member("earlier", value_text(proposal, "earlier_outcome"), out);
    show_others(proposal, out);
    if (value_is_true(proposal, "borrowed"))
        view_member("budget", SLICE("above the review budget: critical ones may borrow"), out);
}

/* --- who decides, and what became of it --- */

static void show_record(const struct json *record, struct buffer *out)
{
    if (!value_int(record, "proposed"))
        return;
    buffer_format(out,
                  "  %-*sproposed %lld, approved %lld, rejected %lld, ignored %lld, verified %lld, "
                  "recurred %lld\n",
                  NAME_COLUMNS, "this rule", (long long)value_int(record, "proposed"),
                  (long long)value_int(record, "approved"),
                  (long long)value_int(record, "rejected"), (long long)value_int(record, "ignored"),
                  (long long)value_int(record, "verified"),
                  (long long)value_int(record, "recurred"));
}

static void show_approvers(const struct json *approvers, struct buffer *out)
{
    int64_t need = value_int(approvers, "need");

    buffer_format(out, "  %-*s", NAME_COLUMNS, "decides");
    if (json_first(json_get_text(approvers, "from")))
        value_show_list(json_get_text(approvers, "from"), ", ", out);
    else
        buffer_add_text(out, "nobody: no approvers are configured");
    if (need > 1)
        buffer_format(out, " (%lld approvals are needed)", (long long)need);
    buffer_add_text(out, "\n");
}

static void show_decision(const struct screen *screen, const struct json *decision,
                          struct buffer *out)
{
    struct slice reason = value_text(decision, "reason");
    struct slice note = value_text(decision, "note");
    int64_t at_ms;

    buffer_add_text(out, "  - ");
    show_text(out, value_text(decision, "verdict"));
    buffer_add_text(out, " by ");
    show_text(out, value_text(decision, "by"));
    buffer_add_text(out, " via ");
    show_text(out, value_text(decision, "via"));
    if (value_time(decision, "at", &at_ms)) {
        buffer_add_text(out, " ");
        show_time(screen, out, at_ms, true);
    }
    if (reason.len) {
        buffer_add_text(out, ", ");
        show_text(out, reason);
    }
    if (note.len) {
        buffer_add_text(out, ": ");
        show_text(out, note);
    }
    if (value_is_true(decision, "void"))
        buffer_add_text(out, slice_eq(value_text(decision, "verdict"), SLICE("edit"))
                                 ? " (void: the plan was made anew)"
                                 : " (void: given to an earlier revision, or taken back)");
    buffer_add_text(out, "\n");
}

static void show_deciding(const struct screen *screen, const struct json *proposal,
                          struct buffer *out)
{
    const struct json *decisions = json_get_text(proposal, "decisions");

    view_heading(screen, "Deciding", out);
    show_approvers(json_get_text(proposal, "approvers"), out);
    show_record(json_get_text(proposal, "track_record"), out);
    view_member("on it", value_text(proposal, "acknowledged_by"), out);
    view_time_member(screen, "snoozed", proposal, "snoozed_until", out);
    view_time_member(screen, "starts", proposal, "hold_until", out);
    if (slice_eq(value_text(proposal, "state"), SLICE("verifying"))) /* else it knows already */
        view_time_member(screen, "verifies", proposal, "verify_until", out);
    for (const struct json *decision = json_first(decisions); decision;
         decision = json_next(decision))
        show_decision(screen, decision, out);
    view_member("outcome", value_text(proposal, "outcome"), out);
}

static bool plan_has_params(const struct json *plan)
{
    for (const struct json *step = json_first(plan); step; step = json_next(step))
        if (json_first(json_get_text(step, "params")))
            return true;
    return false;
}

/* Where people see it, or why they do not. */
static void show_message(const struct json *message, struct buffer *out)
{
    struct slice error = value_text(message, "error");
    struct slice instead = value_text(message, "taken_over_by");
    bool is_posted = value_text(message, "handle").len != 0;

    buffer_add_text(out, "  - ");
    show_text(out, value_text(message, "channel"));
    if (value_text(message, "place").len) {
        buffer_add_text(out, " ");
        show_text(out, value_text(message, "place"));
    }
    if (!slice_eq(value_text(message, "state"), SLICE("live"))) {
        buffer_add_text(out, ": ");
        show_text(out, value_text(message, "state"));
    } else {
        buffer_add_text(out, is_posted ? ": posted" : ": not posted yet");
    }
    if (error.len) {
        buffer_add_text(out, ": ");
        show_text(out, error);
    }
    if (instead.len) {
        buffer_add_text(out, "; instead: ");
        show_text(out, instead);
    }
    buffer_add_text(out, "\n");
}

static void show_messages(const struct screen *screen, const struct json *messages,
                          struct buffer *out)
{
    if (json_first(messages))
        view_heading(screen, "Posted", out);
    for (const struct json *message = json_first(messages); message; message = json_next(message))
        show_message(message, out);
}

/* What can be typed next, in this state. */
static void show_next(const struct screen *screen, const struct json *proposal, struct buffer *out)
{
    static const struct {
        const char *state;
        const char *commands[4];
    } nexts[] = {
        { "open",
          { "approve %", "edit % --set STEP.NAME=VALUE",
            "reject % --reason wrong_cause|wrong_action|known|too_late|not_worth_it",
            "snooze % --for 1h" } },
        { "approved", { "take-back %" } },
        { "unknown", { "settle % --ran", "settle % --not-ran" } },
    };
    bool has_plan = json_first(json_get_text(proposal, "plan")) != NULL;
    bool has_params = plan_has_params(json_get_text(proposal, "plan"));
    struct slice state = value_text(proposal, "state");

    for (size_t i = 0; i < sizeof nexts / sizeof *nexts; i++) {
        if (!slice_eq(state, slice_of(nexts[i].state)))
            continue;
        view_heading(screen, "Next", out);
        for (size_t j = 0; j < 4 && nexts[i].commands[j]; j++) {
            struct slice command = slice_of(nexts[i].commands[j]);

            if (!has_plan && slice_starts(command, SLICE("approve")))
                continue;
            if (!has_params && slice_starts(command, SLICE("edit")))
                continue;
            buffer_add_text(out, "  vedette ");
            buffer_add(out, slice_cut(&command, '%'));
            show_text(out, value_text(proposal, "short"));
            buffer_add(out, command);
            buffer_add_text(out, "\n");
        }
    }
}

void view_proposal(const struct screen *screen, const struct json *proposal,
                   const struct json *task, struct buffer *out)
{
    show_head(screen, proposal, out);
    show_occurrence(screen, proposal, out);
    view_diagnosis(screen, json_get_text(proposal, "diagnosis"), out);
    view_evidence(screen, json_get_text(task, "evidence"), EVIDENCE_LINES, out);
    view_plan(screen, proposal, out);
    show_deciding(screen, proposal, out);
    show_messages(screen, json_get_text(proposal, "messages"), out);
    show_next(screen, proposal, out);
}
