/* card_words.h - how sentences of a card are put together; for card*.c alone. */
#pragma once

#include "actions/channels/card.h"
#include "actions/channels/shown.h"
#include "src/base/clock.h"

/* Gives what was written to `arena` and frees the buffer, also when it failed. */
enum rc card_end(struct buffer *words, struct arena *arena, struct slice *text) MUST_CHECK;
/* "09:12 UTC", with its date before it where that is not the day of the card. */
void card_add_time(struct buffer *words, const struct card *card, int64_t at_ms);
/* One line of foreign text without the full stop and the blanks at its end. */
void card_add_sentence(struct buffer *words, struct slice text);
/* "restart-api" of a plan; "step 3" where there is no such step. */
const struct step *card_step_at(const struct card *card, size_t i);
/* The newest decision of this verdict that still stands; NULL. */
const struct decision *card_find_decision(const struct card *card, enum verdict verdict);
/* " by jane at 09:31 UTC". */
void card_add_author(struct buffer *words, const struct card *card,
                     const struct decision *decision);
