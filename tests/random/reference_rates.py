"""fewer, spike, drop, ratio and the aggregates: judged at each instant of the key's own time over (now - within, now]."""
from fractions import Fraction

from reference import ENDS, HOLDS, NEVER, RESTS, Condition, Verdict


class Rate(Condition):
    """True at a match (`by_time`: or by time alone), over by a match or by time. What it counted goes on beyond its own end."""
    folds_on = True
    by_time = False
    window_ms = against_ms = 0

    @property
    def within(self):
        return self.window_ms + self.against_ms

    def counts(self, event):
        return True

    def counted(self, seen):
        return [event for event in seen if self.counts(event)]

    def weight_of(self, event):
        return 1 if self.counts(event) else 0

    def knows_its_keys(self, seen):
        return bool(self.counted(seen))

    def instants(self, seen):
        spans = {self.window_ms, self.window_ms + self.against_ms, self.known_for()}
        return {event.time + span for event in self.counted(seen) for span in spans}

    def known_for(self):
        """So long a key must be known before it is judged."""
        return 0

    def kept(self, seen, verdict):
        return seen if verdict else []

    def window(self, sight):
        return [event for event in self.counted(sight.seen) if sight.now - self.window_ms < event.time <= sight.now]

    def before(self, sight):
        until = sight.now - self.window_ms
        return [event for event in self.counted(sight.seen) if until - self.against_ms < event.time <= until]

    def judge(self, sight):
        window = self.window(sight)
        count, first = len(window), min((event.time for event in window), default=None)
        if sight.is_firing:
            return Verdict(ENDS if self.is_over(sight) else HOLDS, count, first)
        known_since = min((event.time for event in self.counted(sight.seen)), default=NEVER)
        may_fire = (self.by_time or sight.event and self.counts(sight.event)) and sight.now >= known_since + self.known_for()
        return Verdict(HOLDS if may_fire and self.is_true(sight) else RESTS, count, first)


class Fewer(Rate):
    by_time = True

    def remembers(self, seen):
        return bool(seen)

    def __init__(self, when):
        self.wanted, self.window_ms = when["fewer"], when["within"]

    def known_for(self):
        return self.window_ms

    def is_true(self, sight):
        return len(self.window(sight)) < self.wanted

    def is_over(self, sight):
        return len(self.window(sight)) >= self.wanted


class Compared(Rate):
    """A rate beside that of the time before; a time before without a match counts as one with one."""

    def __init__(self, when):
        self.factor, self.window_ms, self.against_ms = Fraction(when["factor"]), when["within"], when["against"]
        self.at_least = when["at_least"]

    def rates(self, sight):
        return (Fraction(len(self.window(sight)), self.window_ms), Fraction(max(1, len(self.before(sight))), self.against_ms))


class Spike(Compared):
    def is_true(self, sight):
        rate, usual = self.rates(sight)
        return len(self.window(sight)) >= self.at_least and rate >= self.factor * usual

    def is_over(self, sight):
        rate, usual = self.rates(sight)
        return rate < self.factor / 2 * usual


class Drop(Compared):
    by_time = True

    def known_for(self):
        return self.window_ms + self.against_ms

    def is_true(self, sight):
        rate, usual = self.rates(sight)
        return len(self.before(sight)) >= self.at_least and rate <= usual / self.factor

    def is_over(self, sight):
        rate, usual = self.rates(sight)
        return rate > usual / (self.factor / 2)


class Ratio(Rate):
    def __init__(self, when, having):
        self.percent, self.window_ms, self.at_least, self.having = Fraction(when["percent"]), when["within"], when["at_least"], having

    def percentage(self, sight):
        window = self.window(sight)
        return Fraction(100 * sum(self.having(event) for event in window), len(window)) if window else None

    def is_true(self, sight):
        return len(self.window(sight)) >= self.at_least and self.percentage(sight) >= self.percent

    def is_over(self, sight):
        return not self.window(sight) or self.percentage(sight) < self.percent / 2


def p95(values):
    """The smallest value that at least 95 % of them do not exceed."""
    ordered = sorted(values)
    return ordered[-(-95 * len(ordered) // 100) - 1]


AGGREGATES = {"sum": sum, "avg": lambda values: Fraction(sum(values)) / len(values), "max": max, "min": min, "p95": p95}


class Aggregate(Rate):
    """An aggregate beside a bound; with `against`, the bound is so many times what it was in the time before (a sum: per time)."""

    def __init__(self, when):
        self.name, self.field, self.window_ms, self.against_ms = when["aggregate"], when["field"], when["within"], when["against"] or 0
        self.is_above, self.bound, self.clear_bound, self.at_least = when["is_above"], Fraction(when["bound"]), Fraction(when["clear_bound"]), when["at_least"]
        self.by_time = self.name == "sum" and not self.is_above

    def known_for(self):
        if self.against_ms:
            return self.window_ms + self.against_ms
        return self.window_ms if self.by_time else 0

    def counts(self, event):
        return self.field in event.data

    def value(self, events, span):
        """None: there is none."""
        values = [Fraction(event.data[self.field]) for event in events]
        if self.name == "sum":
            return Fraction(sum(values)) / (span if self.against_ms else 1)
        return AGGREGATES[self.name](values) if values else None

    def passes(self, sight, is_above, bound):
        value, before = self.value(self.window(sight), self.window_ms), self.before(sight)
        if value is None or (self.against_ms and not before):
            return False
        usual = self.value(before, self.against_ms) if self.against_ms else 1
        if usual < 0:  # so many times less than nothing is no bound
            return False
        bound *= usual
        return value > bound if is_above else value < bound

    def is_true(self, sight):
        has_enough = self.by_time and not self.at_least or len(self.window(sight)) >= max(1, self.at_least)
        return has_enough and self.passes(sight, self.is_above, self.bound)

    def is_over(self, sight):
        if not self.window(sight) and not self.by_time:
            return True
        return self.passes(sight, not self.is_above, self.clear_bound)
