"""What a replay matches, against what was put into the log and against PCRE2 with nothing before it. `run.py … truth` of tests/bench is the same on a large log."""
import concurrent.futures
import pathlib
import sys
import tempfile
import unittest

from harness import BINARY, ROOT

sys.path.insert(0, str(ROOT / "tests/bench"))
import match_data
import match_truth

N_LINES = 60_000
LARGEST_FIRST = match_truth.rule_sets(match_data.SIZES[::-1])


class MatchTruth(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="vedette-truth-")
        cls.addClassCleanup(temporary.cleanup)
        cls.directory = pathlib.Path(temporary.name)
        match_data.write_rules(cls.directory)
        cls.quiet = match_data.write_log(cls.directory, N_LINES, seed=7)
        # Of each kind of rule, from all over the set.
        cls.loud = match_data.write_loud(cls.directory, range(0, match_data.SIZES[-1], 37))

    def assert_finds_the_truth(self, log, truth, sets):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            found = pool.map(lambda name: (name, *match_truth.faults(BINARY, self.directory, name, log, truth, self.directory)), sets)
        for name, wrong, n_true in found:
            with self.subTest(name, n_true=n_true):
                self.assertEqual(wrong, "")
                self.assertGreater(n_true, 0)

    def assert_pcre2_agrees(self, log, truth, n_rules, at_once=20):
        made = match_data.rules(n_rules)
        expected = {(int(line), int(rule) // at_once) for line, rule in match_data.read_truth(truth, {str(number) for number, _, _ in made})}
        self.assertEqual(match_truth.found_by_pcre2(made, log, at_once), expected)

    def test_each_line_of_a_log_is_matched_by_the_rules_it_was_written_for_and_by_no_other(self):
        self.assert_finds_the_truth(*self.quiet, LARGEST_FIRST)

    def test_so_is_each_of_many_that_match_or_nearly_do(self):
        self.assert_finds_the_truth(*self.loud, ["rules-10000"])

    def test_pcre2_alone_finds_the_same(self):
        self.assert_pcre2_agrees(*self.quiet, 100)
        self.assert_pcre2_agrees(*self.loud, match_data.SIZES[-1])


if __name__ == "__main__":
    unittest.main()
