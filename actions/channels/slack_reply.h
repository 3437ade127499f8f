/* slack_reply.h - a decision in words: "yes abcde", "no abcde wrong_cause it is the disk", in the thread of a card.
 *
 * In any case, perhaps after a mention. Pure; whether it stands in that card's thread, and whose it is, is for others to see. */
#pragma once

#include "src/base/arena.h"

struct slack_reply {
    bool is_yes;
    struct slice short_id; /* lower-case */
    struct slice reason;   /* of a no; not_worth_it where none is named */
    struct slice note;     /* absent: none */
};
/* RC_NOT_FOUND: it is some other text. */
enum rc slack_reply_parse(struct slice text, struct arena *arena,
                          struct slack_reply *reply) MUST_CHECK;
