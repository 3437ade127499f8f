#include "actions/channels/slack_reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_text(struct slice found, const char *expected)
{
    if (!slice_eq(found, slice_of(expected)))
        fail_msg("`%.*s`, not `%s`", SLICE_ARG(found), expected ? expected : "(absent)");
}

static void yes_or_no_with_a_short_id_is_a_decision_and_nothing_else_is(void **state)
{
    static const struct {
        const char *text;
        enum rc expected;
        bool is_yes;
        const char *short_id, *reason, *note;
    } cases[] = {
        { "yes abcde", RC_OK, true, "abcde", NULL, NULL },
        { "  YES\tAbCdE \n", RC_OK, true, "abcde", NULL, NULL },
        { "<@U0VEDETTE> yes abcde", RC_OK, true, "abcde", NULL, NULL },
        { "<@U0VEDETTE|vedette>yes abcde", RC_OK, true, "abcde", NULL, NULL },
        { "no abcde", RC_OK, false, "abcde", "not_worth_it", NULL },
        { "No abcde wrong_cause", RC_OK, false, "abcde", "wrong_cause", NULL },
        { "no abcde WRONG_ACTION the disk is full", RC_OK, false, "abcde", "wrong_action",
          "the disk is full" },
        { "no abcde the disk is full", RC_OK, false, "abcde", "not_worth_it", "the disk is full" },
        { "no abcde\nknown\nsince Monday", RC_OK, false, "abcde", "known", "since Monday" },
        { "yes", RC_NOT_FOUND, false, NULL, NULL, NULL },
        { "yes abcd", RC_NOT_FOUND, false, NULL, NULL, NULL },
        { "yes abcdef", RC_NOT_FOUND, false, NULL, NULL, NULL },
        { "yes abcd1", RC_NOT_FOUND, false, NULL, NULL, NULL },
        { "yes abcde but not on a Friday", RC_NOT_FOUND, false, NULL, NULL, NULL },
        { "yesabcde", RC_NOT_FOUND, false, NULL, NULL, NULL },
        { "oh yes abcde", RC_NOT_FOUND, false, NULL, NULL, NULL },
        { "yes, abcde", RC_NOT_FOUND, false, NULL, NULL, NULL },
        { "<@U0VEDETTE yes abcde", RC_NOT_FOUND, false, NULL, NULL, NULL },
        { "<@U0VEDETTE>", RC_NOT_FOUND, false, NULL, NULL, NULL },
        { "", RC_NOT_FOUND, false, NULL, NULL, NULL },
    };
    struct arena *arena;

    (void)state;
    assert_int_equal(arena_new(4096, &arena), RC_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slack_reply reply;

        print_message("%s\n", cases[i].text);
        assert_int_equal(slack_reply_parse(slice_of(cases[i].text), arena, &reply),
                         cases[i].expected);
        if (cases[i].expected)
            continue;
        assert_int_equal(reply.is_yes, cases[i].is_yes);
        assert_text(reply.short_id, cases[i].short_id);
        assert_text(reply.reason, cases[i].reason);
        assert_text(reply.note, cases[i].note);
    }
    arena_free(arena);
}

/* A message of files alone has none. */
static void a_message_without_a_text_decides_nothing(void **state)
{
    struct slack_reply reply;
    struct arena *arena;

    (void)state;
    assert_int_equal(arena_new(4096, &arena), RC_OK);
    assert_int_equal(slack_reply_parse((struct slice){ 0 }, arena, &reply), RC_NOT_FOUND);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_without_a_text_decides_nothing),
        cmocka_unit_test(yes_or_no_with_a_short_id_is_a_decision_and_nothing_else_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
