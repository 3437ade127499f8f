#include "src/store/tasks.h"

const char *const task_state_names[] = { "queued", "running", "done", "failed", "withdrawn", NULL };
const char *const evidence_state_names[] = { "waiting", "held", "failed", NULL };
const char *const diagnosis_status_names[] = { "unresolved",      "reproduced_symptom",
                                               "narrowed_cause",  "likely_cause",
                                               "confirmed_cause", NULL };

/* clang-format off */
#define AT(member) .offset = offsetof(struct evidence, member)
static const struct record_field evidence_fields[] = {
    { .tag = 1,  .type = RECORD_TEXT, .name = "id", AT(id) },
    { .tag = 2,  .type = RECORD_TEXT, .name = "kind", AT(kind) },
    { .tag = 3,  .type = RECORD_TEXT, .name = "source", AT(source) },
    { .tag = 4,  .type = RECORD_ENUM, .name = "state", .names = evidence_state_names, AT(state) },
    { .tag = 5,  .type = RECORD_TIME, .name = "captured_at", AT(captured_ms) },
    { .tag = 6,  .type = RECORD_TEXT, .name = "text", AT(text) },
    { .tag = 7,  .type = RECORD_BOOL, .name = "truncated", .always = true, AT(truncated) },
    { .tag = 8,  .type = RECORD_INT,  .name = "bytes", .always = true, AT(bytes) },
    { .tag = 9,  .type = RECORD_TEXT, .name = "sha256", AT(sha256) },
    { .tag = 10, .type = RECORD_INT,  .name = "exit_code", .always = true,
      .only_with = offsetof(struct evidence, exited), AT(exit_code) },
    { .tag = 11, .type = RECORD_TEXT, .name = "error", AT(error) },
    { .tag = 12, .type = RECORD_INT,  AT(exited) },
    { .tag = 13, .type = RECORD_TEXT, AT(finding) },
};
#undef AT
const struct record_shape evidence_shape = RECORD_SHAPE(evidence, evidence_fields);

#define AT(member) .offset = offsetof(struct fact, member)
static const struct record_field fact_fields[] = {
    { .tag = 1, .type = RECORD_TEXT,  .name = "text", AT(text) },
    { .tag = 2, .type = RECORD_TEXTS, .name = "evidence", .always = true, AT(evidence) },
};
#undef AT
static const struct record_shape fact_shape = RECORD_SHAPE(fact, fact_fields);

#define AT(member) .offset = offsetof(struct hypothesis, member)
static const struct record_field hypothesis_fields[] = {
    { .tag = 1, .type = RECORD_TEXT,  .name = "text", AT(text) },
    { .tag = 2, .type = RECORD_TEXTS, .name = "for", .always = true, AT(supports) },
    { .tag = 3, .type = RECORD_TEXTS, .name = "against", .always = true, AT(refutes) },
    { .tag = 4, .type = RECORD_TEXT,  .name = "result", AT(result) },
};
#undef AT
static const struct record_shape hypothesis_shape = RECORD_SHAPE(hypothesis, hypothesis_fields);

#define AT(member) .offset = offsetof(struct conclusion, member)
static const struct record_field conclusion_fields[] = {
    { .tag = 1, .type = RECORD_TEXT, .name = "text", AT(text) },
    { .tag = 2, .type = RECORD_TEXT, .name = "boundary", AT(boundary) },
    { .tag = 3, .type = RECORD_REAL, .name = "confidence", .always = true, AT(confidence) },
};
#undef AT
static const struct record_shape conclusion_shape = RECORD_SHAPE(conclusion, conclusion_fields);

#define AT(member) .offset = offsetof(struct diagnosis, member)
static const struct record_field diagnosis_fields[] = {
    { .tag = 1, .type = RECORD_ENUM,   .name = "status", .names = diagnosis_status_names, AT(status) },
    { .tag = 2, .type = RECORD_TEXT,   .name = "title", AT(title) },
    { .tag = 3, .type = RECORD_TEXT,   .name = "summary", AT(summary) },
    { .tag = 4, .type = RECORD_LIST,   .name = "facts", .always = true, .shape = &fact_shape, AT(facts) },
    { .tag = 5, .type = RECORD_LIST,   .name = "hypotheses", .always = true, .shape = &hypothesis_shape, AT(hypotheses) },
    { .tag = 6, .type = RECORD_STRUCT, .name = "conclusion", .shape = &conclusion_shape, AT(conclusion) },
    { .tag = 7, .type = RECORD_TEXTS,  .name = "proof_gaps", .always = true, AT(proof_gaps) },
    { .tag = 8, .type = RECORD_TEXT,   .name = "next_evidence", AT(next_evidence) },
    { .tag = 9, .type = RECORD_TEXT,   .name = "by", AT(by) },
};
#undef AT
const struct record_shape diagnosis_shape = RECORD_SHAPE(diagnosis, diagnosis_fields);

#define AT(member) .offset = offsetof(struct task_scope, member)
static const struct record_field scope_fields[] = {
    { .tag = 1, .type = RECORD_TEXTS, .name = "in", AT(in) },
    { .tag = 2, .type = RECORD_TEXTS, .name = "out", AT(out) },
};
#undef AT
static const struct record_shape scope_shape = RECORD_SHAPE(task_scope, scope_fields);

#define AT(member) .offset = offsetof(struct task, member)
static const struct record_field task_fields[] = {
    { .tag = 1,  .type = RECORD_ID,     .name = "id", .prefix = "tsk_", AT(id) },
    { .tag = 2,  .type = RECORD_IDS,    .name = "signals", .prefix = "sig_", .always = true, AT(signals) },
    { .tag = 3,  .type = RECORD_TEXT,   .name = "rule", AT(rule) },
    { .tag = 4,  .type = RECORD_TEXT,   .name = "rule_version", AT(rule_version) },
    { .tag = 5,  .type = RECORD_INT,    .name = "episode", AT(episode) },
    { .tag = 6,  .type = RECORD_TEXT,   .name = "question", AT(question) },
    { .tag = 7,  .type = RECORD_STRUCT, .name = "scope", .shape = &scope_shape, AT(scope) },
    { .tag = 8,  .type = RECORD_TEXTS,  .name = "constraints", AT(constraints) },
    { .tag = 9,  .type = RECORD_TEXTS,  .name = "criteria", AT(criteria) },
    { .tag = 10, .type = RECORD_TEXTS,  .name = "allow", AT(allow) },
    { .tag = 11, .type = RECORD_ENUM,   .name = "state", .names = task_state_names, AT(state) },
    { .tag = 12, .type = RECORD_TEXT,   .name = "reason", AT(reason) },
    { .tag = 13, .type = RECORD_INT,    .name = "attempt", AT(attempt) },
    { .tag = 14, .type = RECORD_TIME,   .name = "created", AT(created_ms) },
    { .tag = 15, .type = RECORD_TIME,   .name = "started", AT(started_ms) },
    { .tag = 16, .type = RECORD_TIME,   .name = "finished", AT(finished_ms) },
    { .tag = 17, .type = RECORD_TIME,   .name = "deadline", AT(deadline_ms) },
    { .tag = 18, .type = RECORD_LIST,   .name = "evidence", .always = true, .shape = &evidence_shape, AT(evidence) },
    { .tag = 20, .type = RECORD_TEXT,   AT(event) },
    { .tag = 19, .type = RECORD_STRUCT, .name = "diagnosis", .shape = &diagnosis_shape, AT(diagnosis) },
    { .tag = 21, .type = RECORD_ID,     AT(group) },
};
#undef AT
/* clang-format on */
const struct record_shape task_shape = RECORD_SHAPE(task, task_fields);

enum rc task_put(struct store_txn *txn, const struct task *task)
{
    return object_put(txn, TABLE_TASKS, &task_shape, task->id, task);
}

enum rc task_get(struct store_txn *txn, struct ulid id, struct arena *arena, struct task *task)
{
    return object_get(txn, TABLE_TASKS, &task_shape, id, arena, task);
}
