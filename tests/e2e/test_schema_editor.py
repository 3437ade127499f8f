"""yaml-language-server, which editors use, with the schemas that `vedette init` wrote and the first line of each file."""
import itertools
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import npm
from harness import BINARY, ROOT
from language_server import LanguageServer

RULE = "# yaml-language-server: $schema=../schema/rules.json\nrules:\n  - id: red\n    on: ci.run\n"
NUMBERS = itertools.count(1)
CONFIG = "# yaml-language-server: $schema=schema/config.json\n"


class EditorTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        where = npm.directory()
        cls.root = pathlib.Path(tempfile.mkdtemp(prefix="vedette-editor-"))
        cls.addClassCleanup(shutil.rmtree, cls.root, True)
        subprocess.run([BINARY, "init", cls.root], check=True, capture_output=True, timeout=60)
        cls.server = LanguageServer(where, cls.root)
        cls.addClassCleanup(cls.server.close)

    def fresh(self, folder="rules.d/"):
        """A file is opened once."""
        return f"{folder}{next(NUMBERS)}.yaml"

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def said_of_rule(self, lines):
        return self.server.open(self.write(self.fresh(), RULE + lines))


class Shipped(EditorTest):
    def test_nothing_is_wrong_with_what_init_writes(self):
        for name in ("vedette.yaml", "rules.d/ci.yaml"):
            self.assertEqual(self.server.open(self.root / name), [], name)

    def test_nothing_is_wrong_with_shipped_files(self):
        for path in [*sorted(ROOT.glob("rules.d/*.yaml")), *sorted(ROOT.glob("packaging/mappings/*.yaml")), ROOT / "packaging/vedette.yaml.example"]:
            name = path.name if path.name.endswith(".example") else f"{path.parent.name}/{path.name}"
            self.assertEqual(self.server.open(self.write(name, path.read_text())), [], name)


class Wrong(EditorTest):
    def test_a_misspelt_member_is_marked_where_it_stands(self):
        self.assertEqual(self.said_of_rule("    whn: {count: 2, within: 1h}\n"), [(5, "Property whn is not allowed.")])

    def test_of_a_condition_it_is_told_what_that_condition_has(self):
        self.assertEqual(sorted(self.said_of_rule("    when:\n      count: 2\n      wihtin: 1h\n")),
                         [(5, 'Missing property "within".'), (7, "Property wihtin is not allowed.")])

    def test_values_are_told_as_the_loader_tells_them(self):
        for line, says in (("    match: error", "a pattern stands between slashes"), ("    lateness: 5", "a duration has its unit"),
                           ("    severity: hihg", '"low", "medium", "high", "critical"'), ("    when: {cuont: 2, within: 1h}", "names no condition"),
                           ("    where: {host: {exsts: true}}", "exsts"), ("    clear: nver", '"never"')):
            with self.subTest(line):
                found = self.said_of_rule(line + "\n")
                self.assertEqual([at for at, _ in found], [5], found)
                self.assertIn(says, found[0][1])

    def test_an_unknown_sender_and_a_member_that_a_sender_has_not_are_marked(self):
        for text, line, says in (("watchers:\n  - webhook: githb\n", 3, "vedette hooks --senders"),
                                 ("watchers:\n  - webhook: github\n    token_header: X\n", 4, "token_header")):
            found = self.server.open(self.write(self.fresh(""), CONFIG + text))
            self.assertEqual([at for at, _ in found], [line], found)
            self.assertIn(says, found[0][1])


class Help(EditorTest):
    def proposed(self, lines, line, column, head=RULE):
        path = self.write(self.fresh("" if head == CONFIG else "rules.d/"), head + lines)
        self.server.open(path)
        return self.server.completions(path, line, column)

    def test_inside_a_rule_its_members_are_proposed_and_explained(self):
        proposed = self.proposed("    \n", 5, 4)
        self.assertLessEqual({"where", "match", "key", "when", "clear", "severity", "diagnose", "propose", "verify"}, set(proposed))
        self.assertNotIn("on", proposed)  # it is there
        self.assertEqual([name for name, says in proposed.items() if not says], [])

    def test_conditions_and_then_their_members_are_proposed(self):
        proposed = self.proposed("    when:\n      \n", 6, 6)
        self.assertLessEqual({"count", "distinct", "absent", "sequence", "flaps"}, set(proposed))
        self.assertNotIn("within", proposed)
        self.assertIn("within", self.proposed("    when:\n      count: 2\n      \n", 7, 6))

    def test_words_are_proposed_where_they_mean_something(self):
        self.assertLessEqual({"failing", "ok", "info"}, set(self.proposed("    where:\n      state: \n", 6, 13)))
        self.assertLessEqual({"low", "critical"}, set(self.proposed("    severity: \n", 5, 14)))
        self.assertLessEqual({"ci.run", "alert"}, set(self.proposed("", 4, 8, head=RULE.replace("ci.run", ""))))
        self.assertLessEqual({"github", "generic"}, set(self.proposed("watchers:\n  - webhook: \n", 3, 13, CONFIG)))

    def test_nothing_is_proposed_that_nobody_would_write(self):
        self.assertEqual(self.proposed("    title: \n", 5, 11), {})

    def test_hover_explains_a_member(self):
        path = self.write(self.fresh(), RULE + "    when: {count: 2, within: 1h}\n")
        self.server.open(path)
        self.assertIn("the condition that its matches must meet", self.server.hover(path, 5, 5))
        self.assertIn("how many matches", self.server.hover(path, 5, 12))


if __name__ == "__main__":
    unittest.main()
