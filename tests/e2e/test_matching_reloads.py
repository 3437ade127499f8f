"""Rules change again and again while a log is read at full speed: every line that matches is counted once, by whichever set it was looked at."""
import pathlib
import threading
import unittest

from harness import CONFIG, VedetteTest, wait_until

N_LINES = 1_000_000
EVERY = 200  # a line that matches
N_BUCKETS = 20
N_RELOADS = 5  # at least, while lines are read

KEPT = r"""
rules:
  - id: numbered
    on: log
    match: '/disk (?<bucket>b\d+) is full at \d+/'
    key: [bucket]
    mode: observe
    clear: never
"""


def changing(round_):
    """Other rules, of all sorts: with literals, with classes, and in every other set some that have neither."""
    rules = [f"  - {{id: c{i}, on: log, match: '/unit {i * 7 + round_} went (away|down)/', mode: observe}}" for i in range(100)]
    rules += [f"  - {{id: k{i}, on: log, match: '/[A-F]{{4}}{i}\\d\\d/', mode: observe}}" for i in range(10)]
    if round_ % 2:
        rules += ["  - {id: any, on: log, match: '/never (?:a|b)?$/i', where: {data.x: '1'}, mode: observe}", r"  - {id: none, on: log, match: '/\d$/', ignore: '/./', mode: observe}"]
    return "rules:\n" + "\n".join(rules) + "\n"


def line(i):
    if i % EVERY == 0:
        return f"2026-11-21T12:00:00Z disk b{i // EVERY % N_BUCKETS} is full at {i}\n"
    return f"2026-11-21T12:00:00Z request {i} took {i % 977} ms and nothing was full\n"


class MatchingReloads(VedetteTest):
    def counts(self, vedette):
        return {signal["key"][0]: signal["count"] for signal in vedette.items("signals") if signal["rule"] == "numbered"}

    def test_each_match_is_counted_once_while_rules_change(self):
        log = self.directory.resolve() / "app.log"
        config = CONFIG.replace("watchers:\n", f'watchers:\n  - {{log: ["{log}"], name: app, start: beginning}}\n', 1)
        vedette = self.vedette(config=config, rules={"kept.yaml": KEPT, "changing.yaml": changing(0)})
        writer = threading.Thread(target=self.write, args=(log,))
        writer.start()
        n_reloads = 0
        while writer.is_alive() or n_reloads < N_RELOADS or vedette.metric("vedette_log_lag_bytes"):
            n_reloads += 1
            vedette.write("rules.d/changing.yaml", changing(n_reloads))
            self.assertEqual(vedette.api("/api/v1/reload", "POST", {}).status, 200)
        writer.join()
        print(f"{n_reloads} reloads")
        expected = {f"b{bucket}": N_LINES // EVERY // N_BUCKETS for bucket in range(N_BUCKETS)}
        try:
            wait_until(lambda: self.counts(vedette) == expected, "every match is counted")
        except AssertionError:
            pass  # which are missing is told by number
        self.assertEqual(self.counts(vedette), expected)

    def write(self, log: pathlib.Path):
        with open(log, "a") as file:
            for begin in range(0, N_LINES, 10_000):
                file.write("".join(map(line, range(begin, begin + 10_000))))
                file.flush()


if __name__ == "__main__":
    unittest.main()
