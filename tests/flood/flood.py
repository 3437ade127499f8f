"""Floods the running daemon, under sanitizers, with requests from nearly right to nonsense, while a sender beside is served.

    flood.py [SECONDS] [--seed N] [--callers N]      # of build-test/src/vedette, or $VEDETTE

Each caller makes the same requests and mistreats its connections in the same way from the same seed (mutator.py, callers.py); what differs from run to
run is when, and the times that senders sign. Every sender has a hook, and most requests are signed with its secret, so that what is wrong with them is
found by the scan, by what normalises them, or by nobody. The last line is `N passed, N failed`; when the daemon ends, the last requests of each caller are kept.
"""
import argparse
import collections
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/e2e"))

from beside import Beside
from callers import Caller
from doors import KEY, PASSWORD, SLACK_SECRET, TEXT_SECRET, RsaKey, hooks
from harness import BINARY, Vedette, wait_until
from mutator import Mutator
from slack import Slack
from slack_workspace import BOT_TOKEN

SANITIZED = {"ASAN_OPTIONS": "abort_on_error=1:detect_leaks=1:quarantine_size_mb=16", "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"}
REPORTS = ("ERROR: AddressSanitizer", "LeakSanitizer", "runtime error:", "WARNING: ThreadSanitizer")
WARM_S = 60             # what is kept by then is the daemon's usual
MAX_GROWTH_BYTES = 48 << 20
MAX_P99_S = 5.0
SETTLE_S = 120         # an idle connection may stay for a minute
SAYS_NOTHING = ("no event called", "nothing that `map` names")
FD_SLACK = 4            # a connection of ours, a file that is being written

CONFIG = """
listen:
  - 127.0.0.1:0
  - {{address: 127.0.0.1:0, tls: {{cert: flood.pem, key: flood.key}}}}
control: 127.0.0.1:0
state: state
rules: [rules.d]
budget: none
store: {{max: 4GB}}
watchers:
{hooks}
  - {{webhook: generic, name: beside, secret_file: flood.secret, map: {{id: delivery, kind: deploy, service: app.name, state: status}}}}
people:
  jane: {{token_file: jane.token}}
approvers: {{from: [jane], need: 1}}
channels:
  slack: {{token_file: slack.token, signing_secret_file: flood.slack, channel: C1, base_url: {slack}}}
"""

RULES = """
rules:
  - id: failing-anywhere
    on: [ci.run, alert, deploy]
    where: {state: failing}
    key: [watcher, subject]
    when: {count: 3, within: 10m}
    title: "{{title}} of {{watcher}}"
"""


class Flood:
    def __init__(self, arguments, directory):
        self.arguments = arguments
        self.directory = pathlib.Path(directory)
        self.claims = []  # (what, whether it held, figures)
        self.memory = []  # (seconds since the beginning, RSS, RssAnon) in bytes
        self.over = threading.Event()
        self.slack = Slack()
        self.hooks = hooks(RsaKey(directory, "flood"))

    # --- the daemon ---

    def start(self):
        rows = "\n".join(f"  - {{webhook: {hook.sender}, {hook.config}}}" for hook in self.hooks if hook.config)
        self.vedette = Vedette(self.directory, config="", rules={"flood.yaml": RULES}, env=SANITIZED)
        for name, text in {"flood.secret": TEXT_SECRET, "flood.basic": PASSWORD, "flood.key64": KEY, "flood.slack": SLACK_SECRET, "slack.token": BOT_TOKEN,
                           "vedette.yaml": CONFIG.format(hooks=rows, slack=self.slack.base_url)}.items():
            self.vedette.write(name, text)
        self.vedette.start()
        doors = wait_until(lambda: len(found := [line for line in self.vedette.lines if "listening name=public" in line]) == 2 and found, "two doors")
        self.secure, self.plain = ((line.split("address=")[1].split()[0]) for line in sorted(doors, key=lambda line: "tls=yes" not in line))
        self.vedette.addresses["public"] = self.plain

    def check_senders(self):
        """A sender without a row would not be flooded."""
        done = subprocess.run([str(BINARY), "hooks", "--senders", "--json"], capture_output=True, text=True, check=True)
        known = {json.loads(line)["sender"] for line in done.stdout.splitlines()} | {"slack"}
        here = {hook.sender for hook in self.hooks if hook.seeds}
        self.claim("every sender has a hook here, and seeds in tests/fuzz/corpus/sender", known == here, " ".join(sorted(known ^ here)))

    def is_let_in(self, hook):
        """One of its deliveries as they are: else all that is bent would be refused before anybody reads it."""
        def status(seed):
            headers, body = Mutator(random.Random(self.arguments.seed), [hook]).sign(hook, *seed)
            return self.vedette.request("public", "POST", hook.path, body, {name.decode(): value.decode() for name, value in headers}).status
        return any(status(seed) in (200, 202) for seed in hook.seeds)

    def is_alive(self):
        return self.vedette.process.poll() is None

    def sample(self):
        text = pathlib.Path(f"/proc/{self.vedette.pid}/status").read_text()
        facts = dict(line.split(":", 1) for line in text.splitlines())
        self.memory.append((time.monotonic() - self.started, *(int(facts[name].split()[0]) << 10 for name in ("VmRSS", "RssAnon"))))

    def fds(self):
        return len(list(pathlib.Path(f"/proc/{self.vedette.pid}/fd").iterdir()))

    # --- the flood ---

    def address(self, text):
        host, port = text.rsplit(":", 1)
        return host, int(port)

    def run(self):
        self.check_senders()
        self.start()
        strangers = [hook.sender for hook in self.hooks if not self.is_let_in(hook)]
        self.claim("each sender's own deliveries are let in", not strangers, " ".join(strangers))
        self.beside = Beside(self.address(self.plain), self.over)
        self.beside.deliver(0)
        self.beside.close()
        self.fds_before = self.fds()
        self.callers = [Caller(number, self.arguments.seed, self.hooks, self.address(self.plain), self.address(self.secure), self.over)
                        for number in range(self.arguments.callers)]
        self.started = time.monotonic()
        for thread in (self.beside, *self.callers):
            thread.start()
        while time.monotonic() - self.started < self.arguments.seconds and self.is_alive():
            self.sample()
            self.over.wait(1)
        self.over.set()
        for thread in (self.beside, *self.callers):
            thread.join(90)
        self.judge_calls(time.monotonic() - self.started)
        if self.judge_life():
            self.judge_rest()
            self.stop()
            self.judge_restart()

    def stop(self):
        code = self.vedette.stop()
        reports = [line for line in self.vedette.lines if any(report in line for report in REPORTS)]
        self.claim("it stops in order, without a leak", code == 0 and not reports, f"exit={code} {' '.join(reports[:3])}")

    # --- what must be true of it ---

    def claim(self, what, holds, figures=""):
        self.claims.append((what, bool(holds)))
        print(f"{'passed' if holds else 'failed'}: {what}: {figures}".rstrip(": "), flush=True)

    def judge_calls(self, seconds):
        statuses, ways = (sum((getattr(caller, name) for caller in self.callers), collections.Counter()) for name in ("statuses", "ways"))
        unanswered = [one for caller in self.callers for one in caller.unanswered]
        broken = [caller.broken for caller in self.callers if caller.broken]
        print(f"requests={sum(caller.mutator.n_made for caller in self.callers)} seconds={seconds:.0f} ways={dict(ways)}")
        print(f"answers={dict(sorted(statuses.items()))}")
        self.claim("the callers lived", not broken, str(broken[:3]))
        self.claim("every connection is answered or closed in time", not unanswered, f"n={len(unanswered)} {unanswered[:2]}")
        self.claim("nothing is an error of ours", not any(status.startswith("5") and status not in ("501", "503", "505") for status in statuses), "")
        self.claim("some of it got through", statuses["202"] > 0, f"202={statuses['202']}")
        beside = self.beside
        self.claim("every delivery beside is answered with 2xx", beside.ids and not beside.refused, f"n={len(beside.ids)} refused={beside.refused[:3]}")
        self.claim(f"within {MAX_P99_S:.0f} s by p99", beside.percentile(0.99) <= MAX_P99_S,
                   f"p50={beside.percentile(0.5) * 1000:.0f} ms p99={beside.percentile(0.99) * 1000:.0f} ms max={beside.percentile(1) * 1000:.0f} ms")

    def judge_life(self):
        """False where there is nothing left to look at."""
        reports = [line for line in self.vedette.lines if any(report in line for report in REPORTS)]
        holds = self.is_alive() and not reports
        self.claim("it lives, and no sanitizer has anything to say", holds, " ".join(reports[:3]))
        if holds:
            return True
        found = BINARY.parent.parent / "flood-found"
        found.mkdir(exist_ok=True)
        (found / "daemon.log").write_text(self.vedette.log())
        for caller in self.callers:
            for number, (way, what, data) in enumerate(caller.last):
                (found / f"{caller.number}-{number:02}-{way}-{what}").write_bytes(data)
        print(f"the last requests of each caller, and its log, are in {found}")
        return False

    def judge_rest(self):
        self.vedette_settles()
        rss, anon = ({name: value for name, value in zip(("begin", "warm", "end"), values)} for values in zip(*self.memory_at()))
        growth = anon["end"] - anon["warm"]
        self.claim(f"memory grows by {MAX_GROWTH_BYTES >> 20} MB at most once it is warm", growth <= MAX_GROWTH_BYTES,
                   " ".join(f"{name}={rss[name] >> 20}/{anon[name] >> 20}" for name in rss) + " MB (RSS/RssAnon)")
        self.claim("descriptors are back where they were", self.fds() <= self.fds_before + FD_SLACK, f"before={self.fds_before} after={self.fds()}")
        self.judge_events("every delivery beside is one event")
        aside = [line for line in self.vedette.lines if "kept aside" in line]
        events = sum(self.vedette.metric("vedette_events_total", watcher=hook.sender) or 0 for hook in self.hooks)
        self.claim("nothing is kept aside but what says nothing", not [line for line in aside if not any(reason in line for reason in SAYS_NOTHING)],
                   f"events={events:.0f} aside={len(aside)}")

    def vedette_settles(self):
        wait_until(lambda: self.vedette.metric("vedette_fold_lag") == 0, "everything is folded", SETTLE_S)
        wait_until(lambda: self.fds() <= self.fds_before + FD_SLACK or None, "connections are closed", SETTLE_S)
        self.sample()

    def memory_at(self):
        """Of the beginning, of when it was warm, of the end."""
        warm = min(WARM_S, self.arguments.seconds / 2)
        return [self.memory[0][1:], next((row for row in self.memory if row[0] >= warm), self.memory[-1])[1:], self.memory[-1][1:]]

    def judge_events(self, what):
        ids, after = collections.Counter(), ""
        while True:
            page = self.vedette.api(f"/api/v1/events?watcher=beside&limit=1000{after}").json()
            ids.update(event["data"]["delivery"] for event in page["items"])
            if not page.get("next"):
                break
            after = f"&after={page['next']}"
        lost, doubled = set(self.beside.ids) - set(ids), [name for name, n in ids.items() if n > 1]
        self.claim(what, not lost and not doubled, f"events={sum(ids.values())} answered={len(self.beside.ids)} lost={sorted(lost)[:3]} doubled={doubled[:3]}")

    def judge_restart(self):
        self.vedette.start()
        self.vedette.wait_until_folded()
        status = self.vedette.cli("status")
        self.claim("the store is whole: it starts again and says how it is", status.returncode == 0, status.stderr.strip()[:300])
        self.judge_events("what it knew it still knows")
        self.stop()

    def end(self):
        self.over.set()
        if hasattr(self, "vedette"):
            self.vedette.kill()
        self.slack.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=random.randrange(10**9))
    parser.add_argument("--callers", type=int, default=6)
    parser.add_argument("seconds", nargs="?", type=int, default=600)
    arguments = parser.parse_args()
    print(f"seed={arguments.seed} callers={arguments.callers} seconds={arguments.seconds} vedette={BINARY}", flush=True)
    directory = tempfile.mkdtemp(prefix="vedette-flood-")
    flood = Flood(arguments, directory)
    try:
        flood.run()
    finally:
        flood.end()
        shutil.rmtree(directory, ignore_errors=True)
    n_failed = sum(not holds for _, holds in flood.claims)
    print(f"{len(flood.claims) - n_failed} passed, {n_failed} failed")
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
