"""Each condition: its random rules, what its events hold, and its reference."""
import dataclasses
from collections.abc import Callable

import reference
import reference_rates
import reference_sights
import reference_steps
import reference_values
from streams import DAY, HOUR, MINUTE, N_KEYS, START, STEPS, choose_span, holding, make_rule, span


@dataclasses.dataclass
class Family:
    rule: Callable        # (dice, number) -> Rule
    content: Callable     # (dice, event): fills what the condition looks at
    play: Callable        # (rule, events, end) -> transitions
    n_events: tuple = (3, 16)
    starts_matter: bool = False  # after a start it waits for what was sent meanwhile


def nothing(dice, event):
    pass


def first_rule(dice, number):
    return make_rule(dice, number, {}, {}, choose_span(dice))


def play_first(rule, events, end):
    return reference.play(rule, reference.First(), events, end)


def count_rule(dice, number, weight=None):
    within = choose_span(dice)
    when = {"count": dice.choice([1, 2, 2, 3, 5]), "within": within}
    members = {"when": {**when, "within": span(within)}}
    if weight:
        when["weight"] = weight
        when["count"] = members["when"]["count"] = dice.choice([2, 5, 10])
        members["when"]["weight"] = f"data.{weight}"
    return make_rule(dice, number, when, members, within)


def weight_rule(dice, number):
    return count_rule(dice, number, "n")


def weight_content(dice, event):
    event.data["n"] = dice.choice([1, 1, 2, 4])


def play_count(rule, events, end):
    return reference.play(rule, reference.Count(rule.when), events, end)


def distinct_rule(dice, number):
    within = choose_span(dice)
    when = {"distinct": "ip", "count": dice.choice([2, 3, 4]), "within": within}
    return make_rule(dice, number, when, {"when": {"distinct": "data.ip", "count": when["count"], "within": span(within)}}, within)


def distinct_content(dice, event):
    event.data["ip"] = dice.choice("abcde")


def play_distinct(rule, events, end):
    return reference.play(rule, reference.Distinct(rule.when), events, end)


# -- steps --

def passing(letters):
    return lambda event: bool(set(letters) & set(event.data["step"]))


def step_content(dice, event):
    event.data["step"] = dice.choice(STEPS[:3] + STEPS[:3] + STEPS)


def sequence_rule(dice, number):
    within = choose_span(dice)
    steps = [(dice.choice(["a", "b", "ab"]), dice.choice([1, 1, 1, 2]))] + [(dice.choice(["a", "b", "c", "bc"]), dice.choice([1, 1, 1, 2])) for _ in range(dice.choice([1, 2, 2, 3]))]
    repeat = dice.choice(["restart", "keep"])
    filters = [{"where": {"data.step": holding(letters)}, **({"count": count} if count > 1 else {})} for letters, count in steps]
    members = {"when": {"sequence": filters, "within": span(within), **({"repeat": repeat} if repeat == "keep" else {})}}
    return make_rule(dice, number, {"steps": steps, "within": within, "repeat": repeat}, members, within, states=False)


def play_sequence(rule, events, end):
    steps = [reference_steps.Step(passing(letters), count) for letters, count in rule.when["steps"]]
    return reference.play(rule, reference_steps.Sequence(steps, rule.when["within"], rule.when["repeat"], rule.lateness), events, end)


def followed_rule(dice, number):
    within = choose_span(dice)
    own, follower, count = dice.choice(["a", "ab"]), dice.choice(["b", "bc"]), dice.choice([1, 1, 2])
    repeat = dice.choice(["restart", "keep"])
    filter_ = {"where": {"data.step": holding(follower)}, **({"count": count} if count > 1 else {})}
    members = {"when": {"followed_by": filter_, "within": span(within), **({"repeat": repeat} if repeat == "keep" else {})}}
    return make_rule(dice, number, {"follower": follower, "count": count, "within": within, "repeat": repeat}, members, within, own_steps=own)


def play_followed(rule, events, end):
    steps = [reference_steps.Step(rule.matches), reference_steps.Step(passing(rule.when["follower"]), rule.when["count"])]
    return reference.play(rule, reference_steps.Sequence(steps, rule.when["within"], rule.when["repeat"], rule.lateness), events, end)


def not_followed_rule(dice, number):
    within = choose_span(dice)
    own, follower, count = dice.choice(["a", "ab"]), dice.choice(["b", "bc"]), dice.choice([1, 1, 1, 2])
    repeat = dice.choice(["restart", "keep"])
    filter_ = {"where": {"data.step": holding(follower)}, **({"count": count} if count > 1 else {})}
    members = {"when": {"not_followed_by": filter_, "within": span(within), **({"repeat": repeat} if repeat == "restart" else {})}}
    return make_rule(dice, number, {"follower": follower, "count": count, "within": within, "repeat": repeat}, members, within, own_steps=own)


def play_not_followed(rule, events, end):
    when = rule.when
    follower = reference_steps.Step(passing(when["follower"]), when["count"])
    condition = reference_steps.NotFollowedBy(reference_steps.Step(rule.matches), follower, when["within"], when["repeat"])
    return reference.play(rule, condition, events, end)


# -- rates --

def compared_rule(name):
    def rule(dice, number):
        within = choose_span(dice)
        against = within * dice.choice([1, 2, 3, 6])
        when = {"factor": dice.choice(["1.5", "2", "3", "4"]), "within": within, "against": against, "at_least": dice.choice([1, 2, 3])}
        members = {name: when["factor"] + "x", "within": span(within), "against": span(against), "at_least": when["at_least"]}
        return make_rule(dice, number, when, {"when": members}, within, own_end=name == "drop", states=name != "drop",
                         clears=("default", "never") if name == "drop" else ("default", "never", "quiet", "ok"), edges=(against, within + against))
    return rule


def play_spike(rule, events, end):
    return reference.play(rule, reference_rates.Spike(rule.when), events, end)


def play_drop(rule, events, end):
    return reference.play(rule, reference_rates.Drop(rule.when), events, end)


def ratio_rule(dice, number):
    within = choose_span(dice)
    when = {"percent": dice.choice(["20", "33.3", "50", "66.7", "100"]), "within": within, "at_least": dice.choice([1, 2, 3, 4])}
    members = {"ratio": when["percent"] + "%", "having": {"where": {"data.step": holding("a")}}, "within": span(within), "at_least": when["at_least"]}
    return make_rule(dice, number, when, {"when": members}, within)


def play_ratio(rule, events, end):
    return reference.play(rule, reference_rates.Ratio(rule.when, passing("a")), events, end)


def number_content(dice, event):
    if dice.random() < 0.93:
        event.data["n"] = dice.choice([0, 1, 2, 2.5, 3, 5, 8, -1])


def aggregate_rule(name):
    def rule(dice, number):
        within, is_above = choose_span(dice), dice.random() < 0.5
        against = within * dice.choice([1, 2, 4]) if dice.random() < 0.3 else None
        bound = dice.choice(["0.5", "1.5", "2"] if against else ["0.5", "1", "2", "2.5", "3", "5", "10"])
        clear = {"0.5": "0.25", "1": "0.5", "10": "5"}.get(bound, "1") if is_above else {"10": "12"}.get(bound, "7")
        when = {"aggregate": name, "field": "n", "within": within, "against": against, "is_above": is_above, "bound": bound,
                "clear_bound": clear if dice.random() < 0.4 else bound, "at_least": dice.choice([0, 0, 2, 3])}
        factor = "x" if against else ""
        members = {name: "data.n", "above" if is_above else "below": number_text(bound, factor), "within": span(within)}
        if against:
            members["against"] = span(against)
        if when["clear_bound"] != bound:
            members["clear_below" if is_above else "clear_above"] = number_text(clear, factor)
        if when["at_least"]:
            members["at_least"] = when["at_least"]
        own_end = name == "sum" and not is_above
        return make_rule(dice, number, when, {"when": members}, within, own_end=own_end,
                         clears=("default", "never") if own_end else ("default", "never", "quiet", "ok"), edges=(against or within,))
    return rule


def number_text(text, factor):
    return text + factor if factor else (float(text) if "." in text else int(text))


def play_aggregate(rule, events, end):
    return reference.play(rule, reference_rates.Aggregate(rule.when), events, end)


# -- values --

def value_content(dice, event):
    if dice.random() < 0.95:
        event.data["version"] = dice.choice("123")
    if dice.random() < 0.9:
        event.data["commit"] = dice.choice("xy")


def change_rule(dice, number):
    field = dice.choice(["version", "version", "state"])
    values = ["failing", "ok"] if field == "state" else ["1", "2", "3"]
    when = {"change": field}
    for side in ("from", "to"):
        if dice.random() < 0.3:
            when[side] = dice.sample(values, dice.choice([1, 1, 2]))
    if when.get("from") == when.get("to") and len(when.get("to", ())) == 1:
        del when["from"]  # from one value to the same nothing changes: refused
    members = {"when": {**when, "change": field if field == "state" else "data.version"}}
    return make_rule(dice, number, when, members, HOUR, clears=("default", "quiet", "never") if field == "state" else ("default", "quiet", "ok", "never"),
                     states=field != "state")


def play_change(rule, events, end):
    return reference.play(rule, reference_values.Change(rule.when), events, end)


def flaps_rule(dice, number):
    within = choose_span(dice)
    field = dice.choice(["version", "version", "state"])
    when = {"flaps": field, "count": dice.choice([1, 2, 2, 3]), "within": within}
    members = {"flaps": field if field == "state" else "data.version", "count": when["count"], "within": span(within)}
    if dice.random() < 0.4:
        when["by"], members["by"] = "commit", "data.commit"
    return make_rule(dice, number, when, {"when": members}, within, clears=("default", "quiet", "never") if field == "state" else ("default", "quiet", "ok", "never"),
                     states=field != "state")


def play_flaps(rule, events, end):
    return reference.play(rule, reference_values.Flaps(rule.when, rule), events, end)


# -- silence --

def fewer_rule(dice, number):
    within = choose_span(dice)
    when = {"fewer": dice.choice([1, 2, 3]), "within": within}
    return make_rule(dice, number, when, {"when": {**when, "within": span(within)}}, within, own_end=True, clears=("default", "never"), states=False)


def play_fewer(rule, events, end):
    return reference.play(rule, reference_rates.Fewer(rule.when), events, end)


def absent_rule(dice, number):
    absent = choose_span(dice)
    grace, forget = dice.choice([0, 1000, absent]), dice.choice([None, None, 3 * absent])
    when = {"absent": absent, "grace": grace, "forget": forget or 7 * DAY}
    members = {"absent": span(absent), **({"grace": span(grace)} if grace else {}), **({"forget": span(forget)} if forget else {})}
    return make_rule(dice, number, when, {"when": members}, absent, own_end=True, clears=("default", "never", "ok"), edges=(absent + grace, when["forget"]), states=False)


def play_absent(rule, events, end):
    return reference.play(rule, reference_sights.Absent(rule.when), events, end)


SCHEDULES = [("*/5 * * * *", 5 * MINUTE), ("0 * * * *", HOUR), ("15 */6 * * *", 6 * HOUR), ("30 2 * * *", DAY), ("0 2 * * mon-fri", 3 * DAY), ("0 22 * * 3", 7 * DAY)]


def slots_rule(dice, number):
    cron, gap = dice.choice(SCHEDULES)
    zone = dice.choice(["UTC", "Asia/Kolkata", "America/Phoenix"])
    grace, forget = dice.choice([0, 1000, gap // 2]), dice.choice([None, 2 * gap])
    when = {"absent": 0, "cron": cron, "zone": zone, "grace": grace, "forget": forget or max(7 * DAY, 2 * (gap + grace))}
    members = {"absent": {"cron": cron, "tz": zone}, **({"grace": span(grace)} if grace else {}), **({"forget": span(forget)} if forget else {})}
    rule = make_rule(dice, number, when, {"when": members}, min(gap, DAY), own_end=True, clears=("default", "never", "ok"), edges=(gap, grace, gap + grace, when["forget"]), states=False)
    rule.begins = [slot - START for slot in reference_sights.slots(cron, zone) if 0 < slot - START < DAY]
    return rule


def expected_rule(dice, number):
    rule = dice.choice([absent_rule, absent_rule, slots_rule])(dice, number)
    rule.when["is_expected"] = True
    rule.members["when"]["expect"] = [[f"k{key}"] for key in range(N_KEYS)]
    due = rule.when["absent"] + rule.when["grace"]
    rule.begins += [due, due] if rule.when["absent"] else []
    return rule


def new_rule(dice, number):
    learn, forget = dice.choice([0, HOUR, 12 * HOUR, DAY]), dice.choice([MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY])
    rule = make_rule(dice, number, {"learn": learn, "forget": forget}, {"when": {"new": "data.value", "learn": span(learn), "forget": span(forget)}}, forget, edges=(forget, learn))
    if rule.clear == ("quiet", max(forget, HOUR)) and "clear" not in rule.members:
        rule.clear = ("quiet", HOUR)  # it has no window that would make the default longer
    rule.begins = [learn, learn, max(0, learn - forget)]
    return rule


def new_content(dice, event):
    if dice.random() < 0.95:
        event.data["value"] = dice.choice("112")


def play_new(rule, events, end):
    """Each value is a key of its own; what says none is of no key."""
    told = []
    for value in sorted({event.data.get("value", "") for event in events} - {""}):
        of_value = [event for event in events if event.data.get("value") == value]
        told += [dataclasses.replace(one, joined=(value,)) for one in reference.play(rule, reference_sights.New(rule.when), of_value, end)]
    return told


FAMILIES = {
    "first": Family(first_rule, nothing, play_first),
    "count": Family(count_rule, nothing, play_count),
    "weight": Family(weight_rule, weight_content, play_count),
    "distinct": Family(distinct_rule, distinct_content, play_distinct),
    "sequence": Family(sequence_rule, step_content, play_sequence, (4, 20)),
    "followed_by": Family(followed_rule, step_content, play_followed, (4, 20)),
    "not_followed_by": Family(not_followed_rule, step_content, play_not_followed, (3, 14)),
    "spike": Family(compared_rule("spike"), nothing, play_spike, (6, 24)),
    "drop": Family(compared_rule("drop"), nothing, play_drop, (6, 24)),
    "ratio": Family(ratio_rule, step_content, play_ratio, (6, 24)),
    **{name: Family(aggregate_rule(name), number_content, play_aggregate, (4, 18)) for name in reference_rates.AGGREGATES},
    "change": Family(change_rule, value_content, play_change),
    "flaps": Family(flaps_rule, value_content, play_flaps, (4, 20)),
    "fewer": Family(fewer_rule, nothing, play_fewer, starts_matter=True),
    "absent": Family(absent_rule, nothing, play_absent, starts_matter=True),
    "absent_cron": Family(slots_rule, nothing, play_absent, starts_matter=True),
    "absent_expect": Family(expected_rule, nothing, play_absent, starts_matter=True),
    "new": Family(new_rule, new_content, play_new, (4, 20)),
}
