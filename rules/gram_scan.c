#include "rules/gram_private.h"

/* A test compiles it once more as it is elsewhere. */
#if defined(__x86_64__) && !defined(GRAM_ONE_BY_ONE)
#define GRAM_EIGHTS
#include <immintrin.h>
#endif

struct hunt {
    const struct gram_table *table;
    const struct gram_layer *layer;
    struct slice bytes;
    enum rc (*on_found)(void *context, uint32_t literal, const char *place);
    void *context;
};

/* -- a gram that is met -- */

static bool stands(const struct hunt *hunt, const struct gram_member *member, size_t start)
{
    const struct literal *literal = &hunt->table->literals[member->literal];
    const char *place = hunt->bytes.ptr + start;

    return literal->bytes.len <= hunt->bytes.len - start &&
           !((gram_at(place + member->check_offset, hunt->layer->width) ^ member->check) &
             member->check_mask) &&
           literal_stands_at(literal, place);
}

/* The window begins at `begin`: which of its literals stand around it? */
static enum rc try_window(const struct hunt *hunt, uint32_t window, size_t begin)
{
    const struct gram_layer *layer = hunt->layer;
    enum rc rc = RC_OK;

    for (uint32_t i = layer->first_member[window]; !rc && i < layer->first_member[window + 1];
         i++) {
        const struct gram_member *member = &layer->members[i];

        if (begin >= member->offset && stands(hunt, member, begin - member->offset))
            rc = hunt->on_found(hunt->context, member->literal,
                                hunt->bytes.ptr + (begin - member->offset));
    }
    return rc;
}

/* Kept out of the loop that probes, which comes here seldom. */
__attribute__((noinline)) static enum rc look_up(const struct hunt *hunt, size_t place)
{
    const struct gram_layer *layer = hunt->layer;
    uint32_t gram = gram_at(hunt->bytes.ptr + place, layer->width);
    uint32_t bucket = gram_hash(gram) >> layer->bucket_shift;
    enum rc rc = RC_OK;

    for (uint32_t i = layer->buckets[bucket]; !rc && i < layer->buckets[bucket + 1]; i++) {
        const struct gram_entry *entry = &layer->entries[i];

        if (entry->folded == gram && entry->step <= place)
            rc = try_window(hunt, entry->window, place - entry->step);
    }
    return rc;
}

/* -- one probe after the other -- */

static inline bool is_in_bitmap(const struct gram_layer *layer, uint32_t gram)
{
    uint32_t bit = gram_hash(gram) >> layer->bitmap_shift;

    return layer->bitmap[bit / 32] >> (bit % 32) & 1;
}

/* Inlined for each width, so that it is a constant. */
static inline __attribute__((always_inline)) enum rc probe(const struct hunt *hunt, size_t from,
                                                           size_t width)
{
    size_t stride = hunt->layer->stride;
    enum rc rc = RC_OK;

    for (size_t i = from; !rc && i + width <= hunt->bytes.len; i += stride) {
        if (__builtin_expect(is_in_bitmap(hunt->layer, gram_at(hunt->bytes.ptr + i, width)), 0))
            rc = look_up(hunt, i);
    }
    return rc;
}

/* -- eight probes at once -- */

#ifdef GRAM_EIGHTS

#define LANES 8

/* At `place`, the eight grams that a stride apart begin; in the order of `lanes`. */
__attribute__((target("avx2"))) static inline __m256i grams_at(const char *place, size_t stride)
{
    const __m256i one_apart = _mm256_setr_epi8(0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6, 0, 1,
                                               2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6);
    const __m256i two_apart = _mm256_setr_epi8(0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7, 8, 9, 0, 1,
                                               2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7, 8, 9);
    __m256i low, high;

    if (stride == 4)
        return _mm256_loadu_si256((const void *)place);
    if (stride == 8) {
        low = _mm256_loadu_si256((const void *)place);
        high = _mm256_loadu_si256((const void *)(place + 32));
        return _mm256_castps_si256(
            _mm256_shuffle_ps(_mm256_castsi256_ps(low), _mm256_castsi256_ps(high), 0x88));
    }
    low = _mm256_castsi128_si256(_mm_loadu_si128((const void *)place));
    low = _mm256_inserti128_si256(low, _mm_loadu_si128((const void *)(place + 4 * stride)), 1);
    return _mm256_shuffle_epi8(low, stride == 2 ? two_apart : one_apart);
}

/* Of the eight at `place`, a bit for each that is in the bitmap. */
__attribute__((target("avx2"))) static inline unsigned probe_eight(const struct gram_layer *layer,
                                                                   const char *place, size_t stride)
{
    const __m256i fold = _mm256_set1_epi32((int)GRAM_FOLD);
    const __m256i factor = _mm256_set1_epi32((int)gram_hash(1));
    const __m256i last_bit = _mm256_set1_epi32(31);
    __m256i bits = _mm256_mullo_epi32(_mm256_or_si256(grams_at(place, stride), fold), factor);
    __m256i words;

    bits = _mm256_srl_epi32(bits, _mm_cvtsi32_si128((int)layer->bitmap_shift));
    words = _mm256_i32gather_epi32((const int *)layer->bitmap, _mm256_srli_epi32(bits, 5), 4);
    /* the bit that is asked for becomes the sign */
    words = _mm256_sllv_epi32(words, _mm256_andnot_si256(bits, last_bit));
    return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(words));
}

static enum rc look_up_lanes(const struct hunt *hunt, size_t from, unsigned lanes)
{
    /* grams_at of stride 8 takes them out of two halves */
    static const uint8_t crossed[LANES] = { 0, 1, 4, 5, 2, 3, 6, 7 };
    size_t stride = hunt->layer->stride;
    enum rc rc = RC_OK;

    for (; !rc && lanes; lanes &= lanes - 1) {
        size_t lane = (size_t)__builtin_ctz(lanes);

        rc = look_up(hunt, from + stride * (stride == 8 ? crossed[lane] : lane));
    }
    return rc;
}

/* Inlined for each stride, so that it is a constant. As far as all of its loads stay within the bytes. */
__attribute__((target("avx2"))) static inline __attribute__((always_inline)) enum rc
probe_by_eights(const struct hunt *hunt, size_t stride, size_t *place)
{
    const size_t step = LANES * stride;
    const size_t n_loaded = step < 32 ? 32 : step;
    enum rc rc = RC_OK;

    for (; !rc && *place + n_loaded <= hunt->bytes.len; *place += step) {
        unsigned lanes = probe_eight(hunt->layer, hunt->bytes.ptr + *place, stride);

        if (__builtin_expect(lanes != 0, 0))
            rc = look_up_lanes(hunt, *place, lanes);
    }
    return rc;
}

__attribute__((target("avx2"))) static enum rc probe_fast(const struct hunt *hunt, size_t *place)
{
    switch (hunt->layer->stride) {
    case 1:
        return probe_by_eights(hunt, 1, place);
    case 2:
        return probe_by_eights(hunt, 2, place);
    case 4:
        return probe_by_eights(hunt, 4, place);
    default:
        return probe_by_eights(hunt, 8, place);
    }
}

static bool can_probe_fast(void)
{
    return __builtin_cpu_supports("avx2");
}

#else

static enum rc probe_fast(const struct hunt *hunt, size_t *place)
{
    (void)hunt;
    (void)place;
    return RC_OK;
}

static bool can_probe_fast(void)
{
    return false;
}

#endif

/* -- the passes -- */

static enum rc scan_wide(const struct hunt *hunt)
{
    size_t place = 0;
    enum rc rc = can_probe_fast() ? probe_fast(hunt, &place) : RC_OK;

    return rc ? rc : probe(hunt, place, GRAM_BYTES);
}

enum rc gram_table_scan(const struct gram_table *table, struct slice bytes,
                        enum rc (*on_found)(void *context, uint32_t literal, const char *place),
                        void *context)
{
    struct hunt hunt = { .table = table,
                         .layer = &table->wide,
                         .bytes = bytes,
                         .on_found = on_found,
                         .context = context };
    enum rc rc = RC_OK;

    if (table->wide.n_entries)
        rc = scan_wide(&hunt);
    hunt.layer = &table->narrow;
    if (!rc && table->narrow.n_entries)
        rc = probe(&hunt, 0, SHORT_BYTES);
    return rc;
}
