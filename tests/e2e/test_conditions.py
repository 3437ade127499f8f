"""Conditions, from outside: the files in rules/ tell their stories in their own `tests:`, and the program runs them."""
import pathlib
import subprocess
import unittest

from harness import BINARY

RULES = pathlib.Path(__file__).parent / "rules"


class Conditions(unittest.TestCase):
    def test_every_story_of_a_condition_comes_true(self):
        for path in sorted(RULES.glob("*.yaml")):
            with self.subTest(path.stem):
                done = subprocess.run([BINARY, "test", str(path)], capture_output=True, text=True, timeout=60)
                self.assertRegex(done.stdout, r"\A[1-9]\d* passed, 0 failed\n\Z", done.stderr)
                self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
