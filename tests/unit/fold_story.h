/* fold_story.h - one rule, its signals and its events, folded in memory: what the tests of the fold and of the conditions share.
 *
 * A story has one signal, that of the key its events give. Engine time follows event time unless a story says otherwise; what is due before an event happens
 * before it, in order, as in the engine. */
#pragma once

#include "rule_fixture.h"
#include "rules/fold.h"

#include <stdlib.h>

struct story {
    struct ruleset *set;
    struct matcher *matcher;
    struct arena *arena;
    struct signal signal;
    struct fold fold; /* of what was folded last */
    int64_t now_ms;   /* engine time of the next event; 0: as the event's */
    int64_t rule_since_ms;
    int64_t watched_since_ms, started_ms; /* as fold_clock has them */
    char transitions[256]; /* since the story began, as "firing@600000 resolved@660000 " */
};

/* Events are told in milliseconds after this moment, 2026-01-01. */
#define START_MS 1767225600000

static inline struct story *story_of(const char *rule)
{
    struct story *story = calloc(1, sizeof(*story));
    char text[2048];

    assert_non_null(story);
    (void)snprintf(text, sizeof(text), "rules:\n  - %s\n", rule);
    story->set = rules_of(text);
    story->rule_since_ms = START_MS;
    assert_int_equal(matcher_new(&story->matcher), RC_OK);
    assert_int_equal(arena_new((size_t)64 << 20, &story->arena), RC_OK);
    return story;
}

static inline void story_end(struct story *story)
{
    arena_free(story->arena);
    matcher_free(story->matcher);
    ruleset_free(story->set);
    free(story);
}

static inline const struct rule *story_rule(const struct story *story)
{
    return &story->set->rules[0];
}

static inline struct fold_clock story_clock(const struct story *story, int64_t now_ms)
{
    return (struct fold_clock){ .now_ms = now_ms,
                                .rule_since_ms = story->rule_since_ms,
                                .watched_since_ms = story->watched_since_ms,
                                .started_ms = story->started_ms };
}

static inline void note_transitions(struct story *story)
{
    for (size_t i = 0; i < story->fold.n_transitions; i++) {
        const struct transition *transition = &story->fold.transitions[i];
        size_t n = strlen(story->transitions);

        (void)snprintf(story->transitions + n, sizeof(story->transitions) - n, "%s@%lld ",
                       signal_state_names[transition->to],
                       (long long)(transition->at_ms - START_MS));
    }
    if (story->fold.forget)
        story->signal = (struct signal){ 0 };
}

/* What is due by START_MS + `at_ms` happens. */
static inline void time_passes_to(struct story *story, int64_t at_ms)
{
    struct signal *signal = &story->signal;

    story->fold = (struct fold){ 0 };
    for (;;) {
        int64_t quiet_ms = signal->quiet_due_ms ? signal->quiet_due_ms : INT64_MAX;
        int64_t wake_ms = signal->condition_due_ms ? signal->condition_due_ms : INT64_MAX;
        int64_t due_ms = quiet_ms < wake_ms ? quiet_ms : wake_ms;
        struct fold_clock clock = story_clock(story, due_ms);

        if (due_ms > START_MS + at_ms)
            return;
        if (quiet_ms <= wake_ms)
            assert_int_equal(
                fold_quiet(story_rule(story), due_ms, story->arena, signal, &story->fold), RC_OK);
        else
            assert_int_equal(
                fold_wake(story_rule(story), &clock, story->arena, signal, &story->fold), RC_OK);
        note_transitions(story);
    }
}

/* Folds an event at START_MS + `at_ms`; what it says beside its time stands in `fields` ('state':'ok'), of kind ci.run and repo r where these are not there. Gives how
 * many matches it made, at most 1. */
static inline size_t event_at(struct story *story, int64_t at_ms, const char *fields)
{
    int64_t now_ms = story->now_ms ? story->now_ms : START_MS + at_ms;
    struct fold_clock clock = story_clock(story, now_ms);
    struct match_list matches;
    struct told told;
    char json[1024];

    (void)snprintf(json, sizeof(json), "{%s%s%s%s}",
                   strstr(fields, "'kind'") ? "" : "'kind':'ci.run',",
                   strstr(fields, "'repo'") ? "" : "'repo':'r'",
                   *fields && !strstr(fields, "'repo'") ? "," : "", fields);
    time_passes_to(story, now_ms - START_MS);
    story->fold = (struct fold){ 0 };
    told = told_of(json);
    told.event.time_ms = START_MS + at_ms;
    told.event.received_ms = now_ms;
    told.event.id = ulid_from_seed(START_MS + at_ms, slice_of(json));
    assert_int_equal(match_event(story->matcher, story->set, &told.event, story->arena, &matches),
                     RC_OK);
    assert_true(matches.n_items <= 1);
    if (matches.n_items) {
        assert_int_equal(fold_match(&matches.items[0], &told.event, &clock, story->arena,
                                    &story->signal, &story->fold),
                         RC_OK);
        note_transitions(story);
    }
    told_free(&told); /* a signal borrows nothing of its events */
    return matches.n_items;
}

/* The rule was loaded at START_MS + `at_ms`, and its story is that of the key with this one value. */
static inline void expected_at(struct story *story, int64_t at_ms, const char *value)
{
    struct fold_clock clock = story_clock(story, START_MS + at_ms);
    struct slice_list key = { arena_alloc(story->arena, 1, sizeof(struct slice)), 1 };
    struct match match;

    assert_non_null(key.items);
    key.items[0] = slice_of(value);
    clock.rule_since_ms = START_MS + at_ms;
    story->fold = (struct fold){ 0 };
    assert_int_equal(match_of_key(story_rule(story), &key, story->arena, &match), RC_OK);
    assert_int_equal(fold_expect(&match, &clock, story->arena, &story->signal, &story->fold),
                     RC_OK);
}

#define NOTHING (-1)

/* The last fold made this one transition, or none. */
static inline void assert_became(const struct story *story, int to)
{
    assert_int_equal(story->fold.n_transitions, to == NOTHING ? 0 : 1);
    if (to != NOTHING) {
        assert_int_equal(story->fold.transitions[0].to, to);
        assert_int_equal(story->signal.state, to);
    }
}

/* All that people were told since the story began: "pending@0 firing@60000 ". */
static inline void assert_told(const struct story *story, const char *transitions)
{
    assert_string_equal(story->transitions, transitions);
}
