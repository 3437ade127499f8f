#include "watchers/webhook_config.h"

#include "src/base/clock.h"
#include "watchers/webhook_signature.h"

#include <string.h>

#define KIB ((int64_t)1024)
#define MIB (1024 * KIB)
#define RATE_MAX 1000000
#define DEDUP_DEFAULT_MS (5 * MINUTE_MS)

#define N_COMMON (sizeof common_settings / sizeof *common_settings)
#define MAX_SETTINGS                                                                               \
    (N_COMMON + EVENT_N_FIELDS + (size_t)WEBHOOK_SIGNATURE_MAX_ROWS + SENDER_MAX_MEMBERS)

/* The members as they stand in the file. */
struct written {
    struct slice sender;
    struct slice name;
    struct slice rate;
    int64_t max_body_bytes, dedup_ms, lateness_ms;
    struct node *catch_up;
    struct node *elsewhere; /* what secret.h and the sender read themselves: known here, no more */
    struct slice constants[EVENT_N_FIELDS];
};

#define AT(member) .offset = offsetof(struct written, member)

static const struct setting common_settings[] = {
    { .name = "webhook",
      .type = SETTING_TEXT,
      AT(sender),
      .required = true,
      .help = "the sender: one of `vedette hooks --senders`" },
    { .name = "name",
      .type = SETTING_TEXT,
      AT(name),
      .help = "the path is /hooks/NAME; default: the sender" },
    { .name = "max_body",
      .type = SETTING_SIZE,
      AT(max_body_bytes),
      .min = KIB,
      .max = 100 * MIB,
      .help = "a larger body is refused" },
    { .name = "rate",
      .type = SETTING_TEXT,
      AT(rate),
      .help = "more requests are refused, to come again: 100/s, 600/m or 5000/h" },
    { .name = "dedup",
      .type = SETTING_DURATION,
      AT(dedup_ms),
      .min = SECOND_MS,
      .max = 7 * DAY_MS,
      .help = "without a delivery id: how long the same body is the same delivery" },
    { .name = "lateness",
      .type = SETTING_DURATION,
      AT(lateness_ms),
      .min = 0,
      .max = 7 * DAY_MS,
      .help = "how late an event may come and still count" },
    { .name = "catch_up",
      .type = SETTING_NODE,
      AT(catch_up),
      .shape = &shape_catch_up,
      .help = "asks GitHub again for what it could not deliver" },
};

/* -- the members this sender may have -- */

struct settings {
    struct setting rows[MAX_SETTINGS];
    size_t n_rows;
};

static void add_row(struct settings *settings, struct setting row)
{
    settings->rows[settings->n_rows++] = row;
}

static enum rc list_settings(const struct sender *sender, struct arena *arena,
                             struct settings *settings)
{
    size_t n_rows;
    enum rc rc;

    settings->n_rows = 0;
    for (size_t i = 0; i < N_COMMON; i++)
        add_row(settings, common_settings[i]);
    settings->n_rows += watcher_add_constants(&settings->rows[settings->n_rows],
                                              offsetof(struct written, constants));
    for (const struct setting *member = sender->members; member && member->name; member++) {
        struct setting row = *member;

        row.offset = offsetof(struct written, elsewhere);
        add_row(settings, row);
    }
    rc = webhook_signature_rows(sender, offsetof(struct written, elsewhere), arena,
                                &settings->rows[settings->n_rows], &n_rows);
    settings->n_rows += n_rows;
    return rc;
}

/* -- what may stand there -- */

/* Senders that have the same members are one choice. */
struct sender_group {
    struct settings *settings;
    const char **names; /* NULL-ended */
    size_t n_names;
};

static bool has_same_members(const struct settings *a, const struct settings *b)
{
    bool same = a->n_rows == b->n_rows;

    for (size_t i = 0; same && i < a->n_rows; i++)
        same = !strcmp(a->rows[i].name, b->rows[i].name) && a->rows[i].shape == b->rows[i].shape;
    return same;
}

/* Those of the senders' doors, in groups of which `groups` has room for all. */
static enum rc group_senders(struct arena *arena, size_t n_senders, struct sender_group *groups)
{
    for (const char *const *name = sender_names(); *name; name++) {
        const struct sender *sender = sender_find(slice_of(*name));
        struct settings *settings = arena_alloc(arena, 1, sizeof *settings);
        struct sender_group *group = groups;

        if (sender->door)
            continue;
        if (!settings || list_settings(sender, arena, settings))
            return RC_NO_MEMORY;
        while (group->settings && !has_same_members(group->settings, settings))
            group++;
        if (!group->settings)
            *group =
                (struct sender_group){ .settings = settings,
                                       .names = arena_alloc(arena, n_senders + 1, sizeof(char *)) };
        if (!group->names)
            return RC_NO_MEMORY;
        group->names[group->n_names++] = *name;
    }
    return RC_OK;
}

static enum rc make_choice(const struct sender_group *group, const struct shape *senders,
                           struct arena *arena, struct shape_choice *choice)
{
    struct shape *shape = arena_alloc(arena, 1, sizeof *shape);
    struct slice name;

    if (!shape || arena_format(arena, &name, "%s_webhook", group->names[0]))
        return RC_NO_MEMORY;
    group->settings->rows[0].shape = senders; /* `webhook` */
    *shape = (struct shape){ .kind = SHAPE_MAP,
                             .name = name.ptr,
                             .settings = group->settings->rows,
                             .n_settings = group->settings->n_rows };
    *choice = (struct shape_choice){ .member = "webhook", .values = group->names, .shape = shape };
    return RC_OK;
}

enum rc webhook_shape(struct arena *arena, struct shape *shape)
{
    size_t n_senders = 0;
    struct sender_group *groups;
    struct shape_choice *choices;
    struct shape *senders = arena_alloc(arena, 1, sizeof *senders);
    enum rc rc;

    while (sender_names()[n_senders])
        n_senders++;
    groups = arena_alloc(arena, n_senders + 1, sizeof *groups);
    choices = arena_alloc(arena, n_senders + 1, sizeof *choices);
    if (!groups || !choices || !senders)
        return RC_NO_MEMORY;
    *senders = (struct shape){ .kind = SHAPE_TEXT, .words = sender_names() };
    rc = group_senders(arena, n_senders, groups);
    for (size_t i = 0; !rc && groups[i].settings; i++)
        rc = make_choice(&groups[i], senders, arena, &choices[i]);
    *shape =
        (struct shape){ .kind = SHAPE_CHOICE,
                        .name = "webhook",
                        .choices = choices,
                        .wanted = "one of `vedette hooks --senders`; `generic` takes any JSON" };
    return rc;
}

/* -- what the values must be -- */

static enum rc refuse_door(const struct node *name, const struct sender *sender,
                           struct problems *problems)
{
    node_problem(problems, name, "%s has a door of its own: %s", sender->title, sender->instead);
    return RC_INVALID;
}

static enum rc find_sender(const struct node *map, struct problems *problems,
                           const struct sender **sender)
{
    const struct node *name = node_find(map, "webhook");
    const char *meant;

    *sender = name && name->type == NODE_SCALAR ? sender_find(name->text) : NULL;
    if (*sender)
        return (*sender)->door ? refuse_door(name, *sender, problems) : RC_OK;
    if (!name || name->type != NODE_SCALAR) {
        node_problem(problems, name ? name : map, "`webhook` must name its sender");
        return RC_INVALID;
    }
    meant = problem_did_you_mean(name->text, sender_names());
    node_problem(problems, name,
                 "unknown sender `%.*s`%s%s%s: one of `vedette hooks --senders`; `generic` takes "
                 "any JSON",
                 SLICE_ARG(name->text), meant ? "; did you mean `" : "", meant ? meant : "",
                 meant ? "`?" : "");
    return RC_INVALID;
}

static enum rc read_catch_up(const struct written *written, const struct watcher_place *place,
                             struct arena *arena, struct problems *problems, struct webhook *hook)
{
    struct catch_up *made;

    if (!written->catch_up)
        return RC_OK;
    if (!hook->sender->takes_catch_up) {
        node_problem(problems, written->catch_up,
                     "`catch_up` is for `webhook: github`: %s does not send again when it is asked",
                     hook->sender->title);
        return RC_INVALID;
    }
    made = arena_alloc(arena, 1, sizeof *made);
    if (!made)
        return RC_NO_MEMORY;
    hook->catch_up = made;
    return catch_up_load(written->catch_up, place, arena, problems, made);
}

/* "100/s" */
static enum rc read_rate(const struct node *map, struct slice text, struct problems *problems,
                         struct webhook_rate *rate)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } windows[] = { { "s", SECOND_MS }, { "m", MINUTE_MS }, { "h", HOUR_MS } };
    struct slice unit = text, number;

    if (slice_is_absent(text))
        return RC_OK;
    number = slice_cut(&unit, '/');
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        if (slice_eq(unit, slice_of(windows[i].unit)))
            rate->window_ms = windows[i].ms;
    }
    if (rate->window_ms && slice_to_int(number, &rate->n) == RC_OK && rate->n > 0 &&
        rate->n <= RATE_MAX)
        return RC_OK;
    *rate = (struct webhook_rate){ 0 };
    node_problem(problems, node_find(map, "rate"),
                 "`rate` is a number up to 1000000 by s, m or h, as 100/s");
    return RC_INVALID;
}

/* -- the whole -- */

static enum rc read_written(const struct node *map, struct arena *arena, struct problems *problems,
                            const struct sender *sender, struct written *written)
{
    struct settings settings;
    enum rc rc;

    *written = (struct written){
        .name = slice_of(sender->name),
        .max_body_bytes = sender->max_body_bytes,
        .dedup_ms = DEDUP_DEFAULT_MS,
        .lateness_ms = WATCHER_LATENESS_MS,
    };
    rc = list_settings(sender, arena, &settings);
    if (rc)
        return rc;
    return settings_read(settings.rows, settings.n_rows, map, arena, problems, written);
}

enum rc webhook_load(const struct node *map, const struct watcher_place *place, struct arena *arena,
                     struct problems *problems, struct webhook *hook)
{
    struct written written;
    enum rc rc;

    *hook = (struct webhook){ 0 };
    rc = find_sender(map, problems, &hook->sender);
    if (rc)
        return rc;
    rc = read_written(map, arena, problems, hook->sender, &written);
    hook->name = written.name;
    hook->max_body_bytes = written.max_body_bytes;
    hook->dedup_ms = written.dedup_ms;
    hook->lateness_ms = written.lateness_ms;
    memcpy(hook->constants, written.constants, sizeof hook->constants);
    rc = watcher_worse(rc, watcher_check_name(map, hook->name, problems));
    rc = watcher_worse(rc, read_rate(map, written.rate, problems, &hook->rate));
    rc = watcher_worse(rc, read_catch_up(&written, place, arena, problems, hook));
    rc = watcher_worse(rc, watcher_check_constants(map, written.constants, problems));
    rc = watcher_worse(rc, webhook_read_signature(map, place, arena, problems, hook));
    if (hook->sender->parse)
        rc = watcher_worse(rc, hook->sender->parse(map, arena, problems, &hook->options));
    if (rc)
        webhook_free(hook);
    return rc;
}

void webhook_free(struct webhook *hook)
{
    signature_keys_free(hook->keys);
    hook->keys = (struct signature_keys){ 0 };
}

struct webhook webhook_of_sender(const struct sender *sender)
{
    return (struct webhook){
        .name = slice_of(sender->name),
        .sender = sender,
        .max_body_bytes = sender->max_body_bytes,
        .dedup_ms = DEDUP_DEFAULT_MS,
        .lateness_ms = WATCHER_LATENESS_MS,
    };
}
