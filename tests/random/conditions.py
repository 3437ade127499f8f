"""Plays random streams of events through `vedette replay` and through reference.py, and compares the transitions.

    conditions.py --vedette build/src/vedette [--condition NAME]… [--cases N] [--seed S] [--restarts PROGRAM [--streams N]]

A case is one key. Thousands of them share a run: some tens of rules with random parameters, all keys interleaved in one stream. Each run has a
seed of its own, "S/NAME/RUN"; what fails is made as small as it gets and printed as a rule file, its events, what was expected and what came.
A condition that the program does not have yet is told as skipped. With --restarts, smaller streams run through an engine that is stopped and killed on
its way as well (restarts.py)."""
import argparse
import concurrent.futures
import datetime
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import types

import restarts
from families import FAMILIES
from streams import DAY, N_KEYS, START, make_stream

N_RULES = 40
N_RESTARTED_RULES, N_RESTARTED_KEYS = 10, 8
AFTERWARDS = 400 * DAY  # so long everything that waits may wait
NOT_YET = ("is not in this version", "not in this version of Vedette yet")
MAX_FAILURES = 3


class Refused(Exception):
    """The program does not take the rules."""


def milliseconds(text):
    moment = datetime.datetime.fromisoformat(text)
    return round(moment.timestamp() * 1000)


def make_run(name, seed, n_rules=N_RULES, n_keys=N_KEYS):
    """[(rule, {key: events})]: all from the seed."""
    dice = random.Random(seed)
    family = FAMILIES[name]
    run = []
    for number in range(n_rules):
        rule = family.rule(dice, number)
        keys = {}
        for key in range(n_keys):
            start = START + choose_begin(dice, rule)
            keys[f"k{key}"] = make_stream(dice, rule, family.content, dice.randint(*family.n_events), start)
        run.append((rule, keys))
    return run


def choose_begin(dice, rule):
    if rule.begins and dice.random() < 0.5:
        return max(0, dice.choice(rule.begins) + dice.choice([-1, 0, 0, 1]))
    return dice.randint(0, DAY)


def end_of(run):
    return max(event.received for _, keys in run for events in keys.values() for event in events) + AFTERWARDS


def write_input(run, directory):
    rules, events = os.path.join(directory, "rules.yaml"), os.path.join(directory, "events.json")
    with open(rules, "w", encoding="utf-8") as file:
        file.write("rules:\n" + "".join(f"  - {rule.text()}\n" for rule, _ in run))
    arrivals = [(event.received, event, rule, key) for rule, keys in run for key, stream in keys.items() for event in stream]
    arrivals.sort(key=lambda arrival: arrival[0])  # stable: what came first of one key stays first
    end = str(end_of(run))
    with open(events, "w", encoding="utf-8") as file:
        file.write(json.dumps({"type": "t.begin", "time": str(START), "received": str(START)}) + "\n")  # the rules are known since then
        file.writelines(event.text(rule, key) + "\n" for _, event, rule, key in arrivals)
        file.write(json.dumps({"type": "t.end", "time": end, "received": end}) + "\n")
    return rules, events


def read_transitions(lines):
    """(rule, key) -> [(to, at, count, first_seen, last_seen, joined)]: what the condition joins to the key keeps apart what is told."""
    told = {}
    for line in lines:
        item = json.loads(line)
        if item["transition"] == "pending":
            continue
        key, *joined = item["key"]
        times = [milliseconds(item[name]) if item.get(name) else None for name in ("first_seen", "last_seen")]
        told.setdefault((item["rule"], key), []).append((item["transition"], milliseconds(item["time"]), item["count"], *times, tuple(joined)))
    for transitions in told.values():
        transitions.sort(key=lambda transition: transition[-1])
    return told


def replay(vedette, run, directory):
    rules, events = write_input(run, directory)
    done = subprocess.run([vedette, "replay", "--rules", rules, "--events", events], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(done.stderr.strip())
    return read_transitions(done.stdout.splitlines())


def expected(name, rule, events, end):
    transitions = FAMILIES[name].play(rule, events, end)
    return [(one.to, one.at, one.count, one.first_seen, one.last_seen, one.joined) for one in transitions]


def compare(vedette, name, run):
    """[(rule, key, expected, got)] of the cases that differ."""
    with tempfile.TemporaryDirectory(prefix="vedette-random-") as directory:
        got = replay(vedette, run, directory)
    return differences(name, run, got)


def differences(name, run, got):
    end = end_of(run)
    differ = []
    for rule, keys in run:
        for key, events in keys.items():
            wanted = expected(name, rule, events, end)
            told = got.get((rule.id, key), [])
            if not same(wanted, told):
                differ.append((rule, key, wanted, told))
    return differ


def same(wanted, told):
    """None in what is wanted: nobody says what stands there."""
    return len(wanted) == len(told) and all(
        want is None or want == tell for one, other in zip(wanted, told) for want, tell in zip(one, other))


# -- a case that fails --

def shrink(vedette, name, rule, key, events):
    """Leaves out whatever can be left out, as long as the case fails."""
    def fails(fewer):
        return bool(fewer) and bool(compare(vedette, name, [(rule, {key: fewer})]))

    size = max(1, len(events) // 2)
    while size:
        at = 0
        while at < len(events):
            fewer = events[:at] + events[at + size:]
            if fails(fewer):
                events = fewer
            else:
                at += size
        size //= 2
    return events


def clock(ms):
    return None if ms is None else datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC).strftime("%d %H:%M:%S.%f")[:-3]


def describe(vedette, name, rule, key, events):
    small = shrink(vedette, name, rule, key, events)
    left = compare(vedette, name, [(rule, {key: small})])
    lines = ["rules:", f"  - {rule.text()}", "events:"]
    lines += [f"  {event.text(rule, key)}    # {clock(event.time)}" + ("" if event.time == event.received else f", received {clock(event.received)}") for event in small]
    for _, _, wanted, told in left:
        for title, transitions in (("expected", wanted), ("got", told)):
            lines.append(f"{title}:")
            lines += [f"  {to} at {clock(at)} count {count} first {clock(first)} last {clock(last)}{' of ' + ' '.join(joined) if joined else ''}"
                      for to, at, count, first, last, joined in transitions] or ["  nothing"]
    return "\n".join(lines)


# -- many --

def one_run(vedette, name, seed):
    """(cases, failures as text); the first few of a run are told in full."""
    run = make_run(name, seed)
    differ = compare(vedette, name, run)
    texts = []
    streams = {rule.id: keys for rule, keys in run}
    for rule, key, _, _ in differ[:MAX_FAILURES]:
        texts.append(f"seed {seed}, rule {rule.id}, key {key}\n" + describe(vedette, name, rule, key, streams[rule.id][key]))
    return sum(len(keys) for _, keys in run), len(differ), sum(len(events) for _, keys in run for events in keys.values()), texts


def one_restarted(program, name, seed):
    """What is wrong with one stream that is interrupted, as text; None: nothing."""
    run = make_run(name, seed, N_RESTARTED_RULES, N_RESTARTED_KEYS)
    with tempfile.TemporaryDirectory(prefix="vedette-random-") as directory:
        whole, broken = restarts.play(program, seed, *write_input(run, directory), starts_matter=FAMILIES[name].starts_matter)
    if whole != broken:
        return f"seed {seed}: " + restarts.first_difference(whole, broken)
    if FAMILIES[name].starts_matter:
        return None  # the reference knows of none
    differ = differences(name, run, read_transitions(broken))
    return f"seed {seed}: {len(differ)} differ from the reference" if differ else None


def judge_restarted(options, name, pool):
    began = time.monotonic()
    waiting = [pool.submit(one_restarted, options.restarts, name, f"{options.seed}/{name}/restarts/{number}") for number in range(options.streams)]
    wrong = [text for text in (future.result() for future in waiting) if text]
    n_keys = options.streams * N_RESTARTED_RULES * N_RESTARTED_KEYS
    print(f"{name}, restarted: {options.streams} streams, {n_keys} cases, {options.streams * restarts.N_INTERRUPTIONS} interruptions, {len(wrong)} streams differ, "
          f"{time.monotonic() - began:.0f} s", flush=True)
    for text in wrong[:MAX_FAILURES]:
        print(text, flush=True)
    return not wrong


def judge(options, name, pool):
    """Prints what came of one condition; returns whether each of its parts passed (None: skipped)."""
    result = judge_whole(options, name, pool)
    if result is None or not options.restarts:
        return [result]
    return [result, judge_restarted(options, name, pool)]


def judge_whole(options, name, pool):
    n_runs = max(1, -(-options.cases // (N_RULES * N_KEYS)))
    began = time.monotonic()
    total = types.SimpleNamespace(cases=0, differ=0, events=0, texts=[])
    waiting = [pool.submit(one_run, options.vedette, name, f"{options.seed}/{name}/{number}") for number in range(n_runs)]
    for future in waiting:
        try:
            cases, differ, events, texts = future.result()
        except Refused as refused:
            for other in waiting:
                other.cancel()
            if any(words in str(refused) for words in NOT_YET):
                print(f"{name}: skipped, not in this version yet")
                return None
            print(f"{name}: failed, the rules are refused:\n{refused}")
            return False
        total.cases += cases
        total.differ += differ
        total.events += events
        total.texts += texts
    print(f"{name}: {total.cases} cases, {total.events} events, {total.differ} differ, seed {options.seed}, {time.monotonic() - began:.0f} s", flush=True)
    for text in total.texts[:MAX_FAILURES]:
        print(text, flush=True)
    return not total.differ


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vedette", required=True)
    parser.add_argument("--condition", action="append", choices=list(FAMILIES))
    parser.add_argument("--cases", type=int, default=5000, help="of each condition")
    parser.add_argument("--seed", default=str(random.SystemRandom().randrange(1 << 48)))
    parser.add_argument("--restarts", help="the program of restarts.c; with crash points")
    parser.add_argument("--streams", type=int, default=2, help="that are restarted, of each condition")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        results = [result for name in options.condition or FAMILIES for result in judge(options, name, pool)]
    n_skipped = results.count(None)
    if n_skipped:
        print(f"{n_skipped} skipped")
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 1 if False in results else 0


if __name__ == "__main__":
    sys.exit(main())
