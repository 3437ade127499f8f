#include "src/base/time_zone.h"

#include "src/base/clock.h"

#include <glib.h>
#include <string.h>

#define NAME_MAX_BYTES 64
#define FIRST_S INT64_C(0)
#define LAST_S INT64_C(4102444800) /* 2100-01-01 */
#define CHANGES_MAX 1024           /* no zone has 300 */

/* From `from_ms` on (UTC) the wall is `offset_ms` ahead. */
struct change {
    int64_t from_ms;
    int64_t offset_ms;
};

struct time_zone {
    const struct change *changes; /* by time; the first counts for all that was before, too */
    size_t n_changes;
};

/* -- the table, out of GLib's -- */

static int interval_at(GTimeZone *source, int64_t at_s)
{
    return g_time_zone_find_interval(source, G_TIME_TYPE_UNIVERSAL, at_s);
}

/* The first second past `from_s` that is in another interval; LAST_S when there is none. GLib's intervals are numbered by time. */
static int64_t end_of_interval(GTimeZone *source, int64_t from_s)
{
    int interval = interval_at(source, from_s);
    int64_t same = from_s, other = LAST_S;

    if (interval_at(source, LAST_S) == interval)
        return LAST_S;
    while (other - same > 1) {
        int64_t middle = same + (other - same) / 2;

        if (interval_at(source, middle) == interval)
            same = middle;
        else
            other = middle;
    }
    return other;
}

static size_t list_changes(GTimeZone *source, struct change *changes)
{
    size_t n_changes = 0;

    for (int64_t at_s = FIRST_S; at_s < LAST_S && n_changes < CHANGES_MAX;
         at_s = end_of_interval(source, at_s)) {
        int64_t offset_ms = g_time_zone_get_offset(source, interval_at(source, at_s)) * SECOND_MS;

        /* A zone may change its name alone. */
        if (n_changes && changes[n_changes - 1].offset_ms == offset_ms)
            continue;
        changes[n_changes++] =
            (struct change){ .from_ms = at_s * SECOND_MS, .offset_ms = offset_ms };
    }
    return n_changes;
}

static enum rc make_zone(GTimeZone *source, struct arena *arena, const struct time_zone **zone)
{
    struct change found[CHANGES_MAX];
    size_t n_changes = list_changes(source, found);
    struct time_zone *made = arena_alloc(arena, 1, sizeof *made);
    struct change *changes = arena_alloc(arena, n_changes, sizeof *changes);

    g_time_zone_unref(source);
    if (!made || !changes)
        return RC_NO_MEMORY;
    memcpy(changes, found, n_changes * sizeof *changes);
    *made = (struct time_zone){ .changes = changes, .n_changes = n_changes };
    *zone = made;
    return RC_OK;
}

/* -- names -- */

/* Names of zones that have digits and no slash. Any other such text GLib would take for a POSIX rule: `Berlin1` would be a zone. */
static const char *const with_digits[] = { "CST6CDT", "EST5EDT", "GMT+0",   "GMT-0",
                                           "GMT0",    "MST7MDT", "PST8PDT", NULL };

/* Offsets and names as the tz database has them: what else stands in its folder (or outside it) is no zone. */
static bool may_be_name(struct slice name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz/_+-:";
    bool has_digit = false, is_rule_like;
    size_t offset;
    int i;

    if (!name.len || name.len >= NAME_MAX_BYTES || name.ptr[0] == '/' || name.ptr[0] == ':')
        return false;
    for (size_t at = 0; at < name.len; at++) {
        bool is_digit = name.ptr[at] >= '0' && name.ptr[at] <= '9';

        if (!is_digit && !memchr(letters, name.ptr[at], sizeof letters - 1))
            return false;
        has_digit = has_digit || is_digit;
    }
    is_rule_like = has_digit && name.ptr[0] != '+' && name.ptr[0] != '-' &&
                   slice_find(name, SLICE("/"), &offset) != RC_OK;
    /* With leap seconds in them: half a minute beside what everybody says. */
    if (slice_starts(name, SLICE("right/")))
        return false;
    return !is_rule_like || slice_to_enum(name, with_digits, &i) == RC_OK;
}

enum rc time_zone_find(struct slice name, struct arena *arena, const struct time_zone **zone)
{
    char text[NAME_MAX_BYTES];
    GTimeZone *source;

    if (!may_be_name(name))
        return RC_NOT_FOUND;
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    source = g_time_zone_new_identifier(text);
    return source ? make_zone(source, arena, zone) : RC_NOT_FOUND;
}

enum rc time_zone_local(struct arena *arena, const struct time_zone **zone)
{
    return make_zone(g_time_zone_new_local(), arena, zone);
}

/* -- the wall -- */

/* The change that counts at a moment. */
static size_t change_at(const struct time_zone *zone, int64_t utc_ms)
{
    size_t first = 0, end = zone->n_changes;

    while (end - first > 1) {
        size_t middle = first + (end - first) / 2;

        if (zone->changes[middle].from_ms <= utc_ms)
            first = middle;
        else
            end = middle;
    }
    return first;
}

int64_t time_zone_to_utc(const struct time_zone *zone, int64_t wall_ms)
{
    /* No zone is a day away from UTC: this is before the moment that is looked for. */
    size_t i = change_at(zone, wall_ms - DAY_MS);
    int64_t utc_ms = wall_ms - zone->changes[i].offset_ms;

    /* The first reading that its offset allows; one that falls behind the next change under the old offset and before it under
     * the new one was skipped. */
    while (i + 1 < zone->n_changes && utc_ms >= zone->changes[i + 1].from_ms) {
        int64_t later_ms = wall_ms - zone->changes[i + 1].offset_ms;

        if (later_ms < zone->changes[i + 1].from_ms)
            return utc_ms;
        utc_ms = later_ms;
        i++;
    }
    return utc_ms;
}

int64_t time_zone_to_wall(const struct time_zone *zone, int64_t utc_ms)
{
    return utc_ms + zone->changes[change_at(zone, utc_ms)].offset_ms;
}

int64_t time_zone_next_change_ms(const struct time_zone *zone, int64_t utc_ms)
{
    size_t i = change_at(zone, utc_ms);

    /* Before the table the first offset holds. */
    return i + 1 < zone->n_changes ? zone->changes[i + 1].from_ms : INT64_MAX;
}
