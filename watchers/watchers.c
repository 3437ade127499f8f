#include "watchers/watchers.h"

#include "src/base/clock.h"
#include "watchers/journal_line.h"
#include "watchers/log_lines.h"
#include "watchers/webhook_config.h"

/* Clocks of senders may be a little ahead of ours. What claims to be further in the future would close the windows of its key for all that follows. */
#define FUTURE_MAX_MS MINUTE_MS

struct watchers {
    struct webhook *hooks;
    size_t n_hooks;
    struct log_watch *logs;
    size_t n_logs;
    struct journal_watch *journals;
    size_t n_journals;
};

struct loader {
    struct watcher_place place;
    struct arena *arena;
    struct problems *problems;
    struct watchers *watchers;
};

/* -- configuration -- */

static bool is_taken(const struct watchers *watchers, struct slice name)
{
    return watchers_find_webhook(watchers, name) || watchers_find_log(watchers, name) ||
           watchers_find_journal(watchers, name);
}

static enum rc check_unique(const struct loader *loader, const struct node *map, struct slice name)
{
    if (!is_taken(loader->watchers, name))
        return RC_OK;
    node_problem(loader->problems, map, "two watchers are called `%.*s`: give one another `name`",
                 SLICE_ARG(name));
    return RC_INVALID;
}

static enum rc load_webhook(const struct loader *loader, const struct node *map)
{
    struct webhook *hook = &loader->watchers->hooks[loader->watchers->n_hooks];
    enum rc rc;

    rc = webhook_load(map, &loader->place, loader->arena, loader->problems, hook);
    if (rc)
        return rc;
    rc = check_unique(loader, map, hook->name);
    if (rc)
        webhook_free(hook);
    else
        loader->watchers->n_hooks++;
    return rc;
}

static enum rc load_log(const struct loader *loader, const struct node *map)
{
    struct log_watch *watch = &loader->watchers->logs[loader->watchers->n_logs];
    enum rc rc;

    rc = log_watch_load(map, &loader->place, loader->arena, loader->problems, watch);
    if (rc)
        return rc;
    rc = check_unique(loader, map, watch->name);
    if (rc)
        log_watch_free(watch);
    else
        loader->watchers->n_logs++;
    return rc;
}

static enum rc load_journal(const struct loader *loader, const struct node *map)
{
    struct journal_watch *watch = &loader->watchers->journals[loader->watchers->n_journals];
    enum rc rc;

    rc = journal_watch_load(map, &loader->place, loader->arena, loader->problems, watch);
    if (!rc)
        rc = check_unique(loader, map, watch->name);
    if (!rc)
        loader->watchers->n_journals++;
    return rc;
}

/* What an element is told by: it has this member. */
static const struct {
    const char *name;
    enum rc (*load)(const struct loader *loader,
                    const struct node *map);                    /* NULL: a later version */
    enum rc (*shape)(struct arena *arena, struct shape *shape); /* likewise: any map */
} kinds[] = {
    { .name = "webhook", .load = load_webhook, .shape = webhook_shape },
    { .name = "log", .load = load_log, .shape = log_watch_shape },
    { .name = "stdin", .load = load_log, .shape = log_watch_shape },
    { .name = "journal", .load = load_journal, .shape = journal_watch_shape },
    { .name = "clock" },
    { .name = "poll" },
    { .name = "inbox" },
};
#define N_KINDS (sizeof kinds / sizeof *kinds)

/* One shape may be that of several kinds. */
static size_t first_of_shape(size_t kind)
{
    size_t first = 0;

    while (kinds[first].shape != kinds[kind].shape)
        first++;
    return first;
}

static enum rc make_watcher(struct arena *arena, struct shape *shape)
{
    struct shape_choice *choices = arena_alloc(arena, N_KINDS + 1, sizeof *choices);
    struct shape *shapes = arena_alloc(arena, N_KINDS, sizeof *shapes);
    enum rc rc = choices && shapes ? RC_OK : RC_NO_MEMORY;

    for (size_t i = 0; !rc && i < N_KINDS; i++) {
        size_t first = first_of_shape(i);

        if (kinds[i].shape && first == i)
            rc = kinds[i].shape(arena, &shapes[i]);
        choices[i] = (struct shape_choice){ .member = kinds[i].name, .shape = &shapes[first] };
    }
    shape->choices = choices;
    return rc;
}

static const struct shape shape_watcher = {
    .kind = SHAPE_CHOICE,
    .name = "watcher",
    .wanted = "a watcher says what it watches: `webhook: SENDER`",
    .make = make_watcher,
};
const struct shape shape_watchers = { .kind = SHAPE_LIST, .item = &shape_watcher };

static enum rc load_watcher(const struct loader *loader, const struct node *map)
{
    if (map->type != NODE_MAP) {
        node_problem(loader->problems, map, "a watcher is a map, as `webhook: github`, not %s",
                     node_type_text(map));
        return RC_INVALID;
    }
    for (size_t i = 0; i < N_KINDS; i++) {
        const struct node *member = node_find(map, kinds[i].name);

        if (!member)
            continue;
        if (kinds[i].load)
            return kinds[i].load(loader, map);
        /* The file is one for every version; what it asks for here is not done, and that is said at every start. */
        mark_problem(loader->problems, PROBLEM_WARNING, map->mark,
                     "this version has no %s watcher yet: nothing is watched here", kinds[i].name);
        return RC_OK;
    }
    node_problem(loader->problems, map, "a watcher says what it watches: `webhook: SENDER`");
    return RC_INVALID;
}

static enum rc new_watchers(struct arena *arena, size_t n_max, struct watchers **watchers)
{
    *watchers = arena_alloc(arena, 1, sizeof **watchers);
    if (!*watchers)
        return RC_NO_MEMORY;
    /* One place more: a channel may bring a watcher. */
    (*watchers)->hooks = arena_alloc(arena, n_max + 1, sizeof *(*watchers)->hooks);
    (*watchers)->logs = arena_alloc(arena, n_max + 1, sizeof *(*watchers)->logs);
    (*watchers)->journals = arena_alloc(arena, n_max + 1, sizeof *(*watchers)->journals);
    return (*watchers)->hooks && (*watchers)->logs && (*watchers)->journals ? RC_OK : RC_NO_MEMORY;
}

enum rc watchers_load(const struct node *list, struct slice base_dir, bool resolve_secrets,
                      struct arena *arena, struct problems *problems, struct watchers **watchers)
{
    struct loader loader = { .place = { .base_dir = base_dir, .resolve_secrets = resolve_secrets },
                             .arena = arena,
                             .problems = problems };
    enum rc rc = RC_OK;

    if (list && list->type != NODE_LIST) {
        node_problem(problems, list, "`watchers` must be a list, not %s", node_type_text(list));
        return RC_INVALID;
    }
    rc = new_watchers(arena, list ? list->n_items : 0, watchers);
    if (rc || !list)
        return rc;
    loader.watchers = *watchers;
    for (size_t i = 0; i < list->n_items; i++) {
        enum rc item_rc = load_watcher(&loader, list->items[i]);

        if (item_rc && item_rc != RC_INVALID)
            return item_rc;
        if (item_rc)
            rc = item_rc;
    }
    return rc;
}

enum rc watchers_add_channel(struct watchers *watchers, struct slice name, const char *sender,
                             const struct node *at, struct arena *arena, struct problems *problems)
{
    struct webhook *hook = &watchers->hooks[watchers->n_hooks];

    if (is_taken(watchers, name)) {
        node_problem(problems, at,
                     "the channel `%.*s` brings a watcher of its name, and one is called so "
                     "already: give that one another `name`",
                     SLICE_ARG(name));
        return RC_INVALID;
    }
    *hook = webhook_of_sender(sender_find(slice_of(sender)));
    watchers->n_hooks++;
    return arena_copy(arena, name, &hook->name);
}

static size_t count_senders(void)
{
    size_t n_senders = 0;

    while (sender_at(n_senders))
        n_senders++;
    return n_senders;
}

/* Where no watcher has its name. */
static void add_senders(struct watchers *watchers)
{
    for (size_t i = 0; sender_at(i); i++) {
        struct webhook hook = webhook_of_sender(sender_at(i));

        if (!is_taken(watchers, hook.name))
            watchers->hooks[watchers->n_hooks++] = hook;
    }
}

enum rc watchers_of_senders(struct arena *arena, struct watchers **watchers)
{
    enum rc rc = new_watchers(arena, count_senders(), watchers);

    if (!rc)
        add_senders(*watchers);
    return rc;
}

enum rc watchers_with_senders(const struct watchers *configured, struct arena *arena,
                              struct watchers **watchers)
{
    enum rc rc = new_watchers(arena, configured->n_hooks + count_senders(), watchers);

    if (rc)
        return rc;
    for (; (*watchers)->n_hooks < configured->n_hooks; (*watchers)->n_hooks++)
        (*watchers)->hooks[(*watchers)->n_hooks] = configured->hooks[(*watchers)->n_hooks];
    (*watchers)->logs = configured->logs;
    (*watchers)->n_logs = configured->n_logs;
    (*watchers)->journals = configured->journals;
    (*watchers)->n_journals = configured->n_journals;
    add_senders(*watchers);
    return RC_OK;
}

void watchers_free(struct watchers *watchers)
{
    if (!watchers)
        return;
    for (size_t i = 0; i < watchers->n_hooks; i++)
        webhook_free(&watchers->hooks[i]);
    for (size_t i = 0; i < watchers->n_logs; i++)
        log_watch_free(&watchers->logs[i]);
}

size_t watchers_count(const struct watchers *watchers)
{
    return watchers->n_hooks + watchers->n_logs + watchers->n_journals;
}

const struct webhook *watchers_find_webhook(const struct watchers *watchers, struct slice name)
{
    for (size_t i = 0; i < watchers->n_hooks; i++) {
        if (slice_eq(watchers->hooks[i].name, name))
            return &watchers->hooks[i];
    }
    return NULL;
}

const struct webhook *watchers_webhook_at(const struct watchers *watchers, size_t i)
{
    return i < watchers->n_hooks ? &watchers->hooks[i] : NULL;
}

const struct log_watch *watchers_find_log(const struct watchers *watchers, struct slice name)
{
    for (size_t i = 0; i < watchers->n_logs; i++) {
        if (slice_eq(watchers->logs[i].name, name))
            return &watchers->logs[i];
    }
    return NULL;
}

const struct log_watch *watchers_log_at(const struct watchers *watchers, size_t i)
{
    return i < watchers->n_logs ? &watchers->logs[i] : NULL;
}

const struct journal_watch *watchers_find_journal(const struct watchers *watchers,
                                                  struct slice name)
{
    for (size_t i = 0; i < watchers->n_journals; i++) {
        if (slice_eq(watchers->journals[i].name, name))
            return &watchers->journals[i];
    }
    return NULL;
}

const struct journal_watch *watchers_journal_at(const struct watchers *watchers, size_t i)
{
    return i < watchers->n_journals ? &watchers->journals[i] : NULL;
}

bool watchers_read_lines(const struct watchers *watchers)
{
    return watchers_log_at(watchers, 0) || watchers_journal_at(watchers, 0);
}

int64_t watchers_lateness_ms(const struct watchers *watchers, struct slice name)
{
    const struct webhook *hook = watchers_find_webhook(watchers, name);
    const struct log_watch *log = watchers_find_log(watchers, name);
    const struct journal_watch *journal = watchers_find_journal(watchers, name);

    if (hook)
        return hook->lateness_ms;
    if (journal)
        return journal->lateness_ms;
    return log ? log->lateness_ms : WATCHER_LATENESS_MS;
}

/* -- what they can yield -- */

static bool matches_any(const char *const *names, struct slice glob)
{
    for (; *names; names++) {
        if (slice_matches_glob(slice_of(*names), glob))
            return true;
    }
    return false;
}

/* "github.*", "git*" and "github.push" for a sender whose types are not listed. */
static bool may_begin_with(struct slice glob, struct slice name)
{
    struct slice rest = glob;
    struct slice literal = slice_cut(&rest, '*');

    if (literal.len < glob.len && slice_starts(name, literal))
        return true;
    return slice_starts(literal, name) && literal.len > name.len && literal.ptr[name.len] == '.';
}

static bool hook_may_yield(const struct webhook *hook, struct slice glob)
{
    struct slice kind = hook->constants[FIELD_KIND], type = hook->constants[FIELD_TYPE];

    if (!slice_is_absent(kind) ? slice_matches_glob(kind, glob)
                               : matches_any(hook->sender->kinds, glob))
        return true;
    if (!slice_is_absent(type))
        return slice_matches_glob(type, glob);
    if (hook->sender->types)
        return matches_any(hook->sender->types, glob);
    return may_begin_with(glob, slice_of(hook->sender->name));
}

static bool log_may_yield(const struct log_watch *watch, struct slice glob)
{
    return slice_matches_glob(log_watch_kind(watch), glob) ||
           slice_matches_glob(log_watch_type(watch), glob);
}

static bool journal_may_yield(const struct journal_watch *watch, struct slice glob)
{
    return slice_matches_glob(journal_watch_kind(watch), glob) ||
           slice_matches_glob(journal_watch_type(watch), glob);
}

int64_t watchers_longest_lateness_ms(const struct watchers *watchers, struct slice kind_or_type)
{
    bool is_own = slice_starts(kind_or_type, SLICE("vedette."));
    const struct webhook *hook;
    const struct log_watch *log;
    const struct journal_watch *journal;
    int64_t longest_ms = WATCHER_LATENESS_MS;

    for (size_t i = 0; (hook = watchers_webhook_at(watchers, i)); i++)
        if (is_own || hook_may_yield(hook, kind_or_type))
            longest_ms = later_of(longest_ms, hook->lateness_ms);
    for (size_t i = 0; (log = watchers_log_at(watchers, i)); i++)
        if (is_own || log_may_yield(log, kind_or_type))
            longest_ms = later_of(longest_ms, log->lateness_ms);
    for (size_t i = 0; (journal = watchers_journal_at(watchers, i)); i++)
        if (is_own || journal_may_yield(journal, kind_or_type))
            longest_ms = later_of(longest_ms, journal->lateness_ms);
    return longest_ms;
}

/* What is told of watchers and channels themselves. */
static const char *const own_types[] = { "vedette.watcher.silent",
                                         "vedette.watcher.broken",
                                         "vedette.watcher.back",
                                         "vedette.watcher.lost",
                                         "vedette.channel.failing",
                                         "vedette.channel.back",
                                         NULL };

bool watchers_may_yield(const struct watchers *watchers, struct slice kind_or_type)
{
    if (slice_starts(kind_or_type, SLICE("vedette.")))
        return matches_any(event_kinds, kind_or_type) || matches_any(own_types, kind_or_type);
    for (size_t i = 0; i < watchers->n_hooks; i++) {
        if (hook_may_yield(&watchers->hooks[i], kind_or_type))
            return true;
    }
    for (size_t i = 0; i < watchers->n_logs; i++) {
        if (log_may_yield(&watchers->logs[i], kind_or_type))
            return true;
    }
    for (size_t i = 0; i < watchers->n_journals; i++) {
        if (journal_may_yield(&watchers->journals[i], kind_or_type))
            return true;
    }
    return false;
}

/* -- from a stored delivery to events -- */

static enum rc new_list(const struct journal_entry *entry, struct json *payload, size_t n_events,
                        struct arena *arena, struct event_list *events)
{
    events->items = arena_alloc(arena, n_events, sizeof *events->items);
    events->trees = arena_alloc(arena, n_events + 1, sizeof *events->trees);
    if (!events->items || !events->trees)
        return RC_NO_MEMORY;
    events->n_items = n_events;
    for (size_t i = 0; i < n_events; i++) {
        struct event *event = &events->items[i];

        event->id = ulid_plus(entry->id, (uint32_t)i);
        event->seq = entry->seq;
        event->door = entry->door;
        event->time_ms = entry->received_ms;
        event->received_ms = entry->received_ms;
        event->delivery_id = entry->delivery_id;
        event->fields[FIELD_WATCHER] = entry->watcher;
        event->data = payload;
    }
    return RC_OK;
}

/* What an event may do is its door; a name that looks like ours is not even let through. */
static void drop_our_names(struct event *event)
{
    static const enum event_field named[] = { FIELD_TYPE, FIELD_KIND };

    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        if (slice_starts(event->fields[named[i]], SLICE("vedette.")))
            event->fields[named[i]] = (struct slice){ 0 };
    }
}

static void finish_event(const struct webhook *hook, struct event *event)
{
    for (size_t i = 0; i < EVENT_N_FIELDS; i++) {
        if (hook && !slice_is_absent(hook->constants[i]))
            event->fields[i] = hook->constants[i];
        event->fields[i] = event_field_cut(event->fields[i]);
    }
    drop_our_names(event);
    if (event->time_ms > event->received_ms + FUTURE_MAX_MS)
        event->time_ms = event->received_ms;
}

static size_t count_events(const struct webhook *hook, const struct json *payload)
{
    size_t n_events = hook ? webhook_count_events(hook, payload) : 1;

    return n_events < SENDER_MAX_EVENTS ? n_events : SENDER_MAX_EVENTS;
}

static enum rc normalise(const struct webhook *hook, const struct journal_entry *entry,
                         const struct json *payload, struct arena *arena, struct event_list *events)
{
    struct sender_delivery delivery = {
        .entry = entry, .payload = payload, .options = hook->options, .arena = arena
    };
    struct sender_events made = { .items = events->items,
                                  .n_items = events->n_items,
                                  .owned = events->trees + 1 };
    enum rc rc = hook->sender->normalise(&delivery, &made);

    events->n_trees += made.n_owned;
    return rc;
}

/* What its sender is not known to send, no rule can ask for. */
static enum rc judge_type(const struct webhook *hook, struct arena *arena, struct event *event)
{
    const struct slice type = event->fields[FIELD_TYPE];
    int known;

    if (!hook->sender->types || slice_is_absent(type) ||
        slice_to_enum(type, hook->sender->types, &known) == RC_OK)
        return RC_OK;
    event->is_unusable = true;
    return arena_format(arena, &event->drift, "no event called `%.*s` is known", SLICE_ARG(type));
}

static enum rc judge_types(const struct webhook *hook, struct arena *arena,
                           struct event_list *events)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; i < events->n_items && !rc; i++)
        rc = judge_type(hook, arena, &events->items[i]);
    return rc;
}

static void place_in_entry(const struct journal_entry *entry, size_t i, struct event *event)
{
    event->id = ulid_plus(entry->id, (uint32_t)i);
    event->seq = entry->seq;
    if (event->time_ms > event->received_ms + FUTURE_MAX_MS)
        event->time_ms = event->received_ms;
}

/* Lines outlive their watcher in the journal: without one they are text. */
static enum rc event_of_line(const struct watchers *watchers, const struct journal_entry *entry,
                             struct slice path, const struct log_line *line, struct arena *arena,
                             struct event *event, struct json **tree)
{
    const struct log_watch unknown = { .name = entry->watcher };
    const struct log_watch *log = watchers_find_log(watchers, entry->watcher);
    const struct journal_watch *journal = watchers_find_journal(watchers, entry->watcher);

    if (journal)
        return journal_line_event(journal, line, entry->received_ms, arena, event, tree);
    return log_line_event(log ? log : &unknown, path, line, entry->received_ms, arena, event, tree);
}

static enum rc events_of_lines(const struct watchers *watchers, const struct journal_entry *entry,
                               struct arena *arena, struct event_list *events)
{
    struct log_lines lines = { 0 };
    const struct log_line *items;
    enum rc rc = log_lines_decode(entry->body, arena, &lines);

    if (rc)
        return rc == RC_CORRUPT ? RC_INVALID : rc;
    items = lines.lines.items;
    events->items = arena_alloc(arena, lines.lines.n_items + 1, sizeof *events->items);
    events->trees = arena_alloc(arena, lines.lines.n_items + 1, sizeof *events->trees);
    if (!events->items || !events->trees)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < lines.lines.n_items && !rc; i++) {
        struct json *tree = NULL;

        rc = event_of_line(watchers, entry, lines.path, &items[i], arena, &events->items[i], &tree);
        if (tree)
            events->trees[events->n_trees++] = tree;
        place_in_entry(entry, i, &events->items[i]);
        events->n_items++;
    }
    if (rc)
        event_list_free(events);
    return rc;
}

enum rc watchers_events(const struct watchers *watchers, const struct journal_entry *entry,
                        struct arena *arena, struct event_list *events)
{
    const struct webhook *hook = watchers_find_webhook(watchers, entry->watcher);
    struct json *payload = NULL;
    struct json_fault fault;
    enum rc rc;

    *events = (struct event_list){ 0 };
    if (slice_eq(entry->type, SLICE(LOG_ENTRY_TYPE)))
        return events_of_lines(watchers, entry, arena, events);
    rc = json_parse_again(entry->body, JSON_LIMITS_DEFAULT, &payload, &fault);
    if (rc)
        return rc;
    rc = new_list(entry, payload, count_events(hook, payload), arena, events);
    if (rc) {
        json_free(payload);
        return rc;
    }
    events->trees[events->n_trees++] = payload; /* from here the list frees it */
    if (hook)
        rc = normalise(hook, entry, payload, arena, events);
    if (hook && !rc)
        rc = judge_types(hook, arena, events);
    for (size_t i = 0; i < events->n_items; i++)
        finish_event(hook, &events->items[i]);
    if (rc)
        event_list_free(events);
    return rc;
}
