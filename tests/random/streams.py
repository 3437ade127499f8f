"""Random rules, and random streams of events for their keys: what conditions.py plays through the program and through the reference.

Times are milliseconds since 1970. A stream keeps to the edges: an event lies exactly `within` (or `lateness`, or whatever span the rule
names) beside an earlier one, or a millisecond off; it comes in a burst, at the same time as another, late, or in the wrong order."""
import dataclasses
import json

START = 1_767_225_600_000  # 2026-01-01T00:00:00Z
N_KEYS = 50  # of each rule, at most
SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000


@dataclasses.dataclass
class Rule:
    """`members` is what the rule file says beside id, on and key; the rest says the same in numbers, for the reference."""
    id: str
    members: dict
    when: dict            # spans in ms
    lateness: int
    clear: tuple          # ("ok",), ("quiet", ms) or ("never",)
    asks_for_failing: bool
    edges: list           # spans that matter to it
    begins: list = dataclasses.field(default_factory=list)  # how long after START streams may begin, beside anywhere in the first day
    own_steps: str = ""   # what `data.step` of an event must hold one of to pass the rule's own filter; "": nothing

    def text(self):
        return json.dumps({"id": self.id, "on": f"t.{self.id}", "key": ["service"], "mode": "observe", **self.members})

    def passes_own_steps(self, event):
        return not self.own_steps or bool(set(self.own_steps) & set(event.data.get("step", "")))

    def matches(self, event):
        """The rule's own filter."""
        return self.passes_own_steps(event) and (event.state == "failing" or not self.asks_for_failing)

    def clears(self, event):
        return self.clear[0] == "ok" and event.state == "ok" and self.passes_own_steps(event)


@dataclasses.dataclass
class Event:
    time: int
    received: int
    state: str | None = None
    data: dict = dataclasses.field(default_factory=dict)

    def text(self, rule, key):
        known = {"type": f"t.{rule.id}", "service": key, "time": str(self.time), "received": str(self.received)}
        if self.state:
            known["state"] = self.state
        if self.data:
            known["data"] = self.data
        return json.dumps(known, separators=(",", ":"))


def span(ms):
    """As a rule file says it, in the largest unit that fits."""
    for unit, size in (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND)):
        if ms and ms % size == 0:
            return f"{ms // size}{unit}"
    return f"{ms}ms" if ms else "0s"


def choose_span(dice):
    return dice.choice([SECOND, 5 * SECOND, MINUTE, 10 * MINUTE, HOUR, dice.randint(1, 120) * SECOND])


STEPS = ["a", "b", "c", "ab", "bc", "ac", "abc", "x"]  # what `data.step` says: an event may be several things at once


def holding(letters):
    """As a clause of `where`: the values of data.step that hold one of these."""
    return [step for step in STEPS if set(letters) & set(step)]


def make_rule(dice, number, when, members, within, own_end=False, clears=("default", "quiet", "ok", "never"), edges=(), states=True, own_steps=""):
    """A rule around a `when`: how late an event may come, what it asks for, what ends it."""
    members = dict(members)
    lateness = dice.choice([0, SECOND, within // 2 // SECOND * SECOND, within, 2 * within, 5 * MINUTE, 5 * MINUTE])
    if lateness != 5 * MINUTE:
        members["lateness"] = span(lateness)
    asks_for_failing = states and dice.random() < 0.5
    where = {**({"state": "failing"} if asks_for_failing else {}), **({"data.step": holding(own_steps)} if own_steps else {})}
    if where:
        members["where"] = where
    clear = dice.choice(clears)
    if clear == "default":
        default_quiet = ("never",) if own_end else ("quiet", max(within, HOUR))
        clear = ("ok",) if asks_for_failing else default_quiet
    elif clear == "quiet":
        clear = ("quiet", dice.choice([SECOND, within, max(SECOND, within // 2), 2 * within]))
        members["clear"] = {"quiet": span(clear[1])}
    elif clear == "ok":
        clear = ("ok",)
        members["clear"] = {"where": {"state": "ok"}}
    else:
        clear = ("never",)
        members["clear"] = "never"
    spans = [within, lateness, *edges] + ([clear[1]] if clear[0] == "quiet" else [])
    return Rule(f"r{number}", members, when, lateness, clear, asks_for_failing, spans, own_steps=own_steps)


class Clock:
    """Chooses the next time of a stream, and when that event is received."""

    def __init__(self, dice, rule, start):
        self.dice, self.rule = dice, rule
        self.times, self.newest, self.received = [], start, start
        self.pace = dice.choice([3, 10, 40])  # so many events in a window, about
        self.lag = dice.choice(["none", "none", "same", "any"])
        self.same_lag = dice.randint(0, max(1, rule.lateness))
        self.is_tame = dice.random() < 0.6  # nothing is on its way for longer than the lateness

    def next(self):
        time = self.times[-1] if self.times else self.newest
        way = self.dice.random()
        if not self.times:
            pass
        elif way < 0.40:
            time = self.newest + self.dice.choice([0, 1, self.dice.randint(0, max(1, self.rule.edges[0] // self.pace))])
        elif way < 0.70:
            time = self.dice.choice(self.times[-4:]) + self.dice.choice(self.rule.edges) + self.dice.choice([-1, 0, 0, 1])
        elif way < 0.85:
            lateness = self.rule.lateness
            time = self.newest - self.dice.choice([lateness - 1, lateness, lateness + 1, self.dice.randint(0, lateness), self.dice.randint(0, 2 * lateness)])
        else:
            time = self.newest + self.dice.randint(0, 2 * self.dice.choice(self.rule.edges) + 1)
        time = max(time, START - DAY, self.received - self.rule.lateness if self.is_tame else 0)
        self.times.append(time)
        self.newest = max(self.newest, time)
        self.received = max(self.received, time + self._lag())
        return time, self.received

    def _lag(self):
        if self.lag == "none":
            return 0
        return self.same_lag if self.lag == "same" else self.dice.randint(0, self.rule.lateness)


def make_stream(dice, rule, content, n_events, start):
    """Events of one key in the order of receipt; `content(dice, event)` fills what the condition looks at."""
    clock = Clock(dice, rule, start)
    events = []
    p_ok = dice.choice([0.05, 0.15, 0.4]) if rule.asks_for_failing or rule.clear[0] == "ok" else 0.1
    for _ in range(n_events):
        time, received = clock.next()
        event = Event(time, received)
        chance = dice.random()
        if chance < p_ok:
            event.state = "ok"
        elif chance < p_ok + 0.05:
            event.state = dice.choice([None, "info"])
        else:
            event.state = "failing" if rule.asks_for_failing or dice.random() < 0.5 else None
        content(dice, event)
        events.append(event)
    return events
