"""sequence, followed_by, not_followed_by: the steps are gone through anew over everything that was seen, in the order of event time (of equal
times, in the order of receipt). What completes a run is looked at before what begins one."""
import dataclasses
from collections.abc import Callable

from reference import HOLDS, RESTS, WAITS, Condition, Verdict


@dataclasses.dataclass
class Step:
    """One FILTER, satisfied by the `count`-th event that passes it."""
    passes: Callable
    count: int = 1


class Run:
    """The events that were taken so far, and which step waits for its next."""

    def __init__(self):
        self.events, self.step, self.n_of_step = [], 0, 0

    def take(self, event, steps):
        self.events.append(event)
        self.n_of_step += 1
        if self.n_of_step == steps[self.step].count:
            self.step, self.n_of_step = self.step + 1, 0

    def is_complete(self, steps):
        return self.step == len(steps)


def go_through(seen, steps, within, repeat):
    """The first run that is complete, else the one that is on its way at the end, else None."""
    run = None
    for event in sorted(seen, key=lambda event: event.time):
        if run and event.time - run.events[0].time >= within:
            run = None
        if run and steps[run.step].passes(event):
            run.take(event, steps)
        elif steps[0].passes(event) and (run is None or repeat == "restart"):
            run = Run()
            run.take(event, steps)
        if run and run.is_complete(steps):
            return run
    return run


class Sequence(Condition):
    def __init__(self, steps, within, repeat):
        self.steps, self.within, self.repeat = steps, within, repeat

    def takes(self, rule, event):
        return any(step.passes(event) for step in self.steps)

    def judge(self, sight):
        run = go_through(sight.seen, self.steps, self.within, self.repeat)
        if run is None:
            return Verdict(RESTS)
        return Verdict(HOLDS if run.is_complete(self.steps) else WAITS, len(run.events), run.events[0].time)
