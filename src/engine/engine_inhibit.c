#include "src/engine/engine_private.h"

#include "src/base/digest.h"
#include "src/store/inhibit.h"
#include "src/store/kept_values.h"

/* --- what two signals have in common --- */

#define SAME_MAX 64 /* fields and their values, and the rule */

/* RC_NOT_FOUND: it lacks one of the fields, and what is absent equals nothing. */
static enum rc make_digest(struct slice rule, const struct slice_list *same,
                           struct kept_values *kept, struct fingerprint *digest)
{
    struct slice parts[SAME_MAX] = { rule };
    size_t n_parts = 1;
    struct sha256 hash;
    enum rc rc;

    for (size_t i = 0; i < same->n_items; i++) {
        struct slice value;

        if (n_parts + 2 > SAME_MAX)
            return RC_LIMIT;
        rc = kept_value(kept, same->items[i], &value);
        if (rc)
            return rc;
        if (!value.len)
            return RC_NOT_FOUND;
        parts[n_parts++] = same->items[i];
        parts[n_parts++] = value;
    }
    rc = sha256_of_parts(parts, n_parts, &hash);
    memcpy(digest->bytes, hash.bytes, sizeof digest->bytes);
    return rc;
}

static enum rc add_link(enum inhibit_side side, struct slice rule, const struct slice_list *same,
                        struct kept_values *kept, struct buffer *links)
{
    struct inhibit_link link = { .side = side };
    enum rc rc = make_digest(rule, same, kept, &link.digest);

    if (!rc)
        inhibit_write_link(&link, links);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc add_watches(enum inhibit_side side, const struct rule_name_list *names,
                           const struct slice_list *same, struct kept_values *kept,
                           struct buffer *links)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; i < names->n_items && !rc; i++)
        rc = add_link(side, names->items[i].id, same, kept, links);
    return rc;
}

/* Of the match that made it fire: later ones do not move it. */
static enum rc make_links(const struct rule *rule, const struct signal *signal,
                          struct buffer *links)
{
    struct kept_values kept = { .signal = signal };
    enum rc rc = RC_OK;

    for (size_t i = 0; i < rule->n_named_with && !rc; i++)
        rc = add_link(INHIBIT_FIRES, rule->id, &rule->named_with[i], &kept, links);
    if (!rc)
        rc = add_watches(INHIBIT_UNLESS, &rule->unless, &rule->same, &kept, links);
    if (!rc)
        rc = add_watches(INHIBIT_WHILE, &rule->while_firing, &rule->same, &kept, links);
    kept_values_free(&kept);
    return rc ? rc : buffer_rc(links);
}

/* --- its rows --- */

static struct ulid object_of(struct fingerprint digest)
{
    struct ulid object;

    memcpy(object.bytes, digest.bytes, sizeof object.bytes);
    return object;
}

/* Those who watch it are looked at, spread over timers that are due now. One walk that is under way begins anew. */
static enum rc wake_watchers(struct turn *turn, struct fingerprint digest)
{
    struct ulid first = { 0 };
    enum rc rc = inhibit_next_watcher(turn->txn, digest, &first);

    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    rc = inhibit_walk_put(turn->txn, digest, (struct ulid){ 0 });
    return rc ? rc : turn_move_timer(turn, TIMER_INHIBIT, object_of(digest), 0, turn->now_ms);
}

static enum rc each_link(struct turn *turn, const struct signal *signal,
                         enum rc (*change)(struct store_txn *txn, const struct inhibit_link *link,
                                           struct ulid signal))
{
    struct slice rest = signal->links;
    struct inhibit_link link;
    enum rc rc = RC_OK;

    while (!rc && inhibit_read_link(&rest, &link)) {
        rc = change(turn->txn, &link, signal->id);
        if (!rc && link.side == INHIBIT_FIRES)
            rc = wake_watchers(turn, link.digest);
    }
    return rc;
}

/* What counts keys that there is no room for, or stands for a watcher, says nothing of what its rule is about. */
static bool stands_in(const struct signal *signal)
{
    return signal->is_overflow || signal->stands_for_watcher;
}

enum rc inhibit_begin(struct turn *turn, const struct rule *rule, struct signal *signal)
{
    struct buffer links;
    enum rc rc;

    if (stands_in(signal) ||
        (!rule->n_named_with && !rule->unless.n_items && !rule->while_firing.n_items))
        return RC_OK;
    buffer_init(&links, 0);
    rc = make_links(rule, signal, &links);
    if (!rc)
        rc = arena_copy(turn->arena, buffer_slice(&links), &signal->links);
    buffer_free(&links);
    return rc ? rc : each_link(turn, signal, inhibit_put);
}

enum rc inhibit_end(struct turn *turn, struct signal *signal)
{
    enum rc rc = each_link(turn, signal, inhibit_remove);

    signal->links = (struct slice){ 0 };
    return rc;
}

/* --- the gate --- */

static const char *with_same(const struct rule *rule)
{
    return rule->same.n_items ? " with the same " : "";
}

static enum rc name_same(const struct rule *rule, struct arena *arena, struct slice *text)
{
    struct buffer names;
    enum rc rc;

    buffer_init(&names, 0);
    for (size_t i = 0; i < rule->same.n_items; i++)
        buffer_format(&names, "%s%.*s", i ? ", " : "", SLICE_ARG(rule->same.items[i]));
    rc = buffer_rc(&names);
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&names), text);
    buffer_free(&names);
    return rc;
}

static enum rc hold_by(struct turn *turn, const struct rule *rule, struct slice id,
                       struct hold *hold)
{
    struct slice same = { 0 };
    enum rc rc = name_same(rule, turn->arena, &same);

    hold->reason = HOLD_INHIBITED;
    return rc ? rc
              : arena_format(turn->arena, &hold->detail, "%.*s fires%s%.*s", SLICE_ARG(id),
                             with_same(rule), SLICE_ARG(same));
}

static enum rc hold_without(struct turn *turn, const struct rule *rule, struct hold *hold)
{
    struct slice same = { 0 };
    enum rc rc = name_same(rule, turn->arena, &same);

    hold->reason = HOLD_INHIBITED;
    return rc ? rc
              : arena_format(turn->arena, &hold->detail, "waits for %.*s to fire%s%.*s",
                             SLICE_ARG(rule->while_firing.items[0].id), with_same(rule),
                             SLICE_ARG(same));
}

enum rc inhibit_judge(struct turn *turn, const struct rule *rule, const struct signal *signal,
                      struct hold *hold)
{
    struct slice rest = signal->links;
    bool may_ask = !rule->while_firing.n_items;
    size_t n_unless = 0;
    struct inhibit_link link;
    struct ulid firing;

    while (inhibit_read_link(&rest, &link)) {
        size_t i = link.side == INHIBIT_UNLESS ? n_unless++ : 0;
        enum rc rc = RC_NOT_FOUND;

        if (link.side != INHIBIT_FIRES)
            rc = inhibit_find_firing(turn->txn, link.digest, &firing);
        if (rc && rc != RC_NOT_FOUND)
            return rc;
        if (!rc && link.side == INHIBIT_UNLESS && i < rule->unless.n_items)
            return hold_by(turn, rule, rule->unless.items[i].id, hold);
        may_ask = may_ask || (!rc && link.side == INHIBIT_WHILE);
    }
    return may_ask ? RC_OK : hold_without(turn, rule, hold);
}

/* --- who watches is looked at --- */

/* What people were asked and have not answered is taken back; it is no decision of theirs, so nothing has to cool down. */
static enum rc take_back(struct turn *turn, struct signal *signal, const struct hold *hold)
{
    struct slice reason;
    enum rc rc = arena_format(turn->arena, &reason, "inhibited: %.*s", SLICE_ARG(hold->detail));

    if (!rc)
        rc = tasks_withdraw(turn, signal, reason);
    if (!rc)
        rc = proposals_take_back(turn, signal, reason);
    return rc ? rc : gates_note(turn, signal);
}

static enum rc look_at(struct turn *turn, const struct rule *rule, struct signal *signal)
{
    struct hold hold = { 0 };
    enum rc rc;

    if (signal->state != SIGNAL_FIRING)
        return RC_OK;
    if (signal->attention == ATTENTION_NONE)
        return signal->hold.reason == HOLD_INHIBITED ? signals_ask(turn, rule, signal) : RC_OK;
    rc = inhibit_judge(turn, rule, signal, &hold);
    return rc || !hold.reason ? rc : take_back(turn, signal, &hold);
}

static enum rc look_at_one(struct turn *turn, struct ulid id)
{
    struct signal signal = { 0 };
    const struct rule *rule;
    enum rc rc = signal_get(turn->txn, id, turn->arena, &signal);

    if (rc)
        return rc == RC_NOT_FOUND || rc == RC_CORRUPT ? RC_OK : rc;
    rule = turn_rule(turn, signal.rule);
    if (!rule)
        return RC_OK;
    rc = look_at(turn, rule, &signal);
    return rc ? rc : signal_put(turn->txn, &signal);
}

enum rc inhibit_walk(struct turn *turn, struct ulid object, int64_t due_ms)
{
    struct fingerprint digest;
    struct ulid at = { 0 };
    enum rc rc;

    memcpy(digest.bytes, object.bytes, sizeof digest.bytes);
    rc = inhibit_walk_get(turn->txn, digest, &at);
    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    rc = inhibit_next_watcher(turn->txn, digest, &at);
    if (rc == RC_NOT_FOUND)
        return inhibit_walk_end(turn->txn, digest);
    if (!rc)
        rc = inhibit_walk_put(turn->txn, digest, at);
    if (!rc)
        rc = look_at_one(turn, at);
    return rc ? rc : turn_move_timer(turn, TIMER_INHIBIT, object, 0, due_ms);
}

/* --- other rules name others now --- */

#define SIGNAL_LIMIT_BYTES ((size_t)256 << 20)

/* Calls `change` with every signal that fires and has a rule, and stores it. */
static enum rc each_firing(struct turn *turn,
                           enum rc (*change)(struct turn *turn, const struct rule *rule,
                                             struct signal *signal))
{
    struct signal_glance glance = { 0 };
    struct arena *of_turn = turn->arena;
    struct arena *of_signal = NULL;
    enum rc rc = arena_new(SIGNAL_LIMIT_BYTES, &of_signal);

    turn->arena = of_signal;
    while (!rc) {
        const struct rule *rule;
        struct signal signal = { 0 };

        rc = signal_glance_next(turn->txn, glance.id, &glance);
        if (rc == RC_CORRUPT) {
            rc = RC_OK;
            continue;
        }
        rule = rc ? NULL : turn_rule(turn, glance.rule);
        if (rc || !rule || glance.state != SIGNAL_FIRING)
            continue;
        arena_reset(of_signal);
        rc = signal_get(turn->txn, glance.id, of_signal, &signal);
        if (!rc)
            rc = change(turn, rule, &signal);
        if (!rc)
            rc = signal_put(turn->txn, &signal);
    }
    turn->arena = of_turn;
    arena_free(of_signal);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc link_anew(struct turn *turn, const struct rule *rule, struct signal *signal)
{
    enum rc rc = inhibit_end(turn, signal);

    return rc ? rc : inhibit_begin(turn, rule, signal);
}

static enum rc judge_anew(struct turn *turn, const struct rule *rule, struct signal *signal)
{
    if (signal->attention == ATTENTION_NONE)
        return signal->hold.reason == HOLD_INHIBITED ? gates_look_again(turn, signal) : RC_OK;
    return look_at(turn, rule, signal);
}

enum rc inhibit_follow_rules(struct turn *turn)
{
    const uint64_t relations = turn->engine->ruleset->relations;
    uint64_t before = 0;
    enum rc rc = meta_get(turn->txn, META_RELATIONS, &before);

    if (rc || before == relations)
        return rc;
    rc = each_firing(turn, link_anew);
    if (!rc)
        rc = each_firing(turn, judge_anew);
    return rc ? rc : meta_set(turn->txn, META_RELATIONS, relations);
}
