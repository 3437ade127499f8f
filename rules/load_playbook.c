#include "rules/loader.h"

#include "src/base/clock.h"

/* -- do, with, why -- */

struct use_nodes {
    struct slice action;
    struct node *with, *why;
};

#define USE_SETTINGS                                                                               \
    { .name = "do",                                                                                \
      .type = SETTING_TEXT,                                                                        \
      .offset = offsetof(struct use_nodes, action),                                                \
      .required = true,                                                                            \
      .help = "the name of an action of vedette.yaml" },                                           \
    {                                                                                              \
        .name = "with", .type = SETTING_NODE, .offset = offsetof(struct use_nodes, with),          \
        .shape = &shape_params, .help = "its parameters, with {{field}} in them"                   \
    }

const struct shape shape_params = { .kind = SHAPE_MAP, .item = &shape_text };

/* clang-format off */
static const struct setting step_settings[] = {
    USE_SETTINGS,
    { .name = "why", .type = SETTING_NODE, .offset = offsetof(struct use_nodes, why), .shape = &shape_text, .help = "what speaks for it, to who decides" },
};
static const struct setting collect_settings[] = { USE_SETTINGS };
/* clang-format on */
const struct shape shape_step = {
    .name = "step",
    SHAPE_OF(step_settings),
};
static const struct shape collect_members = {
    .name = "collect",
    SHAPE_OF(collect_settings),
};

static void read_params(struct rule_reading *reading, const struct node *with,
                        struct action_use *use)
{
    if (with->type != NODE_MAP) {
        node_problem(reading->loader->problems, with, "`with` is a map of parameters, not %s",
                     node_type_text(with));
        return;
    }
    use->params = loader_alloc(reading->loader, with->n_pairs, sizeof(*use->params));
    for (size_t i = 0; use->params && i < with->n_pairs; i++) {
        struct named_template *param = &use->params[use->n_params++];

        param->name = loader_keep(reading->loader, with->pairs[i].key);
        param->template = read_template(reading, with->pairs[i].value, &reading->captures, false);
    }
}

static void read_use(struct rule_reading *reading, const struct shape *members,
                     const struct node *map, struct action_use *use)
{
    struct use_nodes nodes = { 0 };

    (void)loader_read_members(reading->loader, members, map, &nodes);
    *use = (struct action_use){ .mark = map->mark, .action = nodes.action };
    if (nodes.with)
        read_params(reading, nodes.with, use);
    if (nodes.why)
        use->why = read_template(reading, nodes.why, &reading->captures, false);
}

void read_step(struct rule_reading *reading, const struct node *map, struct action_use *use)
{
    read_use(reading, &shape_step, map, use);
}

void read_action_to_collect(struct rule_reading *reading, const struct node *map,
                            struct action_use *use)
{
    read_use(reading, &collect_members, map, use);
}

/* -- verify -- */

struct verify_nodes {
    int64_t ok_ms, quiet_ms;
    struct slice check;
    struct node *with;
};
#define AT(x) .offset = offsetof(struct verify_nodes, x)
static const struct setting verify_settings[] = {
    { .name = "ok",
      .type = SETTING_DURATION,
      AT(ok_ms),
      .min = SECOND_MS,
      .max = VERIFY_MAX_MS,
      .help = "an event that clears comes within that time" },
    { .name = "quiet",
      .type = SETTING_DURATION,
      AT(quiet_ms),
      .min = SECOND_MS,
      .max = VERIFY_MAX_MS,
      .help = "no further match comes for that time" },
    { .name = "check",
      .type = SETTING_TEXT,
      AT(check),
      .help = "an action with `effect: none` that succeeds" },
    { .name = "with",
      .type = SETTING_NODE,
      AT(with),
      .shape = &shape_params,
      .help = "the parameters of `check`" },
};
#undef AT
static const struct shape verify_map = {
    .name = "check",
    SHAPE_OF(verify_settings),
};

static const char *const verify_words[] = { "none", NULL };
static const struct shape verify_word = { .kind = SHAPE_WORD, .words = verify_words };
static const struct shape *const verify_either[] = { &verify_map, &verify_word, NULL };
const struct shape shape_verify = { .kind = SHAPE_EITHER,
                                    .name = "verify",
                                    .either = verify_either };

static void read_check(struct rule_reading *reading, const struct node *map,
                       const struct verify_nodes *nodes)
{
    struct verify_part *verify = &reading->rule->playbook.verify;

    verify->kind = PLAYBOOK_VERIFY_CHECK;
    verify->check = (struct action_use){ .mark = map->mark, .action = nodes->check };
    if (nodes->with)
        read_params(reading, nodes->with, &verify->check);
}

/* No event ever ends such a signal well, so that {ok} could only end inconclusive. */
static void warn_never_ok(struct rule_reading *reading, const struct node *map)
{
    if (reading->rule->clear.kind != CLEAR_BY_EVENT)
        mark_problem(reading->loader->problems, PROBLEM_WARNING, map->mark,
                     "{ok: …} waits for an event that clears, and `clear` names none: write "
                     "{quiet: 30m}, or say in `clear` which event it is");
}

static void read_verify(struct rule_reading *reading, const struct node *map)
{
    struct verify_part *verify = &reading->rule->playbook.verify;
    struct verify_nodes nodes = { 0 };
    bool is_whole;
    int n_kinds;

    if (map->type == NODE_SCALAR && slice_eq(map->text, SLICE("none"))) {
        verify->kind = PLAYBOOK_VERIFY_NONE;
        return;
    }
    is_whole = loader_read_members(reading->loader, &verify_map, map, &nodes);
    n_kinds = (nodes.ok_ms ? 1 : 0) + (nodes.quiet_ms ? 1 : 0) + (nodes.check.len ? 1 : 0);
    if (!is_whole && n_kinds != 1)
        return;
    if (n_kinds != 1 || (nodes.with && !nodes.check.len)) {
        node_problem(reading->loader->problems, map,
                     "`verify` is one of {ok: 1h}, {quiet: 30m}, {check: ACTION, with: {…}}, none");
        return;
    }
    if (nodes.check.len) {
        read_check(reading, map, &nodes);
        return;
    }
    verify->kind = nodes.ok_ms ? PLAYBOOK_VERIFY_OK : PLAYBOOK_VERIFY_QUIET;
    verify->window_ms = nodes.ok_ms ? nodes.ok_ms : nodes.quiet_ms;
    if (nodes.ok_ms)
        warn_never_ok(reading, map);
}

void read_playbook(struct rule_reading *reading, const struct node *diagnose,
                   const struct node *propose, const struct node *verify)
{
    if (diagnose)
        read_diagnose(reading, diagnose);
    if (propose)
        read_propose(reading, propose);
    if (verify)
        read_verify(reading, verify);
}
