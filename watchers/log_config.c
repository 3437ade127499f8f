#include "watchers/log_config.h"

#include "src/base/clock.h"
#include "src/base/file.h"

#include <string.h>

#define KIB ((int64_t)1024)
#define CONTEXT_LINES 5
#define CONTEXT_MAX_LINES 100
#define MULTILINE_LINES 200
#define MULTILINE_MAX_LINES 10000
#define WAIT_MS SECOND_MS
#define LAST_LINE_MS (10 * SECOND_MS)

static const char *const starts[] = { "end", "beginning", NULL };
/* Bytes are matched as they are, and shown as UTF-8 with the others escaped: there is one encoding. */
static const char *const encodings[] = { "utf-8", NULL };

/* The members as they stand in the file. */
struct written {
    struct slice_list paths;
    bool is_stdin;
    struct slice name;
    struct slice_list exclude, rotated;
    int start, encoding, format;
    struct node *time, *multiline;
    int64_t max_line_bytes, last_line_ms, context, scan_ms, silent_ms, lateness_ms;
    struct slice constants[EVENT_N_FIELDS];
};

struct written_multiline {
    struct node *first, *continuation;
    int64_t lines, bytes, wait_ms;
};

#define AT(member) .offset = offsetof(struct written_multiline, member)
static const struct setting multiline_members[] = {
    { .name = "first",
      .type = SETTING_NODE,
      AT(first),
      .shape = &shape_pattern,
      .help = "begins an event" },
    { .name = "continuation",
      .type = SETTING_NODE,
      AT(continuation),
      .shape = &shape_pattern,
      .help = "goes on with one" },
    { .name = "lines",
      .type = SETTING_INT,
      AT(lines),
      .min = 1,
      .max = MULTILINE_MAX_LINES,
      .help = "at most so many lines in one; default 200" },
    { .name = "bytes",
      .type = SETTING_SIZE,
      AT(bytes),
      .min = 64,
      .max = LOG_MAX_LINE_BYTES,
      .help = "at most so much text in one" },
    { .name = "wait",
      .type = SETTING_DURATION,
      AT(wait_ms),
      .min = 10,
      .max = 5 * MINUTE_MS,
      .help = "how long the next line is waited for; default 1s" },
};
#undef AT
static const struct shape shape_multiline = { .name = "multiline", SHAPE_OF(multiline_members) };

#define AT(member) .offset = offsetof(struct written, member)
static const struct setting members[] = {
    { .name = "log",
      .type = SETTING_TEXTS,
      AT(paths),
      .help = "paths and globs; - is standard input" },
    { .name = "stdin", .type = SETTING_BOOL, AT(is_stdin), .help = "reads standard input" },
    { .name = "name", .type = SETTING_TEXT, AT(name), .help = "what rules and lists call it" },
    { .name = "exclude",
      .type = SETTING_TEXTS,
      AT(exclude),
      .help = "globs of files to leave out" },
    { .name = "rotated",
      .type = SETTING_TEXTS,
      AT(rotated),
      .help = "globs of names of rotated files" },
    { .name = "start",
      .type = SETTING_ENUM,
      AT(start),
      .names = starts,
      .help = "where files are begun that are there at the first start" },
    { .name = "encoding", .type = SETTING_ENUM, AT(encoding), .names = encodings, .help = "utf-8" },
    { .name = "format",
      .type = SETTING_ENUM,
      AT(format),
      .names = line_format_names,
      .help = "what a line is" },
    { .name = "time",
      .type = SETTING_NODE,
      AT(time),
      .shape = &shape_line_time,
      .help = "where a line says when it happened" },
    { .name = "multiline",
      .type = SETTING_NODE,
      AT(multiline),
      .shape = &shape_multiline,
      .help = "which lines are one event" },
    { .name = "max_line",
      .type = SETTING_SIZE,
      AT(max_line_bytes),
      .min = 64,
      .max = LOG_MAX_LINE_BYTES,
      .help = "what is longer is cut" },
    { .name = "last_line",
      .type = SETTING_DURATION,
      AT(last_line_ms),
      .min = 100,
      .max = HOUR_MS,
      .help = "how long a line without its end is waited for" },
    { .name = "context",
      .type = SETTING_INT,
      AT(context),
      .min = 0,
      .max = CONTEXT_MAX_LINES,
      .help = "lines around a match in evidence" },
    { .name = "scan",
      .type = SETTING_DURATION,
      AT(scan_ms),
      .min = 100,
      .max = HOUR_MS,
      .help = "look so often instead of being told by the kernel" },
    { .name = "silent",
      .type = SETTING_DURATION,
      AT(silent_ms),
      .min = SECOND_MS,
      .max = 365 * DAY_MS,
      .help = "no line for so long is told as vedette.watcher.silent" },
    { .name = "lateness",
      .type = SETTING_DURATION,
      AT(lateness_ms),
      .min = 0,
      .max = 7 * DAY_MS,
      .help = "how late an event may come and still count" },
};
#undef AT
#define N_MEMBERS (sizeof members / sizeof *members)

/* -- multiline -- */

static enum rc read_pattern(const struct node *node, struct arena *arena, struct problems *problems,
                            struct pattern **pattern)
{
    struct json_fault fault = { 0 };
    enum rc rc = RC_INVALID;

    if (!node)
        return RC_OK;
    if (node->type == NODE_SCALAR)
        rc = pattern_parse(node->text, arena, pattern, &fault);
    if (rc == RC_INVALID)
        node_problem(problems, node, "%s",
                     fault.text ? fault.text : "a pattern stands between slashes: '/^\\S/'");
    return rc;
}

static enum rc read_multiline(const struct node *map, struct arena *arena,
                              struct problems *problems, struct multiline *multiline)
{
    struct written_multiline written = { .lines = MULTILINE_LINES,
                                         .bytes = LOG_MAX_LINE_BYTES,
                                         .wait_ms = WAIT_MS };
    enum rc rc;

    if (!map)
        return RC_OK;
    rc = settings_read(multiline_members, sizeof multiline_members / sizeof *multiline_members, map,
                       arena, problems, &written);
    rc = watcher_worse(rc, read_pattern(written.first, arena, problems, &multiline->first));
    rc = watcher_worse(
        rc, read_pattern(written.continuation, arena, problems, &multiline->continuation));
    if (!rc && !written.first == !written.continuation) {
        node_problem(problems, map,
                     "`multiline` has a pattern of the first line (`first`) or one of the lines "
                     "that follow (`continuation`)");
        rc = RC_INVALID;
    }
    multiline->max_lines = written.lines;
    multiline->max_bytes = written.bytes;
    multiline->wait_ms = written.wait_ms;
    return rc;
}

/* -- paths -- */

static bool is_dash(struct slice path)
{
    return slice_eq(path, SLICE("-"));
}

static enum rc read_paths(const struct node *map, const struct written *written,
                          const struct watcher_place *place, struct arena *arena,
                          struct problems *problems, struct log_watch *watch)
{
    const struct slice_list *paths = &written->paths;
    enum rc rc = RC_OK;

    watch->is_stdin = written->is_stdin || (paths->n_items == 1 && is_dash(paths->items[0]));
    if (watch->is_stdin)
        return RC_OK;
    if (!paths->n_items) {
        node_problem(problems, map, "`log` needs a path: log: [/var/log/app/*.log]");
        return RC_INVALID;
    }
    watch->paths.items = arena_alloc(arena, paths->n_items, sizeof *watch->paths.items);
    if (!watch->paths.items)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < paths->n_items && !rc; i++) {
        if (is_dash(paths->items[i]) || !paths->items[i].len) {
            node_problem(problems, node_find(map, "log"),
                         paths->items[i].len ? "standard input (`-`) is a watcher of its own"
                                             : "an empty path leads nowhere");
            return RC_INVALID;
        }
        rc = path_join(place->base_dir, paths->items[i], arena, &watch->paths.items[i]);
        if (!rc)
            rc = path_absolute(watch->paths.items[i], arena, &watch->paths.items[i]);
    }
    watch->paths.n_items = paths->n_items;
    return rc;
}

/* -- the whole -- */

/* Its own rows, then constants for the fields of its events. */
static size_t list_rows(struct setting *rows)
{
    memcpy(rows, members, sizeof members);
    return N_MEMBERS + watcher_add_constants(&rows[N_MEMBERS], offsetof(struct written, constants));
}

enum rc log_watch_shape(struct arena *arena, struct shape *shape)
{
    struct setting *rows = arena_alloc(arena, N_MEMBERS + EVENT_N_FIELDS, sizeof *rows);

    if (!rows)
        return RC_NO_MEMORY;
    *shape = (struct shape){
        .kind = SHAPE_MAP, .name = "log_watcher", .settings = rows, .n_settings = list_rows(rows)
    };
    return RC_OK;
}

static enum rc read_written(const struct node *map, struct arena *arena, struct problems *problems,
                            struct written *written)
{
    struct setting rows[N_MEMBERS + EVENT_N_FIELDS];
    size_t n_rows = list_rows(rows);

    *written = (struct written){ .name = SLICE("log"),
                                 .max_line_bytes = LOG_MAX_LINE_BYTES,
                                 .last_line_ms = LAST_LINE_MS,
                                 .context = CONTEXT_LINES,
                                 .lateness_ms = WATCHER_LATENESS_MS };
    return settings_read(rows, n_rows, map, arena, problems, written);
}

enum rc log_watch_load(const struct node *map, const struct watcher_place *place,
                       struct arena *arena, struct problems *problems, struct log_watch *watch)
{
    struct written written;
    enum rc rc = read_written(map, arena, problems, &written);

    *watch = (struct log_watch){ .name = written.name,
                                 .exclude = written.exclude,
                                 .rotated = written.rotated,
                                 .from_beginning = written.start == 1,
                                 .format = (enum line_format)written.format,
                                 .max_line_bytes = written.max_line_bytes,
                                 .last_line_ms = written.last_line_ms,
                                 .context = written.context,
                                 .scan_ms = written.scan_ms,
                                 .silent_ms = written.silent_ms,
                                 .lateness_ms = written.lateness_ms };
    memcpy(watch->constants, written.constants, sizeof watch->constants);
    rc = watcher_worse(rc, watcher_check_name(map, watch->name, problems));
    rc = watcher_worse(rc, watcher_check_constants(map, watch->constants, problems));
    rc = watcher_worse(rc, read_paths(map, &written, place, arena, problems, watch));
    rc = watcher_worse(rc, read_multiline(written.multiline, arena, problems, &watch->multiline));
    rc = watcher_worse(rc, line_time_read(written.time, arena, problems, &watch->time));
    if (rc)
        log_watch_free(watch);
    return rc;
}

enum rc log_watch_of_name(struct slice name, struct arena *arena, struct log_watch *watch)
{
    const char *why;

    *watch = (struct log_watch){ .name = name,
                                 .from_beginning = true,
                                 .max_line_bytes = LOG_MAX_LINE_BYTES,
                                 .last_line_ms = LAST_LINE_MS,
                                 .context = CONTEXT_LINES,
                                 .lateness_ms = WATCHER_LATENESS_MS };
    return line_time_of_option(SLICE("auto"), arena, &watch->time, &why);
}

void log_watch_free(struct log_watch *watch)
{
    if (!watch->is_borrowed) {
        pattern_free(watch->multiline.first);
        pattern_free(watch->multiline.continuation);
    }
    line_time_free(watch->time);
    watch->multiline = (struct multiline){ 0 };
    watch->time = NULL;
}

/* As its events have it. */
static struct slice constant_or(const struct log_watch *watch, enum event_field field,
                                struct slice usual)
{
    return slice_is_absent(watch->constants[field]) ? usual
                                                    : event_field_cut(watch->constants[field]);
}

struct slice log_watch_kind(const struct log_watch *watch)
{
    return constant_or(watch, FIELD_KIND, SLICE(LOG_KIND));
}

struct slice log_watch_type(const struct log_watch *watch)
{
    return constant_or(watch, FIELD_TYPE, SLICE(LOG_TYPE));
}
