#include "actions/channels/slack_ref.h"

#include "sample_proposal.h"

#define ID "prp_01JABCDEFGHJKMNPQRSTVWXYZ0"
#define DIGEST "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

static int open_arena(void **state)
{
    return arena_new(1 << 20, (struct arena **)state) ? -1 : 0;
}

static int close_arena(void **state)
{
    arena_free(*state);
    return 0;
}

static void it_comes_back_as_it_was_written(void **state)
{
    const struct slack_ref ref = {
        .proposal = SLICE(ID), .revision = 3, .plan_digest = SLICE(DIGEST), .wanted = 17
    };
    struct slack_ref read;
    struct slice text;

    assert_int_equal(slack_ref_format(&ref, 0, *state, &text), RC_OK);
    assert_slice(text, ID ":3:" DIGEST ":17");
    assert_int_equal(slack_ref_parse(text, &read), RC_OK);
    assert_slice(read.proposal, ID);
    assert_slice(read.plan_digest, DIGEST);
    assert_int_equal(read.revision, 3);
    assert_int_equal(read.wanted, 17);
}

static void blocks_of_one_card_differ_and_name_the_same(void **state)
{
    const struct slack_ref ref = { .proposal = SLICE(ID), .revision = 1, .wanted = 17 };
    struct slack_ref read;
    struct slice text;

    assert_int_equal(slack_ref_format(&ref, 2, *state, &text), RC_OK);
    assert_slice(text, ID ":1:-:17.2");
    assert_true(text.len <= 255);
    assert_int_equal(slack_ref_parse(text, &read), RC_OK);
    assert_true(slice_is_absent(read.plan_digest));
    assert_int_equal(read.wanted, 17);
}

static void what_is_none_of_ours_is_refused(void **state)
{
    static const char *const others[] = {
        "",
        "prp_",
        ID,
        ID ":3",
        ID ":3:-",
        ID ":3:-:",
        ID ":3:-:x",
        ID ":3:-:-1",
        ID ":0:-:1",
        ID ":-3:-:1",
        ID ":3::1",
        ID ":3:abcd:1",
        ID ":3:" DIGEST "0:1",
        ID ":3:9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08:1",
        ID ":3:-:1.",
        ID ":3:-:1.0",
        ID ":3:-:1.x",
        ID ":3:-:1:2",
        ID ":99999999999999999999:-:1",
        "sig_01JABCDEFGHJKMNPQRSTVWXYZ0:3:-:1",
        "prp_01JABCDEFGHJKMNPQRSTVWXYZ:3:-:1",
    };
    struct slack_ref ref;

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        print_message("# %s\n", others[i]);
        assert_int_equal(slack_ref_parse(text_of(others[i]), &ref), RC_INVALID);
    }
    assert_int_equal(slack_ref_parse((struct slice){ 0 }, &ref), RC_INVALID);
}

#define REF_TEST(test) cmocka_unit_test_setup_teardown(test, open_arena, close_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REF_TEST(it_comes_back_as_it_was_written),
        REF_TEST(blocks_of_one_card_differ_and_name_the_same),
        REF_TEST(what_is_none_of_ours_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
