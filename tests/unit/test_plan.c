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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
