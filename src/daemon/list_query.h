/* list_query.h - what a list was asked for: ?state= &rule= &since= &limit= &after=, and how much one answer may hold. */
#pragma once

#include "src/daemon/request.h"

#define LIST_DEFAULT_LIMIT 50
#define LIST_MAX_LIMIT 1000
/* One answer ends with `next` when it has looked at so many rows or holds so many bytes. */
#define LIST_MAX_ROWS 10000
#define LIST_MAX_BYTES ((size_t)8 << 20)

struct list_query {
    uint64_t states;   /* a bit for each wanted; 0: all */
    struct slice rule; /* absent: all */
    int64_t since_ms;  /* 0: all */
    size_t limit;
    struct slice after; /* as `next` gave it; absent: from the newest on */
};

/* What a list can be narrowed by. */
struct list_members {
    const char *const *state_names; /* NULL-ended; NULL: it has no states */
    bool has_rule;
};

/* RC_INVALID and `detail`: what is wrong with which member. */
enum rc list_query_read(struct http_exchange *exchange, const struct list_members *members,
                        int64_t now_ms, struct list_query *query, struct slice *detail) MUST_CHECK;
/* The states by which the list of events is narrowed. */
extern const char *const list_event_states[];
/* The parts of it, for tests. A comma between two states. */
enum rc list_query_read_states(struct slice text, const char *const *names,
                               uint64_t *states) MUST_CHECK;
/* RFC 3339, or how long ago: "1h". */
enum rc list_query_read_since(struct slice text, int64_t now_ms, int64_t *since_ms) MUST_CHECK;
enum rc list_query_read_limit(struct slice text, size_t *limit) MUST_CHECK;

/* {"items":[ … ],"next":"…"} */
struct list_answer {
    struct buffer json;
    struct json_writer writer;
    size_t n_items;
};
void list_answer_begin(struct list_answer *answer);
/* False: this was the last one that fits. */
bool list_answer_has_room(const struct list_answer *answer, const struct list_query *query);
/* `next` absent: there are no more. */
void list_answer_end(struct list_answer *answer, struct slice next);
