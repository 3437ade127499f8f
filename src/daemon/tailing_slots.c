/* Batches on their way to the engine: a bounded number, each with memory of its own. */
#include "src/daemon/tailing_private.h"

#include <string.h>

#define SLOT_ARENA_BYTES ((size_t)16 << 20)
#define SLOT_KEPT_BYTES ((size_t)512 << 10) /* what a slot needed more is given back */

struct slot *tailing_take_slot(struct tailing *tailing)
{
    struct slot *slot;

    pthread_mutex_lock(&tailing->slots_lock);
    slot = tailing->free_slots;
    if (slot) {
        tailing->free_slots = slot->next;
        tailing->n_free--;
    }
    pthread_mutex_unlock(&tailing->slots_lock);
    return slot;
}

void tailing_give_slot(struct slot *slot)
{
    struct tailing *tailing = slot->tailing;

    if (slot->body.cap > SLOT_KEPT_BYTES)
        buffer_free(&slot->body);
    pthread_mutex_lock(&tailing->slots_lock);
    slot->next = tailing->free_slots;
    tailing->free_slots = slot;
    tailing->n_free++;
    pthread_mutex_unlock(&tailing->slots_lock);
}

size_t tailing_count_free(struct tailing *tailing)
{
    size_t n_free;

    pthread_mutex_lock(&tailing->slots_lock);
    n_free = tailing->n_free;
    pthread_mutex_unlock(&tailing->slots_lock);
    return n_free;
}

/* On the engine's thread: they are stored, or dropped because we stop. */
static void lines_done(struct inlet_lines *lines, enum rc rc)
{
    struct slot *slot = lines->context;
    struct tailing *tailing = slot->tailing;

    (void)rc;
    tailing_give_slot(slot);
    tailing_wake(tailing);
}

enum rc tailing_make_slots(struct tailing *tailing)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; i < TAILING_SLOTS && !rc; i++) {
        struct slot *slot = &tailing->slots[i];

        slot->tailing = tailing;
        slot->lines = (struct inlet_lines){ .done = lines_done, .context = slot };
        buffer_init(&slot->body, 0);
        rc = arena_new(SLOT_ARENA_BYTES, &slot->arena);
        tailing_give_slot(slot);
    }
    return rc;
}

void tailing_free_slots(struct tailing *tailing)
{
    for (size_t i = 0; i < TAILING_SLOTS; i++) {
        buffer_free(&tailing->slots[i].body);
        arena_free(tailing->slots[i].arena);
    }
}

/* -- what is in them -- */

static enum rc copy_row(struct arena *arena, const struct file_offset *row,
                        struct file_offset *copy)
{
    struct slice *const texts[] = { &copy->watcher, &copy->path, &copy->live_path,
                                    &copy->head,    &copy->tail, &copy->cursor };
    enum rc rc = RC_OK;

    *copy = *row;
    for (size_t i = 0; i < sizeof texts / sizeof *texts && !rc; i++)
        rc = arena_copy(arena, *texts[i], texts[i]);
    return rc;
}

static enum rc copy_rows(struct slot *slot, const struct log_rows *rows)
{
    struct file_offset *copies = arena_alloc(slot->arena, rows->n_rows + 1, sizeof *copies);
    struct ulid *forgotten = arena_alloc(slot->arena, rows->n_forgotten + 1, sizeof *forgotten);
    enum rc rc = copies && forgotten ? RC_OK : RC_NO_MEMORY;

    for (size_t i = 0; i < rows->n_rows && !rc; i++)
        rc = copy_row(slot->arena, &rows->rows[i], &copies[i]);
    if (rc)
        return rc;
    if (rows->n_forgotten)
        memcpy(forgotten, rows->forgotten, rows->n_forgotten * sizeof *forgotten);
    slot->lines.item = (struct engine_lines){ .offsets = copies,
                                              .n_offsets = rows->n_rows,
                                              .forgotten = forgotten,
                                              .n_forgotten = rows->n_forgotten };
    return RC_OK;
}

static enum rc pack(struct slot *slot, struct slice watcher, const struct log_lines *lines)
{
    enum rc rc;

    buffer_clear(&slot->body);
    rc = log_lines_encode(lines, &slot->body);
    if (rc)
        return rc;
    slot->entry = (struct journal_entry){ .door = DOOR_DATA,
                                          .type = SLICE(LOG_ENTRY_TYPE),
                                          .received_ms = clock_wall_ms(),
                                          .body = buffer_slice(&slot->body) };
    slot->lines.item.entry = &slot->entry;
    /* The name outlives its configuration here. */
    return arena_copy(slot->arena, watcher, &slot->entry.watcher);
}

/* Memory that is short comes back: what was read is still in its file, and the slot is free again. */
static enum rc push(struct slot *slot, enum rc rc)
{
    if (!rc)
        rc = inlet_push_lines(service_inlet(slot->tailing->service), &slot->lines);
    if (rc)
        tailing_give_slot(slot);
    return rc ? RC_BUSY : RC_OK;
}

enum rc tailing_push_lines(struct slot *slot, struct slice watcher, const struct log_lines *lines,
                           const struct file_offset *row)
{
    const struct log_rows rows = { .rows = row, .n_rows = row ? 1 : 0 };
    enum rc rc;

    arena_reset(slot->arena);
    rc = copy_rows(slot, &rows);
    if (!rc)
        rc = pack(slot, watcher, lines);
    return push(slot, rc);
}

enum rc tailing_push_rows(struct slot *slot, const struct log_rows *rows)
{
    arena_reset(slot->arena);
    return push(slot, copy_rows(slot, rows));
}
