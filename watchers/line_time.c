#include "watchers/line_time.h"

#include "src/base/settings.h"
#include "watchers/line_moment.h"

enum kind { KIND_AUTO, KIND_RECEIVED, KIND_FORM };
static const char *const kind_names[] = { "auto", "received", NULL };

struct line_time {
    enum kind kind;
    struct slice form; /* KIND_FORM */
    const struct time_zone *zone;
    struct pattern *match; /* NULL: no pattern says where */
    size_t group;          /* of `match`: the one named time */
    struct json_path *field;
};

/* -- from the configuration -- */

struct written {
    struct slice format, zone, match, field;
};

#define WRITTEN(member) .offset = offsetof(struct written, member)

static const struct setting settings[] = {
    { .name = "format",
      .type = SETTING_TEXT,
      WRITTEN(format),
      .help = "as strptime(3) has it, %L for decimals of a second; default: what is usual" },
    { .name = "zone",
      .type = SETTING_TEXT,
      WRITTEN(zone),
      .help = "of times without an offset (Europe/Berlin); default: this machine's" },
    { .name = "match",
      .type = SETTING_TEXT,
      WRITTEN(match),
      .help = "a pattern whose group `time` is where it stands in the text" },
    { .name = "field",
      .type = SETTING_TEXT,
      WRITTEN(field),
      .help = "a path to where it stands in a JSON or logfmt line" },
};

static const struct shape time_map = { SHAPE_OF(settings) };
static const struct shape time_word = { .kind = SHAPE_WORD, .words = kind_names };
static const struct shape *const time_either[] = { &time_word, &time_map, NULL };
const struct shape shape_line_time = { .kind = SHAPE_EITHER, .either = time_either };

static enum rc read_kind(const struct node *node, struct problems *problems, struct line_time *spec)
{
    const char *meant;
    int kind;

    if (slice_to_enum(node->text, kind_names, &kind) == RC_OK) {
        spec->kind = (enum kind)kind;
        return RC_OK;
    }
    meant = problem_did_you_mean(node->text, kind_names);
    node_problem(problems, node,
                 "`time` must be auto, received or a map (`{format: \"%%d.%%m.%%Y %%T\"}`), not "
                 "`%.*s`%s%s%s",
                 SLICE_ARG(node->text), meant ? "; did you mean `" : "", meant ? meant : "",
                 meant ? "`?" : "");
    return RC_INVALID;
}

static enum rc read_format(const struct node *map, struct slice format, struct problems *problems,
                           struct line_time *spec)
{
    const char *why;

    if (slice_is_absent(format))
        return RC_OK;
    if (moment_check_form(format, &why) != RC_OK) {
        node_problem(problems, node_find(map, "format"), "`%.*s` names no time: %s",
                     SLICE_ARG(format), why);
        return RC_INVALID;
    }
    spec->kind = KIND_FORM;
    spec->form = format;
    return RC_OK;
}

static enum rc read_zone(const struct node *map, struct slice name, struct arena *arena,
                         struct problems *problems, struct line_time *spec)
{
    enum rc rc;

    if (slice_is_absent(name) || slice_eq(name, SLICE("local")))
        return time_zone_local(arena, &spec->zone);
    rc = time_zone_find(name, arena, &spec->zone);
    if (rc != RC_NOT_FOUND)
        return rc;
    node_problem(problems, node_find(map, "zone"),
                 "unknown time zone `%.*s`: one of the tz database as Europe/Berlin or UTC, an "
                 "offset as +02:00, or local",
                 SLICE_ARG(name));
    return RC_INVALID;
}

static bool find_group(const struct pattern *pattern, struct slice name, size_t *group)
{
    for (*group = 0; !slice_is_absent(pattern_group(pattern, *group)); ++*group) {
        if (slice_eq(pattern_group(pattern, *group), name))
            return true;
    }
    return false;
}

static enum rc read_match(const struct node *map, struct slice text, struct arena *arena,
                          struct problems *problems, struct line_time *spec)
{
    const struct node *node = node_find(map, "match");
    struct json_fault fault = { 0 };
    enum rc rc;

    if (slice_is_absent(text))
        return RC_OK;
    if (!pattern_is_written(text)) {
        node_problem(problems, node, "`match` must be a pattern between slashes: '/…(?<time>…)/'");
        return RC_INVALID;
    }
    rc = pattern_parse(text, arena, &spec->match, &fault);
    if (rc == RC_INVALID)
        node_problem(problems, node, "the pattern of `match` is wrong at its byte %zu: %s",
                     fault.offset, fault.text);
    if (rc)
        return rc;
    if (find_group(spec->match, SLICE("time"), &spec->group))
        return RC_OK;
    node_problem(problems, node, "`match` needs a group `(?<time>…)` around the time");
    return RC_INVALID;
}

static enum rc read_field(const struct node *map, const struct written *written,
                          struct arena *arena, struct problems *problems, struct line_time *spec)
{
    const struct node *node = node_find(map, "field");
    struct json_fault fault = { 0 };
    enum rc rc;

    if (slice_is_absent(written->field))
        return RC_OK;
    if (!slice_is_absent(written->match)) {
        node_problem(problems, node, "`field` and `match` both say where the time is: keep one");
        return RC_INVALID;
    }
    rc = json_path_parse(written->field, arena, &spec->field, &fault);
    if (rc == RC_INVALID)
        node_problem(problems, node, "`field` is no path at its byte %zu: %s", fault.offset,
                     fault.text);
    return rc;
}

/* The worse of two, so that one run shows every problem: out of memory before invalid. */
static enum rc worse(enum rc a, enum rc b)
{
    return a == RC_OK || (a == RC_INVALID && b != RC_OK) ? b : a;
}

static enum rc read_map(const struct node *map, struct arena *arena, struct problems *problems,
                        struct line_time *spec)
{
    struct written written = { 0 };
    enum rc rc =
        settings_read(settings, sizeof settings / sizeof *settings, map, arena, problems, &written);

    rc = worse(rc, read_format(map, written.format, problems, spec));
    rc = worse(rc, read_zone(map, written.zone, arena, problems, spec));
    rc = worse(rc, read_match(map, written.match, arena, problems, spec));
    return worse(rc, read_field(map, &written, arena, problems, spec));
}

enum rc line_time_read(const struct node *node, struct arena *arena, struct problems *problems,
                       struct line_time **spec)
{
    struct line_time *made = arena_alloc(arena, 1, sizeof *made);
    enum rc rc = RC_OK;

    if (!made)
        return RC_NO_MEMORY;
    if (node && node->type != NODE_SCALAR)
        rc = read_map(node, arena, problems, made);
    else if (node)
        rc = read_kind(node, problems, made);
    if (!rc && !made->zone)
        rc = time_zone_local(arena, &made->zone);
    if (rc) {
        line_time_free(made);
        return rc;
    }
    *spec = made;
    return RC_OK;
}

enum rc line_time_of_option(struct slice text, struct arena *arena, struct line_time **spec,
                            const char **why)
{
    struct line_time *made = arena_alloc(arena, 1, sizeof *made);
    enum rc rc;
    int kind;

    if (!made)
        return RC_NO_MEMORY;
    if (slice_to_enum(text, kind_names, &kind) == RC_OK) {
        made->kind = (enum kind)kind;
    } else {
        made->kind = KIND_FORM;
        rc = moment_check_form(text, why);
        if (!rc)
            rc = arena_copy(arena, text, &made->form);
        if (rc)
            return rc;
    }
    rc = time_zone_local(arena, &made->zone);
    if (!rc)
        *spec = made;
    return rc;
}

void line_time_free(struct line_time *spec)
{
    if (!spec)
        return;
    pattern_free(spec->match);
    spec->match = NULL;
}

/* -- of a line -- */

/* What a search goes with. */
struct search {
    const struct line_time *spec;
    int64_t reference_ms;
    int64_t *time_ms;
};

static enum rc resolve(const struct search *search, const struct moment *moment)
{
    return moment_resolve(moment, search->spec->zone, search->reference_ms, search->time_ms);
}

/* The time with which a text begins. */
static enum rc time_of_text(const struct search *search, struct slice text)
{
    struct moment moment;
    enum rc rc;

    if (slice_is_absent(text))
        return RC_NOT_FOUND;
    if (search->spec->kind == KIND_FORM)
        rc = moment_take(search->spec->form, &text, &moment);
    else
        rc = moment_take_usual(&text, &moment);
    return rc ? rc : resolve(search, &moment);
}

/* Members that usually hold the time, the surest first where a line has several. */
static const char *const usual_members[] = {
    "time",     "timestamp", "@timestamp",           "ts", "t", "date",
    "datetime", "eventTime", "__REALTIME_TIMESTAMP",
};

static enum rc time_of_members(const struct search *search, const struct json *data)
{
    for (size_t i = 0; i < sizeof usual_members / sizeof *usual_members; i++) {
        const struct json *member = json_get_text(data, usual_members[i]);

        /* MongoDB: {"t": {"$date": "…"}} */
        if (json_type_of(member) == JSON_OBJECT)
            member = json_get(member, SLICE("$date"));
        if (time_of_text(search, slice_trim(json_text(member))) == RC_OK)
            return RC_OK;
    }
    return RC_NOT_FOUND;
}

static enum rc time_of_match(const struct search *search, struct slice text,
                             struct pattern_scratch *scratch)
{
    const struct line_time *spec = search->spec;

    if (pattern_search(spec->match, text, scratch) != PATTERN_MATCH)
        return RC_NOT_FOUND;
    return time_of_text(search, slice_trim(pattern_captured(spec->match, spec->group, scratch)));
}

/* A form stands where the line begins, or behind a bracket. */
static enum rc time_of_form(const struct search *search, struct slice text)
{
    struct slice begin = moment_line_begin(text);
    size_t near = begin.len < MOMENT_NEAR_BYTES ? begin.len : MOMENT_NEAR_BYTES;

    if (time_of_text(search, begin) == RC_OK)
        return RC_OK;
    for (size_t i = 0; i < near; i++) {
        if ((begin.ptr[i] == '[' || begin.ptr[i] == '(') &&
            time_of_text(search, (struct slice){ begin.ptr + i + 1, begin.len - i - 1 }) == RC_OK)
            return RC_OK;
    }
    return RC_NOT_FOUND;
}

static enum rc time_of_usual(const struct search *search, struct slice text)
{
    struct moment moment;
    enum rc rc = moment_find_usual(text, &moment);

    return rc ? rc : resolve(search, &moment);
}

/* What stands somewhere in the text of an object is some member's, and may be any time. */
static bool is_object(struct slice text)
{
    text = slice_trim(text);
    return text.len && *text.ptr == '{';
}

bool line_time_may_be_data(const struct line_time *spec)
{
    return spec->kind != KIND_RECEIVED && !spec->match;
}

enum rc line_time_find(const struct line_time *spec, struct slice text, const struct json *data,
                       int64_t reference_ms, struct pattern_scratch *scratch, int64_t *time_ms)
{
    const struct search search = { .spec = spec, .reference_ms = reference_ms, .time_ms = time_ms };

    if (spec->kind == KIND_RECEIVED) {
        *time_ms = reference_ms;
        return RC_OK;
    }
    if (slice_is_absent(text))
        return RC_NOT_FOUND;
    if (spec->match)
        return time_of_match(&search, text, scratch);
    if (spec->field)
        return time_of_text(&search, slice_trim(json_text(json_path_get(spec->field, data))));
    if (data && time_of_members(&search, data) == RC_OK)
        return RC_OK;
    if (data && is_object(text))
        return RC_NOT_FOUND;
    return spec->kind == KIND_FORM ? time_of_form(&search, text) : time_of_usual(&search, text);
}
