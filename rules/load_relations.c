#include "rules/loader.h"

#include "rules/kept_fields.h"
#include "src/base/digest.h"

#include <string.h>

/* `unless` and `while` name other rules, of any file: looked at once all are read, so that their order changes nothing. */

static struct rule *find(const struct ruleset *set, struct slice id)
{
    const struct rule *found = ruleset_find(set, id);

    return found ? &set->rules[found - set->rules] : NULL;
}

/* --- each name --- */

static void refuse_unknown(struct loader *loader, const struct rule_name *name)
{
    static const char *const none[] = { NULL };
    const struct ruleset *set = loader->ruleset;
    struct slice_list ids = { .items = loader_alloc(loader, set->n_rules, sizeof(struct slice)) };
    const char **known;
    const char *meant;

    if (!ids.items)
        return;
    for (; ids.n_items < set->n_rules; ids.n_items++)
        ids.items[ids.n_items] = set->rules[ids.n_items].id;
    known = loader_name_table(loader, none, &ids);
    if (!known)
        return;
    meant = problem_did_you_mean(name->id, known);
    mark_problem(loader->problems, PROBLEM_ERROR, name->mark, "there is no rule `%.*s`%s%s%s",
                 SLICE_ARG(name->id), meant ? "; did you mean `" : "", meant ? meant : "",
                 meant ? "`?" : "");
}

static bool lists_equal(const struct slice_list *a, const struct slice_list *b)
{
    bool equal = a->n_items == b->n_items;

    for (size_t i = 0; equal && i < a->n_items; i++)
        equal = slice_eq(a->items[i], b->items[i]);
    return equal;
}

/* The rule that is named has to know with which fields its signals are looked for. */
static void add_named_with(struct loader *loader, struct rule *named, const struct slice_list *same)
{
    struct slice_list *lists;

    for (size_t i = 0; i < named->n_named_with; i++)
        if (lists_equal(&named->named_with[i], same))
            return;
    lists = loader_alloc(loader, named->n_named_with + 1, sizeof(*lists));
    if (!lists)
        return;
    for (size_t i = 0; i < named->n_named_with; i++)
        lists[i] = named->named_with[i];
    lists[named->n_named_with++] = *same;
    named->named_with = lists;
}

static bool is_data_path(struct slice name)
{
    return slice_starts(name, SLICE("data.")) || slice_starts(name, SLICE("data["));
}

/* What it does not keep of its events it could not compare. */
static void keep_same(struct loader *loader, const struct rule *by, const struct rule_name *name,
                      struct rule *named)
{
    struct slice_list captures = { 0 };

    collect_captures(loader, &named->filter, &captures);
    for (size_t i = 0; i < by->same.n_items; i++) {
        struct slice field = by->same.items[i];

        if (is_data_path(field))
            loader_add_name(loader, &named->data_paths, field);
        else if (!rule_keeps_field(named, field) && !names_have(&captures, field))
            mark_problem(loader->problems, PROBLEM_ERROR, name->mark,
                         "no signal of `%.*s` can have `%.*s`, which `same` names: the two would "
                         "never be alike",
                         SLICE_ARG(name->id), SLICE_ARG(field));
    }
}

static void check_name(struct loader *loader, struct rule *rule, const struct rule_name *name)
{
    struct rule *named = find(loader->ruleset, name->id);

    if (!named) {
        if (!ruleset_may_have(loader->ruleset, name->id))
            refuse_unknown(loader, name);
        return;
    }
    if (named == rule) {
        mark_problem(loader->problems, PROBLEM_ERROR, name->mark,
                     "a rule cannot name itself here: it would wait for itself for ever");
        return;
    }
    if (!named->is_broken)
        keep_same(loader, rule, name, named);
    add_named_with(loader, named, &rule->same);
}

static bool has_name(const struct rule_name_list *names, struct slice id)
{
    for (size_t i = 0; i < names->n_items; i++)
        if (slice_eq(names->items[i].id, id))
            return true;
    return false;
}

static void check_names_of(struct loader *loader, struct rule *rule)
{
    for (size_t i = 0; i < rule->same.n_items; i++)
        if (is_data_path(rule->same.items[i]))
            loader_add_name(loader, &rule->data_paths, rule->same.items[i]);
    for (size_t i = 0; i < rule->unless.n_items; i++)
        check_name(loader, rule, &rule->unless.items[i]);
    for (size_t i = 0; i < rule->while_firing.n_items; i++) {
        const struct rule_name *name = &rule->while_firing.items[i];

        check_name(loader, rule, name);
        if (has_name(&rule->unless, name->id))
            mark_problem(loader->problems, PROBLEM_ERROR, name->mark,
                         "`%.*s` stands in `unless` and in `while`: this rule could never ask",
                         SLICE_ARG(name->id));
    }
}

/* --- round and round --- */

enum visit { NOT_SEEN, ON_THE_WAY, SEEN };

struct walk {
    struct loader *loader;
    uint8_t *visits; /* of each rule: enum visit */
    size_t *next;    /* of each: the name that is followed next */
    size_t *path;
    size_t n_path;
};

static void refuse_round(const struct walk *walk, size_t begin, struct mark mark)
{
    const struct ruleset *set = walk->loader->ruleset;
    struct buffer text;

    buffer_init(&text, 4096);
    while (walk->path[begin] != walk->path[walk->n_path])
        begin++;
    for (size_t i = begin; i <= walk->n_path; i++)
        buffer_format(&text, "%s%.*s", i > begin ? " → " : "",
                      SLICE_ARG(set->rules[walk->path[i]].id));
    mark_problem(
        walk->loader->problems, PROBLEM_ERROR, mark,
        "`unless` goes round: %.*s; fired together, each would wait for the other for ever",
        SLICE_ARG(buffer_slice(&text)));
    buffer_free(&text);
}

/* One step from the rule at the end of the path. */
static void step(struct walk *walk)
{
    const struct ruleset *set = walk->loader->ruleset;
    size_t at = walk->path[walk->n_path - 1];
    const struct rule *rule = &set->rules[at];
    const struct rule_name *name;
    const struct rule *named;

    if (walk->next[at] == rule->unless.n_items) {
        walk->visits[at] = SEEN;
        walk->n_path--;
        return;
    }
    name = &rule->unless.items[walk->next[at]++];
    named = find(set, name->id);
    if (!named || named == rule)
        return;
    walk->path[walk->n_path] = (size_t)(named - set->rules);
    if (walk->visits[walk->path[walk->n_path]] == ON_THE_WAY)
        refuse_round(walk, 0, name->mark);
    if (walk->visits[walk->path[walk->n_path]] != NOT_SEEN)
        return;
    walk->visits[walk->path[walk->n_path++]] = ON_THE_WAY;
}

static void refuse_rounds(struct loader *loader)
{
    size_t n_rules = loader->ruleset->n_rules;
    struct walk walk = { .loader = loader,
                         .visits = loader_alloc(loader, n_rules + 1, sizeof(*walk.visits)),
                         .next = loader_alloc(loader, n_rules + 1, sizeof(*walk.next)),
                         .path = loader_alloc(loader, n_rules + 1, sizeof(*walk.path)) };

    for (size_t i = 0; !loader->rc && i < n_rules; i++) {
        if (walk.visits[i] != NOT_SEEN)
            continue;
        walk.path[0] = i;
        walk.n_path = 1;
        walk.visits[i] = ON_THE_WAY;
        while (walk.n_path)
            step(&walk);
    }
}

/* --- all of them --- */

static void hash_text(struct sha256_stream *stream, struct slice text)
{
    const uint64_t len = text.len;

    sha256_stream_add(stream, (struct slice){ (const char *)&len, sizeof(len) });
    sha256_stream_add(stream, text);
}

static void hash_names(struct sha256_stream *stream, const struct rule_name_list *names)
{
    for (size_t i = 0; i < names->n_items; i++)
        hash_text(stream, names->items[i].id);
    hash_text(stream, SLICE(""));
}

static bool names_any(const struct rule *rule)
{
    return rule->unless.n_items || rule->while_firing.n_items;
}

/* By id: the order of files changes no meaning. */
static void take_relations(struct loader *loader)
{
    struct ruleset *set = loader->ruleset;
    struct sha256_stream *stream = NULL;
    struct sha256 digest;
    enum rc rc = sha256_stream_new(&stream);

    for (size_t i = 0; !rc && i < set->n_rules; i++) {
        const struct rule *rule = set->by_id[i];

        if (!names_any(rule))
            continue;
        hash_text(stream, rule->id);
        hash_names(stream, &rule->unless);
        hash_names(stream, &rule->while_firing);
        for (size_t j = 0; j < rule->same.n_items; j++)
            hash_text(stream, rule->same.items[j]);
        hash_text(stream, SLICE(""));
    }
    if (!rc)
        rc = sha256_stream_end(stream, &digest);
    if (rc)
        loader->rc = rc;
    else
        memcpy(&set->relations, digest.bytes, sizeof(set->relations));
    sha256_stream_free(stream);
}

void check_relations(struct loader *loader)
{
    struct ruleset *set = loader->ruleset;
    bool any = false;

    if (!set->by_id)
        return;
    for (size_t i = 0; i < set->n_rules && !loader->rc; i++) {
        any = any || names_any(&set->rules[i]);
        check_names_of(loader, &set->rules[i]);
    }
    if (!any || loader->rc)
        return;
    refuse_rounds(loader);
    take_relations(loader);
}
