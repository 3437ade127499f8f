#include "rule_fixture.h"

#include "src/base/file.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    char root[64];
    struct arena *arena;
    struct problems *problems;
    struct rule_files files;
};

static int make_place(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    assert_non_null(place);
    (void)snprintf(place->root, sizeof(place->root), "/tmp/vedette-rules-XXXXXX");
    assert_non_null(mkdtemp(place->root));
    assert_int_equal(arena_new((size_t)8 << 20, &place->arena), RC_OK);
    assert_int_equal(problems_new(&place->problems), RC_OK);
    *state = place;
    return 0;
}

static const char *const names[] = { "a.yaml",   "b.yml", ".hidden.yaml", "c.yaml~", "d.txt",
                                     "big.yaml", "e.txt", "g.txt",        "h.txt" };

static const char *path_of(const struct place *place, const char *name, char *path)
{
    (void)snprintf(path, 128, "%s/%s", place->root, name);
    return path;
}

static int leave_place(void **state)
{
    struct place *place = *state;
    char path[128];

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        (void)unlink(path_of(place, names[i], path));
    (void)rmdir(place->root);
    problems_free(place->problems);
    arena_free(place->arena);
    free(place);
    return 0;
}

static void put(const struct place *place, const char *name, struct slice text, unsigned mode)
{
    char path[128];

    assert_int_equal(file_write(path_of(place, name, path), text, mode), RC_OK);
}

static enum rc read_path(struct place *place, const char *path)
{
    struct slice item = slice_of(path);

    return rule_files_read((struct slice_list){ .items = &item, .n_items = 1 }, place->arena,
                           place->problems, &place->files);
}

static void r10_only_yaml_files_are_read_in_name_order(void **state)
{
    struct place *place = *state;
    char path[128];

    put(place, "b.yml", SLICE("b"), 0644);
    put(place, "a.yaml", SLICE("a"), 0644);
    put(place, ".hidden.yaml", SLICE("x"), 0644);
    put(place, "c.yaml~", SLICE("x"), 0644);
    put(place, "d.txt", SLICE("x"), 0644);
    assert_int_equal(read_path(place, place->root), RC_OK);
    assert_int_equal(place->files.n_files, 2);
    assert_slice(place->files.files[0].name, path_of(place, "a.yaml", path));
    assert_slice(place->files.files[0].text, "a");
    assert_slice(place->files.files[1].text, "b");
}

static void a_file_may_be_named_itself(void **state)
{
    struct place *place = *state;
    char path[128];

    put(place, "d.txt", SLICE("x"), 0644);
    assert_int_equal(read_path(place, path_of(place, "d.txt", path)), RC_OK);
    assert_int_equal(place->files.n_files, 1);
}

static void r10_what_cannot_be_read_is_an_error_and_not_empty(void **state)
{
    struct place *place = *state;
    char path[128];

    assert_int_equal(read_path(place, path_of(place, "nowhere", path)), RC_INVALID);
    assert_slice(problems_at(place->problems, 0)->file, path);
    assert_slice(problems_at(place->problems, 0)->text, "No such file or directory");
}

static void r10_a_file_that_everybody_may_write_is_refused(void **state)
{
    struct place *place = *state;
    char path[128];

    put(place, "a.yaml", SLICE("a"), 0646);
    put(place, "b.yml", SLICE("b"), 0644);
    assert_int_equal(read_path(place, place->root), RC_INVALID);
    assert_slice(problems_at(place->problems, 0)->file, path_of(place, "a.yaml", path));
    assert_slice(problems_at(place->problems, 0)->text,
                 "everybody on this machine may write this file: chmod o-w it");
    assert_null(problems_at(place->problems, 1));
}

static void r10_a_directory_that_everybody_may_write_into_is_refused(void **state)
{
    struct place *place = *state;

    put(place, "a.yaml", SLICE("a"), 0644);
    assert_int_equal(chmod(place->root, 01777), 0);
    assert_int_equal(read_path(place, place->root), RC_INVALID);
    assert_slice(problems_at(place->problems, 0)->file, place->root);
    assert_slice(problems_at(place->problems, 0)->text,
                 "everybody on this machine may write into this directory: chmod o-w it");
}

static void r11_a_file_over_1_mib_is_refused(void **state)
{
    static char bytes[(1 << 20) + 1];
    struct place *place = *state;

    memset(bytes, '#', sizeof(bytes));
    put(place, "big.yaml", (struct slice){ bytes, sizeof(bytes) - 1 }, 0644);
    assert_int_equal(read_path(place, place->root), RC_OK);
    put(place, "big.yaml", (struct slice){ bytes, sizeof(bytes) }, 0644);
    assert_int_equal(read_path(place, place->root), RC_INVALID);
    assert_slice(problems_at(place->problems, 0)->text, "a rule file has at most 1 MiB");
}

/* -- files of lines that rules name -- */

/* Every place of a rule where one may be named, and others where it is none. */
static const char naming[] =
    "defaults: {where: {repo: {file: h.txt}}}\n"
    "rules:\n"
    "  - id: a\n"
    "    on: push\n"
    "    where: {any: [{host: [x, {file: d.txt}]}], file: g.txt}\n"
    "    clear: {where: {data.l: {some: {name: {not: {file: e.txt}}}}}}\n"
    "    propose: {plan: [{do: x, with: {file: g.txt}}]}\n"
    "tests: [{events: [{hook: github, file: g.txt, where: {a: {file: g.txt}}}]}]\n";

static const struct rule_file *find_list(const struct place *place, const char *name)
{
    char path[128];

    for (size_t i = 0; i < place->files.n_files; i++) {
        if (slice_eq(place->files.files[i].name, slice_of(path_of(place, name, path))))
            return place->files.files[i].is_list ? &place->files.files[i] : NULL;
    }
    return NULL;
}

static void a_file_of_lines_is_read_where_a_rule_names_it_and_only_once(void **state)
{
    struct place *place = *state;

    put(place, "a.yaml", slice_of(naming), 0644);
    put(place, "b.yml", slice_of(naming), 0644);
    put(place, "d.txt", SLICE("web1\n"), 0644);
    put(place, "e.txt", SLICE("web2\n"), 0644);
    put(place, "g.txt", SLICE("secret\n"), 0644);
    put(place, "h.txt", SLICE("web3\n"), 0644);
    assert_int_equal(read_path(place, place->root), RC_OK);
    assert_int_equal(place->files.n_files, 5);
    assert_int_equal(place->files.n_lists, 3);
    assert_slice(find_list(place, "d.txt")->text, "web1\n");
    assert_slice(find_list(place, "e.txt")->text, "web2\n");
    assert_slice(find_list(place, "h.txt")->text, "web3\n");
    assert_null(find_list(place, "g.txt"));
}

static const char names_d[] = "rules: [{id: a, on: push, where: {host: {file: d.txt}}}]";

static void assert_fault(struct place *place, const char *fault)
{
    const struct rule_file *list;

    assert_int_equal(read_path(place, place->root), RC_OK);
    list = find_list(place, "d.txt");
    assert_non_null(list);
    assert_slice(list->fault, fault);
}

static void r10_what_is_wrong_with_a_file_of_lines_is_kept_for_the_rule_that_names_it(void **state)
{
    static char bytes[(1 << 20) + 1];
    struct place *place = *state;
    char path[128];

    memset(bytes, '#', sizeof(bytes));
    put(place, "a.yaml", slice_of(names_d), 0644);
    assert_fault(place, "No such file or directory");
    put(place, "d.txt", (struct slice){ bytes, sizeof(bytes) }, 0644);
    assert_fault(place, "a file of lines has at most 1 MiB");
    put(place, "d.txt", (struct slice){ bytes, sizeof(bytes) - 1 }, 0644);
    assert_fault(place, NULL);
    put(place, "d.txt", SLICE("web1"), 0646);
    assert_fault(place, "everybody on this machine may write this file: chmod o-w it");
    (void)unlink(path_of(place, "d.txt", path));
    assert_int_equal(mkdir(path, 0755), 0);
    assert_fault(place, "Is a directory");
    assert_int_equal(rmdir(path), 0);
}

#define STRANGER 65534

/* Only root can give a file away. */
static void give_away(const struct place *place, const char *name)
{
    char path[128];

    if (geteuid())
        skip();
    assert_int_equal(chown(path_of(place, name, path), STRANGER, (gid_t)-1), 0);
}

static void r10_a_file_of_a_stranger_is_refused(void **state)
{
    static const char *const text = "this file belongs neither to root, nor to the user that runs "
                                    "vedette, nor to the owner of its directory: chown it";
    struct place *place = *state;
    char path[128];

    put(place, "a.yaml", SLICE("a"), 0644);
    put(place, "b.yml", SLICE("b"), 0644);
    give_away(place, "a.yaml");
    assert_int_equal(read_path(place, place->root), RC_INVALID);
    assert_slice(problems_at(place->problems, 0)->file, path_of(place, "a.yaml", path));
    assert_slice(problems_at(place->problems, 0)->text, text);
    assert_int_equal(read_path(place, path), RC_INVALID);
    assert_slice(problems_at(place->problems, 1)->text, text);
    assert_null(problems_at(place->problems, 2));
    put(place, "a.yaml", slice_of(names_d), 0644);
    put(place, "d.txt", SLICE("web1"), 0644);
    give_away(place, "d.txt");
    assert_fault(place, text);
}

static void r10_a_file_of_whom_its_directory_belongs_to_is_read(void **state)
{
    struct place *place = *state;
    char path[128];

    put(place, "a.yaml", SLICE("a"), 0644);
    give_away(place, "a.yaml");
    give_away(place, "");
    assert_int_equal(read_path(place, place->root), RC_OK);
    assert_int_equal(place->files.n_files, 1);
    assert_int_equal(read_path(place, path_of(place, "a.yaml", path)), RC_OK);
    assert_int_equal(place->files.n_files, 1);
}

static void nothing_outside_of_the_rule_files_directory_is_read(void **state)
{
    static const char *const outside[] = { "../d.txt",     "/etc/hostname",
                                           ".hidden.yaml", "x/../d.txt",
                                           "..",           "''" };
    struct place *place = *state;

    put(place, "d.txt", SLICE("web1"), 0644);
    put(place, ".hidden.yaml", SLICE("web1"), 0644);
    for (size_t i = 0; i < sizeof(outside) / sizeof(*outside); i++) {
        char text[128];

        (void)snprintf(text, sizeof(text), "rules: [{id: a, on: push, where: {host: {file: %s}}}]",
                       outside[i]);
        put(place, "a.yaml", slice_of(text), 0644);
        assert_int_equal(read_path(place, place->root), RC_OK);
        assert_int_equal(place->files.n_lists, 0);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, leave_place)
    const struct CMUnitTest tests[] = {
        TEST(r10_only_yaml_files_are_read_in_name_order),
        TEST(a_file_may_be_named_itself),
        TEST(r10_what_cannot_be_read_is_an_error_and_not_empty),
        TEST(r10_a_file_that_everybody_may_write_is_refused),
        TEST(r10_a_directory_that_everybody_may_write_into_is_refused),
        TEST(r10_a_file_of_a_stranger_is_refused),
        TEST(r10_a_file_of_whom_its_directory_belongs_to_is_read),
        TEST(a_file_of_lines_is_read_where_a_rule_names_it_and_only_once),
        TEST(r10_what_is_wrong_with_a_file_of_lines_is_kept_for_the_rule_that_names_it),
        TEST(nothing_outside_of_the_rule_files_directory_is_read),
        TEST(r11_a_file_over_1_mib_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
