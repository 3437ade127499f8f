#include "watchers/journal_config.h"

#include "src/base/clock.h"
#include "src/base/file.h"

#include <string.h>

#define PRIORITIES 8

static const char *const starts[] = { "end", "beginning", NULL };
/* By name, then the same by number. */
static const char *const priorities[] = { "emerg", "alert", "crit", "err", "warning", "notice",
                                          "info",  "debug", "0",    "1",   "2",       "3",
                                          "4",     "5",     "6",    "7",   NULL };

/* The members as they stand in the file. */
struct written {
    struct node *journal;
    struct slice name;
    int start;
    int64_t silent_ms, lateness_ms;
    struct slice constants[EVENT_N_FIELDS];
};

struct written_source {
    struct slice_list units, identifiers, matches;
    int priority;
    struct slice directory, journal_namespace, program;
};

#define AT(member) .offset = offsetof(struct written_source, member)
static const struct setting source_members[] = {
    { .name = "units", .type = SETTING_TEXTS, AT(units), .help = "units, as nginx.service" },
    { .name = "identifiers", .type = SETTING_TEXTS, AT(identifiers), .help = "syslog identifiers" },
    { .name = "priority",
      .type = SETTING_ENUM,
      AT(priority),
      .names = priorities,
      .help = "this and worse" },
    { .name = "matches", .type = SETTING_TEXTS, AT(matches), .help = "FIELD=value, of journald" },
    { .name = "directory", .type = SETTING_TEXT, AT(directory), .help = "of other journal files" },
    { .name = "namespace", .type = SETTING_TEXT, AT(journal_namespace), .help = "of journald" },
    { .name = "program", .type = SETTING_TEXT, AT(program), .help = "where journalctl is" },
};
#undef AT
static const struct shape shape_source = { .name = "journal", SHAPE_OF(source_members) };

#define AT(member) .offset = offsetof(struct written, member)
static const struct setting members[] = {
    { .name = "journal",
      .type = SETTING_NODE,
      AT(journal),
      .shape = &shape_source,
      .help = "what of the systemd journal" },
    { .name = "name", .type = SETTING_TEXT, AT(name), .help = "what rules and lists call it" },
    { .name = "start",
      .type = SETTING_ENUM,
      AT(start),
      .names = starts,
      .help = "where it begins at the first start" },
    { .name = "silent",
      .type = SETTING_DURATION,
      AT(silent_ms),
      .min = SECOND_MS,
      .max = 365 * DAY_MS,
      .help = "no entry for so long is told as vedette.watcher.silent" },
    { .name = "lateness",
      .type = SETTING_DURATION,
      AT(lateness_ms),
      .min = 0,
      .max = 7 * DAY_MS,
      .help = "how late an event may come and still count" },
};
#undef AT
#define N_MEMBERS (sizeof members / sizeof *members)

/* -- what becomes an argument of journalctl -- */

static enum rc refuse(const struct node *source, const char *member, struct problems *problems,
                      const char *expected, struct slice value)
{
    struct buffer shown;

    buffer_init(&shown, 0);
    buffer_add_shown(&shown, value);
    node_problem(problems, node_find(source, member), "`%s` must be %s, not `%.*s`", member,
                 expected, SLICE_ARG(buffer_slice(&shown)));
    buffer_free(&shown);
    return RC_INVALID;
}

/* It is one argument, and never an option. */
static bool is_argument(struct slice value)
{
    return value.len && value.ptr[0] != '-' && !slice_has_control(value);
}

/* FIELD=value: journald's names are upper-case letters, digits and underscores. */
static bool is_match(struct slice match)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    struct slice rest = match;
    struct slice field = slice_cut(&rest, '=');

    if (!is_argument(match) || !field.len || field.len == match.len)
        return false;
    for (size_t i = 0; i < field.len; i++) {
        if (!memchr(letters, field.ptr[i], sizeof letters - 1))
            return false;
    }
    return field.ptr[0] < '0' || field.ptr[0] > '9';
}

static bool is_namespace(struct slice name)
{
    return is_argument(name) && !memchr(name.ptr, '/', name.len);
}

static bool is_path(struct slice path)
{
    return path.len && !slice_has_control(path);
}

/* clang-format off */
static const struct {
    const char *member;
    size_t offset; /* of a slice or a list */
    bool is_list;
    bool (*is_right)(struct slice value);
    const char *expected;
} checks[] = {
#define AT(of) .offset = offsetof(struct written_source, of)
    { .member = "units", AT(units), .is_list = true, .is_right = is_argument, .expected = "the name of a unit, as `nginx.service`" },
    { .member = "identifiers", AT(identifiers), .is_list = true, .is_right = is_argument, .expected = "a syslog identifier, as `kernel`" },
    { .member = "matches", AT(matches), .is_list = true, .is_right = is_match, .expected = "FIELD=value, as `_TRANSPORT=kernel`" },
    { .member = "directory", AT(directory), .is_right = is_path, .expected = "a directory" },
    { .member = "namespace", AT(journal_namespace), .is_right = is_namespace, .expected = "a namespace of journald" },
    { .member = "program", AT(program), .is_right = is_path, .expected = "the path of journalctl" },
#undef AT
};
/* clang-format on */

static struct slice_list values_at(const struct written_source *written, size_t i)
{
    const char *at = (const char *)written + checks[i].offset;
    struct slice_list list = { 0 };

    if (checks[i].is_list)
        memcpy(&list, at, sizeof list);
    else
        list = (struct slice_list){ .items = (struct slice *)(uintptr_t)at, .n_items = 1 };
    return list;
}

static enum rc check_source(const struct node *source, const struct written_source *written,
                            struct problems *problems)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        struct slice_list values = values_at(written, i);

        for (size_t j = 0; j < values.n_items; j++) {
            if (!slice_is_absent(values.items[j]) && !checks[i].is_right(values.items[j]))
                rc =
                    refuse(source, checks[i].member, problems, checks[i].expected, values.items[j]);
        }
    }
    if (!slice_is_absent(written->directory) && !slice_is_absent(written->journal_namespace)) {
        node_problem(problems, source, "`directory` and `namespace` are two places to read from");
        rc = RC_INVALID;
    }
    return rc;
}

static enum rc read_source(const struct node *map, const struct written *written,
                           const struct watcher_place *place, struct arena *arena,
                           struct problems *problems, struct journal_watch *watch)
{
    struct written_source source = { .priority = -1, .program = SLICE(JOURNAL_PROGRAM) };
    enum rc rc;

    if (!written->journal || written->journal->type != NODE_MAP) {
        node_problem(problems, map, "`journal` says what is read: {units: [nginx.service]}, or {}");
        return RC_INVALID;
    }
    rc = settings_read(source_members, sizeof source_members / sizeof *source_members,
                       written->journal, arena, problems, &source);
    if (!rc)
        rc = check_source(written->journal, &source, problems);
    watch->units = source.units;
    watch->identifiers = source.identifiers;
    watch->matches = source.matches;
    watch->priority = source.priority < 0 ? -1 : source.priority % PRIORITIES;
    watch->journal_namespace = source.journal_namespace;
    if (!rc && !slice_is_absent(source.directory))
        rc = path_join(place->base_dir, source.directory, arena, &watch->directory);
    return rc ? rc : path_join(place->base_dir, source.program, arena, &watch->program);
}

/* -- the whole -- */

/* Its own rows, then constants for the fields of its events. */
static size_t list_rows(struct setting *rows)
{
    memcpy(rows, members, sizeof members);
    return N_MEMBERS + watcher_add_constants(&rows[N_MEMBERS], offsetof(struct written, constants));
}

enum rc journal_watch_shape(struct arena *arena, struct shape *shape)
{
    struct setting *rows = arena_alloc(arena, N_MEMBERS + EVENT_N_FIELDS, sizeof *rows);

    if (!rows)
        return RC_NO_MEMORY;
    *shape = (struct shape){ .kind = SHAPE_MAP,
                             .name = "journal_watcher",
                             .settings = rows,
                             .n_settings = list_rows(rows) };
    return RC_OK;
}

static enum rc read_written(const struct node *map, struct arena *arena, struct problems *problems,
                            struct written *written)
{
    struct setting rows[N_MEMBERS + EVENT_N_FIELDS];
    size_t n_rows = list_rows(rows);

    *written = (struct written){ .name = SLICE("journal"), .lateness_ms = WATCHER_LATENESS_MS };
    return settings_read(rows, n_rows, map, arena, problems, written);
}

enum rc journal_watch_load(const struct node *map, const struct watcher_place *place,
                           struct arena *arena, struct problems *problems,
                           struct journal_watch *watch)
{
    struct written written;
    enum rc rc = read_written(map, arena, problems, &written);

    *watch = (struct journal_watch){ .name = written.name,
                                     .from_beginning = written.start == 1,
                                     .silent_ms = written.silent_ms,
                                     .lateness_ms = written.lateness_ms };
    memcpy(watch->constants, written.constants, sizeof watch->constants);
    rc = watcher_worse(rc, watcher_check_name(map, watch->name, problems));
    rc = watcher_worse(rc, watcher_check_constants(map, watch->constants, problems));
    return watcher_worse(rc, read_source(map, &written, place, arena, problems, watch));
}

/* As its events have it. */
static struct slice constant_or(const struct journal_watch *watch, enum event_field field,
                                struct slice usual)
{
    return slice_is_absent(watch->constants[field]) ? usual
                                                    : event_field_cut(watch->constants[field]);
}

struct slice journal_watch_kind(const struct journal_watch *watch)
{
    return constant_or(watch, FIELD_KIND, SLICE(JOURNAL_KIND));
}

struct slice journal_watch_type(const struct journal_watch *watch)
{
    return constant_or(watch, FIELD_TYPE, SLICE(JOURNAL_TYPE));
}
