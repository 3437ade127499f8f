#include "src/daemon/posting_private.h"

enum rc posting_read_card(struct store_txn *txn, struct send *send)
{
    enum rc rc = card_read(txn, send->config, send->message.proposal, clock_wall_ms(), send->arena,
                           &send->parts);

    send->has_proposal = rc != RC_NOT_FOUND && rc != RC_CORRUPT;
    if (!send->has_proposal)
        return RC_OK;
    send->parts.card.is_plain = send->message.is_plain;
    return rc;
}
