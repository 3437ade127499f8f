#include "rules/literal.h"

#include <string.h>

/* A class of so many bytes at most is worth this much. */
static const struct {
    unsigned n_bytes, worth;
} class_worths[] = { { 4, 3 }, { 10, 2 }, { 40, 1 } };

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
    set->or_escape |= other->or_escape;
    set->or_exponent |= other->or_exponent;
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

/* -- literals of classes -- */

static unsigned worth_of_class(const struct byte_set *class)
{
    unsigned n_bytes = byte_set_count(class);

    if (n_bytes == 1)
        return worth_of_byte(byte_set_first(class));
    for (size_t i = 0; i < sizeof(class_worths) / sizeof(*class_worths); i++)
        if (n_bytes <= class_worths[i].n_bytes)
            return class_worths[i].worth;
    return 0;
}

static bool has_window(const struct literal *literal)
{
    for (size_t i = 0; i + LITERAL_WINDOW_BYTES <= literal->bytes.len; i++)
        if (literal_expansions(literal, i) <= LITERAL_MAX_EXPANSIONS)
            return true;
    return false;
}

enum rc literal_sets_add_classes(struct literal_sets *sets, const struct byte_set *classes,
                                 size_t n_classes, struct arena *arena)
{
    struct literal literal = { .bytes = { .len = n_classes }, .classes = classes };
    struct literal_set set = { .n_items = 1 };
    struct byte_set *copy;

    if (!has_window(&literal))
        return RC_OK;
    for (size_t i = 0; i < n_classes; i++)
        set.worth += worth_of_class(&classes[i]);
    copy = arena_alloc(arena, n_classes, sizeof(*copy));
    set.items = arena_alloc(arena, 1, sizeof(*set.items));
    if (!copy || !set.items)
        return RC_NO_MEMORY;
    memcpy(copy, classes, n_classes * sizeof(*copy));
    literal.classes = copy;
    *set.items = literal;
    add_set(sets, &set);
    return RC_OK;
}

/* -- texts of members -- */

/* What may be written as an escape in JSON, logfmt or a structured element; and what is read as another byte where it is not UTF-8. */
static bool may_be_escaped(unsigned char byte)
{
    return byte < 0x20 || byte >= 0x7f || strchr("\"\\/]", byte);
}

static struct slice longest_verbatim(struct slice bytes)
{
    struct slice best = { bytes.ptr, 0 };

    for (size_t begin = 0, end; begin < bytes.len; begin = end + 1) {
        for (end = begin; end < bytes.len && !may_be_escaped((unsigned char)bytes.ptr[end]); end++)
            ;
        if (end - begin > best.len)
            best = (struct slice){ bytes.ptr + begin, end - begin };
    }
    return best;
}

/* Of logfmt, a name alone has the value true. */
static bool may_be_unwritten(struct slice bytes)
{
    return memmem("true", 4, bytes.ptr, bytes.len) != NULL;
}

/* It may be all that is asked of a number, or a part of it. */
static bool may_be_of_number(struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (!bytes.ptr[i] || !strchr("0123456789.-eE", bytes.ptr[i]))
            return false;
    }
    return true;
}

static bool keep_verbatim(struct literal_set *set)
{
    for (size_t i = 0; i < set->n_items; i++) {
        struct literal *literal = &set->items[i];

        if (literal->classes)
            return false;
        literal->bytes = longest_verbatim(literal->bytes);
        if (literal->bytes.len < LITERAL_MIN_BYTES || may_be_unwritten(literal->bytes))
            return false;
        set->or_exponent |= may_be_of_number(literal->bytes);
    }
    set->or_escape = true;
    return true;
}

void literal_sets_keep_verbatim(struct literal_sets *sets)
{
    size_t n_kept = 0;

    for (size_t i = 0; i < sets->n_items; i++)
        if (keep_verbatim(&sets->items[i]))
            sets->items[n_kept++] = sets->items[i];
    sets->n_items = n_kept;
}

enum rc literal_read_text(struct slice text, struct arena *arena, struct literal_sets *sets)
{
    *sets = (struct literal_sets){ 0 };
    return literal_sets_add(sets, text, false, arena);
}
