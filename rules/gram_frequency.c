#include "rules/gram_frequency.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_BITS 18
/* What is known beforehand counts as much as so many bytes of the sample. */
#define PRIOR_BYTES 65536.0
/* As many pairs that begin with one byte, of what follows it. */
#define PRIOR_PAIRS 64.0

struct gram_frequency {
    double n_bytes;                           /* of the sample, and of what is known beforehand */
    double of_byte[256];                      /* shares; of folded bytes */
    uint32_t n_before[256];                   /* in the sample, of a byte that another follows */
    uint32_t pairs[256][256];                 /* of a byte and the next */
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

static void count_pairs(struct gram_frequency *frequency, struct slice sample)
{
    for (size_t i = 0; i + 1 < sample.len; i++) {
        unsigned char first = (unsigned char)sample.ptr[i] | 0x20;

        frequency->n_before[first]++;
        frequency->pairs[first][(unsigned char)sample.ptr[i + 1] | 0x20]++;
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
    count_pairs(made, sample);
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

/* -- windows of classes: as if each byte depended on the one before it and on nothing else. Digits follow digits. -- */

static double share_after(const struct gram_frequency *frequency, unsigned first, unsigned next)
{
    return (frequency->pairs[first][next] + frequency->of_byte[next] * PRIOR_PAIRS) /
           (frequency->n_before[first] + PRIOR_PAIRS);
}

/* The bytes of a class, folded. Gives how many. */
static size_t list_bytes(const struct byte_set *class, unsigned char *bytes)
{
    const struct byte_set folded = byte_set_folded(class);
    size_t n_bytes = 0;

    for (unsigned byte = 0; byte < 256; byte++)
        if (byte_set_has(&folded, (unsigned char)byte))
            bytes[n_bytes++] = (unsigned char)byte;
    return n_bytes;
}

/* Of each byte of the first class, or of the next after what came before: how likely it is to stand there. */
static void begin_with(const struct gram_frequency *frequency, const struct byte_set *class,
                       double *shares)
{
    unsigned char bytes[256];
    size_t n_bytes = list_bytes(class, bytes);

    for (size_t i = 0; i < n_bytes; i++)
        shares[bytes[i]] = frequency->of_byte[bytes[i]];
}

static void go_on_with(const struct gram_frequency *frequency, const struct byte_set *before,
                       const struct byte_set *class, double *shares)
{
    unsigned char firsts[256], nexts[256];
    size_t n_firsts = list_bytes(before, firsts);
    size_t n_nexts = list_bytes(class, nexts);
    double after[256] = { 0 };

    for (size_t i = 0; i < n_nexts; i++)
        for (size_t j = 0; j < n_firsts; j++)
            after[nexts[i]] += shares[firsts[j]] * share_after(frequency, firsts[j], nexts[i]);
    memcpy(shares, after, sizeof(after));
}

static double share_of_classes(const struct gram_frequency *frequency,
                               const struct byte_set *classes)
{
    double shares[256] = { 0 };
    double sum = 0;

    begin_with(frequency, &classes[0], shares);
    for (size_t i = 1; i < GRAM_BYTES; i++)
        go_on_with(frequency, &classes[i - 1], &classes[i], shares);
    for (unsigned byte = 0; byte < 256; byte++)
        sum += shares[byte];
    return sum;
}

double gram_frequency_of_window(const struct gram_frequency *frequency,
                                const struct literal *literal, size_t offset)
{
    uint32_t gram;

    if (literal->classes)
        return share_of_classes(frequency, literal->classes + offset);
    memcpy(&gram, literal->bytes.ptr + offset, sizeof(gram));
    return gram_frequency_of(frequency, gram | GRAM_FOLD);
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
