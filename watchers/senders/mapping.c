#include "watchers/senders/mapping.h"

#include "src/base/settings.h"
#include "src/store/headers.h"
#include "watchers/senders/mapping_paths.h"
#include "watchers/senders/payload.h"
#include "watchers/senders/rows.h"
#include "watchers/senders/words.h"

#define MAX_SUBJECT 8
#define N_SEVERITIES (sizeof severities / sizeof *severities)

static const char *const severities[] = { "low", "medium", "high", "critical" };

struct mapping {
    struct mapping_paths paths[EVENT_N_FIELDS];
    struct subject_path {
        struct slice name;
        struct mapping_paths paths;
    } subject[MAX_SUBJECT]; /* where it is a list */
    size_t n_subject;
    struct mapping_paths time;
    struct json_path *id;    /* NULL: not mapped */
    struct json_path *items; /* NULL: not mapped */
    const char *id_header;   /* NULL: none */
    struct slice kind;       /* a constant; absent: none */
    bool has_states;         /* without, `default_states` */
    struct slice_list failing, ok, info;
    struct slice_list severities[N_SEVERITIES]; /* words of each */
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

#define SEVERITY(i, means)                                                                         \
    {                                                                                              \
        .name = means, .type = SETTING_TEXTS, .offset = offsetof(struct mapping, severities[i]),   \
        .help = "words that mean " means "; beside the usual ones"                                 \
    }
static const struct setting severity_settings[] = {
    SEVERITY(0, "low"),
    SEVERITY(1, "medium"),
    SEVERITY(2, "high"),
    SEVERITY(3, "critical"),
};

const struct shape shape_mapping_states = { .name = "states", SHAPE_OF(state_settings) };
const struct shape shape_mapping_severities = { .name = "severities", SHAPE_OF(severity_settings) };

static const struct shape kind_or_path = { .kind = SHAPE_TEXT, .words = event_kinds };
static const struct setting extra_paths[] = {
    { .name = "id",
      .type = SETTING_NODE,
      .shape = &shape_text,
      .help = "what is equal for the same delivery alone" },
    { .name = "time", .type = SETTING_NODE, .shape = &shape_text, .help = "when it happened" },
};
#define N_EXTRA_PATHS (sizeof extra_paths / sizeof *extra_paths)

static const struct shape *shape_of_path(size_t field)
{
    if (field == FIELD_KIND)
        return &kind_or_path;
    return field == FIELD_SUBJECT ? &shape_texts : &shape_text;
}

/* Each field that a payload can fill, beside id and time. */
static enum rc make_map(struct arena *arena, struct shape *shape)
{
    struct setting *rows = arena_alloc(arena, EVENT_N_FIELDS + N_EXTRA_PATHS, sizeof *rows);
    size_t n_rows = 0;

    if (!rows)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < EVENT_N_FIELDS; i++)
        if (i != FIELD_WATCHER)
            rows[n_rows++] = (struct setting){ .name = event_field_names[i],
                                               .type = SETTING_NODE,
                                               .shape = shape_of_path(i),
                                               .help = event_field_help[i] };
    for (size_t i = 0; i < N_EXTRA_PATHS; i++)
        rows[n_rows++] = extra_paths[i];
    shape->settings = rows;
    shape->n_settings = n_rows;
    return RC_OK;
}

const struct shape shape_mapping_map = { .kind = SHAPE_MAP, .name = "map", .make = make_map };

/* Of those that come from outside. */
static bool is_kind(struct slice text)
{
    int i;

    return slice_to_enum(text, event_kinds, &i) == RC_OK && !slice_starts(text, SLICE("vedette."));
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

static enum rc read_subject(const struct node *list, struct arena *arena, struct problems *problems,
                            struct mapping *mapping)
{
    if (!list->n_items || list->n_items > MAX_SUBJECT) {
        node_problem(problems, list, "`subject` must be a path, or a list of up to %d of them",
                     MAX_SUBJECT);
        return RC_INVALID;
    }
    for (size_t i = 0; i < list->n_items; i++) {
        struct subject_path *part = &mapping->subject[mapping->n_subject++];
        enum rc rc =
            mapping_paths_parse(list->items[i], SLICE("subject"), arena, problems, &part->paths);

        if (!rc)
            rc = arena_copy(arena, mapping_paths_first(list->items[i]->text), &part->name);
        if (rc)
            return rc;
    }
    return RC_OK;
}

static enum rc read_mapping(const struct node_pair *pair, struct arena *arena,
                            struct problems *problems, struct mapping *mapping)
{
    const struct node *value = pair->value;
    int field;

    if (slice_eq(pair->key, SLICE("id")))
        return mapping_path_parse(value, pair->key, arena, problems, &mapping->id);
    if (slice_eq(pair->key, SLICE("time")))
        return mapping_paths_parse(value, pair->key, arena, problems, &mapping->time);
    if (slice_to_enum(pair->key, event_field_names, &field) != RC_OK || field == FIELD_WATCHER)
        return refuse_name(pair, problems);
    if (field == FIELD_SUBJECT && value->type == NODE_LIST)
        return read_subject(value, arena, problems, mapping);
    if (field == FIELD_KIND && value->type == NODE_SCALAR && is_kind(value->text))
        return arena_copy(arena, value->text, &mapping->kind);
    return mapping_paths_parse(value, pair->key, arena, problems, &mapping->paths[field]);
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

static enum rc read_id_header(const struct node *name, struct arena *arena,
                              struct problems *problems, struct mapping *mapping)
{
    struct slice copy;
    enum rc rc;

    if (name->type != NODE_SCALAR || !header_is_name(name->text)) {
        node_problem(problems, name, "`id_header` must be the name of a header");
        return RC_INVALID;
    }
    rc = arena_copy(arena, name->text, &copy);
    if (!rc)
        mapping->id_header = copy.ptr;
    return rc;
}

/* Goes on after a problem, so that one run shows all. */
static enum rc read_members(const struct node *watcher, struct arena *arena,
                            struct problems *problems, struct mapping *mapping)
{
    const struct node *map = node_find(watcher, "map"), *states = node_find(watcher, "states");
    const struct node *own = node_find(watcher, "severities"), *items = node_find(watcher, "items");
    const struct node *id_header = node_find(watcher, "id_header");
    enum rc rc = RC_OK, worst = RC_OK;

    mapping->has_states = states != NULL;
    if (map)
        worst = read_map(map, arena, problems, mapping);
    if (states)
        rc = settings_read(state_settings, sizeof state_settings / sizeof *state_settings, states,
                           arena, problems, mapping);
    worst = worst ? worst : rc;
    if (own)
        rc = settings_read(severity_settings, N_SEVERITIES, own, arena, problems, mapping);
    worst = worst ? worst : rc;
    if (items)
        rc = mapping_path_parse(items, SLICE("items"), arena, problems, &mapping->items);
    worst = worst ? worst : rc;
    if (id_header)
        rc = read_id_header(id_header, arena, problems, mapping);
    return worst ? worst : rc;
}

enum rc mapping_parse(const struct node *map, struct arena *arena, struct problems *problems,
                      void **out)
{
    struct mapping *mapping = arena_alloc(arena, 1, sizeof *mapping);

    if (!mapping)
        return RC_NO_MEMORY;
    *out = mapping;
    return read_members(map, arena, problems, mapping);
}

/* Options are made by mapping_parse; a door that was never configured has none. */
const struct json_path *mapping_id(const void *options)
{
    const struct mapping *mapping = options;

    return mapping ? mapping->id : NULL;
}

const char *mapping_id_header(const void *options)
{
    const struct mapping *mapping = options;

    return mapping ? mapping->id_header : NULL;
}

const struct json *mapping_elements(const void *options, const struct json *payload)
{
    const struct mapping *mapping = options;
    const struct json *elements = payload;

    if (mapping && mapping->items)
        elements = json_path_get(mapping->items, payload);
    return json_type_of(elements) == JSON_ARRAY ? elements : NULL;
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

static struct slice severity_of(const struct mapping *mapping, struct slice word)
{
    for (size_t i = 0; i < N_SEVERITIES; i++) {
        if (holds(mapping->severities[i], word))
            return slice_of(severities[i]);
    }
    return word_means(severity_words, word);
}

/* A value that is none of ours is dropped: a rule must be able to rely on the words. */
static struct slice clean(const struct mapping *mapping, size_t field, struct slice value)
{
    if (field == FIELD_STATE)
        return state_of(mapping, value);
    if (field == FIELD_SEVERITY)
        return severity_of(mapping, value);
    if (field == FIELD_BRANCH)
        return payload_branch(value);
    if (field == FIELD_KIND && !is_kind(value))
        return (struct slice){ 0 };
    return value;
}

/* Who lists the words that mean nothing wants to hear of any other. */
static enum rc judge_state(const struct mapping *mapping, struct arena *arena, struct event *event)
{
    struct slice word = mapping_paths_text(mapping->paths[FIELD_STATE], event->data);

    if (!word.len || !mapping->info.n_items || holds(mapping->failing, word) ||
        holds(mapping->ok, word) || holds(mapping->info, word))
        return RC_OK;
    return row_drift(event, arena, "unknown state", word);
}

bool mapping_is_foreign(const void *options, const struct json *payload)
{
    const struct mapping *mapping = options;
    size_t n_mapped = 0;

    for (size_t i = 0; mapping && i < EVENT_N_FIELDS; i++) {
        n_mapped += mapping->paths[i].n_items > 0;
        if (mapping_paths_text(mapping->paths[i], payload).len)
            return false;
    }
    return n_mapped > 0;
}

static void read_fields(const struct mapping *mapping, struct event *event)
{
    int64_t at_ms;

    if (!slice_is_absent(mapping->kind))
        event->fields[FIELD_KIND] = mapping->kind;
    for (size_t i = 0; i < EVENT_N_FIELDS; i++) {
        struct slice value = mapping_paths_text(mapping->paths[i], event->data);

        if (value.len)
            event->fields[i] = clean(mapping, i, value);
    }
    if (mapping_paths_time(mapping->time, event->data, &at_ms) == RC_OK)
        event->time_ms = at_ms;
}

/* Where none of its parts is there, the subject is what it would be without. */
static enum rc name_as_mapped(const struct mapping *mapping, struct arena *arena,
                              struct event *event)
{
    struct subject_part parts[MAX_SUBJECT];

    for (size_t i = 0; i < mapping->n_subject; i++)
        parts[i] = (struct subject_part){
            .name = mapping->subject[i].name,
            .value = mapping_paths_text(mapping->subject[i].paths, event->data),
        };
    return subject_format(parts, mapping->n_subject, arena, &event->fields[FIELD_SUBJECT]);
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
    const struct mapping *mapping = options;
    enum rc rc = RC_OK;

    if (mapping)
        read_fields(mapping, event);
    if (mapping)
        rc = judge_state(mapping, arena, event);
    if (!rc && mapping && mapping->n_subject)
        rc = name_as_mapped(mapping, arena, event);
    return rc ? rc : name_subject(parts, n_parts, arena, event);
}
