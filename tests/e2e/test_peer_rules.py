"""What the rules of peers say, as rules of ours: the stories of tests/peers, and the same lines through SEC itself."""
import datetime
import json
import os
import random
import subprocess
import unittest

import sec
from harness import BINARY, ROOT, VedetteTest

PEERS = ROOT / "tests/peers"
NOON = datetime.datetime.strptime(sec.NOON, "%Y-%m-%d %H:%M:%S")

# SEC counts whole seconds, and one that is exactly a window old is still in it: its window of 9 is our `within` of 10.
SEC_RULES = """
type=SingleWithThreshold
ptype=RegExp
pattern=^guess (\\S+)
desc=guesses $1
action=write - said firing guesses $1
window=9
thresh=3

type=SingleWithSuppress
ptype=RegExp
pattern=^full (\\S+)
desc=full $1
action=write - said firing full $1
window=59

type=Pair
ptype=RegExp
pattern=^lost (\\S+)
desc=lost $1
action=write - said firing lost $1
ptype2=RegExp
pattern2=^found $1$
desc2=%1
action2=write - said resolved lost %1
window=0

type=PairWithWindow
ptype=RegExp
pattern=^ask (\\S+)
desc=unanswered $1
action=write - said firing unanswered $1
ptype2=RegExp
pattern2=^answer $1$
desc2=%1
action2=none
window=9

type=SingleWith2Thresholds
ptype=RegExp
pattern=^hog (\\S+)
desc=hogged $1
action=write - said firing hogged $1
window=9
thresh=2
desc2=hogged $1
action2=write - said resolved hogged $1
window2=14
thresh2=0
"""
OUR_RULES = r"""
defaults: {on: log, mode: observe, key: [name]}
rules:
  - {id: guesses, match: '/ guess (?<name>\S+)/', when: {count: 3, within: 10s}, clear: {quiet: 1m}}
  - {id: full, match: '/ full (?<name>\S+)/', clear: {quiet: 1m}}
  - {id: lost, match: '/ lost (?<name>\S+)/', clear: {match: '/ found (?<name>\S+)/'}}
  - id: unanswered
    match: '/ ask (?<name>\S+)/'
    when: {not_followed_by: {match: '/ answer (?<name>\S+)/'}, within: 10s}
    clear: {quiet: 1m}
  - {id: hogged, match: '/ hog (?<name>\S+)/', when: {count: 2, within: 10s}, clear: {quiet: 15s}}
"""
WORDS = ["guess", "full", "lost", "found", "ask", "answer", "hog"]
BURST_S, BURSTS, BURST_EVERY_S = 45, 5, 120  # between two of them everything comes to rest


class Stories(unittest.TestCase):
    def test_what_peers_can_say_is_said_by_rules_whose_stories_come_true(self):
        paths = sorted(PEERS.glob("*.yaml"))
        self.assertTrue(paths)
        for path in paths:
            with self.subTest(path.stem):
                done = subprocess.run([BINARY, "test", str(path)], capture_output=True, text=True, timeout=60)
                self.assertRegex(done.stdout, r"\A[1-9]\d* passed, 0 failed\n\Z", done.stderr)
                self.assertEqual(done.returncode, 0)


@unittest.skipUnless(sec.PROGRAM and sec.FAKETIME, "needs the packages sec and libfaketime")
class AgainstSec(VedetteTest):
    def through_both(self, lines, until):
        """The same lines through both: what came true and what ended, of SEC and of ours, as sorted (second, words)."""
        lines = sorted(lines, key=lambda line: line[0])
        peer = sec.Sec(self.directory, SEC_RULES)
        self.addCleanup(peer.end)
        theirs = peer.live_through(lines, until)
        vedette = self.vedette(rules={"rules.yaml": OUR_RULES}, start=False)
        vedette.write("app.log", "".join(f"{NOON + datetime.timedelta(seconds=at):%Y-%m-%dT%H:%M:%SZ} {text}\n" for at, text in [*lines, (until, "the end")]))
        told = map(json.loads, vedette.cli("replay", "--rules", "rules.d", "--log", "app=app.log", check=0).stdout.splitlines())
        return sorted(theirs), sorted(self.as_sec_says(line) for line in told if line["transition"] != "pending")

    @staticmethod
    def as_sec_says(line):
        time = datetime.datetime.strptime(line["time"], "%Y-%m-%dT%H:%M:%S.%fZ")
        return (time - NOON).total_seconds(), " ".join([line["transition"], line["rule"], *line["key"]])

    def both_say(self, lines, until, *expected):
        theirs, ours = self.through_both(lines, until)
        heard = {words.split()[1] for _, words in theirs if words.startswith("resolved")}  # SEC says nothing of the other ends
        self.assertEqual(theirs, list(expected))
        self.assertEqual([said for said in ours if said[1].startswith("firing") or said[1].split()[1] in heard], list(expected))

    def test_a_threshold_is_reached_in_a_window_that_slides(self):
        self.both_say([(0, "guess ann"), (8, "guess ann"), (10, "guess ann"), (12, "guess bob"), (17, "guess ann"), (18, "guess ann")], 40,
                      (17, "firing guesses ann"))

    def test_the_last_second_of_a_threshold_is_inside_and_the_next_one_is_not(self):
        self.both_say([(0, "guess ann"), (1, "guess ann"), (9, "guess ann"), (0, "guess bob"), (1, "guess bob"), (10, "guess bob")], 40,
                      (9, "firing guesses ann"))

    def test_what_is_suppressed_is_told_once_for_each_key(self):
        self.both_say([(0, "full var"), (5, "full srv"), (20, "full var"), (100, "full var")], 120,
                      (0, "firing full var"), (5, "firing full srv"), (100, "firing full var"))

    def test_a_pair_begins_once_and_ends_with_its_own_second_event(self):
        self.both_say([(0, "lost a"), (1, "lost a"), (2, "found b"), (3, "found a"), (4, "found a"), (5, "lost a")], 10,
                      (0, "firing lost a"), (3, "resolved lost a"), (5, "firing lost a"))

    def test_a_pair_that_does_not_come_is_told_when_its_time_is_over(self):
        self.both_say([(0, "ask a"), (3, "ask b"), (6, "ask a"), (12, "answer b"), (20, "ask c"), (30, "answer c")], 40,
                      (10, "firing unanswered a"), (30, "firing unanswered c"))

    def test_two_thresholds_are_a_count_and_a_time_without(self):
        self.both_say([(0, "hog a"), (9, "hog a"), (23, "hog a"), (0, "hog b"), (10, "hog b")], 60,
                      (9, "firing hogged a"), (38, "resolved hogged a"))

    def test_random_lines_are_the_same_to_both(self):
        seed = int(os.environ.get("VEDETTE_SEED", "1"))
        chance = random.Random(seed)
        lines = []
        for burst in range(BURSTS):
            n_lines = chance.choice([30, 80, 160])
            lines += [(burst * BURST_EVERY_S + chance.randrange(BURST_S), f"{chance.choice(WORDS)} {chance.choice('abc')}") for _ in range(n_lines)]
        theirs, ours = self.through_both(lines, BURSTS * BURST_EVERY_S)
        for rule in ["lost", "hogged"]:
            both = [[said for said in all_said if said[1].split()[1] == rule] for all_said in (theirs, ours)]
            self.assertTrue(both[0])
            self.assertEqual(*both, f"{rule}, seed {seed}")
        for rule in ["guesses", "full", "unanswered"]:  # with SEC each begins anew while ours still fires: what came first
            both = [first_of_each_burst(all_said, rule) for all_said in (theirs, ours)]
            self.assertTrue(both[0])
            self.assertEqual(*both, f"{rule}, seed {seed}")


def first_of_each_burst(said, rule):
    firsts = {}
    for second, words in said:
        if words.startswith(f"firing {rule} "):
            firsts.setdefault((second // BURST_EVERY_S, words), second)
    return firsts


if __name__ == "__main__":
    unittest.main()
