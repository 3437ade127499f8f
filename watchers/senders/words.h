/* words.h - what the words of senders mean in ours. */
#pragma once

#include "src/base/slice.h"

struct word {
    const char *word; /* the sender's; NULL ends a table */
    const char *means;
};

/* ASCII case says nothing. Absent when the word is not in the table. */
struct slice word_means(const struct word *words, struct slice word);

/* low | medium | high | critical, whatever the sender calls them. */
extern const struct word severity_words[];
