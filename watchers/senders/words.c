#include "watchers/senders/words.h"

/* clang-format off */
const struct word severity_words[] = {
    { "critical", "critical" }, { "page", "critical" }, { "emergency", "critical" }, { "fatal", "critical" },
    { "urgent", "critical" }, { "highest", "critical" }, { "blocker", "critical" }, { "p1", "critical" },
    { "high", "high" }, { "error", "high" }, { "major", "high" }, { "p2", "high" },
    { "medium", "medium" }, { "moderate", "medium" }, { "warning", "medium" }, { "warn", "medium" }, { "p3", "medium" },
    { "low", "low" }, { "info", "low" }, { "informational", "low" }, { "note", "low" }, { "minor", "low" }, { "none", "low" },
    { "lowest", "low" }, { "trivial", "low" }, { "debug", "low" }, { "p4", "low" }, { "p5", "low" },
    { NULL, NULL },
};
/* clang-format on */

struct slice word_means(const struct word *words, struct slice word)
{
    for (; words->word; words++) {
        if (slice_eq_nocase(word, slice_of(words->word)))
            return slice_of(words->means);
    }
    return (struct slice){ 0 };
}
