/* slack_card.h - a proposal as Slack shows it: blocks, fallback text, modals, notes.
 *
 * Every limit of Block Kit holds whatever the proposal says: 50 blocks, about 10,000 characters in all, 3,000 a text. What is cut is marked and says where the rest is. A plan is
 * never cut: where it does not fit whole, there is no Approve button, and the card says where to approve. Text from outside is shown literally (rich_text), or escaped. */
#pragma once

#include "actions/channels/card.h"
#include "src/base/json.h"
#include "src/store/messages.h"

#define SLACK_METADATA_PROPOSAL                                                                    \
    "vedette_proposal" /* event_type of a card's metadata; payload {"proposal","revision"} */
#define SLACK_METADATA_NOTE "vedette_note" /* of a note's: {"proposal","note"} */

/* Writes the members "text" and "blocks" of a message (chat.postMessage, chat.update, response_url) into an object that is begun. `wanted`: the message's. */
enum rc slack_write_card(const struct card *card, int64_t wanted, struct arena *arena,
                         struct json_writer *writer) MUST_CHECK;
/* Writes the member "text" of a plain message, escaped, at most 4,000 characters. */
enum rc slack_write_text(struct slice text, struct arena *arena,
                         struct json_writer *writer) MUST_CHECK;
/* Views for views.open, as JSON objects. `metadata`: a slack_ref as text. */
enum rc slack_view_details(const struct card *card, struct slice metadata, struct arena *arena,
                           struct slice *view) MUST_CHECK;
enum rc slack_view_edit(const struct card *card, struct slice metadata, struct arena *arena,
                        struct slice *view) MUST_CHECK;
enum rc slack_view_mute(const struct card *card, struct slice metadata, struct arena *arena,
                        struct slice *view) MUST_CHECK;
