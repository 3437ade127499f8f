/* by_values.h - which value was seen last with each other value: what a sighting is compared with. */
#pragma once

#include "src/base/arena.h"

struct by_value {
    uint64_t by; /* 0: nothing stands here */
    uint64_t value;
    int64_t time_ms;
};

struct by_values {
    struct by_value *slots; /* 2^n of them, at most half of them taken */
    size_t n_slots;
};

/* For up to `n_most` different ones. RC_NO_MEMORY. */
enum rc by_values_new(size_t n_most, struct arena *arena, struct by_values *values) MUST_CHECK;
/* What stands there for `by`, a digest that is not 0; where it is not there yet it gets a place, and its time is 0. */
struct by_value *by_values_at(struct by_values *values, uint64_t by);
