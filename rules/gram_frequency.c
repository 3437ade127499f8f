#include "rules/gram_frequency.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_BITS 18
/* What is known beforehand counts as much as so many bytes of the sample. */
#define PRIOR_BYTES 65536.0

struct gram_frequency {
    double n_bytes;                           /* of the sample, and of what is known beforehand */
    double of_byte[256];                      /* shares; of folded bytes */
    uint32_t counts[(size_t)1 << COUNT_BITS]; /* by hash */
};

/* How often a byte stands among a thousand of logs, case folded. Punctuation comes in set phrases (`":"`), and more often than by itself. */
static const unsigned char commonness[128] = {
    [' '] = 87, ['0'] = 30, ['1'] = 30, ['2'] = 25, ['3'] = 20, ['4'] = 20, ['5'] = 20, ['6'] = 20,
    ['7'] = 20, ['8'] = 20, ['9'] = 20, ['a'] = 36, ['b'] = 9,  ['c'] = 25, ['d'] = 24, ['e'] = 64,
    ['f'] = 13, ['g'] = 11, ['h'] = 14, ['i'] = 36, ['j'] = 3,  ['k'] = 8,  ['l'] = 22, ['m'] = 16,
    ['n'] = 36, ['o'] = 42, ['p'] = 17, ['q'] = 2,  ['r'] = 39, ['s'] = 33, ['t'] = 42, ['u'] = 17,
    ['v'] = 7,  ['w'] = 7,  ['x'] = 5,  ['y'] = 7,  ['z'] = 2,
};
#define COMMONNESS_OF_OTHERS 100

static double known_share(unsigned byte)
{
    unsigned common = byte < 128 ? commonness[byte] : 0;

    return (common ? common : COMMONNESS_OF_OTHERS) / 1000.0;
}

static uint32_t bucket_of(uint32_t folded)
{
    return gram_hash(folded) >> (32 - COUNT_BITS);
}

static void count(struct gram_frequency *frequency, struct slice sample)
{
    for (size_t i = 0; i + GRAM_BYTES <= sample.len; i++) {
        uint32_t gram;

        memcpy(&gram, sample.ptr + i, sizeof(gram));
        frequency->counts[bucket_of(gram | GRAM_FOLD)]++;
    }
}

static void count_bytes(struct gram_frequency *frequency, struct slice sample)
{
    double counts[256] = { 0 };

    for (size_t i = 0; i < sample.len; i++)
        counts[(unsigned char)sample.ptr[i] | 0x20]++;
    for (unsigned byte = 0; byte < 256; byte++)
        frequency->of_byte[byte] =
            (counts[byte] + known_share(byte) * PRIOR_BYTES) / frequency->n_bytes;
}

enum rc gram_frequency_new(struct slice sample, struct gram_frequency **frequency)
{
    struct gram_frequency *made = calloc(1, sizeof(*made));

    if (!made)
        return RC_NO_MEMORY;
    made->n_bytes = (double)sample.len + PRIOR_BYTES;
    count(made, sample);
    count_bytes(made, sample);
    *frequency = made;
    return RC_OK;
}

void gram_frequency_free(struct gram_frequency *frequency)
{
    free(frequency);
}

double gram_frequency_of(const struct gram_frequency *frequency, uint32_t folded)
{
    double known = 1;

    for (int i = 0; i < GRAM_BYTES; i++)
        known *= known_share(folded >> (8 * i) & 0xff);
    return (frequency->counts[bucket_of(folded)] + known * PRIOR_BYTES) / frequency->n_bytes;
}

/* Of classes, as if bytes stood beside each other by chance. */
static double share_of_class(const struct gram_frequency *frequency, const struct byte_set *class)
{
    const struct byte_set folded = byte_set_folded(class);
    double share = 0;

    for (unsigned byte = 0; byte < 256; byte++)
        share += byte_set_has(&folded, (unsigned char)byte) ? frequency->of_byte[byte] : 0;
    return share < 1 ? share : 1;
}

double gram_frequency_of_window(const struct gram_frequency *frequency,
                                const struct literal *literal, size_t offset)
{
    double share = 1;
    uint32_t gram;

    if (!literal->classes) {
        memcpy(&gram, literal->bytes.ptr + offset, sizeof(gram));
        return gram_frequency_of(frequency, gram | GRAM_FOLD);
    }
    for (size_t i = offset; i < offset + GRAM_BYTES; i++)
        share *= share_of_class(frequency, &literal->classes[i]);
    return share;
}

static double of_short_literal(const struct gram_frequency *frequency,
                               const struct literal *literal)
{
    double share = 1;

    for (size_t i = 0; i < literal->bytes.len; i++)
        share *= frequency->of_byte[(unsigned char)literal->bytes.ptr[i] | 0x20];
    return share;
}

double gram_frequency_of_literal(const struct gram_frequency *frequency,
                                 const struct literal *literal)
{
    double least = 1;

    if (literal->bytes.len < GRAM_BYTES)
        return of_short_literal(frequency, literal);
    for (size_t i = 0; i + GRAM_BYTES <= literal->bytes.len; i++) {
        double share = gram_frequency_of_window(frequency, literal, i);

        least = share < least ? share : least;
    }
    return least;
}
