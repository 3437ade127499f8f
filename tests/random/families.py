"""Each condition: its random rules, what its events hold, and its reference."""
import dataclasses
from collections.abc import Callable

import reference
import reference_steps
from streams import STEPS, choose_span, holding, make_rule, span


@dataclasses.dataclass
class Family:
    rule: Callable        # (dice, number) -> Rule
    content: Callable     # (dice, event): fills what the condition looks at
    play: Callable        # (rule, events, end) -> transitions
    n_events: tuple = (3, 16)


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
    steps = [(dice.choice(["a", "b", "ab"]), 1)] + [(dice.choice(["a", "b", "c", "bc"]), dice.choice([1, 1, 1, 2])) for _ in range(dice.choice([1, 2, 2, 3]))]
    repeat = dice.choice(["restart", "keep"])
    filters = [{"where": {"data.step": holding(letters)}, **({"count": count} if count > 1 else {})} for letters, count in steps]
    members = {"when": {"sequence": filters, "within": span(within), **({"repeat": repeat} if repeat == "keep" else {})}}
    return make_rule(dice, number, {"steps": steps, "within": within, "repeat": repeat}, members, within, states=False)


def play_sequence(rule, events, end):
    steps = [reference_steps.Step(passing(letters), count) for letters, count in rule.when["steps"]]
    return reference.play(rule, reference_steps.Sequence(steps, rule.when["within"], rule.when["repeat"]), events, end)


def followed_rule(dice, number):
    within = choose_span(dice)
    own, follower, count = dice.choice(["a", "ab"]), dice.choice(["b", "bc"]), dice.choice([1, 1, 2])
    repeat = dice.choice(["restart", "keep"])
    filter_ = {"where": {"data.step": holding(follower)}, **({"count": count} if count > 1 else {})}
    members = {"when": {"followed_by": filter_, "within": span(within), **({"repeat": repeat} if repeat == "keep" else {})}}
    return make_rule(dice, number, {"follower": follower, "count": count, "within": within, "repeat": repeat}, members, within, own_steps=own)


def play_followed(rule, events, end):
    steps = [reference_steps.Step(rule.matches), reference_steps.Step(passing(rule.when["follower"]), rule.when["count"])]
    return reference.play(rule, reference_steps.Sequence(steps, rule.when["within"], rule.when["repeat"]), events, end)


FAMILIES = {
    "first": Family(first_rule, nothing, play_first),
    "count": Family(count_rule, nothing, play_count),
    "weight": Family(weight_rule, weight_content, play_count),
    "distinct": Family(distinct_rule, distinct_content, play_distinct),
    "sequence": Family(sequence_rule, step_content, play_sequence, (4, 20)),
    "followed_by": Family(followed_rule, step_content, play_followed, (4, 20)),
}
