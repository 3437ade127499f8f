#include "src/base/clock.h"
#include "src/base/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS (10 * DAY_MS)

static int set_up(void **state)
{
    struct arena *arena;

    if (arena_new(4 << 20, &arena) != RC_OK)
        return -1;
    *state = arena;
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static const struct {
    const char *name, *value;
} values[] = {
    { "branch", "main" },
    { "repo", "acme/shop" },
    { "title", "gr\xc3\xbc\xc3\x9f dich" },
    { "evil", "{{branch}} \"q\" {{" },
    { "empty", "" },
    { "past", "1970-01-10T23:55:00Z" },
    { "future", "1970-01-11T02:00:00Z" },
    { "data[\"a | }} b\"]", "odd" },
    { "bad", "\xff\xfe" },
};

static struct slice get(void *context, struct slice name)
{
    (void)context;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        if (slice_eq(name, slice_of(values[i].name)))
            return slice_of(values[i].value);
    return (struct slice){ 0 };
}

static const struct template_values sample = { .get = get, .now_ms = NOW_MS };

static struct template *parse(struct arena *arena, const char *text)
{
    struct template *template = NULL;
    struct json_fault fault;

    assert_int_equal(template_parse(slice_of(text), arena, &template, &fault), RC_OK);
    return template;
}

static void names_are_replaced_and_all_else_stays(void **state)
{
    static const struct {
        const char *text, *rendered;
        const char *missing; /* NULL: nothing is */
    } cases[] = {
        { "", "", NULL },
        { "plain", "plain", NULL },
        { "{branch} } }} {", "{branch} } }} {", NULL },
        { "{{branch}}", "main", NULL },
        { "{{ branch }} of {{repo}}.", "main of acme/shop.", NULL },
        { "{{branch}}{{repo}}", "mainacme/shop", NULL },
        { "[{{nobody}}]", "[]", "nobody" },
        { "{{nobody}}{{either}}", "", "nobody" },
        { "{{empty}}", "", NULL },
        { "{{nobody | default: an unknown branch}}", "an unknown branch", NULL },
        { "{{nobody|default:}}", "", NULL },
        { "{{branch | default: x}}", "main", NULL },
        { "{{nobody | default: a | upper}}", "A", NULL },
        { "{{nobody | upper | default: a}}", "A", NULL },
        { "{{nobody | default: 12:30}}", "12:30", NULL },
        { "{{branch | upper}}", "MAIN", NULL },
        { "{{title | upper}}", "GR\xc3\xbc\xc3\x9f DICH", NULL },
        { "{{repo | upper | lower}}", "acme/shop", NULL },
        { "{{title | truncate: 3}}", "gr\xc3\xbc\xe2\x80\xa6", NULL },
        { "{{title | truncate: 9}}", "gr\xc3\xbc\xc3\x9f dich", NULL },
        { "{{bad | truncate: 1}}", "\xff\xe2\x80\xa6", NULL },
        { "{{repo | json}}", "\"acme/shop\"", NULL },
        { "{{nobody | json}}", "", "nobody" },
        { "{{past | ago}}", "5 min ago", NULL },
        { "{{future | ago}}", "in 2 h", NULL },
        { "{{branch | ago}}", "main", NULL },
        { "{{data[\"a | }} b\"]}}", "odd", NULL },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct template *template = parse(*state, cases[i].text);
        struct slice missing = { 0 };
        struct buffer out;

        print_message("# %s\n", cases[i].text);
        buffer_init(&out, 0);
        template_render(template, &sample, &out, &missing);
        assert_int_equal(buffer_rc(&out), RC_OK);
        buffer_add_byte(&out, '\0');
        assert_string_equal(out.ptr, cases[i].rendered);
        assert_true(slice_eq(missing, slice_of(cases[i].missing)));
        assert_true(slice_eq(template_source(template), slice_of(cases[i].text)));
        buffer_free(&out);
    }
}

static void i04_a_value_is_never_looked_at_again(void **state)
{
    struct buffer out;

    buffer_init(&out, 0);
    template_render(parse(*state, "{{evil}}{{evil | json}}}}"), &sample, &out, NULL);
    assert_true(
        slice_eq(buffer_slice(&out), SLICE("{{branch}} \"q\" {{\"{{branch}} \\\"q\\\" {{\"}}")));
    buffer_free(&out);
}

static void i04_what_is_no_template_is_refused_at_its_place(void **state)
{
    static const struct {
        const char *text;
        size_t offset;
        const char *fault; /* its start */
    } cases[] = {
        { "a {{branch", 2, "this {{ is never closed" },
        { "{{branch}", 0, "this {{ is never closed" },
        { "{{", 0, "this {{ is never closed" },
        { "{{}}", 2, "a name was expected" },
        { "x{{  }}", 5, "a name was expected" },
        { "{{a b}}", 3, "a dot or a bracket was expected" },
        { "{{a..b}}", 4, "a name was expected" },
        { "{{ {{branch}} }}", 3, "a name was expected" },
        { "{{branch | shout}}", 11, "unknown filter; known: default" },
        { "{{branch | }}", 11, "unknown filter" },
        { "{{branch | Upper}}", 11, "unknown filter" },
        { "{{branch | upper: 3}}", 11, "this filter takes no argument" },
        { "{{branch | truncate}}", 11, "this filter needs an argument" },
        { "{{branch | default}}", 11, "this filter needs an argument" },
        { "{{branch | truncate: many}}", 11, "truncate needs a number" },
        { "{{branch | truncate: 0}}", 11, "truncate needs a number" },
        { "{{a|upper|upper|upper|upper|upper}}", 28, "a name has at most 4 filters" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct template *template = NULL;
        struct json_fault fault = { 0 };

        print_message("# %s\n", cases[i].text);
        assert_int_equal(template_parse(slice_of(cases[i].text), *state, &template, &fault),
                         RC_INVALID);
        assert_null(template);
        if (!slice_starts(slice_of(fault.text), slice_of(cases[i].fault)))
            fail_msg("got: %s", fault.text);
        assert_int_equal(fault.offset, cases[i].offset);
    }
}

static void the_names_are_known_before_it_is_rendered(void **state)
{
    const struct template *template = parse(*state, "{{a}} x {{first.b | upper}}{{data.c[0]}} y");

    assert_true(slice_eq(template_name(template, 0), SLICE("a")));
    assert_true(slice_eq(template_name(template, 1), SLICE("first.b")));
    assert_true(slice_eq(template_name(template, 2), SLICE("data.c[0]")));
    assert_true(slice_is_absent(template_name(template, 3)));
    assert_true(slice_is_absent(template_name(template, 4)));
}

static void it_has_at_most_64_names(void **state)
{
    struct template *template = NULL;
    struct json_fault fault;
    struct buffer text;

    buffer_init(&text, 0);
    for (int i = 0; i < 64; i++)
        buffer_add_text(&text, "{{a}}");
    assert_int_equal(template_parse(buffer_slice(&text), *state, &template, &fault), RC_OK);
    buffer_add_text(&text, "{{a}}");
    assert_int_equal(template_parse(buffer_slice(&text), *state, &template, &fault), RC_INVALID);
    buffer_free(&text);
}

static void a_text_over_the_limit_is_told(void **state)
{
    struct buffer out;

    buffer_init(&out, 6);
    template_render(parse(*state, "{{branch}} {{repo}}"), &sample, &out, NULL);
    assert_int_equal(buffer_rc(&out), RC_LIMIT);
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_are_replaced_and_all_else_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(i04_a_value_is_never_looked_at_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(i04_what_is_no_template_is_refused_at_its_place, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_names_are_known_before_it_is_rendered, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(it_has_at_most_64_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_text_over_the_limit_is_told, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
