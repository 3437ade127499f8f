/* card.h - what a person is shown of a proposal, in words: what every channel says, whatever its layout.
 *
 * Pure. Text from events is in it as it came: each channel escapes what it shows, once, in one function of its own. Sentences have no full stop
 * at their end and name times in UTC. */
#pragma once

#include "src/store/proposals.h"
#include "src/store/signals.h"
#include "src/store/tasks.h"

struct card {
    const struct proposal *proposal;
    const struct signal *signal; /* as it is now; NULL when it is gone */
    const struct task *task;     /* with its evidence; NULL when it is gone */
    struct slice page_url;       /* of this proposal on the page; absent without public_url */
    struct slice deciders;       /* "jane, john (oncall)": who may decide, by name */
    int64_t now_ms;
    bool is_paused; /* nothing acts at present */
    bool is_plain;  /* the channel refused the usual layout: small and plain */
};

/* "high: test is red on main of acme/shop": never empty. */
enum rc card_headline(const struct card *card, struct arena *arena, struct slice *text) MUST_CHECK;
/* "4 times since 09:12 UTC (20 min), last 09:30 UTC". */
enum rc card_when(const struct card *card, struct arena *arena, struct slice *text) MUST_CHECK;
/* Where it stands, for one line: "waits for a decision", "1 of 2 approvals: jane", "approved by jane at 09:31 UTC; starts in 10 s", "step 1 of 2 runs", "verified: …". */
enum rc card_state(const struct card *card, struct arena *arena, struct slice *text) MUST_CHECK;
/* "likely cause (0.8): …" and its boundary; says so when nothing was found. */
enum rc card_conclusion(const struct card *card, struct arena *arena,
                        struct slice *text) MUST_CHECK;
/* The two or three facts that carry it, at most `n_max`, absent beyond: their texts. */
enum rc card_facts(const struct card *card, size_t n_max, struct arena *arena,
                   struct slice_list *facts) MUST_CHECK;
/* The http(s) address that the sender gave with the newest event (its `url` field), or absent. */
struct slice card_source_url(const struct card *card, struct arena *arena);
/* "expires 14:30 UTC, then nothing happens"; absent when it is not open. */
enum rc card_expiry(const struct card *card, struct arena *arena, struct slice *text) MUST_CHECK;
/* "this rule: 12 proposed, 9 approved, 2 rejected, 1 ignored; 8 verified, 1 came back". */
enum rc card_track_record(const struct card *card, struct arena *arena,
                          struct slice *text) MUST_CHECK;
/* "jane, john (oncall) decide; 2 needed". */
enum rc card_deciders(const struct card *card, struct arena *arena, struct slice *text) MUST_CHECK;
/* What step `i` would do, exactly, one argument or member a line, controls shown escaped; never cut: the caller says what does not fit. */
enum rc card_step(const struct card *card, size_t i, struct arena *arena,
                  struct slice *text) MUST_CHECK;
/* "changes things outside; undo: restart-old" of step `i`. */
enum rc card_step_effect(const struct card *card, size_t i, struct arena *arena,
                         struct slice *text) MUST_CHECK;
/* The whole card as plain text with blank lines between its parts, for channels without a layout; at most `max_bytes`, cut on a character with a mark. */
enum rc card_text(const struct card *card, size_t max_bytes, struct arena *arena,
                  struct slice *text) MUST_CHECK;
