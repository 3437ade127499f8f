/* hook_facts.h - what came through each webhook's door since the start: when, how much, and why the last refusal was one.
 *
 * For `vedette status` and the page. Names come from the configuration, so there are few. Safe from any thread. */
#pragma once

#include "src/base/slice.h"

#define HOOK_REASON_BYTES 32
#define HOOK_SUBSCRIPTION_BYTES 96

struct hook_fact {
    int64_t accepted_ms; /* the last one; 0: none yet */
    int64_t refused_ms;
    int64_t handshake_ms; /* the last time the sender only tried the door ("ping") */
    int64_t n_accepted;   /* duplicates too */
    int64_t n_duplicates;
    int64_t n_refused;
    char reason[HOOK_REASON_BYTES]; /* of the last refusal */
    char subscription
        [HOOK_SUBSCRIPTION_BYTES]; /* what confirming it came to; empty: nothing was to be confirmed */
};

struct hook_facts;
enum rc hook_facts_new(struct hook_facts **facts) MUST_CHECK;
void hook_facts_free(struct hook_facts *facts);
void hook_facts_accepted(struct hook_facts *facts, struct slice hook, bool is_duplicate,
                         int64_t now_ms);
void hook_facts_shaken(struct hook_facts *facts, struct slice hook, int64_t now_ms);
void hook_facts_refused(struct hook_facts *facts, struct slice hook, const char *reason,
                        int64_t now_ms);
/* May one more come in, of `n` in each `window_ms`? As many as that may come at once; 0: any number. `now_mono_ms` never goes back. */
bool hook_facts_let_in(struct hook_facts *facts, struct slice hook, int64_t n, int64_t window_ms,
                       int64_t now_mono_ms);
void hook_facts_subscription(struct hook_facts *facts, struct slice hook, const char *outcome);
/* For people: what is known of it, also where nothing was to be confirmed since the start. What is accepted then is of a subscription that was: nothing else
 * but its confirmation is sent before. */
const char *hook_fact_subscription(const struct hook_fact *fact);
/* All zero when nothing came yet. */
struct hook_fact hook_facts_of(struct hook_facts *facts, struct slice hook);
