#include "src/engine/engine_private.h"

/* --- which group --- */

static enum rc parse(struct slice text, struct json **tree)
{
    struct json_fault fault;

    return text.len ? json_parse(text, JSON_LIMITS_DEFAULT, tree, &fault) : RC_OK;
}

/* What the texts say about the fields; what is found before stays. */
static enum rc read_fields(struct turn *turn, const struct slice_list *by, struct slice text,
                           struct group_field *fields)
{
    struct json *tree = NULL;
    enum rc rc = parse(text, &tree);

    for (size_t i = 0; i < by->n_items && !rc; i++) {
        struct slice value = json_text(json_get(tree, by->items[i]));

        fields[i].name = by->items[i];
        if (value.len && !fields[i].value.len)
            rc = arena_copy(turn->arena, value, &fields[i].value);
    }
    json_free(tree);
    return rc;
}

static bool has_all(const struct group_field *fields, size_t n_fields)
{
    for (size_t i = 0; i < n_fields; i++)
        if (!fields[i].value.len)
            return false;
    return true;
}

static struct slice name_of(const struct rule *rule)
{
    return slice_is_absent(rule->group.name) ? rule->id : rule->group.name;
}

enum rc groups_identify(struct turn *turn, const struct rule *rule, const struct signal *signal,
                        struct ulid *id)
{
    const struct slice texts[] = { signal->last_event, signal->first_event, signal->fields };
    const struct group_part *part = &rule->group;
    size_t n_fields = part->by.n_items;
    struct group_field alone = { .name = SLICE("signal"), .value = signal->fingerprint };
    struct group_field *fields = arena_alloc(turn->arena, n_fields + 1, sizeof *fields);
    enum rc rc = fields ? RC_OK : RC_NO_MEMORY;

    for (size_t i = 0; i < sizeof texts / sizeof *texts && !rc && n_fields; i++)
        rc = read_fields(turn, &part->by, texts[i], fields);
    if (rc)
        return rc;
    if (!has_all(fields, n_fields)) {
        fields = &alone;
        n_fields = 1;
    }
    return group_id(name_of(rule), !slice_is_absent(part->name), fields, n_fields, turn->arena, id);
}

/* --- its row --- */

static enum rc count_waiting(struct turn *turn, struct signal_group *group)
{
    struct group_place place = { 0 };
    enum rc rc;

    group->n_waiting = 0;
    while (!(rc = group_next_waiting(turn->txn, group->id, &place)))
        group->n_waiting++;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc groups_get(struct turn *turn, struct ulid id, struct signal_group *group)
{
    char text[ULID_TEXT_BYTES];
    enum rc rc = group_get(turn->txn, id, turn->arena, group);

    if (rc != RC_NOT_FOUND && rc != RC_CORRUPT)
        return rc;
    *group = (struct signal_group){ .id = id };
    if (rc == RC_CORRUPT)
        log_error("a damaged group begins anew group=grp_%s", ulid_format(id, text));
    return rc == RC_CORRUPT ? count_waiting(turn, group) : RC_OK;
}

/* The row, or what it is to be. */
static enum rc find(struct turn *turn, const struct rule *rule, struct ulid id,
                    struct signal_group *group)
{
    enum rc rc = groups_get(turn, id, group);

    if (slice_is_absent(group->name))
        group->name = name_of(rule);
    /* As the rule of whoever comes last says it by now. */
    group->wait_ms = rule->group.wait_ms;
    return rc;
}

/* --- when it is asked about --- */

static enum rc is_open(struct turn *turn, struct ulid id, bool *open)
{
    enum proposal_state state = PROPOSAL_OPEN;
    enum rc rc = proposal_state_get(turn->txn, id, &state);

    *open = !rc && state == PROPOSAL_OPEN;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* When one that comes now is asked about: after the wait, with the task that runs, or with the next revision. 0: not before the proposal is over. */
static enum rc next_due(struct turn *turn, const struct signal_group *group, int64_t *due_ms)
{
    bool open = false;
    enum rc rc;

    *due_ms = group->due_ms;
    if (group->due_ms)
        return RC_OK;
    if (ulid_is_absent(group->proposal)) {
        bool waits = ulid_is_absent(group->task) && ulid_is_absent(group->leader);

        *due_ms = turn->now_ms + (waits ? group->wait_ms : 0);
        return RC_OK;
    }
    rc = is_open(turn, group->proposal, &open);
    if (open)
        *due_ms = group->asked_ms + group->wait_ms > turn->now_ms ? group->asked_ms + group->wait_ms
                                                                  : turn->now_ms;
    return rc;
}

enum rc groups_arm(struct turn *turn, struct signal_group *group, int64_t due_ms)
{
    enum rc rc;

    if (group->due_ms && group->due_ms <= due_ms)
        return RC_OK;
    rc = turn_move_timer(turn, TIMER_GROUP, group->id, group->due_ms, due_ms);
    group->due_ms = due_ms;
    return rc;
}

enum rc groups_keep(struct turn *turn, const struct signal_group *group)
{
    bool is_over =
        !group->n_waiting && ulid_is_absent(group->task) && ulid_is_absent(group->proposal);
    enum rc rc;

    if (!is_over)
        return group_put(turn->txn, group);
    rc = turn_move_timer(turn, TIMER_GROUP, group->id, group->due_ms, 0);
    return rc ? rc : group_delete(turn->txn, group->id);
}

/* --- the gate --- */

/* Its wait is over, and nobody has been asked yet. */
static bool asks_for_all(const struct signal_group *group, const struct signal *signal)
{
    return ulid_is_absent(group->proposal) && !ulid_compare(group->leader, signal->id);
}

enum rc groups_judge(struct turn *turn, const struct rule *rule, const struct signal *signal,
                     struct hold *hold)
{
    struct signal_group group = { 0 };
    struct ulid id = signal->group;
    int64_t due_ms = 0;
    enum rc rc = RC_OK;

    if (!rule->group.is_there)
        return RC_OK;
    if (ulid_is_absent(id))
        rc = groups_identify(turn, rule, signal, &id);
    if (!rc)
        rc = find(turn, rule, id, &group);
    if (rc || asks_for_all(&group, signal))
        return rc;
    rc = next_due(turn, &group, &due_ms);
    hold->reason = HOLD_GROUP;
    hold->until_ms = due_ms > turn->now_ms ? due_ms : 0;
    if (rc)
        return rc;
    return arena_format(turn->arena, &hold->detail,
                        due_ms ? "others of the group %.*s may fire as well"
                               : "the proposal of the group %.*s is not over yet",
                        SLICE_ARG(group.name));
}

/* --- joined --- */

enum rc groups_wait(struct turn *turn, struct signal_group *group, struct signal *signal)
{
    signal->group = group->id;
    group->n_waiting++;
    return group_add_waiting(turn->txn, group->id, group_place_of(signal));
}

enum rc groups_join(struct turn *turn, const struct rule *rule, struct signal *signal)
{
    struct signal_group group = { 0 };
    struct ulid id;
    int64_t due_ms = 0;
    enum rc rc = RC_OK;

    if (!ulid_is_absent(signal->group))
        rc = groups_get(turn, signal->group, &group);
    if (rc || group.n_waiting)
        return rc; /* it waits already */
    rc = groups_identify(turn, rule, signal, &id);
    if (!rc)
        rc = find(turn, rule, id, &group);
    if (!rc)
        rc = next_due(turn, &group, &due_ms);
    if (!rc)
        rc = groups_wait(turn, &group, signal);
    if (!rc && due_ms)
        rc = groups_arm(turn, &group, due_ms);
    return rc ? rc : groups_keep(turn, &group);
}

/* --- asked about --- */

/* Another gate that comes before the group's holds it: it does not wait here, and asks when that one opens. */
static bool is_held_otherwise(const struct signal *signal)
{
    return signal->hold.reason != HOLD_NONE && signal->hold.reason < HOLD_GROUP;
}

/* One that waited; `taken`: it is asked about now. */
static enum rc take(struct turn *turn, struct ulid id, bool *taken)
{
    struct signal signal = { 0 };
    const struct rule *rule;
    bool held = false;
    enum rc rc = signal_get(turn->txn, id, turn->arena, &signal);

    *taken = false;
    if (rc)
        return rc == RC_NOT_FOUND || rc == RC_CORRUPT ? RC_OK : rc;
    rule = turn_rule(turn, signal.rule);
    if (rule && rule->mode == RULE_PROPOSE && signal.state == SIGNAL_FIRING &&
        signal.attention == ATTENTION_NONE) {
        rc = gates_hold(turn, rule, &signal, &held);
        *taken = !rc && !is_held_otherwise(&signal);
    }
    if (!rc && (*taken || !held))
        rc = gates_release(turn, &signal);
    if (!*taken)
        signal.group = (struct ulid){ 0 };
    return rc ? rc : signal_put(turn->txn, &signal);
}

enum rc groups_take_waiting(struct turn *turn, struct signal_group *group, struct ulid_list *ids)
{
    struct group_place place = { 0 };
    enum rc rc = RC_OK;

    while (ids->n_items < GROUP_MAX_SIGNALS) {
        bool taken = false;

        rc = group_next_waiting(turn->txn, group->id, &place);
        if (!rc)
            rc = group_remove_waiting(turn->txn, group->id, place);
        if (rc)
            break;
        group->n_waiting--;
        rc = take(turn, place.signal, &taken);
        if (!rc && taken)
            rc = ids_add(turn->arena, ids, place.signal);
        if (rc)
            return rc;
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* Whoever is in hand no longer waits. */
static enum rc stop_waiting(struct turn *turn, struct signal_group *group,
                            const struct signal *signal)
{
    enum rc rc = group_remove_waiting(turn->txn, group->id, group_place_of(signal));

    if (!rc)
        group->n_waiting--;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc groups_open(struct turn *turn, const struct rule *rule, struct signal *signal)
{
    struct signal_group group = { 0 };
    struct ulid_list ids = { 0 };
    enum rc rc = groups_get(turn, signal->group, &group);

    if (!rc)
        rc = ids_add(turn->arena, &ids, signal->id);
    if (!rc)
        rc = stop_waiting(turn, &group, signal);
    if (!rc)
        rc = groups_take_waiting(turn, &group, &ids);
    if (!rc)
        rc = turn_move_timer(turn, TIMER_GROUP, group.id, group.due_ms, 0);
    group.due_ms = 0;
    group.asked_ms = turn->now_ms;
    if (!rc)
        rc = group_put(turn->txn, &group);
    return rc ? rc : tasks_open(turn, rule, signal, &ids);
}

/* The most severe of those that fired first: it asks for all. */
static enum rc list_waiting(struct turn *turn, const struct signal_group *group,
                            struct ulid_list *ids)
{
    struct group_place place = { 0 };
    enum rc rc = RC_OK;

    *ids = (struct ulid_list){ 0 };
    while (ids->n_items < GROUP_MAX_SIGNALS && !rc) {
        rc = group_next_waiting(turn->txn, group->id, &place);
        if (!rc)
            rc = ids_add(turn->arena, ids, place.signal);
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc drop_all(struct turn *turn, struct signal_group *group)
{
    struct ulid_list ignored = { 0 };
    enum rc rc = groups_take_waiting(turn, group, &ignored);

    return rc ? rc : groups_keep(turn, group);
}

/* Lets `leader` ask; false where a gate before the group's holds it, so that another one may. */
static enum rc let_ask(struct turn *turn, struct signal_group *group, struct ulid leader,
                       bool *asked)
{
    struct signal signal = { 0 };
    const struct rule *rule;
    enum rc rc;

    group->leader = leader;
    rc = group_put(turn->txn, group);
    if (!rc)
        rc = signal_get(turn->txn, leader, turn->arena, &signal);
    if (rc)
        return rc;
    rule = turn_rule(turn, signal.rule);
    if (rule)
        rc = signals_ask(turn, rule, &signal);
    *asked = signal.attention != ATTENTION_NONE || signal.hold.reason > HOLD_GROUP;
    if (!rc && !*asked) {
        group->leader = (struct ulid){ 0 };
        rc = stop_waiting(turn, group, &signal);
        signal.group = (struct ulid){ 0 };
    }
    return rc ? rc : signal_put(turn->txn, &signal);
}

/* Where one of them is held otherwise, many may be: all such go at once. */
static enum rc sift_waiting(struct turn *turn, struct signal_group *group)
{
    struct ulid_list ids = { 0 };
    enum rc rc = groups_take_waiting(turn, group, &ids);

    return rc ? rc : groups_make_wait(turn, group, &ids, (struct ulid){ 0 });
}

/* Its wait is over. */
static enum rc ask(struct turn *turn, struct signal_group *group)
{
    bool asked = false;
    enum rc rc = RC_OK;

    while (!rc && !asked) {
        struct ulid_list ids = { 0 };
        struct ulid leader;

        rc = list_waiting(turn, group, &ids);
        if (!rc)
            rc = groups_choose(turn, &ids, (struct ulid){ 0 }, &leader);
        if (rc == RC_NOT_FOUND)
            return drop_all(turn, group);
        if (!rc)
            rc = let_ask(turn, group, leader, &asked);
        if (!rc && !asked)
            rc = sift_waiting(turn, group);
    }
    return rc;
}

static enum rc settle(struct turn *turn, struct signal_group *group, struct signal *in_hand)
{
    group->due_ms = 0;
    if (!ulid_is_absent(group->proposal))
        return groups_revise(turn, group, in_hand);
    if (!ulid_is_absent(group->task))
        return groups_join_task(turn, group);
    return ask(turn, group);
}

enum rc groups_due(struct turn *turn, struct ulid id, int64_t due_ms)
{
    struct signal_group group = { 0 };
    enum rc rc = group_get(turn->txn, id, turn->arena, &group);

    if (rc == RC_NOT_FOUND || (!rc && group.due_ms != due_ms))
        return RC_OK;
    return rc ? rc : settle(turn, &group, NULL);
}

enum rc groups_settle(struct turn *turn, struct ulid id, struct signal *in_hand)
{
    struct signal_group group = { 0 };
    enum rc rc = RC_NOT_FOUND;

    if (!ulid_is_absent(id))
        rc = group_get(turn->txn, id, turn->arena, &group);
    if (rc == RC_NOT_FOUND || (!rc && (!group.due_ms || group.due_ms > turn->now_ms)))
        return RC_OK;
    if (!rc)
        rc = turn_move_timer(turn, TIMER_GROUP, id, group.due_ms, 0);
    return rc ? rc : settle(turn, &group, in_hand);
}

/* --- left while it waits --- */

enum rc groups_stop_waiting(struct turn *turn, struct signal_group *group, struct signal *signal)
{
    bool led = !ulid_compare(group->leader, signal->id);
    enum rc rc = stop_waiting(turn, group, signal);

    signal->group = (struct ulid){ 0 };
    if (led)
        group->leader = (struct ulid){ 0 };
    if (!rc && led && group->n_waiting)
        rc = groups_arm(turn, group, turn->now_ms);
    return rc ? rc : groups_keep(turn, group);
}
