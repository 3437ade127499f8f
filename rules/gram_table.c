#include "rules/gram_table.h"

#include <string.h>

#define STRIDE_MAX 4
#define BITMAP_MIN_BITS 14
#define BITMAP_MAX_BITS 20 /* 128 KiB: more would not stay in a core's cache */
/* Bits for each gram: with one in many set, few probes of foreign text go on. */
#define BITS_A_GRAM 64
#define COUNT_BITS 16

/* Of text that is in small letters or in capitals alike; other bytes are mapped onto each other, which costs nothing but a comparison. */
#define FOLD_MASK 0x20202020U
#define HASH_FACTOR 0x9E3779B1U

struct gram {
    uint32_t folded;
    uint32_t literal;
    uint16_t offset; /* in the literal */
    uint16_t check_offset;
    uint32_t check; /* another gram of the literal, that tells it from those that share this one */
};

/* One pass: grams of one width, probed for at one stride. */
struct layer {
    unsigned bitmap_shift;
    unsigned bucket_shift;
    uint64_t *bitmap;
    uint32_t *buckets; /* where the grams of a bucket begin; one more than there are buckets */
    struct gram *grams;
    size_t n_grams;
};

/* A literal goes into the first that it is long enough for: wherever it stands, a probe meets one of as many grams in a row as the stride is wide. */
static const struct pass {
    size_t width;
    size_t stride;
} passes[] = {
    { .width = 4, .stride = 4 },
    { .width = 4, .stride = 2 },
    { .width = 4, .stride = 1 },
    { .width = 2, .stride = 1 },
};
#define N_PASSES (sizeof(passes) / sizeof(*passes))

struct gram_table {
    const struct literal *literals;
    size_t n_literals;
    struct layer layers[N_PASSES];
};

/* -- grams -- */

static inline uint32_t gram_at(const char *place, size_t width)
{
    uint32_t gram = 0;

    memcpy(&gram, place, width);
    return gram | FOLD_MASK;
}

static inline uint32_t hash_of(uint32_t gram)
{
    return gram * HASH_FACTOR;
}

/* The pass of a literal; they end with one that takes the shortest. */
static size_t pass_of(const struct literal *literal)
{
    size_t i = 0;

    while (i + 1 < N_PASSES && literal->bytes.len < passes[i].width + passes[i].stride - 1)
        i++;
    return i;
}

/* -- which grams of a literal -- */

/* How often a byte stands among a thousand of logs, case folded. Punctuation comes in set phrases (`":"`), and more often than by itself. */
static const unsigned char commonness[128] = {
    [' '] = 87, ['0'] = 30, ['1'] = 30, ['2'] = 25, ['3'] = 20, ['4'] = 20, ['5'] = 20, ['6'] = 20,
    ['7'] = 20, ['8'] = 20, ['9'] = 20, ['a'] = 36, ['b'] = 9,  ['c'] = 25, ['d'] = 24, ['e'] = 64,
    ['f'] = 13, ['g'] = 11, ['h'] = 14, ['i'] = 36, ['j'] = 3,  ['k'] = 8,  ['l'] = 22, ['m'] = 16,
    ['n'] = 36, ['o'] = 42, ['p'] = 17, ['q'] = 2,  ['r'] = 39, ['s'] = 33, ['t'] = 42, ['u'] = 17,
    ['v'] = 7,  ['w'] = 7,  ['x'] = 5,  ['y'] = 7,  ['z'] = 2,
};
#define COMMONNESS_OF_OTHERS 100

static double commonness_of(const char *place, size_t width)
{
    double product = 1;

    for (size_t i = 0; i < width; i++) {
        unsigned char byte = (unsigned char)place[i] | 0x20;
        unsigned common = byte < 128 ? commonness[byte] : 0;

        product *= common ? common : COMMONNESS_OF_OTHERS;
    }
    return product;
}

/* How many literals hold a gram, by its hash. */
static void count_grams(const struct literal *literals, size_t n_literals, uint32_t *counts)
{
    for (size_t i = 0; i < n_literals; i++) {
        const struct slice *bytes = &literals[i].bytes;
        size_t width = passes[pass_of(&literals[i])].width;

        for (size_t j = 0; j + width <= bytes->len; j++)
            counts[hash_of(gram_at(bytes->ptr + j, width)) >> (32 - COUNT_BITS)]++;
    }
}

/* Squared: what many literals hold is not only compared often, it is met often. */
static double cost_of(const char *place, size_t width, const uint32_t *counts)
{
    double n_literals = counts[hash_of(gram_at(place, width)) >> (32 - COUNT_BITS)];

    return commonness_of(place, width) * n_literals * n_literals;
}

/* Of `n_offsets` ranges of `n_grams` grams in a row, where the one begins that is likely to be met the least. */
static size_t cheapest(const char *bytes, size_t n_offsets, size_t n_grams, size_t width,
                       const uint32_t *counts)
{
    double best_cost = 0;
    size_t best = 0;

    for (size_t i = 0; i < n_offsets; i++) {
        double cost = 0;

        for (size_t j = i; j < i + n_grams; j++)
            cost += cost_of(bytes + j, width, counts);
        if (i == 0 || cost < best_cost) {
            best_cost = cost;
            best = i;
        }
    }
    return best;
}

/* Before the grams in the table or behind them, whichever is longer; where neither side has a whole gram, it overlaps them. */
static size_t check_offset_of(const struct literal *literal, const struct pass *pass, size_t offset,
                              const uint32_t *counts)
{
    size_t n_before = offset;
    size_t behind = offset + pass->stride;
    size_t n_offsets = literal->bytes.len - pass->width + 1;

    if (n_before >= n_offsets - behind)
        return cheapest(literal->bytes.ptr, n_before ? n_before : 1, 1, pass->width, counts);
    return behind +
           cheapest(literal->bytes.ptr + behind, n_offsets - behind, 1, pass->width, counts);
}

static void add_grams(struct layer *layer, const struct gram_table *table, uint32_t i,
                      const uint32_t *counts)
{
    const struct literal *literal = &table->literals[i];
    const struct pass *pass = &passes[pass_of(literal)];
    size_t n_offsets = literal->bytes.len - pass->width - pass->stride + 2;
    size_t offset = cheapest(literal->bytes.ptr, n_offsets, pass->stride, pass->width, counts);
    size_t check_offset = check_offset_of(literal, pass, offset, counts);

    for (size_t j = offset; j < offset + pass->stride; j++)
        layer->grams[layer->n_grams++] = (struct gram){
            .folded = gram_at(literal->bytes.ptr + j, pass->width),
            .literal = i,
            .offset = (uint16_t)j,
            .check_offset = (uint16_t)check_offset,
            .check = gram_at(literal->bytes.ptr + check_offset, pass->width),
        };
}

/* -- the tables of a layer -- */

static unsigned bits_for(size_t n, unsigned at_least, unsigned at_most)
{
    unsigned bits = at_least;

    while (bits < at_most && ((size_t)1 << bits) < n)
        bits++;
    return bits;
}

static void fill_bitmap(struct layer *layer)
{
    for (size_t i = 0; i < layer->n_grams; i++) {
        uint32_t bit = hash_of(layer->grams[i].folded) >> layer->bitmap_shift;

        layer->bitmap[bit / 64] |= (uint64_t)1 << (bit % 64);
    }
}

/* Orders the grams by their bucket: counted, summed up, put in place from the back. */
static void fill_buckets(struct layer *layer, size_t n_buckets, struct gram *sorted)
{
    for (size_t i = 0; i < layer->n_grams; i++)
        layer->buckets[hash_of(layer->grams[i].folded) >> layer->bucket_shift]++;
    for (size_t i = 1; i <= n_buckets; i++)
        layer->buckets[i] += layer->buckets[i - 1];
    for (size_t i = layer->n_grams; i-- > 0;) {
        uint32_t bucket = hash_of(layer->grams[i].folded) >> layer->bucket_shift;

        sorted[--layer->buckets[bucket]] = layer->grams[i];
    }
    layer->grams = sorted;
}

static enum rc index_layer(struct layer *layer, struct arena *arena)
{
    unsigned bitmap_bits = bits_for(BITS_A_GRAM * layer->n_grams, BITMAP_MIN_BITS, BITMAP_MAX_BITS);
    unsigned bucket_bits = bits_for(2 * layer->n_grams, 4, 24);
    struct gram *sorted = arena_alloc(arena, layer->n_grams, sizeof(*sorted));

    layer->bitmap = arena_alloc(arena, ((size_t)1 << bitmap_bits) / 64, sizeof(*layer->bitmap));
    layer->buckets = arena_alloc(arena, ((size_t)1 << bucket_bits) + 1, sizeof(*layer->buckets));
    if (!sorted || !layer->bitmap || !layer->buckets)
        return RC_NO_MEMORY;
    layer->bitmap_shift = 32 - bitmap_bits;
    layer->bucket_shift = 32 - bucket_bits;
    fill_bitmap(layer);
    fill_buckets(layer, (size_t)1 << bucket_bits, sorted);
    return RC_OK;
}

static enum rc make_room(struct gram_table *table, struct arena *arena)
{
    size_t n_grams[N_PASSES] = { 0 };

    for (size_t i = 0; i < table->n_literals; i++)
        n_grams[pass_of(&table->literals[i])] += STRIDE_MAX;
    for (size_t i = 0; i < N_PASSES; i++) {
        if (!n_grams[i])
            continue;
        table->layers[i].grams = arena_alloc(arena, n_grams[i], sizeof(struct gram));
        if (!table->layers[i].grams)
            return RC_NO_MEMORY;
    }
    return RC_OK;
}

enum rc gram_table_new(const struct literal *literals, size_t n_literals, struct arena *arena,
                       struct gram_table **table)
{
    struct gram_table *made = arena_alloc(arena, 1, sizeof(*made));
    uint32_t *counts = arena_alloc(arena, (size_t)1 << COUNT_BITS, sizeof(*counts));
    enum rc rc;

    if (!made || !counts)
        return RC_NO_MEMORY;
    made->literals = literals;
    made->n_literals = n_literals;
    rc = make_room(made, arena);
    if (rc)
        return rc;
    count_grams(literals, n_literals, counts);
    for (size_t i = 0; i < n_literals; i++)
        add_grams(&made->layers[pass_of(&literals[i])], made, (uint32_t)i, counts);
    for (size_t i = 0; !rc && i < N_PASSES; i++)
        rc = made->layers[i].n_grams ? index_layer(&made->layers[i], arena) : RC_OK;
    if (!rc)
        *table = made;
    return rc;
}

/* -- the scan -- */

struct hunt {
    const struct gram_table *table;
    struct slice bytes;
    enum rc (*on_found)(void *context, uint32_t literal, const char *place);
    void *context;
};

/* Where the literal of a gram would begin, that is met at `place`; false where it cannot stand. */
static inline bool may_stand(const struct hunt *hunt, const struct gram *gram, size_t place,
                             size_t width, size_t *start)
{
    *start = place - gram->offset;
    return place >= gram->offset && *start + gram->check_offset + width <= hunt->bytes.len &&
           gram_at(hunt->bytes.ptr + *start + gram->check_offset, width) == gram->check;
}

static bool stands(const struct hunt *hunt, const struct literal *literal, size_t start)
{
    return literal->bytes.len <= hunt->bytes.len - start &&
           literal_stands_at(literal, hunt->bytes.ptr + start);
}

/* Kept out of the loop that probes, which comes here seldom. */
__attribute__((noinline)) static enum rc look_up(const struct hunt *hunt, const struct layer *layer,
                                                 size_t place, uint32_t folded, size_t width)
{
    uint32_t bucket = hash_of(folded) >> layer->bucket_shift;

    for (uint32_t i = layer->buckets[bucket]; i < layer->buckets[bucket + 1]; i++) {
        const struct gram *gram = &layer->grams[i];
        size_t start;
        enum rc rc;

        if (gram->folded != folded || !may_stand(hunt, gram, place, width, &start) ||
            !stands(hunt, &hunt->table->literals[gram->literal], start))
            continue;
        rc = hunt->on_found(hunt->context, gram->literal, hunt->bytes.ptr + start);
        if (rc)
            return rc;
    }
    return RC_OK;
}

/* Inlined for every pass, so that width and stride are constants. */
static inline __attribute__((always_inline)) enum rc scan_layer(const struct hunt *hunt,
                                                                const struct layer *layer,
                                                                size_t width, size_t stride)
{
    const uint64_t *bitmap = layer->bitmap;
    unsigned shift = layer->bitmap_shift;
    size_t len = hunt->bytes.len;

    for (size_t i = 0; i + width <= len; i += stride) {
        uint32_t gram = gram_at(hunt->bytes.ptr + i, width);
        uint32_t bit = hash_of(gram) >> shift;

        if (__builtin_expect(bitmap[bit / 64] >> (bit % 64) & 1, 0)) {
            enum rc rc = look_up(hunt, layer, i, gram, width);

            if (rc)
                return rc;
        }
    }
    return RC_OK;
}

enum rc gram_table_scan(const struct gram_table *table, struct slice bytes,
                        enum rc (*on_found)(void *context, uint32_t literal, const char *place),
                        void *context)
{
    struct hunt hunt = { .table = table, .bytes = bytes, .on_found = on_found, .context = context };
    enum rc rc = RC_OK;

    if (table->layers[0].n_grams)
        rc = scan_layer(&hunt, &table->layers[0], 4, 4);
    if (!rc && table->layers[1].n_grams)
        rc = scan_layer(&hunt, &table->layers[1], 4, 2);
    if (!rc && table->layers[2].n_grams)
        rc = scan_layer(&hunt, &table->layers[2], 4, 1);
    if (!rc && table->layers[3].n_grams)
        rc = scan_layer(&hunt, &table->layers[3], 2, 1);
    return rc;
}
