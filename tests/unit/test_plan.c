#include "declared.h"

#include "actions/plan.h"

static const struct given event[] = { { "run", "7" }, { "repo", "acme/shop" }, { "words", "hi" } };
static struct event_values values = { .given = event, .n_given = 3 };
static const struct template_values names = { .get = event_value, .context = &values };

static const struct given rerun_params[] = { { "run", "{{run}}" }, { "repo", "{{repo}}" } };
static const struct given say_params[] = { { "words", "{{words}} there" } };

static struct slice allowed[] = { { "rerun-failed-jobs", 17 }, { "say", 3 } };
static const struct slice_list allow = { .items = allowed, .n_items = 2 };

static enum rc render(struct declared *declared, struct slice_list allowed_names,
                      struct record_list *steps, struct slice *refused)
{
    struct action_use uses[] = { declared_use(declared, "rerun-failed-jobs", rerun_params, 2),
                                 declared_use(declared, "say", say_params, 1) };

    *refused = (struct slice){ 0 };
    return plan_render(declared->actions, uses, 2, allowed_names, &names, declared->arena, steps,
                       refused);
}

static void a_plan_is_its_uses_in_order(void **state)
{
    struct record_list plan = { 0 };
    struct slice refused;
    struct step *steps;

    assert_int_equal(render(*state, allow, &plan, &refused), RC_OK);
    assert_int_equal(plan.n_items, 2);
    steps = plan.items;
    assert_slice(steps[0].argv.items[3], "7");
    assert_slice(steps[1].action, "say");
    assert_slice(steps[1].argv.items[1], "hi there");
}

static void x16_an_action_that_the_rule_does_not_allow_makes_no_plan_at_all(void **state)
{
    struct record_list plan = { 0 };
    struct slice refused;

    assert_int_equal(
        render(*state, (struct slice_list){ .items = allowed, .n_items = 1 }, &plan, &refused),
        RC_INVALID);
    assert_slice(refused, "the rule does not allow the action \"say\"");
    assert_int_equal(plan.n_items, 0);
    assert_int_equal(render(*state, (struct slice_list){ 0 }, &plan, &refused), RC_INVALID);
}

static void x10_one_bad_value_makes_no_plan_at_all(void **state)
{
    static const struct given bad[] = { { "run", "-7" }, { "repo", "a/b" }, { "words", "x" } };
    struct record_list plan = { 0 };
    struct slice refused;

    values.given = bad;
    assert_int_equal(render(*state, allow, &plan, &refused), RC_INVALID);
    values.given = event;
    assert_slice(refused, "parameter `run` of rerun-failed-jobs starts with `-`, which a program "
                          "would read as an option: \"-7\"");
    assert_int_equal(plan.n_items, 0);
}

/* -- the digest -- */

struct signed_plan {
    struct declared *declared;
    struct proposal proposal;
    struct step *steps;
};

static struct signed_plan sign(struct declared *declared)
{
    struct signed_plan plan = { .declared = declared };
    struct slice refused;

    plan.proposal = (struct proposal){ .id = { { 1 } },
                                       .revision = 1,
                                       .rule = SLICE("r"),
                                       .rule_version = SLICE("v1"),
                                       .expires_ms = 1000 };
    assert_int_equal(render(declared, allow, &plan.proposal.plan, &refused), RC_OK);
    plan.steps = plan.proposal.plan.items;
    return plan;
}

static struct slice digest_of(struct signed_plan *plan)
{
    struct slice digest;

    assert_int_equal(plan_digest(&plan->proposal, plan->declared->arena, &digest), RC_OK);
    assert_int_equal(digest.len, 64);
    return digest;
}

/* Each changes one thing that a human approves. */
static void change_id(struct signed_plan *plan)
{
    plan->proposal.id.bytes[15] = 9;
}
static void change_revision(struct signed_plan *plan)
{
    plan->proposal.revision++;
}
static void change_rule(struct signed_plan *plan)
{
    plan->proposal.rule = SLICE("s");
}
static void change_rule_version(struct signed_plan *plan)
{
    plan->proposal.rule_version = SLICE("v2");
}
static void change_expiry(struct signed_plan *plan)
{
    plan->proposal.expires_ms++;
}
static void change_action(struct signed_plan *plan)
{
    plan->steps[0].action = SLICE("other");
}
static void change_argument(struct signed_plan *plan)
{
    plan->steps[0].argv.items[3] = SLICE("8");
}
static void split_argument(struct signed_plan *plan)
{
    /* "hi there" and nothing against "hi" and "there" */
    static struct slice argv[] = { { "/bin/echo", 9 }, { "hi", 2 }, { "there", 5 } };

    plan->steps[1].argv = (struct slice_list){ .items = argv, .n_items = 3 };
}
static void change_request(struct signed_plan *plan)
{
    plan->steps[1].request = SLICE("{}");
}
static void change_env(struct signed_plan *plan)
{
    plan->steps[0].env.n_items--;
}
static void change_user(struct signed_plan *plan)
{
    plan->steps[0].user = SLICE("root");
}
static void change_check(struct signed_plan *plan)
{
    plan->steps[0].check.n_items = 0;
}
static void change_undo(struct signed_plan *plan)
{
    plan->steps[0].undo = (struct slice){ 0 };
}
static void change_what_the_undo_does(struct signed_plan *plan)
{
    static struct step undo = { .action = { "say", 3 } };

    plan->steps[0].undo_step = (struct record_list){ .items = &undo, .n_items = 1 };
}
static void change_timeout(struct signed_plan *plan)
{
    plan->steps[1].timeout_ms++;
}
static void change_effect(struct signed_plan *plan)
{
    plan->steps[1].effect = EFFECT_WRITE;
}
static void drop_step(struct signed_plan *plan)
{
    plan->proposal.plan.n_items--;
}
static void swap_steps(struct signed_plan *plan)
{
    struct step first = plan->steps[0];

    plan->steps[0] = plan->steps[1];
    plan->steps[1] = first;
}

static void (*const changes[])(struct signed_plan *plan) = {
    change_id,      change_revision, change_rule,     change_rule_version,
    change_expiry,  change_action,   change_argument, split_argument,
    change_request, change_env,      change_user,     change_check,
    change_undo,    change_timeout,  change_effect,   change_what_the_undo_does,
    drop_step,      swap_steps,
};

static void a04_whatever_a_human_approves_is_in_the_digest(void **state)
{
    struct signed_plan plan = sign(*state);
    struct slice digest = digest_of(&plan);

    for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
        plan = sign(*state);
        assert_true(slice_eq(digest_of(&plan), digest)); /* the same plan, the same digest */
        changes[i](&plan);
        if (slice_eq(digest_of(&plan), digest))
            fail_msg("change %zu is not in the digest", i);
    }
}

static void counts_and_what_a_run_adds_are_not_in_the_digest(void **state)
{
    struct signed_plan plan = sign(*state);
    struct slice digest = digest_of(&plan);

    plan.proposal.count = 99;
    plan.proposal.state = PROPOSAL_RUNNING;
    plan.steps[0].state = STEP_DONE;
    plan.steps[0].output = SLICE("done");
    plan.steps[0].started_ms = 5;
    assert_true(slice_eq(digest_of(&plan), digest));
}

static void the_same_steps_are_the_same_plan_whatever_the_revision(void **state)
{
    struct signed_plan one = sign(*state);
    struct signed_plan two = sign(*state);

    two.proposal.revision = 7;
    assert_true(plan_same_steps(&one.proposal.plan, &two.proposal.plan));
    two.steps[1].argv.items[1] = SLICE("bye");
    assert_false(plan_same_steps(&one.proposal.plan, &two.proposal.plan));
    two.proposal.plan.n_items = 1;
    assert_false(plan_same_steps(&one.proposal.plan, &two.proposal.plan));
}

/* -- an edit -- */

static enum rc edit(struct declared *declared, const char *params, struct plan_edit *made)
{
    struct record_list plan = { 0 };
    struct slice refused;

    assert_int_equal(render(declared, allow, &plan, &refused), RC_OK);
    return plan_edit(declared->actions, &plan, slice_of(params), declared->arena, made);
}

static void an_edit_renders_every_step_anew_with_the_values_that_it_names(void **state)
{
    struct plan_edit made;
    const struct step *steps, *undo;

    assert_int_equal(edit(*state, "[{\"run\":\"8\"},{}]", &made), RC_OK);
    assert_slice(made.changes, "`run` of step 1 from \"7\" to \"8\"");
    assert_int_equal(made.plan.n_items, 2);
    steps = made.plan.items;
    assert_slice(steps[0].argv.items[3], "8");
    assert_slice(steps[0].argv.items[5], "--repo=acme/shop");
    assert_slice(steps[0].params, "{\"run\":\"8\",\"repo\":\"acme/shop\"}");
    assert_slice(steps[0].check.items[1], "auth");
    assert_slice(steps[0].user, "deploy");
    assert_slice(steps[0].env.items[1], "GH_TOKEN");
    assert_int_equal(steps[0].state, STEP_PLANNED);
    undo = steps[0].undo_step.items;
    assert_slice(undo->argv.items[3], "8"); /* what is taken back is what will have been done */
    assert_slice(steps[1].argv.items[1], "hi there");
}

static void an_edit_says_what_changes_in_each_step_and_nothing_else(void **state)
{
    struct plan_edit made;

    assert_int_equal(edit(*state, "[{\"run\":\"7\",\"repo\":\"a/b\"},{\"words\":\"\"}]", &made),
                     RC_OK);
    assert_slice(made.changes,
                 "`repo` of step 1 from \"acme/shop\" to \"a/b\", `words` of step 2 from "
                 "\"hi there\" to \"\"");
    assert_int_equal(edit(*state, "[{\"run\":\"7\"},{\"words\":\"hi there\"}]", &made), RC_OK);
    assert_true(slice_is_absent(made.changes));
    assert_int_equal(edit(*state, "[{},{}]", &made), RC_OK);
    assert_true(slice_is_absent(made.changes));
}

static const struct {
    const char *params, *refused;
} bad_edits[] = {
    { "", "`params` cannot be read" },
    { "[{},{}", "`params` cannot be read" },
    { "[{\"run\":\"8\\u0000\"},{}]", "`params` cannot be read" },
    { "[{\"run\":\"8\",\"run\":\"9\"},{}]", "`params` cannot be read" },
    { "{}", "`params` is a list with an object for each step" },
    { "\"run\"", "`params` is a list with an object for each step" },
    { "[]", "`params` has an object for each step: there are 2, and 0 are given" },
    { "[{}]", "`params` has an object for each step: there are 2, and 1 are given" },
    { "[{},{},{}]", "`params` has an object for each step: there are 2, and 3 are given" },
    { "[{},[]]", "step 2: its parameters are an object of texts" },
    { "[{},null]", "step 2: its parameters are an object of texts" },
    { "[{\"run\":8},{}]",
      "step 1: parameter `run` of rerun-failed-jobs is given as something that is no text" },
    { "[{\"run\":null},{}]",
      "step 1: parameter `run` of rerun-failed-jobs is given as something that is no text" },
    { "[{},{\"run\":\"8\"}]", "step 2: parameter `run` of say is not declared; there is: words" },
    { "[{\"Run\":\"8\"},{}]",
      "step 1: parameter `Run` of rerun-failed-jobs is not declared; there is: run repo" },
    { "[{\"run\":\"8; reboot\"},{}]",
      "step 1: parameter `run` of rerun-failed-jobs does not match /[0-9]+/ as a whole: "
      "\"8; reboot\"" },
    { "[{\"run\":\"\"},{}]", "step 1: parameter `run` of rerun-failed-jobs does not match "
                             "/[0-9]+/ as a whole: \"\"" },
    { "[{\"run\":\"-8\"},{}]",
      "step 1: parameter `run` of rerun-failed-jobs starts with `-`, which "
      "a program would read as an option: \"-8\"" },
    { "[{},{\"words\":\"--help\"}]", "step 2: parameter `words` of say starts with `-`, which a "
                                     "program would read as an option: \"--help\"" },
    { "[{},{\"words\":\"a\\nb\"}]",
      "step 2: parameter `words` of say holds a control character: \"a\\x0ab\"" },
    { "[{\"run\":\"8\\n\"},{}]",
      "step 1: parameter `run` of rerun-failed-jobs holds a control character: \"8\\x0a\"" },
};

static void x10_a_value_that_somebody_types_passes_no_easier_than_one_of_an_event(void **state)
{
    for (size_t i = 0; i < sizeof(bad_edits) / sizeof(*bad_edits); i++) {
        struct plan_edit made;

        print_message("# %s\n", bad_edits[i].params);
        assert_int_equal(edit(*state, bad_edits[i].params, &made), RC_INVALID);
        assert_slice(made.refused, bad_edits[i].refused);
        assert_int_equal(made.plan.n_items, 0);
    }
}

static void x10_what_somebody_types_climbs_out_of_no_url(void **state)
{
    static const struct given issue[] = { { "repo", "acme/shop" },
                                          { "kind", "bug" },
                                          { "title", "x" } };
    static struct slice name = { "open-issue", 10 };
    static const char *const bad[] = { "..", ".", "", "a\tb" };
    struct declared *declared = *state;
    struct action_use use = declared_use(declared, "open-issue", issue, 3);
    struct record_list plan = { 0 };
    struct plan_edit made;
    struct slice refused;
    char params[100];

    assert_int_equal(plan_render(declared->actions, &use, 1, (struct slice_list){ &name, 1 },
                                 &names, declared->arena, &plan, &refused),
                     RC_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        snprintf(params, sizeof(params), "[{\"kind\":\"%s\"}]", bad[i]);
        assert_int_equal(
            plan_edit(declared->actions, &plan, slice_of(params), declared->arena, &made),
            RC_INVALID);
    }
    assert_int_equal(plan_edit(declared->actions, &plan, SLICE("[{\"repo\":\"a/../b\"}]"),
                               declared->arena, &made),
                     RC_INVALID);
    assert_slice(made.refused, "step 1: parameter `repo` of open-issue has a segment `.` or `..`: "
                               "\"a/../b\"");
    assert_int_equal(plan_edit(declared->actions, &plan, SLICE("[{\"kind\":\"a/b?c\"}]"),
                               declared->arena, &made),
                     RC_OK);
    assert_contains(((const struct step *)made.plan.items)->request, "/issues/a%2Fb%3Fc?q=");
    /* Secrets go by name into what is shown, stored and approved. */
    assert_contains(((const struct step *)made.plan.items)->request, "{{secret.github}}");
}

static void an_edit_has_a_limit_and_says_so(void **state)
{
    static char params[PLAN_EDIT_MAX_BYTES + 2];
    struct plan_edit made;

    memset(params, ' ', sizeof(params) - 1);
    assert_int_equal(edit(*state, params, &made), RC_INVALID);
    assert_slice(made.refused, "the parameters of an edit are at most 16 KiB together");
}

#define WITH_SAMPLE(test)                                                                          \
    cmocka_unit_test_setup_teardown(test, declared_open_sample, declared_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SAMPLE(a_plan_is_its_uses_in_order),
        WITH_SAMPLE(x16_an_action_that_the_rule_does_not_allow_makes_no_plan_at_all),
        WITH_SAMPLE(x10_one_bad_value_makes_no_plan_at_all),
        WITH_SAMPLE(a04_whatever_a_human_approves_is_in_the_digest),
        WITH_SAMPLE(counts_and_what_a_run_adds_are_not_in_the_digest),
        WITH_SAMPLE(the_same_steps_are_the_same_plan_whatever_the_revision),
        WITH_SAMPLE(an_edit_renders_every_step_anew_with_the_values_that_it_names),
        WITH_SAMPLE(an_edit_says_what_changes_in_each_step_and_nothing_else),
        WITH_SAMPLE(x10_a_value_that_somebody_types_passes_no_easier_than_one_of_an_event),
        WITH_SAMPLE(x10_what_somebody_types_climbs_out_of_no_url),
        WITH_SAMPLE(an_edit_has_a_limit_and_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
