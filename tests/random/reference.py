"""What a rule does with the events of one key, told slowly: the whole history is looked at again at each instant.

A signal is idle, then pending, then firing, then resolved, which is idle again. Event time decides what counts: with W the newest event
time of the key, what is older than W - lateness is late and moves nothing, and what is older than the newest clear is late as well. Whatever
waits runs on the clock of the engine, which is the time of receipt. Timers that are due by then go before an event."""
import dataclasses

NEVER = float("inf")


@dataclasses.dataclass
class Transition:
    to: str
    at: int
    count: int
    first_seen: int
    last_seen: int


@dataclasses.dataclass
class Verdict:
    """What a condition says of the matches that it has seen."""
    holds: bool
    count: int
    first_seen: int


class Life:
    """One key under one rule. `condition` is asked for a Verdict over all matches since the last episode (or clear)."""

    def __init__(self, rule, condition):
        self.rule, self.condition = rule, condition
        self.transitions = []
        self.newest = None        # W
        self.newest_clear = None
        self.begin_again()

    def begin_again(self):
        self.is_firing = False
        self.seen = []            # the matches of this episode, in the order of receipt
        self.count = 0
        self.first_seen = None

    # -- time --

    def let_pass(self, until):
        if self.seen and self.due() <= until:
            self.end_by_time(self.due())

    def due(self):
        last_received = max(event.received for event in self.seen)
        if not self.is_firing:
            return last_received + self.condition.within + self.rule.lateness
        return last_received + self.rule.clear[1] if self.rule.clear[0] == "quiet" else NEVER

    def end_by_time(self, at):
        was_firing = self.is_firing
        if was_firing:
            self.tell("resolved", at)
        self.begin_again()
        if not was_firing and not self.has_fired():
            self.newest = self.newest_clear = None  # a key that never fired is forgotten

    def has_fired(self):
        return bool(self.transitions)

    # -- events --

    def receive(self, event):
        self.let_pass(event.received)
        if self.rule.clears(event):
            self.clear(event)
        elif self.rule.matches(event) and not self.is_late(event):
            self.match(event)

    def is_late(self, event):
        if self.newest is None:
            return False
        if event.time < self.newest - self.rule.lateness:
            return True
        return self.newest_clear is not None and event.time < self.newest_clear

    def clear(self, event):
        if self.newest is None or event.time < self.newest:
            return
        self.newest = self.newest_clear = event.time
        if self.is_firing:
            self.tell("resolved", event.received)
        self.begin_again()

    def match(self, event):
        self.newest = event.time if self.newest is None else max(self.newest, event.time)
        if not self.is_firing and not self.condition.may_count(event, self.newest):
            return
        self.seen.append(event)
        if self.is_firing:
            self.count += self.condition.weight_of(event)
            self.first_seen = min(self.first_seen, event.time)
            return
        verdict = self.condition.judge(self.seen, self.newest)
        self.count, self.first_seen = verdict.count, verdict.first_seen
        if verdict.holds:
            self.is_firing = True
            self.tell("firing", event.received)

    def tell(self, to, at):
        last_seen = max(event.time for event in self.seen)
        self.transitions.append(Transition(to, at, self.count, self.first_seen, last_seen))


def play(rule, condition, events, end):
    life = Life(rule, condition)
    for event in events:
        life.receive(event)
    life.let_pass(end)
    return life.transitions


# -- conditions that only a match can make true --

class Condition:
    within = 0

    def may_count(self, event, newest):
        """What is older than the window can be part of nothing."""
        return not self.within or event.time > newest - self.within

    def weight_of(self, event):
        return 1

    def window(self, seen, newest):
        return [event for event in seen if newest - self.within < event.time <= newest]


class First(Condition):
    def judge(self, seen, newest):
        return Verdict(True, 1, seen[0].time)


class Count(Condition):
    def __init__(self, when):
        self.wanted, self.within, self.weight = when["count"], when["within"], when.get("weight")

    def weight_of(self, event):
        return event.data.get(self.weight, 1) if self.weight else 1

    def judge(self, seen, newest):
        window = self.window(seen, newest)
        count = sum(self.weight_of(event) for event in window)
        return Verdict(count >= self.wanted, count, min(event.time for event in window))


class Distinct(Condition):
    def __init__(self, when):
        self.wanted, self.within, self.field = when["count"], when["within"], when["distinct"]

    def judge(self, seen, newest):
        window = self.window(seen, newest)
        values = {event.data.get(self.field) for event in window} - {None}
        return Verdict(len(values) >= self.wanted, len(window), min(event.time for event in window))
