/* where.h - clauses over fields: do they hold for this event?
 *
 * Made by load_where.c. A pattern that ran into its limit is a third result beside held and failed: nobody takes it for "no match". */
#pragma once

#include "rules/bound.h"
#include "rules/field_ref.h"
#include "rules/line_list.h"
#include "rules/network.h"

#include "src/base/document.h"

enum test_result { TEST_FAILED, TEST_HELD, TEST_FAULTY };

enum test_kind {
    TEST_EQUALS, /* the text, byte by byte: 9007199254740993 is not 9007199254740992; but 42.0 is 42 as a JSON number */
    TEST_MATCHES,  /* contains a match of the pattern */
    TEST_EXISTS,   /* is there, or is absent */
    TEST_COMPARES, /* gt ge lt le */
    TEST_BEFORE,   /* a time earlier than the event's and `span_ms`: what is past is, too */
    TEST_AFTER,    /* a time later than the event's less `span_ms`: what is still to come is, too */
    TEST_CIDR,     /* an address in one of the networks */
    TEST_FILE,     /* a line of a file */
    TEST_SOME,     /* a list with an element for which all clauses of `element` hold */
    TEST_NOT,      /* its one part does not hold */
    TEST_ANY,      /* one of its parts holds */
    TEST_ALL,      /* all of its parts hold */
};

enum comparison { COMPARE_GT, COMPARE_GE, COMPARE_LT, COMPARE_LE };

struct where;
struct test {
    enum test_kind kind;
    union {
        struct {
            struct slice text; /* EQUALS */
            struct slice
                number; /* what a JSON number is that equals it (json_number_text), where that is not `text`; else absent */
        };
        const struct pattern *pattern; /* MATCHES; the rule set's */
        bool exists;                   /* EXISTS: is it asked to be there? */
        struct {
            enum comparison comparison;
            enum bound_unit unit;
            struct quantity bound;
        };               /* COMPARES */
        int64_t span_ms; /* BEFORE, AFTER */
        struct {
            struct network *networks;
            size_t n_networks;
        };                             /* CIDR */
        const struct line_list *lines; /* FILE; the rule set's */
        struct where *element;         /* SOME: its fields are paths below the element */
    };
    struct test *parts; /* NOT, ANY, ALL */
    size_t n_parts;
};

struct clause {
    struct field_ref field;
    struct test test;
    struct slice wanted; /* as the rule writes it */
    struct mark mark;    /* of the field's name */
    bool is_refused;     /* no event has such a field: has been told */
};

/* All clauses hold, one of `any` where there are some, and none of `none`. */
struct where {
    struct clause *clauses;
    size_t n_clauses;
    size_t n_early; /* of them; the rest ask for captures, and wait for the patterns of `any` */
    struct where *any;
    size_t n_any;
    struct where *none;
    size_t n_none;
    struct slice any_wanted, none_wanted;
};

struct evaluation;
/* Captures of patterns that had to match go into the evaluation's captures; those in `not` and `none` do not. */
enum test_result where_holds(const struct where *where, struct evaluation *evaluation);
