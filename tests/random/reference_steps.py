"""sequence, followed_by, not_followed_by: gone through anew over everything that was seen, in the order of event time (of equal times, in the
order of receipt)."""
import dataclasses
from collections.abc import Callable

from reference import ENDS, HOLDS, RESTS, WAITS, Condition, Verdict


@dataclasses.dataclass
class Step:
    """One FILTER, satisfied by the `count`-th event that passes it."""
    passes: Callable
    count: int = 1


def places_of(steps):
    """As many places as there are events in a run: what passes each."""
    return [step.passes for step in steps for _ in range(step.count)]


def in_order(seen):
    return sorted(seen, key=lambda event: event.time)


def all_runs(events, places, within):
    """repeat: restart. Every run that there can be, as (its first event, how many it has): an event goes on with any run, or is passed over by it, but
    a first event ends all runs that it does not go on with. Stops where one is complete. Those that have left the window are among them: what comes
    late may go on with them."""
    runs = []
    for event in events:
        moved = [(first, n + 1) for first, n in runs if places[n](event) and event.time - first.time < within]
        runs = moved + [(event, 1)] if places[0](event) else moved + [run for run in runs if run not in moved]
        if any(n == len(places) for _, n in runs):
            return [run for run in runs if run[1] == len(places)]
    return runs


def one_run(events, places, within):
    """repeat: keep. A first event begins a run only where there is none."""
    run = None
    for event in events:
        is_inside = run and event.time - run[0].time < within
        if is_inside and places[run[1]](event):
            run = (run[0], run[1] + 1)
        elif not is_inside and places[0](event):
            run = (event, 1)
        if run and run[1] == len(places):
            break
    return [run] if run else []


class Sequence(Condition):
    reaches_back = True
    forgets_at_rest = True

    def __init__(self, steps, within, repeat, lateness):
        self.places, self.within, self.lateness = places_of(steps), within, lateness
        self.runs = all_runs if repeat == "restart" else one_run

    def takes(self, rule, event):
        return any(passes(event) for passes in self.places)

    def judge(self, sight):
        runs = self.runs(in_order(sight.seen), self.places, self.within)
        runs = [run for run in runs if run[1] == len(self.places) or sight.newest - run[0].time < self.within + self.lateness]
        if not runs:
            return Verdict(RESTS)
        first, n_events = max(runs, key=lambda run: (run[1], run[0].time))
        return Verdict(HOLDS if n_events == len(self.places) else WAITS, n_events, first.time)


class NotFollowedBy(Condition):
    """A first event waits for FILTER; what has waited for `within` is true, until FILTER comes all the same. `told` is the last wait that fired: what
    comes late makes no older one fire."""
    folds_on = True
    reaches_back = True
    forgets_at_rest = True

    def __init__(self, first, follower, within, repeat):
        self.first, self.follower, self.within, self.repeat = first, follower, within, repeat
        self.told = 0

    def takes(self, rule, event):
        return self.first.passes(event) or self.follower.passes(event)

    def kept(self, seen, verdict):
        if verdict:
            return seen
        self.forget()
        return []

    def forget(self):
        self.told = 0

    def weight_of(self, event):
        """What follows is no match."""
        return 1 if self.first.passes(event) else 0

    def waits(self, seen):
        """(since when something waits, else 0; the begin of the last wait that was over before FILTER came, else 0)"""
        since, n_followed, came_true = 0, 0, 0
        for event in in_order(seen):
            if self.follower.passes(event) and since:
                n_followed += 1
                if n_followed == self.follower.count:
                    came_true = since if event.time - since >= self.within else came_true
                    since = 0
            if self.first.passes(event) and (not since or (self.repeat == "restart" and event.time - since < self.within)):
                since, n_followed = event.time, 0
        return since, came_true

    def instants(self, seen):
        since, _ = self.waits(seen)
        return [since + self.within] if since else []

    def judge(self, sight):
        since, came_true = self.waits(sight.seen)
        if sight.is_firing:
            return Verdict(HOLDS) if 0 < since <= self.told else Verdict(ENDS, again=since > self.told)
        if came_true > self.told:
            self.told = came_true
            return Verdict(HOLDS, 1, came_true, again=True)
        if since > self.told and sight.now - since >= self.within:
            self.told = since
            return Verdict(HOLDS, 1, since)
        return Verdict(WAITS if since > self.told else RESTS, 1, since)
