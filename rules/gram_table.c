#include "rules/gram_private.h"

#include <stdlib.h>

#define BITMAP_MIN_BITS 14
/* Bits for each gram: with one in many set, few probes of foreign text go on. */
#define BITS_A_GRAM 128

/* -- windows -- */

/* The literals of one layer, those that share a window side by side. */
struct windowing {
    const struct gram_choice *choice;
    struct gram_layer *layer;
    size_t window_bytes; /* stride + width - 1 */
};

/* qsort has no context; each member has all that tells its window. */
struct sorted_member {
    struct gram_member member;
    const struct literal *literal;
    size_t window_bytes;
};

static int compare_classes(const struct sorted_member *left, const struct sorted_member *right)
{
    for (size_t i = 0; i < left->window_bytes; i++) {
        struct byte_set a = literal_class(left->literal, left->member.offset + i);
        struct byte_set b = literal_class(right->literal, right->member.offset + i);
        int order;

        a = byte_set_folded(&a);
        b = byte_set_folded(&b);
        order = memcmp(&a, &b, sizeof(a));
        if (order)
            return order;
    }
    return 0;
}

static int compare_bytes(const struct sorted_member *left, const struct sorted_member *right)
{
    const char *a = left->literal->bytes.ptr + left->member.offset;
    const char *b = right->literal->bytes.ptr + right->member.offset;

    for (size_t i = 0; i < left->window_bytes; i++) {
        int order = (a[i] | 0x20) - (b[i] | 0x20);

        if (order)
            return order;
    }
    return 0;
}

static int compare_windows(const struct sorted_member *left, const struct sorted_member *right)
{
    bool has_classes = left->literal->classes;

    if (has_classes != (right->literal->classes != NULL))
        return has_classes ? 1 : -1;
    return has_classes ? compare_classes(left, right) : compare_bytes(left, right);
}

static int compare_members(const void *a, const void *b)
{
    const struct sorted_member *left = a;
    const struct sorted_member *right = b;
    int order = compare_windows(left, right);

    if (order)
        return order;
    return left->member.literal < right->member.literal ? -1 : 1;
}

static size_t list_members(const struct windowing *windowing, struct sorted_member *sorted)
{
    const struct gram_choice *choice = windowing->choice;
    bool is_narrow = windowing->layer->width < GRAM_BYTES;
    size_t n = 0;

    for (size_t i = 0; i < choice->n_literals; i++) {
        if (gram_is_short(&choice->literals[i]) != is_narrow)
            continue;
        sorted[n] = (struct sorted_member){ .member = { .literal = (uint32_t)i,
                                                        .offset = choice->offsets[i] },
                                            .literal = &choice->literals[i],
                                            .window_bytes = windowing->window_bytes };
        gram_choose_check(choice, &sorted[n].member, windowing->layer->width,
                          windowing->window_bytes);
        n++;
    }
    if (n)
        qsort(sorted, n, sizeof(*sorted), compare_members);
    return n;
}

static void list_windows(struct gram_layer *layer, const struct sorted_member *sorted, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || compare_windows(&sorted[i - 1], &sorted[i]) != 0)
            layer->first_member[layer->n_windows++] = (uint32_t)i;
        layer->members[i] = sorted[i].member;
    }
    layer->first_member[layer->n_windows] = (uint32_t)n;
    layer->n_members = n;
}

static enum rc make_windows(const struct windowing *windowing, struct arena *arena)
{
    size_t n_literals = windowing->choice->n_literals;
    struct sorted_member *sorted = calloc(n_literals + 1, sizeof(*sorted));
    struct gram_layer *layer = windowing->layer;
    enum rc rc = RC_NO_MEMORY;
    size_t n;

    if (!sorted)
        return rc;
    n = list_members(windowing, sorted);
    layer->members = arena_alloc(arena, n + 1, sizeof(*layer->members));
    layer->first_member = arena_alloc(arena, n + 1, sizeof(*layer->first_member));
    if (layer->members && layer->first_member) {
        list_windows(layer, sorted, n);
        rc = RC_OK;
    }
    free(sorted);
    return rc;
}

/* -- the grams of a window -- */

static const struct literal *literal_of(const struct gram_table *table,
                                        const struct gram_layer *layer, size_t window)
{
    return &table->literals[layer->members[layer->first_member[window]].literal];
}

static size_t count_grams(const struct gram_table *table, const struct gram_layer *layer)
{
    size_t n_grams = 0;

    for (size_t i = 0; i < layer->n_windows; i++) {
        const struct literal *literal = literal_of(table, layer, i);
        size_t offset = layer->members[layer->first_member[i]].offset;

        for (size_t step = 0; step < layer->stride; step++)
            n_grams += literal_expansions(literal, offset + step);
    }
    return n_grams;
}

/* Every text that the window's bytes from one on stand for; the last place turns fastest. */
static void add_grams(struct gram_layer *layer, const struct byte_set *folded, uint32_t gram,
                      size_t place, struct gram_entry entry)
{
    if (place == layer->width) {
        entry.folded = gram | GRAM_FOLD;
        layer->entries[layer->n_entries++] = entry;
        return;
    }
    for (unsigned byte = 0; byte < 256; byte++) {
        if (byte_set_has(&folded[place], (unsigned char)byte))
            add_grams(layer, folded, gram | (uint32_t)byte << (8 * place), place + 1, entry);
    }
}

static void add_window(struct gram_layer *layer, const struct literal *literal, size_t window)
{
    size_t offset = layer->members[layer->first_member[window]].offset;

    for (size_t step = 0; step < layer->stride; step++) {
        struct byte_set folded[GRAM_BYTES];

        for (size_t i = 0; i < layer->width; i++) {
            folded[i] = literal_class(literal, offset + step + i);
            folded[i] = byte_set_folded(&folded[i]);
        }
        add_grams(layer, folded, 0, 0,
                  (struct gram_entry){ .window = (uint32_t)window, .step = (uint16_t)step });
    }
}

/* -- bitmap and buckets -- */

static unsigned bits_for(size_t n, unsigned at_least, size_t at_most)
{
    unsigned bits = at_least;

    while (((size_t)1 << bits) < at_most && ((size_t)1 << bits) < n)
        bits++;
    return bits;
}

static void fill_bitmap(struct gram_layer *layer)
{
    for (size_t i = 0; i < layer->n_entries; i++) {
        uint32_t bit = gram_hash(layer->entries[i].folded) >> layer->bitmap_shift;

        layer->bitmap[bit / 32] |= (uint32_t)1 << (bit % 32);
    }
}

/* Orders the entries by their bucket: counted, summed up, put in place from the back. */
static void fill_buckets(struct gram_layer *layer, size_t n_buckets, struct gram_entry *sorted)
{
    for (size_t i = 0; i < layer->n_entries; i++)
        layer->buckets[gram_hash(layer->entries[i].folded) >> layer->bucket_shift]++;
    for (size_t i = 1; i <= n_buckets; i++)
        layer->buckets[i] += layer->buckets[i - 1];
    for (size_t i = layer->n_entries; i-- > 0;) {
        uint32_t bucket = gram_hash(layer->entries[i].folded) >> layer->bucket_shift;

        sorted[--layer->buckets[bucket]] = layer->entries[i];
    }
}

static enum rc index_layer(struct gram_layer *layer, struct arena *arena)
{
    unsigned bitmap_bits =
        bits_for(BITS_A_GRAM * layer->n_entries, BITMAP_MIN_BITS, GRAM_BITMAP_MAX_BITS);
    unsigned bucket_bits = bits_for(2 * layer->n_entries, 4, (size_t)1 << 24);
    struct gram_entry *sorted = arena_alloc(arena, layer->n_entries, sizeof(*sorted));

    layer->bitmap = arena_alloc(arena, ((size_t)1 << bitmap_bits) / 32, sizeof(*layer->bitmap));
    layer->buckets = arena_alloc(arena, ((size_t)1 << bucket_bits) + 1, sizeof(*layer->buckets));
    if (!sorted || !layer->bitmap || !layer->buckets)
        return RC_NO_MEMORY;
    layer->bitmap_shift = 32 - bitmap_bits;
    layer->bucket_shift = 32 - bucket_bits;
    fill_bitmap(layer);
    fill_buckets(layer, (size_t)1 << bucket_bits, sorted);
    layer->entries = sorted;
    return RC_OK;
}

static enum rc make_layer(const struct gram_table *table, const struct gram_choice *choice,
                          struct gram_layer *layer, struct arena *arena)
{
    struct windowing windowing = { .choice = choice,
                                   .layer = layer,
                                   .window_bytes = layer->stride + layer->width - 1 };
    struct gram_entry *entries;
    size_t n_grams;
    enum rc rc = make_windows(&windowing, arena);

    if (rc || !layer->n_windows)
        return rc;
    n_grams = count_grams(table, layer);
    if (n_grams > GRAM_TABLE_MAX)
        return RC_LIMIT;
    entries = calloc(n_grams, sizeof(*entries));
    if (!entries)
        return RC_NO_MEMORY;
    layer->entries = entries;
    for (size_t i = 0; i < layer->n_windows; i++)
        add_window(layer, literal_of(table, layer, i), i);
    rc = index_layer(layer, arena);
    free(entries);
    return rc;
}

enum rc gram_table_new(const struct literal *literals, size_t n_literals,
                       const struct gram_frequency *frequency, struct arena *arena,
                       struct gram_table **table)
{
    struct gram_table *made = arena_alloc(arena, 1, sizeof(*made));
    struct gram_choice choice = { .literals = literals,
                                  .n_literals = n_literals,
                                  .frequency = frequency };
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    rc = gram_choose(&choice, arena);
    *made = (struct gram_table){ .literals = literals,
                                 .n_literals = n_literals,
                                 .wide = { .width = GRAM_BYTES, .stride = choice.stride },
                                 .narrow = { .width = SHORT_BYTES, .stride = 1 } };
    if (!rc)
        rc = make_layer(made, &choice, &made->wide, arena);
    if (!rc)
        rc = make_layer(made, &choice, &made->narrow, arena);
    free(choice.holders);
    if (!rc)
        *table = made;
    return rc;
}
