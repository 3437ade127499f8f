/* mail_message.h - a text as an e-mail (RFC 5322, RFC 2045, RFC 2047): lines of at most 76 characters in 7-bit ASCII, ended by CR LF.
 *
 * Its name is made from the proposal and the number of the note: the same message sent twice is the same message (a mail reader shows it once), and notes stand
 * below their card. It says that nobody need answer it (RFC 3834). */
#pragma once

#include "src/base/arena.h"
#include "src/base/ulid.h"

struct mail_message {
    struct slice from; /* plain addresses */
    struct slice_list to;
    struct slice subject; /* any text */
    struct slice text;    /* any text; its lines end with "\n" */
    struct ulid proposal;
    int64_t number; /* 0: the card; else the note's */
    int64_t at_ms;
};

/* RC_INVALID when an address holds what would begin another header. */
enum rc mail_message_format(const struct mail_message *message, struct arena *arena,
                            struct slice *bytes) MUST_CHECK;
/* "jane@example.com": one @, no blank, control character, bracket, comma or quote; ASCII. */
bool mail_is_address(struct slice text);
/* What it is named by: "<prp_….0@vedette>". */
enum rc mail_message_id(struct ulid proposal, int64_t number, struct arena *arena,
                        struct slice *id) MUST_CHECK;
