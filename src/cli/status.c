#include "src/cli/client.h"
#include "src/cli/commands_all.h"
#include "src/cli/value.h"
#include "src/cli/views.h"
#include "watchers/senders/sender.h"

/* --- status --- */

static void show_counts(const char *name, const struct json *counts, struct buffer *out)
{
    buffer_format(out, "  %-12s", name);
    if (!json_first(counts))
        buffer_add_text(out, "none");
    for (const struct json *count = json_first(counts); count; count = json_next(count)) {
        if (count != json_first(counts))
            buffer_add_text(out, ", ");
        value_show(count, out);
        buffer_add_text(out, " ");
        show_text(out, json_name(count));
    }
    buffer_add_text(out, "\n");
}

static void show_unjudged(const struct json *rule, const char *because, struct buffer *out)
{
    int64_t n_events = value_int(rule, "events");

    buffer_format(out, "%lld event%s it could not judge: %s\n", (long long)n_events,
                  n_events == 1 ? "" : "s", because);
}

static void show_given_up(const struct screen *screen, const struct json *rule, struct buffer *out)
{
    (void)screen;
    show_unjudged(rule, "a pattern of it gave up; `vedette check` warns of such patterns", out);
}

static void show_without_key(const struct screen *screen, const struct json *rule,
                             struct buffer *out)
{
    (void)screen;
    show_unjudged(rule, "a field of its key is absent; `vedette explain evt_…` names it", out);
}

static void show_without_group(const struct screen *screen, const struct json *rule,
                               struct buffer *out)
{
    (void)screen;
    show_unjudged(rule, "a field that it groups by is absent; `vedette explain evt_…` names it",
                  out);
}

static void show_misread(const struct screen *screen, const struct json *rule, struct buffer *out)
{
    int64_t n_events = value_int(rule, "events");

    (void)screen;
    buffer_format(out,
                  "%lld event%s said what it cannot go by, and counted all the same; "
                  "`vedette explain evt_…` shows it\n",
                  (long long)n_events, n_events == 1 ? "" : "s");
}

/* It is out of order as a whole: so since when, why, by which pattern, and what to do. */
static void show_quarantined(const struct screen *screen, const struct json *rule,
                             struct buffer *out)
{
    int64_t n_events = value_int(rule, "events");
    int64_t at_ms;

    buffer_add_text(out, "put aside");
    if (value_time(rule, "at", &at_ms)) {
        buffer_add_text(out, " ");
        show_time(screen, out, at_ms, true);
    }
    buffer_format(out,
                  ", its patterns took %lld ms on one event (%lld ms are allowed); it judges "
                  "nothing, and missed %lld event%s\n    ! ",
                  (long long)value_int(rule, "took_ms"), (long long)value_int(rule, "limit_ms"),
                  (long long)n_events, n_events == 1 ? "" : "s");
    show_text(out, value_text(rule, "file"));
    buffer_format(out, ":%lld: ", (long long)value_int(rule, "line"));
    show_text(out, value_text(rule, "pattern"));
    buffer_add_text(out, " took most of it: ");
    show_text(out, value_text(rule, "remedy"));
    buffer_add_text(out, "\n");
}

static void show_degraded_rule(const struct screen *screen, const struct json *rule,
                               struct buffer *out)
{
    static const struct {
        const char *fault;
        void (*show)(const struct screen *screen, const struct json *rule, struct buffer *out);
    } faults[] = {
        { "pattern", show_given_up },        { "key", show_without_key },
        { "group", show_without_group },     { "misread", show_misread },
        { "quarantined", show_quarantined },
    };

    buffer_add_text(out, "    ");
    show_text(out, value_text(rule, "rule"));
    buffer_add_text(out, " is ");
    show_word(screen, out, SLICE("degraded"));
    buffer_add_text(out, ": ");
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (slice_eq(value_text(rule, "fault"), slice_of(faults[i].fault)))
            faults[i].show(screen, rule, out);
}

static void show_learning_rule(const struct screen *screen, const struct json *rule,
                               struct buffer *out)
{
    int64_t until_ms;

    buffer_add_text(out, "    ");
    show_text(out, value_text(rule, "rule"));
    buffer_add_text(out, " cannot judge yet: ");
    show_text(out, value_text(rule, "why"));
    if (value_time(rule, "until", &until_ms)) {
        buffer_add_text(out, ", ends ");
        show_time(screen, out, until_ms, true);
    }
    buffer_add_text(out, "\n");
}

static void show_limited_rule(const struct json *rule, struct buffer *out)
{
    static const struct {
        const char *limit;
        const char *text;
    } limits[] = {
        { "window", "came into windows of more than 10,000, which are counted coarsely" },
        { "keys", "came under keys that it has no room for (limits: keys_per_rule, keys), and are "
                  "counted together" },
    };
    int64_t n_matches = value_int(rule, "matches");

    buffer_add_text(out, "    ");
    show_text(out, value_text(rule, "rule"));
    buffer_format(out, " is at a limit: %lld match%s ", (long long)n_matches,
                  n_matches == 1 ? "" : "es");
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (slice_eq(value_text(rule, "limit"), slice_of(limits[i].limit)))
            buffer_add_text(out, limits[i].text);
    buffer_add_text(out, "\n");
}

static void show_rules(const struct screen *screen, const struct json *rules, struct buffer *out)
{
    const struct json *degraded = json_get_text(rules, "degraded");
    const struct json *learning = json_get_text(rules, "learning");
    const struct json *limited = json_get_text(rules, "limited");

    buffer_format(out, "  %-12s%lld", "rules", (long long)value_int(rules, "loaded"));
    if (slice_eq(value_text(rules, "state"), SLICE("last_good"))) {
        buffer_add_text(out, ", ");
        show_word(screen, out, SLICE("degraded"));
        buffer_add_text(out, ": the files are broken, the last good rules run; repair them, then "
                             "`vedette reload`\n");
        show_block(out, "    ", value_text(rules, "problems"), 0);
    } else {
        buffer_add_text(out, "\n");
    }
    for (const struct json *rule = json_first(degraded); rule; rule = json_next(rule))
        show_degraded_rule(screen, rule, out);
    for (const struct json *rule = json_first(learning); rule; rule = json_next(rule))
        show_learning_rule(screen, rule, out);
    for (const struct json *rule = json_first(limited); rule; rule = json_next(rule))
        show_limited_rule(rule, out);
}

static void show_store(const struct json *status, struct buffer *out)
{
    const struct json *store = json_get_text(status, "store");
    const struct json *depths = json_get_text(status, "depths");

    buffer_format(out, "  %-12s%.1f of %.0f MB\n", "store",
                  (double)value_int(store, "bytes") / (1 << 20),
                  (double)value_int(store, "max_bytes") / (1 << 20));
    buffer_format(out, "  %-12s%lld in the inlet, %lld to be folded\n", "waiting",
                  (long long)value_int(depths, "inlet"), (long long)value_int(depths, "fold_lag"));
    show_counts("outbox", json_get_text(depths, "outbox"), out);
}

static void show_last(const struct screen *screen, const struct json *watcher, const char *member,
                      struct buffer *out)
{
    int64_t at_ms;

    if (value_time(watcher, member, &at_ms)) {
        buffer_add_text(out, ", last ");
        show_time(screen, out, at_ms, false);
    }
    buffer_add_text(out, "\n");
}

static void show_bytes(struct buffer *out, int64_t bytes)
{
    static const char *const units[] = { "B", "KB", "MB", "GB", "TB" };
    double value = (double)bytes;
    size_t unit = 0;

    while (value >= 1024 && unit + 1 < sizeof units / sizeof *units) {
        value /= 1024;
        unit++;
    }
    buffer_format(out, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

/* The files that are behind: what is read to its end is nothing to look at. */
static void show_lagging(const struct json *watcher, struct buffer *out)
{
    const struct json *file = json_first(json_get_text(watcher, "files"));

    for (; file && value_int(file, "lag_bytes"); file = json_next(file)) {
        buffer_add_text(out, "    ");
        show_text(out, value_text(file, "path"));
        buffer_add_text(out, ": ");
        show_bytes(out, value_int(file, "offset"));
        buffer_add_text(out, " of ");
        show_bytes(out, value_int(file, "size"));
        buffer_add_text(out, "\n");
    }
}

static void show_trouble(struct slice trouble, struct buffer *out)
{
    if (!trouble.len)
        return;
    buffer_add_text(out, "    ! ");
    show_text(out, trouble);
    buffer_add_text(out, "\n");
}

static void show_log(const struct screen *screen, const struct json *watcher, struct buffer *out)
{
    int64_t n_files = value_int(watcher, "n_files");

    buffer_format(out, ": %lld file%s, ", (long long)n_files, n_files == 1 ? "" : "s");
    if (value_int(watcher, "lag_bytes")) {
        show_bytes(out, value_int(watcher, "lag_bytes"));
        buffer_add_text(out, " behind, ");
    }
    buffer_format(out, "%lld lines read", (long long)value_int(watcher, "n_lines"));
    if (value_int(watcher, "lost_bytes")) {
        buffer_add_text(out, ", ");
        show_bytes(out, value_int(watcher, "lost_bytes"));
        buffer_add_text(out, " lost");
    }
    show_last(screen, watcher, "last", out);
    if (value_int(watcher, "n_left_alone"))
        buffer_format(out, "    %lld not read (compressed, or Vedette's own log)\n",
                      (long long)value_int(watcher, "n_left_alone"));
    if (value_int(watcher, "n_troubles"))
        show_trouble(value_text(watcher, "trouble"), out);
    show_lagging(watcher, out);
}

static void show_journal(const struct screen *screen, const struct json *watcher,
                         struct buffer *out)
{
    buffer_format(out, ": the journal, %lld entries read",
                  (long long)value_int(watcher, "n_lines"));
    show_last(screen, watcher, "last", out);
    show_trouble(value_text(watcher, "trouble"), out);
}

/* What of GitHub's deliveries did not come, and was asked for. */
static void add_catch_up(const struct screen *screen, const struct json *catch_up,
                         struct buffer *out)
{
    int64_t at_ms;

    if (!value_time(catch_up, "ran", &at_ms)) {
        buffer_add_text(out, "not asked yet");
        return;
    }
    buffer_format(out, "%lld missed, %lld asked for again",
                  (long long)value_int(catch_up, "n_missed"),
                  (long long)value_int(catch_up, "n_asked"));
    if (value_int(catch_up, "n_refused"))
        buffer_format(out, ", %lld refused", (long long)value_int(catch_up, "n_refused"));
    buffer_add_text(out, ", ");
    show_time(screen, out, at_ms, false);
    if (value_is_true(catch_up, "partial"))
        buffer_add_text(out, " (GitHub lists more attempts than were looked at)");
}

static void show_catch_up(const struct screen *screen, const struct json *catch_up,
                          struct buffer *out)
{
    if (!catch_up)
        return;
    buffer_add_text(out, "    catch-up: ");
    add_catch_up(screen, catch_up, out);
    buffer_add_text(out, "\n");
    show_trouble(value_text(catch_up, "error"), out);
}

static void show_webhook(const struct screen *screen, const struct json *watcher,
                         struct buffer *out)
{
    buffer_format(out, ": %lld taken, %lld refused", (long long)value_int(watcher, "n_accepted"),
                  (long long)value_int(watcher, "n_refused"));
    show_last(screen, watcher, "accepted", out);
    if (value_text(watcher, "subscription").len) {
        buffer_add_text(out, "    subscription ");
        show_text(out, value_text(watcher, "subscription"));
        buffer_add_text(out, "\n");
    }
    show_catch_up(screen, json_get_text(watcher, "catch_up"), out);
}

static void show_watchers(const struct screen *screen, const struct json *watchers,
                          struct buffer *out)
{
    static const struct {
        const char *name;
        void (*show)(const struct screen *screen, const struct json *watcher, struct buffer *out);
    } kinds[] = {
        { "webhook", show_webhook },
        { "log", show_log },
        { "journal", show_journal },
    };

    view_heading(screen, "Watchers", out);
    for (const struct json *watcher = json_first(watchers); watcher; watcher = json_next(watcher)) {
        buffer_add_text(out, "  ");
        show_text(out, value_text(watcher, "name"));
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
            if (slice_eq(value_text(watcher, "watcher"), slice_of(kinds[i].name)))
                kinds[i].show(screen, watcher, out);
    }
}

/* Why somebody silenced it; or by what it is held. */
static void show_reason(const struct json *one, struct buffer *out)
{
    const char *member = value_text(one, "reason").len ? "reason" : "detail";

    if (!value_text(one, member).len)
        return;
    buffer_add_text(out, " (");
    show_text(out, value_text(one, member));
    buffer_add_text(out, ")");
}

/* Without a connection no click arrives. */
static void show_socket_mode(const struct json *socket_mode, struct buffer *out)
{
    struct slice error = value_text(socket_mode, "error");

    if (!socket_mode || value_int(socket_mode, "connections"))
        return;
    show_trouble(error.len ? error : SLICE("Socket Mode is not connected yet"), out);
}

static void show_channel(const struct screen *screen, const struct json *channel,
                         struct buffer *out)
{
    bool is_well = slice_eq(value_text(channel, "state"), SLICE("ok"));
    int64_t at_ms;

    buffer_add_text(out, "  ");
    show_text(out, value_text(channel, "name"));
    buffer_add_text(out, ": ");
    if (is_well)
        buffer_add_text(out, "ok");
    else
        show_word(screen, out, value_text(channel, "state"));
    if (value_time(channel, "failing_since", &at_ms)) {
        buffer_add_text(out, " since ");
        show_time(screen, out, at_ms, false);
    }
    if (value_time(channel, "next_try", &at_ms)) {
        buffer_add_text(out, ", next try ");
        show_time(screen, out, at_ms, false);
    }
    buffer_format(out, ", %lld owed", (long long)value_int(channel, "owed"));
    if (value_time(channel, "oldest", &at_ms)) {
        buffer_add_text(out, " (oldest ");
        show_time(screen, out, at_ms, false);
        buffer_add_text(out, ")");
    }
    if (value_int(channel, "dead"))
        buffer_format(out, ", %lld given up", (long long)value_int(channel, "dead"));
    buffer_add_text(out, "\n");
    show_trouble(value_text(channel, "error"), out);
    show_socket_mode(json_get_text(channel, "socket_mode"), out);
}

static void show_channels(const struct screen *screen, const struct json *channels,
                          struct buffer *out)
{
    if (!json_first(channels))
        return;
    view_heading(screen, "Channels", out);
    for (const struct json *channel = json_first(channels); channel; channel = json_next(channel))
        show_channel(screen, channel, out);
}

static void show_maintenance(const struct screen *screen, const struct json *list,
                             struct buffer *out)
{
    int64_t until_ms;

    if (!json_first(list))
        return;
    view_heading(screen, "Maintenance", out);
    for (const struct json *one = json_first(list); one; one = json_next(one)) {
        buffer_add_text(out, "  ");
        value_show_pairs(json_get_text(one, "where"), out);
        if (value_time(one, "until", &until_ms)) {
            buffer_add_text(out, ", ends ");
            show_time(screen, out, until_ms, false);
        }
        show_reason(one, out);
        buffer_add_text(out, "\n");
    }
}

/* What the budget holds back, and when that changes; its first ones are listed with all that is held back. */
static void show_budget(const struct screen *screen, const struct json *budget, struct buffer *out)
{
    static const char *const limits[][3] = { { "open", "open_limit", "open" },
                                             { "in_hour", "per_hour", "in the last hour" },
                                             { "in_day", "per_day", "in the last day" } };
    const struct json *waiting = json_get_text(budget, "waiting_by_severity");
    int64_t at_ms;

    buffer_format(out, "  %-12s", "budget");
    if (value_is_true(budget, "none"))
        buffer_add_text(out, "none: nothing is held back by it");
    for (size_t i = 0; i < sizeof limits / sizeof *limits && !value_is_true(budget, "none"); i++)
        buffer_format(out, "%s%lld of %lld %s", i ? "; " : "",
                      (long long)value_int(budget, limits[i][0]),
                      (long long)value_int(budget, limits[i][1]), limits[i][2]);
    buffer_add_text(out, "\n");
    if (!value_int(budget, "waiting"))
        return;
    show_counts("queued", waiting, out);
    buffer_format(out, "  %-12s", "");
    if (value_time(budget, "since", &at_ms)) {
        buffer_add_text(out, "since ");
        show_time(screen, out, at_ms, true);
    }
    if (value_time(budget, "next", &at_ms)) {
        buffer_add_text(out, ", the next place ");
        show_time(screen, out, at_ms, false);
    } else {
        buffer_add_text(out, ", the next place when something is decided");
    }
    buffer_add_text(out, "\n");
}

static void show_held(const struct screen *screen, const struct json *held, struct buffer *out)
{
    int64_t until_ms;

    if (!json_first(held))
        return;
    view_heading(screen, "Held back", out);
    for (const struct json *one = json_first(held); one; one = json_next(one)) {
        buffer_add_text(out, "  ");
        show_text(out, value_text(one, "why"));
        /* What waits on for something else has its time behind it. */
        if (value_time(one, "until", &until_ms) && until_ms > screen->now_ms) {
            buffer_add_text(out, ", ends ");
            show_time(screen, out, until_ms, false);
        }
        show_reason(one, out);
        buffer_add_text(out, ": ");
        show_text(out, value_text(one, "title"));
        buffer_add_text(out, "  ");
        show_text(out, value_text(one, value_text(one, "signal").len ? "signal" : "proposal"));
        buffer_add_text(out, "\n");
    }
}

static void show_health(const struct screen *screen, const struct json *status, struct buffer *out)
{
    static const struct {
        const char *member;
        const char *text;
    } troubles[] = {
        { "paused", "paused: nothing acts until `vedette resume`" },
        { "refusing_deliveries",
          "deliveries are refused: the store or the disk is full, or it is stopping" },
        { "store_failed", "the store failed: look into the log, and start it again" },
    };
    int64_t started_ms;

    buffer_add_text(out, "Vedette ");
    show_text(out, value_text(status, "version"));
    if (value_time(status, "started", &started_ms)) {
        buffer_add_text(out, ", started ");
        show_time(screen, out, started_ms, true);
    }
    buffer_add_text(out, ", configuration ");
    show_text(out, value_text(status, "config"));
    buffer_add_text(out, "\n");
    for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
        if (!value_is_true(status, troubles[i].member))
            continue;
        show_colour(screen, out, COLOUR_BAD);
        buffer_format(out, "  ! %s\n", troubles[i].text);
        show_colour(screen, out, COLOUR_NONE);
    }
}

static void show_status(const struct screen *screen, const struct json *status, struct buffer *out)
{
    show_health(screen, status, out);
    show_rules(screen, json_get_text(status, "rules"), out);
    show_counts("signals", json_get_text(status, "signals"), out);
    show_counts("held back", json_get_text(status, "signals_held"), out);
    show_budget(screen, json_get_text(status, "budget"), out);
    show_counts("tasks", json_get_text(status, "tasks"), out);
    show_counts("proposals", json_get_text(status, "proposals"), out);
    show_counts("silences", json_get_text(status, "silences"), out);
    show_store(status, out);
    show_watchers(screen, json_get_text(status, "watchers"), out);
    show_channels(screen, json_get_text(status, "channels"), out);
    show_maintenance(screen, json_get_text(status, "maintenance"), out);
    show_held(screen, json_get_text(status, "held_back"), out);
}

static enum exit_code with_status(const struct invocation *invocation,
                                  void (*show)(const struct invocation *invocation,
                                               const struct json *status, struct buffer *out))
{
    struct client *client = NULL;
    struct json *status = NULL;
    struct buffer out;
    enum exit_code code = client_new(invocation, &client);

    buffer_init(&out, 0);
    if (!code)
        code = client_get(client, SLICE("/api/v1/status"), &status);
    if (!code) {
        show(invocation, status, &out);
        code = screen_write(&out) ? EXIT_REFUSED : EXIT_DONE;
    }
    json_free(status);
    client_free(client);
    buffer_free(&out);
    return code;
}

static void write_status(const struct invocation *invocation, const struct json *status,
                         struct buffer *out)
{
    if (!invocation->options.json) {
        show_status(&invocation->screen, status, out);
        return;
    }
    value_add_line(status, out);
    buffer_add_text(out, "\n");
}

enum exit_code status_command(const struct invocation *invocation)
{
    return with_status(invocation, write_status);
}

/* --- hooks --- */

static void show_hook_catch_up(const struct screen *screen, const struct json *catch_up,
                               struct buffer *out)
{
    struct buffer text;

    if (!catch_up)
        return;
    buffer_init(&text, 0);
    add_catch_up(screen, catch_up, &text);
    view_member("catch-up", buffer_slice(&text), out);
    view_member("trouble", value_text(catch_up, "error"), out);
    buffer_free(&text);
}

static void show_hook(const struct screen *screen, const struct json *hook, struct buffer *out)
{
    const struct sender *sender = sender_find(value_text(hook, "sender"));

    show_colour(screen, out, COLOUR_STRONG);
    show_text(out, value_text(hook, "name"));
    show_colour(screen, out, COLOUR_NONE);
    buffer_add_text(out, "\n");
    view_member("sender", sender ? slice_of(sender->title) : value_text(hook, "sender"), out);
    view_member("URL", value_text(hook, "url"), out);
    if (sender && sender->events_to_tick)
        view_member("tick", slice_of(sender->events_to_tick), out);
    view_time_member(screen, "last taken", hook, "accepted", out);
    view_time_member(screen, "handshake", hook, "handshake", out);
    view_time_member(screen, "last refused", hook, "refused", out);
    view_member("because", value_text(hook, "reason"), out);
    view_member("subscription", value_text(hook, "subscription"), out);
    if (!value_text(hook, "accepted").len)
        view_member("deliveries",
                    value_text(hook, "refused").len ? SLICE("refused, all of them since the start")
                                                    : SLICE("none since the start"),
                    out);
    show_hook_catch_up(screen, json_get_text(hook, "catch_up"), out);
}

/* Those of the status, and what the sender's own page asks to be ticked. */
static void write_hook_json(const struct json *hook, struct buffer *out)
{
    const struct sender *sender = sender_find(value_text(hook, "sender"));
    struct json_writer writer = json_writer_to(out);

    json_object_begin(&writer);
    for (const struct json *member = json_first(hook); member; member = json_next(member)) {
        json_key_slice(&writer, json_name(member));
        json_write_node(&writer, member);
    }
    if (sender && sender->events_to_tick)
        json_member_text(&writer, "events_to_tick", slice_of(sender->events_to_tick));
    json_object_end(&writer);
    buffer_add_text(out, "\n");
}

static void write_hooks(const struct invocation *invocation, const struct json *status,
                        struct buffer *out)
{
    const struct json *hook = json_first(json_get_text(status, "watchers"));

    for (; hook; hook = json_next(hook)) {
        if (!slice_eq(value_text(hook, "watcher"), SLICE("webhook")))
            continue;
        if (invocation->options.json)
            write_hook_json(hook, out);
        else
            show_hook(&invocation->screen, hook, out);
    }
}

static enum exit_code list_senders(const struct invocation *invocation)
{
    const struct sender *sender;
    struct buffer out;
    enum rc rc;

    buffer_init(&out, 0);
    for (size_t i = 0; (sender = sender_at(i)) != NULL; i++)
        buffer_format(
            &out, invocation->options.json ? "{\"sender\":\"%s\",\"title\":\"%s\"}\n" : "%-20s%s\n",
            sender->name, sender->title);
    rc = screen_write(&out);
    buffer_free(&out);
    return rc ? EXIT_REFUSED : EXIT_DONE;
}

enum exit_code hooks_command(const struct invocation *invocation)
{
    if (invocation->options.senders)
        return list_senders(invocation);
    return with_status(invocation, write_hooks);
}
