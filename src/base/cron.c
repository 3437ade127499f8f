#include "src/base/cron.h"

#include "src/base/clock.h"

#include <stdio.h>

#define DAY_MINUTES 1440
/* A 29 February on a given day of the week comes at the latest after 40 years: 2100 has none. */
#define YEARS_MAX 41
/* Five years with a 29 February in them. */
#define GAPS_FROM_MS (19723 * DAY_MS)  /* 2024-01-01 */
#define GAPS_UNTIL_MS (21550 * DAY_MS) /* 2029-01-01 */

/* -- reading -- */

static const char *const month_names[] = { "jan", "feb", "mar", "apr", "may", "jun", "jul",
                                           "aug", "sep", "oct", "nov", "dec", NULL };
static const char *const weekday_names[] = {
    "sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL
};

static const struct cron_field {
    const char *name;
    int64_t min, max;
    const char *const *names; /* the first means `first_named` */
    int64_t first_named;
    const char *valid;
} fields[] = {
    { "minute", 0, 59, NULL, 0, "0 to 59" },
    { "hour", 0, 23, NULL, 0, "0 to 23" },
    { "day of the month", 1, 31, NULL, 0, "1 to 31" },
    { "month", 1, 12, month_names, 1, "1 to 12 or jan to dec" },
    { "day of the week", 0, 7, weekday_names, 0, "0 to 7 or sun to sat" },
};
#define N_FIELDS (sizeof(fields) / sizeof(*fields))
#define FIELDS_TEXT "minute, hour, day of the month, month, day of the week"

struct reading {
    struct slice text; /* all of it, for places */
    struct cron_fault *fault;
    const struct cron_field *field;
};

static enum rc refuse(const struct reading *reading, struct slice at, const char *why)
{
    reading->fault->offset = (size_t)(at.ptr - reading->text.ptr);
    (void)snprintf(reading->fault->text, sizeof(reading->fault->text), "`%.*s` is no %s: %s",
                   (int)(at.len < 20 ? at.len : 20), at.ptr, reading->field->name, why);
    return RC_INVALID;
}

static bool read_name(const struct cron_field *field, struct slice word, int64_t *value)
{
    for (int64_t i = 0; field->names && field->names[i]; i++) {
        if (slice_eq_nocase(word, slice_of(field->names[i]))) {
            *value = field->first_named + i;
            return true;
        }
    }
    return false;
}

static enum rc read_value(const struct reading *reading, struct slice word, int64_t *value)
{
    const struct cron_field *field = reading->field;

    if (read_name(field, word, value))
        return RC_OK;
    if (slice_to_int(word, value) || *value < field->min || *value > field->max)
        return refuse(reading, word, field->valid);
    return RC_OK;
}

/* `sat-sun` ends with the Sunday that follows. */
static enum rc read_range(const struct reading *reading, struct slice range, int64_t *first,
                          int64_t *last)
{
    struct slice rest = range;
    struct slice low = slice_cut(&rest, '-');
    bool is_one = low.len == range.len;
    enum rc rc = read_value(reading, low, first);

    if (rc)
        return rc;
    *last = *first;
    if (is_one)
        return RC_OK;
    rc = read_value(reading, rest, last);
    if (!rc && !*last && *first && reading->field->max == 7)
        *last = 7;
    if (!rc && *last < *first)
        rc = refuse(reading, range, "a range goes from the lower to the higher value");
    return rc;
}

static enum rc read_step(const struct reading *reading, struct slice item, struct slice step,
                         int64_t *every)
{
    int64_t n_values = reading->field->max - reading->field->min + 1;

    if (slice_to_int(step, every) || *every < 1 || *every >= n_values)
        return refuse(reading, item, "a step is a number from 1 on, smaller than the field");
    return RC_OK;
}

/* One of a list: `*`, `5`, `mon-fri`, `0-30/10`. */
static enum rc read_item(const struct reading *reading, struct slice item, uint64_t *bits)
{
    const struct cron_field *field = reading->field;
    struct slice step = item;
    struct slice range = slice_cut(&step, '/');
    bool has_step = range.len < item.len;
    int64_t first = field->min, last = field->max, every = 1;
    enum rc rc = RC_OK;

    if (!slice_eq(range, SLICE("*")))
        rc = read_range(reading, range, &first, &last);
    if (!rc && has_step && first == last)
        rc = refuse(reading, item, "a step stands after `*` or a range");
    if (!rc && has_step)
        rc = read_step(reading, item, step, &every);
    for (int64_t value = first; !rc && value <= last; value += every)
        *bits |= UINT64_C(1) << value;
    return rc;
}

static enum rc read_field(const struct reading *reading, struct slice text, uint64_t *bits)
{
    struct slice rest = text;
    enum rc rc = RC_OK;

    *bits = 0;
    do {
        struct slice item = slice_cut(&rest, ',');

        if (!item.len)
            return refuse(reading, text, reading->field->valid);
        rc = read_item(reading, item, bits);
    } while (!rc && rest.len);
    if (!rc && text.ptr[text.len - 1] == ',')
        rc = refuse(reading, text, "nothing stands after the last comma");
    return rc;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* Cuts the text into words; RC_INVALID when they are not five. */
static enum rc cut_fields(const struct reading *reading, struct slice *words)
{
    struct slice rest = reading->text;
    size_t n_words = 0;

    for (;;) {
        size_t len = 0;

        while (rest.len && is_blank(*rest.ptr))
            rest = (struct slice){ rest.ptr + 1, rest.len - 1 };
        while (len < rest.len && !is_blank(rest.ptr[len]))
            len++;
        if (!len)
            break;
        if (n_words < N_FIELDS)
            words[n_words] = (struct slice){ rest.ptr, len };
        n_words++;
        rest = (struct slice){ rest.ptr + len, rest.len - len };
    }
    if (n_words == N_FIELDS)
        return RC_OK;
    reading->fault->offset = 0;
    (void)snprintf(reading->fault->text, sizeof(reading->fault->text),
                   "a schedule has five fields (%s), not %zu", FIELDS_TEXT, n_words);
    return RC_INVALID;
}

/* -- days -- */

/* The first minute of a day of `cron`, from `first` on; DAY_MINUTES: none is left. */
static int64_t next_minute(const struct cron *cron, int64_t first)
{
    for (int64_t minute = first; minute < DAY_MINUTES; minute++) {
        if (!(cron->hours >> (minute / 60) & 1))
            minute += 59 - minute % 60;
        else if (cron->minutes >> (minute % 60) & 1)
            return minute;
    }
    return DAY_MINUTES;
}

static int64_t weekday_of(int64_t day_ms)
{
    int64_t days = day_ms / DAY_MS; /* 1970 began on a Thursday */

    return ((days + 4) % 7 + 7) % 7;
}

static bool is_day(const struct cron *cron, int64_t day, int64_t day_ms)
{
    bool by_day = cron->days >> day & 1;
    bool by_weekday = cron->weekdays >> weekday_of(day_ms) & 1;

    if (cron->any_day || cron->any_weekday)
        return by_day && by_weekday;
    return by_day || by_weekday;
}

/* A day of the month from `from_ms` on. */
static bool next_day_of_month(const struct cron *cron, int64_t year, int64_t month, int64_t from_ms,
                              int64_t *day_ms)
{
    for (int64_t day = 1; time_of_date(year, month, day, day_ms) == RC_OK; day++) {
        if (*day_ms >= from_ms && is_day(cron, day, *day_ms))
            return true;
    }
    return false;
}

/* The first of its days from `from_ms` on. */
static bool next_day(const struct cron *cron, int64_t from_ms, int64_t *day_ms)
{
    int64_t year = time_year(from_ms);

    for (int64_t i = 0; i < YEARS_MAX; i++) {
        for (int64_t month = 1; month <= 12; month++) {
            if ((cron->months >> month & 1) &&
                next_day_of_month(cron, year + i, month, from_ms, day_ms))
                return true;
        }
    }
    return false;
}

enum rc cron_parse(struct slice text, struct cron *cron, struct cron_fault *fault)
{
    struct reading reading = { .text = text, .fault = fault };
    struct slice words[N_FIELDS];
    uint64_t bits[N_FIELDS] = { 0 };
    int64_t day_ms;
    enum rc rc = cut_fields(&reading, words);

    for (size_t i = 0; i < N_FIELDS && !rc; i++) {
        reading.field = &fields[i];
        rc = read_field(&reading, words[i], &bits[i]);
    }
    if (rc)
        return rc;
    *cron = (struct cron){ .minutes = bits[0],
                           .hours = (uint32_t)bits[1],
                           .days = (uint32_t)bits[2],
                           .months = (uint32_t)bits[3],
                           .weekdays = (uint32_t)((bits[4] | bits[4] >> 7) & 0x7f),
                           .any_day = words[2].ptr[0] == '*',
                           .any_weekday = words[4].ptr[0] == '*',
                           .follows_wall = words[0].ptr[0] == '*' || words[1].ptr[0] == '*' };
    if (next_day(cron, 0, &day_ms))
        return RC_OK;
    reading.field = &fields[2];
    return refuse(&reading, words[2], "none of its months ever has such a day");
}

/* -- slots -- */

/* The first time on the wall after `wall_ms` that the fields name; false when there is none. */
static bool next_on_wall(const struct cron *cron, int64_t wall_ms, int64_t *next_ms)
{
    int64_t today_ms = wall_ms - ((wall_ms % DAY_MS) + DAY_MS) % DAY_MS;
    int64_t minute = next_minute(cron, (wall_ms - today_ms) / MINUTE_MS + 1);
    int64_t day_ms;

    if (minute < DAY_MINUTES && next_day(cron, today_ms, &day_ms) && day_ms == today_ms) {
        *next_ms = today_ms + minute * MINUTE_MS;
        return true;
    }
    if (!next_day(cron, today_ms + DAY_MS, &day_ms))
        return false;
    *next_ms = day_ms + next_minute(cron, 0) * MINUTE_MS;
    return true;
}

/* One stretch after the other: in each, the wall goes on as it does. */
static int64_t next_as_wall_goes(const struct cron *cron, const struct time_zone *zone,
                                 int64_t after_ms)
{
    for (;;) {
        struct time_zone_stretch stretch = time_zone_stretch_at(zone, after_ms);
        int64_t wall_ms;

        /* The moment of a change belongs to the stretch that begins with it. */
        if (stretch.to_ms == after_ms + 1)
            stretch = time_zone_stretch_at(zone, after_ms + 1);
        if (!next_on_wall(cron, after_ms + stretch.offset_ms, &wall_ms))
            return INT64_MAX;
        if (wall_ms - stretch.offset_ms < stretch.to_ms)
            return wall_ms - stretch.offset_ms;
        after_ms = stretch.to_ms - 1;
    }
}

/* When a time on the wall comes, once. */
static int64_t slot_of(const struct time_zone *zone, int64_t wall_ms)
{
    int64_t utc_ms = time_zone_to_utc(zone, wall_ms);
    struct time_zone_stretch stretch = time_zone_stretch_at(zone, utc_ms);

    return utc_ms + stretch.offset_ms == wall_ms ? utc_ms : stretch.from_ms; /* skipped */
}

static int64_t next_once_a_day(const struct cron *cron, const struct time_zone *zone,
                               int64_t after_ms)
{
    int64_t wall_ms = after_ms + time_zone_stretch_at(zone, after_ms).offset_ms;

    while (next_on_wall(cron, wall_ms, &wall_ms)) {
        int64_t slot_ms = slot_of(zone, wall_ms);

        if (slot_ms > after_ms)
            return slot_ms;
    }
    return INT64_MAX;
}

int64_t cron_next(const struct cron *cron, const struct time_zone *zone, int64_t after_ms)
{
    return cron->follows_wall ? next_as_wall_goes(cron, zone, after_ms)
                              : next_once_a_day(cron, zone, after_ms);
}

/* Between two slots of one day. */
static int64_t longest_gap_in_a_day(const struct cron *cron)
{
    int64_t longest = 0;
    int64_t last = next_minute(cron, 0);

    for (int64_t next = next_minute(cron, last + 1); next < DAY_MINUTES;
         next = next_minute(cron, last + 1)) {
        longest = next - last > longest ? next - last : longest;
        last = next;
    }
    return longest * MINUTE_MS;
}

static int64_t last_minute(const struct cron *cron)
{
    int64_t last = 0;

    for (int64_t next = next_minute(cron, 0); next < DAY_MINUTES;
         next = next_minute(cron, next + 1))
        last = next;
    return last;
}

/* From the last slot of each day to the first of the next one. */
int64_t cron_longest_gap(const struct cron *cron, const struct time_zone *zone)
{
    int64_t longest_ms = longest_gap_in_a_day(cron);
    int64_t last_ms = last_minute(cron) * MINUTE_MS;
    int64_t slot_ms = cron_next(cron, zone, GAPS_FROM_MS);

    while (slot_ms < GAPS_UNTIL_MS) {
        int64_t wall_ms = slot_ms + time_zone_stretch_at(zone, slot_ms).offset_ms;
        int64_t end_ms = slot_of(zone, wall_ms - wall_ms % DAY_MS + last_ms);

        slot_ms = later_of(slot_ms, end_ms);
        end_ms = slot_ms;
        slot_ms = cron_next(cron, zone, end_ms);
        longest_ms = slot_ms - end_ms > longest_ms ? slot_ms - end_ms : longest_ms;
    }
    return longest_ms;
}
