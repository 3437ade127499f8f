#include "src/daemon/posting_private.h"

#include "src/daemon/card_read.h"

enum rc posting_read_card(struct store_txn *txn, struct send *send)
{
    struct card_parts *parts = arena_alloc(send->arena, 1, sizeof *parts);
    enum rc rc;

    if (!parts)
        return RC_NO_MEMORY;
    rc = card_read(txn, send->config, send->message.proposal, clock_wall_ms(), send->arena, parts);
    send->has_proposal = !rc;
    if (rc)
        return rc == RC_NOT_FOUND || rc == RC_CORRUPT ? RC_OK : rc;
    send->proposal = parts->proposal;
    send->card = parts->card;
    send->card.is_plain = send->message.is_plain;
    return RC_OK;
}
