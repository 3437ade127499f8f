"""What a rule does with the events of one key, told slowly: the whole history is looked at again at each instant.

A signal is idle, then pending, then firing, then resolved, which is idle again. Event time decides what counts: with W the newest event time
of the key, what is older than W - lateness is late and moves nothing, and so is what is older than the newest clear. Whatever waits runs on
the clock of the engine, which is the time of receipt; the key's own time goes on from W as that clock does. Timers that are due by then go
before an event."""
import dataclasses

NEVER = float("inf")
RESTS, WAITS, HOLDS, ENDS, FORGETS = "rests", "waits", "holds", "ends", "forgets"


@dataclasses.dataclass
class Transition:
    """None: nobody says what stands there."""
    to: str
    at: int
    count: int | None
    first_seen: int | None
    last_seen: int | None
    joined: tuple = ()  # what the condition has joined to the key


@dataclasses.dataclass
class Verdict:
    """What a condition says of the matches that it has seen."""
    says: str
    count: int | None = None
    first_seen: int | None = None
    again: bool = False  # the next instant is this one


@dataclasses.dataclass
class Sight:
    """What a condition is asked about: the matches (since the last episode, where it does not remember longer) and the key's own time."""
    seen: list
    now: int
    newest: int
    is_firing: bool
    event: object = None  # that has just come; None: only time has passed
    clock: int = 0        # of the engine
    lag: int = 0          # what that is ahead of the key's own time


class Condition:
    """One that only a match can make true. `within` is how long a match can matter."""
    within = 0
    folds_on = False         # it is asked while it fires, too
    reaches_back = False     # what is older than its window may still complete something, as far as lateness goes
    forgets_at_rest = False  # a key of which nothing is on its way is soon not known any more
    is_expected = False      # the key is known before anything is seen of it
    notes_clears = False     # an event that clears is no match, but is seen

    def judge(self, sight):
        raise NotImplementedError

    def instants(self, seen):
        """Times of the key at which it may come true, or end, without an event."""
        return []

    def asks_at(self, life):
        """The same on the clock of the engine."""
        return [time + life.lag for time in self.instants(life.seen) if time > life.judged] if life.newest is not None else []

    def takes(self, rule, event):
        return rule.matches(event)

    def kept(self, seen, verdict):
        """What it remembers beyond the end of an episode; `verdict`: None where something else ended it."""
        return []

    def remembers(self, seen):
        """Something that outlives the episode, so that the key stays known."""
        return False

    def forget(self):
        """What it noted of the key beside what was seen."""

    def knows_its_keys(self, seen):
        """A key of which nothing is remembered is not known."""
        return True

    def weight_of(self, event):
        return 1


class Life:
    """One key under one rule."""

    def __init__(self, rule, condition):
        self.rule, self.condition = rule, condition
        self.transitions = []
        self.forget()

    def forget(self):
        self.newest = self.newest_received = self.newest_clear = None
        self.match_received = self.clear_received = -NEVER  # the last one
        self.is_firing = False
        self.is_at_rest = True
        self.seen = []
        self.judged = -NEVER       # time of the key
        self.judged_at = -NEVER    # on the clock of the engine
        self.lag = 0
        self.quiet_from = NEVER
        self.last_seen = None      # of this episode; where time alone begins it, of the one before

    # -- time --

    def key_now(self, now):
        return now if self.newest is None else self.newest + max(0, now - self.newest_received)

    def quiet_due(self):
        return self.quiet_from + self.rule.clear[1] if self.is_firing and self.rule.clear[0] == "quiet" else NEVER

    def forgotten_due(self):
        """Nothing that comes now can belong to what is on its way: it was received so long ago. (What comes later than `lateness` may.)"""
        if self.newest is None or self.is_firing or self.condition.remembers(self.seen) or (self.transitions and not self.seen):
            return NEVER
        if self.condition.forgets_at_rest and self.is_at_rest:
            return self.newest_received + self.rule.lateness
        if self.seen:
            return self.match_received + self.condition.within + self.rule.lateness
        return self.clear_received + self.rule.lateness

    def forget_pending(self, now):
        """A key that has fired keeps its newest time and its clear; another one the clear as long as it can overtake a match."""
        self.condition.forget()
        if self.transitions or self.clear_received + self.rule.lateness > now:
            self.seen = []
        else:
            self.forget()

    def settle_pending(self, now):
        """What comes before its newest event now has been on its way for longer than lateness allows."""
        self.forget_pending(now)
        if self.transitions:
            self.newest_clear = self.newest

    def next_due(self):
        """(when, what then). What the condition waits for goes by the lag of the newest event when it was last judged."""
        ahead = self.condition.asks_at(self)
        due = [(self.quiet_due(), self.be_quiet), (min(ahead), self.be_judged) if ahead else (self.forgotten_due(), self.settle_pending)]
        return min(due, key=lambda one: one[0])

    def be_quiet(self, at):
        self.end("resolved", at)

    def be_judged(self, at):
        self.judge(at, None)

    def let_pass(self, until):
        at, happens = self.next_due()
        while at <= until:
            happens(at)
            at, happens = self.next_due()

    # -- events --

    def receive(self, event):
        self.let_pass(event.received)
        if self.rule.clears(event):
            self.clear(event)
        elif self.condition.takes(self.rule, event) and not self.is_late(event):
            self.match(event)

    def is_late(self, event):
        if self.newest is None:
            return False
        if event.time < self.newest - self.rule.lateness:
            return True
        if self.newest_clear is not None and event.time < self.newest_clear:
            return True
        if self.condition.reaches_back:
            return False
        return not self.is_firing and self.condition.within > 0 and event.time <= self.newest - self.condition.within

    def sight(self, event):
        if self.newest is None or event.time >= self.newest:
            self.newest, self.newest_received = event.time, event.received

    def clear(self, event):
        if self.newest is None and not self.condition.notes_clears and not self.condition.is_expected:
            return
        if self.newest is not None and event.time < self.newest:
            return
        self.sight(event)
        self.newest_clear, self.clear_received = event.time, event.received
        if self.condition.notes_clears:
            self.seen.append(event)
        if not self.is_at_rest or self.is_firing or self.condition.notes_clears:
            self.end("resolved", event.received)
        if self.condition.asks_at(self):
            self.judge(event.received, None)

    def match(self, event):
        self.sight(event)
        self.match_received = event.received
        self.seen.append(event)
        self.last_seen = max(event.time for event in self.seen if not self.rule.clears(event))
        if self.is_firing and not self.condition.folds_on:
            self.count_on(event)
        else:
            self.judge(event.received, event)
        if self.is_firing:
            self.quiet_from = event.received

    # -- what follows --

    def judge(self, at, event):
        self.judged, self.judged_at = self.key_now(at), at
        self.lag = self.newest_received - self.newest if self.newest is not None else 0
        verdict = self.condition.judge(Sight(self.seen, self.judged, self.newest, self.is_firing, event, at, self.lag))
        self.is_at_rest = verdict.says in (RESTS, ENDS, FORGETS)
        if verdict.says == FORGETS:
            self.be_forgotten(at, verdict)
        elif self.is_firing and verdict.says == ENDS:
            self.end("resolved", at, verdict)
        elif self.is_firing and event:
            self.count_on(event)
        elif not self.is_firing and verdict.says == HOLDS:
            self.is_firing, self.quiet_from = True, at
            self.count, self.first_seen = verdict.count, verdict.first_seen
            self.tell("firing", at)
        elif verdict.says == RESTS and not self.condition.knows_its_keys(self.seen):
            self.forget_pending(at)
        if verdict.again:
            self.judge(at, None)

    def be_forgotten(self, at, verdict):
        """Its next match is a first sight, unless that is older than a clear that may still overtake it."""
        is_kept_for_clear = not self.is_firing and self.newest_clear is not None and self.newest_clear + self.rule.lateness > self.judged
        self.end("resolved", at, verdict)
        self.seen = []
        if not is_kept_for_clear:
            self.forget()

    def count_on(self, event):
        weight = self.condition.weight_of(event)
        if self.count is not None:
            self.count += weight
        if self.first_seen is not None and weight:
            self.first_seen = min(self.first_seen, event.time)

    def end(self, to, at, verdict=None):
        if self.is_firing:
            self.tell(to, at)
        self.is_firing, self.is_at_rest = False, True
        self.seen = self.condition.kept(self.seen, verdict)

    def tell(self, to, at):
        self.transitions.append(Transition(to, at, self.count, self.first_seen, self.last_seen))


def play(rule, condition, events, end):
    life = Life(rule, condition)
    for event in events:
        life.receive(event)
    life.let_pass(end)
    return life.transitions


# -- conditions that only a match can make true --

class First(Condition):
    def judge(self, sight):
        return Verdict(HOLDS, 1, sight.event.time)


class Window(Condition):
    def window(self, sight):
        return [event for event in sight.seen if sight.newest - self.within < event.time <= sight.newest]


class Count(Window):
    def __init__(self, when):
        self.wanted, self.within, self.weight = when["count"], when["within"], when.get("weight")

    def weight_of(self, event):
        return event.data.get(self.weight, 1) if self.weight else 1

    def judge(self, sight):
        window = self.window(sight)
        count = sum(self.weight_of(event) for event in window)
        return Verdict(HOLDS if count >= self.wanted else WAITS, count, min(event.time for event in window))


class Distinct(Window):
    def __init__(self, when):
        self.wanted, self.within, self.field = when["count"], when["within"], when["distinct"]

    def judge(self, sight):
        window = self.window(sight)
        values = {event.data.get(self.field) for event in window} - {None}
        return Verdict(HOLDS if len(values) >= self.wanted else WAITS, len(window), min(event.time for event in window))
