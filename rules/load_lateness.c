#include "rules/loader.h"

#include "src/base/clock.h"

/* How late what a rule is `on` may come, where the rule does not say: as late as the most patient of the watchers that can yield it allows. */

struct longest {
    const struct rule_files *files;
    int64_t lateness_ms;
};

static void take(struct longest *longest, const struct node *name)
{
    if (name->type == NODE_SCALAR)
        longest->lateness_ms =
            later_of(longest->lateness_ms,
                     longest->files->lateness_ms(longest->files->watchers, name->text));
    for (size_t i = 0; name->type == NODE_LIST && i < name->n_items; i++)
        take(longest, name->items[i]);
}

/* Wherever a FILTER stands below. */
static void look_for_on(struct longest *longest, const struct node *node)
{
    for (size_t i = 0; node->type == NODE_LIST && i < node->n_items; i++)
        look_for_on(longest, node->items[i]);
    for (size_t i = 0; node->type == NODE_MAP && i < node->n_pairs; i++) {
        if (slice_eq(node->pairs[i].key, SLICE("on")))
            take(longest, node->pairs[i].value);
        else
            look_for_on(longest, node->pairs[i].value);
    }
}

int64_t lateness_of_watchers(const struct loader *loader, const struct node *rule)
{
    static const char *const members[] = { "when", "clear" };
    struct longest longest = { .files = loader->files, .lateness_ms = USUAL_LATENESS_MS };
    const struct node *on = node_find(rule, "on");

    if (!loader->files->lateness_ms)
        return longest.lateness_ms;
    if (on)
        take(&longest, on);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const struct node *member = node_find(rule, members[i]);

        if (member)
            look_for_on(&longest, member);
    }
    return longest.lateness_ms;
}
