#include "rules/where_private.h"

#include "src/base/clock.h"

/* -- one text -- */

static enum test_result test_of(bool held)
{
    return held ? TEST_HELD : TEST_FAILED;
}

static bool compares(const struct test *test, struct slice text)
{
    struct quantity value;
    int order;

    if (bound_read(test->unit, text, &value))
        return false;
    order = quantity_compare(&value, &test->bound);
    switch (test->comparison) {
    case COMPARE_GT:
        return order > 0;
    case COMPARE_GE:
        return order >= 0;
    case COMPARE_LT:
        return order < 0;
    case COMPARE_LE:
        return order <= 0;
    }
    return false;
}

/* How far the time is ahead of the event; negative behind it. */
static bool read_ahead(struct slice text, const struct event *event, int64_t *ahead_ms)
{
    int64_t time_ms;

    return time_parse_any(text, &time_ms) == RC_OK &&
           !__builtin_sub_overflow(time_ms, event->time_ms, ahead_ms);
}

static bool is_within(const struct test *test, struct slice text, const struct event *event)
{
    int64_t ahead_ms;

    if (!read_ahead(text, event, &ahead_ms))
        return false;
    return test->kind == TEST_BEFORE ? ahead_ms < test->span_ms : ahead_ms > -test->span_ms;
}

static bool is_in_a_network(const struct test *test, struct slice text)
{
    struct network address;

    if (address_parse(text, &address))
        return false;
    for (size_t i = 0; i < test->n_networks; i++) {
        if (network_has(&test->networks[i], &address))
            return true;
    }
    return false;
}

static enum test_result test_text(const struct test *test, struct slice text,
                                  const struct trying *trying)
{
    switch (test->kind) {
    case TEST_EQUALS:
        return test_of(slice_eq(text, test->text));
    case TEST_MATCHES:
        return evaluation_search(trying->evaluation, test->pattern, text, trying->is_capturing);
    case TEST_COMPARES:
        return test_of(compares(test, text));
    case TEST_BEFORE:
    case TEST_AFTER:
        return test_of(is_within(test, text, trying->evaluation->event));
    case TEST_CIDR:
        return test_of(is_in_a_network(test, text));
    case TEST_FILE:
        return test_of(line_list_has(test->lines, text));
    case TEST_EXISTS:
    case TEST_SOME:
    case TEST_NOT:
    case TEST_ANY:
    case TEST_ALL:
        break;
    }
    return TEST_FAILED;
}

/* Of several elements one is enough. */
static enum test_result test_texts(const struct test *test, const struct trying *trying)
{
    enum test_result best = TEST_FAILED;

    for (size_t i = 0; i < trying->values->n_texts; i++) {
        enum test_result result = test_text(test, trying->values->texts[i], trying);

        if (result == TEST_HELD)
            return result;
        if (result == TEST_FAULTY)
            best = result;
    }
    return best;
}

/* -- a number that is written in several ways -- */

struct number_search {
    const struct test *test;
    bool held;
};

/* Text equals as the rule writes it, a number as numbers do. */
static bool search_equal(void *context, const struct json *node)
{
    struct number_search *search = context;
    bool is_number = json_type_of(node) == JSON_NUMBER;

    search->held = slice_eq(json_text(node), is_number ? search->test->number : search->test->text);
    return !search->held;
}

static enum test_result test_equals(const struct test *test, const struct trying *trying)
{
    struct number_search search = { .test = test };
    const struct json *data = trying->evaluation->event->data;

    if (slice_is_absent(test->number))
        return test_texts(test, trying);
    if (data)
        json_path_each(trying->field->path, data, search_equal, &search);
    return test_of(search.held);
}

/* -- elements of lists -- */

struct element_search {
    const struct test *test;
    const struct trying *trying;
    enum test_result best;
};

/* The element stands where the payload does: its clauses are paths below it. */
static enum test_result element_holds(const struct test *test, const struct trying *trying,
                                      const struct json *element)
{
    struct evaluation *evaluation = trying->evaluation;
    const struct event *event = evaluation->event;
    struct event part = *event;
    size_t n_captures = evaluation->captures.n_items;
    enum test_result result;

    part.data = element;
    evaluation->event = &part;
    result = where_map_holds(test->element, evaluation, trying->is_capturing, false);
    evaluation->event = event;
    /* What an element captured before it failed was never the event's. */
    if (result != TEST_HELD)
        evaluation->captures.n_items = n_captures;
    return result;
}

static bool search_list(void *context, const struct json *list)
{
    struct element_search *search = context;

    if (json_type_of(list) != JSON_ARRAY)
        return true;
    for (const struct json *element = json_first(list); element; element = json_next(element)) {
        enum test_result result = element_holds(search->test, search->trying, element);

        if (result != TEST_FAILED)
            search->best = result;
        if (result == TEST_HELD)
            return false;
    }
    return true;
}

static enum test_result test_elements(const struct test *test, const struct trying *trying)
{
    struct element_search search = { .test = test, .trying = trying, .best = TEST_FAILED };
    const struct json *data = trying->evaluation->event->data;

    if (trying->field->place == FIELD_OF_DATA && data)
        json_path_each(trying->field->path, data, search_list, &search);
    return search.best;
}

/* -- tests of tests -- */

static enum test_result test_any(const struct test *test, const struct trying *trying)
{
    enum test_result best = TEST_FAILED;

    for (size_t i = 0; i < test->n_parts; i++) {
        enum test_result result = test_holds(&test->parts[i], trying);

        if (result == TEST_HELD)
            return result;
        if (result == TEST_FAULTY)
            best = result;
    }
    return best;
}

static bool is_of_a_text(const struct test *test)
{
    switch (test->kind) {
    case TEST_EQUALS:
        return slice_is_absent(test->number);
    case TEST_MATCHES:
    case TEST_COMPARES:
    case TEST_BEFORE:
    case TEST_AFTER:
    case TEST_CIDR:
    case TEST_FILE:
        return true;
    case TEST_EXISTS:
    case TEST_SOME:
    case TEST_NOT:
    case TEST_ANY:
    case TEST_ALL:
        break;
    }
    return false;
}

/* The parts that look at a text, of this one. */
static enum test_result all_of_text(const struct test *test, struct slice text,
                                    const struct trying *trying)
{
    struct captures *captures = &trying->evaluation->captures;
    size_t n_captures = captures->n_items;
    enum test_result all = TEST_HELD;

    for (size_t i = 0; i < test->n_parts && all != TEST_FAILED; i++) {
        enum test_result result = TEST_HELD;

        if (is_of_a_text(&test->parts[i]))
            result = test_text(&test->parts[i], text, trying);
        if (result != TEST_HELD)
            all = result;
    }
    if (all != TEST_HELD)
        captures->n_items = n_captures;
    return all;
}

/* One of several elements has to satisfy all of it: {ge: 5, le: 6} is none of 3 and 9. */
static enum test_result all_of_a_text(const struct test *test, const struct trying *trying)
{
    enum test_result best = TEST_FAILED;

    for (size_t i = 0; i < trying->values->n_texts && best != TEST_HELD; i++) {
        enum test_result result = all_of_text(test, trying->values->texts[i], trying);

        if (result != TEST_FAILED)
            best = result;
    }
    return best;
}

static enum test_result test_all(const struct test *test, const struct trying *trying)
{
    enum test_result all = TEST_HELD;
    bool asks_a_text = false;

    for (size_t i = 0; i < test->n_parts; i++) {
        enum test_result result = TEST_HELD;

        if (is_of_a_text(&test->parts[i]))
            asks_a_text = true;
        else
            result = test_holds(&test->parts[i], trying);
        if (result == TEST_FAILED)
            return result;
        if (result == TEST_FAULTY)
            all = result;
    }
    if (asks_a_text) {
        enum test_result result = all_of_a_text(test, trying);

        if (result != TEST_HELD)
            return result;
    }
    return all;
}

static enum test_result test_not(const struct test *test, const struct trying *trying)
{
    struct trying inner = *trying;
    enum test_result result;

    inner.is_capturing = false;
    result = test_holds(&test->parts[0], &inner);
    return result == TEST_FAULTY ? result : test_of(result == TEST_FAILED);
}

enum test_result test_holds(const struct test *test, const struct trying *trying)
{
    switch (test->kind) {
    case TEST_EQUALS:
        return test_equals(test, trying);
    case TEST_MATCHES:
    case TEST_COMPARES:
    case TEST_BEFORE:
    case TEST_AFTER:
    case TEST_CIDR:
    case TEST_FILE:
        return test_texts(test, trying);
    case TEST_EXISTS:
        return test_of(trying->values->exists == test->exists);
    case TEST_SOME:
        return test_elements(test, trying);
    case TEST_NOT:
        return test_not(test, trying);
    case TEST_ANY:
        return test_any(test, trying);
    case TEST_ALL:
        return test_all(test, trying);
    }
    return TEST_FAILED;
}

/* -- what could not be read -- */

static bool keep_list(void *context, const struct json *node)
{
    bool *has_list = context;

    *has_list = json_type_of(node) == JSON_ARRAY;
    return !*has_list;
}

static bool is_list(const struct trying *trying)
{
    const struct json *data = trying->evaluation->event->data;
    bool has_list = false;

    if (trying->field->place == FIELD_OF_DATA && data)
        json_path_each(trying->field->path, data, keep_list, &has_list);
    return has_list;
}

/* Is there one text that says what the test asks for? */
static bool is_readable(const struct test *test, const struct trying *trying)
{
    for (size_t i = 0; i < trying->values->n_texts; i++) {
        struct slice text = trying->values->texts[i];
        struct quantity quantity;
        struct network address;
        int64_t ahead_ms;

        if (test->kind == TEST_COMPARES && bound_read(test->unit, text, &quantity) == RC_OK)
            return true;
        if (test->kind == TEST_CIDR && address_parse(text, &address) == RC_OK)
            return true;
        if ((test->kind == TEST_BEFORE || test->kind == TEST_AFTER) &&
            read_ahead(text, trying->evaluation->event, &ahead_ms))
            return true;
    }
    return false;
}

const char *test_unreadable(const struct test *test, const struct trying *trying)
{
    const char *why = NULL;

    if (!trying->values->exists)
        return NULL;
    switch (test->kind) {
    case TEST_COMPARES:
        return is_readable(test, trying) ? NULL : bound_fault(test->unit);
    case TEST_BEFORE:
    case TEST_AFTER:
        return is_readable(test, trying) ? NULL : "no time";
    case TEST_CIDR:
        return is_readable(test, trying) ? NULL : "no address";
    case TEST_SOME:
        return is_list(trying) ? NULL : "no list";
    case TEST_EQUALS:
    case TEST_MATCHES:
    case TEST_EXISTS:
    case TEST_FILE:
        return NULL;
    case TEST_NOT:
    case TEST_ANY:
    case TEST_ALL:
        break;
    }
    for (size_t i = 0; i < test->n_parts && !why; i++)
        why = test_unreadable(&test->parts[i], trying);
    return why;
}
