/* weekly_window.h - hours that come again every week: {days: mon-fri, from: "08:00", to: "18:00", tz: Europe/Berlin}.
 *
 *   days  names and ranges with commas, or a list of such: mon-fri · sat,sun · fri-mon (over the end of the week); default every day
 *   from  the time of day at which it opens; default 00:00
 *   to    at which it is over, itself not in it; default 24:00. `from` after `to` crosses midnight: it belongs to the day on which it begins
 *   tz    a zone of the machine's tz database, or an offset; default UTC
 *
 * It is open while the wall of that zone shows a time in it, and that is all there is to a change of the clocks: what they skip is in no window (one
 * that would begin in the gap opens when they jump, one that lies in it does not open that day), what they show twice is in it twice. */
#pragma once

#include "src/base/settings.h"
#include "src/base/time_zone.h"

struct weekly_window {
    uint8_t days;           /* bit 0: Monday */
    int64_t from_ms, to_ms; /* of the day */
    const struct time_zone *zone;
    struct slice text; /* "mon-fri 08:00-18:00 Europe/Berlin", for people */
};

/* Its members, for the table of whoever has them among others: struct weekly_window_nodes at `member` of `holder`. */
struct weekly_window_nodes {
    struct node *days, *from, *to, *tz;
};
#define WEEKLY_WINDOW_SETTINGS(holder, member)                                                     \
    { .name = "days",                                                                              \
      .type = SETTING_NODE,                                                                        \
      .offset = offsetof(holder, member.days),                                                     \
      .shape = &shape_texts,                                                                       \
      .usual = "mon-sun",                                                                          \
      .help = "mon-fri, or sat,sun; default every day" },                                          \
        { .name = "from",                                                                          \
          .type = SETTING_NODE,                                                                    \
          .offset = offsetof(holder, member.from),                                                 \
          .shape = &shape_text,                                                                    \
          .usual = "00:00",                                                                        \
          .help = "a time of day, 08:00" },                                                        \
        { .name = "to",                                                                            \
          .type = SETTING_NODE,                                                                    \
          .offset = offsetof(holder, member.to),                                                   \
          .shape = &shape_text,                                                                    \
          .usual = "24:00",                                                                        \
          .help = "a time of day, up to 24:00; before `from`: it crosses midnight" },              \
    {                                                                                              \
        .name = "tz", .type = SETTING_NODE, .offset = offsetof(holder, member.tz),                 \
        .shape = &shape_text, .usual = "UTC", .help = "Europe/Berlin; default UTC"                 \
    }

/* Makes the window; it lives in `arena`. RC_INVALID after adding to `problems`; `map` is where they stand. */
enum rc weekly_window_read(const struct weekly_window_nodes *nodes, const struct node *map,
                           struct arena *arena, struct problems *problems,
                           struct weekly_window *window) MUST_CHECK;

bool weekly_window_is_open(const struct weekly_window *window, int64_t utc_ms);
/* The first moment after `utc_ms` at which it opens, where it is closed then, or is over, where it is open. 0: never, as far as a month tells. */
int64_t weekly_window_turns_ms(const struct weekly_window *window, int64_t utc_ms);
