"""The terminal story of the README is what the program says."""
import sys
import unittest

from harness import BINARY, ROOT

sys.path.insert(0, str(ROOT / "tests"))
import story


class Story(unittest.TestCase):
    maxDiff = None

    def test_the_story_of_the_readme_is_what_the_program_says_today(self):
        told = story.told_by((ROOT / "README.md").read_text())
        self.assertIsNotNone(told, "the README has no story: ./dev story writes it between its marks")
        self.assertEqual(told, story.story(BINARY), "./dev story writes it anew")


if __name__ == "__main__":
    unittest.main()
