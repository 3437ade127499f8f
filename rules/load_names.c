#include "rules/loader.h"

/* Of the signal, for templates. */
static const char *const signal_names[] = {
    "first_seen",   "last_seen",       "count",     "rule",      "signal.key",
    "signal.title", "signal.severity", "last_good", "first_bad", NULL,
};
/* Likewise, and not of every rule's. */
static const char *const commit_names[] = { "last_good", "first_bad", NULL };

#define FIRST SLICE("first.")

/* "a b c", with a NUL, for a message. */
static void list_names(const char *const *names, struct buffer *out)
{
    for (size_t i = 0; names[i]; i++) {
        if (i)
            buffer_add_byte(out, ' ');
        buffer_add_text(out, names[i]);
    }
    buffer_add_byte(out, '\0');
}

/* A word as a payload may have it for a member. */
static bool is_word(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '_' &&
            !(i && c >= '0' && c <= '9'))
            return false;
    }
    return name.len && name.len < 80;
}

/* What is most likely meant, for a message. */
static void add_hint(struct slice name, const char *const *known, struct buffer *hint)
{
    const char *meant = problem_did_you_mean(name, known);

    if (meant)
        buffer_format(hint, "did you mean `%s`? ", meant);
    else if (is_word(name))
        buffer_format(hint, "where its payload has it, write `data.%.*s`; ", SLICE_ARG(name));
    buffer_add_byte(hint, '\0');
}

static void refuse_name(struct loader *loader, struct mark mark, struct slice name,
                        const char *const *fixed, const struct slice_list *captures)
{
    const char **known = loader_name_table(loader, fixed, captures);
    struct buffer list, hint;

    if (!known)
        return;
    buffer_init(&list, 0);
    buffer_init(&hint, 0);
    list_names(known, &list);
    add_hint(name, known, &hint);
    mark_problem(loader->problems, PROBLEM_ERROR, mark,
                 "no event of this rule can have `%.*s`; %sknown here: %s time received data.… "
                 "and named groups of its patterns",
                 (int)(name.len < 80 ? name.len : 80), name.ptr, hint.failed ? "" : hint.ptr,
                 list.failed ? "" : list.ptr);
    buffer_free(&hint);
    buffer_free(&list);
}

static bool is_data_path(struct slice name)
{
    return slice_starts(name, SLICE("data.")) || slice_starts(name, SLICE("data["));
}

/* A path that is none, and why. */
static bool refuse_path(struct loader *loader, struct mark mark, struct slice name)
{
    struct slice path = { name.ptr + SLICE("data").len, name.len - SLICE("data").len };
    struct json_path *parsed;
    struct json_fault fault;

    if (path.ptr[0] == '.')
        path = (struct slice){ path.ptr + 1, path.len - 1 };
    if (json_path_parse(path, loader->nodes, &parsed, &fault) != RC_INVALID)
        return false;
    mark_problem(loader->problems, PROBLEM_ERROR, mark, "`%.*s` is no path: %s",
                 (int)(name.len < 80 ? name.len : 80), name.ptr, fault.text);
    return true;
}

bool check_field(struct loader *loader, struct mark mark, struct slice name,
                 const struct slice_list *captures)
{
    if (event_is_field(name) || names_have(captures, name))
        return true;
    if (is_data_path(name) && refuse_path(loader, mark, name))
        return false;
    if (names_have(&loader->broken_groups, name)) /* what is wrong with them has been told */
        return false;
    refuse_name(loader, mark, name, event_field_names, captures);
    loader_add_name(loader, &loader->refused_names, name);
    return false;
}

/* -- templates -- */

static bool is_signal_name(struct slice name)
{
    int i;

    return slice_to_enum(name, signal_names, &i) == RC_OK;
}

/* The part of a name that an event can have: first.X is X of the first one. */
static struct slice without_first(struct slice name)
{
    if (slice_starts(name, FIRST))
        return (struct slice){ name.ptr + FIRST.len, name.len - FIRST.len };
    return name;
}

static void check_commit_name(struct rule_reading *reading, struct mark mark, struct slice name)
{
    int i;

    if (slice_to_enum(name, commit_names, &i) == RC_OK && !reading->rule->notes_good)
        mark_problem(reading->loader->problems, PROBLEM_ERROR, mark,
                     "`%.*s` is known to rules that are `on` ci.run and that an event clears; this "
                     "is none",
                     SLICE_ARG(name));
}

static void check_template_name(struct rule_reading *reading, struct mark mark, struct slice name,
                                const struct slice_list *captures, bool is_key)
{
    struct slice plain = is_key ? name : without_first(name);

    if (is_key && (is_signal_name(name) || slice_starts(name, FIRST))) {
        mark_problem(reading->loader->problems, PROBLEM_ERROR, mark,
                     "`%.*s` cannot be part of a key: the key says which signal it is",
                     SLICE_ARG(name));
        return;
    }
    if (!is_key && is_signal_name(name)) {
        check_commit_name(reading, mark, name);
        return;
    }
    if (check_field(reading->loader, mark, plain, captures) && is_data_path(plain))
        loader_add_name(reading->loader, &reading->rule->data_paths, plain);
}

static void check_names(struct rule_reading *reading, const struct node *scalar,
                        const struct template *template, const struct slice_list *captures,
                        bool is_key)
{
    const char *start = template_source(template).ptr;

    for (size_t i = 0; !slice_is_absent(template_name(template, i)); i++) {
        struct slice name = template_name(template, i);

        check_template_name(reading, mark_inside(scalar, (size_t)(name.ptr - start)), name,
                            captures, is_key);
    }
}

bool check_not_blank(struct loader *loader, const char *member, const struct node *scalar)
{
    if (scalar->type != NODE_SCALAR || scalar->is_null || slice_trim(scalar->text).len)
        return true;
    node_problem(loader->problems, scalar, "`%s` is empty: give it a value, or leave it out",
                 member);
    return false;
}

struct template *read_template(struct rule_reading *reading, const struct node *scalar,
                               const struct slice_list *captures, bool is_key)
{
    struct loader *loader = reading->loader;
    struct template *template = NULL;
    struct json_fault fault = { 0 };
    enum rc rc;

    if (scalar->type != NODE_SCALAR || scalar->is_null) {
        node_problem(loader->problems, scalar, "a text is expected here, not %s",
                     scalar->is_null ? "nothing" : node_type_text(scalar));
        return NULL;
    }
    rc = template_parse(scalar->text, loader->arena, &template, &fault);
    if (rc == RC_INVALID)
        mark_problem(loader->problems, PROBLEM_ERROR, mark_inside(scalar, fault.offset),
                     "bad template: %s", fault.text);
    else if (rc)
        loader->rc = rc;
    if (rc)
        return NULL;
    check_names(reading, scalar, template, captures, is_key);
    return template;
}
