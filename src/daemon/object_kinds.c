#include "src/daemon/object_kinds.h"

#include <string.h>

static enum rc write_signal(struct store_txn *txn, const void *object, struct arena *arena,
                            struct json_writer *writer)
{
    (void)txn;
    (void)arena;
    record_write_json(&signal_shape, object, writer);
    return RC_OK;
}

static enum rc write_task(struct store_txn *txn, const void *object, struct arena *arena,
                          struct json_writer *writer)
{
    (void)txn;
    (void)arena;
    record_write_json(&task_shape, object, writer);
    return RC_OK;
}

static enum rc write_proposal(struct store_txn *txn, const void *object, struct arena *arena,
                              struct json_writer *writer)
{
    return api_write_proposal_object(txn, object, arena, writer);
}

static enum rc write_silence(struct store_txn *txn, const void *object, struct arena *arena,
                             struct json_writer *writer)
{
    (void)txn;
    (void)arena;
    silence_write_json(object, writer);
    return RC_OK;
}

#define AT(type, member_state, member_since)                                                       \
    .state = offsetof(struct type, member_state), .rule = offsetof(struct type, rule),             \
    .since = offsetof(struct type, member_since)

const struct object_kind signal_kind = { .prefix = "sig_",
                                         .table = TABLE_SIGNALS,
                                         .shape = &signal_shape,
                                         .state_names = signal_state_names,
                                         AT(signal, state, last_seen_ms),
                                         .hidden_state = SIGNAL_IDLE,
                                         .write = write_signal };
const struct object_kind task_kind = { .prefix = "tsk_",
                                       .table = TABLE_TASKS,
                                       .shape = &task_shape,
                                       .state_names = task_state_names,
                                       AT(task, state, created_ms),
                                       .hidden_state = NONE_HIDDEN,
                                       .write = write_task };
const struct object_kind proposal_kind = { .prefix = "prp_",
                                           .table = TABLE_PROPOSALS,
                                           .shape = &proposal_shape,
                                           .state_names = proposal_state_names,
                                           AT(proposal, state, updated_ms),
                                           .hidden_state = NONE_HIDDEN,
                                           .write = write_proposal };
const struct object_kind silence_kind = { .prefix = "sil_",
                                          .table = TABLE_SILENCES,
                                          .shape = &silence_shape,
                                          .state_names = silence_state_names,
                                          .state = offsetof(struct silence, state),
                                          .since = offsetof(struct silence, created_ms),
                                          .hidden_state = NONE_HIDDEN,
                                          .write = write_silence };

int object_state(const struct object_kind *kind, const void *object)
{
    int state;

    memcpy(&state, (const char *)object + kind->state, sizeof state);
    return state;
}

struct slice object_rule(const struct object_kind *kind, const void *object)
{
    struct slice rule;

    memcpy(&rule, (const char *)object + kind->rule, sizeof rule);
    return rule;
}

int64_t object_since_ms(const struct object_kind *kind, const void *object)
{
    int64_t since_ms;

    memcpy(&since_ms, (const char *)object + kind->since, sizeof since_ms);
    return since_ms;
}
