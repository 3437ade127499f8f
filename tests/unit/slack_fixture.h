/* slack_fixture.h - a Slack channel and a message that is owed to it, for the tests of what is sent and of what came of it. */
#pragma once

#include "actions/channels/slack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SLACK_TOKEN "xoxb-1-secret"
#define SLACK_SENT_MS ((int64_t)1795262400250)
#define SLACK_PROPOSAL "prp_0000000000000000000000000G"

struct slack_fixture {
    struct arena *arena;
    struct channel channel;
    struct message message;
    struct message_note note;
    struct proposal proposal;
    struct card card;
    struct channel_call call; /* of the card */
};

static inline int slack_fixture_open(void **state)
{
    static struct slack_fixture fixture;

    fixture = (struct slack_fixture){
        .channel = { .name = SLICE("slack"),
                     .kind = &channel_slack,
                     .place = SLICE("C0123456789"),
                     .base_url = SLICE("https://slack.example.com/api"),
                     .token = SLICE(SLACK_TOKEN) },
        .message = { .proposal = { .bytes = { [15] = 16 } },
                     .channel = SLICE("slack"),
                     .place = SLICE("C0123456789"),
                     .wanted = 17,
                     .sent_ms = SLACK_SENT_MS },
        .note = { .number = 3, .text = SLICE("step 1 of 2 is done") },
        .proposal = { .revision = 2, .title = SLICE("test is red on main") },
    };
    fixture.card.proposal = &fixture.proposal;
    fixture.call = (struct channel_call){ .channel = &fixture.channel,
                                          .message = &fixture.message,
                                          .part = MESSAGE_CARD,
                                          .card = &fixture.card,
                                          .now_ms = SLACK_SENT_MS };
    *state = &fixture;
    return arena_new((size_t)8 << 20, &fixture.arena) ? -1 : 0;
}

static inline int slack_fixture_close(void **state)
{
    struct slack_fixture *fixture = *state;

    arena_free(fixture->arena);
    return 0;
}

#define SLACK_TEST(test)                                                                           \
    cmocka_unit_test_setup_teardown(test, slack_fixture_open, slack_fixture_close)

/* Its card stands in the conversation. */
static inline void slack_posted(struct slack_fixture *fixture)
{
    fixture->message.handle = SLICE("1503435956.000247");
    fixture->message.handle_place = SLICE("C0123456789");
}

/* The call for another part of the same message. */
static inline struct channel_call *slack_call(struct slack_fixture *fixture, enum message_part part)
{
    if (part != MESSAGE_CARD)
        slack_posted(fixture);
    fixture->call.part = part;
    fixture->call.note = part == MESSAGE_NOTE ? &fixture->note : NULL;
    return &fixture->call;
}
