/* absent.h - what `when: {absent: …}` says: how long a key may go unseen, which keys are expected, when one is forgotten. */
#pragma once

#include "rules/condition.h"
#include "src/base/cron.h"

struct absent_spec {
    int64_t absent_ms; /* 0: by the schedule */
    struct cron cron;
    const struct time_zone *zone;
    int64_t grace_ms;
    int64_t forget_ms;
    struct slice_list *expected; /* sorted by their values */
    size_t n_expected;
};

/* absent_load.c */
extern const struct shape absent_members;
void *absent_parse(struct rule_reading *reading, const struct node *when);
void absent_check_key(struct rule_reading *reading, const struct node *when);
bool absent_is_expected(const struct absent_spec *spec, const struct slice_list *key);
