"""absent and new: when something was seen last."""
import bisect
import datetime
import functools
import zoneinfo

from reference import ENDS, FORGETS, HOLDS, NEVER, RESTS, Condition, Verdict
from streams import HOUR, MINUTE, START

SLOT_DAYS = 2000


def numbers(field, first, last):
    """What a field of cron names: `*`, `*/step`, a number, or a range of weekdays by name."""
    if field.startswith("*"):
        return set(range(first, last + 1, int(field[2:] or 1)))
    if field == "mon-fri":
        return {1, 2, 3, 4, 5}
    return {int(field)}


@functools.cache
def slots(cron, zone):
    """All moments that the schedule names, in a zone that never changes its clocks."""
    minutes, hours, days, months, weekdays = (
        numbers(field, first, last) for field, (first, last) in zip(cron.split(), ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))))
    midnight = datetime.datetime.fromtimestamp(START / 1000, zoneinfo.ZoneInfo(zone)).replace(hour=0, minute=0) - datetime.timedelta(days=2)
    found = []
    for _ in range(SLOT_DAYS):
        if midnight.day in days and midnight.month in months and (midnight.weekday() + 1) % 7 in weekdays:
            begin = round(midnight.timestamp() * 1000)
            found += [begin + hour * HOUR + minute * MINUTE for hour in sorted(hours) for minute in sorted(minutes)]
        midnight += datetime.timedelta(days=1)
    return found


def slot_after(cron, zone, time):
    all_of_them = slots(cron, zone)
    return all_of_them[bisect.bisect_right(all_of_them, time)]


class Absent(Condition):
    """Nothing newer than the last sight for so long, by the key's own time; or until a slot after it, which is on the wall. What comes late is no new sight. A
    key that is expected counts from when its rule was loaded, and is never forgotten."""
    folds_on = True

    def __init__(self, when, since=START):
        self.absent, self.grace, self.forgotten = when["absent"], when["grace"], when["forget"]
        self.cron, self.zone = when.get("cron"), when.get("zone")
        self.is_expected, self.since = when.get("is_expected", False), since
        self.is_told = False  # ended otherwise than by a sight it is not told again

    def last(self, seen):
        return max((event.time for event in seen), default=None)

    def missed_at(self, seen, lag):
        last = self.last(seen)
        if self.cron:
            return slot_after(self.cron, self.zone, self.since if last is None else last) + self.grace
        return (self.since if last is None else last + lag) + self.absent + self.grace

    def forgotten_at(self, seen, lag):
        return NEVER if self.is_expected else self.last(seen) + lag + self.forgotten

    def asks_at(self, life):
        if not life.seen and not self.is_expected:
            return []
        due = self.forgotten_at(life.seen, life.lag) if self.is_told else self.missed_at(life.seen, life.lag)
        return [due] if due < NEVER and due > life.judged_at else []

    def kept(self, seen, verdict):
        return seen

    def weight_of(self, event):
        return 0

    def remembers(self, seen):
        return True

    def judge(self, sight):
        if sight.event and sight.event.time == self.last(sight.seen):
            self.is_told = False
            if sight.is_firing:
                return Verdict(ENDS, again=self.missed_at(sight.seen, sight.lag) <= sight.clock)
        if self.is_told:
            if self.forgotten_at(sight.seen, sight.lag) <= sight.clock:
                self.is_told = False
                return Verdict(FORGETS)
            return Verdict(HOLDS if sight.is_firing else RESTS)
        if self.missed_at(sight.seen, sight.lag) > sight.clock:
            return Verdict(RESTS)
        self.is_told = True
        last = self.last(sight.seen)
        is_over = self.forgotten_at(sight.seen, sight.lag) <= sight.clock
        return Verdict(HOLDS, 0, self.since if last is None else last, again=is_over)


class New(Condition):
    """One value: new at its first sight, once the rule has learnt, and again when it was not seen for so long. What clears is no sight."""
    folds_on = True

    def __init__(self, when, since=START):
        self.learnt, self.forgotten = since + when["learn"], when["forget"]

    def instants(self, seen):
        return [max(event.time for event in seen) + self.forgotten] if seen else []

    def kept(self, seen, verdict):
        return seen

    def remembers(self, seen):
        return bool(seen)

    def judge(self, sight):
        if not sight.event:
            return Verdict(FORGETS if sight.now >= self.instants(sight.seen)[0] else RESTS)
        is_first = len(sight.seen) == 1 and sight.clock >= self.learnt
        is_over = self.instants(sight.seen)[0] <= sight.now
        return Verdict(HOLDS if is_first and not sight.is_firing else RESTS, 1, sight.event.time, again=is_over)
