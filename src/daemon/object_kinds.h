/* object_kinds.h - signals, tasks, proposals and silences as rows of one table: what lists and single answers need to know of each. */
#pragma once

#include "src/daemon/api_objects.h"

#define NONE_HIDDEN (-1)

struct object_kind {
    const char *prefix;
    enum store_table table;
    const struct record_shape *shape;
    const char *const *state_names;
    size_t state, rule,
        since; /* offsets: an enum, a slice (0: it has no rule), the time that ?since= asks for */
    int hidden_state; /* shown only to who asks for it; NONE_HIDDEN */
    /* One object as the API shows it. */
    enum rc (*write)(struct store_txn *txn, const void *object, struct arena *arena,
                     struct json_writer *writer);
};

extern const struct object_kind signal_kind;
extern const struct object_kind task_kind;
extern const struct object_kind proposal_kind;
extern const struct object_kind silence_kind;

/* Room for an object of any kind. */
union any_object {
    struct signal signal;
    struct task task;
    struct proposal proposal;
    struct silence silence;
};

int object_state(const struct object_kind *kind, const void *object);
struct slice object_rule(const struct object_kind *kind, const void *object);
int64_t object_since_ms(const struct object_kind *kind, const void *object);
