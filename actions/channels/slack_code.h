/* slack_code.h - what Slack's error codes mean for a message, and what to do: one row for each code.
 *
 * docs.slack.dev, the methods' pages, "Errors". The rows are written for a card that is posted; slack_answer.c fits them to what else is asked. */
#pragma once

#include "actions/channels/channel.h"

struct slack_code {
    const char *code;
    enum channel_outcome outcome;
    const char *advice; /* what a person does, or what happens by itself */
    bool is_of_method;  /* of the right to this one method: says nothing of the others */
};

/* Never NULL: a code that nobody here knows has a row as well. */
const struct slack_code *slack_code_find(struct slice code);
