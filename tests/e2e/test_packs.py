"""The shipped rule packs as a whole: what somebody who loads them all is told about them."""
import pathlib
import re
import subprocess
import unittest

from harness import BINARY

RULES = pathlib.Path(__file__).resolve().parents[2] / "rules.d"
ENV = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}


def vedette(*arguments):
    return subprocess.run([str(BINARY), *map(str, arguments)], capture_output=True, text=True, env=ENV, check=False)


def rule_ids():
    return {identifier for path in RULES.glob("*.yaml") for identifier in re.findall(r"^  - id: (\S+)$", path.read_text(), re.M)}


class Packs(unittest.TestCase):
    def test_they_are_without_a_warning_and_every_rule_for_logs_is_found_by_a_literal(self):
        done = vedette("check", "--strict", "--verbose", *sorted(RULES.glob("*.yaml")))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("by classes of bytes: 0, tried on every line: 0", done.stdout)

    def test_what_is_built_in_is_all_of_them(self):
        done = vedette("check", "--print")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(set(re.findall(r'^  - id: "(\S+)"$', done.stdout, re.M)), rule_ids())

    def test_the_tests_of_each_pass(self):
        for path in sorted(RULES.glob("*.yaml")):
            with self.subTest(path.name):
                beside = [RULES / "alerts.yaml"] if path.name == "deploys.yaml" else []
                done = vedette("test", path, *beside)
                self.assertEqual(done.returncode, 0, done.stdout)

    def test_the_table_tells_of_every_rule_and_of_no_other(self):
        rows = re.findall(r"^\| (`[^|]+) \|", (RULES / "README.md").read_text(), re.M)
        self.assertEqual({identifier for row in rows for identifier in re.findall(r"`(\S+)`", row)}, rule_ids())

    def test_every_rule_stands_in_a_test(self):
        for path in RULES.glob("*.yaml"):
            rules, tests = path.read_text().split("\ntests:\n")
            for identifier in re.findall(r"^  - id: (\S+)$", rules, re.M):
                self.assertIn(f"rule: {identifier},", tests)


if __name__ == "__main__":
    unittest.main()
