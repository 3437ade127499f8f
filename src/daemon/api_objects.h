/* api_objects.h - the objects of the API as JSON.
 *
 * Signals, tasks, proposals and audit entries are written by their record's table; what is added here is what lives elsewhere:
 * a proposal's count and times are its signal's while that goes on, so that they are never older than the answer. */
#pragma once

#include "src/store/audit.h"
#include "src/store/proposals.h"
#include "src/store/silences.h"

/* Members of a whole proposal, into an object that is begun. `arena` is scratch. */
enum rc api_write_proposal(struct store_txn *txn, const struct proposal *proposal,
                           struct arena *arena, struct json_writer *writer) MUST_CHECK;
/* As one object. */
enum rc api_write_proposal_object(struct store_txn *txn, const struct proposal *proposal,
                                  struct arena *arena, struct json_writer *writer) MUST_CHECK;
/* A member with an id; left out when it is absent. */
void api_member_id(struct json_writer *writer, const char *name, const char *prefix,
                   struct ulid id);
