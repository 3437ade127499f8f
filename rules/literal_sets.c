#include "rules/literal.h"

#include <string.h>

/* More alternatives than this are found in too many texts, and cost too much table. */
#define ALTERNATIVES_MAX 128
/* Beyond it, another byte tells no more. */
#define WORTH_MAX 160

static unsigned worth_of_byte(unsigned char byte)
{
    unsigned char folded = literal_fold(byte);

    if (folded >= 'a' && folded <= 'z')
        return 4;
    if (byte >= '0' && byte <= '9')
        return 3;
    return byte == ' ' ? 1 : 2;
}

static unsigned worth_of_literal(struct slice bytes)
{
    unsigned worth = 0;

    for (size_t i = 0; i < bytes.len; i++)
        worth += worth_of_byte((unsigned char)bytes.ptr[i]);
    return worth < WORTH_MAX ? worth : WORTH_MAX;
}

static void add_set(struct literal_sets *sets, const struct literal_set *set)
{
    size_t place = sets->n_items;

    while (place && sets->items[place - 1].worth < set->worth)
        place--;
    if (place == LITERAL_SETS_MAX)
        return;
    if (sets->n_items < LITERAL_SETS_MAX)
        sets->n_items++;
    memmove(&sets->items[place + 1], &sets->items[place],
            (sets->n_items - place - 1) * sizeof(*sets->items));
    sets->items[place] = *set;
}

void literal_sets_join(struct literal_sets *sets, const struct literal_sets *from)
{
    for (size_t i = 0; i < from->n_items; i++)
        add_set(sets, &from->items[i]);
}

static size_t room_for(size_t n_items)
{
    size_t n_room = 1;

    while (n_room < n_items)
        n_room *= 2;
    return n_room;
}

/* Lists have room for the next power of two. The weakest alternative is what the set is worth. */
static enum rc unite_two(struct literal_set *set, const struct literal_set *other,
                         struct arena *arena)
{
    size_t n_room = room_for(set->n_items + other->n_items);
    struct literal *items = set->items;

    if (n_room > room_for(set->n_items)) {
        items = arena_alloc(arena, n_room, sizeof(*items));
        if (!items)
            return RC_NO_MEMORY;
        memcpy(items, set->items, set->n_items * sizeof(*items));
    }
    memcpy(items + set->n_items, other->items, other->n_items * sizeof(*items));
    set->items = items;
    set->n_items += other->n_items;
    if (other->worth < set->worth)
        set->worth = other->worth;
    if (set->worth > 1)
        set->worth--;
    return RC_OK;
}

/* The first of each, the second of each: whichever side holds, one of each pair stands in the text. */
enum rc literal_sets_unite(struct literal_sets *sets, const struct literal_sets *other,
                           struct arena *arena)
{
    struct literal_sets united = { 0 };

    for (size_t i = 0; i < sets->n_items && i < other->n_items; i++) {
        struct literal_set set = sets->items[i];

        if (set.n_items + other->items[i].n_items > ALTERNATIVES_MAX)
            continue;
        if (unite_two(&set, &other->items[i], arena))
            return RC_NO_MEMORY;
        add_set(&united, &set);
    }
    *sets = united;
    return RC_OK;
}

enum rc literal_sets_add(struct literal_sets *sets, struct slice bytes, bool is_caseless,
                         struct arena *arena)
{
    struct literal_set set = { .n_items = 1 };

    if (bytes.len < LITERAL_MIN_BYTES)
        return RC_OK;
    if (bytes.len > LITERAL_MAX_BYTES)
        bytes.len = LITERAL_MAX_BYTES;
    set.worth = worth_of_literal(bytes);
    set.items = arena_alloc(arena, 1, sizeof(*set.items));
    if (!set.items || arena_copy(arena, bytes, &set.items->bytes))
        return RC_NO_MEMORY;
    set.items->is_caseless = is_caseless;
    add_set(sets, &set);
    return RC_OK;
}

enum rc literal_read_text(struct slice text, struct arena *arena, struct literal_sets *sets)
{
    *sets = (struct literal_sets){ 0 };
    return literal_sets_add(sets, text, false, arena);
}
