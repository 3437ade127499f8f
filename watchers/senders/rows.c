#include "watchers/senders/rows.h"

#include "src/base/clock.h"

#define WORD_MAX_BYTES 64
#define DRIFT_MAX_BYTES 256

const struct event_row *row_find(const struct row_table *table, struct slice name)
{
    const struct event_row *row = table->rows;

    while (row->name && !slice_matches_glob(name, slice_of(row->name)))
        row++;
    return row;
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == ':';
}

struct slice row_word(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_word_byte(text.ptr[i]))
            return SLICE("unknown");
    }
    return text.len && text.len <= WORD_MAX_BYTES ? text : SLICE("unknown");
}

/* -- drift -- */

enum rc row_drift(struct event *event, struct arena *arena, const char *what, struct slice name)
{
    const struct slice before = event->drift;
    struct slice shown =
        name.len <= WORD_MAX_BYTES ? name : (struct slice){ name.ptr, WORD_MAX_BYTES };

    if (before.len + shown.len + 32 > DRIFT_MAX_BYTES)
        return RC_OK;
    while (shown.len && !slice_is_utf8(shown))
        shown.len--;
    return arena_format(arena, &event->drift, "%.*s%s%s `%.*s`", SLICE_ARG(before),
                        before.len ? ", " : "", what, SLICE_ARG(shown));
}

static enum rc expect(const struct json *payload, const char *paths, struct arena *arena,
                      struct event *event)
{
    struct slice all = slice_of(paths);

    return payload_has(payload, all) ? RC_OK : row_drift(event, arena, "no", slice_cut(&all, '|'));
}

/* -- fields -- */

/* The commit of what was deleted is all zeros. */
static struct slice real_commit(struct slice commit)
{
    for (size_t i = 0; i < commit.len; i++) {
        if (commit.ptr[i] != '0')
            return commit;
    }
    return (struct slice){ 0 };
}

static struct slice known_severity(struct slice word)
{
    return word_means(severity_words, word);
}

/* How values become ours, where they are not taken as they are. */
static struct slice (*const cleaned[EVENT_N_FIELDS])(struct slice value) = {
    [FIELD_BRANCH] = payload_branch,
    [FIELD_COMMIT] = real_commit,
    [FIELD_SEVERITY] = known_severity,
    [FIELD_TITLE] = payload_first_line,
};

static enum rc read_field(const struct row_field *source, const struct json *payload,
                          struct arena *arena, struct event *event)
{
    bool is_optional = source->paths[0] == '?';
    const char *paths = source->paths + is_optional;
    struct slice value = payload_text(payload, paths);

    if (!value.len)
        return is_optional ? RC_OK : expect(payload, paths, arena, event);
    if (cleaned[source->field])
        value = cleaned[source->field](value);
    if (!slice_is_absent(value))
        event->fields[source->field] = value;
    return RC_OK;
}

static enum rc read_fields(const struct row_field *fields, const struct json *payload,
                           struct arena *arena, struct event *event)
{
    enum rc rc = RC_OK;

    for (; fields->paths && !rc; fields++)
        rc = read_field(fields, payload, arena, event);
    return rc;
}

/* -- branches -- */

enum rc row_mark_fork(struct event *event, struct slice head, struct arena *arena)
{
    struct slice branch = event->fields[FIELD_BRANCH];
    struct slice owner;

    if (slice_is_absent(head) || slice_eq_nocase(head, event->fields[FIELD_REPO]))
        return RC_OK;
    if (slice_is_absent(branch) || slice_is_absent(event->fields[FIELD_REPO]))
        return RC_OK;
    owner = slice_cut(&head, '/');
    return arena_format(arena, &event->fields[FIELD_BRANCH], "%.*s:%.*s", SLICE_ARG(owner),
                        SLICE_ARG(branch));
}

/* -- state and time -- */

static bool is_settled(const struct event_row *row, const struct json *payload)
{
    return row->state && (!row->is_settled || row->is_settled(payload));
}

static enum rc read_state(const struct event_row *row, const struct json *payload,
                          struct arena *arena, struct event *event)
{
    struct slice word, state;

    event->fields[FIELD_STATE] = SLICE("info");
    if (!is_settled(row, payload))
        return RC_OK;
    word = payload_text(payload, row->state);
    if (!word.len)
        return expect(payload, row->state, arena, event);
    state = word_means(row->states, word);
    if (slice_is_absent(state))
        return row_drift(event, arena, "unknown state", word);
    event->fields[FIELD_STATE] = state;
    return RC_OK;
}

/* Of what is over: what goes on has no duration yet. */
static enum rc read_times(const struct event_row *row, const struct json *payload,
                          struct arena *arena, struct event *event)
{
    char text[TIME_TEXT_BYTES];
    int64_t at_ms, started_ms;

    if (payload_time(payload, row->time, &at_ms) != RC_OK)
        return RC_OK;
    event->time_ms = at_ms;
    if (!row->started || !is_settled(row, payload))
        return RC_OK;
    if (payload_time(payload, row->started, &started_ms) != RC_OK || started_ms > at_ms)
        return RC_OK;
    return arena_copy(arena, slice_of(duration_format(at_ms - started_ms, text)),
                      &event->fields[FIELD_DURATION]);
}

/* -- subject -- */

static void add_parts(const struct row_subject *sources, const struct json *payload,
                      const struct event *event, struct subject_part *parts, size_t *n_parts)
{
    for (; sources && sources->name; sources++)
        parts[(*n_parts)++] = (struct subject_part){
            .name = slice_of(sources->name),
            .value = sources->paths ? payload_text(payload, sources->paths)
                                    : event->fields[sources->field],
        };
}

static enum rc name_subject(const struct row_table *table, const struct event_row *row,
                            const struct json *payload, struct slice name, struct arena *arena,
                            struct event *event)
{
    const bool is_info = slice_eq(event->fields[FIELD_STATE], SLICE("info"));
    struct subject_part parts[2 * ROW_MAX_SUBJECT + 1];
    size_t n_parts = 0;
    enum rc rc;

    add_parts(table->common_subject, payload, event, parts, &n_parts);
    if (!row->subject[0].name)
        parts[n_parts++] = (struct subject_part){ .name = SLICE("event"), .value = name };
    add_parts(row->subject, payload, event, parts, &n_parts);
    rc = subject_format(parts, n_parts, arena, &event->fields[FIELD_SUBJECT]);
    /* What fails without a name can never be told from what is well again. */
    if (!rc && !is_info && !event->fields[FIELD_SUBJECT].len)
        rc = row_drift(event, arena, "no", parts[0].name);
    return rc;
}

/* -- the whole -- */

enum rc row_read(const struct row_table *table, struct slice name, const struct json *payload,
                 struct arena *arena, struct event *event)
{
    const struct event_row *row = row_find(table, name);
    enum rc rc =
        arena_format(arena, &event->fields[FIELD_TYPE], "%s.%.*s", table->sender, SLICE_ARG(name));

    event->fields[FIELD_SOURCE] = slice_of(table->sender);
    event->fields[FIELD_KIND] = slice_of(row->kind);
    event->fields[FIELD_LEVEL] = slice_of(row->level);
    if (!rc)
        rc = read_state(row, payload, arena, event);
    if (!rc)
        rc = read_fields(table->common, payload, arena, event);
    if (!rc)
        rc = read_fields(row->fields, payload, arena, event);
    if (!rc)
        rc = read_times(row, payload, arena, event);
    if (!rc && row->finish)
        rc = row->finish(payload, arena, event);
    if (!rc)
        rc = name_subject(table, row, payload, name, arena, event);
    return rc;
}
