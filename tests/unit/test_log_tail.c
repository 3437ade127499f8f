#include "tests/unit/tailed_logs.h"

static int set_up(void **state)
{
    *state = world_new();
    return 0;
}

static int tear_down(void **state)
{
    world_free(*state);
    return 0;
}

/* app.log has been read to its end when the story begins. */
static struct world *reading_app(void **state)
{
    struct world *world = *state;

    world_watch(world, "- {log: '@/app.log'}");
    world_append(world, "app.log", "before\n");
    world_start(world);
    world_pass(world, SECOND_MS);
    world_append(world, "app.log", "one\n");
    world_pass(world, SECOND_MS);
    CLAIM_LINES(world, "one");
    return world;
}

static void lines_are_handed_on_as_they_are_written(void **state)
{
    struct world *world = reading_app(state);

    world_append(world, "app.log", "two\nthree\n");
    world_step(world);
    CLAIM_LINES(world, "two", "three");
}

static void nothing_is_done_while_nothing_happens(void **state)
{
    struct world *world = reading_app(state);
    size_t n_steps;

    world_pass(world, 2 * MINUTE_MS);
    n_steps = world->n_steps;
    world_pass(world, 10 * MINUTE_MS);
    assert_true(world->due_mono_ms > world->mono_ms);
    assert_in_range(world->n_steps - n_steps, 20, 24);
}

static void t01_a_renamed_file_is_read_to_its_end_and_closed_when_it_is_quiet(void **state)
{
    struct world *world = reading_app(state);
    int writer = open(world_path(world, "app.log"), O_WRONLY | O_APPEND | O_CLOEXEC);

    world_rename(world, "app.log", "app.log.1");
    world_append(world, "app.log", "new\n");
    assert_int_equal(write(writer, "late\n", 5), 5);
    world_step(world);
    CLAIM_LINES(world, "late", "new");
    assert_int_equal(world->tail->n_open, 2);
    world_pass(world, 20 * SECOND_MS);
    assert_int_equal(write(writer, "later\n", 6), 6);
    world_pass(world, 25 * SECOND_MS);
    CLAIM_LINES(world, "later");
    assert_int_equal(world->tail->n_open, 2);
    world_pass(world, 31 * SECOND_MS);
    assert_int_equal(world->tail->n_open, 1);
    assert_int_equal(write(writer, "latest\n", 7), 7);
    close(writer);
    world_pass(world, SECOND_MS);
    CLAIM_LINES(world, "latest");
    assert_int_equal(world->n_lost, 0);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(lines_are_handed_on_as_they_are_written),
        EACH(nothing_is_done_while_nothing_happens),
        EACH(t01_a_renamed_file_is_read_to_its_end_and_closed_when_it_is_quiet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
