/* The prefilters of a set: one for each kind of texts, made once, renewed once, inherited. */
#include "rule_fixture.h"
#include "rules/prefilters.h"

#include <stdlib.h>

#define RULES                                                                                      \
    "rules: [{id: a, on: '*', match: '/disk full/'}, {id: b, on: '*', match: '/\\d/'}, "           \
    "{id: c, on: deploy}]"
#define SAMPLE_BYTES ((size_t)256 << 10)

static struct prefilter_texts texts_of(const char *kind, struct slice sample)
{
    return (struct prefilter_texts){ .kind = slice_of(kind),
                                     .type = { "log.line", 8 },
                                     .sample = sample };
}

static struct prefilter *get(const struct ruleset *set, const char *kind, struct slice sample)
{
    const struct prefilter_texts texts = texts_of(kind, sample);
    struct prefilter *prefilter = NULL;

    assert_int_equal(prefilters_get(set, &texts, &prefilter), RC_OK);
    assert_non_null(prefilter);
    return prefilter;
}

static int set_up(void **state)
{
    *state = rules_of(RULES);
    return 0;
}

static int tear_down(void **state)
{
    ruleset_free(*state);
    return 0;
}

static void each_kind_of_texts_has_one_that_is_made_once(void **state)
{
    struct prefilter *logs = get(*state, "log", SLICE("a line\n"));
    struct prefilter *again = get(*state, "log", SLICE("a line\n"));
    struct prefilter *others = get(*state, "deploy", SLICE("a line\n"));

    assert_ptr_equal(logs, again);
    assert_ptr_not_equal(logs, others);
    prefilter_free(logs);
    prefilter_free(again);
    prefilter_free(others);
}

static void one_that_knew_little_is_renewed_once_while_others_hold_it(void **state)
{
    char *bytes = calloc(SAMPLE_BYTES, 1);
    struct slice sample = { bytes, SAMPLE_BYTES };
    struct prefilter *first = get(*state, "log", SLICE("a line\n"));
    struct prefilter *renewed = get(*state, "log", sample);
    struct prefilter *last = get(*state, "log", sample);
    size_t n_always;

    assert_non_null(bytes);
    assert_ptr_not_equal(first, renewed);
    assert_ptr_equal(renewed, last);
    (void)prefilter_always(first, &n_always); /* still there */
    assert_int_equal(n_always, 1);
    prefilter_free(first);
    prefilter_free(renewed);
    prefilter_free(last);
    free(bytes);
}

static void one_that_knew_enough_stays(void **state)
{
    char *bytes = calloc(SAMPLE_BYTES, 1);
    struct prefilter *first = get(*state, "log", (struct slice){ bytes, SAMPLE_BYTES / 2 });
    struct prefilter *second = get(*state, "log", (struct slice){ bytes, SAMPLE_BYTES / 2 });

    assert_non_null(bytes);
    assert_ptr_equal(first, second);
    prefilter_free(first);
    prefilter_free(second);
    free(bytes);
}

/* Whatever senders call their events: rules cannot tell them from each other. */
static void kinds_that_no_rule_tells_from_others_share_one(void **state)
{
    struct prefilter *first = get(*state, "made.up", (struct slice){ 0 });
    char kind[32];

    for (int i = 0; i < 1000; i++) {
        struct prefilter *another;

        (void)snprintf(kind, sizeof(kind), "made.up.%d", i);
        another = get(*state, kind, (struct slice){ 0 });
        assert_ptr_equal(another, first);
        prefilter_free(another);
    }
    prefilter_free(first);
}

static void what_has_no_type_is_a_kind_as_others_are(void **state)
{
    const struct prefilter_texts nameless = { .holds_data = true };
    struct prefilter *first = NULL, *second = NULL;

    assert_int_equal(prefilters_get((const struct ruleset *)*state, &nameless, &first), RC_OK);
    assert_int_equal(prefilters_get((const struct ruleset *)*state, &nameless, &second), RC_OK);
    assert_ptr_equal(first, second);
    prefilter_free(first);
    prefilter_free(second);
}

static void a_set_that_follows_has_what_the_one_before_had_and_knows_what_it_knew(void **state)
{
    struct ruleset *after = rules_of(RULES);
    char *bytes = calloc(SAMPLE_BYTES, 1);
    struct slice sample = { bytes, SAMPLE_BYTES };
    struct prefilter *inherited, *asked;

    assert_non_null(bytes);
    prefilter_free(get(*state, "log", sample));
    prefilter_free(get(*state, "deploy", (struct slice){ 0 }));
    prefilters_inherit(after, *state);
    inherited = get(after, "log", (struct slice){ 0 });
    asked = get(after, "log", sample); /* the sample was full already: nothing to learn */
    assert_ptr_equal(inherited, asked);
    prefilter_free(inherited);
    prefilter_free(asked);
    ruleset_free(after);
    free(bytes);
}

static void whoever_holds_one_may_outlive_its_set(void **state)
{
    struct ruleset *set = rules_of(RULES);
    struct prefilter *held = get(set, "log", SLICE("a line\n"));
    size_t n_always;

    (void)state;
    ruleset_free(set);
    (void)prefilter_always(held, &n_always);
    assert_int_equal(n_always, 1);
    assert_int_equal(prefilter_means(held, 0), PREFILTER_LITERAL);
    prefilter_free(held);
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(each_kind_of_texts_has_one_that_is_made_once),
        STORY(one_that_knew_little_is_renewed_once_while_others_hold_it),
        STORY(one_that_knew_enough_stays),
        STORY(kinds_that_no_rule_tells_from_others_share_one),
        STORY(what_has_no_type_is_a_kind_as_others_are),
        STORY(a_set_that_follows_has_what_the_one_before_had_and_knows_what_it_knew),
        STORY(whoever_holds_one_may_outlive_its_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
