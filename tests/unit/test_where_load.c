#include "rule_fixture.h"
#include "rules/line_list.h"

#include <stdlib.h>

/* A `where` as the only thing that is wrong: it begins at column 30 of line 2. */
static enum rc load(const char *pieces, const char *where, struct ruleset **set,
                    struct buffer *said)
{
    char text[1024];

    (void)snprintf(text, sizeof(text), "rules:\n  - {id: a, on: push, where: %s}\n%s", where,
                   pieces);
    return parse_rules(text, set, said);
}

#define VALUES "eq not exists gt ge lt le before after cidr file some"
#define BOUND                                                                                      \
    "a bound is a number, a duration with its unit (90s 5m 1h 7d), of ten years at most, or a "    \
    "size (64KB 1GB)"
#define KNOWN                                                                                      \
    "source type kind watcher subject title text state severity level service host repo branch "   \
    "commit run attempt workflow job test duration actor environment url rule time received "      \
    "data.… "                                                                                    \
    "and named groups of its patterns"

static const struct {
    const char *where;
    unsigned column;
    const char *said;
} bad_wheres[] = {
    { "{branch: }", 39, "a value is missing here; for an absent field write {exists: false}" },
    { "{branch: []}", 39, "an empty list would never hold" },
    { "{branch: {}}", 39, "an empty map says nothing; valid here: " VALUES },
    { "{branch: {eq: }}", 40, "`eq` is empty: give it a value, or leave it out" },
    { "{branch: {eq: [main]}}", 44, "`eq` must be text, not a list" },
    { "{branch: {like: main}}", 40, "unknown member `like`; valid here: " VALUES },
    { "{branch: {nto: main}}", 40,
      "unknown member `nto`; did you mean `not`? valid here: " VALUES },
    { "{branch: {ciddr: 10.0.0.0/8}}", 40,
      "unknown member `ciddr`; did you mean `cidr`? valid here: " VALUES },
    { "{branch: {eq: a, eq: b}}", 47, "`eq` stands twice here; first at 2:40" },
    { "{branch: {not: }}", 40, "`not` is empty: give it a value, or leave it out" },
    { "{branch: {not: []}}", 45, "an empty list would never hold" },
    { "{branch: {exists: yes}}", 48, "`exists` must be true or false, not `yes`" },
    { "{branch: {exists: [true]}}", 48, "`exists` must be true or false, not a list" },
    { "{branch: {not: {exists: }}}", 46, "`exists` is empty: give it a value, or leave it out" },
    { "{state: failed}", 38,
      "`state` is never `failed`, but one of failing ok info; the sender's own words stay under "
      "data." },
    { "{state: {not: [failing, broken]}}", 54,
      "`state` is never `broken`, but one of failing ok info; the sender's own words stay under "
      "data." },
    { "{severity: page}", 41,
      "`severity` is never `page`, but one of low medium high critical; the sender's own words "
      "stay under data." },
    { "{severity: {eq: page}}", 46,
      "`severity` is never `page`, but one of low medium high critical; the sender's own words "
      "stay under data." },
    { "{severity: {ge: 3}}", 46,
      "a bound on `severity` is one of low medium high critical, not `3`" },
    { "{severity: {ge: page}}", 46,
      "a bound on `severity` is one of low medium high critical, not `page`" },
    { "{duration: {gt: 300}}", 46,
      "a bound on `duration` is a duration with its unit (90s 5m 1h 7d), of ten years at most, not "
      "`300`" },
    { "{duration: {gt: 64KB}}", 46,
      "a bound on `duration` is a duration with its unit (90s 5m 1h 7d), of ten years at most, not "
      "`64KB`" },
    { "{duration: {gt: 3651d}}", 46,
      "a bound on `duration` is a duration with its unit (90s 5m 1h 7d), of ten years at most, not "
      "`3651d`" },
    { "{duration: {gt: 99999999999999999999d}}", 46,
      "a bound on `duration` is a duration with its unit (90s 5m 1h 7d), of ten years at most, not "
      "`99999999999999999999d`" },
    { "{data.took: {gt: 3651d}}", 47, BOUND ", not `3651d`" },
    { "{data.n: {gt: }}", 40, "`gt` is empty: give it a value, or leave it out" },
    { "{data.n: {gt: [5]}}", 44, BOUND ", not a list" },
    { "{data.n: {gt: {eq: 5}}}", 44, BOUND ", not a map" },
    { "{data.n: {gt: five}}", 44, BOUND ", not `five`" },
    { "{data.n: {gt: 1e999}}", 44, BOUND ", not `1e999`" },
    { "{data.n: {gt: -5m}}", 44, BOUND ", not `-5m`" },
    { "{data.n: {gt: 9999999999TB}}", 44, BOUND ", not `9999999999TB`" },
    { "{state: {ge: 5}}", 43,
      "`state` is never a number, a duration or a size: to compare it would never hold" },
    { "{title: {lt: 5m}}", 43,
      "`title` is never a number, a duration or a size: to compare it would never hold" },
    { "{kind: {not: {gt: 1}}}", 48,
      "`kind` is never a number, a duration or a size: to compare it would never hold" },
    { "{title: {before: 1d}}", 47,
      "`title` is never a time: to look before or after it would never hold" },
    { "{duration: {after: 1d}}", 49,
      "`duration` is never a time: to look before or after it would never hold" },
    { "{data.took: {ge: 1.5s}}", 47,
      "a bound that is a duration or a size has no decimals: write 1500ms, not `1.5s`" },
    { "{duration: {ge: 1.5h}}", 46,
      "a bound that is a duration or a size has no decimals: write 90m, not `1.5h`" },
    { "{data.n: {ge: 1.5GB}}", 44,
      "a bound that is a duration or a size has no decimals: write 1536MB, not `1.5GB`" },
    { "{data.n: {ge: 1.3GB}}", 44,
      "a bound that is a duration or a size has no decimals, not `1.3GB`" },
    { "{time: {before: 1.5h}}", 46, "`before` has no decimals: write 90m, not `1.5h`" },
    { "{time: {gt: 5}}", 42, "a time is compared with {before: 14d} or {after: 1h}, not `5`" },
    { "{received: {le: 1h}}", 46,
      "a time is compared with {before: 14d} or {after: 1h}, not `1h`" },
    { "{time: {before: }}", 38, "`before` is empty: give it a value, or leave it out" },
    { "{time: {before: 14}}", 46,
      "`before` is a duration with its unit (90s 5m 1h 7d), of ten years at most, not `14`" },
    { "{time: {before: 3651d}}", 46,
      "`before` is a duration with its unit (90s 5m 1h 7d), of ten years at most, not `3651d`" },
    { "{time: {before: [1h]}}", 46,
      "`before` is a duration with its unit (90s 5m 1h 7d), of ten years at most, not a list" },
    { "{time: {after: tomorrow}}", 45,
      "`after` is a duration with its unit (90s 5m 1h 7d), of ten years at most, not `tomorrow`" },
    { "{time: {after: {ge: 1h}}}", 45,
      "`after` is a duration with its unit (90s 5m 1h 7d), of ten years at most, not a map" },
    { "{host: {cidr: }}", 38, "`cidr` is empty: give it a value, or leave it out" },
    { "{host: {cidr: []}}", 44, "an empty list of networks would never hold" },
    { "{host: {cidr: {net: 10.0.0.0/8}}}", 44,
      "a network (10.0.0.0/8, 2001:db8::/32) or an address, without leading zeros, is expected "
      "here, not a map" },
    { "{host: {cidr: [[10.0.0.0/8]]}}", 45,
      "a network (10.0.0.0/8, 2001:db8::/32) or an address, without leading zeros, is expected "
      "here, not a list" },
    { "{host: {cidr: 10.0.0.0/33}}", 44,
      "a network (10.0.0.0/8, 2001:db8::/32) or an address, without leading zeros, is expected "
      "here, not `10.0.0.0/33`" },
    { "{host: {cidr: '2001:db8::/129'}}", 44,
      "a network (10.0.0.0/8, 2001:db8::/32) or an address, without leading zeros, is expected "
      "here, not "
      "`2001:db8::/129`" },
    { "{host: {cidr: 10.0.0/8}}", 44,
      "a network (10.0.0.0/8, 2001:db8::/32) or an address, without leading zeros, is expected "
      "here, not `10.0.0/8`" },
    { "{host: {cidr: 010.0.0.0/8}}", 44,
      "a network (10.0.0.0/8, 2001:db8::/32) or an address, without leading zeros, is expected "
      "here, not `010.0.0.0/8`" },
    { "{host: {cidr: 10.0.0.1:80}}", 44,
      "a network (10.0.0.0/8, 2001:db8::/32) or an address, without leading zeros, is expected "
      "here, not `10.0.0.1:80`" },
    { "{host: {cidr: 10.0.0.0/08}}", 44,
      "a network (10.0.0.0/8, 2001:db8::/32) or an address, without leading zeros, is expected "
      "here, not `10.0.0.0/08`" },
    { "{host: {cidr: 10.0.0.0/00}}", 44,
      "a network (10.0.0.0/8, 2001:db8::/32) or an address, without leading zeros, is expected "
      "here, not `10.0.0.0/00`" },
    { "{host: {cidr: '2001:db8::/032'}}", 44,
      "a network (10.0.0.0/8, 2001:db8::/32) or an address, without leading zeros, is expected "
      "here, not `2001:db8::/032`" },
    { "{host: {cidr: [10.0.0.0/8, 10.1.2.3/8]}}", 57,
      "`10.1.2.3/8` says more than its prefix holds: the network is 10.0.0.0/8, and an address "
      "stands without a prefix" },
    { "{host: {cidr: '2001:db8::1/32'}}", 44,
      "`2001:db8::1/32` says more than its prefix holds: the network is 2001:db8::/32, and an "
      "address stands without a prefix" },
    { "{host: {cidr: '::ffff:10.0.0.1/100'}}", 44,
      "`::ffff:10.0.0.1/100` says more than its prefix holds: the network is 0.0.0.0/4, and an "
      "address stands without a prefix" },
    { "{host: {cidr: $nets}}", 44,
      "no list and no pattern of this file is named `nets`; text that begins with $ stands in "
      "quotes" },
    { "{host: {cidr: [$nests]}}", 45,
      "no list and no pattern of this file is named `nests`; text that begins with $ stands in "
      "quotes" },
    { "{host: {file: }}", 38, "`file` is empty: give it a value, or leave it out" },
    { "{host: {file: ../hosts.txt}}", 44,
      "`file` is the name of a file beside this one: no folder, no dot at its beginning" },
    { "{host: {file: /etc/hosts}}", 44,
      "`file` is the name of a file beside this one: no folder, no dot at its beginning" },
    { "{host: {file: .hosts}}", 44,
      "`file` is the name of a file beside this one: no folder, no dot at its beginning" },
    { "{host: {file: [a.txt]}}", 44,
      "`file` is the name of a file beside this one: no folder, no dot at its beginning" },
    { "{host: {file: absent.txt}}", 44,
      "`absent.txt` cannot be had: these rules are not read from files" },
    { "{data.l: {some: }}", 40, "`some` is empty: give it a value, or leave it out" },
    { "{data.l: {some: {}}}", 46,
      "`some` is a map of clauses on one element: {name: api, status: down}; where the elements "
      "are text, write [*] behind the path" },
    { "{data.l: {some: api}}", 46,
      "`some` is a map of clauses on one element: {name: api, status: down}; where the elements "
      "are text, write [*] behind the path" },
    { "{data.l: {some: [{name: api}]}}", 46,
      "`some` is a map of clauses on one element: {name: api, status: down}; where the elements "
      "are text, write [*] behind the path" },
    { "{data.l: {some: {name: }}}", 53,
      "a value is missing here; for an absent field write {exists: false}" },
    { "{data.l: {some: {'na me': x}}}", 47,
      "`na me` is no path inside an element: a dot or a bracket was expected in the path" },
    { "{data.l: {some: {'a[x]': x}}}", 47,
      "`a[x]` is no path inside an element: an index, [*] or [\"name\"] was expected" },
    { "{data.l: {some: {name: {like: x}}}}", 54, "unknown member `like`; valid here: " VALUES },
    { "{data.l: {some: {any: {name: x}}}}", 52,
      "`any` is a list of maps of clauses: [{field: value}]" },
    { "{branch: {some: {name: x}}}", 46,
      "`branch` is never a list: `some` asks for one below data." },
    { "{any: }", 36, "`any` is a list of maps of clauses: [{field: value}]" },
    { "{any: []}", 36, "`any` is a list of maps of clauses: [{field: value}]" },
    { "{any: {branch: x}}", 36, "`any` is a list of maps of clauses: [{field: value}]" },
    { "{any: [branch]}", 37, "a map of clauses is expected here: {field: value}" },
    { "{none: [{}]}", 38, "a map of clauses is expected here: {field: value}" },
    { "{none: [{branch: x}, {brnch: y}]}", 52,
      "no event of this rule can have `brnch`; did you mean `branch`? known here: " KNOWN },
    { "{}", 30, "a map of clauses is expected here: {field: value}" },
    { "[]", 30, "a map of clauses is expected here: {field: value}" },
    { "main", 30, "a map of clauses is expected here: {field: value}" },
    { "{brnch: x}", 31,
      "no event of this rule can have `brnch`; did you mean `branch`? known here: " KNOWN },
    { "{ip: x, title: {not: '/(?<ip>x)/'}}", 31,
      "no event of this rule can have `ip`; where its payload has it, write `data.ip`; known" },
    { "{ip: x, none: [{title: '/(?<ip>x)/'}]}", 31,
      "no event of this rule can have `ip`; where its payload has it, write `data.ip`; known" },
    { "{data.: x}", 31, "`data.` is no path: a name was expected in the path" },
    { "{'data.a[': x}", 31, "`data.a[` is no path: an index, [*] or [\"name\"] was expected" },
    { "{'data.a[*': x}", 31, "`data.a[*` is no path: the bracket is never closed" },
    { "{'data[\"a': x}", 31, "`data[\"a` is no path: the quote is never closed" },
    { "{data.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q: x}", 31,
      "`data.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q` is no path: a path has at most 16 parts" },
    { "{branch: $mains}", 39,
      "no list and no pattern of this file is named `mains`; text that begins with $ stands in "
      "quotes" },
    { "{branch: '/(/'}", 42, "bad pattern: missing closing parenthesis" },
};

static void r01_a_wrong_clause_is_refused_at_its_place_in_these_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad_wheres) / sizeof(*bad_wheres); i++) {
        struct ruleset *set = NULL;
        struct buffer said;
        char expected[1024];
        enum rc rc = load("", bad_wheres[i].where, &set, &said);

        (void)snprintf(expected, sizeof(expected), "t.yaml:2:%u: error: %s", bad_wheres[i].column,
                       bad_wheres[i].said);
        if (strncmp(said.ptr, expected, strlen(expected)) != 0)
            print_message("%s\nsaid:   %swanted: %s", bad_wheres[i].where, said.ptr, expected);
        assert_int_equal(strncmp(said.ptr, expected, strlen(expected)), 0);
        assert_int_equal(rc, RC_INVALID);
        assert_null(set);
        buffer_free(&said);
    }
}

/* -- files of lines -- */

struct lined {
    struct slice text;
    const char *fault;
};

static enum rc load_with(const char *rules, const struct lined *lists, size_t n_lists,
                         struct ruleset **set, struct buffer *said)
{
    static const char *const names[] = { "d/a.txt", "d/b.txt" };
    struct rule_file files[3] = { { .name = SLICE("d/t.yaml"), .text = slice_of(rules) } };

    for (size_t i = 0; i < n_lists; i++)
        files[i + 1] = (struct rule_file){ .name = slice_of(names[i]),
                                           .text = lists[i].text,
                                           .is_list = true,
                                           .fault = slice_of(lists[i].fault) };
    return parse_files(files, n_lists + 1, set, said);
}

static const char *const of_file = "rules: [{id: a, on: push, where: {host: {file: a.txt}}}]";

static void what_is_wrong_with_a_file_of_lines_is_told_by_the_rule_that_names_it(void **state)
{
    const struct lined list = { .fault = "Permission denied" };
    struct ruleset *set = NULL;
    struct buffer said;

    (void)state;
    assert_int_equal(load_with(of_file, &list, 1, &set, &said), RC_INVALID);
    assert_string_equal(said.ptr,
                        "d/t.yaml:1:48: error: `d/a.txt` cannot be used: Permission denied\n");
    buffer_free(&said);
}

static void a_file_without_a_line_is_a_warning(void **state)
{
    const struct lined list = { .text = SLICE("# nobody\r\n\n  \n") };
    struct ruleset *set = NULL;
    struct buffer said;

    (void)state;
    assert_int_equal(load_with(of_file, &list, 1, &set, &said), RC_OK);
    assert_string_equal(said.ptr,
                        "d/t.yaml:1:48: warning: `d/a.txt` has no line: no field is one of it\n");
    buffer_free(&said);
    ruleset_free(set);
}

static struct slice version_with(const char *rules, const char *a, const char *b, char *kept)
{
    const struct lined lists[] = { { .text = slice_of(a) }, { .text = slice_of(b) } };
    struct ruleset *set = NULL;
    struct buffer said;
    struct slice version;

    assert_int_equal(load_with(rules, lists, 2, &set, &said), RC_OK);
    version = set->rules[0].version;
    assert_in_range(version.len, 1, 16);
    memcpy(kept, version.ptr, version.len);
    version.ptr = kept;
    buffer_free(&said);
    ruleset_free(set);
    return version;
}

static void what_stands_in_a_file_of_lines_is_part_of_what_its_rule_means(void **state)
{
    const char *both = "rules: [{id: a, on: push, where: {host: {file: a.txt}, "
                       "actor: {not: {file: b.txt}}}}]";
    const char *turned = "rules: [{id: a, on: push, where: {actor: {not: {file: b.txt}}, "
                         "host: {file: a.txt}}}]";
    const char *neither = "rules: [{id: a, on: push, where: {host: x}}]";
    char first[16], second[16];
    struct slice plain = version_with(both, "x\ny\n", "z\n", first);

    (void)state;
    assert_true(slice_eq(plain, version_with(both, "# all\r\ny\r\n\r\nx", "z", second)));
    assert_true(slice_eq(plain, version_with(turned, "x\ny\n", "z\n", second)));
    assert_false(slice_eq(plain, version_with(both, "x\nY\n", "z\n", second)));
    assert_false(slice_eq(plain, version_with(both, "x\ny\n", "z\nx\n", second)));
    assert_false(slice_eq(plain, version_with(both, "z\n", "x\ny\n", second)));
    plain = version_with(neither, "x", "z", first);
    assert_true(slice_eq(plain, version_with(neither, "y", "z", second)));
}

static void a_hundred_thousand_lines_are_looked_up_at_once(void **state)
{
    const size_t n_lines = 100000;
    char *text = malloc(n_lines * 11);
    struct line_list list;
    struct arena *arena = NULL;
    size_t len = 0;
    size_t n_had = 0;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < n_lines; i++)
        len += (size_t)snprintf(text + len, 11, "h%zu\n", (i * 7919) % n_lines);
    assert_in_range(len, 1, (size_t)1 << 20);
    assert_int_equal(arena_new((size_t)16 << 20, &arena), RC_OK);
    assert_int_equal(line_list_make((struct slice){ text, len }, arena, &list), RC_OK);
    assert_int_equal(list.n_lines, n_lines);
    for (size_t i = 0; i < 2 * n_lines; i++) {
        char line[16];

        (void)snprintf(line, sizeof(line), "h%zu", i);
        n_had += line_list_has(&list, slice_of(line)) ? 1 : 0;
    }
    assert_int_equal(n_had, n_lines);
    arena_free(arena);
    free(text);
}

/* -- names for lists and patterns -- */

static const struct {
    const char *where;
    const char *pieces;
    bool is_right;
} with_pieces[] = {
    { "{host: {cidr: $nets}}", "lists: {nets: [10.0.0.0/8, '2001:db8::/32']}", true },
    { "{host: {cidr: [$nets, 192.0.2.1]}}", "lists: {nets: [10.0.0.0/8]}", true },
    { "{host: {cidr: $nets}}", "lists: {nets: [10.0.0.1/8]}", false },
    { "{host: {not: $hosts}}", "lists: {hosts: [a, b]}", true },
    { "{host: {not: {not: [$hosts]}}}", "lists: {hosts: [a, b]}", true },
    { "{any: [{host: $hosts}], none: [{host: $odd}]}", "lists: {hosts: [a], odd: [b]}", true },
    { "{data.l: {some: {name: $names, any: [{x: $slow}]}}}",
      "lists: {names: [a]}\npatterns: {slow: '/slow/i'}", true },
    { "{data.l: {some: {name: $nmes}}}", "lists: {names: [a]}", false },
    { "{host: {eq: $hosts}}", "lists: {hosts: [a]}", true }, /* text */
    { "{host: {cidr: $slow}}", "patterns: {slow: '/slow/i'}", false },
    { "{data.n: {gt: $n}}", "lists: {n: [5]}", false },
};

static void a_name_stands_for_its_list_or_pattern_in_every_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(with_pieces) / sizeof(*with_pieces); i++) {
        struct ruleset *set = NULL;
        struct buffer said;
        enum rc rc = load(with_pieces[i].pieces, with_pieces[i].where, &set, &said);

        if ((rc == RC_OK) != with_pieces[i].is_right)
            print_message("%s with %s: %s", with_pieces[i].where, with_pieces[i].pieces, said.ptr);
        assert_int_equal(rc, with_pieces[i].is_right ? RC_OK : RC_INVALID);
        buffer_free(&said);
        ruleset_free(set);
    }
}

static const struct {
    const char *file;
    const char *said;
} bad_pieces[] = {
    { "defaults: {}", "t.yaml:1:11: error: `defaults` is a map of members, not empty\n" },
    { "defaults: [key]", "t.yaml:1:11: error: `defaults` is a map of members, not a list\n" },
    { "defaults: {id: b}\nrules: [{id: a, on: push}]",
      "t.yaml:1:12: error: `id` cannot be a default: every rule has its own\n" },
    { "lists: {}", "t.yaml:1:8: error: `lists` is a map of names, not empty\n" },
    { "lists: {l: []}", "t.yaml:1:12: error: the list `l` must be a list of values: [a, b]\n" },
    { "lists: {l: x}", "t.yaml:1:12: error: the list `l` must be a list of values: [a, b]\n" },
    { "lists: {l: [[a]]}", "t.yaml:1:13: error: a value of a list is a text, not a list\n" },
    { "lists: {l: [a, ]}\npatterns: {l: '/x/'}",
      "t.yaml:1:9: error: `l` is the name of a pattern, too: $l could mean either\n" },
    { "lists: {l m: [a]}",
      "t.yaml:1:9: error: `l m` cannot be used as $name: letters, digits, - and _\n" },
    { "patterns: {p: x}", "t.yaml:1:15: error: a pattern is expected here" },
    { "patterns: {p: '/(/'}", "t.yaml:1:18: error: bad pattern: missing closing parenthesis\n" },
};

static void r01_a_wrong_shared_piece_is_refused_though_nobody_uses_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad_pieces) / sizeof(*bad_pieces); i++) {
        struct ruleset *set = NULL;
        struct buffer said;

        assert_int_equal(parse_rules(bad_pieces[i].file, &set, &said), RC_INVALID);
        if (strncmp(said.ptr, bad_pieces[i].said, strlen(bad_pieces[i].said)) != 0)
            print_message("%s\nsaid: %s", bad_pieces[i].file, said.ptr);
        assert_int_equal(strncmp(said.ptr, bad_pieces[i].said, strlen(bad_pieces[i].said)), 0);
        buffer_free(&said);
    }
}

/* -- how deep -- */

/* `depth` of `some`, each inside the other. */
static enum rc load_nested(size_t depth)
{
    char where[1024] = "{data.l: ";
    struct ruleset *set = NULL;
    struct buffer said;
    enum rc rc;

    for (size_t i = 0; i < depth; i++)
        (void)strcat(where, "{some: {l: ");
    (void)strcat(where, "x");
    for (size_t i = 0; i < depth; i++)
        (void)strcat(where, "}}");
    (void)strcat(where, "}");
    rc = load("", where, &set, &said);
    if (rc)
        assert_non_null(strstr(said.ptr, ": error: nested more than 16 deep\n"));
    buffer_free(&said);
    ruleset_free(set);
    return rc;
}

static void r11_elements_of_elements_end_where_the_document_does(void **state)
{
    (void)state;
    assert_int_equal(load_nested(6), RC_OK);
    assert_int_equal(load_nested(7), RC_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r01_a_wrong_clause_is_refused_at_its_place_in_these_words),
        cmocka_unit_test(what_is_wrong_with_a_file_of_lines_is_told_by_the_rule_that_names_it),
        cmocka_unit_test(a_file_without_a_line_is_a_warning),
        cmocka_unit_test(what_stands_in_a_file_of_lines_is_part_of_what_its_rule_means),
        cmocka_unit_test(a_hundred_thousand_lines_are_looked_up_at_once),
        cmocka_unit_test(a_name_stands_for_its_list_or_pattern_in_every_value),
        cmocka_unit_test(r01_a_wrong_shared_piece_is_refused_though_nobody_uses_it),
        cmocka_unit_test(r11_elements_of_elements_end_where_the_document_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
