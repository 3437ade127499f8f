#include "watchers/watcher_config.h"

#include <string.h>

#define NAME_MAX_BYTES 63

static const char *const states[] = { "failing", "ok", "info", NULL };
static const char *const severities[] = { "low", "medium", "high", "critical", NULL };
static const char *const levels[] = { "run", "job", "check", NULL };

/* Fields whose words are ours. */
static const struct {
    enum event_field field;
    const char *const *words;
    const char *expected;
    const struct shape shape;
} limited[] = {
#define WORDS(of) .words = (of), .shape = { .kind = SHAPE_WORD, .words = (of) }
    { FIELD_KIND, WORDS(event_kinds), .expected = "a kind, as `alert` or `deploy`" },
    { FIELD_STATE, WORDS(states), .expected = "failing, ok or info" },
    { FIELD_SEVERITY, WORDS(severities), .expected = "low, medium, high or critical" },
    { FIELD_LEVEL, WORDS(levels), .expected = "run, job or check" },
#undef WORDS
};

static const enum event_field ours[] = { FIELD_KIND, FIELD_TYPE };

static bool may_be_constant(size_t field)
{
    return field != FIELD_WATCHER && field != FIELD_SOURCE && field != FIELD_TEXT;
}

static const struct shape *shape_of_constant(size_t field)
{
    for (size_t i = 0; i < sizeof limited / sizeof *limited; i++) {
        if ((size_t)limited[i].field == field)
            return &limited[i].shape;
    }
    return NULL;
}

size_t watcher_add_constants(struct setting *rows, size_t constants_offset)
{
    size_t n_rows = 0;

    for (size_t i = 0; i < EVENT_N_FIELDS; i++) {
        if (may_be_constant(i))
            rows[n_rows++] =
                (struct setting){ .name = event_field_names[i],
                                  .type = SETTING_TEXT,
                                  .offset = constants_offset + i * sizeof(struct slice),
                                  .shape = shape_of_constant(i),
                                  .help = event_field_help[i] };
    }
    return n_rows;
}

enum rc watcher_check_constants(const struct node *map, const struct slice *constants,
                                struct problems *problems)
{
    enum rc rc = RC_OK;
    int i;

    for (size_t row = 0; row < sizeof limited / sizeof *limited; row++) {
        struct slice value = constants[limited[row].field];

        if (slice_is_absent(value) || slice_to_enum(value, limited[row].words, &i) == RC_OK)
            continue;
        node_problem(problems, node_find(map, event_field_names[limited[row].field]),
                     "`%s` must be %s, not `%.*s`", event_field_names[limited[row].field],
                     limited[row].expected, SLICE_ARG(value));
        rc = RC_INVALID;
    }
    for (size_t row = 0; row < sizeof ours / sizeof *ours; row++) {
        if (!slice_starts(constants[ours[row]], SLICE("vedette.")))
            continue;
        node_problem(problems, node_find(map, event_field_names[ours[row]]),
                     "`vedette.` is what Vedette says itself: no watcher may");
        rc = RC_INVALID;
    }
    return rc;
}

const char *const *watcher_words_of(enum event_field field)
{
    for (size_t row = 0; row < sizeof limited / sizeof *limited; row++)
        if (limited[row].field == field)
            return limited[row].words;
    return NULL;
}

static bool is_name(struct slice name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

    if (name.len == 0 || name.len > NAME_MAX_BYTES || name.ptr[0] == '-')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (!memchr(letters, name.ptr[i], sizeof letters - 1))
            return false;
    }
    return true;
}

enum rc watcher_check_name(const struct node *map, struct slice name, struct problems *problems)
{
    const struct node *node = node_find(map, "name");

    if (is_name(name))
        return RC_OK;
    node_problem(problems, node ? node : map,
                 "`name` must be lower-case letters, digits and `-`, at most %d, not `%.*s`",
                 NAME_MAX_BYTES, SLICE_ARG(name));
    return RC_INVALID;
}

enum rc watcher_worse(enum rc a, enum rc b)
{
    return a == RC_OK || (a == RC_INVALID && b != RC_OK) ? b : a;
}
