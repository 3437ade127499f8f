/* conditions.h - the conditions that there are, one file each. */
#pragma once

#include "rules/condition.h"

extern const struct condition condition_first;    /* no `when` */
extern const struct condition condition_count;    /* {count: 5, within: 10m} */
extern const struct condition condition_distinct; /* {distinct: client_ip, count: 20, within: 5m} */
extern const struct condition condition_change;   /* {change: version} */
extern const struct condition
    condition_flaps; /* {flaps: state, count: 3, within: 7d, by: commit} */
extern const struct condition condition_sequence;    /* {sequence: [FILTER, …], within: 10m} */
extern const struct condition condition_followed_by; /* {followed_by: FILTER, within: 5m} */
extern const struct condition condition_not_followed_by; /* {not_followed_by: FILTER, within: 5m} */
extern const struct condition
    condition_new; /* {new: exception, learn: 7d, forget: 30d, limit: 10000} */
extern const struct condition
    condition_spike; /* {spike: 4x, within: 5m, against: 1h, at_least: 20} */
extern const struct condition condition_drop; /* its mirror */
extern const struct condition
    condition_ratio; /* {ratio: 5%, having: FILTER, within: 5m, at_least: 100} */
extern const struct condition condition_sum; /* {sum: FIELD, above: 100, within: 1h} */
extern const struct condition condition_avg; /* likewise */
extern const struct condition condition_max;
extern const struct condition condition_min;
extern const struct condition condition_p95;
extern const struct condition condition_fewer;  /* {fewer: 5, within: 1h} */
extern const struct condition condition_absent; /* {absent: 24h, grace: 2h} */
