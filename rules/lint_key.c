#include "rules/lint_private.h"

/* -- keys that are never seen twice -- */

static const struct {
    const char *field;
    bool
        may_join; /* events that belong together have it alike: runs of one commit, jobs of one run */
} volatile_fields[] = {
    { .field = "time" },
    { .field = "received" },
    { .field = "duration" },
    { .field = "attempt" },
    { .field = "commit", .may_join = true },
    { .field = "run", .may_join = true },
};

/* A condition of several events joins what has it alike. */
static bool is_joined(const struct rule *rule)
{
    return lint_member(rule, "when") != NULL;
}

static void look_at_name(struct lint *lint, const struct rule *rule, struct slice name,
                         struct mark mark)
{
    for (size_t i = 0; i < sizeof(volatile_fields) / sizeof(*volatile_fields); i++) {
        if (!slice_eq(name, slice_of(volatile_fields[i].field)) ||
            (volatile_fields[i].may_join && is_joined(rule)))
            continue;
        lint_warn(lint, mark,
                  "`%.*s` is another one each time: every event is a signal of its own, and none "
                  "ends what an earlier one began; leave it out of the key, and show it in the "
                  "title",
                  SLICE_ARG(name));
    }
}

void lint_volatile_key(struct lint *lint, const struct rule *rule)
{
    const struct node *node = lint_member(rule, "key");
    const struct rule_key *key = &rule->key;

    for (size_t i = 0; node && i < key->names.n_items; i++)
        look_at_name(lint, rule, key->names.items[i], lint_mark_of(node, i));
    for (size_t i = 0; node && key->template; i++) {
        struct slice name = template_name(key->template, i);

        if (slice_is_absent(name))
            return;
        look_at_name(lint, rule, name, node->mark);
    }
}

/* -- rules that would ask about everything -- */

static const char *const plentiful[] = { "log", "push", "*", NULL };

void lint_broad(struct lint *lint, const struct rule *rule)
{
    const struct filter *filter = &rule->filter;
    const struct node *on = lint_member(rule, "on");

    if (rule->mode == RULE_OBSERVE || lint_member(rule, "when") || rule->while_firing.n_items ||
        filter->n_match || filter->n_ignore || filter->where || !on)
        return;
    for (size_t i = 0; i < filter->on.n_items; i++) {
        int which;

        if (!slice_to_enum(filter->on.items[i], plentiful, &which))
            lint_warn(lint, lint_mark_of(on, i),
                      "people would be asked about every `%s` event: say which by `match` or "
                      "`where`, how many by `when: {count: 5, within: 10m}`, or `mode: observe`",
                      plentiful[which]);
    }
}
