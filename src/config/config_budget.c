#include "src/config/config_private.h"

#include "src/store/budget.h"

/* clang-format off */
#define AT(member) .offset = offsetof(struct review_budget, member)
static const struct setting members[] = {
    { .name = "open",     .type = SETTING_INT, AT(open),     .min = 1, .max = BUDGET_MAX_LIMIT,    .help = "so many proposals are open at most; default 5" },
    { .name = "per_hour", .type = SETTING_INT, AT(per_hour), .min = 1, .max = BUDGET_MAX_LIMIT,    .help = "so many are made in an hour; default 6" },
    { .name = "per_day",  .type = SETTING_INT, AT(per_day),  .min = 1, .max = BUDGET_MAX_LIMIT,    .help = "so many are made in a day; default 20" },
    { .name = "critical", .type = SETTING_INT, AT(critical), .min = 0, .max = BUDGET_MAX_BORROWED, .help = "so many more of each where it is critical; default 3" },
};
#undef AT
/* clang-format on */
static const struct shape budget_map = { SHAPE_OF(members) };
static const char *const budget_words[] = { "none", NULL };
static const struct shape budget_word = { .kind = SHAPE_WORD, .words = budget_words };
static const struct shape *const budget_either[] = { &budget_map, &budget_word, NULL };
const struct shape shape_budget = { .kind = SHAPE_EITHER, .either = budget_either };

const struct review_budget config_default_budget = {
    .is_there = true, .open = 5, .per_hour = 6, .per_day = 20, .critical = 3
};

/* More in an hour than in a day: true, and not what somebody means. */
static void warn_of_the_day(const struct config_reader *reader)
{
    const struct review_budget *budget = &reader->config->budget;

    if (budget->per_hour > budget->per_day)
        mark_problem(reader->problems, PROBLEM_WARNING, reader->file.budget->mark,
                     "`per_hour: %lld` is never reached: `per_day` is %lld",
                     (long long)budget->per_hour, (long long)budget->per_day);
}

enum rc config_read_budget(struct config_reader *reader)
{
    struct review_budget *budget = &reader->config->budget;
    const struct node *node = reader->file.budget;
    enum rc rc;

    *budget = config_default_budget;
    if (!node)
        return RC_OK;
    budget->is_written = true;
    if (node->type == NODE_SCALAR && slice_eq(node->text, SLICE("none"))) {
        budget->is_there = false;
        return RC_OK;
    }
    if (node->type != NODE_MAP) {
        node_problem(reader->problems, node,
                     "`budget` is {open: 5, per_hour: 6, per_day: 20, critical: 3}, or `none`: "
                     "nothing is held back");
        return RC_INVALID;
    }
    rc = settings_read(members, sizeof members / sizeof *members, node, reader->config->arena,
                       reader->problems, budget);
    if (!rc)
        warn_of_the_day(reader);
    return rc;
}
