#include "declared.h"

#include "src/base/clock.h"

/* -- loading -- */

static void an_action_has_its_defaults(void **state)
{
    struct declared *declared = *state;
    const struct action *say = actions_find(declared->actions, SLICE("say"));

    assert_non_null(say);
    assert_int_equal(say->effect, EFFECT_NONE);
    assert_int_equal(say->timeout_ms, 60 * SECOND_MS);
    assert_int_equal(say->hold_ms, 10 * SECOND_MS);
    assert_int_equal(say->hold_local_ms, 0);
    assert_int_equal(say->retries, 2);
    assert_true(slice_is_absent(say->undo));
    assert_false(say->is_request);
    assert_null(actions_find(declared->actions, SLICE("sayy")));
    assert_non_null(actions_at(declared->actions, 3));
    assert_null(actions_at(declared->actions, 4));
}

static void what_is_said_is_taken(void **state)
{
    struct declared *declared = *state;
    const struct action *action;

    assert_int_equal(declared_load(declared, "a:\n"
                                             "  run: [/bin/true]\n"
                                             "  effect: write\n"
                                             "  undo: null\n"
                                             "  timeout: 5m\n"
                                             "  hold: 30s\n"
                                             "  retries: 0\n"
                                             "  user: deploy\n"
                                             "  approvers: {from: [oncall], need: 2}\n"
                                             "  env: [HOME]\n"),
                     RC_OK);
    action = actions_at(declared->actions, 0);
    assert_int_equal(action->effect, EFFECT_WRITE);
    assert_true(slice_is_absent(action->undo));
    assert_int_equal(action->timeout_ms, 5 * MINUTE_MS);
    assert_int_equal(action->hold_ms, 30 * SECOND_MS);
    assert_int_equal(action->hold_local_ms, 30 * SECOND_MS);
    assert_int_equal(action->retries, 0);
    assert_slice(action->user, "deploy");
    assert_int_equal(action->approvers_need, 2);
    assert_slice(action->approvers_from.items[0], "oncall");
    assert_slice(action->env.items[0], "HOME");
}

static void no_actions_at_all_are_fine(void **state)
{
    struct declared *declared = *state;

    assert_int_equal(
        actions_load(NULL, NULL, 0, declared->arena, declared->problems, &declared->actions),
        RC_OK);
    assert_null(actions_at(declared->actions, 0));
}

static const struct {
    const char *yaml;
    const char *problem; /* part of the only or first one */
} bad_actions[] = {
    { "a: {effect: none}", "either `run` or `request`" },
    { "a: {run: [/bin/true]}", "`effect` is missing" },
    { "a: {run: [/bin/true], effect: read}", "must be one of none write external" },
    { "a: {run: [/bin/true], effect: none, tiemout: 5s}", "did you mean `timeout`?" },
    { "a: {run: [/bin/true], effect: none, timeout: 5}", "a duration with its unit" },
    { "a: {run: /bin/true -x, effect: none}", "no shell" },
    { "a: {run: [], effect: none}", "no shell" },
    { "a: {run: [true], effect: none}", "an absolute path" },
    { "a: {run: [\"/bin/{{x}}\"], params: {x: text}, effect: none}", "an absolute path" },
    { "a: {run: [/bin/echo, \"{{x}}\"], effect: none}", "{{x}} is not a parameter" },
    { "a: {run: [/bin/echo, \"{{x}}\"], params: {y: text}, effect: none}", "`params` has: y" },
    { "a: {run: [/bin/echo, \"{{x | upper}}\"], params: {x: text}, effect: none}", "no filters" },
    { "a: {run: [/bin/echo, \"{{secret.github}}\"], effect: none}", "request headers only" },
    { "a: {run: [/bin/echo, [x]], effect: none}", "a text is expected here, not a list" },
    { "a: {run: [/bin/true], params: {x: /a/}, effect: none}", "single quotes" },
    { "a: {run: [/bin/true], params: {x: '[0-9]+'}, effect: none}", "single quotes" },
    { "a: {run: [/bin/true], params: {x: '/[0-9+/'}, effect: none}", "bad pattern" },
    { "a: {run: [/bin/true], params: {'x y': text}, effect: none}", "the name of a parameter" },
    { "a: {run: [/bin/true], params: {x: {path: true}}, effect: none}", "`match` is missing" },
    { "a: {run: [/bin/true], effect: none, env: [A=b]}", "not `A=b`" },
    { "a: {run: [/bin/true], effect: write, undo: b}", "another declared action" },
    { "a: {run: [/bin/true], effect: write, undo: a}", "another declared action" },
    { "a: {run: [/bin/true], effect: write, undo: b}\n"
      "b: {run: [/bin/echo, \"{{x}}\"], params: {x: text}, effect: write}",
      "needs `x`, which a has not" },
    { "a: {run: [/bin/true], effect: none, approvers: {need: 0}}", "between 1 and 100" },
    { "a: {run: [/bin/true], effect: none, check: [gh, x]}", "an absolute path" },
    { "a: {request: {url: \"http://h/\"}, effect: none}", "`method` is missing" },
    { "a: {request: {method: FETCH, url: \"http://h/\"}, effect: none}", "GET HEAD POST" },
    { "a: {request: {method: GET, url: \"http://h/\"}, effect: none, user: x}", "for commands" },
    { "a: {request: {method: GET, url: \"ftp://h/\"}, effect: none}", "http:// or https://" },
    { "a: {request: {method: GET, url: \"http://{{h}}/\"}, params: {h: text}, effect: none}",
      "a literal host" },
    { "a: {request: {method: GET, url: \"http://h{{p}}/\"}, params: {p: text}, effect: none}",
      "a literal host" },
    { "a: {request: {method: GET, url: \"http://h:{{p}}/\"}, params: {p: text}, effect: none}",
      "a literal host" },
    { "a: {request: {method: GET, url: \"{{u}}\"}, params: {u: text}, effect: none}",
      "a literal host" },
    { "a: {request: {method: GET, url: \"http://me:pw@h/\"}, effect: none}", "no parameter, user" },
    { "a: {request: {method: GET, url: \"http://h:0/\"}, effect: none}", "a literal host" },
    { "a: {request: {method: GET, url: \"http:///x\"}, effect: none}", "a literal host" },
    { "a: {request: {method: GET, url: \"http://h/a/../b\"}, effect: none}", "`.` or `..`" },
    { "a: {request: {method: GET, url: \"http://h/a b\"}, effect: none}", "percent-encoded" },
    { "a: {request: {method: GET, url: \"http://h/#x\"}, effect: none}", "fragment" },
    { "a: {request: {method: GET, url: \"http://h/x{{p}}\"}, params: {p: text}, effect: none}",
      "stands alone" },
    { "a: {request: {method: GET, url: \"http://h/?{{p}}=1\"}, params: {p: text}, effect: none}",
      "stands alone" },
    { "a: {request: {method: GET, url: \"http://h/{{p}}\"}, effect: none}", "not in `params`" },
    { "a: {request: {method: GET, url: \"http://h/\", headers: {A: \"{{x}}\"}}, "
      "params: {x: text}, effect: none}",
      "only {{secret.NAME}}" },
    { "a: {request: {method: GET, url: \"http://h/\", headers: {A: \"{{secret.gh}}\"}}, "
      "effect: none}",
      "no secret `gh`" },
    { "a: {request: {method: GET, url: \"http://h/\", headers: {'A b': x}}, effect: none}",
      "a header's name" },
    { "a: {request: {method: POST, url: \"http://h/\", json: {t: \"{{secret.github}}\"}}, "
      "effect: none}",
      "request headers only" },
    { "a: {request: {method: POST, url: \"http://h/\", json: {\"{{t}}\": 1}}, params: {t: text}, "
      "effect: none}",
      "names in `json` are literal" },
};

static void a_bad_declaration_is_refused_with_its_reason(void **state)
{
    for (size_t i = 0; i < sizeof(bad_actions) / sizeof(*bad_actions); i++) {
        struct declared *declared;

        print_message("# %s\n", bad_actions[i].problem);
        assert_int_equal(declared_open(state), 0);
        declared = *state;
        assert_int_equal(declared_load(declared, bad_actions[i].yaml), RC_INVALID);
        assert_null(declared->actions);
        assert_contains(problems_at(declared->problems, 0)->text, bad_actions[i].problem);
        assert_int_equal(problems_at(declared->problems, 0)->line > 0, 1);
        declared_close(state);
    }
    assert_int_equal(declared_open(state), 0); /* for the teardown */
}

static void one_run_shows_all_problems(void **state)
{
    struct declared *declared = *state;

    assert_int_equal(declared_load(declared, "a: {run: [true], effect: none}\n"
                                             "b: {run: [/bin/true, \"{{x}}\"], effect: none}\n"),
                     RC_INVALID);
    assert_int_equal(problems_count(declared->problems, PROBLEM_ERROR), 2);
}

/* -- a use in a rule file -- */

static const struct {
    const char *action;
    struct given given[3];
    bool must_be_effect_none;
    const char *problem; /* NULL: fine */
} uses[] = {
    { "say", { { "words", "{{title}}" } }, true, NULL },
    { "say", { { "words", "hello" } }, false, NULL },
    { "say", { { "words", "-n" } }, false, "starts with `-`" },
    { "say", { { "word", "x" }, { "words", "x" } }, false, "has no parameter `word`" },
    { "say", { { NULL } }, false, "needs its parameter `words`" },
    { "sey", { { "words", "x" } }, false, "did you mean `say`?" },
    { "cancel-run", { { "run", "7" } }, false, NULL },
    { "cancel-run", { { "run", "7" } }, true, "effect: external" },
    { "cancel-run", { { "run", "7;reboot" } }, false, "does not match" },
    { "cancel-run", { { "run", "{{anything}}" } }, false, NULL }, /* known only when it fires */
};

static void a_rule_may_only_use_what_is_declared(void **state)
{
    struct declared *declared = *state;

    for (size_t i = 0; i < sizeof(uses) / sizeof(*uses); i++) {
        struct action_use use;
        struct problems *problems = NULL;
        size_t n_given = 0;

        while (n_given < 3 && uses[i].given[n_given].name)
            n_given++;
        print_message("# %s %s\n", uses[i].action, uses[i].problem ? uses[i].problem : "fine");
        assert_int_equal(problems_new(&problems), RC_OK);
        use = declared_use(declared, uses[i].action, uses[i].given, n_given);
        assert_int_equal(
            action_check_use(declared->actions, &use, uses[i].must_be_effect_none, problems),
            !uses[i].problem);
        if (uses[i].problem)
            assert_contains(problems_at(problems, 0)->text, uses[i].problem);
        assert_int_equal(problems_count(problems, PROBLEM_ERROR), uses[i].problem ? 1 : 0);
        problems_free(problems);
    }
}

/* -- rendering -- */

static enum rc render(struct declared *declared, const char *action, const struct given *given,
                      size_t n_given, struct step *step, struct slice *refused)
{
    struct given names[4];
    struct event_values values = { .given = given, .n_given = n_given };
    struct template_values event = { .get = event_value, .context = &values };
    struct action_use use;
    char texts[4][32];

    /* Values come from the event: {{NAME}} for each parameter NAME. */
    for (size_t i = 0; i < n_given; i++) {
        snprintf(texts[i], sizeof(texts[i]), "{{%s}}", given[i].name);
        names[i] = (struct given){ .name = given[i].name, .text = texts[i] };
    }
    use = declared_use(declared, action, names, n_given);
    *refused = (struct slice){ 0 };
    return action_render(declared->actions, &use, &event, declared->arena, step, refused);
}

static void a_command_is_its_arguments_and_nothing_else(void **state)
{
    static const struct given given[] = { { "run", "7" }, { "repo", "acme/shop" } };
    static const char *const argv[] = { "/usr/bin/gh", "run",      "rerun",
                                        "7",           "--failed", "--repo=acme/shop" };
    struct slice refused;
    struct step step;

    assert_int_equal(render(*state, "rerun-failed-jobs", given, 2, &step, &refused), RC_OK);
    assert_int_equal(step.argv.n_items, 6);
    for (size_t i = 0; i < 6; i++)
        assert_slice(step.argv.items[i], argv[i]);
    assert_slice(step.params, "{\"run\":\"7\",\"repo\":\"acme/shop\"}");
    assert_int_equal(step.check.n_items, 3);
    assert_slice(step.check.items[1], "auth");
    assert_slice(step.undo, "cancel-run");
    assert_slice(step.user, "deploy");
    assert_int_equal(step.env.n_items, 2);
    assert_int_equal(step.effect, EFFECT_EXTERNAL);
    assert_int_equal(step.state, STEP_PLANNED);
    assert_int_equal(step.timeout_ms, 60 * SECOND_MS);
    assert_true(slice_is_absent(step.request));
}

static void a_request_is_encoded_where_a_value_stands(void **state)
{
    static const struct given given[] = { { "repo", "acme/shop" },
                                          { "kind", "a/b c" },
                                          { "title", "50% & \"more\" \\o/" } };
    struct slice refused;
    struct step step;

    assert_int_equal(render(*state, "open-issue", given, 3, &step, &refused), RC_OK);
    assert_slice(
        step.request,
        "{\"method\":\"POST\",\"url\":\"https://api.example.com:8443/repos/acme/shop/"
        "issues/a%2Fb%20c?q=50%25%20%26%20%22more%22%20%5Co%2F&n=1\","
        "\"headers\":{\"Authorization\":\"Bearer {{secret.github}}\",\"X-By\":\"vedette\"},"
        "\"json\":{\"title\":\"50% & \\\"more\\\" \\\\o/\",\"n\":3,\"ok\":true,"
        "\"labels\":[\"on a/b c\",\"ci\"]}}");
    assert_int_equal(step.argv.n_items, 0);
}

static void a_value_that_the_event_lacks_is_named(void **state)
{
    static const struct given given[] = { { "words", "{{title}} of {{nobody}}" } };
    static const struct given event[] = { { "title", "x" } };
    struct event_values values = { .given = event, .n_given = 1 };
    struct template_values names = { .get = event_value, .context = &values };
    struct declared *declared = *state;
    struct action_use use = declared_use(declared, "say", given, 1);
    struct slice refused = { 0 };
    struct step step;

    assert_int_equal(
        action_render(declared->actions, &use, &names, declared->arena, &step, &refused),
        RC_INVALID);
    assert_slice(refused, "parameter `words` of say needs {{nobody}}, which is absent");
}

/* -- hostile values -- */

#define LONG_VALUE_BYTES 5000
static char long_value[LONG_VALUE_BYTES + 1];

static const struct {
    struct given words;
    const char *why; /* NULL: one argument, as it is */
} words[] = {
    { { "words", "a b" }, NULL },
    { { "words", "$(reboot)" }, NULL },
    { { "words", "`reboot`" }, NULL },
    { { "words", "; rm -rf / #" }, NULL },
    { { "words", "'\"\\ && | > /etc/passwd" }, NULL },
    { { "words", "*?[a]~" }, NULL },
    { { "words", "../../etc" }, NULL }, /* an argument is not a URL: its pattern decides */
    { { "words", "%2f%00" }, NULL },
    { { "words", "{{words}}{{repo}}" }, NULL },
    { { "words", "a -n" }, NULL },
    { { "words", "gr\xc3\xbc\xc3\x9f dich" }, NULL },
    { { "words", "-n" }, "starts with `-`" },
    { { "words", "--help" }, "starts with `-`" },
    { { "words", "a\0b", 3 }, "a control character" },
    { { "words", "a\nb" }, "a control character" },
    { { "words", "a\rb" }, "a control character" },
    { { "words", "a\tb" }, "a control character" },
    { { "words", "\x1b[31m" }, "a control character" },
    { { "words", "a\x7f" }, "a control character" },
    { { "words", "a\xc2\x9b" }, "a control character" }, /* C1: CSI in one character */
    { { "words", "a\xff" }, "not UTF-8" },
    { { "words", long_value }, "longer than 4 KiB" },
};

static void x10_a_value_stays_in_its_argument_or_is_refused(void **state)
{
    memset(long_value, 'x', LONG_VALUE_BYTES);
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        struct slice value = given_text(&words[i].words);
        struct slice refused;
        struct step step;
        enum rc rc = render(*state, "say", &words[i].words, 1, &step, &refused);

        print_message("# value %zu: %s\n", i, words[i].why ? words[i].why : "passes");
        assert_int_equal(rc, words[i].why ? RC_INVALID : RC_OK);
        if (words[i].why) {
            assert_contains(refused, words[i].why);
            assert_false(slice_has_control(refused));
            continue;
        }
        assert_int_equal(step.argv.n_items, 2);
        assert_true(slice_eq(step.argv.items[1], value));
    }
}

static void x10_a_pattern_must_match_the_whole_value(void **state)
{
    static const char *const values[] = { "7x", "x7", "7 ", "7\n", "", "7;8", "07\n8" };

    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        struct given given = { .name = "run", .text = values[i] };
        struct slice refused;
        struct step step;

        assert_int_equal(render(*state, "cancel-run", &given, 1, &step, &refused), RC_INVALID);
    }
}

static const struct {
    const char *repo; /* path: true */
    const char *kind; /* one segment */
    const char *url;  /* NULL: refused */
} urls[] = {
    { "a/b/c", "x", "/repos/a/b/c/issues/x?" },
    { "a", "..%2f..", "/repos/a/issues/..%252f..?" },
    { "a", "a?b#c&d=e", "/repos/a/issues/a%3Fb%23c%26d%3De?" },
    { "a", "@evil.example:80", "/repos/a/issues/%40evil.example%3A80?" },
    { "a", "...", "/repos/a/issues/...?" },
    { "a", "{{repo}}", "/repos/a/issues/%7B%7Brepo%7D%7D?" },
    { "a", "", NULL },
    { "a", ".", NULL },
    { "a", "..", NULL },
    { "a", "../..", NULL },
    { "a", "x/../y", NULL },
    { "a", "-x", NULL },
    { "a", "x\r\nHost: evil", NULL },
    { "..", "x", NULL },
    { "a/..", "x", NULL },
    { "a/./b", "x", NULL },
    { "a//b", "x", NULL },
    { "/a", "x", NULL },
    { "a/", "x", NULL },
};

static void x10_a_value_stays_in_its_segment_of_a_url_or_is_refused(void **state)
{
    for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
        struct given given[] = { { .name = "repo", .text = urls[i].repo },
                                 { .name = "kind", .text = urls[i].kind },
                                 { .name = "title", .text = "t" } };
        struct slice refused;
        struct step step;
        enum rc rc = render(*state, "open-issue", given, 3, &step, &refused);

        print_message("# case %zu: %s\n", i, urls[i].url ? urls[i].url : "refused");
        assert_int_equal(rc, urls[i].url ? RC_OK : RC_INVALID);
        if (urls[i].url)
            assert_contains(step.request, urls[i].url);
    }
}

static void i04_an_inserted_value_is_never_looked_at_again(void **state)
{
    static const struct given given[] = { { "repo", "a" },
                                          { "kind", "{{title}}" },
                                          { "title", "{{secret.github}} {{kind}}" } };
    struct slice refused;
    struct step step;

    assert_int_equal(render(*state, "open-issue", given, 3, &step, &refused), RC_OK);
    assert_contains(step.request, "\"title\":\"{{secret.github}} {{kind}}\"");
    assert_contains(step.request, "\"labels\":[\"on {{title}}\",\"ci\"]");
    assert_contains(step.request, "%7B%7Bsecret.github%7D%7D");
}

static void x16_an_unknown_action_or_parameter_is_refused(void **state)
{
    static const struct given unknown[] = { { "words", "x" }, { "also", "x" } };
    struct slice refused;
    struct step step;

    assert_int_equal(render(*state, "reboot\x1b", unknown, 1, &step, &refused), RC_INVALID);
    assert_slice(refused, "no action is declared as \"reboot\\x1b\"");
    assert_int_equal(render(*state, "say", unknown, 2, &step, &refused), RC_INVALID);
    assert_slice(refused, "parameter `also` of say is not declared");
    assert_int_equal(render(*state, "say", unknown, 0, &step, &refused), RC_INVALID);
    assert_slice(refused, "parameter `words` of say is not given");
}

/* -- undo -- */

static void an_undo_gets_the_parameters_of_what_it_undoes(void **state)
{
    static const struct given given[] = { { "run", "7" }, { "repo", "acme/shop" } };
    struct declared *declared = *state;
    struct slice refused;
    struct step done, undo;

    assert_int_equal(render(declared, "rerun-failed-jobs", given, 2, &done, &refused), RC_OK);
    assert_int_equal(action_render_undo(declared->actions, &done, declared->arena, &undo, &refused),
                     RC_OK);
    assert_slice(undo.action, "cancel-run");
    assert_slice(undo.argv.items[3], "7");
    assert_slice(undo.params, "{\"run\":\"7\"}");
    assert_slice(undo.why, "Undoes rerun-failed-jobs.");
}

static void an_undo_checks_its_parameters_again(void **state)
{
    struct declared *declared = *state;
    struct step done = { .action = SLICE("rerun-failed-jobs"),
                         .undo = SLICE("cancel-run"),
                         .params = SLICE("{\"run\":\"7; reboot\"}") };
    struct slice refused;
    struct step undo;

    assert_int_equal(action_render_undo(declared->actions, &done, declared->arena, &undo, &refused),
                     RC_INVALID);
    assert_contains(refused, "does not match");
    done.undo = SLICE("gone");
    assert_int_equal(action_render_undo(declared->actions, &done, declared->arena, &undo, &refused),
                     RC_INVALID);
    assert_contains(refused, "no action is declared as \"gone\"");
}

#define WITH_SAMPLE(test)                                                                          \
    cmocka_unit_test_setup_teardown(test, declared_open_sample, declared_close)
#define WITH_NOTHING(test) cmocka_unit_test_setup_teardown(test, declared_open, declared_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SAMPLE(an_action_has_its_defaults),
        WITH_NOTHING(what_is_said_is_taken),
        WITH_NOTHING(no_actions_at_all_are_fine),
        cmocka_unit_test_teardown(a_bad_declaration_is_refused_with_its_reason, declared_close),
        WITH_NOTHING(one_run_shows_all_problems),
        WITH_SAMPLE(a_rule_may_only_use_what_is_declared),
        WITH_SAMPLE(a_command_is_its_arguments_and_nothing_else),
        WITH_SAMPLE(a_request_is_encoded_where_a_value_stands),
        WITH_SAMPLE(a_value_that_the_event_lacks_is_named),
        WITH_SAMPLE(x10_a_value_stays_in_its_argument_or_is_refused),
        WITH_SAMPLE(x10_a_pattern_must_match_the_whole_value),
        WITH_SAMPLE(x10_a_value_stays_in_its_segment_of_a_url_or_is_refused),
        WITH_SAMPLE(i04_an_inserted_value_is_never_looked_at_again),
        WITH_SAMPLE(x16_an_unknown_action_or_parameter_is_refused),
        WITH_SAMPLE(an_undo_gets_the_parameters_of_what_it_undoes),
        WITH_SAMPLE(an_undo_checks_its_parameters_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
