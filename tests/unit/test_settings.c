#include "src/base/clock.h"
#include "src/base/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct sample {
    struct slice name;
    bool is_on;
    int64_t count;
    int64_t timeout_ms;
    int64_t max_bytes;
    int mode;
    struct slice_list env;
    struct node *check;
};

static const char *const modes[] = { "observe", "propose", NULL };

static const struct setting rows[] = {
    { .name = "name",
      .type = SETTING_TEXT,
      .offset = offsetof(struct sample, name),
      .required = true,
      .help = "what it is called" },
    { .name = "on", .type = SETTING_BOOL, .offset = offsetof(struct sample, is_on) },
    { .name = "count",
      .type = SETTING_INT,
      .offset = offsetof(struct sample, count),
      .min = 1,
      .max = 10 },
    { .name = "timeout",
      .type = SETTING_DURATION,
      .offset = offsetof(struct sample, timeout_ms),
      .min = SECOND_MS,
      .max = DAY_MS },
    { .name = "max",
      .type = SETTING_SIZE,
      .offset = offsetof(struct sample, max_bytes),
      .max = 1 << 20 },
    { .name = "mode",
      .type = SETTING_ENUM,
      .offset = offsetof(struct sample, mode),
      .names = modes },
    { .name = "env", .type = SETTING_TEXTS, .offset = offsetof(struct sample, env) },
    { .name = "check", .type = SETTING_NODE, .offset = offsetof(struct sample, check) },
};

struct fixture {
    struct arena *arena;
    struct problems *problems;
};

static int set_up(void **state)
{
    static struct fixture fixture;

    if (arena_new(1 << 20, &fixture.arena) != RC_OK || problems_new(&fixture.problems) != RC_OK)
        return -1;
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    arena_free(fixture->arena);
    problems_free(fixture->problems);
    return 0;
}

static enum rc read(const struct fixture *fixture, struct problems *problems, const char *text,
                    struct sample *sample)
{
    struct node *root = NULL;

    assert_int_equal(
        document_parse(SLICE("f.yaml"), slice_of(text), fixture->arena, problems, &root), RC_OK);
    return settings_read(rows, sizeof(rows) / sizeof(rows[0]), root, fixture->arena, problems,
                         sample);
}

static void members_fill_the_struct(void **state)
{
    struct fixture *fixture = *state;
    struct sample sample = { 0 };

    assert_int_equal(
        read(fixture, fixture->problems,
             "name: 08:00\non: true\ncount: 10\ntimeout: 90s\nmax: 64KB\nmode: propose\n"
             "env: [A, 'B']\ncheck: {x: 1}\n",
             &sample),
        RC_OK);
    assert_true(slice_eq(sample.name, SLICE("08:00")));
    assert_true(sample.is_on);
    assert_int_equal(sample.count, 10);
    assert_int_equal(sample.timeout_ms, 90 * SECOND_MS);
    assert_int_equal(sample.max_bytes, 65536);
    assert_int_equal(sample.mode, 1);
    assert_int_equal(sample.env.n_items, 2);
    assert_true(slice_eq(sample.env.items[1], SLICE("B")));
    assert_int_equal(sample.check->type, NODE_MAP);
}

static void what_is_left_out_or_null_keeps_its_default(void **state)
{
    struct fixture *fixture = *state;
    struct sample sample = { .count = 7, .timeout_ms = 5, .mode = 1 };

    assert_int_equal(
        read(fixture, fixture->problems, "name: x\ntimeout: null\nenv: one\ncheck: ~\n", &sample),
        RC_OK);
    assert_int_equal(sample.count, 7);
    assert_int_equal(sample.timeout_ms, 5);
    assert_int_equal(sample.mode, 1);
    assert_int_equal(sample.env.n_items, 1);
    assert_null(sample.check);
}

static void r01_every_wrong_member_is_told_with_what_is_allowed(void **state)
{
    static const struct {
        const char *text;
        const char *problem;
        uint32_t line, column;
    } cases[] = {
        { "name: x\ntimeuot: 1s\n",
          "unknown member `timeuot`; did you mean `timeout`? valid here: name on count timeout max "
          "mode env check",
          2, 1 },
        { "name: x\nzzzzzz: 1\n",
          "unknown member `zzzzzz`; valid here: name on count timeout max mode env check", 2, 1 },
        { "on: true\n", "`name` is missing here: what it is called", 1, 1 },
        { "name: null\n", "`name` is missing here: what it is called", 1, 1 },
        { "name:\n", "`name` is empty: give it a value, or leave it out", 1, 1 },
        { "name: [x]\n", "`name` must be text, not a list", 1, 7 },
        { "name: x\non: yes\n", "`on` must be true or false, not `yes`", 2, 5 },
        { "name: x\non: 'true'\n", "`on` must be true or false, not `true`", 2, 5 },
        { "name: x\ncount: 0\n", "`count` must be between 1 and 10, not `0`", 2, 8 },
        { "name: x\ncount: 11\n", "`count` must be between 1 and 10, not `11`", 2, 8 },
        { "name: x\ncount: 1.5\n", "`count` must be a whole number, not `1.5`", 2, 8 },
        { "name: x\ncount: 99999999999999999999\n",
          "`count` must be a whole number, not `99999999999999999999`", 2, 8 },
        { "name: x\ntimeout: 90\n",
          "`timeout` must be a duration with its unit (90s, 5m, 1h, 7d), not `90`", 2, 10 },
        { "name: x\ntimeout: 99999999999d\n",
          "`timeout` must be a duration of ten years at most, not `99999999999d`", 2, 10 },
        { "name: x\ntimeout: 1.5h\n",
          "`timeout` takes a duration without decimals: write 90m, not `1.5h`", 2, 10 },
        { "name: x\ntimeout: 0.5ms\n", "`timeout` takes a duration without decimals, not `0.5ms`",
          2, 10 },
        { "name: x\nmax: 0.5MB\n", "`max` takes a size without decimals: write 512KB, not `0.5MB`",
          2, 6 },
        { "name: x\ntimeout: 2d\n", "`timeout` must be between 1s and 1d, not `2d`", 2, 10 },
        { "name: x\nmax: 2MB\n", "`max` must be between 0B and 1MB, not `2MB`", 2, 6 },
        { "name: x\nmax: 5\n", "`max` must be a size with its unit (64KB, 5MB, 2GB), not `5`", 2,
          6 },
        { "name: x\nmode: propse\n",
          "`mode` must be one of (did you mean `propose`?) observe propose, not `propse`", 2, 7 },
        { "name: x\nmode: {}\n", "`mode` must be one of observe propose, not a map", 2, 7 },
        { "name: x\nenv: [A, [B]]\n", "`env` must be a text or a list of texts, not a list", 2,
          10 },
        { "name: x\nenv: [A, ~]\n", "`env` must be a text or a list of texts, not `~`", 2, 10 },
        { "[x]\n", "a map of members is expected here, not a list", 1, 1 },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sample sample = { 0 };
        const struct problem *problem;
        struct problems *problems;

        print_message("# %s\n", cases[i].problem);
        assert_int_equal(problems_new(&problems), RC_OK);
        assert_int_equal(read(fixture, problems, cases[i].text, &sample), RC_INVALID);
        assert_int_equal(problems_count(problems, PROBLEM_ERROR), 1);
        problem = problems_at(problems, 0);
        if (!slice_eq(problem->text, slice_of(cases[i].problem)))
            fail_msg("got: %.*s", SLICE_ARG(problem->text));
        assert_int_equal(problem->line, cases[i].line);
        assert_int_equal(problem->column, cases[i].column);
        problems_free(problems);
    }
}

static void one_run_shows_all_problems(void **state)
{
    struct fixture *fixture = *state;
    struct sample sample = { 0 };

    assert_int_equal(read(fixture, fixture->problems, "xyz: x\ncount: x\non:\nmode: x\n", &sample),
                     RC_INVALID);
    assert_int_equal(problems_count(fixture->problems, PROBLEM_ERROR), 5);
}

static void r01_a_misspelt_member_is_read_as_what_was_meant_and_is_not_missed_as_well(void **state)
{
    struct fixture *fixture = *state;
    struct sample sample = { 0 };

    assert_int_equal(read(fixture, fixture->problems, "nmae: x\ncuont: many\n", &sample),
                     RC_INVALID);
    assert_int_equal(problems_count(fixture->problems, PROBLEM_ERROR), 3);
    assert_true(
        slice_starts(problems_at(fixture->problems, 0)->text, SLICE("unknown member `nmae`")));
    assert_true(
        slice_starts(problems_at(fixture->problems, 1)->text, SLICE("unknown member `cuont`")));
    assert_true(slice_starts(problems_at(fixture->problems, 2)->text, SLICE("`count` must be")));
    assert_true(slice_eq(sample.name, SLICE("x")));
}

static void r01_what_stands_under_its_own_name_is_not_overwritten_by_a_misspelt_one(void **state)
{
    struct fixture *fixture = *state;
    struct sample sample = { 0 };

    assert_int_equal(read(fixture, fixture->problems, "name: x\nnmae: y\n", &sample), RC_INVALID);
    assert_int_equal(problems_count(fixture->problems, PROBLEM_ERROR), 1);
    assert_true(slice_eq(sample.name, SLICE("x")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(members_fill_the_struct, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_left_out_or_null_keeps_its_default, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(r01_every_wrong_member_is_told_with_what_is_allowed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_run_shows_all_problems, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            r01_a_misspelt_member_is_read_as_what_was_meant_and_is_not_missed_as_well, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            r01_what_stands_under_its_own_name_is_not_overwritten_by_a_misspelt_one, set_up,
            tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
