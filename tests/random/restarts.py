"""A stream of events played through an engine that is stopped, killed and crashed on its way (restarts.c), and once without: the durable feed of both must be the same
line by line, none lost and none told twice.

Silence is judged some minutes after a start only, so that starts change what becomes of it. There the other run is left and started at the same places,
but closes its store each time, and none ends inside a turn."""
import json
import os
import random
import subprocess
import tempfile

N_INTERRUPTIONS = 25
# Inside a turn, and how often it is passed at most before it ends the process.
CRASH_POINTS = {"accept.before-commit": 20, "accept.after-commit": 20, "fold.event": 60, "fold.before-commit": 30, "fold.after-commit": 30,
                "timers.before-commit": 10, "timers.after-commit": 10, "recover.before-commit": 1}
KILLED = -9


class Broken(Exception):
    """The engine ended in a way that nobody asked for."""


def when_and_whose(line):
    item = json.loads(line)
    return item["time"], item["rule"], item["key"]


class Engine:
    """One store, and the runs of the program over it."""

    def __init__(self, program, rules, events, store):
        self.command = [program, "--store", store, "--rules", rules, "--events", events]

    def run(self, *more, crash_at=None):
        environment = {**os.environ, **({"VEDETTE_CRASH_AT": crash_at} if crash_at else {})}
        done = subprocess.run([*self.command, *more], capture_output=True, text=True, check=False, env=environment)
        if done.returncode not in (0, KILLED):
            raise Broken(f"{' '.join(more)} {crash_at or ''}: {done.returncode}\n{done.stderr}")
        return done

    def transitions(self):
        """In the order of time and, of one moment, of whose they are: that is promised for each signal alone."""
        return sorted(self.run("--print").stdout.splitlines(), key=when_and_whose)


class Interruptions:
    """Each ends a run in one of these ways. One that ends inside a turn is followed by one that does not: an event that ends the process twice is set
    aside, so that the next run is let past it."""

    def __init__(self, dice, n_events, ways):
        self.dice, self.ways, self.crashed = dice, ways, False
        self.n_most = max(1, 2 * n_events // N_INTERRUPTIONS)

    def next(self):
        """(arguments, where it crashes)"""
        seed = ("--seed", str(self.dice.randrange(1 << 31)))
        after = str(self.dice.randint(1, self.n_most))
        way = self.dice.choice([way for way in self.ways if way != "crash" or not self.crashed])
        self.crashed = way == "crash"
        if not self.crashed:
            return (*seed, f"--{way}-after", after), None
        point = self.dice.choice(list(CRASH_POINTS))
        return (*seed, "--stop-after", after), f"{point}:{self.dice.randint(1, CRASH_POINTS[point])}"


def play(program, seed, rules, events, starts_matter):
    """(lines without an interruption, lines with them)."""
    dice = random.Random(seed)
    with open(events, encoding="utf-8") as file:
        n_events = sum(1 for _ in file)
    ways = ["stop", "kill"] if starts_matter else ["stop", "kill", "crash", "crash"]
    with tempfile.TemporaryDirectory(prefix="vedette-restarts-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as directory:
        whole = Engine(program, rules, events, os.path.join(directory, "whole"))
        broken = Engine(program, rules, events, os.path.join(directory, "broken"))
        interruptions = Interruptions(dice, n_events, ways)
        for _ in range(N_INTERRUPTIONS):
            arguments, crash_at = interruptions.next()
            broken.run(*arguments, crash_at=crash_at)
            if starts_matter:
                whole.run(*("--leave-after" if one == "--kill-after" else one for one in arguments))
        for engine in (broken, whole):
            engine.run("--seed", str(dice.randrange(1 << 31)))
        return whole.transitions(), broken.transitions()


def first_difference(whole, broken):
    for number, (one, other) in enumerate(zip(whole, broken)):
        if one != other:
            return f"line {number + 1}\n  without:   {one}\n  restarted: {other}"
    longer, name = (whole, "without") if len(whole) > len(broken) else (broken, "restarted")
    return f"line {min(len(whole), len(broken)) + 1}, only {name}:\n  {longer[min(len(whole), len(broken))]}"
