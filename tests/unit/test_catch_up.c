#include "src/base/buffer.h"
#include "src/base/clock.h"
#include "watchers/catch_up.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795248300000) /* 2026-11-21T08:05:00Z */

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    return arena_new((size_t)16 << 20, &arena) != RC_OK;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* -- what is known here -- */

struct known {
    const char *guid;  /* of a delivery that is here */
    const char *asked; /* of one that was asked for */
    int64_t asked_ms;
    enum rc rc;
};

static enum rc is_known(void *context, struct slice guid, bool *is_known)
{
    const struct known *known = context;

    *is_known = slice_eq(guid, slice_of(known->guid));
    return known->rc;
}

static int64_t asked_ms(void *context, struct slice guid)
{
    const struct known *known = context;

    return slice_eq(guid, slice_of(known->asked)) ? known->asked_ms : 0;
}

static struct catch_up_plan planned(struct catch_up_list list, struct known known)
{
    const struct catch_up_memory memory = { .context = &known,
                                            .is_known = is_known,
                                            .asked_ms = asked_ms };
    struct catch_up_plan plan;

    assert_int_equal(catch_up_plan_make(&list, &memory, NOW_MS, arena, &plan), RC_OK);
    return plan;
}

#define ATTEMPT(number, name, ago_ms, code)                                                        \
    {                                                                                              \
        .id = (number), .guid = { (name), sizeof(name) - 1 }, .at_ms = NOW_MS - (ago_ms),          \
        .status = (code)                                                                           \
    }
#define REDELIVERY(number, name, ago_ms, code)                                                     \
    {                                                                                              \
        .id = (number), .guid = { (name), sizeof(name) - 1 }, .at_ms = NOW_MS - (ago_ms),          \
        .status = (code), .is_redelivery = true                                                    \
    }
#define LIST_OF(attempts)                                                                          \
    ((struct catch_up_list){ .items = (attempts),                                                  \
                             .n_items = sizeof(attempts) / sizeof *(attempts) })

/* -- the list -- */

static void a_page_is_read_as_github_writes_it(void **state)
{
    static const char page[] =
        "[{\"id\":9007199254740993,\"guid\":\"6c1f2d10-aaaa-11f0-8000-0242ac120002\","
        "\"delivered_at\":\"2026-11-21T08:01:20Z\",\"redelivery\":false,\"duration\":10.01,"
        "\"status\":\"timed out\",\"status_code\":0,\"event\":\"push\",\"action\":null,"
        "\"installation_id\":null,\"repository_id\":99,\"throttled_at\":null},"
        "{\"id\":11,\"guid\":\"b\",\"delivered_at\":\"2026-11-21T08:00:00.5Z\","
        "\"redelivery\":true,\"status\":\"OK\",\"status_code\":202}]";
    struct catch_up_list list = { 0 };

    (void)state;
    assert_int_equal(catch_up_read_page(slice_of(page), arena, &list), RC_OK);
    assert_int_equal(list.n_items, 2);
    assert_true(list.items[0].id == INT64_C(9007199254740993));
    assert_true(slice_eq(list.items[0].guid, SLICE("6c1f2d10-aaaa-11f0-8000-0242ac120002")));
    assert_int_equal(list.items[0].at_ms, NOW_MS - 220 * SECOND_MS);
    assert_int_equal(list.items[0].status, 0);
    assert_false(list.items[0].is_redelivery);
    assert_int_equal(list.items[1].status, 202);
    assert_true(list.items[1].is_redelivery);
    assert_int_equal(catch_up_read_page(SLICE("[]"), arena, &list), RC_OK);
    assert_int_equal(catch_up_read_page(slice_of(page), arena, &list), RC_OK);
    assert_int_equal(list.n_items, 4);
}

static void what_cannot_be_asked_for_is_left_out(void **state)
{
    static const char page[] =
        "[{\"guid\":\"a\",\"delivered_at\":\"2026-11-21T08:01:20Z\"},"
        "{\"id\":1,\"delivered_at\":\"2026-11-21T08:01:20Z\"},"
        "{\"id\":1,\"guid\":\"\",\"delivered_at\":\"2026-11-21T08:01:20Z\"},"
        "{\"id\":1,\"guid\":\"a\"},{\"id\":1,\"guid\":\"a\",\"delivered_at\":\"today\"},"
        "{\"id\":\"1\",\"guid\":\"a\",\"delivered_at\":\"2026-11-21T08:01:20Z\"},"
        "{\"id\":-1,\"guid\":\"a\",\"delivered_at\":\"2026-11-21T08:01:20Z\"},null,[],1]";
    struct catch_up_list list = { 0 };

    (void)state;
    assert_int_equal(catch_up_read_page(slice_of(page), arena, &list), RC_OK);
    assert_int_equal(list.n_items, 0);
}

static void what_is_no_list_is_told(void **state)
{
    static const char *const bodies[] = { "", "<html>", "{}", "null", "[{\"id\":1}", "[] []" };
    struct catch_up_list list = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        assert_int_equal(catch_up_read_page(slice_of(bodies[i]), arena, &list), RC_INVALID);
}

static void nobody_looks_further_back_than_three_days(void **state)
{
    struct catch_up_attempt young[] = { ATTEMPT(2, "b", HOUR_MS, 0),
                                        ATTEMPT(1, "a", 3 * DAY_MS - 1, 0) };
    struct catch_up_attempt old[] = { ATTEMPT(2, "b", HOUR_MS, 0), ATTEMPT(1, "a", 3 * DAY_MS, 0) };
    const struct catch_up_list none = { 0 };

    (void)state;
    assert_false(catch_up_reaches_back(&none, NOW_MS));
    assert_false(catch_up_reaches_back(&LIST_OF(young), NOW_MS));
    assert_true(catch_up_reaches_back(&LIST_OF(old), NOW_MS));
}

/* -- the plan -- */

static void h21_every_failed_delivery_is_asked_for_once_the_oldest_first(void **state)
{
    struct catch_up_attempt attempts[] = {
        ATTEMPT(6, "f", HOUR_MS, 200),     ATTEMPT(5, "e", 2 * HOUR_MS, 503),
        ATTEMPT(4, "d", 3 * HOUR_MS, 0),   ATTEMPT(3, "c", 4 * HOUR_MS, 302),
        ATTEMPT(2, "b", 5 * HOUR_MS, 202), ATTEMPT(1, "a", 6 * HOUR_MS, 404),
    };
    const struct catch_up_plan plan = planned(LIST_OF(attempts), (struct known){ 0 });

    (void)state;
    assert_int_equal(plan.n_missed, 4);
    assert_int_equal(plan.n_asks, 4);
    assert_int_equal(plan.asks[0].id, 1);
    assert_int_equal(plan.asks[1].id, 3);
    assert_int_equal(plan.asks[2].id, 4);
    assert_int_equal(plan.asks[3].id, 5);
    assert_int_equal(plan.again_ms, 0);
}

static void h21_one_that_arrived_in_any_attempt_is_not_asked_for(void **state)
{
    struct catch_up_attempt attempts[] = {
        REDELIVERY(3, "a", DAY_MS, 200),
        ATTEMPT(1, "a", 2 * DAY_MS, 0),
    };
    const struct catch_up_plan plan = planned(LIST_OF(attempts), (struct known){ 0 });

    (void)state;
    assert_int_equal(plan.n_asks, 0);
    assert_int_equal(plan.n_missed, 0);
}

static void h21_one_that_is_here_is_not_asked_for_whatever_github_saw(void **state)
{
    struct catch_up_attempt attempts[] = { ATTEMPT(1, "a", HOUR_MS, 0),
                                           ATTEMPT(2, "b", HOUR_MS, 0) };
    const struct catch_up_plan plan = planned(LIST_OF(attempts), (struct known){ .guid = "a" });

    (void)state;
    assert_int_equal(plan.n_missed, 1);
    assert_int_equal(plan.n_asks, 1);
    assert_int_equal(plan.asks[0].id, 2);
}

static void one_that_may_be_under_way_is_left_alone_for_half_a_minute(void **state)
{
    struct catch_up_attempt attempts[] = { ATTEMPT(1, "a", 30 * SECOND_MS, 0),
                                           ATTEMPT(2, "b", 30 * SECOND_MS - 1, 0) };
    const struct catch_up_plan plan = planned(LIST_OF(attempts), (struct known){ 0 });

    (void)state;
    assert_int_equal(plan.n_missed, 2);
    assert_int_equal(plan.n_asks, 1);
    assert_int_equal(plan.asks[0].id, 1);
    assert_int_equal(plan.again_ms, NOW_MS + 1);
}

static void one_that_was_asked_for_waits_an_hour(void **state)
{
    struct catch_up_attempt attempts[] = { ATTEMPT(1, "a", 2 * HOUR_MS, 0) };
    struct known known = { .asked = "a", .asked_ms = NOW_MS - HOUR_MS + 1 };
    struct catch_up_plan plan = planned(LIST_OF(attempts), known);

    (void)state;
    assert_int_equal(plan.n_asks, 0);
    assert_int_equal(plan.n_missed, 1);
    assert_int_equal(plan.again_ms, NOW_MS + 1);
    known.asked_ms = NOW_MS - HOUR_MS;
    assert_int_equal(planned(LIST_OF(attempts), known).n_asks, 1);
}

/* The list alone tells it: whoever asked, and whether we were started anew meanwhile. */
static void h21_one_that_failed_again_waits_longer_each_time(void **state)
{
    static const int64_t waits_ms[] = { HOUR_MS,     2 * HOUR_MS, 4 * HOUR_MS,
                                        6 * HOUR_MS, 6 * HOUR_MS, 6 * HOUR_MS };

    (void)state;
    for (size_t n = 1; n <= sizeof waits_ms / sizeof *waits_ms; n++) {
        struct catch_up_attempt attempts[8] = { ATTEMPT(1, "a", 2 * DAY_MS, 0) };
        struct catch_up_list list = { .items = attempts, .n_items = n + 1 };

        for (size_t i = 1; i <= n; i++)
            attempts[i] =
                (struct catch_up_attempt)REDELIVERY(1 + (int64_t)i, "a", waits_ms[n - 1] - 1, 401);
        assert_int_equal(planned(list, (struct known){ 0 }).n_asks, 0);
        for (size_t i = 1; i <= n; i++)
            attempts[i].at_ms = NOW_MS - waits_ms[n - 1];
        assert_int_equal(planned(list, (struct known){ 0 }).n_asks, 1);
        /* The newest attempt is the one that is repeated. */
        assert_int_equal(planned(list, (struct known){ 0 }).asks[0].id, 1 + (int64_t)n);
    }
}

static void what_is_refused_for_good_ends_after_three_days(void **state)
{
    struct catch_up_attempt listed[] = { ATTEMPT(1, "a", 3 * DAY_MS - 1, 401),
                                         REDELIVERY(2, "a", DAY_MS, 401) };
    struct catch_up_attempt gone[] = { ATTEMPT(1, "a", 3 * DAY_MS, 401),
                                       REDELIVERY(2, "a", DAY_MS, 401) };
    struct catch_up_attempt not_listed[] = { REDELIVERY(2, "a", DAY_MS, 401) };

    (void)state;
    assert_int_equal(planned(LIST_OF(listed), (struct known){ 0 }).n_asks, 1);
    assert_int_equal(planned(LIST_OF(gone), (struct known){ 0 }).n_asks, 0);
    assert_int_equal(planned(LIST_OF(not_listed), (struct known){ 0 }).n_asks, 0);
}

static void a_round_asks_for_at_most_250_the_oldest_first(void **state)
{
    struct catch_up_attempt attempts[251];
    char guids[251][8];
    struct catch_up_plan plan;

    (void)state;
    for (int i = 0; i < 251; i++) {
        snprintf(guids[i], sizeof guids[i], "%d", i);
        attempts[i] = (struct catch_up_attempt){ .id = i + 1,
                                                 .guid = slice_of(guids[i]),
                                                 .at_ms = NOW_MS - HOUR_MS - i * SECOND_MS };
    }
    plan = planned(LIST_OF(attempts), (struct known){ 0 });
    assert_int_equal(plan.n_missed, 251);
    assert_int_equal(plan.n_asks, CATCH_UP_MAX_ASKS);
    assert_int_equal(plan.asks[0].id, 251);
    assert_int_equal(plan.asks[249].id, 2);
    assert_int_equal(plan.again_ms, NOW_MS); /* the rest as soon as it may be */
}

static void a_store_that_cannot_be_read_plans_nothing(void **state)
{
    struct catch_up_attempt attempts[] = { ATTEMPT(1, "a", HOUR_MS, 0) };
    struct known known = { .rc = RC_CORRUPT };
    const struct catch_up_memory memory = { .context = &known,
                                            .is_known = is_known,
                                            .asked_ms = asked_ms };
    struct catch_up_plan plan;

    (void)state;
    assert_int_equal(catch_up_plan_make(&LIST_OF(attempts), &memory, NOW_MS, arena, &plan),
                     RC_CORRUPT);
    assert_int_equal(plan.n_asks, 0);
}

static void an_empty_list_is_nothing_to_do(void **state)
{
    const struct catch_up_plan plan = planned((struct catch_up_list){ 0 }, (struct known){ 0 });

    (void)state;
    assert_int_equal(plan.n_asks, 0);
    assert_int_equal(plan.n_missed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_read_as_github_writes_it),
        cmocka_unit_test(what_cannot_be_asked_for_is_left_out),
        cmocka_unit_test(what_is_no_list_is_told),
        cmocka_unit_test(nobody_looks_further_back_than_three_days),
        cmocka_unit_test(h21_every_failed_delivery_is_asked_for_once_the_oldest_first),
        cmocka_unit_test(h21_one_that_arrived_in_any_attempt_is_not_asked_for),
        cmocka_unit_test(h21_one_that_is_here_is_not_asked_for_whatever_github_saw),
        cmocka_unit_test(one_that_may_be_under_way_is_left_alone_for_half_a_minute),
        cmocka_unit_test(one_that_was_asked_for_waits_an_hour),
        cmocka_unit_test(h21_one_that_failed_again_waits_longer_each_time),
        cmocka_unit_test(what_is_refused_for_good_ends_after_three_days),
        cmocka_unit_test(a_round_asks_for_at_most_250_the_oldest_first),
        cmocka_unit_test(a_store_that_cannot_be_read_plans_nothing),
        cmocka_unit_test(an_empty_list_is_nothing_to_do),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
