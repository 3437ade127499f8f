/* budget_facts.h - how the review budget stands, for those who show it: the status and the digests of the channels. */
#pragma once

#include "src/engine/budget_use.h"
#include "src/store/messages.h"
#include "src/store/signals.h"

struct budget_facts {
    struct budget_row row;
    struct budget_use use; /* by the limits as they are written: nothing borrowed */
    int64_t next_ms; /* when time alone makes a place for the first of the queue; 0: not known */
    int64_t n_queued;
    int64_t queued[SEVERITIES];
};

/* As of `txn`; what is counted is as of the last commit. */
enum rc budget_facts_read(struct store_txn *txn, const struct review_budget *budget, int64_t now_ms,
                          struct budget_facts *facts) MUST_CHECK;
/* The member `budget` of the status. */
void budget_facts_write(const struct budget_facts *facts, const struct review_budget *budget,
                        struct json_writer *writer);
/* What came and went, and was not told in this channel yet. */
int64_t budget_untold(const struct budget_facts *facts, const struct channel_facts *channel,
                      int64_t now_ms);
/* When its next digest is to be told: a moment after the queue began, so that others are in it, and an hour after the one before. INT64_MAX: there is nothing to tell. */
int64_t budget_tell_ms(const struct budget_facts *facts, const struct channel_facts *channel,
                       int64_t now_ms);
/* "2 critical, 10 high" of what queues, the most severe first. */
void budget_facts_count(const struct budget_facts *facts, struct buffer *out);
