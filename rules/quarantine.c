#include "rules/quarantine.h"

#include "src/base/log.h"

#include <stdatomic.h>

static const char remedy[] = "mend the pattern, then `vedette reload`";

enum cell_state { CELL_EMPTY, CELL_BEING_FILLED, CELL_FILLED };

/* The facts may be read once it is filled: they never change again. */
struct cell {
    _Atomic int state; /* enum cell_state */
    struct quarantined facts;
};

struct quarantine {
    _Atomic size_t n_filled;
    struct cell cells[]; /* of each rule, by its index */
};

struct quarantine *quarantine_new(size_t n_rules, struct arena *arena)
{
    return arena_alloc(arena, 1, sizeof(struct quarantine) + n_rules * sizeof(struct cell));
}

size_t quarantine_n_rules(const struct quarantine *quarantine)
{
    return quarantine ? quarantine->n_filled : 0;
}

bool quarantine_has(const struct quarantine *quarantine, const struct rule *rule,
                    struct quarantined *facts)
{
    const struct cell *cell = &quarantine->cells[rule->index];

    if (cell->state != CELL_FILLED)
        return false;
    if (facts)
        *facts = cell->facts;
    return true;
}

void quarantine_put(struct quarantine *quarantine, const struct rule *rule,
                    const struct quarantined *facts)
{
    struct cell *cell = &quarantine->cells[rule->index];
    int empty = CELL_EMPTY;

    if (!atomic_compare_exchange_strong(&cell->state, &empty, CELL_BEING_FILLED))
        return;
    cell->facts = *facts;
    cell->state = CELL_FILLED;
    quarantine->n_filled++;
    log_error("rule is in quarantine: its patterns took too long on one event rule=%.*s "
              "file=%.*s line=%u took_ms=%lld limit_ms=%lld pattern=\"%.*s\" remedy=\"%s\"",
              SLICE_ARG(rule->id), SLICE_ARG(rule->mark.file), rule->mark.line,
              (long long)(facts->took_ns / 1000000), (long long)(QUARANTINE_NS / 1000000),
              SLICE_ARG(facts->pattern), remedy);
}

void quarantined_write(const struct quarantined *facts, struct json_writer *writer)
{
    json_member_int(writer, "took_ms", facts->took_ns / 1000000);
    json_member_int(writer, "limit_ms", QUARANTINE_NS / 1000000);
    json_member_time(writer, "at", facts->at_ms);
    json_member_text(writer, "pattern", facts->pattern);
    json_member_text(writer, "remedy", slice_of(remedy));
}
