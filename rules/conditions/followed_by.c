#include "rules/conditions/conditions.h"

#include "rules/conditions/pair.h"

/* {followed_by: FILTER, within: D}: true when FILTER matches less than D after a match of the rule's own filter: a run of two steps. */

static void *parse_followed_by(struct rule_reading *reading, const struct node *when)
{
    return read_pair(reading, when, "followed_by", REPEAT_RESTART);
}

const struct condition condition_followed_by = {
    .name = "followed_by",
    .members = &pair_members,
    .parts_come_after = true,
    .parse = parse_followed_by,
    .fold = steps_fold,
    .wake = steps_wake,
    .describe = steps_describe,
    .within_ms = steps_within_ms,
    .reaches_back = true,
    .match_is_trouble = true,
};
