#include "rules/conditions/timeline.h"

#include "rules/conditions/window.h"

#include <endian.h>
#include <string.h>

#define CELL_BYTES sizeof(uint64_t)
#define WHAT_BITS 16
#define WHAT_MASK 0xffffU

/* Nothing happened before 1970; a time of 0 is none. */
static uint64_t entry_of(int64_t time_ms, unsigned what)
{
    uint64_t time = time_ms > 0 ? (uint64_t)time_ms : 1;

    return htobe64(time << WHAT_BITS | (what & WHAT_MASK));
}

static int64_t time_of(uint64_t entry)
{
    return (int64_t)(be64toh(entry) >> WHAT_BITS);
}

static void take_registers(const char *bytes, size_t n_registers, int64_t *registers)
{
    for (size_t i = 0; i < n_registers; i++) {
        uint64_t cell;

        memcpy(&cell, bytes + i * CELL_BYTES, CELL_BYTES);
        registers[i] = (int64_t)be64toh(cell);
    }
}

enum rc timeline_take(const struct timeline_machine *machine, struct slice state,
                      struct arena *arena, struct timeline *timeline)
{
    size_t n_registers = machine->n_registers;
    size_t n_cells = state.len / CELL_BYTES;
    bool is_stored = n_cells >= 2 * n_registers && state.len % CELL_BYTES == 0;
    size_t n_entries = is_stored ? n_cells - 2 * n_registers : 0;

    timeline->machine = machine;
    timeline->n_entries = n_entries;
    timeline->settled = arena_alloc(arena, 2 * n_registers, sizeof(*timeline->settled));
    timeline->entries = arena_alloc(arena, n_entries + 1 + 2 * n_registers, CELL_BYTES);
    if (!timeline->settled || !timeline->entries)
        return RC_NO_MEMORY;
    timeline->now = timeline->settled + n_registers;
    if (n_entries)
        memcpy(timeline->entries, state.ptr, n_entries * CELL_BYTES);
    if (is_stored)
        take_registers(state.ptr + n_entries * CELL_BYTES, 2 * n_registers, timeline->settled);
    return RC_OK;
}

static void show(const struct timeline *timeline, int64_t *registers, uint64_t entry)
{
    const struct timeline_machine *machine = timeline->machine;

    machine->step(machine->spec, registers, time_of(entry), be64toh(entry) & WHAT_MASK);
}

static bool changes_nothing(const struct timeline *timeline, size_t at, uint64_t entry,
                            unsigned what)
{
    bool is_alone = (what & (what - 1)) == 0 && what & timeline->machine->idle_twice;

    return is_alone && at > 0 && timeline->entries[at - 1] == entry;
}

static void run_again(struct timeline *timeline)
{
    memcpy(timeline->now, timeline->settled,
           timeline->machine->n_registers * sizeof(*timeline->now));
    for (size_t i = 0; i < timeline->n_entries; i++)
        show(timeline, timeline->now, timeline->entries[i]);
}

void timeline_add(struct timeline *timeline, int64_t time_ms, unsigned what)
{
    uint64_t entry = entry_of(time_ms, what);
    size_t at = timeline->n_entries;

    while (at > 0 && time_of(timeline->entries[at - 1]) > time_of(entry))
        at--;
    if (changes_nothing(timeline, at, entry, what))
        return;
    memmove(&timeline->entries[at + 1], &timeline->entries[at],
            (timeline->n_entries - at) * CELL_BYTES);
    timeline->entries[at] = entry;
    if (at == timeline->n_entries++)
        show(timeline, timeline->now, entry);
    else
        run_again(timeline);
}

static void settle_first(struct timeline *timeline)
{
    show(timeline, timeline->settled, timeline->entries[0]);
    timeline->entries++;
    timeline->n_entries--;
}

bool timeline_settle(struct timeline *timeline, int64_t oldest_ms)
{
    bool has_too_many;

    while (timeline->n_entries && time_of(timeline->entries[0]) <= oldest_ms)
        settle_first(timeline);
    has_too_many = timeline->n_entries > WINDOW_ENTRIES_MAX;
    while (timeline->n_entries > WINDOW_ENTRIES_MAX)
        settle_first(timeline);
    return has_too_many;
}

bool timeline_rest(const struct timeline *timeline, const struct condition_input *input,
                   struct condition_result *result)
{
    int64_t until_ms = timeline->n_entries ? input->newest_ms + input->lateness_ms : 0;

    result->verdict = CONDITION_RESTS;
    if (until_ms <= input->key_now_ms)
        return false;
    result->due_ms = condition_due(input, until_ms);
    return true;
}

struct slice timeline_store(struct timeline *timeline)
{
    size_t n_registers = timeline->machine->n_registers;
    uint64_t *cells = timeline->entries;
    size_t n_cells = timeline->n_entries;

    for (size_t i = 0; i < 2 * n_registers; i++)
        cells[n_cells++] = htobe64((uint64_t)timeline->settled[i]);
    return (struct slice){ (const char *)cells, n_cells * CELL_BYTES };
}
