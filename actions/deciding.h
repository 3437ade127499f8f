/* deciding.h - one decision on its way through the checks; for decide*.c alone.
 *
 * decide.c        the order of the answers, as the contract lists them
 * decide_check.c  same again, conflicts, digest, content: reads, changes nothing
 * decide_take.c   what a decision that passed makes of the proposal
 * decide_say.c    the sentences for the decider */
#pragma once

#include "actions/proposal.h"
#include "actions/wording.h"

#define NOTE_MAX_BYTES 4096
#define MAX_DECISIONS 500 /* of one proposal */

struct deciding {
    struct proposal *proposal;
    const struct decision *decision;
    const struct decider_rights *rights;
    const struct plan_edit *edit; /* of an edit */
    int64_t now_ms;
    int64_t real_ms;
    struct arena *arena;
    struct decision_answer *answer;
    bool is_answered; /* then `answer` says how, and no further check is made */
};

/* Checks: each leaves `is_answered` false when it has nothing against the decision. */
enum rc decide_check_rights(struct deciding *deciding) MUST_CHECK;
enum rc decide_check_same_again(struct deciding *deciding) MUST_CHECK;
enum rc decide_check_conflict(struct deciding *deciding) MUST_CHECK;
enum rc decide_check_digest(struct deciding *deciding) MUST_CHECK;
enum rc decide_check_content(struct deciding *deciding) MUST_CHECK;
/* Always answers: DECISION_TAKEN. */
enum rc decide_take(struct deciding *deciding) MUST_CHECK;

/* Sets the answer; its sentence is formatted like printf and cut at 500 bytes. */
enum rc decide_say(struct deciding *deciding, enum decision_outcome outcome, const char *format,
                   ...) MUST_CHECK __attribute__((format(printf, 3, 4)));
/* "already approved by jane at 2026-11-21 08:01 UTC; now it is running" */
enum rc decide_say_same_again(struct deciding *deciding, const struct decision *earlier) MUST_CHECK;
/* Why an open proposal is wanted and this one is not: who decided it otherwise and when, or that it expired or was withdrawn. */
enum rc decide_say_not_open(struct deciding *deciding) MUST_CHECK;

/* The newest decision with this verdict that still stands (no void approval); NULL when there is none. */
const struct decision *decision_find(const struct proposal *proposal, enum verdict verdict);
/* Expired at this very moment, whether or not a timer has noticed. */
bool deciding_is_expired(const struct deciding *deciding);
