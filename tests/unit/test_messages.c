#include "src/store/messages.h"

#include "tests/unit/store_fixture.h"

static struct message card_of(uint8_t proposal, const char *channel, const char *place)
{
    return (struct message){ .proposal = ulid_number(proposal),
                             .channel = slice_of(channel),
                             .place = slice_of(place),
                             .wanted = 1 };
}

static void put(struct fixture *fixture, struct message *message)
{
    assert_int_equal(message_put(fixture->txn, message), RC_OK);
}

static struct message get(struct fixture *fixture, uint8_t proposal, const char *channel)
{
    struct message message;

    assert_int_equal(message_get(fixture->txn, ulid_number(proposal), slice_of(channel),
                                 fixture->arena, &message),
                     RC_OK);
    return message;
}

/* The first in this lane of this place, or 0. */
static uint8_t first_queued(struct fixture *fixture, const char *channel, const char *place,
                            enum message_lane lane)
{
    struct message_destination destination;
    struct message message;
    bool is_first = true;

    while (!message_next_destination(fixture->txn, is_first ? NULL : &destination, fixture->arena,
                                     &destination, &message)) {
        is_first = false;
        if (!slice_eq(message.channel, slice_of(channel)) ||
            !slice_eq(message.place, slice_of(place)))
            continue;
        if (message_next_queued(fixture->txn, &destination, lane, 0, fixture->arena, &message))
            return 0;
        for (uint8_t i = 1; i < 20; i++)
            if (!ulid_compare(message.proposal, ulid_number(i)))
                return i;
    }
    return 0;
}

static void a_message_is_kept_with_all_that_it_owes(void **state)
{
    struct fixture *fixture = *state;
    struct message_note notes[] = { { .number = 1, .at_ms = 5, .text = SLICE("approved by jane") },
                                    { .number = 2, .text = SLICE("verified"), .is_loud = true } };
    struct message message = card_of(1, "slack", "C1");

    message.handle = SLICE("1503435956.000247");
    message.notes = (struct record_list){ notes, 2 };
    message.shown = 1;
    message.sending = MESSAGE_NOTE;
    message.sending_note = 1;
    put(fixture, &message);
    fixture_commit(fixture);
    message = get(fixture, 1, "slack");
    assert_slice(message.handle, "1503435956.000247");
    assert_int_equal(message.notes.n_items, 2);
    assert_slice(((struct message_note *)message.notes.items)[1].text, "verified");
    assert_true(((struct message_note *)message.notes.items)[1].is_loud);
    assert_int_equal(message.sending, MESSAGE_NOTE);
    assert_int_equal(message_next(&message), MESSAGE_NOTE);
}

static void what_is_owed_next(void **state)
{
    struct message_note note = { .number = 1, .text = SLICE("note") };
    const struct record_list notes = { &note, 1 };
    const struct slice handle = SLICE("1.1");
    const struct {
        struct message message;
        enum message_part next;
    } cases[] = {
        { { .wanted = 1 }, MESSAGE_CARD },
        { { .wanted = 1, .notes = notes }, MESSAGE_CARD },
        { { .wanted = 1, .shown = 1, .handle = handle }, MESSAGE_NOTHING },
        { { .wanted = 2, .shown = 1, .handle = handle }, MESSAGE_EDIT },
        { { .wanted = 2, .shown = 1, .handle = handle, .notes = notes }, MESSAGE_EDIT },
        { { .wanted = 2, .shown = 1, .handle = handle, .notes = notes, .n_edits = 3 },
          MESSAGE_NOTE },
        { { .wanted = 2, .shown = 1, .handle = handle, .n_edits = 3 }, MESSAGE_EDIT },
        { { .wanted = 1, .shown = 1, .handle = handle, .notes = notes }, MESSAGE_NOTE },
        { { .wanted = 2, .shown = 1, .handle = handle, .notes = notes, .sending = MESSAGE_NOTE },
          MESSAGE_EDIT },
        { { .wanted = 2,
            .shown = 1,
            .handle = handle,
            .notes = notes,
            .sending = MESSAGE_NOTE,
            .n_edits = 29 },
          MESSAGE_EDIT },
        { { .wanted = 2,
            .shown = 1,
            .handle = handle,
            .notes = notes,
            .sending = MESSAGE_NOTE,
            .n_edits = 30 },
          MESSAGE_NOTE },
        { { .wanted = 1, .shown = 1, .handle = handle, .notes = notes, .sending = MESSAGE_NOTE },
          MESSAGE_NOTE },
        { { .wanted = 2, .shown = 1, .handle = handle, .notes = notes, .sending = MESSAGE_CARD },
          MESSAGE_CARD },
        { { .wanted = 1, .state = MESSAGE_DEAD }, MESSAGE_NOTHING },
        { { .wanted = 1, .state = MESSAGE_SKIPPED }, MESSAGE_NOTHING },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(message_next(&cases[i].message), cases[i].next);
}

static void cards_leave_in_the_order_in_which_they_were_owed(void **state)
{
    struct fixture *fixture = *state;
    struct message third = card_of(3, "slack", "C1"), first = card_of(1, "slack", "C1");

    put(fixture, &third);
    put(fixture, &first);
    put(fixture, &third); /* written again: it keeps its place */
    assert_int_equal(first_queued(fixture, "slack", "C1", MESSAGE_LANE_CARDS), 3);
    third.handle = SLICE("1.1");
    third.shown = 1;
    put(fixture, &third);
    assert_int_equal(first_queued(fixture, "slack", "C1", MESSAGE_LANE_CARDS), 1);
}

static void o10_an_urgent_card_does_not_stand_behind_the_others(void **state)
{
    struct fixture *fixture = *state;
    struct message first = card_of(1, "slack", "C1"), urgent = card_of(2, "slack", "C1");

    urgent.is_urgent = true;
    put(fixture, &first);
    put(fixture, &urgent);
    assert_int_equal(first_queued(fixture, "slack", "C1", MESSAGE_LANE_URGENT), 2);
    assert_int_equal(first_queued(fixture, "slack", "C1", MESSAGE_LANE_CARDS), 1);
    urgent.handle = SLICE("1.1");
    put(fixture, &urgent);
    assert_int_equal(first_queued(fixture, "slack", "C1", MESSAGE_LANE_URGENT), 0);
    assert_int_equal(first_queued(fixture, "slack", "C1", MESSAGE_LANE_EDITS), 2);
}

static void a_message_that_goes_to_the_back_lets_the_others_pass(void **state)
{
    struct fixture *fixture = *state;
    struct message first = card_of(1, "slack", "C1"), second = card_of(2, "slack", "C1");

    put(fixture, &first);
    put(fixture, &second);
    first.to_back = true;
    put(fixture, &first);
    assert_int_equal(first_queued(fixture, "slack", "C1", MESSAGE_LANE_CARDS), 2);
}

static void a_message_stands_in_one_lane_at_a_time(void **state)
{
    struct fixture *fixture = *state;
    struct message_note note = { .number = 1, .text = SLICE("note") };
    struct message message = card_of(1, "slack", "C1");

    put(fixture, &message);
    message.handle = SLICE("1.1");
    message.notes = (struct record_list){ &note, 1 };
    put(fixture, &message);
    assert_int_equal(first_queued(fixture, "slack", "C1", MESSAGE_LANE_CARDS), 0);
    assert_int_equal(first_queued(fixture, "slack", "C1", MESSAGE_LANE_EDITS), 1);
    assert_int_equal(first_queued(fixture, "slack", "C1", MESSAGE_LANE_NOTES), 0);
    message.shown = 1;
    put(fixture, &message);
    assert_int_equal(first_queued(fixture, "slack", "C1", MESSAGE_LANE_EDITS), 0);
    assert_int_equal(first_queued(fixture, "slack", "C1", MESSAGE_LANE_NOTES), 1);
    message.notes.n_items = 0;
    put(fixture, &message);
    assert_int_equal(message.queue_seq, 0);
    assert_int_equal(first_queued(fixture, "slack", "C1", MESSAGE_LANE_NOTES), 0);
}

static void places_and_channels_are_destinations_of_their_own(void **state)
{
    struct fixture *fixture = *state;
    struct message a = card_of(1, "slack", "C1"), b = card_of(2, "slack", "C2"),
                   c = card_of(2, "mail", "");
    struct message_destination destination;
    struct message message;
    size_t n = 0;

    put(fixture, &a);
    put(fixture, &b);
    put(fixture, &c);
    assert_int_equal(first_queued(fixture, "slack", "C1", MESSAGE_LANE_CARDS), 1);
    assert_int_equal(first_queued(fixture, "slack", "C2", MESSAGE_LANE_CARDS), 2);
    assert_int_equal(first_queued(fixture, "mail", "", MESSAGE_LANE_CARDS), 2);
    while (!message_next_destination(fixture->txn, n ? &destination : NULL, fixture->arena,
                                     &destination, &message))
        n++;
    assert_int_equal(n, 3);
}

static bool count(void *context, const struct message *message)
{
    (void)message;
    ++*(size_t *)context;
    return true;
}

static void all_of_a_proposal_go_with_it_and_leave_the_queue(void **state)
{
    struct fixture *fixture = *state;
    struct message a = card_of(1, "slack", "C1"), b = card_of(1, "mail", ""),
                   other = card_of(2, "slack", "C1");
    size_t n = 0;

    put(fixture, &a);
    put(fixture, &b);
    put(fixture, &other);
    assert_int_equal(message_each(fixture->txn, ulid_number(1), fixture->arena, count, &n), RC_OK);
    assert_int_equal(n, 2);
    assert_int_equal(message_delete_all(fixture->txn, ulid_number(1), fixture->arena), RC_OK);
    n = 0;
    assert_int_equal(message_each(fixture->txn, ulid_number(1), fixture->arena, count, &n), RC_OK);
    assert_int_equal(n, 0);
    assert_int_equal(first_queued(fixture, "slack", "C1", MESSAGE_LANE_CARDS), 2);
    assert_int_equal(first_queued(fixture, "mail", "", MESSAGE_LANE_CARDS), 0);
}

static void what_is_known_of_channels_and_groups_is_kept(void **state)
{
    struct fixture *fixture = *state;
    struct slice users[] = { SLICE("U1"), SLICE("U2") };
    const struct channel_facts given = { .channel = SLICE("slack"), .team = SLICE("T1") };
    const struct group_members group = {
        .channel = SLICE("slack"), .group = SLICE("S1"), .users = { users, 2 }, .at_ms = 7
    };
    struct channel_facts facts;
    struct group_members members;

    assert_int_equal(channel_facts_get(fixture->txn, SLICE("slack"), fixture->arena, &facts),
                     RC_NOT_FOUND);
    assert_int_equal(channel_facts_put(fixture->txn, &given), RC_OK);
    assert_int_equal(group_members_put(fixture->txn, &group), RC_OK);
    fixture_commit(fixture);
    assert_int_equal(channel_facts_get(fixture->txn, SLICE("slack"), fixture->arena, &facts),
                     RC_OK);
    assert_slice(facts.team, "T1");
    assert_int_equal(
        group_members_get(fixture->txn, SLICE("slack"), SLICE("S1"), fixture->arena, &members),
        RC_OK);
    assert_int_equal(members.users.n_items, 2);
    assert_int_equal(members.at_ms, 7);
    assert_int_equal(
        group_members_get(fixture->txn, SLICE("slack"), SLICE("S2"), fixture->arena, &members),
        RC_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(a_message_is_kept_with_all_that_it_owes),
        cmocka_unit_test(what_is_owed_next),
        TWICE(cards_leave_in_the_order_in_which_they_were_owed),
        TWICE(o10_an_urgent_card_does_not_stand_behind_the_others),
        TWICE(a_message_that_goes_to_the_back_lets_the_others_pass),
        TWICE(a_message_stands_in_one_lane_at_a_time),
        TWICE(places_and_channels_are_destinations_of_their_own),
        TWICE(all_of_a_proposal_go_with_it_and_leave_the_queue),
        TWICE(what_is_known_of_channels_and_groups_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
