/* That nothing comes says something only while its watcher hears: who is told to be missed is asked here first.
 *
 * A watcher does not hear while it is silent or broken (vedette.watcher events), and, where it reads on from where it stood, from a start until it has caught up. A signal whose
 * time comes meanwhile waits for it: its timer is gone, its due time stays, and a row in watcher_waiting says where it is. When the watcher hears again its timer is set to
 * now, and its condition looks again: with its full time after a silence, as it is after a start.
 *
 * All of it follows from journalled entries, so that a replay of them judges as the live run did. */
#include "src/engine/engine_private.h"

#include "src/base/digest.h"
#include "src/store/watcher_states.h"
#include "watchers/journal_config.h"
#include "watchers/log_config.h"

#define START_TYPE "vedette.start"
#define CAUGHT_UP_TYPE "vedette.watcher.caught_up"
#define KIND "vedette.watcher"

/* --- the signal that stands for all --- */

/* It fires as soon as it is woken, and only we end it. */
static enum rc expect_at_once(const void *spec, const struct condition_input *input,
                              struct arena *arena, struct condition_result *result)
{
    (void)spec;
    (void)arena;
    result->due_ms = input->is_firing ? 0 : input->now_ms;
    return RC_OK;
}

static enum rc hold_at_once(const void *spec, const struct condition_input *input,
                            struct slice state, struct arena *arena,
                            struct condition_result *result)
{
    (void)spec;
    (void)state;
    (void)arena;
    *result = (struct condition_result){ .verdict = CONDITION_HOLDS,
                                         .count = 1,
                                         .first_ms = input->now_ms };
    return RC_OK;
}

static int64_t no_window(const void *spec)
{
    (void)spec;
    return 0;
}

static const struct condition stand_in_condition = {
    .wake = hold_at_once,
    .expect = expect_at_once,
    .within_ms = no_window,
};

enum rc absence_stand_in_rule(struct turn *turn, const struct rule *rule,
                              const struct rule **stand_in)
{
    static struct slice name[] = { { "(watcher)", sizeof("(watcher)") - 1 } };
    struct rule *copy;

    *stand_in = NULL;
    if (!rule->condition->judges_silence)
        return RC_OK;
    copy = arena_alloc(turn->arena, 1, sizeof *copy);
    if (!copy)
        return RC_NO_MEMORY;
    *copy = *rule;
    copy->mode = RULE_OBSERVE;
    copy->condition = &stand_in_condition;
    copy->condition_spec = NULL;
    copy->key = (struct rule_key){ .names = { .items = name, .n_items = 1 } };
    copy->clear = (struct clear_part){ .kind = CLEAR_NEVER };
    copy->notes_good = false;
    *stand_in = copy;
    return RC_OK;
}

/* Under a fingerprint that no key of the rule has. */
static enum rc stand_in_match(struct turn *turn, const struct rule *rule, struct slice watcher,
                              struct match *match)
{
    struct slice *key = arena_alloc(turn->arena, 1, sizeof *key);
    struct slice parts[] = { rule->id, SLICE(""), SLICE("(watcher)"), watcher };
    struct sha256 digest;
    enum rc rc = key ? RC_OK : RC_NO_MEMORY;

    *match = (struct match){ 0 };
    if (!rc)
        rc = arena_format(turn->arena, key, "watcher %.*s", SLICE_ARG(watcher));
    if (!rc)
        rc = sha256_of_parts(parts, 4, &digest);
    if (!rc)
        rc = absence_stand_in_rule(turn, rule, &match->rule);
    if (rc)
        return rc;
    match->key = (struct slice_list){ .items = key, .n_items = 1 };
    memcpy(match->fingerprint.bytes, digest.bytes, sizeof match->fingerprint.bytes);
    return RC_OK;
}

/* The episode begins, or goes on with one key more. */
static enum rc fire_stand_in(struct turn *turn, const struct match *match, struct slice away,
                             struct slice watcher, struct signal *signal, struct fold *fold)
{
    const struct fold_clock clock = { .now_ms = turn->now_ms };
    enum rc rc;

    *fold = (struct fold){ 0 };
    if (signal->state == SIGNAL_FIRING && !slice_is_absent(signal->rule)) {
        signal->count++;
        return RC_OK;
    }
    rc = fold_expect(match, &clock, turn->arena, signal, fold);
    signal->stands_for_watcher = true;
    if (!rc)
        rc = fold_wake(match->rule, &clock, turn->arena, signal, fold);
    if (rc)
        return rc;
    signal->first_seen_ms = signal->last_seen_ms = turn->now_ms;
    return arena_format(turn->arena, &signal->title,
                        "watcher %.*s %.*s: the absence of its keys cannot be judged",
                        SLICE_ARG(watcher), SLICE_ARG(away));
}

static enum rc stand_in(struct turn *turn, const struct rule *rule,
                        const struct known_watcher *watcher)
{
    struct signal signal = { 0 };
    struct fold fold;
    struct match match;
    enum signal_state before;
    bool is_new;
    enum rc rc = stand_in_match(turn, rule, watcher->name, &match);

    if (!rc)
        rc = signal_find(turn->txn, match.fingerprint, turn->arena, &signal);
    is_new = rc == RC_NOT_FOUND;
    if (is_new)
        rc = turn_make_id(turn, &signal.id);
    if (rc)
        return rc;
    before = signal.state;
    rc = fire_stand_in(turn, &match, watcher->away, watcher->name, &signal, &fold);
    return rc ? rc : signals_store_folded(turn, match.rule, &signal, &fold, is_new, before);
}

static enum rc end_stand_in(struct turn *turn, const struct rule *rule, struct slice watcher)
{
    struct signal signal = { 0 };
    struct match match;
    enum rc rc = stand_in_match(turn, rule, watcher, &match);

    if (!rc)
        rc = signal_find(turn->txn, match.fingerprint, turn->arena, &signal);
    if (rc || signal.state != SIGNAL_FIRING)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    return signals_end(turn, &signal, SLICE("the watcher is back"));
}

static enum rc end_stand_ins(struct turn *turn, struct slice watcher)
{
    const struct ruleset *ruleset = turn->engine->ruleset;
    enum rc rc = RC_OK;

    for (size_t i = 0; i < ruleset->n_rules && !rc; i++) {
        if (ruleset->rules[i].condition->judges_silence)
            rc = end_stand_in(turn, &ruleset->rules[i], watcher);
    }
    return rc;
}

/* --- those who wait --- */

static enum rc look_again(struct turn *turn, struct ulid id)
{
    struct signal signal = { 0 };
    struct signal_timers timers;
    enum rc rc = signal_get(turn->txn, id, turn->arena, &signal);

    /* Seen meanwhile, by another watcher: it has a time of its own again. */
    if (rc || !signal.condition_due_ms || signal.condition_due_ms > turn->now_ms)
        return rc == RC_NOT_FOUND || rc == RC_CORRUPT ? RC_OK : rc;
    timers = signals_timers(&signal);
    timers.condition_due_ms = 0; /* it came while the watcher was not heard, and is gone */
    signal.condition_due_ms = turn->now_ms;
    rc = signals_move_timers(turn, &signal, timers);
    return rc ? rc : signal_put(turn->txn, &signal);
}

static bool hears(const struct known_watcher *watcher)
{
    return slice_is_absent(watcher->away) && !watcher->catches_up;
}

/* They are as many as the rule has keys: they look again one after the other, spread over timers that are due now. */
static enum rc release(struct turn *turn, struct slice watcher)
{
    struct ulid object;
    enum rc rc = watcher_object(watcher, &object);

    return rc ? rc : turn_move_timer(turn, TIMER_WATCHER, object, 0, turn->now_ms);
}

/* Whom its next silence finds still waiting goes on waiting. */
enum rc absence_walk(struct turn *turn, struct ulid watcher, int64_t due_ms)
{
    struct known_watcher state;
    struct ulid id;
    enum rc rc = watcher_state_of(turn->txn, watcher, turn->arena, &state);

    if (rc && rc != RC_NOT_FOUND)
        return rc;
    if (!rc && !hears(&state))
        return RC_OK;
    rc = watcher_waiting_take(turn->txn, watcher, &id);
    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    rc = look_again(turn, id);
    return rc ? rc : turn_move_timer(turn, TIMER_WATCHER, watcher, 0, due_ms);
}

/* --- what is told of a watcher --- */

static enum rc find(struct turn *turn, struct slice name, struct known_watcher *watcher)
{
    enum rc rc = watcher_state_get(turn->txn, name, turn->arena, watcher);

    if (rc == RC_NOT_FOUND)
        *watcher = (struct known_watcher){ .name = name };
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc go_away(struct turn *turn, struct slice name, struct slice word)
{
    struct known_watcher watcher;
    enum rc rc = find(turn, name, &watcher);

    watcher.away = slice_is_absent(word) ? SLICE("does not hear") : word;
    return rc ? rc : watcher_state_put(turn->txn, &watcher);
}

static enum rc come_back(struct turn *turn, struct slice name)
{
    struct known_watcher watcher;
    enum rc rc = find(turn, name, &watcher);

    if (rc || slice_is_absent(watcher.away))
        return rc;
    watcher.away = (struct slice){ 0 };
    watcher.heard_since_ms = turn->now_ms;
    rc = watcher_state_put(turn->txn, &watcher);
    if (!rc)
        rc = end_stand_ins(turn, name);
    return !rc && hears(&watcher) ? release(turn, name) : rc;
}

static enum rc catch_up(struct turn *turn, struct slice name)
{
    struct known_watcher watcher;
    enum rc rc = find(turn, name, &watcher);

    if (rc || !watcher.catches_up)
        return rc;
    watcher.catches_up = false;
    rc = watcher_state_put(turn->txn, &watcher);
    return !rc && hears(&watcher) ? release(turn, name) : rc;
}

static enum rc begin_catching_up(struct turn *turn, struct slice name)
{
    struct known_watcher watcher;
    enum rc rc = find(turn, name, &watcher);

    watcher.catches_up = watcher.reads_on = true;
    return rc ? rc : watcher_state_put(turn->txn, &watcher);
}

static enum rc take_start(struct turn *turn, const struct json *data)
{
    const struct json *names = json_get(data, SLICE("watchers"));
    enum rc rc = meta_set(turn->txn, META_STARTED, (uint64_t)turn->now_ms);

    for (const struct json *name = json_first(names); name && !rc; name = json_next(name))
        rc = begin_catching_up(turn, json_text(name));
    return rc;
}

enum rc absence_take_event(struct turn *turn, const struct event *event, bool *is_taken)
{
    struct slice type = event->fields[FIELD_TYPE];
    struct slice name = event->fields[FIELD_WATCHER];
    struct slice state = event->fields[FIELD_STATE];

    *is_taken = slice_eq(type, SLICE(START_TYPE)) || slice_eq(type, SLICE(CAUGHT_UP_TYPE));
    if (slice_eq(type, SLICE(START_TYPE)))
        return take_start(turn, event->data);
    if (!slice_eq(event->fields[FIELD_KIND], SLICE(KIND)) || slice_is_absent(name))
        return RC_OK;
    if (slice_eq(type, SLICE(CAUGHT_UP_TYPE)))
        return catch_up(turn, name);
    if (slice_eq(state, SLICE("failing")))
        return go_away(turn, name, json_string(json_get_text(event->data, "word")));
    return slice_eq(state, SLICE("ok")) ? come_back(turn, name) : RC_OK;
}

enum rc absence_catches_up(struct turn *turn, struct slice name, bool *catches_up)
{
    struct known_watcher watcher;
    enum rc rc = find(turn, name, &watcher);

    *catches_up = !rc && watcher.catches_up;
    return rc;
}

/* --- who is asked before somebody is missed --- */

/* The watcher that the key was seen through last, in the turn's arena; absent: it was never seen. */
static enum rc watcher_of(struct turn *turn, const struct signal *signal, struct slice *name)
{
    struct json_fault fault;
    struct json *event = NULL;
    enum rc rc;

    *name = (struct slice){ 0 };
    if (!signal->last_event.len)
        return RC_OK;
    rc = json_parse(signal->last_event, JSON_LIMITS_DEFAULT, &event, &fault);
    if (!rc)
        rc = arena_copy(turn->arena, json_string(json_get_text(event, "watcher")), name);
    json_free(event);
    return rc == RC_INVALID || rc == RC_LIMIT ? RC_OK : rc;
}

/* Who was never seen may come through any of those that still catch up. */
static enum rc find_for(struct turn *turn, struct slice name, struct known_watcher *watcher)
{
    struct record_list all = { 0 };
    const struct known_watcher *states;
    enum rc rc;

    if (!slice_is_absent(name))
        return find(turn, name, watcher);
    *watcher = (struct known_watcher){ 0 };
    rc = watcher_states_list(turn->txn, turn->arena, &all);
    states = all.items;
    for (size_t i = 0; i < all.n_items && !rc; i++) {
        if (!states[i].catches_up)
            continue;
        *watcher = states[i];
        watcher->away = (struct slice){ 0 };
        break;
    }
    return rc;
}

enum rc absence_ask(struct turn *turn, const struct rule *rule, const struct signal *signal,
                    struct fold_clock *clock, bool *waits)
{
    int64_t seen_ms = later_of(signal->newest_seen_ms, clock->rule_since_ms);
    struct known_watcher watcher;
    struct slice name;
    uint64_t started_ms = 0;
    enum rc rc = watcher_of(turn, signal, &name);

    *waits = false;
    if (!rc)
        rc = find_for(turn, name, &watcher);
    if (!rc)
        rc = meta_get(turn->txn, META_STARTED, &started_ms);
    if (rc)
        return rc;
    if (watcher.heard_since_ms > signal->newest_seen_ms)
        clock->watched_since_ms = watcher.heard_since_ms;
    if (!watcher.reads_on && (int64_t)started_ms > seen_ms)
        clock->started_ms = (int64_t)started_ms;
    if (hears(&watcher))
        return RC_OK;
    *waits = true;
    rc = watcher_waiting_put(turn->txn, watcher.name, signal->id);
    return rc || slice_is_absent(watcher.away) ? rc : stand_in(turn, rule, &watcher);
}

enum rc absence_was_deaf(struct turn *turn, const struct signal *signal, int64_t from_ms,
                         bool *was_deaf)
{
    struct known_watcher watcher = { 0 };
    struct slice name;
    enum rc rc = watcher_of(turn, signal, &name);

    if (!rc && !slice_is_absent(name))
        rc = find(turn, name, &watcher);
    *was_deaf = !rc && (!hears(&watcher) || watcher.heard_since_ms > from_ms);
    return rc;
}

/* --- starts and reloads --- */

static bool is_watched(const struct config *config, struct slice name)
{
    return watchers_find_log(config->watchers, name) ||
           watchers_find_journal(config->watchers, name);
}

/* A watcher that is gone never comes back: nobody waits for it. */
enum rc absence_follow_config(struct turn *turn)
{
    struct record_list all = { 0 };
    const struct known_watcher *states;
    enum rc rc = watcher_states_list(turn->txn, turn->arena, &all);

    states = all.items;
    for (size_t i = 0; i < all.n_items && !rc; i++) {
        if (is_watched(turn->engine->config, states[i].name))
            continue;
        rc = watcher_state_remove(turn->txn, states[i].name);
        if (!rc)
            rc = end_stand_ins(turn, states[i].name);
        if (!rc)
            rc = release(turn, states[i].name);
    }
    return rc;
}

static void write_start(const struct watchers *watchers, struct buffer *body)
{
    struct json_writer writer = json_writer_to(body);
    const struct log_watch *log;
    const struct journal_watch *journal;

    json_object_begin(&writer);
    json_key(&writer, "watchers");
    json_array_begin(&writer);
    for (size_t i = 0; (log = watchers_log_at(watchers, i)) != NULL; i++)
        json_write_text(&writer, log->name);
    for (size_t i = 0; (journal = watchers_journal_at(watchers, i)) != NULL; i++)
        json_write_text(&writer, journal->name);
    json_array_end(&writer);
    json_object_end(&writer);
}

static bool is_asked(const struct ruleset *ruleset)
{
    for (size_t i = 0; i < ruleset->n_rules; i++) {
        if (ruleset->rules[i].condition->judges_silence || ruleset->rules[i].condition->learns)
            return true;
    }
    return false;
}

enum rc absence_begin(struct turn *turn)
{
    struct json *data = NULL;
    struct json_fault fault;
    struct buffer body;
    enum rc rc = absence_follow_config(turn);

    if (rc || !is_asked(turn->engine->ruleset))
        return rc;
    buffer_init(&body, 0);
    write_start(turn->engine->config->watchers, &body);
    rc = buffer_rc(&body);
    if (!rc)
        rc = turn_journal(turn, DOOR_RELOAD, SLICE(START_TYPE), buffer_slice(&body));
    if (!rc)
        rc = json_parse(buffer_slice(&body), JSON_LIMITS_DEFAULT, &data, &fault);
    if (!rc)
        rc = take_start(turn, data);
    json_free(data);
    buffer_free(&body);
    return rc;
}
