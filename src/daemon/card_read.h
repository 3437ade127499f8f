/* card_read.h - a proposal, and all that its card says, out of the store. */
#pragma once

#include "actions/channels/card.h"
#include "src/config/config.h"

struct card_parts {
    struct proposal proposal;
    struct signal signal;
    struct task task;
    struct card card;
    struct card_other others[CARD_OTHERS_MOST]; /* points at the others */
};

/* By id. What has gone meanwhile, or is damaged, is not on the card. RC_NOT_FOUND: the proposal itself is gone. Borrows `config`; all else lives in `arena`. */
enum rc card_read(struct store_txn *txn, const struct config *config, struct ulid proposal,
                  int64_t now_ms, struct arena *arena, struct card_parts *parts) MUST_CHECK;
/* Its address on the page; absent without `public_url`. */
enum rc card_page_url(const struct config *config, struct ulid proposal, struct arena *arena,
                      struct slice *url) MUST_CHECK;
