#include "src/base/weekly_window.h"

#include "src/base/clock.h"

#define N_DAYS 7
#define EVERY_DAY ((uint8_t)0x7f)
/* Longer than the clocks can keep one closed that opens once a week. */
#define SEARCHED_MS (31 * DAY_MS)

static const char *const day_names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL };

/* --- read --- */

static bool read_day(const struct node *node, struct slice text, int *day,
                     struct problems *problems)
{
    const char *meant;

    if (slice_to_enum(text, day_names, day) == RC_OK)
        return true;
    meant = problem_did_you_mean(text, day_names);
    node_problem(problems, node,
                 "`%.*s` is no day; %s%s%svalid here: mon tue wed thu fri sat sun, ranges "
                 "(mon-fri) and commas between",
                 SLICE_ARG(text), meant ? "did you mean `" : "", meant ? meant : "",
                 meant ? "`? " : "");
    return false;
}

static bool has(struct slice text, struct slice what)
{
    size_t offset;

    return slice_find(text, what, &offset) == RC_OK;
}

/* "mon-fri", "sun". A range goes on over the end of the week. */
static enum rc add_range(const struct node *node, struct slice range, struct problems *problems,
                         uint8_t *days)
{
    bool has_end = has(range, SLICE("-"));
    struct slice last = range;
    struct slice first = slice_trim(slice_cut(&last, '-'));
    int from, to;

    if (!read_day(node, first, &from, problems))
        return RC_INVALID;
    to = from;
    if (has_end && !read_day(node, slice_trim(last), &to, problems))
        return RC_INVALID;
    for (int day = from;; day = (day + 1) % N_DAYS) {
        *days |= (uint8_t)(1U << day);
        if (day == to)
            return RC_OK;
    }
}

static enum rc add_days(const struct node *node, struct problems *problems, uint8_t *days)
{
    struct slice rest = node->text;
    enum rc rc = RC_OK;

    if (node->type != NODE_SCALAR) {
        node_problem(problems, node, "`days` is mon-fri, or sat,sun, or a list, not %s",
                     node_type_text(node));
        return RC_INVALID;
    }
    for (bool more = true; more && !rc;) {
        more = has(rest, SLICE(","));
        rc = add_range(node, slice_trim(slice_cut(&rest, ',')), problems, days);
    }
    return rc;
}

static enum rc read_days(const struct node *node, struct problems *problems, uint8_t *days)
{
    enum rc rc = RC_OK;

    *days = 0;
    if (node->type != NODE_LIST)
        return add_days(node, problems, days);
    for (size_t i = 0; i < node->n_items && !rc; i++)
        rc = add_days(node->items[i], problems, days);
    if (!rc && !*days) {
        node_problem(problems, node, "`days` names at least one; leave it out for every day");
        rc = RC_INVALID;
    }
    return rc;
}

/* "08:00" */
static bool parse_time_of_day(struct slice text, int64_t *of_day_ms)
{
    int64_t hours, minutes;
    struct slice rest = text;
    struct slice hour = slice_cut(&rest, ':');

    if (hour.len != 2 || rest.len != 2 || slice_to_int(hour, &hours) ||
        slice_to_int(rest, &minutes) || hours < 0 || minutes < 0 || minutes > 59)
        return false;
    *of_day_ms = hours * HOUR_MS + minutes * MINUTE_MS;
    return true;
}

static enum rc read_time(const struct node *node, int64_t last_ms, struct problems *problems,
                         int64_t *of_day_ms)
{
    if (node->type == NODE_SCALAR && parse_time_of_day(node->text, of_day_ms) &&
        *of_day_ms <= last_ms)
        return RC_OK;
    node_problem(problems, node, "a time of day has four digits: \"08:00\", from 00:00 to %s",
                 last_ms == DAY_MS ? "24:00" : "23:59");
    return RC_INVALID;
}

static enum rc read_zone(const struct node *node, struct arena *arena, struct problems *problems,
                         const struct time_zone **zone)
{
    enum rc rc = node->type == NODE_SCALAR ? time_zone_find(node->text, arena, zone) : RC_NOT_FOUND;

    if (rc != RC_NOT_FOUND)
        return rc;
    node_problem(problems, node,
                 "this machine knows no such time zone; one is Europe/Berlin, UTC, or an offset as "
                 "+02:00");
    return RC_INVALID;
}

static void add_text(struct buffer *text, const struct node *node, const char *otherwise)
{
    if (!node)
        buffer_add_text(text, otherwise);
    else if (node->type != NODE_LIST)
        buffer_add(text, node->text);
    for (size_t i = 0; node && node->type == NODE_LIST && i < node->n_items; i++)
        buffer_format(text, "%s%.*s", i ? "," : "", SLICE_ARG(node->items[i]->text));
}

static enum rc write_text(const struct weekly_window_nodes *nodes, struct arena *arena,
                          struct slice *text)
{
    struct buffer buffer;
    enum rc rc;

    buffer_init(&buffer, 0);
    add_text(&buffer, nodes->days, "mon-sun");
    add_text(&buffer, NULL, " ");
    add_text(&buffer, nodes->from, "00:00");
    add_text(&buffer, NULL, "-");
    add_text(&buffer, nodes->to, "24:00");
    add_text(&buffer, NULL, " ");
    add_text(&buffer, nodes->tz, "UTC");
    rc = buffer_rc(&buffer);
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&buffer), text);
    buffer_free(&buffer);
    return rc;
}

/* All that is wrong is said in one run. */
enum rc weekly_window_read(const struct weekly_window_nodes *nodes, const struct node *map,
                           struct arena *arena, struct problems *problems,
                           struct weekly_window *window)
{
    enum rc parts[4] = { RC_OK };

    *window = (struct weekly_window){ .days = EVERY_DAY, .to_ms = DAY_MS };
    if (nodes->days)
        parts[0] = read_days(nodes->days, problems, &window->days);
    if (nodes->from)
        parts[1] = read_time(nodes->from, DAY_MS - MINUTE_MS, problems, &window->from_ms);
    if (nodes->to)
        parts[2] = read_time(nodes->to, DAY_MS, problems, &window->to_ms);
    parts[3] = nodes->tz ? read_zone(nodes->tz, arena, problems, &window->zone)
                         : time_zone_find(SLICE("UTC"), arena, &window->zone);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i])
            return parts[i];
    if (window->from_ms == window->to_ms) {
        node_problem(problems, nodes->to ? nodes->to : map,
                     "`from` and `to` are the same time; leave both out for the whole day");
        return RC_INVALID;
    }
    return write_text(nodes, arena, &window->text);
}

/* --- open or not --- */

static int64_t day_of(int64_t wall_ms)
{
    int64_t into_ms = wall_ms % DAY_MS;

    return wall_ms - (into_ms < 0 ? into_ms + DAY_MS : into_ms);
}

static bool has_day(const struct weekly_window *window, int64_t midnight_ms)
{
    /* 1970 began on a Thursday. */
    int64_t weekday = (midnight_ms / DAY_MS + 3) % N_DAYS;

    return window->days >> (weekday < 0 ? weekday + N_DAYS : weekday) & 1;
}

static bool is_in(const struct weekly_window *window, int64_t wall_ms)
{
    int64_t today_ms = day_of(wall_ms);
    int64_t time_ms = wall_ms - today_ms;

    if (window->from_ms < window->to_ms)
        return has_day(window, today_ms) && time_ms >= window->from_ms && time_ms < window->to_ms;
    if (time_ms >= window->from_ms)
        return has_day(window, today_ms);
    return time_ms < window->to_ms && has_day(window, today_ms - DAY_MS);
}

bool weekly_window_is_open(const struct weekly_window *window, int64_t utc_ms)
{
    return is_in(window, utc_ms + time_zone_stretch_at(window->zone, utc_ms).offset_ms);
}

/* The first moment after `utc_ms` and before `end_ms` at which it is not what it was; until then the wall is `ahead_ms` ahead. 0: none. */
static int64_t turns_before(const struct weekly_window *window, int64_t utc_ms, int64_t ahead_ms,
                            int64_t end_ms, bool was_open)
{
    bool crosses = window->from_ms > window->to_ms;
    const int64_t bounds[] = { crosses ? window->to_ms : window->from_ms,
                               crosses ? window->from_ms : window->to_ms };

    for (int64_t day_ms = day_of(utc_ms + ahead_ms); day_ms - ahead_ms < end_ms; day_ms += DAY_MS) {
        for (size_t i = 0; i < 2; i++) {
            int64_t at_ms = day_ms + bounds[i] - ahead_ms;

            if (at_ms > utc_ms && at_ms < end_ms && is_in(window, at_ms + ahead_ms) != was_open)
                return at_ms;
        }
    }
    return 0;
}

int64_t weekly_window_turns_ms(const struct weekly_window *window, int64_t utc_ms)
{
    bool was_open = weekly_window_is_open(window, utc_ms);
    int64_t last_ms = utc_ms + SEARCHED_MS;

    while (utc_ms < last_ms) {
        struct time_zone_stretch stretch = time_zone_stretch_at(window->zone, utc_ms);
        int64_t end_ms = stretch.to_ms < last_ms ? stretch.to_ms : last_ms;
        int64_t turns_ms = turns_before(window, utc_ms, stretch.offset_ms, end_ms, was_open);

        if (turns_ms)
            return turns_ms;
        if (end_ms < last_ms && weekly_window_is_open(window, end_ms) != was_open)
            return end_ms;
        utc_ms = end_ms;
    }
    return 0;
}
