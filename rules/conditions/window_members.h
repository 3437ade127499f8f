/* window_members.h - the members by which a condition says how long its window is, as rows of its table. */
#pragma once

#include "rules/members.h"
#include "src/base/clock.h"

#define WINDOW_MAX_MS (366 * DAY_MS)

/* `within`, into the member within_ms of `spec`. `example`: of a time that makes sense for it, as "10m". */
#define WITHIN_MEMBER(spec, example)                                                               \
    {                                                                                              \
        .name = "within", .type = SETTING_DURATION, .offset = offsetof(spec, within_ms),           \
        .required = true, .min = SECOND_MS, .max = WINDOW_MAX_MS,                                  \
        .help = "in how long, as " example                                                         \
    }
/* `against`, into against_ms: the time before the window. */
#define AGAINST_MEMBER(spec, is_required, text)                                                    \
    {                                                                                              \
        .name = "against", .type = SETTING_DURATION, .offset = offsetof(spec, against_ms),         \
        .required = (is_required), .min = SECOND_MS, .max = WINDOW_MAX_MS, .help = (text)          \
    }
