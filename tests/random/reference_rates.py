"""fewer, absent, spike, drop, ratio and the aggregates: judged at each instant of the key's own time over (now - within, now]."""
from fractions import Fraction

from reference import ENDS, HOLDS, RESTS, Condition, Verdict


class Rate(Condition):
    """Becomes true or ends by a match or by time alone; what it counted goes on beyond its own end."""
    folds_on = True
    spans = ()  # an instant is any of these after a match

    def instants(self, seen):
        return sorted({event.time + span for event in seen for span in self.spans})

    def kept(self, seen, verdict):
        return seen if verdict else []

    def between(self, sight, since, until):
        """(since, until] before now."""
        return [event for event in sight.seen if sight.now - since < event.time <= sight.now - until]

    def window(self, sight):
        return self.between(sight, self.within, 0)

    def judge(self, sight):
        window = self.window(sight)
        count, first = len(window), min((event.time for event in window), default=None)
        if sight.is_firing:
            return Verdict(ENDS if self.is_over(sight) else HOLDS, count, first)
        return Verdict(HOLDS if self.is_true(sight) else RESTS, count, first)


class Fewer(Rate):
    """Of a key that has been known for a whole window."""

    def __init__(self, when):
        self.wanted, self.within = when["fewer"], when["within"]
        self.spans = (self.within,)

    def is_true(self, sight):
        known_since = min(event.time for event in sight.seen)
        return sight.now >= known_since + self.within and len(self.window(sight)) < self.wanted

    def is_over(self, sight):
        return len(self.window(sight)) >= self.wanted


class Compared(Rate):
    """A rate beside that of the time before."""

    def __init__(self, when):
        self.factor, self.within, self.against = Fraction(when["factor"]), when["within"], when["against"]
        self.at_least = when["at_least"]
        self.spans = (self.within, self.within + self.against)

    def now_and_before(self, sight):
        """The matches of the window, and how many of them the time before lets expect; none counts as one."""
        before = self.between(sight, self.within + self.against, self.within)
        return len(self.window(sight)), max(1, len(before)) * Fraction(self.within, self.against)


class Spike(Compared):
    def is_true(self, sight):
        count, usual = self.now_and_before(sight)
        return count >= self.at_least and count >= self.factor * usual

    def is_over(self, sight):
        count, usual = self.now_and_before(sight)
        return count < self.factor / 2 * usual


class Drop(Compared):
    def is_true(self, sight):
        count, usual = self.now_and_before(sight)
        return usual >= self.at_least and count * self.factor <= usual

    def is_over(self, sight):
        count, usual = self.now_and_before(sight)
        return count * self.factor / 2 > usual


class Ratio(Rate):
    def __init__(self, when, having):
        self.percent, self.within, self.at_least, self.having = Fraction(when["percent"]), when["within"], when["at_least"], having
        self.spans = (self.within,)

    def ratio(self, sight):
        window = self.window(sight)
        return Fraction(100 * sum(self.having(event) for event in window), len(window)) if window else 0

    def is_true(self, sight):
        return len(self.window(sight)) >= self.at_least and self.ratio(sight) >= self.percent

    def is_over(self, sight):
        return self.ratio(sight) < self.percent / 2


def p95(values):
    """The smallest value that at least 95 % of them do not exceed."""
    ordered = sorted(values)
    return ordered[-(-95 * len(ordered) // 100) - 1]


AGGREGATES = {"sum": sum, "max": max, "min": min, "p95": p95, "avg": lambda values: Fraction(sum(values), len(values))}


class Aggregate(Rate):
    def __init__(self, when):
        self.of, self.field, self.within = AGGREGATES[when["aggregate"]], when["field"], when["within"]
        self.bound, self.is_above, self.clear_bound = when["bound"], when["is_above"], when["clear_bound"]
        self.spans = (self.within,)

    def value(self, sight):
        values = [event.data[self.field] for event in self.window(sight) if self.field in event.data]
        return self.of(values) if values else None
