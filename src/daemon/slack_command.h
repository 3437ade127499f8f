/* slack_command.h - what the files of /vedette share: one command on its way to its answer, which only who gave it sees. */
#pragma once

#include "src/daemon/slack_answers.h"

#include "src/base/buffer.h"

#define COMMAND_TEXT_BYTES                                                                         \
    ((size_t)16 << 10) /* what is beyond Slack's 4,000 characters is cut, and says so */

struct slack_asking {
    struct slack_request *slack;
    struct slice rest; /* of the command's text, behind its first word */
    struct store_txn *txn;
    struct buffer text; /* the answer */
};

/* Answers with a text. */
void slack_answer_text(struct slack_request *slack, struct slice text);
/* Takes the next word off `rest`, which has no blanks around it then; empty at the end. */
struct slice slack_cut_word(struct slice *rest);

/* Add their answer to `text`. */
enum rc slack_say_status(struct slack_asking *asking) MUST_CHECK;
enum rc slack_say_list(struct slack_asking *asking) MUST_CHECK;
enum rc slack_say_show(struct slack_asking *asking) MUST_CHECK;
enum rc slack_say_oncall(struct slack_asking *asking) MUST_CHECK;
enum rc slack_say_silences(struct slack_asking *asking) MUST_CHECK;
/* slack_command_silence.c: it answers itself, perhaps later. */
void slack_command_silence(struct slack_request *slack, struct slice rest);
