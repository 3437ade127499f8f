/* loader.h - what the parts of the loader share: one file of rules, on its way into a set.
 *
 *   load.c            files -> set: ids, versions, tests
 *   load_effective.c  what a rule means: with every default · load_pieces.c lists, patterns, $names
 *   load_rule.c       its members
 *   load_when.c       the condition and its FILTERs · load_key.c · load_captures.c
 *   load_filter.c     on, match, ignore · load_pattern.c patterns
 *   load_where.c      where: clauses · load_value.c how each is compared · load_list.c with a file of lines
 *   load_clear.c      what ends a signal · load_gates.c, load_relations.c what holds one back
 *   load_group.c      what shares a proposal
 *   members.c         what may stand where, and what is not there yet
 *   load_names.c      which names its events can have; templates
 *   load_playbook.c   uses of actions, verify · load_diagnose.c · load_propose.c
 *
 * Readers go on after a problem, so that one run shows all of them; what they could not read stays empty, and nobody uses
 * a set with an error in it. Memory that runs out is noted in `rc` and asked for once, at the end.
 *
 * Nodes die young: those of a rule when the next one is read, those of a file with the file. What a rule keeps of them is
 * copied (loader_keep, or by whoever takes the set's arena); marks name a file of the set. */
#pragma once

#include "rules/load.h"
#include "rules/members.h"
#include "rules/rule.h"
#include "rules/where.h"

struct rules_of_file {
    struct rules_of_file *before;
    size_t n_rules;
    struct rule rules[];
};

struct loader {
    struct arena *arena;      /* the set's */
    struct arena *file_nodes; /* of the file being read */
    struct arena *nodes;      /* of the rule being read */
    bool keeps_nodes;         /* to be shown: all of both stay with the set */
    struct problems *problems;
    struct ruleset *ruleset; /* owns the patterns */
    struct arena *parts;     /* rules until there are all, in last_part and what stands before it */
    struct rules_of_file *last_part;
    struct map *patterns_by_source; /* -> struct owned_pattern */
    struct pattern_scratch *scratch;
    struct trial *trial; /* of new patterns on hostile texts */
    const struct rule_files *files;
    struct list_of_file *lists_read; /* of the set, each read once */
    struct slice_list lists_of_rule; /* those of the rule being read: what its version joins */
    /* Of the rule being read. */
    struct slice_list broken_groups; /* named in patterns that are none */
    struct slice_list refused_names; /* of which it was told that no event has them */
    bool lateness_is_of_watchers;    /* it has none of its own */
    size_t n_untried;                /* patterns left untried when that took too long */
    enum rc rc;                      /* RC_NO_MEMORY: nothing read since means anything */
    /* Of the file being read; NULL: none. */
    const struct node *lists;
    const struct node *patterns;
    const struct node *defaults;
};

/* A FILTER of the condition, until the rule's key is known. */
struct part_reading {
    const struct node *node;
    struct node *key;         /* NULL: the rule's */
    const struct node *match; /* likewise */
    struct slice_list captures;
};

/* One rule being read, and the names that its events can have beside those of every event. */
struct rule_reading {
    struct loader *loader;
    struct rule *rule;
    struct slice_list
        captures; /* of what matches; once the condition is read, of its FILTERs too */
    struct slice_list key_captures;   /* of what the key may be made of */
    struct slice_list clear_captures; /* of what clears */
    struct part_reading parts[RULE_PARTS_MAX];
    struct slice
        joins_key; /* a field whose values the condition wants a key for, each; absent: none */
};

/* What the row of `lateness` says. */
#define USUAL_LATENESS_MS (5 * MINUTE_MS)
/* load_lateness.c: how late what the rule is `on` may come where it does not say so itself, ms. */
int64_t lateness_of_watchers(const struct loader *loader, const struct node *rule);

/* -- memory and names (loader.c) -- */
void *loader_alloc(struct loader *loader, size_t n_items, size_t item_bytes);
/* A copy for the set. */
struct slice loader_keep(struct loader *loader, struct slice text);
/* Adds `name` unless it is there. */
void loader_add_name(struct loader *loader, struct slice_list *names, struct slice name);
bool names_have(const struct slice_list *names, struct slice name);
/* Of a rule, or of a group: letters, digits, - _ and ., the first a letter or a digit, at most 100 of them. */
bool loader_is_id(struct slice text);
/* NULL-ended, for problem_did_you_mean: `names` behind the `fixed` ones. NULL when memory is out. */
const char **loader_name_table(struct loader *loader, const char *const *fixed,
                               const struct slice_list *names);

/* members_read for the readers here: false when there was a problem. */
bool loader_read_members(struct loader *loader, const struct shape *members, const struct node *map,
                         void *target);

/* -- nodes that nobody wrote (new_nodes.c); NULL when memory is out -- */
void *loader_alloc_node(struct loader *loader, size_t n_items, size_t item_bytes);
struct node *new_text(struct loader *loader, struct mark mark, struct slice text);
struct node *new_map(struct loader *loader, struct mark mark, size_t n_room);
/* The caller has made room; NULL adds nothing. */
void add_pair(struct node *map, const char *key, struct node *value);
struct node *map_of_one(struct loader *loader, struct mark mark, const char *key,
                        struct node *value);
/* With room for `n_more` members. */
struct node *copy_map(struct loader *loader, const struct node *map, size_t n_more);

/* -- what may stand where -- */

extern const struct shape shape_rule, shape_rule_defaults;
extern const struct shape shape_on, shape_where, shape_key, shape_value, shape_field;
extern const struct shape shape_element; /* the `where` of one element of a list */
extern const struct shape shape_when, shape_clear, shape_group, shape_active;
extern const struct shape shape_diagnose, shape_propose, shape_verify;
extern const struct shape shape_filter, shape_step, shape_params;
extern const struct shape log_members; /* of `log` in evidence, where it is a map */
/* The words of a field whose words are ours; NULL for any other. */
const char *const *closed_words(const char *field);

/* Rows of the members of a filter, for the table of whoever has them among others: `filter` and `key` of `holder`. */
#define FILTER_ROW(holder, member, at, of, text)                                                   \
    {                                                                                              \
        .name = (member), .type = SETTING_NODE, .offset = offsetof(holder, at), .shape = (of),     \
        .help = (text)                                                                             \
    }
#define FILTER_MEMBERS(holder)                                                                     \
    FILTER_ROW(holder, "on", filter.on, &shape_on, "kinds, types or globs; default: the rule's"),  \
        FILTER_ROW(holder, "match", filter.match, &shape_patterns,                                 \
                   "a pattern in the text, or a list; default: the rule's"),                       \
        FILTER_ROW(holder, "where", filter.where, &shape_where,                                    \
                   "what the fields of the event are"),                                            \
        FILTER_ROW(holder, "ignore", filter.ignore, &shape_patterns,                               \
                   "patterns that throw an event out again; default: the rule's"),                 \
        FILTER_ROW(holder, "key", key, &shape_key,                                                 \
                   "where the values of the key are in this event")

/* -- the effective rule (load_pieces.c, load_effective.c) -- */

/* `lists`, `patterns` and `defaults` of the file: checked by themselves. */
void check_pieces(struct loader *loader);
/* A copy of the rule with what its $names stand for. */
struct node *resolve_names(struct loader *loader, const struct node *rule);
/* The rule as a map with every default and no $name. */
struct node *effective_rule(struct loader *loader, const struct node *written);
/* The title of signals whose rule has none of its own; NULL: it has no id either. */
struct node *default_title(struct loader *loader, const struct node *rule);
/* Does this `where` ask for `state: failing`? */
bool asks_for_failing(const struct node *where);

/* -- parts -- */

/* NULL after adding a problem. The groups that it names are known then all the same, and join `captures` unless it is NULL: nobody else shall call them unknown. */
struct pattern *read_pattern(struct loader *loader, const struct node *scalar,
                             struct slice_list *captures);
bool node_is_pattern(const struct node *node);
/* `where`: adds the captures of its patterns to `captures`. Fields are checked later, when all captures are known. */
struct where *read_where(struct loader *loader, const struct node *map,
                         struct slice_list *captures);
/* A map of clauses being read, with those inside it. */
struct map_reading {
    struct loader *loader;
    struct slice_list *captures; /* NULL: under a `not` or a `none`, where nothing is captured */
    bool is_of_element;          /* its fields are paths inside an element of a list */
};
void read_where_map(const struct map_reading *reading, const struct node *map, struct where *where);
/* How `field` is compared. */
void read_where_value(const struct map_reading *reading, const struct field_ref *field,
                      const struct node *value, struct test *test);
/* The lines of the file that {file: NAME} names; NULL after adding a problem. They join the rule's version. */
const struct line_list *read_list_file(struct loader *loader, const struct node *name);
/* Refuses fields that no event of the rule can have; puts clauses on captures behind those that may make them. */
void check_where(struct loader *loader, struct where *where, const struct slice_list *captures);

/* The members of a filter, wherever one stands. */
struct filter_nodes {
    struct node *on, *match, *where, *ignore;
};
void read_filter(struct loader *loader, const struct filter_nodes *nodes, struct filter *filter,
                 struct slice_list *captures);
/* What `nodes` leave out the filter has `from` the rule's; but `where`, which is its own. */
void inherit_filter(const struct filter *from, const struct filter_nodes *nodes,
                    struct filter *filter);
/* Adds the named groups that an event has which passed `filter`. */
void collect_captures(struct loader *loader, const struct filter *filter, struct slice_list *names);
void add_names(struct loader *loader, struct slice_list *names, const struct slice_list *more);
void read_key(struct rule_reading *reading, struct node *node, const struct slice_list *captures,
              struct rule_key *key);
/* Refuses a key that names what an event cannot have: it could never render it, in silence. `whose` event, for the message. */
bool check_key_captures(struct rule_reading *reading, const struct node *node,
                        const struct rule_key *key, const struct slice_list *captures,
                        const char *whose);
/* Warns of each pattern of the filter's own `match` (NULL: it has none) that lacks a group of which the key is made, where another one, or `of_rule`, has it. */
void check_key_patterns(struct rule_reading *reading, const struct node *match,
                        const struct filter *filter, const struct rule_key *key,
                        const struct slice_list *of_rule);
void read_clear(struct rule_reading *reading, const struct node *clear);
void read_relations(struct rule_reading *reading, const struct node *unless,
                    const struct node *while_firing, const struct node *same);
/* Of the whole set, once all rules are there: who names whom (load_relations.c). */
void check_relations(struct loader *loader);
void read_active(struct rule_reading *reading, const struct node *map);
void read_group(struct rule_reading *reading, const struct node *map);
/* Of all rules: those that share a group name the same fields. */
void check_groups(struct loader *loader);
void read_rule(struct loader *loader, const struct node *written, struct rule *rule);
void read_playbook(struct rule_reading *reading, const struct node *diagnose,
                   const struct node *propose, const struct node *verify);
void read_diagnose(struct rule_reading *reading, const struct node *map);
void read_propose(struct rule_reading *reading, const struct node *map);
/* -- of conditions (load_when.c): what is wrong is a problem, and false -- */

/* Reads `when` with the condition that it names, without the key; then, when that is known, the FILTERs' keys. */
void read_when(struct rule_reading *reading, const struct node *when);
void finish_parts(struct rule_reading *reading);
/* The members of `when`: those of a condition, the first of which it calls `name`. */
bool read_condition_members(struct rule_reading *reading, const struct shape *members,
                            const char *name, const struct node *when, void *target);
/* A FILTER of the condition: becomes a part of the rule, and an event that passes it has the bit PART_OF(*index). */
bool read_part(struct rule_reading *reading, const struct node *node, size_t *index);
/* The name of a field of the rule's own events. */
bool read_condition_field(struct rule_reading *reading, const struct node *scalar,
                          struct field_ref *field);

/* {do: ACTION, with: {…}, why: …}, and without `why` where it only collects. */
void read_step(struct rule_reading *reading, const struct node *map, struct action_use *use);
void read_action_to_collect(struct rule_reading *reading, const struct node *map,
                            struct action_use *use);

/* -- names (load_names.c) -- */

/* A template; NULL after adding a problem. Names must be the event's, the `captures` and, unless `is_key`, those of the signal. */
struct template *read_template(struct rule_reading *reading, const struct node *scalar,
                               const struct slice_list *captures, bool is_key);
/* False after adding a problem: `member` is there, and nothing is in it. */
bool check_not_blank(struct loader *loader, const char *member, const struct node *scalar);
/* A field of the event or a capture; else adds a problem. */
bool check_field(struct loader *loader, struct mark mark, struct slice name,
                 const struct slice_list *captures);
