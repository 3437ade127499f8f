#include "src/daemon/list_query.h"

const char *const list_event_states[] = { "failing", "ok", "info", "dead", NULL };

enum rc list_query_read_states(struct slice text, const char *const *names, uint64_t *states)
{
    *states = 0;
    while (text.len) {
        struct slice name = slice_trim(slice_cut(&text, ','));
        int state;

        if (slice_to_enum(name, names, &state))
            return RC_INVALID;
        *states |= (uint64_t)1 << state;
    }
    return RC_OK;
}

enum rc list_query_read_since(struct slice text, int64_t now_ms, int64_t *since_ms)
{
    int64_t ago_ms;

    if (!duration_parse(text, &ago_ms)) {
        *since_ms = now_ms - ago_ms;
        return RC_OK;
    }
    return time_parse(text, since_ms);
}

enum rc list_query_read_limit(struct slice text, size_t *limit)
{
    int64_t number;

    if (slice_to_int(text, &number) || number < 1 || number > LIST_MAX_LIMIT)
        return RC_INVALID;
    *limit = (size_t)number;
    return RC_OK;
}

/* "`state` is one of pending firing resolved idle, or several with commas between" */
static struct slice states_detail(const char *const *names, struct arena *arena)
{
    struct slice detail;
    struct buffer text;

    buffer_init(&text, 0);
    buffer_add_text(&text, "`state` is one of");
    for (size_t i = 0; names[i]; i++)
        buffer_format(&text, " %s", names[i]);
    buffer_add_text(&text, ", or several with commas between");
    if (buffer_rc(&text) || arena_copy(arena, buffer_slice(&text), &detail))
        detail = SLICE("no object has the state that `state` names");
    buffer_free(&text);
    return detail;
}

static enum rc read_members(struct http_exchange *exchange, const struct list_members *members,
                            int64_t now_ms, struct list_query *query, struct slice *detail)
{
    struct slice state = http_query(exchange, "state");
    struct slice since = http_query(exchange, "since");
    struct slice limit = http_query(exchange, "limit");

    *detail = SLICE("this list cannot be narrowed by `rule`");
    if (query->rule.len && !members->has_rule)
        return RC_INVALID;
    *detail = SLICE("this list has no states");
    if (state.len && !members->state_names)
        return RC_INVALID;
    *detail = SLICE("`since` is a time (RFC 3339) or how long ago (90s, 5m, 1h, 7d)");
    if (since.len && list_query_read_since(since, now_ms, &query->since_ms))
        return RC_INVALID;
    *detail = SLICE("`limit` is a number from 1 to 1000");
    if (limit.len && list_query_read_limit(limit, &query->limit))
        return RC_INVALID;
    if (!state.len || !list_query_read_states(state, members->state_names, &query->states))
        return RC_OK;
    *detail = states_detail(members->state_names, http_arena(exchange));
    return RC_INVALID;
}

enum rc list_query_read(struct http_exchange *exchange, const struct list_members *members,
                        int64_t now_ms, struct list_query *query, struct slice *detail)
{
    *query = (struct list_query){ .limit = LIST_DEFAULT_LIMIT,
                                  .rule = http_query(exchange, "rule"),
                                  .after = http_query(exchange, "after") };
    return read_members(exchange, members, now_ms, query, detail);
}

void list_answer_begin(struct list_answer *answer)
{
    *answer = (struct list_answer){ 0 };
    buffer_init(&answer->json, 8 * LIST_MAX_BYTES);
    answer->writer = json_writer_to(&answer->json);
    json_object_begin(&answer->writer);
    json_key(&answer->writer, "items");
    json_array_begin(&answer->writer);
}

bool list_answer_has_room(const struct list_answer *answer, const struct list_query *query)
{
    return answer->n_items < query->limit && answer->json.len < LIST_MAX_BYTES;
}

void list_answer_end(struct list_answer *answer, struct slice next)
{
    json_array_end(&answer->writer);
    json_member_text(&answer->writer, "next", next);
    json_object_end(&answer->writer);
}
