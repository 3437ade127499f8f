#include "src/base/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

struct fixture {
    struct arena *arena;
    struct problems *problems;
};

static int set_up(void **state)
{
    static struct fixture fixture;

    if (arena_new((size_t)256 << 20, &fixture.arena) != RC_OK ||
        problems_new(&fixture.problems) != RC_OK)
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

static struct node *parse(struct fixture *fixture, const char *text)
{
    struct node *root = NULL;

    assert_int_equal(
        document_parse(SLICE("ci.yaml"), slice_of(text), fixture->arena, fixture->problems, &root),
        RC_OK);
    assert_non_null(root);
    return root;
}

static void assert_json(const struct node *node, const char *expected)
{
    struct json_writer writer;
    struct buffer out;

    buffer_init(&out, 0);
    writer = json_writer_to(&out);
    node_write_json(node, &writer);
    buffer_add_byte(&out, '\0');
    assert_int_equal(buffer_rc(&out), RC_OK);
    assert_string_equal(out.ptr, expected);
    buffer_free(&out);
}

static void a_document_becomes_a_tree(void **state)
{
    static const struct {
        const char *text;
        const char *json;
    } cases[] = {
        { .text = "", .json = "{}" },
        { .text = "# nothing\n", .json = "{}" },
        { .text = "---\n", .json = "{}" },
        { .text = "\xef\xbb\xbf"
                  "a: 1\n",
          .json = "{\"a\":1}" },
        { .text = "b: 1\na: [x, {y: z}]\n", .json = "{\"a\":[\"x\",{\"y\":\"z\"}],\"b\":1}" },
        { .text = "- 'it''s'\n- \"t\\tab\"\n- |\n  two\n  lines\n",
          .json = "[\"it's\",\"t\\tab\",\"two\\nlines\\n\"]" },
        { .text = "[/var/log/app, /x/]", .json = "[\"/var/log/app\",\"/x/\"]" },
        { .text = "[]", .json = "[]" },
        { .text = "a: {}\r\nb: x\r\n", .json = "{\"a\":{},\"b\":\"x\"}" },
        { .text = "gr\xc3\xbc\xc3\x9f: \xe2\x82\xac\n",
          .json = "{\"gr\xc3\xbc\xc3\x9f\":\"\xe2\x82\xac\"}" },
    };

    for (size_t i = 0; i < N_OF(cases); i++) {
        print_message("# %zu: %s\n", i, cases[i].json);
        assert_json(parse(*state, cases[i].text), cases[i].json);
    }
}

static void only_true_false_and_numbers_are_typed(void **state)
{
    assert_json(parse(*state, "[true, false, 1, -2.5, 1e3, 9007199254740993]"),
                "[true,false,1,-2.5,1e3,9007199254740993]");
    assert_json(
        parse(*state, "[yes, no, on, True, 08:00, 4x, 1.10, 007, 0x10, 1_000, .5, +1, -]"),
        "[\"yes\",\"no\",\"on\",\"True\",\"08:00\",\"4x\",\"1.10\",\"007\",\"0x10\",\"1_000\","
        "\".5\",\"+1\",\"-\"]");
    assert_json(parse(*state, "['true', \"1\"]"), "[\"true\",\"1\"]");
}

static void nothing_null_and_tilde_are_null_unless_quoted(void **state)
{
    const struct node *root = parse(*state, "a:\nb: null\nc: ~\nd: ''\ne: 'null'\n");

    assert_true(node_find(root, "a")->is_null);
    assert_int_equal(node_find(root, "a")->text.len, 0);
    assert_true(node_find(root, "b")->is_null);
    assert_true(node_find(root, "c")->is_null);
    assert_false(node_find(root, "d")->is_null);
    assert_false(node_find(root, "e")->is_null);
    assert_null(node_find(root, "f"));
    assert_null(node_find(node_find(root, "a"), "b"));
    assert_null(node_find(NULL, "a"));
}

static void a_scalar_knows_how_it_was_quoted(void **state)
{
    const struct node *root = parse(*state, "[a, 'a', \"a\", ]\n");
    const struct node *block = parse(*state, "- |\n  a\n- >\n  a\n");

    assert_int_equal(root->items[0]->style, NODE_PLAIN);
    assert_int_equal(root->items[1]->style, NODE_SINGLE_QUOTED);
    assert_int_equal(root->items[2]->style, NODE_DOUBLE_QUOTED);
    assert_int_equal(block->items[0]->style, NODE_BLOCK);
    assert_int_equal(block->items[1]->style, NODE_BLOCK);
}

static void places_are_lines_and_columns_in_bytes(void **state)
{
    const struct node *root = parse(*state, "a: 1\r\n\xc3\xa9\xe2\x82\xac: [x, y]\nb:\n  c: z\n");
    const struct node *list = root->pairs[1].value;

    assert_int_equal(root->pairs[1].key_mark.line, 2);
    assert_int_equal(root->pairs[1].key_mark.column, 1);
    assert_int_equal(list->mark.line, 2);
    assert_int_equal(list->mark.column, 8);
    assert_int_equal(list->items[1]->mark.column, 12);
    assert_int_equal(node_find(node_find(root, "b"), "c")->mark.line, 4);
    assert_int_equal(node_find(node_find(root, "b"), "c")->mark.column, 6);
    assert_true(slice_eq(list->mark.file, SLICE("ci.yaml")));
}

struct bad_case {
    const char *text;
    uint32_t line, column;
    const char *problem; /* its text starts with this */
};

static void check_bad(struct fixture *fixture, const struct bad_case *bad)
{
    const struct problem *problem;
    struct problems *problems;
    struct node *root = NULL;

    print_message("# %s\n", bad->problem);
    assert_int_equal(problems_new(&problems), RC_OK);
    assert_int_equal(
        document_parse(SLICE("ci.yaml"), slice_of(bad->text), fixture->arena, problems, &root),
        RC_INVALID);
    problem = problems_at(problems, 0);
    assert_non_null(problem);
    if (!slice_starts(problem->text, slice_of(bad->problem)))
        fail_msg("got: %.*s", SLICE_ARG(problem->text));
    if (problem->line != bad->line || problem->column != bad->column)
        fail_msg("got: %u:%u", problem->line, problem->column);
    problems_free(problems);
}

static void r01_a_broken_document_is_refused_in_our_words(void **state)
{
    static const struct bad_case cases[] = {
        { .text = "a: 1\nb: 2\nkey:         'x\nc: 3\n",
          .line = 3,
          .column = 14,
          .problem = "the quote opened at 3:14 is never closed" },
        { .text = "a: \"x\n", .line = 1, .column = 4, .problem = "the quote opened at 1:4" },
        { .text = "a: 1\nfoo\nb: 2\n",
          .line = 2,
          .column = 1,
          .problem = "a `:` is missing after the text at 2:1" },
        { .text = "a: b: c\n", .line = 1, .column = 5, .problem = "a `:` is not expected here" },
        { .text = "a:\n\t- b\n",
          .line = 2,
          .column = 1,
          .problem = "a value cannot start with this character" },
        { .text = "a: @x\n",
          .line = 1,
          .column = 4,
          .problem = "a value cannot start with this character" },
        { .text = "a:\n  b: 1\n c: 2\n",
          .line = 3,
          .column = 2,
          .problem = "in the map that begins at 1:1" },
        { .text = "a:\n  - b\n  c: d\n",
          .line = 3,
          .column = 3,
          .problem = "in the list that begins at 2:3" },
        { .text = "a: [1, 2\nb: 3\n", .line = 2, .column = 2, .problem = "the list opened at 1:4" },
        { .text = "a: {b: 1, c: 2\n", .line = 2, .column = 1, .problem = "the map opened at 1:4" },
        { .text = "a: - b\n", .line = 1, .column = 4, .problem = "a `- ` is not expected here" },
        { .text = "a: \"\\d+\"\n",
          .line = 1,
          .column = 5,
          .problem = "the double quotes opened at 1:4 hold an unknown escape" },
        { .text = "on: *\n", .line = 1, .column = 5, .problem = "`*` begins an alias" },
        { .text = "a: !<x\n", .line = 1, .column = 4, .problem = "`!` begins a tag" },
        { .text = "a: |\n\tx\n",
          .line = 2,
          .column = 1,
          .problem = "the block of text that begins at 1:4" },
        { .text = "{: 1}\n", .line = 1, .column = 2, .problem = "a value was expected here" },
        { .text = "{a: 1} x\n",
          .line = 1,
          .column = 8,
          .problem = "the document has ended before this" },
        { .text = "%FOO\n---\n",
          .line = 1,
          .column = 5,
          .problem = "not YAML: found unknown directive name" },
    };

    for (size_t i = 0; i < N_OF(cases); i++)
        check_bad(*state, &cases[i]);
}

static void r11_what_yaml_has_too_much_of_is_refused(void **state)
{
    static const struct bad_case cases[] = {
        { .text = "a: &x 1\n", .line = 1, .column = 4, .problem = "anchors (&) are refused" },
        { .text = "a: &x [1]\n", .line = 1, .column = 4, .problem = "anchors (&) are refused" },
        { .text = "a: *x\n", .line = 1, .column = 4, .problem = "aliases (*) are refused" },
        { .text = "a: !!str 1\n", .line = 1, .column = 4, .problem = "tags (!) are refused" },
        { .text = "a: !x {}\n", .line = 1, .column = 4, .problem = "tags (!) are refused" },
        { .text = "a: 1\nb: 2\na: 3\n",
          .line = 3,
          .column = 1,
          .problem = "`a` stands twice here; first at 1:1" },
        { .text = "x: {a: 1, 'a': 3}\n",
          .line = 1,
          .column = 11,
          .problem = "`a` stands twice here; first at 1:5" },
        { .text = "[a]: 1\n",
          .line = 1,
          .column = 1,
          .problem = "a name must be text, not a list" },
        { .text = "x: {{a}}\n",
          .line = 1,
          .column = 5,
          .problem = "a name must be text, not a map" },
        { .text = "'': 1\n", .line = 1, .column = 1, .problem = "a name is missing" },
        { .text = "a: 1\n---\nb: 2\n",
          .line = 2,
          .column = 1,
          .problem = "a second document begins here" },
        { .text = "a: \"x\\by\"\n",
          .line = 1,
          .column = 4,
          .problem = "a control character in the text" },
        { .text = "a: \"\\0\"\n",
          .line = 1,
          .column = 4,
          .problem = "a control character in the text" },
        { .text = "[[[[[[[[[[[[[[[[[\n",
          .line = 1,
          .column = 17,
          .problem = "nested more than 16 deep" },
    };

    for (size_t i = 0; i < N_OF(cases); i++)
        check_bad(*state, &cases[i]);
}

static void bytes_that_are_no_text_have_a_place(void **state)
{
    static const struct bad_case cases[] = {
        { .text = "a: 1\nb: \xff\n", .line = 2, .column = 4, .problem = "byte 0xff is not UTF-8" },
        { .text = "a: 1\r\nb: \xc3\xa9\xc3(\n",
          .line = 2,
          .column = 6,
          .problem = "byte 0xc3 is not UTF-8" },
        { .text = "a: 1\rb: \x1b[1m\n",
          .line = 2,
          .column = 4,
          .problem = "control character U+001B" },
        { .text = "a: \xc2\x85\n", .line = 1, .column = 4, .problem = "control character U+0085" },
        { .text = "a: \xe2\x80\xa8\n",
          .line = 1,
          .column = 4,
          .problem = "control character U+2028" },
    };

    for (size_t i = 0; i < N_OF(cases); i++)
        check_bad(*state, &cases[i]);
}

static void one_run_shows_all_that_does_not_stop_the_reading(void **state)
{
    struct fixture *fixture = *state;
    struct node *root = NULL;

    assert_int_equal(document_parse(SLICE("f"), SLICE("a: &x 1\nb: !t 2\na: *x\nc: \"\\a\"\n"),
                                    fixture->arena, fixture->problems, &root),
                     RC_INVALID);
    assert_int_equal(problems_count(fixture->problems, PROBLEM_ERROR), 5);
}

static void assert_bomb_refused(struct fixture *fixture, const char *unit, size_t n_bytes)
{
    struct node *root = NULL;
    struct buffer text;

    print_message("# %zu bytes of `%.2s`\n", n_bytes, unit);
    buffer_init(&text, 0);
    while (text.len + strlen(unit) <= n_bytes)
        buffer_add_text(&text, unit);
    assert_int_equal(document_parse(SLICE("bomb"), buffer_slice(&text), fixture->arena,
                                    fixture->problems, &root),
                     RC_INVALID);
    buffer_free(&text);
}

static void r11_bombs_end_early(void **state)
{
    assert_bomb_refused(*state, "[", (size_t)1 << 20);
    assert_bomb_refused(*state, "{a: ", (size_t)1 << 20);
    assert_bomb_refused(*state, "- ", (size_t)1 << 20);
    assert_bomb_refused(*state, "? ", (size_t)1 << 20);
    assert_bomb_refused(*state, "a: 1\n", (size_t)1 << 20); /* 200,000 doubles */
    assert_bomb_refused(*state, "a: 1\n", ((size_t)1 << 20) + 10);
}

static void a_file_that_cannot_be_read_is_a_problem_with_its_name(void **state)
{
    struct fixture *fixture = *state;
    struct node *root = NULL;

    assert_int_equal(document_load("/nonexistent/x.yaml", fixture->arena, fixture->problems, &root),
                     RC_NOT_FOUND);
    assert_int_equal(document_load("/", fixture->arena, fixture->problems, &root), RC_IO);
    assert_int_equal(problems_count(fixture->problems, PROBLEM_ERROR), 2);
    assert_true(slice_eq(problems_at(fixture->problems, 0)->file, SLICE("/nonexistent/x.yaml")));
}

/* The first scalar in the tree whose text has an @. */
static const struct node *find_at(const struct node *node)
{
    const struct node *found = NULL;

    if (node->type == NODE_SCALAR)
        return node->text.len && memchr(node->text.ptr, '@', node->text.len) ? node : NULL;
    for (size_t i = 0; i < node->n_items && !found; i++)
        found = find_at(node->items[i]);
    for (size_t i = 0; i < node->n_pairs && !found; i++)
        found = find_at(node->pairs[i].value);
    return found;
}

/* The place of the @ of a scalar's text. */
static struct mark mark_of_at(const struct node *scalar)
{
    const char *at = memchr(scalar->text.ptr, '@', scalar->text.len);

    return mark_inside(scalar, (size_t)(at - scalar->text.ptr));
}

static void a_byte_of_a_text_is_found_where_the_file_has_it(void **state)
{
    static const char *const cases[] = {
        "a: x@",
        "a: 'x@'",
        "a: '/it''s @/'",
        "a: ['x', {b: '''''@'}]",
        "a: '\xc3\xa4''\xc3\xa4@'",
        "a: \"x@\"",
        "a: \"\\\"\\\\d\\t@\"",
        "a: \"\xc3\xa4\\\\@\"",
        "a: 'one\n  two@'",
        "a: 'one  \n\n\n   tw''o @'",
        "a: \"one\n\n  two@\"",
        "a: \"one \\\n   two@\"",
        "a: one\n  two @ three",
        "a: |\n  x@",
        "a: |-\n  /x@/\n",
        "a:\n  - |+ # kept\n    one\n      two\n\n    three @\n\n",
        "a: >-\n  /one \\d\n  two@/x\n",
        "a: >\n  one\n\n  two\n   more @\n  end\n",
        "a: >2-\n    x@\n",
        "a: >-\r\n  x\r\n  y@\r\n",
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < N_OF(cases); i++) {
        const struct node *scalar = find_at(parse(fixture, cases[i]));
        const char *at = strchr(cases[i], '@');
        uint32_t line = 1, column = 1;
        struct mark mark;

        print_message("# %zu\n", i);
        assert_non_null(scalar);
        mark = mark_of_at(scalar);
        for (const char *byte = cases[i]; byte < at; byte++) {
            column = *byte == '\n' ? 1 : column + 1;
            line += *byte == '\n';
        }
        assert_int_equal(mark.line, line);
        assert_int_equal(mark.column, column);
    }
}

static void where_a_byte_cannot_be_told_the_text_is_pointed_at(void **state)
{
    struct fixture *fixture = *state;
    const struct node *root = parse(fixture, "a: \"\\x41@\"");

    assert_int_equal(mark_inside(root->pairs[0].value, 1).column, 4);
    root = parse(fixture, "a: 'it''s'"); /* its end */
    assert_int_equal(mark_inside(root->pairs[0].value, 4).column, 10);
    assert_int_equal(mark_inside(root->pairs[0].value, 400).column, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_document_becomes_a_tree, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_true_false_and_numbers_are_typed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_null_and_tilde_are_null_unless_quoted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_scalar_knows_how_it_was_quoted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(places_are_lines_and_columns_in_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_byte_of_a_text_is_found_where_the_file_has_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(where_a_byte_cannot_be_told_the_text_is_pointed_at, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(r01_a_broken_document_is_refused_in_our_words, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(r11_what_yaml_has_too_much_of_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(bytes_that_are_no_text_have_a_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_run_shows_all_that_does_not_stop_the_reading, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(r11_bombs_end_early, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_read_is_a_problem_with_its_name,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
