/* kept_values.h - what a signal kept of its events, by the name of the field: normalised fields and captures of its latest match, then the fields of its key. */
#pragma once

#include "src/store/signals.h"

/* Parsed once for all that is asked, and only when something is. Begin with { .signal = … }. */
struct kept_values {
    const struct signal *signal;
    bool is_parsed;
    struct json *last, *fields;
};

/* Absent where it has none; lives as long as `kept`. RC_NO_MEMORY. */
enum rc kept_value(struct kept_values *kept, struct slice field, struct slice *value) MUST_CHECK;
void kept_values_free(struct kept_values *kept);
