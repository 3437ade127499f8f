/* card.h - what a person is shown of a proposal, in words: what every channel says, whatever its layout.
 *
 * Pure. Text from events is one line wherever it is part of a sentence, and nothing in it hides or turns the text around it (shown.h); the markup of a channel is still in it: each channel
 * escapes what it shows, once, in one function of its own. Sentences have no full stop at their end and name times in UTC, with the date where it is not that of `now_ms`.
 *
 * card.c           what happened, who decides, until when
 * card_state.c     where it stands
 * card_findings.c  what is known of the cause
 * card_plan.c      what would be done, exactly
 * card_offers.c    what a person can do with it now
 * card_text.c      all of it, for channels without a layout */
#pragma once

#include "src/store/proposals.h"
#include "src/store/signals.h"
#include "src/store/tasks.h"

/* Another signal that the proposal is about. */
struct card_other {
    struct slice title;
    bool is_well; /* it fires no more */
};
#define CARD_OTHERS_MOST 5

struct card {
    const struct proposal *proposal;
    const struct signal *signal; /* that leads, as it is now; NULL when it is gone */
    const struct card_other *others;
    size_t n_others;         /* at most CARD_OTHERS_MOST: the rest is a number */
    const struct task *task; /* with its evidence; NULL when it is gone */
    struct slice page_url;   /* of this proposal on the page; absent without public_url */
    struct slice deciders;   /* "jane, john (oncall)": who may decide, by name */
    int64_t now_ms;
    bool is_paused; /* nothing acts at present */
    bool is_plain;  /* the channel refused the usual layout: small and plain */
};

/* "high: test is red on main of acme/shop": never empty. */
enum rc card_headline(const struct card *card, struct arena *arena, struct slice *text) MUST_CHECK;
/* "4 times since 09:12 UTC, last 09:30 UTC (over 18 min)"; of the signal as it is now while this is its episode, else as the proposal knew it. */
enum rc card_when(const struct card *card, struct arena *arena, struct slice *text) MUST_CHECK;
/* "rule ci-main-red: acme/shop · main". */
enum rc card_subject(const struct card *card, struct arena *arena, struct slice *text) MUST_CHECK;
/* "together with till is down · cart is down (well again) · 3 more"; absent where it is about one signal alone. */
enum rc card_others(const struct card *card, struct arena *arena, struct slice *text) MUST_CHECK;
/* "broke between a1b2c3d and e4f5a6b" (commit_range.h); absent where it is not known. */
enum rc card_commits(const struct card *card, struct arena *arena, struct slice *text) MUST_CHECK;
/* "proposed before: recurred: it failed again": what became of the signal's proposal before this one; absent without one. */
enum rc card_earlier(const struct card *card, struct arena *arena, struct slice *text) MUST_CHECK;
/* That it was opened above the review budget; absent otherwise. */
enum rc card_borrowed(const struct card *card, struct arena *arena, struct slice *text) MUST_CHECK;
/* Where it stands, for one line: "waits for a decision", "1 of 2 approvals: jane", "approved by jane at 09:31 UTC; starts at 09:31:42 UTC", "step 1 of 2 runs", "verified: …". */
enum rc card_state(const struct card *card, struct arena *arena, struct slice *text) MUST_CHECK;
/* "likely cause (80 % sure): …" and its boundary; says so when nothing was found. */
enum rc card_conclusion(const struct card *card, struct arena *arena,
                        struct slice *text) MUST_CHECK;
/* The two or three facts that carry it, at most `n_max`, absent beyond: their texts. `cites`: with the ids of their evidence, where that stands beside them. */
enum rc card_facts(const struct card *card, size_t n_max, bool cites, struct arena *arena,
                   struct slice_list *facts) MUST_CHECK;
/* The http(s) address that the sender gave with the newest event (its `url` field), or absent. */
struct slice card_source_url(const struct card *card, struct arena *arena);
/* "expires 14:30 UTC, then nothing happens"; absent when it is not open. */
enum rc card_expiry(const struct card *card, struct arena *arena, struct slice *text) MUST_CHECK;
/* "this rule before: 12 proposed, 9 approved, 2 rejected, 1 ignored, 8 verified, 1 came back"; without what there was none of. */
enum rc card_track_record(const struct card *card, struct arena *arena,
                          struct slice *text) MUST_CHECK;
/* "may be decided by jane, john (oncall); 2 approvals are needed". */
enum rc card_deciders(const struct card *card, struct arena *arena, struct slice *text) MUST_CHECK;
/* The same with a capital at its start, for where it begins a line; as it is when there is no memory. */
struct slice card_capital(struct slice sentence, struct arena *arena);
/* "proposal kmwrt, revision 3, plan 9f86d081884c": what it is called elsewhere; a first revision is not worth a word. */
enum rc card_name(const struct card *card, struct arena *arena, struct slice *text) MUST_CHECK;
/* "on https://… or with `vedette approve kmwrt`": where `command` can be given as well. */
enum rc card_elsewhere(const struct card *card, const char *command, struct arena *arena,
                       struct slice *text) MUST_CHECK;

/* What step `i` would do, exactly: a command on one line where it is short, else an argument a line; a request with a member a line. Controls are shown escaped. Never cut: the caller says what does not fit. */
enum rc card_step(const struct card *card, size_t i, struct arena *arena,
                  struct slice *text) MUST_CHECK;
/* The check without which it does not start, likewise; absent: there is none. */
enum rc card_step_check(const struct card *card, size_t i, struct arena *arena,
                        struct slice *text) MUST_CHECK;
/* "restart-api: it holds the connections": the action, and why where the plan says it. */
enum rc card_step_name(const struct card *card, size_t i, struct arena *arena,
                       struct slice *text) MUST_CHECK;
/* "changes things outside; undo: restart-old; at most 1m" of step `i`; of a command that takes several lines, of how many words it is. */
enum rc card_step_effect(const struct card *card, size_t i, struct arena *arena,
                         struct slice *text) MUST_CHECK;
/* "done in 3 s", "failed: exit code 1"; absent while it is planned. */
enum rc card_step_state(const struct card *card, size_t i, struct arena *arena,
                        struct slice *text) MUST_CHECK;
/* The few lines of its output that say most, a line each; absent without output. */
enum rc card_step_output(const struct card *card, size_t i, struct arena *arena,
                         struct slice *text) MUST_CHECK;
/* What undoing what was done would run, exactly, last step first; absent where it cannot be undone. */
enum rc card_undo(const struct card *card, struct arena *arena, struct slice *text) MUST_CHECK;
/* "afterwards it is watched for 1h: verified when it stays quiet"; absent where nothing is verified, and once card_state says what came of it. */
enum rc card_verification(const struct card *card, struct arena *arena,
                          struct slice *text) MUST_CHECK;
/* The argument vector of the verifying check, likewise; absent: there is none. */
enum rc card_verify_check(const struct card *card, struct arena *arena,
                          struct slice *text) MUST_CHECK;
/* Why there is no plan to be approved: "no plan is offered: this is for you to look at"; absent where there is one, and once it is over. */
enum rc card_no_plan(const struct card *card, struct arena *arena, struct slice *text) MUST_CHECK;
/* The plan as one line of words, exactly: "1. /usr/bin/systemctl restart api; 2. POST https://…"; for dialogs. */
enum rc card_plan_line(const struct card *card, struct arena *arena, struct slice *text) MUST_CHECK;
/* Likewise what its undo would run. */
enum rc card_undo_line(const struct card *card, struct arena *arena, struct slice *text) MUST_CHECK;
/* "if approved, 2 steps run", "what was approved: 1 step": before the steps. */
enum rc card_plan_heading(const struct card *card, struct arena *arena,
                          struct slice *text) MUST_CHECK;
/* "2 steps: restart-api, rerun". */
enum rc card_plan_names(const struct card *card, struct arena *arena,
                        struct slice *text) MUST_CHECK;
/* Does some step change anything? */
bool card_has_effects(const struct card *card);
/* Does some step change something that no undo is declared for? */
bool card_is_irrevocable(const struct card *card);

/* Where a proposal's plan stands. */
enum card_phase {
    CARD_NO_PLAN,
    CARD_OFFERED, /* it would be done */
    CARD_ACTED,   /* it is being done, or was */
    CARD_DROPPED, /* it never will be */
};
enum card_phase card_phase(const struct card *card);

/* What a person can do with it now. A bit each, in the order in which they are offered. */
enum card_offer {
    CARD_APPROVE = 1 << 0,
    CARD_REJECT = 1 << 1,
    CARD_ACK = 1 << 2,
    CARD_SNOOZE = 1 << 3,
    CARD_MUTE = 1 << 4,
    CARD_EDIT = 1 << 5,
    CARD_TAKE_BACK = 1 << 6,
    CARD_SETTLE = 1 << 7,
    CARD_UNDO = 1 << 8,
    CARD_DETAILS = 1 << 9,
};
unsigned card_offers(const struct card *card);
/* The reason codes in words, in the order of reason_names. */
extern const char *const card_reasons[];

/* The whole card as plain text with blank lines between its parts, for channels without a layout; at most `max_bytes`, cut on a character with a mark. A plan that does not fit whole is left out,
 * and the text says where it can be read and approved: ask card_text_has_plan before you offer to approve it. */
enum rc card_text(const struct card *card, size_t max_bytes, struct arena *arena,
                  struct slice *text) MUST_CHECK;
/* Does card_text of this size hold the whole plan? */
enum rc card_text_has_plan(const struct card *card, size_t max_bytes, struct arena *arena,
                           bool *has_plan) MUST_CHECK;
