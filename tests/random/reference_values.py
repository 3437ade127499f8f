"""change and flaps: what a field said, in the order of event time (of equal times, in the order of receipt). What clears says a value too, and is no
match; of `state`, `info` says nothing. Values outlive the episode."""
from reference import ENDS, HOLDS, RESTS, WAITS, Condition, Verdict


def field_of(event, field):
    """None: it says nothing that counts."""
    if field == "state":
        return event.state if event.state != "info" else None
    return event.data.get(field)


class Values(Condition):
    folds_on = True
    forgets_at_rest = True
    notes_clears = True
    field = None

    def value(self, event):
        return field_of(event, self.field)

    def sightings(self, seen):
        return sorted((event for event in seen if self.value(event) is not None), key=lambda event: event.time)

    def remembers(self, seen):
        return bool(self.sightings(seen))

    def knows_its_keys(self, seen):
        return self.remembers(seen)

    def kept(self, seen, verdict):
        return list(seen)

    def weight_of(self, event):
        return 1 if self.value(event) is not None else 0


class Change(Values):
    """The newest value differs from the one before. One that comes late is not the newest, and changes nothing."""

    def __init__(self, when):
        self.field, self.before, self.after = when["change"], when.get("from"), when.get("to")

    def judge(self, sight):
        sightings = self.sightings(sight.seen)
        if not sightings or sightings[-1] is not sight.event or (self.after and self.value(sight.event) not in self.after):
            return Verdict(RESTS)
        last = self.value(sightings[-2]) if len(sightings) > 1 else None
        if last == self.value(sight.event) or (self.before and last not in self.before):
            return Verdict(RESTS)
        return Verdict(HOLDS, 1, sight.event.time)


class Flaps(Values):
    """Changes between neighbours, each at the time of the second; with `by`, between neighbours of one `by`, less than `within` apart. An episode
    begins with what was the newest value when the one before it ended. What is on its way is forgotten when its last change is older than the window and
    lateness, by the key's own time: then what is left is compared with, and counts no more."""

    def __init__(self, when, rule):
        self.field, self.by, self.wanted, self.within = when["flaps"], when.get("by"), when["count"], when["within"]
        self.rule = rule
        self.base = None
        self.outside = []  # what came when it was older than the window already: part of nothing

    def sightings(self, seen):
        return super().sightings([event for event in seen if not any(event is other for other in self.outside)])

    def kept(self, seen, verdict):
        sightings = self.sightings(seen)
        self.base = sightings[-1] if sightings else None
        return list(seen)

    def of_episode(self, seen):
        sightings = self.sightings(seen)
        return sightings[next((at for at, event in enumerate(sightings) if event is self.base), 0):]

    def is_match(self, event):
        return event is not self.base and not self.rule.clears(event)

    def one_before(self, earlier, event):
        """None: there is none that it is compared with."""
        if self.by:
            by = field_of(event, self.by)
            earlier = [one for one in earlier if by is not None and field_of(one, self.by) == by]
        if not earlier or (self.by and event.time - earlier[-1].time >= self.within):
            return None
        return earlier[-1]

    def flaps(self, seen):
        sightings = self.of_episode(seen)
        compared = [(self.one_before(sightings[:at], event), event) for at, event in enumerate(sightings) if self.is_match(event)]
        return [event for before, event in compared if before and self.value(event) != self.value(before)]

    def instants(self, seen):
        return [event.time + span for event in self.flaps(seen) for span in (self.within, self.within + self.rule.lateness)]

    def forget(self):
        self.base, self.outside = None, []

    def forget_pending(self, seen, until):
        old = [event for event in self.of_episode(seen) if event.time <= (until - self.within if self.by else until)]
        self.base = old[-1] if old else self.base

    def judge(self, sight):
        since = (sight.newest if sight.event else sight.now) - self.within
        if sight.event and sight.event.time <= since:
            self.outside.append(sight.event)
        flaps = [event for event in self.flaps(sight.seen) if event.time > since]
        matches = [event for event in self.of_episode(sight.seen) if self.is_match(event) and event.time > since]
        first = min((event.time for event in matches), default=None)
        if sight.is_firing:
            return Verdict(HOLDS if flaps else ENDS, again=bool(flaps) and flaps[-1].time + self.within <= sight.now)
        if len(flaps) >= self.wanted and sight.event:
            is_still = flaps[-1].time + self.within <= sight.now
            return Verdict(HOLDS, len(matches), first, again=is_still)
        return self.wait(sight)

    def wait(self, sight):
        """In the window as the newest event has it."""
        since = sight.newest - self.within
        flaps = [event for event in self.flaps(sight.seen) if event.time > since]
        is_over = bool(flaps) and flaps[-1].time + self.within + self.rule.lateness <= sight.now
        if is_over and not sight.event:
            self.forget_pending(sight.seen, max(since, sight.now - self.within - self.rule.lateness))
            return Verdict(RESTS)
        return Verdict(WAITS if flaps else RESTS, again=is_over)
