#include "src/store/objects.h"

#include "src/store/store_key.h"
#include "src/store/tasks.h"
#include "tests/unit/store_fixture.h"

static void put(struct fixture *fixture, uint8_t number)
{
    struct evidence evidence[] = {
        { .id = SLICE("e1"), .state = EVIDENCE_HELD, .text = SLICE("line\0") },
        { .id = SLICE("e2"), .truncated = true }
    };
    struct slice cited[] = { SLICE("e1") };
    struct fact facts[] = { { .text = SLICE("it failed"),
                              .evidence = { .items = cited, .n_items = 1 } } };
    const struct task task = {
        .id = ulid_number(number),
        .state = TASK_RUNNING,
        .attempt = number,
        .evidence = { .items = evidence, .n_items = 2 },
        .diagnosis = { .status = DIAGNOSIS_LIKELY_CAUSE,
                       .facts = { .items = facts, .n_items = 1 },
                       .conclusion = { .confidence = 0.75 } },
    };

    assert_int_equal(task_put(fixture->txn, &task), RC_OK);
}

static void a_task_comes_back_with_all_that_lies_in_it(void **state)
{
    struct fixture *fixture = *state;
    const struct evidence *evidence;
    const struct fact *facts;
    struct task task;

    assert_int_equal(task_get(fixture->txn, ulid_number(1), fixture->arena, &task), RC_NOT_FOUND);
    put(fixture, 1);
    fixture_commit(fixture);
    assert_int_equal(task_get(fixture->txn, ulid_number(1), fixture->arena, &task), RC_OK);
    assert_true(task.state == TASK_RUNNING && task.attempt == 1 && task.evidence.n_items == 2);
    evidence = task.evidence.items;
    assert_true(evidence[0].state == EVIDENCE_HELD && evidence[1].state == EVIDENCE_WAITING &&
                evidence[1].truncated);
    assert_true(slice_eq(evidence[0].text, SLICE("line\0")));
    facts = task.diagnosis.facts.items;
    assert_int_equal(task.diagnosis.status, DIAGNOSIS_LIKELY_CAUSE);
    assert_slice(facts[0].evidence.items[0], "e1");
    assert_true(task.diagnosis.conclusion.confidence >= 0.75 &&
                task.diagnosis.conclusion.confidence <= 0.75);
}

struct visits {
    int64_t attempts[8];
    size_t n_visits;
    size_t n_wanted;
};

static bool visit(void *context, struct ulid id, const void *object)
{
    const struct task *task = object;
    struct visits *visits = context;

    assert_int_equal(ulid_compare(id, task->id), 0);
    visits->attempts[visits->n_visits++] = task->attempt;
    return visits->n_visits < visits->n_wanted;
}

static struct visits visits_before(struct fixture *fixture, struct ulid before, size_t limit,
                                   size_t n_wanted)
{
    struct visits visits = { .n_wanted = n_wanted };
    struct task task;

    assert_int_equal(object_each_newest(fixture->txn, TABLE_TASKS, &task_shape, before, limit,
                                        fixture->arena, &task, visit, &visits),
                     RC_OK);
    return visits;
}

static void objects_are_listed_newest_first_in_pages(void **state)
{
    const struct ulid newest = { 0 };
    struct fixture *fixture = *state;
    struct visits visits = visits_before(fixture, newest, 8, 8);

    assert_int_equal(visits.n_visits, 0);
    for (uint8_t number = 1; number <= 5; number++)
        put(fixture, number);
    visits = visits_before(fixture, newest, 2, 8);
    assert_int_equal(visits.n_visits, 2);
    assert_true(visits.attempts[0] == 5 && visits.attempts[1] == 4);
    visits = visits_before(fixture, ulid_number(4), 8, 8);
    assert_int_equal(visits.n_visits, 3);
    assert_true(visits.attempts[0] == 3 && visits.attempts[2] == 1);
    visits = visits_before(fixture, ulid_number(1), 8, 8);
    assert_int_equal(visits.n_visits, 0);
    visits = visits_before(fixture, newest, SIZE_MAX, 3);
    assert_int_equal(visits.n_visits, 3);
}

static void s07_a_damaged_object_costs_only_itself(void **state)
{
    const struct store_key key = key_of_ulid(ulid_number(2));
    struct fixture *fixture = *state;
    struct visits visits;

    for (uint8_t number = 1; number <= 3; number++)
        put(fixture, number);
    assert_int_equal(store_put(fixture->txn, TABLE_TASKS, key_slice(&key), SLICE("damaged")),
                     RC_OK);
    visits = visits_before(fixture, (struct ulid){ 0 }, 2, 8);
    assert_int_equal(visits.n_visits, 2);
    assert_true(visits.attempts[0] == 3 && visits.attempts[1] == 1);
}

static bool put_again(void *context, struct ulid id, const void *object)
{
    const struct task *task = object;
    struct fixture *fixture = context;

    (void)id;
    assert_int_equal(task_put(fixture->txn, task), RC_OK);
    return true;
}

static void objects_may_be_written_while_they_are_listed(void **state)
{
    struct fixture *fixture = *state;
    struct task task;
    uint64_t n_rows;

    for (uint8_t number = 1; number <= 200; number++)
        put(fixture, number);
    assert_int_equal(object_each_newest(fixture->txn, TABLE_TASKS, &task_shape, (struct ulid){ 0 },
                                        SIZE_MAX, fixture->arena, &task, put_again, fixture),
                     RC_OK);
    assert_int_equal(store_count(fixture->txn, TABLE_TASKS, &n_rows), RC_OK);
    assert_int_equal(n_rows, 200);
    assert_int_equal(task_get(fixture->txn, ulid_number(77), fixture->arena, &task), RC_OK);
    assert_int_equal(task.attempt, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(a_task_comes_back_with_all_that_lies_in_it),
        TWICE(objects_are_listed_newest_first_in_pages),
        TWICE(s07_a_damaged_object_costs_only_itself),
        TWICE(objects_may_be_written_while_they_are_listed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
