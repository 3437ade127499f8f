"""The measures of deciding in Slack: a click to its decision, posting within Slack's limits, an hour without Slack. Called by run.py.

The other side is the scripted Slack of the end to end tests, in this process.
"""
import concurrent.futures
import contextlib
import hashlib
import hmac
import http.client
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import harness
from slack import Slack
from slack_story import CHANNELS, JANE
from slack_workspace import BOT_TOKEN, SIGNING_SECRET, Message

from run import CONFIG, CONNECTIONS, HERE, RULE, Load, private_mb

GOALS = {"click_ms": 1000.0, "decision_ms": 1000.0, "owed_mb": 16.0}
N_CLICKS = 200
CLICK_EVERY = 0.05
FLOOD_RATE = 5000
N_FIRST_CARDS = 20
N_POSTED = 60
N_EARLY = 10  # decided while the other cards are still being posted
N_OWED = 10_000
N_BEFORE = 5  # posted before Slack goes away
N_DECISIONS = 200
AWAY_SPEED = 100  # an hour in 36 seconds
BACK_SPEED = 20  # not too fast for the scripted Slack: its answers have 15 s in the daemon's time
HOUR = 3600
FAKETIME = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)

SLACK_CONFIG = CONFIG.replace("jane: {token_file: jane.token}", f"jane: {{token_file: jane.token, slack: {JANE}}}")
OTHER_PLACE = "    routes: [{rules: [ci-red-too], channel: C2}]\n"
# Workflows whose names end in "-b" have a rule, and so a place, of their own.
TWO_RULES = {"ci.yaml": RULE.replace("where: {", "where: {workflow: '/a$/', "),
             "more.yaml": RULE.replace("ci-red", "ci-red-too").replace("where: {", "where: {workflow: '/b$/', ")}
# What is rejected is not asked again within the hour.
PATIENT_RULE = {"ci.yaml": RULE.replace("    propose:\n", "    propose:\n      cooldown: 1d\n")}


# --- a daemon whose people are in Slack ---


@contextlib.contextmanager
def daemon(options, slack, rules=None, members="", env=None):
    directory = pathlib.Path(tempfile.mkdtemp(prefix="vedette-", dir=options.directory))
    more = CHANNELS % {"base_url": slack.base_url, "members": members}
    running = harness.Vedette(directory, config=SLACK_CONFIG, rules=rules or {"ci.yaml": RULE}, more=more, store_max="16GB", env=env)
    running.write("slack.token", BOT_TOKEN)
    running.write("slack.secret", SIGNING_SECRET)
    slack.serve(running)
    try:
        yield running.start()
    except Exception:
        print("\n".join(running.lines[-20:]), file=sys.stderr)
        raise
    finally:
        running.stop()
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def scripted(**how):
    slack = Slack(**how)
    slack.add_conversation("C2", "others")
    try:
        yield slack
    finally:
        slack.close()


def wait_until(fact, what, patience=240):
    """Asks seldom: whoever asks takes the machine from whom it asks."""
    end = time.monotonic() + patience
    while not (value := fact()):
        if time.monotonic() > end:
            raise RuntimeError(f"not within {patience} s: {what}")
        time.sleep(0.1)
    return value


class Hook:
    """GitHub's deliveries on a connection that is kept."""

    numbers = itertools.count(1)

    def __init__(self, running):
        self.connection = http.client.HTTPConnection(running.addresses["public"], timeout=30)

    def send(self, **facts):
        body = json.dumps(harness.workflow_run(**facts)).encode()
        self.connection.request("POST", "/hooks/github", body, {
            "Content-Type": "application/json", "X-GitHub-Event": "workflow_run", "X-GitHub-Delivery": f"slack-{next(self.numbers)}",
            "X-Hub-Signature-256": "sha256=" + hmac.new(harness.GITHUB_SECRET.encode(), body, hashlib.sha256).hexdigest()})
        answer = self.connection.getresponse()
        answer.read()
        if answer.status != 202:
            raise RuntimeError(f"not accepted: {answer.status}")


def deliver(running, numbers, n_connections=4, **facts):
    """A delivery for each, about a repository of its own; seconds until all are folded."""
    begun = time.monotonic()
    numbers = list(numbers)

    def send(part):
        hook = Hook(running)
        for number in numbers[part::n_connections]:
            hook.send(repo=f"acme/shop-{number:05d}", run=1000 + number, **facts)

    with concurrent.futures.ThreadPoolExecutor(n_connections) as pool:
        list(pool.map(send, range(n_connections)))
    wait_until(lambda: running.metric("vedette_fold_lag") == 0, "all is folded")
    return time.monotonic() - begun


def proposals(running):
    """All of them, in the order in which they were made."""
    found, after = [], ""
    while True:
        answer = running.api(f"/api/v1/proposals?limit=1000{after}").json()
        found += answer["items"]
        if not answer.get("next"):
            return found[::-1]
        after = f"&after={answer['next']}"


def channel(running):
    return next(found for found in running.api("/api/v1/status").json()["channels"] if found["name"] == "slack")


def owes_nothing(running):
    found = channel(running)
    return not found["owed"] and not found["skipped"]


def p99(took):
    return sorted(took)[int(len(took) * 0.99) - 1]


def show_times(took):
    return f"p50={statistics.median(took):.1f} ms p99={p99(took):.1f} ms max={max(took):.1f} ms"


# --- click: from the click to the answer that follows the commit ---


class Flood:
    """wrk at a steady rate, until it has been long enough; `rate` is what it reached."""

    def __init__(self, options, running, rate):
        load = Load(options.directory, harness.GITHUB_SECRET)
        url = f"http://{running.addresses['public']}/hooks/github"
        command = ["wrk", "-t2", f"-c{CONNECTIONS}", "-d600s", "-s", str(HERE / "deliveries.lua"), url]
        env = dict(load.env, BENCH_RUN=f"flood-{os.getpid()}", BENCH_RATE=str(rate // 2))
        self.process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        time.sleep(1)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)  # it says what it did, and ends
        said = self.process.communicate(timeout=30)[0]
        self.rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
        self.n_refused = int((re.search(r"Non-2xx or 3xx responses: (\d+)", said) or [0, 0])[1])


def card_on_a_screen(slack, proposal):
    """The card as somebody has it before him: the one in the channel, else what it will be."""
    for card in slack.cards(proposal=proposal["id"]):
        return card
    reject = {"type": "static_select", "action_id": "reject", "options": [{"text": {"type": "plain_text", "text": "known"}, "value": "known"}]}
    buttons = [{"type": "button", "action_id": name, "text": {"type": "plain_text", "text": name}, "value": name} for name in ("approve", "ack")]
    ref = f"{proposal['id']}:{proposal['revision']}:{proposal['plan_digest'].removeprefix('sha256:')}:1"
    return Message(type="message", channel="C1", ts=slack.next_ts("C1"), text="", blocks=[{"type": "actions", "block_id": ref, "elements": [reject, *buttons]}])


def click_all(slack, open_ones):
    took = []
    begun = time.monotonic()
    for number, proposal in enumerate(open_ones):
        time.sleep(max(0, begun + number * CLICK_EVERY - time.monotonic()))
        sent = slack.click(card_on_a_screen(slack, proposal), ("approve", "reject", "ack")[number % 3])
        if sent.status != 200:
            raise RuntimeError(f"a click is refused: {sent!r}")
        took.append(sent.seconds * 1000)
    return took


def measure_click(options):
    with scripted() as slack, daemon(options, slack) as running:
        deliver(running, range(2 * N_CLICKS))
        made = proposals(running)
        alone = click_all(slack, made[:N_CLICKS])
        with Flood(options, running, FLOOD_RATE) as flood:
            loaded = click_all(slack, made[N_CLICKS:2 * N_CLICKS])
        n_decided = sum(bool(proposal["decisions"]) for proposal in proposals(running))
    print(f"click: POST /slack/interactions to the committed decision  {show_times(alone)} of {N_CLICKS}", flush=True)
    print(f"click: the same under {flood.rate:.0f} webhooks/s of {Load(options.directory, '').n_bytes} bytes  {show_times(loaded)} (goal p99 {GOALS['click_ms']:.0f} ms)  "
          f"{p99(loaded) / p99(alone):.1f}x alone; {n_decided} of {2 * N_CLICKS} decided, {flood.n_refused} webhooks refused", flush=True)
    return p99(loaded) <= GOALS["click_ms"] and n_decided == 2 * N_CLICKS


# --- posts: how fast, within the limits ---


def measure_first_cards(options):
    """One proposal after the other, so slowly that no limit matters."""
    took, accepted = [], []
    with scripted() as slack, daemon(options, slack) as running:
        hook = Hook(running)
        for number in range(N_FIRST_CARDS):
            begun = time.monotonic()
            hook.send(repo=f"acme/first-{number:05d}-")
            accepted.append((time.monotonic() - begun) * 1000)
            slack_card = harness.wait_until(lambda: next((card for card in slack.cards() if f"first-{number:05d}-" in card.shown()), None), "its card")
            took.append((slack_card.posted_at - begun) * 1000)
            time.sleep(1.6)
    print(f"posts: POST of the webhook to the card in Slack  {show_times(took)} of {N_FIRST_CARDS}; its 202 after {statistics.median(accepted):.1f} ms", flush=True)


def seen_of(slack, kind):
    with slack.lock:
        return [seen for seen in slack.seen if seen.kind == kind]


def reject(running, proposal):
    answer = running.decide(proposal, "reject", reason="known")
    if answer.status != 200:
        raise RuntimeError(f"not decided: {answer!r}")


def reject_early(running, slack):
    """The first cards are decided as they come: their notes leave beside the cards of the others."""
    by_id = {proposal["id"]: proposal for proposal in proposals(running)}
    for _ in range(N_EARLY):
        card = harness.wait_until(lambda: next((card for card in slack.cards() if card.proposal in by_id), None), "a card to be decided")
        reject(running, by_id.pop(card.proposal))
    return by_id.values()


def post(options, n_places):
    with scripted(limits=True) as slack, daemon(options, slack, rules=TWO_RULES, members=OTHER_PLACE) as running:
        for number in range(N_POSTED):
            Hook(running).send(repo=f"acme/shop-{number:05d}", workflow="test-a" if number % n_places == 0 else "test-b")
        wait_until(lambda: len(proposals(running)) == N_POSTED, "all proposals")
        rest = reject_early(running, slack)
        wait_until(lambda: len(slack.cards()) == N_POSTED, "all cards")
        cards = [card.posted_at for card in slack.cards()]
        begun = time.monotonic()
        for proposal in rest:
            reject(running, proposal)
        time.sleep(max(0, begun + 60 - time.monotonic()))
        n_edits, n_notes = (sum(begun <= seen.at < begun + 60 for seen in seen_of(slack, kind)) for kind in ("edit", "reply"))
        n_wrong = slack.n_too_fast + len(slack.complaints)
    seconds = max(cards) - min(cards)
    return {"name": f"{n_places} place{'s' if n_places > 1 else ''}", "cards": (N_POSTED - n_places) / seconds, "edits": n_edits, "notes": n_notes / 60,
            "too_fast": slack.n_too_fast, "held": n_wrong == 0}


def measure_posts(options):
    measure_first_cards(options)
    results = harness.together(2, lambda i: post(options, i + 1))
    for result in results:
        print(f"posts: {N_POSTED} proposals in {result['name']} within Slack's limits: {result['cards']:.2f} cards/s, then {result['edits']} edits/min and "
              f"{result['notes']:.2f} notes/s side by side; {result['too_fast']} answered 429 (goal 0)", flush=True)
    return all(result["held"] for result in results)


# --- outage: an hour without Slack ---


class Clock:
    """The daemon's clocks, by libfaketime: waits and monotonic time go as fast as the time of day."""

    def __init__(self, directory):
        self.path = directory / "clock"
        self.path.write_text("+0\n")
        self.begun, self.offset, self.speed = time.monotonic(), 0, 1
        self.env = {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(self.path), "FAKETIME_CACHE_DURATION": "1"}

    def go(self, speed):
        """From now on `speed` times as fast. The speed counts from the start of the process: what that would leap is taken off, but for so much that no
        clock goes back, whenever within two seconds it is read."""
        now = time.monotonic() - self.begun
        self.offset += (self.speed - speed) * now + max(self.speed, speed) * 2
        self.speed = speed
        fresh = self.path.with_suffix(".new")
        fresh.write_text(f"{self.offset:+.1f} x{speed}\n")
        fresh.replace(self.path)
        time.sleep(3)


def store_mb(running):
    return sum(path.stat().st_blocks * 512 for path in (running.directory / "state").rglob("*") if path.is_file()) / 1e6


def decide_meanwhile(running, open_ones):
    """Acknowledged and rejected in turns."""
    took = []
    for number, proposal in enumerate(open_ones):
        begun = time.perf_counter()
        answer = running.decide(proposal, "reject", reason="known") if number % 2 else running.decide(proposal, "ack")
        took.append((time.perf_counter() - begun) * 1000)
        if answer.status != 200:
            raise RuntimeError(f"not decided: {answer!r}")
        time.sleep(0.05)
    return took


def told_in_digests(slack):
    texts = [seen.text for seen in seen_of(slack, "message")]
    return sum(int(found[1]) for text in texts if (found := re.search(r"(\d+) proposals? came and went", text)))


def faults_of(made, slack):
    """What should not be, each with its number."""
    order = {proposal["id"]: number for number, proposal in enumerate(made)}
    cards = [(card["ts"], card.proposal) for card in slack.cards()]
    posted = [name for _, name in cards]
    owner = dict(cards)
    parts = {}
    with slack.lock:
        for seen in slack.seen:
            name = owner.get(seen.thread_ts or seen.ts)
            if name and seen.kind in ("message", "edit", "reply"):
                parts.setdefault(name, []).append(seen.kind)
    rank = {"message": 0, "edit": 1, "reply": 2}
    faults = {
        "open without a card": sum(proposal["state"] == "open" and proposal["id"] not in posted for proposal in made),
        "not accounted for": abs(len(made) - len(posted) - told_in_digests(slack)),
        "posted twice": len(posted) - len(set(posted)),
        "cards out of order": sum(order[a] > order[b] for a, b in itertools.pairwise(posted)),
        "parts out of order": sum(sorted(kinds, key=rank.get) != kinds for kinds in parts.values()),
        "complaints": len(slack.complaints),
    }
    return {name: number for name, number in faults.items() if number}


def hour_without_slack(options, n_stay):
    numbers = range(N_BEFORE, N_BEFORE + N_OWED)
    stay = numbers[::N_OWED // n_stay]  # between the others
    with scripted() as slack, tempfile.TemporaryDirectory(dir=options.directory) as directory:
        clock = Clock(pathlib.Path(directory))
        with daemon(options, slack, rules=PATIENT_RULE, env=clock.env) as running:
            deliver(running, range(N_BEFORE))
            wait_until(lambda: len(slack.cards()) == N_BEFORE and owes_nothing(running), "the first cards")
            slack.down()
            memory = [private_mb(running.pid)]
            seconds = deliver(running, numbers)
            memory.append(private_mb(running.pid))
            stored = [store_mb(running)]
            made = proposals(running)
            clock.go(AWAY_SPEED)
            away = time.monotonic()
            took = decide_meanwhile(running, made[:N_BEFORE + N_DECISIONS])
            deliver(running, sorted(set(numbers) - set(stay)), conclusion="success")
            time.sleep(max(0, away + HOUR / AWAY_SPEED - time.monotonic()))
            memory.append(private_mb(running.pid))
            n_owed = channel(running)["owed"]
            clock.go(BACK_SPEED)
            slack.up()
            back = time.monotonic()
            wait_until(lambda: owes_nothing(running), "nothing is owed any more")
            minutes = (time.monotonic() - back) * BACK_SPEED / 60
            memory.append(private_mb(running.pid))
            stored.append(store_mb(running))
            faults = faults_of(proposals(running), slack)
            n_cards, n_told = len(slack.cards()), told_in_digests(slack)
    said = ", ".join(f"{number} {name}" for name, number in faults.items()) or "nothing lost, all in order"
    print(f"outage: {N_OWED} proposals in {seconds:.0f} s, {len(stay)} of them stay, an hour without Slack ({n_owed} owed at its end): {minutes:.1f} min after it {n_cards - N_BEFORE} cards "
          f"and {n_told} told in digests; {said}", flush=True)
    print(f"outage: RssAnon {memory[0]:.1f} MB before, {memory[1]:.1f} MB with {N_OWED} owed, {memory[2]:.1f} MB after the hour, {memory[3]:.1f} MB when nothing is owed; "
          f"store {stored[0]:.0f} MB, in the end {stored[1]:.0f} MB; decisions meanwhile {show_times(took)} of {len(took)}", flush=True)
    return not faults and p99(took) <= GOALS["decision_ms"] and max(memory) - memory[0] <= GOALS["owed_mb"]


def measure_outage(options):
    if not FAKETIME:
        print("outage: not measured, as libfaketime is not installed", flush=True)
        return True
    return all([hour_without_slack(options, n_stay) for n_stay in (30, 125)])
