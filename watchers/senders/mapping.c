#include "watchers/senders/mapping.h"

#include "src/base/clock.h"
#include "src/base/settings.h"
#include "watchers/senders/payload.h"
#include "watchers/senders/words.h"

const char *const mapping_members[] = { "map", "states", NULL };

struct mapping {
    struct json_path *paths[EVENT_N_FIELDS]; /* NULL: not mapped */
    struct json_path *id;
    struct json_path *time;
    struct slice kind; /* a constant; absent: none */
    bool has_states;   /* without, `default_states` */
    struct slice_list failing, ok, info;
};

/* What senders commonly call it. Any other word is info. */
/* clang-format off */
static const struct word default_states[] = {
    { "failing", "failing" }, { "failed", "failing" }, { "failure", "failing" }, { "error", "failing" }, { "firing", "failing" },
    { "down", "failing" },
    { "ok", "ok" }, { "success", "ok" }, { "succeeded", "ok" }, { "passed", "ok" }, { "resolved", "ok" }, { "up", "ok" },
    { NULL, NULL },
};
/* clang-format on */

/* What makes a subject of those that are there, unless `subject` is mapped itself. */
static const enum event_field subject_fields[] = {
    FIELD_KIND,   FIELD_SERVICE,  FIELD_HOST, FIELD_REPO, FIELD_ENVIRONMENT,
    FIELD_BRANCH, FIELD_WORKFLOW, FIELD_JOB,  FIELD_TEST,
};

/* -- configuration -- */

static const struct setting state_settings[] = {
    { .name = "failing",
      .type = SETTING_TEXTS,
      .offset = offsetof(struct mapping, failing),
      .help = "words that mean that something is wrong" },
    { .name = "ok",
      .type = SETTING_TEXTS,
      .offset = offsetof(struct mapping, ok),
      .help = "words that mean that it is well again" },
    { .name = "info",
      .type = SETTING_TEXTS,
      .offset = offsetof(struct mapping, info),
      .help = "words that mean neither; as every other word" },
};

/* Of those that come from outside. */
static bool is_kind(struct slice text)
{
    int i;

    return slice_to_enum(text, event_kinds, &i) == RC_OK && !slice_starts(text, SLICE("vedette."));
}

/* Where the path of `name` goes; NULL when nothing is called that. */
static struct json_path **find_path(struct mapping *mapping, struct slice name)
{
    int field;

    if (slice_eq(name, SLICE("id")))
        return &mapping->id;
    if (slice_eq(name, SLICE("time")))
        return &mapping->time;
    if (slice_to_enum(name, event_field_names, &field) != RC_OK || field == FIELD_WATCHER)
        return NULL;
    return &mapping->paths[field];
}

static enum rc refuse_name(const struct node_pair *pair, struct problems *problems)
{
    const char *meant = problem_did_you_mean(pair->key, event_field_names);

    mark_problem(problems, PROBLEM_ERROR, pair->key_mark,
                 "unknown field `%.*s` in `map`%s%s%s: a normalised field, `id` or `time`",
                 SLICE_ARG(pair->key), meant ? "; did you mean `" : "", meant ? meant : "",
                 meant ? "`?" : "");
    return RC_INVALID;
}

static enum rc read_mapping(const struct node_pair *pair, struct arena *arena,
                            struct problems *problems, struct mapping *mapping)
{
    struct json_path **path = find_path(mapping, pair->key);
    struct json_fault fault;
    enum rc rc;

    if (!path)
        return refuse_name(pair, problems);
    if (pair->value->type != NODE_SCALAR || pair->value->is_null) {
        node_problem(problems, pair->value, "`%.*s` must be the path of a member, as `app.name`",
                     SLICE_ARG(pair->key));
        return RC_INVALID;
    }
    if (slice_eq(pair->key, SLICE("kind")) && is_kind(pair->value->text))
        return arena_copy(arena, pair->value->text, &mapping->kind);
    rc = json_path_parse(pair->value->text, arena, path, &fault);
    if (rc == RC_INVALID)
        node_problem(problems, pair->value, "`%.*s` is no path: %s at character %zu",
                     SLICE_ARG(pair->value->text), fault.text, fault.offset + 1);
    return rc;
}

static enum rc read_map(const struct node *map, struct arena *arena, struct problems *problems,
                        struct mapping *mapping)
{
    enum rc worst = RC_OK;

    if (map->type != NODE_MAP) {
        node_problem(problems, map, "`map` must be a map of fields and paths, not %s",
                     node_type_text(map));
        return RC_INVALID;
    }
    for (size_t i = 0; i < map->n_pairs; i++) {
        enum rc rc = read_mapping(&map->pairs[i], arena, problems, mapping);

        if (rc && rc != RC_INVALID)
            return rc;
        if (rc)
            worst = rc;
    }
    return worst;
}

enum rc mapping_parse(const struct node *map, struct arena *arena, struct problems *problems,
                      void **out)
{
    struct mapping *mapping = arena_alloc(arena, 1, sizeof *mapping);
    const struct node *paths = node_find(map, "map"), *states = node_find(map, "states");
    enum rc rc = RC_OK, worst = RC_OK;

    if (!mapping)
        return RC_NO_MEMORY;
    *out = mapping;
    if (paths)
        worst = read_map(paths, arena, problems, mapping);
    if (states) {
        mapping->has_states = true;
        rc = settings_read(state_settings, sizeof state_settings / sizeof *state_settings, states,
                           arena, problems, mapping);
    }
    return worst ? worst : rc;
}

/* Options are made by mapping_parse; a door that was never configured has none. */
const struct json_path *mapping_id(const void *options)
{
    const struct mapping *mapping = options;

    return mapping ? mapping->id : NULL;
}

/* -- from payload to fields -- */

static bool holds(struct slice_list words, struct slice word)
{
    for (size_t i = 0; i < words.n_items; i++) {
        if (slice_eq_nocase(words.items[i], word))
            return true;
    }
    return false;
}

static struct slice state_of(const struct mapping *mapping, struct slice word)
{
    struct slice usual = word_means(default_states, word);

    if (slice_is_absent(word))
        return word;
    if (!mapping->has_states)
        return slice_is_absent(usual) ? SLICE("info") : usual;
    if (holds(mapping->failing, word))
        return SLICE("failing");
    return holds(mapping->ok, word) ? SLICE("ok") : SLICE("info");
}

/* A value that is none of ours is dropped: a rule must be able to rely on the words. */
static struct slice clean(const struct mapping *mapping, size_t field, struct slice value)
{
    if (field == FIELD_STATE)
        return state_of(mapping, value);
    if (field == FIELD_SEVERITY)
        return word_means(severity_words, value);
    if (field == FIELD_BRANCH)
        return payload_branch(value);
    if (field == FIELD_KIND && !is_kind(value))
        return (struct slice){ 0 };
    return value;
}

static void read_fields(const struct mapping *mapping, struct event *event)
{
    const struct json *time;
    int64_t at_ms;

    if (!slice_is_absent(mapping->kind))
        event->fields[FIELD_KIND] = mapping->kind;
    for (size_t i = 0; i < EVENT_N_FIELDS; i++) {
        struct slice value;

        if (!mapping->paths[i])
            continue;
        value = json_text(json_path_get(mapping->paths[i], event->data));
        if (value.len)
            event->fields[i] = clean(mapping, i, value);
    }
    time = mapping->time ? json_path_get(mapping->time, event->data) : NULL;
    if (time_parse_any(json_text(time), &at_ms) == RC_OK && at_ms > 0)
        event->time_ms = at_ms;
}

static enum rc name_subject(const struct subject_part *first, size_t n_first, struct arena *arena,
                            struct event *event)
{
    struct subject_part
        parts[MAPPING_MAX_PARTS + sizeof subject_fields / sizeof *subject_fields + 1];
    size_t n_parts = 0;
    bool is_empty = true;

    if (!slice_is_absent(event->fields[FIELD_SUBJECT]))
        return RC_OK;
    while (n_parts < n_first) {
        parts[n_parts] = first[n_parts];
        is_empty &= slice_is_absent(parts[n_parts++].value);
    }
    for (size_t i = 0; i < sizeof subject_fields / sizeof *subject_fields; i++) {
        enum event_field field = subject_fields[i];

        parts[n_parts++] = (struct subject_part){ .name = slice_of(event_field_names[field]),
                                                  .value = event->fields[field] };
        is_empty &= slice_is_absent(event->fields[field]);
    }
    if (is_empty)
        parts[n_parts++] = (struct subject_part){ .name = SLICE("watcher"),
                                                  .value = event->fields[FIELD_WATCHER] };
    return subject_format(parts, n_parts, arena, &event->fields[FIELD_SUBJECT]);
}

enum rc mapping_read(const void *options, const struct subject_part *parts, size_t n_parts,
                     struct arena *arena, struct event *event)
{
    if (options)
        read_fields(options, event);
    return name_subject(parts, n_parts, arena, event);
}
