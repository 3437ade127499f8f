"""Logs under real rotation: logrotate in all its ways, a writer that never rests, and a daemon that is killed again and again. Every line is counted once."""
import collections
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import threading
import time
import unittest

from harness import CONFIG, PATIENCE, VedetteTest, wait_until
from log_writer import BUCKET_LINES

SOAK = bool(os.environ.get("VEDETTE_SOAK"))
SECONDS = float(os.environ.get("VEDETTE_LOG_SECONDS", 180 if SOAK else 12))
RATE = int(os.environ.get("VEDETTE_LOG_RATE", 50000 if SOAK else 5000))
LOGROTATE = shutil.which("logrotate", path="/usr/sbin:/sbin:/usr/bin")
RULES = r"""
rules:
  - id: numbered
    on: log
    match: '/ n=(?<bucket>\d+)\.\d+ /'
    key: [bucket]
    mode: observe
    clear: never
  - {id: the-end, on: log, match: '/ n=last\.0 /', key: [watcher], mode: observe}
"""


def log_config(directory, more=""):
    watchers = f"""
  - log: ["{directory}/logs/*.log"]
    name: app
    start: beginning
{more}
"""
    return CONFIG.replace("watchers:\n", "watchers:" + watchers, 1)


class Rotations:
    """logrotate once a second, until it is ended; each run is forced."""

    def __init__(self, directory, ways, pid):
        self.directory = directory
        self.config = directory / "logrotate.conf"
        self.config.write_text(f"{directory}/logs/app.log {{\n  rotate 6\n  missingok\n  {chr(10).join(ways)}\n  postrotate\n    kill -HUP {pid} || true\n  endscript\n}}\n")
        self.over = threading.Event()
        self.n = 0
        self.errors = []
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        while not self.over.wait(1):
            done = subprocess.run([LOGROTATE, "-f", "-s", str(self.directory / "logrotate.state"), str(self.config)], capture_output=True, text=True)
            self.n += 1
            if done.returncode:
                self.errors.append(done.stderr)

    def end(self):
        self.over.set()
        self.thread.join(PATIENCE)


@unittest.skipUnless(LOGROTATE, "logrotate is not installed")
class LogRotation(VedetteTest):
    def rotate(self, ways, kill=True):
        seed = int(os.environ.get("VEDETTE_SEED", random.randrange(2**32)))
        moments = random.Random(seed)
        print(f"VEDETTE_SEED={seed}")
        directory = self.directory.resolve() / "r"
        (directory / "logs").mkdir(parents=True)
        vedette = self.vedette(config=log_config(directory), rules={"log.yaml": RULES}, store_max="16GB")
        writer = subprocess.Popen([sys.executable, str(pathlib.Path(__file__).with_name("log_writer.py")), str(directory / "logs/app.log"), str(RATE), str(SECONDS)],
                                  stdout=subprocess.PIPE, text=True)
        writer.stdout.readline()
        rotations = Rotations(directory, ways, writer.pid)
        n_kills = 0
        try:
            while writer.poll() is None:
                try:
                    writer.wait(moments.uniform(1, 4) if kill else 1)
                except subprocess.TimeoutExpired:
                    if kill:
                        vedette.kill()
                        vedette.process.stdout.close()
                        vedette.start()
                        n_kills += 1
        finally:
            rotations.end()
            n_written = int(writer.stdout.read())
            writer.stdout.close()
        self.assertEqual(rotations.errors, [])
        print(f"{n_written} lines, {rotations.n} rotations, {n_kills} kills")
        return vedette, n_written

    def counts(self, vedette):
        """How many lines of each bucket were counted."""
        return {int(signal["key"][0]): signal["count"] for signal in self.everything(vedette, "signals") if signal["rule"] == "numbered"}

    def everything(self, vedette, name):
        found, after = [], ""
        while True:
            answer = vedette.api(f"/api/v1/{name}?limit=1000" + (f"&after={after}" if after else "")).json()
            found += answer["items"]
            after = answer.get("next")
            if not after:
                return found

    def wait_until_read(self, vedette, n_written, may_miss=0):
        def is_read():
            return sum(self.counts(vedette).values()) >= n_written - may_miss
        try:
            wait_until(is_read, "every line is counted", patience=60)
        except AssertionError:
            pass  # what is missing is told by number
        wait_until(lambda: vedette.metric("vedette_log_lag_bytes") == 0, "nothing is left to read")
        vedette.wait_until_folded()

    def wait_for_last_line(self, vedette):
        """One that stands behind all others: what came before it is read then, or is nowhere."""
        with (self.directory.resolve() / "r" / "logs" / "app.log").open("a") as log:
            log.write(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()) + " app[1]: the very last n=last.0 line\n")
        wait_until(lambda: vedette.metric("vedette_matches_total", rule="the-end") == 1, "the last line is read", patience=120)
        wait_until(lambda: vedette.metric("vedette_log_lag_bytes") == 0, "nothing is left to read")
        vedette.wait_until_folded()

    def numbers(self, vedette):
        seen = collections.Counter()
        for event in self.everything(vedette, "events"):
            bucket, i = event["text"].split(" n=")[1].split()[0].split(".")
            if bucket == "last":
                continue
            seen[int(bucket) * BUCKET_LINES + int(i)] += 1
        return seen

    def check_all(self, vedette, n_written):
        self.wait_until_read(vedette, n_written)
        counts = self.counts(vedette)
        wrong = {bucket: counts.get(bucket) for bucket in range(n_written // BUCKET_LINES) if counts.get(bucket) != BUCKET_LINES}
        lost = [line for line in vedette.lines if "lines lost" in line]
        self.assertEqual(wrong, {}, lost)
        if n_written <= 200_000:  # one by one
            seen = self.numbers(vedette)
            self.assertEqual([n for n in range(n_written) if seen[n] != 1], [])
        self.assertEqual(lost, [])

    def test_t01_t26_rename_and_create_with_kills_counts_every_line_once(self):
        self.check_all(*self.rotate(["create"]))

    def test_t01_t23_delayed_compression_with_kills_counts_every_line_once(self):
        self.check_all(*self.rotate(["create", "compress", "delaycompress"]))

    def test_t04_t05_copytruncate_with_kills_repeats_no_line_and_misses_only_what_was_in_no_copy(self):
        vedette, n_written = self.rotate(["copytruncate"])
        self.wait_for_last_line(vedette)
        seen = collections.Counter(self.counts(vedette))
        more = {bucket: n for bucket, n in seen.items() if n > BUCKET_LINES}
        self.assertEqual(more, {}, "counted twice")
        n_missing = n_written - sum(seen.values())
        print(f"{n_missing} of {n_written} lines were truncated away between the copy and the truncation")
        if n_written > 200_000:
            return
        # What was written between the end of logrotate's copy and its truncation, and was not read in that time, is nowhere.
        one_by_one = self.numbers(vedette)
        missing = [n for n in range(n_written) if not one_by_one[n]]
        self.assertEqual(len(missing), n_missing)
        self.assertEqual(sorted(set(missing) & self.numbers_in_copies()), [], "on disk, and not read")

    def numbers_in_copies(self):
        """Of every line that stands in a file of the log, or in one of its copies."""
        found = set()
        for path in (self.directory.resolve() / "r" / "logs").iterdir():
            for line in path.read_text().splitlines():
                if match := re.search(r" n=(\d+)\.(\d+)\b", line):
                    found.add(int(match[1]) * BUCKET_LINES + int(match[2]))
        return found


if __name__ == "__main__":
    unittest.main()
