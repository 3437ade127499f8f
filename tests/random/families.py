"""Each condition: its random rules, what its events hold, and its reference."""
import dataclasses
from collections.abc import Callable

import reference
from streams import choose_span, make_rule, span


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


FAMILIES = {
    "first": Family(first_rule, nothing, play_first),
    "count": Family(count_rule, nothing, play_count),
    "weight": Family(weight_rule, weight_content, play_count),
    "distinct": Family(distinct_rule, distinct_content, play_distinct),
}
