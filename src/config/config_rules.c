#include "src/config/config_private.h"

#include "rules/accept.h"
#include "src/base/embedded.h"
#include "watchers/log_config.h"
#include "watchers/senders/sender.h"

#include <stdlib.h>

extern const struct embedded_file shipped_rules[];

static enum rc embedded_rules(struct arena *arena, struct rule_files *files)
{
    size_t n_files = 0;

    while (shipped_rules[n_files].name)
        n_files++;
    files->files = arena_alloc(arena, n_files, sizeof *files->files);
    if (!files->files)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < n_files; i++)
        files->files[i] = (struct rule_file){ .name = slice_of(shipped_rules[i].name),
                                              .text = shipped_rules[i].text };
    files->n_files = n_files;
    return RC_OK;
}

/* --- do the rules fit the configuration? --- */

/* Gives names for problem_did_you_mean, to be freed; NULL when memory is out: then nothing is suggested. */
static const char **log_names(const struct watchers *watchers)
{
    size_t n_logs = 0;
    const char **names;

    while (watchers_log_at(watchers, n_logs))
        n_logs++;
    names = calloc(n_logs + 1, sizeof *names);
    for (size_t i = 0; names && i < n_logs; i++)
        names[i] = watchers_log_at(watchers, i)->name.ptr; /* of the arena: a NUL is behind it */
    return names;
}

/* What has that name all the same; NULL: nothing. */
static const char *other_kind(const struct watchers *watchers, struct slice name)
{
    if (watchers_find_webhook(watchers, name))
        return "a webhook";
    return watchers_find_journal(watchers, name) ? "a journal" : NULL;
}

static void refuse_log(const struct config *config, const struct log_use *use,
                       struct problems *problems)
{
    const char **names = log_names(config->watchers);
    const char *meant = names ? problem_did_you_mean(use->watcher, names) : NULL;
    const char *other = other_kind(config->watchers, use->watcher);

    if (other)
        mark_problem(problems, PROBLEM_ERROR, use->mark,
                     "`%.*s` is %s: only the files of a `log` watcher can be searched",
                     SLICE_ARG(use->watcher), other);
    else
        mark_problem(problems, PROBLEM_ERROR, use->mark,
                     "no log watcher `%.*s` stands under `watchers` of the configuration%s%s%s",
                     SLICE_ARG(use->watcher), meant ? "; did you mean `" : "", meant ? meant : "",
                     meant ? "`?" : "");
    free(names);
}

/* Without a configuration file nobody knows what will be watched where the rules are meant for. */
static bool check_log(const struct config *config, const struct log_use *use,
                      struct problems *problems)
{
    const struct log_watch *watch = watchers_find_log(config->watchers, use->watcher);

    if (config->is_default)
        return true;
    if (!watch) {
        refuse_log(config, use, problems);
        return false;
    }
    if (watch->is_stdin)
        mark_problem(problems, PROBLEM_WARNING, use->mark,
                     "`%.*s` is standard input, which cannot be searched: this evidence will "
                     "always be missing",
                     SLICE_ARG(use->watcher));
    return true;
}

static bool check_action(const struct config *config, const struct action_use *use,
                         bool only_collects, struct problems *problems)
{
    return config->lacks_actions || action_check_use(config->actions, use, only_collects, problems);
}

static bool check_evidence(const struct config *config, const struct evidence_request *request,
                           struct problems *problems)
{
    switch (request->source) {
    case EVIDENCE_FROM_ACTION:
        return check_action(config, &request->use, true, problems);
    case EVIDENCE_FROM_LOG:
        return config->lacks_watchers || check_log(config, &request->log, problems);
    case EVIDENCE_FROM_CHANGES:
    case EVIDENCE_FROM_SIMILAR:
        return true;
    }
    return false;
}

static bool check_uses(const struct config *config, const struct rule *rule,
                       struct problems *problems)
{
    const struct playbook *playbook = &rule->playbook;
    bool is_right = true;

    for (size_t i = 0; i < playbook->propose.n_plan; i++)
        is_right &= check_action(config, &playbook->propose.plan[i], false, problems);
    for (size_t i = 0; i < playbook->diagnose.n_evidence; i++)
        is_right &= check_evidence(config, &playbook->diagnose.evidence[i], problems);
    if (playbook->verify.kind == PLAYBOOK_VERIFY_CHECK)
        is_right &= check_action(config, &playbook->verify.check, true, problems);
    return is_right;
}

/* Then its step has told it. */
static bool is_planned(const struct rule *rule, struct slice action)
{
    const struct propose_part *propose = &rule->playbook.propose;

    for (size_t i = 0; i < propose->n_plan; i++) {
        if (slice_eq(propose->plan[i].action, action))
            return true;
    }
    return false;
}

static bool check_allowed(const struct config *config, const struct rule *rule,
                          struct problems *problems)
{
    const struct slice_list *allow = &rule->playbook.propose.allow;
    bool is_right = true;

    for (size_t i = 0; i < allow->n_items && !config->lacks_actions; i++) {
        if (actions_find(config->actions, allow->items[i]) || is_planned(rule, allow->items[i]))
            continue;
        mark_problem(problems, PROBLEM_ERROR, rule->mark,
                     "rule `%.*s` allows `%.*s`, which is no declared action", SLICE_ARG(rule->id),
                     SLICE_ARG(allow->items[i]));
        is_right = false;
    }
    return is_right;
}

/* Who decides what a rule proposes, and of whom it was taken. */
struct decided_by {
    struct slice_list from;
    int64_t need;
    const struct action_use *from_step, *need_step; /* NULL: not of a step's action */
};

static enum rc say_whose(struct buffer *out, const struct action_use *step, bool is_own)
{
    if (step)
        buffer_format(out, " of action `%.*s`", SLICE_ARG(step->action));
    else if (!is_own)
        buffer_add_text(out, " of the configuration");
    buffer_add_byte(out, '\0');
    return buffer_rc(out);
}

static void refuse_need(const struct rule *rule, const struct decided_by *by, int64_t n_people,
                        struct problems *problems)
{
    const struct propose_part *part = &rule->playbook.propose;
    const struct action_use *step = by->need_step ? by->need_step : by->from_step;
    struct buffer need_of, from_of;
    enum rc rc;

    buffer_init(&need_of, 0);
    buffer_init(&from_of, 0);
    rc = say_whose(&need_of, by->need_step, part->approvers_need);
    if (!rc)
        rc = say_whose(&from_of, by->from_step, part->approvers_from.n_items);
    mark_problem(problems, PROBLEM_ERROR, step ? step->mark : rule->mark,
                 "rule `%.*s`: `need: %lld`%s, but `from`%s names %lld people", SLICE_ARG(rule->id),
                 (long long)by->need, rc ? "" : need_of.ptr, rc ? "" : from_of.ptr,
                 (long long)n_people);
    buffer_free(&need_of);
    buffer_free(&from_of);
}

/* False after an error: then so many people will never approve. */
static bool check_need(const struct config *config, const struct rule *rule,
                       const struct decided_by *by, struct problems *problems)
{
    struct slice unknown = { 0 };
    int64_t n_people = config_count_approvers(config, by->from, &unknown);

    if (!by->from.n_items) /* nobody at all: the configuration has said it */
        return true;
    if (n_people < 0)
        mark_problem(problems, PROBLEM_ERROR, rule->mark,
                     "rule `%.*s`: approver `%.*s` is neither in `people` nor in `groups`",
                     SLICE_ARG(rule->id), SLICE_ARG(unknown));
    else if (by->need > n_people)
        refuse_need(rule, by, n_people, problems);
    return by->need <= n_people;
}

/* As the engine takes them from the actions of a plan. */
static void take_from_actions(const struct config *config, const struct rule *rule,
                              struct decided_by *by)
{
    const struct propose_part *part = &rule->playbook.propose;

    for (size_t i = 0; i < part->n_plan; i++) {
        const struct action *action = actions_find(config->actions, part->plan[i].action);

        if (!action)
            continue;
        if (action->approvers_need > by->need) {
            by->need = action->approvers_need;
            by->need_step = &part->plan[i];
        }
        if (action->approvers_from.n_items) {
            by->from = action->approvers_from;
            by->from_step = &part->plan[i];
        }
    }
}

static bool check_approvers(const struct config *config, const struct rule *rule,
                            struct problems *problems)
{
    const struct propose_part *part = &rule->playbook.propose;
    struct decided_by by = {
        .from = part->approvers_from.n_items ? part->approvers_from : config->approvers_from,
        .need = part->approvers_need ? part->approvers_need : config->approvers_need,
    };

    if (config->is_default || config->lacks_people)
        return true;
    if (!check_need(config, rule, &by, problems))
        return false;
    if (config->lacks_actions)
        return true;
    take_from_actions(config, rule, &by);
    return (!by.need_step && !by.from_step) || check_need(config, rule, &by, problems);
}

/* By which it is accepted: never another one. */
#define VAIN_RULE "no-watcher"

static bool is_asked_for_before(const struct rule *rule, size_t n_filters, struct slice on)
{
    for (size_t n = 0; n < n_filters; n++) {
        const struct slice_list *names = &rule_filter(rule, n)->on;

        for (size_t i = 0; i < names->n_items; i++) {
            if (slice_eq(names->items[i], on))
                return true;
        }
    }
    return false;
}

static bool is_type(struct slice on)
{
    const struct sender *sender;
    int type;

    for (size_t i = 0; (sender = sender_at(i)); i++) {
        if (sender->types && slice_to_enum(on, sender->types, &type) == RC_OK)
            return true;
    }
    return false;
}

/* The type of some sender that is most likely meant by one that nobody has; NULL. */
static const char *near_type(struct slice on)
{
    const char *meant = NULL;
    const struct sender *sender;

    if (is_type(on))
        return NULL;
    for (size_t i = 0; !meant && (sender = sender_at(i)); i++)
        meant = sender->types ? problem_did_you_mean(on, sender->types) : NULL;
    return meant;
}

static void warn_of_vain_name(const struct rule *rule, struct slice on, struct mark mark,
                              struct problems *problems)
{
    const char *meant = near_type(on);

    if (meant)
        problems_add_named(problems, VAIN_RULE, PROBLEM_WARNING, mark.file, mark.line, mark.column,
                           "rule `%.*s` waits for `%.*s`, which no configured watcher can yield; "
                           "did you mean `%s`?",
                           SLICE_ARG(rule->id), SLICE_ARG(on), meant);
    else
        problems_add_named(
            problems, VAIN_RULE, PROBLEM_WARNING, mark.file, mark.line, mark.column,
            "rule `%.*s` waits for `%.*s`, which no configured watcher can yield: add one "
            "under `watchers`, or take it out of `on`",
            SLICE_ARG(rule->id), SLICE_ARG(on));
}

/* What looks like a kind has been told by whoever read it. */
static void warn_of_vain_filter(const struct config *config, const struct rule_files *files,
                                const struct rule *rule, size_t n, struct problems *problems)
{
    const struct slice_list *names = &rule_filter(rule, n)->on;
    struct mark mark = rule_filter(rule, n)->on_mark;

    for (size_t i = 0; i < names->n_items; i++) {
        struct slice on = names->items[i];

        if (slice_starts(on, SLICE("vedette.")) || watchers_may_yield(config->watchers, on) ||
            near_kind(on) || is_asked_for_before(rule, n, on) || accept_has(files, mark, VAIN_RULE))
            continue;
        warn_of_vain_name(rule, on, mark, problems);
    }
}

/* Once for each name, whichever of its filters asks for it. */
static void warn_of_vain_rules(const struct config *config, const struct rule_files *files,
                               const struct rule *rule, struct problems *problems)
{
    for (size_t n = 0; rule_filter(rule, n); n++)
        warn_of_vain_filter(config, files, rule, n, problems);
}

bool config_check_rules(const struct config *config, const struct rule_files *files,
                        const struct ruleset *ruleset, struct problems *problems)
{
    bool is_right = true, is_whole = true;

    for (size_t i = 0; i < ruleset->n_rules; i++) {
        const struct rule *rule = &ruleset->rules[i];

        is_whole &= !rule->is_broken;
        if (rule->is_broken)
            continue;
        is_right &= check_uses(config, rule, problems);
        is_right &= check_allowed(config, rule, problems);
        is_right &= check_approvers(config, rule, problems);
        if (!config->lacks_watchers)
            warn_of_vain_rules(config, files, rule, problems);
    }
    if (is_whole) /* what the others have of fields is not known */
        config_check_maintenance(config, ruleset, problems);
    return is_right;
}

enum rc config_read_rules(const struct config *config, struct problems *problems,
                          struct arena *arena, struct rule_files *files)
{
    enum rc rc = config->is_default && !config->rules.n_items
                     ? embedded_rules(arena, files)
                     : rule_files_read(config->rules, arena, problems, files);

    config_tell_lateness(config, files);
    return rc;
}

static int64_t ask_watchers(const void *watchers, struct slice on)
{
    return watchers_longest_lateness_ms(watchers, on);
}

void config_tell_lateness(const struct config *config, struct rule_files *files)
{
    if (!config || !config->watchers)
        return;
    files->lateness_ms = ask_watchers;
    files->watchers = config->watchers;
}

enum rc config_load_rules(const struct config *config, struct problems *problems,
                          struct rule_files *files, struct arena *files_arena,
                          struct ruleset **ruleset)
{
    struct ruleset *parsed = NULL;
    enum rc rc = config_read_rules(config, problems, files_arena, files);

    if (!rc)
        rc = ruleset_parse(files, problems, &parsed);
    if (rc)
        return rc;
    if (!config_check_rules(config, files, parsed, problems)) {
        ruleset_free(parsed);
        return RC_INVALID;
    }
    *ruleset = parsed;
    return RC_OK;
}
