/* gram_frequency.h - how often four bytes in a row are to be expected in the logs at hand.
 *
 * Learnt from a sample of them, and where that says nothing, from how common each byte is in logs. Only speed depends on it. Bytes are folded: letters count in both cases alike. */
#pragma once

#include "rules/literal.h"

/* Of text that is in small letters or in capitals alike; other bytes are mapped onto each other, which costs nothing but a comparison. */
#define GRAM_FOLD 0x20202020U
#define GRAM_BYTES LITERAL_WINDOW_BYTES

struct gram_frequency;

/* `sample` may be empty. Gives one; free with gram_frequency_free. RC_NO_MEMORY. */
enum rc gram_frequency_new(struct slice sample, struct gram_frequency **frequency) MUST_CHECK;
/* Accepts NULL. */
void gram_frequency_free(struct gram_frequency *frequency);
/* Shares of the places of a text, 0 to 1: at which these four bytes stand; */
double gram_frequency_of(const struct gram_frequency *frequency, uint32_t folded);
/* at which four bytes of the literal stand, from `offset` on, or another text that they stand for; */
double gram_frequency_of_window(const struct gram_frequency *frequency,
                                const struct literal *literal, size_t offset);
/* and at which the literal stands: an upper bound. */
double gram_frequency_of_literal(const struct gram_frequency *frequency,
                                 const struct literal *literal);

static inline uint32_t gram_hash(uint32_t folded)
{
    return folded * 0x9E3779B1U;
}
