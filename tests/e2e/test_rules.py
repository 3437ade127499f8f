"""Rule files, from outside: what is refused and how it is said, and what a reload changes and leaves alone."""
import ctypes
import json
import os
import pathlib
import re
import signal
import shutil
import subprocess
import sys
import threading
import time
import unittest

from harness import BINARY, CI_RULE, GITHUB_SECRET, VedetteTest, alerts, together, wait_until, workflow_run

HEAD = "rules:\n  - id: r\n    on: ci.run\n"

# name: (text of the file, line, column, what the message must say)
BROKEN = {
    "a member that is misspelt": (HEAD + "    wher: {state: failing}\n", 4, 5, "unknown member `wher`; did you mean `where`? valid here: id on where match"),
    "a word that is none of the list": (HEAD + "    severity: hihg\n", 4, 15, "did you mean `high`?) low medium high critical"),
    "a field that does not exist": (HEAD + "    where: {brnch: main}\n", 4, 13, "did you mean `branch`?"),
    "a duration without a unit": (HEAD + "    when: {count: 2, within: 5}\n", 4, 30, "a duration with its unit (90s, 5m, 1h, 7d), not `5`"),
    "a duration beyond all bounds": (HEAD + "    when: {count: 2, within: 99999999999999d}\n", 4, 30, "`99999999999999d`"),
    "a number that is none": (HEAD + "    when: {count: many, within: 1h}\n", 4, 19, "`count` must be a whole number, not `many`"),
    "a number out of range": (HEAD + "    when: {count: 0, within: 1h}\n", 4, 19, "between 1 and"),
    "a window that is missing": (HEAD + "    when: {count: 3}\n", 4, 11, "`within` is missing here"),
    "a condition that is misspelt": (HEAD + "    when: {cuont: 3, within: 1h}\n", 4, 11, "did you mean `count`?"),
    "a pattern that does not compile": (HEAD + "    match: '/ab(/'\n", 4, 17, "bad pattern: missing closing parenthesis"),
    "a pattern without its end": (HEAD + "    match: '/ab'\n", 4, 12, "a pattern is expected here, between slashes and in single quotes"),
    "a pattern in double quotes": (HEAD + "    match: \"/\\bx/\"\n", 4, 12, "use single quotes"),
    "a pattern that sets its own limits": (HEAD + "    match: '/(*LIMIT_MATCH=99999)a/'\n", 4, 14, "may not start with (*"),
    "a pattern with a callout": (HEAD + "    match: '/a(?C1)b/'\n", 4, 15, "callouts are not allowed"),
    "a pattern that takes single bytes": (HEAD + "    where: {branch: '/\\C/'}\n", 4, 23, "\\C is disabled"),
    "a capture that would replace a field": (HEAD + "    match: '/(?<kind>x)/'\n", 4, 12, "may not be named `kind`"),
    "a template with an unknown name": (HEAD + "    title: '{{nothing}}'\n", 4, 15, "no event of this rule can have `nothing`; where its payload has it, write `data.nothing`; known here: source type"),
    "a template that never closes": (HEAD + "    title: '{{repo'\n", 4, 13, "never closed by }}"),
    "a member without a value": (HEAD + "    match:\n", 4, 5, "`match` is empty"),
    "a member that stands twice": (HEAD + "    severity: low\n    severity: high\n", 5, 5, "`severity` stands twice here; first at 4:5"),
    "a rule without an id": ("rules:\n  - on: alert\n", 2, 5, "`id` is missing here"),
    "a rule without on": ("rules:\n  - id: a\n", 2, 5, "`on` is missing here"),
    "a list where a map belongs": (HEAD + "    where: [a]\n", 4, 12, "a map of clauses is expected here"),
    "a map where a list belongs": ("rules: {id: a, on: alert}\n", 1, 8, "`rules` is a list, not a map"),
    "a member of the file that is misspelt": ("rule:\n  - id: a\n", 1, 1, "did you mean `rules`?"),
    "a list that never closes": ("rules:\n  - id: [a\n    on: alert\n", 3, 7, "the list opened at 2:9 needs a `,` or `]` here"),
    "a tab": ("rules:\n\t- id: a\n", 2, 1, "indent with blanks, not tabs"),
    "bytes that are not UTF-8": ("rules:\n  - id: \udcff\n", 2, 9, "byte 0xff is not UTF-8"),
    "two documents": ("rules: []\n---\nrules: []\n", 2, 1, "a file holds one"),
    "a way to compare that does not exist": (HEAD + "    where: {branch: {contians: x}}\n", 4, 22, "unknown member `contians`; valid here: eq not exists gt ge lt le before after cidr file some"),
    "a bound without its unit": (HEAD + "    where: {duration: {ge: 300}}\n", 4, 28, "with its unit (90s 5m 1h 7d), of ten years at most, not `300`"),
    "a network with bits behind its prefix": (HEAD + "    where: {host: {cidr: [10.0.0.1/8]}}\n", 4, 27, "the network is 10.0.0.0/8"),
    "a file of lines that is not there": (HEAD + "    where: {host: {file: hosts.txt}}\n", 4, 26, "rules.d/hosts.txt` cannot be used: No such file or directory"),
    "a file of lines elsewhere": (HEAD + "    where: {host: {file: ../vedette.yaml}}\n", 4, 26, "no folder, no dot at its beginning"),
    "an action that nobody declared": (HEAD + "    propose: {plan: [{do: rerunn, with: {run: '1'}}]}\n", 4, 22, "no action `rerunn` is declared under `actions` of the configuration; did you mean `rerun`?"),
    "a parameter that its action does not know": (HEAD + "    propose: {plan: [{do: rerun, with: {run: '1', rn: '2'}}]}\n", 4, 22, "rerun has no parameter `rn`; its parameters: run"),
    "a parameter that is missing": (HEAD + "    propose: {plan: [{do: rerun}]}\n", 4, 22, "rerun needs its parameter `run`"),
    "a parameter that breaks its pattern": (HEAD + "    propose: {plan: [{do: rerun, with: {run: abc}}]}\n", 4, 22, "does not match /[0-9]+/ as a whole: \"abc\""),
    "an action with effects as evidence": (HEAD + "    diagnose: {evidence: [{do: rerun, with: {run: '1'}}]}\n", 4, 27, "only actions with `effect: none` may be done"),
    "an approver whom nobody knows": (HEAD + "    propose: {approvers: {from: [jan]}}\n", 2, 5, "approver `jan` is neither in `people` nor in `groups`"),
    "more approvals than people": (HEAD + "    propose: {approvers: {from: [jane], need: 2}}\n", 2, 5, "`need: 2`, but `from` names 1 people"),
}

LISTED = "rules:\n  - {id: listed, on: ci.run, where: {repo: {file: repos.txt}}}\n"

SLOW = """
rules:
  - id: slow
    on: deploy
    where: {data.message: '/^(a+)+$/'}
  - id: shown
    on: deploy
"""

TWO_RULES = """
rules:
  - id: twice
    on: alert
    key: [subject]
    when: {count: 2, within: 1h}
    title: "{{title}}, twice"
    propose: {plan: [{do: rerun, with: {run: "7"}}]}
  - id: once
    on: ci.run
    where: {level: run}
    key: [repo, branch, workflow]
    title: "%(title)s"
    propose: {plan: [{do: rerun, with: {run: "{{run}}"}}]}
"""


# Every kind of mistake in tests, beside one in a rule; and what is said of them.
TESTED = """\
rules:
  - {id: red, on: ci.run, where: {branch: main}}
  - id: green
    on: ci.run
    severity: hihg
tests:
  - name: each of its parts is wrong
    whit: {kind: ci.run}
    with: {repos: a}
    events:
      - {at: 0m, brnch: main}
      - {at: soon, state: fialing}
      - {hook: gihtub, body: {}}
      - {hook: github, file: fixtures/nowhere.json}
      - {log: app, file: .}
      - {step: okay}
    until: 5
    expect:
      - {at: 1h, rule: rd, state: firing}
      - {rule: red, stat: firing}
  - name: its rule has to be repaired first
    events: []
    expect: [{rule: green, stat: firing}]
  - name: it expects nothing
    begin: monday
    events: [{at: 5m, kind: push}, {at: 4m, kind: push}]
    expect: []
"""
TESTED_CONFIG = """\
rules: [rules.d]
people: {ada: {user: ada}}
approvers: {from: [ada]}
watchers: [{webhook: github, secret: '${HOOK}'}, {log: [/var/log/app.log], name: app}]
"""
TESTED_SAID = [f"a.yaml:{line}" for line in (
    "5:15: error: `severity` must be one of (did you mean `high`?) low medium high critical, not `hihg`",
    "8:5: error: unknown member `whit`; did you mean `with`? valid here: name with events expect begin until",
    "9:12: error: no event has a field `repos`: fields stand bare as rules name them, what else a payload holds stands under `data`; did you mean `repo`?",
    "11:18: error: no event has a field `brnch`: fields stand bare as rules name them, what else a payload holds stands under `data`; did you mean `branch`?",
    "12:14: error: `at` is the time since the test began, as `20m`",
    "12:27: error: `state` of an event is never `fialing`, but one of failing ok info; did you mean `failing`?",
    "13:16: error: there is no webhook `gihtub`: name one of the configuration, or a sender (`vedette hooks --senders` lists them)",
    "14:30: error: cannot read `fixtures/nowhere.json` beside the rule file: not found",
    "15:26: error: cannot read `.` beside the rule file: Is a directory",
    "16:16: error: `step` must be one of ok failed unknown, not `okay`",
    "17:12: error: `until` must be a duration with its unit (90s, 5m, 1h, 7d), not `5`",
    "19:24: error: there is no rule `rd`; did you mean `red`?",
    "20:21: error: unknown member `stat`; did you mean `state`? valid here: at rule key state count title severity fields proposal proposals signals",
    "25:12: error: `begin` is a time as 2026-03-29T00:30:00Z, not `monday`",
    "26:36: error: events stand in the order of their time",
    "27:13: error: `expect` is empty: nothing could fail; {proposals: 0} says that nobody is asked anything",
)]


class Offline(VedetteTest):
    """What the command line says of files, with nothing running."""

    def files(self, **options):
        return self.vedette(start=False, **options)

    def ask(self, vedette, *arguments, **options):
        return vedette.cli(*arguments, "-c", "vedette.yaml", token=None, **options)

    def check(self, vedette, *arguments, expect=None):
        return self.ask(vedette, "check", *arguments, check=expect)

    def test_r01_every_mistake_is_named_with_its_file_line_and_column_and_what_is_valid(self):
        vedette = self.files()
        for name, (text, line, column, said) in BROKEN.items():
            with self.subTest(name):
                (vedette.directory / "rules.d/ci.yaml").write_bytes(text.encode("utf-8", "surrogateescape"))
                done = self.check(vedette, expect=1)
                self.assertIn(f"rules.d/ci.yaml:{line}:{column}: error: ", done.stderr)
                self.assertIn(said, done.stderr)
                self.assertEqual(done.stdout, "")

    def test_r01_where_there_are_many_mistakes_it_says_how_many(self):
        vedette = self.files(rules={"a.yaml": HEAD + "    titel: x\n" + "".join(f"  - {{id: r{n}, on: ci.run, severity: hihg}}\n" for n in range(10))})
        self.assertEqual(self.check(vedette, expect=1).stdout, "11 errors, 0 warnings: not valid\n")
        self.assertNotIn("not valid", self.check(vedette, "--json", expect=1).stdout)

    def test_r01_all_mistakes_of_all_files_are_told_at_once(self):
        vedette = self.files(rules={"a.yaml": HEAD + "    severity: hihg\n    mode: propse\n", "b.yaml": "rules:\n  - id: b\n    on: alert\n    titel: x\n"})
        done = self.check(vedette, expect=1)
        for where in ("a.yaml:4:15", "a.yaml:5:11", "b.yaml:4:5"):
            self.assertIn(where, done.stderr)

    def test_r01_no_mistake_hides_another_one_of_its_file_of_another_file_or_of_the_configuration(self):
        vedette = self.files(rules={
            "a.yaml": 'rules:\n  - id: a\n    on: log\n    match: "/\\bx/"\n    severity: hihg\n',  # the text is wrong, and so is what follows it
            "b.yaml": HEAD + "    propose: {plan: [{do: noet}]}\n    unless: [later]\n",
            "c.yaml": "rules:\n  - {id: later, on: [log\n",  # no document: what it would have had is not missed
            "d.yaml": "rules:\n  - {id: d, on: ci.run, propose: {plan: [{do: note}], approvers: {from: [eva]}}}\n",
        })
        (vedette.directory / "vedette.yaml").write_text("rules: [rules.d]\nbudgte: none\npeople: {ada: {user: ada}}\napprovers: {from: [ada]}\n"
                                                        "watchers: [{webhook: github, secret: '${HOOK}'}]\nactions: {note: {run: [/bin/true], effect: write}}\n")
        result = self.check(vedette, expect=1)
        told = [re.sub(r"^.*?([a-z]+\.yaml):", r"\1:", line) for line in result.stderr.splitlines()]
        self.assertEqual([line.split(": ")[0] for line in told],
                         ["a.yaml:4:12", "a.yaml:5:15", "b.yaml:4:22", "c.yaml:3:1", "d.yaml:2:5", "vedette.yaml:2:1"], told)
        for line, said in zip(told, ["a control character", "did you mean `high`?", "did you mean `note`?", "the list opened at 2:21", "approver `eva` is neither",
                                     "did you mean `budget`?"]):
            self.assertIn(said, line)

    def test_r01_mistakes_in_tests_are_told_with_all_others_word_for_word(self):
        (vedette := self.files(rules={"a.yaml": TESTED})).write("vedette.yaml", TESTED_CONFIG)
        result = self.check(vedette, expect=1)
        told = [re.sub(r"^.*?([a-z]+\.yaml):", r"\1:", line) for line in result.stderr.splitlines()]
        self.assertEqual(told, TESTED_SAID)
        self.assertEqual(result.stdout, "16 errors, 0 warnings: not valid\n")
        found = [json.loads(line) for line in self.check(vedette, "--json", expect=1).stdout.splitlines()]
        self.assertEqual([f"a.yaml:{row['line']}:{row['column']}: {row['severity']}: {row['text']}" for row in found], TESTED_SAID)
        named = self.check(vedette, "rules.d/a.yaml", expect=1).stderr  # the same of a file that is named
        self.assertEqual([line.replace("rules.d/", "", 1) for line in named.splitlines()], TESTED_SAID)

    def test_r01_what_check_tells_of_tests_is_what_test_tells(self):
        rules = "rules:\n  - {id: red, on: ci.run, where: {branch: main}}\ntests:\n"
        for test in TESTED.split("tests:\n")[1].split("  - name: ")[1:]:
            with self.subTest(test):
                vedette = self.files(rules={"a.yaml": f"{rules}  - name: {test}".replace("rule: green", "rule: red")})
                checked = [line.replace(" error:", "") for line in self.check(vedette, "rules.d/a.yaml", expect=1).stderr.splitlines()]
                tested = [line.strip() for line in self.ask(vedette, "test", "rules.d/a.yaml", check=1).stdout.splitlines() if line.startswith("  rules.d/")]
                self.assertTrue(checked)
                self.assertEqual(sorted(tested), sorted(checked))

    def test_r01_of_what_could_not_be_read_no_test_is_blamed(self):
        rules = "rules:\n  - {id: a, on: push}\ntests:\n  - {name: x, events: [{hook: mine, body: {}}], expect: [{rule: red, state: firing}]}\n"
        people = "rules: [rules.d]\npeople: {ada: {user: ada}}\napprovers: {from: [ada]}\n"
        watchers = "watchers: [{webhook: generic, name: mine, kind: push, token: '${HOOK}'}]\n"
        for name, others, config, n_blamed in (
                ("the rule may stand in a file that is none", {"b.yaml": "rules: [{id: red, on: push"}, watchers, 0),
                ("the rule may be the one without an id", {"b.yaml": "rules:\n  - {on: push}\n"}, watchers, 0),
                ("the webhook may be the one that is wrong", {"b.yaml": "rules:\n  - {id: red, on: push}\n"}, watchers.replace("name", "nmae"), 0),
                ("there is neither the rule nor the webhook", {}, "", 2)):
            with self.subTest(name):
                vedette = self.files(rules={"a.yaml": rules, **others})
                vedette.write("vedette.yaml", people + config)
                told = self.check(vedette, expect=1).stderr
                self.assertEqual(told.count("there is no rule `red`") + told.count("there is no webhook `mine`"), n_blamed, told)

    def test_r01_a_finding_is_an_object_a_line_with_json(self):
        vedette = self.files(rules={"a.yaml": HEAD + "    severity: hihg\n", "b.yaml": "rules:\n  - id: b\n    on: alrt\n"})
        done = self.check(vedette, "--json", expect=1)
        findings = [json.loads(line) for line in done.stdout.splitlines()]
        errors = [finding for finding in findings if finding["severity"] == "error"]
        self.assertEqual([(finding["line"], finding["column"]) for finding in errors], [(4, 15)])
        self.assertTrue(errors[0]["file"].endswith("rules.d/a.yaml"))
        self.assertIn("did you mean `high`?", errors[0]["text"])

    def test_a_warning_of_a_kind_has_a_name_by_which_it_is_accepted(self):
        text = "rules:\n  - id: a\n    on: push\n"
        vedette = self.files(rules={"a.yaml": text})
        [finding] = [json.loads(line) for line in self.check(vedette, "--json", expect=0).stdout.splitlines()]
        self.assertEqual((finding["severity"], finding["line"], finding["column"], finding["name"]), ("warning", 3, 9, "broad"))
        self.assertTrue(self.check(vedette, "--strict", expect=1).stderr.endswith(" [broad]\n"))
        (vedette.directory / "rules.d/a.yaml").write_text(text.replace("push\n", "push  # accept: broad\n"))
        self.assertEqual(self.check(vedette, "--strict", expect=0).stderr, "")

    def test_r01_a_warning_passes_and_fails_only_with_strict(self):
        for text, said in {
            "rules:\n  - id: a\n    on: alrt\n": "did you mean `alert`?",
            HEAD + "    where: {branch: /main/}\n": "a pattern stands in single quotes",
            "rules: []\n": "there is no rule at all",
            HEAD + "    where: {title: '/^(a+)+$/'}\n": "this pattern gives up",
        }.items():
            with self.subTest(said):
                vedette = self.files(rules={"a.yaml": text})
                done = self.check(vedette, expect=0)
                self.assertIn("warning: ", done.stderr)
                self.assertIn(said, done.stderr)
                self.assertIn("valid, but with warnings", done.stdout)
                self.check(vedette, "--strict", expect=1)

    def test_r01_what_is_valid_says_so_and_prints_every_default_in_force(self):
        vedette = self.files()
        self.assertIn("1 rule in 1 file", self.check(vedette, "--strict", expect=0).stdout)
        printed = self.check(vedette, "--print", expect=0).stdout
        for line in ('listen: "127.0.0.1:0"  # line 2', "retention: {events: 30d, bytes: 2048MB, audit: forever}  # default", '- id: "ci-red"', 'mode: "propose"'):
            self.assertIn(line, printed)
        self.assertNotIn(GITHUB_SECRET, printed)

    def test_r01_a_mistake_in_the_configuration_is_told_likewise(self):
        vedette = self.files(more="lisen: 127.0.0.1:1")
        done = self.check(vedette, expect=1)
        self.assertRegex(done.stderr, r"vedette\.yaml:\d+:1: error: .*`lisen`.*did you mean `listen`\?")

    def test_r07_an_id_that_stands_twice_names_both_places_also_across_files(self):
        vedette = self.files(rules={"a.yaml": HEAD, "b.yaml": "rules:\n  - id: other\n    on: alert\n  - id: r\n    on: alert\n"})
        done = self.check(vedette, expect=1)
        self.assertRegex(done.stderr, r"b\.yaml:4:5: error: the id `r` is taken by the rule at \S*a\.yaml:2:5")

    def test_r10_dot_files_backups_and_other_names_are_no_rules(self):
        broken = "this: is no rule file"
        vedette = self.files(rules={"ci.yaml": CI_RULE, "more.yml": "rules:\n  - {id: more, on: alert}\n", ".hidden.yaml": broken, "ci.yaml~": broken,
                                    "ci.yaml.bak": broken, "#ci.yaml#": broken, ".#ci.yaml": broken, "ci.yaml.swp": broken, "README": broken})
        self.assertIn("2 rules in 2 files", self.check(vedette, expect=0).stdout)

    def test_r10_what_anybody_may_write_is_refused(self):
        vedette = self.files()
        rules = vedette.directory / "rules.d"
        (rules / "ci.yaml").chmod(0o666)
        self.assertIn("everybody on this machine may write this file", self.check(vedette, expect=1).stderr)
        (rules / "ci.yaml").chmod(0o644)
        rules.chmod(0o777)
        self.assertIn("everybody on this machine may write into this directory", self.check(vedette, expect=1).stderr)
        rules.chmod(0o755)
        self.check(vedette, expect=0)

    def test_r10_what_anybody_may_write_is_no_file_of_lines_either(self):
        vedette = self.files(rules={"ci.yaml": HEAD + "    where: {host: {file: hosts.txt}}\n", "hosts.txt": "web1\n"})
        self.assertIn("1 rule in 1 file", self.check(vedette, "--strict", expect=0).stdout)
        (vedette.directory / "rules.d/hosts.txt").chmod(0o666)
        self.assertRegex(self.check(vedette, expect=1).stderr, r"ci\.yaml:4:26: error: .*hosts\.txt` cannot be used: everybody on this machine may write this file")

    def test_r10_what_is_missing_is_an_error_and_not_an_empty_set(self):
        vedette = self.files()
        (vedette.directory / "rules.d").rename(vedette.directory / "elsewhere")
        self.assertRegex(self.check(vedette, expect=1).stderr, r"rules\.d: error: No such file or directory")
        (vedette.directory / "rules.d").mkdir()
        (vedette.directory / "rules.d/gone.yaml").symlink_to("nowhere")
        self.assertRegex(self.check(vedette, expect=1).stderr, r"gone\.yaml: error: No such file or directory")

    def test_r10_what_may_not_be_read_is_an_error_and_not_an_empty_set(self):
        vedette = self.files()
        rules = vedette.directory / "rules.d"
        as_nobody = lambda: os.setuid(65534)  # root may read everything
        vedette.directory.parent.chmod(0o755)
        vedette.directory.chmod(0o755)
        program = shutil.copy(BINARY, vedette.directory / "program")  # the checkout may be out of nobody's reach
        for path in (rules / "ci.yaml", rules):
            path.chmod(0)
            done = subprocess.run([program, "check", "-c", "vedette.yaml"], cwd=vedette.directory, env=vedette.env, capture_output=True, text=True,
                                  preexec_fn=as_nobody if os.getuid() == 0 else None)
            path.chmod(0o755)
            if "vedette.yaml" in done.stderr:
                (vedette.directory / "vedette.yaml").chmod(0o644)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, r"error: .*Permission denied")

    def test_r11_bombs_are_refused_at_once(self):
        laughs = "rules:\n  - &a [x, x]\n" + "".join(f"  - &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20))
        bombs = {
            "aliases": (laughs, "are refused"),
            "depth in flow style": ("rules: " + "[" * 100000, "deep"),
            "depth by indenting": ("rules:\n" + "".join("  " * i + "a:\n" for i in range(1, 400)), "deep"),
            "size": ("# " + "x" * (2 << 20) + "\nrules: []\n", "at most 1 MiB"),
            "duplicate keys": ("rules:\n  - id: a\n    on: alert\n" + "    title: x\n" * 20000, "stands twice"),
            "a scalar as large as a file may be": ("rules:\n  - id: " + "a" * 1000000, "rules.d/ci.yaml:2"),
        }
        for name, (text, said) in bombs.items():
            with self.subTest(name):
                vedette = self.files(rules={"ci.yaml": text})
                started = time.monotonic()
                done = self.check(vedette, expect=1)
                self.assertLess(time.monotonic() - started, 5)
                self.assertIn(said, done.stderr)
                self.assertLess(len(done.stderr), 100000)

    def test_r11_a_file_of_100_mb_is_not_even_read(self):
        vedette = self.files()
        with open(vedette.directory / "rules.d/ci.yaml", "wb") as file:
            file.truncate(100 << 20)
        started = time.monotonic()
        self.assertIn("at most 1 MiB", self.check(vedette, expect=1).stderr)
        self.assertLess(time.monotonic() - started, 2)

    # --- vedette test ---

    def test_tests_of_rules_pass_and_say_how_many(self):
        rule = CI_RULE.replace("    verify: {quiet: 2s}\n", "    verify: {quiet: 30m}\n") + """
tests:
  - name: a red run opens one proposal, and quiet after the rerun verifies it
    with: {kind: ci.run, level: run, repo: acme/shop, workflow: test, branch: main, run: 7}
    events:
      - {at: 0m, state: failing}
      - {at: 2m, decide: approve, by: jane}
      - {at: 3m, step: ok}
    until: 1h
    expect:
      - {at: 0m, rule: ci-red, key: [acme/shop, main, test], state: firing, count: 1}
      - {at: 0m, proposal: {title: test is red on main of acme/shop, plan: [rerun]}}
      - {at: 33m, rule: ci-red, key: [acme/shop, main, test], state: resolved}
      - {at: 33m, proposal: {state: verified}}
  - name: the payload as the sender sends it
    events: [{at: 0m, hook: github, headers: {X-GitHub-Event: workflow_run}, file: fixtures/failed.json}]
    expect:
      - {rule: ci-red, key: [acme/shop, main, test], state: firing}
      - {proposals: 1}
  - name: a green run opens nothing
    events: [{at: 0m, hook: github, headers: {X-GitHub-Event: workflow_run}, file: fixtures/green.json}]
    expect: [{proposals: 0}]
"""
        vedette = self.files(rules={"ci.yaml": rule})
        vedette.write("rules.d/fixtures/failed.json", json.dumps(workflow_run()))
        vedette.write("rules.d/fixtures/green.json", json.dumps(workflow_run("success")))
        done = self.ask(vedette, "test", check=0)
        self.assertEqual(done.stdout, "3 passed, 0 failed\n")
        told = [json.loads(line) for line in self.ask(vedette, "test", "--json", check=0).stdout.splitlines()]
        self.assertEqual([row["passed"] for row in told[:-1]], [True, True, True])
        self.assertEqual(told[-1], {"passed": 3, "failed": 0})

    def test_a_failing_test_shows_what_it_expected_and_what_it_got(self):
        rule = CI_RULE + """
tests:
  - name: two are needed
    with: {kind: ci.run, level: run, repo: acme/shop, workflow: test, branch: main, run: 7}
    events: [{at: 0m, state: failing}]
    expect: [{proposals: 0}]
  - name: this one is right
    with: {kind: ci.run, level: run, repo: acme/shop, workflow: test, branch: dev, run: 7}
    events: [{at: 0m, state: failing}]
    expect: [{proposals: 0}]
"""
        vedette = self.files(rules={"ci.yaml": rule})
        done = self.ask(vedette, "test", check=1)
        self.assertRegex(done.stdout, r"FAILED \S*rules\.d/ci\.yaml:\d+:\d+: two are needed\n")
        self.assertRegex(done.stdout, r"(?i)expected")
        self.assertRegex(done.stdout, r"(?i)got")
        self.assertEqual(done.stdout.splitlines()[-1], "1 passed, 1 failed")

    def test_tests_of_a_file_that_is_broken_or_lacks_its_fixture_fail(self):
        vedette = self.files(rules={"ci.yaml": HEAD + "    severity: hihg\n"})
        self.assertIn("ci.yaml:4:15: error", self.ask(vedette, "test", check=1).stderr)
        vedette.write("rules.d/ci.yaml", CI_RULE + "tests:\n  - name: x\n    events: [{at: 0m, hook: github, headers: {X-GitHub-Event: workflow_run}, file: nowhere.json}]\n    expect: [{proposals: 0}]\n")
        done = self.ask(vedette, "test", check=1)
        self.assertIn("nowhere.json", done.stdout + done.stderr)

    # --- replay, fields, explain ---

    def test_a_replay_prints_the_same_bytes_whatever_the_form_of_its_input(self):
        vedette = self.files(rules={"ci.yaml": CI_RULE, "deploys.yaml": "rules:\n  - {id: deploys, on: deploy}\n"})
        payload = workflow_run()
        vedette.write("one.json", json.dumps(payload))
        lines = [{"headers": {"X-GitHub-Event": "workflow_run", "X-GitHub-Delivery": str(i)}, "body": workflow_run("success" if i % 3 == 2 else "failure", run=i),
                  "time": f"2026-03-01T10:{i:02}:00Z"} for i in range(9)]
        vedette.write("many.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
        events = self.ask(vedette, "fields", "--json", "--deliveries", "github=many.jsonl", check=0).stdout
        self.assertEqual(len(events.splitlines()), 9)
        vedette.write("events.jsonl", events)
        for name, arguments, n_firing in (("hook", ["--hook", "github=one.json", "-H", "X-GitHub-Event: workflow_run"], 1),
                                          ("deliveries", ["--deliveries", "github=many.jsonl"], 3), ("events", ["--events", "events.jsonl"], 3)):
            with self.subTest(name):
                first = self.ask(vedette, "replay", "--rules", "rules.d", *arguments, check=0).stdout
                again = self.ask(vedette, "replay", "--rules", "rules.d", *arguments, check=0).stdout
                self.assertEqual(first, again)
                transitions = [json.loads(line) for line in first.splitlines()]
                self.assertEqual(sum(row["transition"] == "firing" for row in transitions), n_firing)
                self.assertEqual(set(transitions[0]), {"time", "rule", "key", "transition", "count", "first_seen", "last_seen", "event", "fields"})
                self.assertEqual((transitions[0]["rule"], transitions[0]["key"]), ("ci-red", ["acme/shop", "main", "test"]))
        self.assertEqual(list(vedette.directory.glob("state*")), [])  # it touched nothing

    def test_a_replay_sums_up_and_may_be_quiet(self):
        vedette = self.files()
        vedette.write("one.json", json.dumps(workflow_run()))
        arguments = ["replay", "--rules", "rules.d", "--hook", "github=one.json", "-H", "X-GitHub-Event: workflow_run", "--summary"]
        summary = json.loads(self.ask(vedette, *arguments, check=0).stdout.splitlines()[-1])
        self.assertEqual({name: summary[name] for name in ("events", "matches", "signals", "proposals")}, {"events": 1, "matches": 1, "signals": 1, "proposals": 1})
        self.assertEqual(summary["bytes"], (vedette.directory / "one.json").stat().st_size)
        quiet = self.ask(vedette, *arguments, "--quiet", check=0).stdout.splitlines()
        self.assertEqual(len(quiet), 1)
        self.assertEqual(json.loads(quiet[0])["events"], 1)

    def test_a_log_from_a_pipe_has_the_windows_of_its_file_also_where_it_says_no_year(self):
        vedette = self.files()
        vedette.write("rules.d/log.yaml", "rules:\n  - {id: disk, mode: observe, on: log, match: '/disk full/', key: [watcher], when: {count: 2, within: 1m}}\n")
        log = "Dec 10 06:55:46 web-1 app: disk full\nDec 10 08:00:00 web-1 app: disk full\nDec 10 08:00:59 web-1 app: disk full\n"
        vedette.write("app.log", log)
        source = ["replay", "--rules", "rules.d/log.yaml", "--log"]
        told = [[(line["transition"], line["time"][5:]) for line in map(json.loads, done.stdout.splitlines())] for done in (
            self.ask(vedette, *source, "app=app.log", check=0), self.ask(vedette, *source, "app=-", input=log, check=0))]
        self.assertEqual(told[1], told[0])
        self.assertEqual([transition for transition, _ in told[1]].count("firing"), 1)

    def test_a_replay_of_what_is_none_says_where_and_fails(self):
        vedette = self.files()
        vedette.write("bad.jsonl", '{"headers": {}, "body": {}\n')
        done = self.ask(vedette, "replay", "--rules", "rules.d", "--deliveries", "github=bad.jsonl")
        self.assertEqual(done.returncode, 1)
        self.assertIn("bad.jsonl:1", done.stderr)
        self.assertEqual(self.ask(vedette, "replay", "--rules", "rules.d", "--deliveries", "nobody=bad.jsonl").returncode, 1)
        self.assertEqual(self.ask(vedette, "replay", "--rules", "rules.d").returncode, 2)

    def test_fields_and_explain_show_an_input_as_rules_see_it(self):
        vedette = self.files()
        vedette.write("one.json", json.dumps(workflow_run(branch="dev")))
        source = ["--hook", "github=one.json", "-H", "X-GitHub-Event: workflow_run"]
        fields = self.ask(vedette, "fields", *source, check=0).stdout
        for line in ("kind: ci.run", "branch: dev", "state: failing", "data.workflow_run.conclusion: failure"):
            self.assertIn(line + "\n", fields)
        explained = self.ask(vedette, "explain", "--rules", "rules.d", *source, check=0).stdout
        self.assertIn("ci-red: not matched", explained)
        self.assertRegex(explained, r"failed\s+where\.branch: wanted main, saw dev")

    # --- vedette init ---

    def test_what_init_writes_is_valid_passes_its_tests_and_takes_a_signed_delivery(self):
        vedette = self.files(env={"VEDETTE_LISTEN": "127.0.0.1:0", "VEDETTE_CONTROL": "127.0.0.1:0"})
        made = vedette.directory / "made"
        self.assertIn("vedette check", vedette.cli("init", "made", token=None, check=0).stdout)
        for secret in ("github.secret", "alertmanager.token"):
            self.assertEqual((made / secret).stat().st_mode & 0o777, 0o600)
            self.assertGreaterEqual(len((made / secret).read_text().strip()), 32)
        vedette.cli("check", "--strict", "-c", "made/vedette.yaml", token=None, check=0)
        self.assertRegex(vedette.cli("test", "-c", "made/vedette.yaml", token=None, check=0).stdout, r"^[1-9]\d* passed, 0 failed\n$")

        vedette.config_path = made / "vedette.yaml"
        vedette.start()
        secret = (made / "github.secret").read_text().strip()
        self.assertEqual(vedette.send_github("workflow_run", workflow_run(), secret=secret).status, 202)
        token = next(made.glob("[!a]*.token")).read_text().strip()
        wait_until(lambda: vedette.api("/api/v1/proposals?state=open", token=token).json()["items"], "the first proposal")
        self.assertEqual(vedette.stop(), 0)

    def test_init_overwrites_nothing(self):
        vedette = self.files()
        before = vedette.config_path.read_text()
        done = vedette.cli("init", ".", token=None, check=1)
        self.assertIn("vedette.yaml is there already: nothing was written", done.stderr)
        self.assertEqual(vedette.config_path.read_text(), before)
        self.assertFalse((vedette.directory / "rules.d/alerts.yaml").exists())


class Bounded(VedetteTest):
    """Patterns that would never end, and machines that do not compile them."""

    def deploy(self, vedette, message, delivery):
        return vedette.send_deploy({"app": {"name": f"shop-{delivery}"}, "status": "failed", "env": "production", "message": message, "delivery": delivery})

    def test_r02_r03_a_pattern_that_gives_up_is_bounded_counted_and_shown_and_the_other_rules_go_on(self):
        vedette = self.vedette(rules={"deploys.yaml": SLOW})
        self.assertRegex(vedette.log(), r"deploys\.yaml:5:\d+: warning: this pattern gives up")

        started = time.monotonic()
        for i in range(20):
            self.assertEqual(self.deploy(vedette, "a" * 5000 + "!", str(i)).status, 202)
        vedette.wait_until_folded()
        self.assertLess(time.monotonic() - started, 10)
        self.assertEqual(vedette.metric("vedette_match_faults_total", rule="slow", fault="pattern"), 20)
        self.assertEqual(len(vedette.items("signals", rule="shown")), 20)
        self.assertEqual(vedette.items("signals", rule="slow"), [])  # neither a match nor "no match"

        rules = {rule["id"]: rule for rule in vedette.items("rules")}
        self.assertEqual((rules["slow"]["degraded"], rules["slow"]["faults"]), (True, {"pattern": 20}))
        self.assertFalse(rules["shown"]["degraded"])
        self.assertIn("slow is degraded: 20 events it could not judge", vedette.cli("status", check=0).stdout)
        self.assertIn("rule could not judge an event rule=slow fault=pattern", vedette.log())

        vedette.write("rules.d/deploys.yaml", SLOW.replace("(a+)+", "a+"))
        vedette.cli("reload", check=0)
        self.assertFalse(vedette.api("/api/v1/rules/slow").json()["degraded"])
        self.assertEqual(self.deploy(vedette, "a" * 5000, "last").status, 202)
        wait_until(lambda: vedette.items("signals", rule="slow"), "the mended rule matches")

    def test_r12_an_event_without_a_field_of_the_key_is_counted_and_never_folded_under_an_empty_one(self):
        vedette = self.vedette(rules={"deploys.yaml": "rules:\n  - id: by-host\n    on: deploy\n    key: [service, host]\n"})
        self.deploy(vedette, "x", "1")
        vedette.wait_until_folded()
        self.assertEqual(vedette.items("signals"), [])
        self.assertEqual(vedette.metric("vedette_match_faults_total", rule="by-host", fault="key"), 1)
        self.assertTrue(vedette.items("rules")[0]["degraded"])

    def test_r04_where_memory_may_not_be_executed_patterns_still_match_and_the_log_says_that_they_are_slow(self):
        # PR_SET_MDWE (65), PR_MDWE_REFUSE_EXEC_GAIN (1): what MemoryDenyWriteExecute= does, inherited over exec.
        deny = "import ctypes, os, sys\nif ctypes.CDLL(None).prctl(65, 1, 0, 0, 0):\n    sys.exit(99)\nos.execv(sys.argv[1], sys.argv[1:])"
        if subprocess.run([sys.executable, "-c", deny, "/bin/true"]).returncode:
            raise unittest.SkipTest("this kernel has no PR_SET_MDWE")
        vedette = self.vedette(rules={"deploys.yaml": SLOW}, wrapper=[sys.executable, "-c", deny])
        self.assertIn("patterns are not compiled to machine code here", vedette.log())

        started = time.monotonic()
        self.deploy(vedette, "a" * 5000 + "!", "1")
        self.deploy(vedette, "aaa", "2")
        wait_until(lambda: vedette.items("signals", rule="slow"), "the pattern still matches")
        vedette.wait_until_folded()
        self.assertLess(time.monotonic() - started, 10)
        self.assertEqual(len(vedette.items("signals", rule="slow")), 1)

    def test_r04_the_shipped_unit_lets_patterns_be_compiled(self):
        unit = (pathlib.Path(__file__).parents[2] / "packaging/vedette.service").read_text()
        self.assertNotIn("MemoryDenyWriteExecute", [line.split("=")[0].strip() for line in unit.splitlines()])


class Reloading(VedetteTest):
    def red_twice(self, vedette):
        vedette.send_github("workflow_run", workflow_run(run=1))
        return vedette.wait_for_proposal(state="open")

    def test_r08_a_broken_file_at_reload_changes_nothing_and_everything_says_so(self):
        vedette = self.vedette()
        proposal = self.red_twice(vedette)
        before = vedette.items("rules")
        vedette.write("rules.d/broken.yaml", HEAD + "    wher: {state: failing}\n")

        done = vedette.cli("reload", check=1)
        self.assertIn("broken.yaml:4:5: error: unknown member `wher`", done.stderr)
        vedette.wait_for_log("error reload refused, nothing has changed")
        vedette.wait_for_log(r"broken\.yaml:4:5: error: unknown member `wher`")
        ready = vedette.request("control", "GET", "/readyz?verbose")
        self.assertEqual((ready.status, ready.json()["status"]), (200, "degraded"))
        self.assertIn("broken.yaml:4:5", next(check for check in ready.json()["checks"] if check["name"] == "rules")["detail"])
        self.assertIn("broken.yaml:4:5", vedette.api("/api/v1/status").json()["rules"]["problems"])
        self.assertIn("the last good rules run", vedette.cli("status", check=0).stdout)
        self.assertEqual(vedette.metric("vedette_rules_last_reload_success"), 0)

        self.assertEqual(vedette.items("rules"), before)
        vedette.send_github("workflow_run", workflow_run(run=2, workflow="lint"))
        wait_until(lambda: len(vedette.items("proposals", state="open")) == 2, "the running set goes on")
        self.assertEqual(vedette.api(f"/api/v1/proposals/{proposal['id']}").json()["revision"], 1)

        (vedette.directory / "rules.d/broken.yaml").unlink()
        vedette.signal(signal.SIGHUP)
        wait_until(lambda: vedette.metric("vedette_rules_last_reload_success") == 1, "the mended set is taken")
        self.assertEqual(vedette.request("control", "GET", "/readyz").body.strip(), b"ready")

    def test_r08_a_start_beside_a_broken_file_runs_the_last_good_set_and_says_so(self):
        vedette = self.vedette()
        vedette.stop()
        vedette.write("rules.d/ci.yaml", HEAD + "    wher: {state: failing}\n")
        vedette.start()
        self.assertIn("rules.d/ci.yaml:4:5: error", vedette.log())
        self.assertIn("the rule files are broken: running the last good rules", vedette.log())
        self.assertEqual(vedette.request("control", "GET", "/readyz?verbose").json()["status"], "degraded")
        self.assertEqual([rule["id"] for rule in vedette.items("rules")], ["ci-red"])
        self.red_twice(vedette)

    def test_a_file_of_lines_is_read_again_at_each_reload(self):
        vedette = self.vedette(rules={"ci.yaml": LISTED, "repos.txt": "# ours\nacme/other\n"})
        vedette.send_github("workflow_run", workflow_run(run=1))
        vedette.wait_until_folded()
        self.assertEqual(vedette.items("signals"), [])
        self.assertIn("0 changed", vedette.cli("reload", check=0).stdout)
        vedette.write("rules.d/repos.txt", "acme/other\r\nacme/shop\r\n")
        self.assertIn("1 changed", vedette.cli("reload", check=0).stdout)
        vedette.send_github("workflow_run", workflow_run(run=2))
        wait_until(lambda: vedette.items("signals", rule="listed"), "the repository is listed now")

    def test_r08_a_start_beside_a_broken_file_runs_the_last_good_set_with_its_files_of_lines(self):
        vedette = self.vedette(rules={"ci.yaml": LISTED, "repos.txt": "acme/shop\n"})
        vedette.stop()
        (vedette.directory / "rules.d/repos.txt").unlink()
        vedette.start()
        self.assertIn("repos.txt` cannot be used: No such file or directory", vedette.log())
        self.assertIn("the rule files are broken: running the last good rules", vedette.log())
        vedette.send_github("workflow_run", workflow_run(run=1))
        wait_until(lambda: vedette.items("signals", rule="listed"), "the saved lines hold")

    def test_r08_a_first_start_beside_a_broken_file_ends_with_78(self):
        vedette = self.vedette(start=False, rules={"ci.yaml": HEAD + "    wher: {state: failing}\n"})
        vedette.start(wait=False)
        self.assertEqual(vedette.wait(), 78)
        self.assertIn("ci.yaml:4:5: error", vedette.log())

    def test_a_mistake_in_a_test_keeps_no_rule_from_running(self):
        rules = "rules:\n  - {id: red, on: ci.run}\ntests:\n  - {nam: x}\n"
        vedette = self.vedette(rules={"a.yaml": rules})  # neither at a start
        self.assertEqual([rule["id"] for rule in vedette.items("rules")], ["red"])
        vedette.write("rules.d/a.yaml", rules.replace("id: red", "id: green"))
        self.assertIn("1 added, 1 removed", vedette.cli("reload", check=0).stdout)  # nor later
        self.assertEqual([rule["id"] for rule in vedette.items("rules")], ["green"])
        self.assertIn("a.yaml:4:6: error: unknown member `nam`; did you mean `name`?", vedette.cli("check", "-c", "vedette.yaml", token=None, check=1).stderr)

    def test_r10_an_empty_set_is_taken_and_loud(self):
        vedette = self.vedette()
        (vedette.directory / "rules.d/ci.yaml").unlink()
        self.assertIn("there is no rule at all", vedette.cli("reload", check=0).stdout)
        self.assertEqual(vedette.metric("vedette_rules_loaded"), 0)

    def test_a_rule_that_did_not_change_keeps_its_count_over_a_reload(self):
        vedette = self.vedette(rules={"two.yaml": TWO_RULES % {"title": "one"}})
        vedette.send_alert(alerts("firing", starts="2026-01-01T00:00:00Z"))
        vedette.wait_until_folded()
        vedette.write("rules.d/two.yaml", TWO_RULES % {"title": "two"})
        self.assertIn("0 added, 0 removed, 1 changed", vedette.cli("reload", check=0).stdout)
        vedette.send_alert(alerts("firing", starts="2026-01-01T00:00:00Z"))
        vedette.send_alert(alerts("firing", starts="2026-01-01T00:00:01Z"))
        wait_until(lambda: vedette.items("signals", rule="twice", state="firing"), "the second match fires")

    def test_a_removed_rule_closes_its_signals_and_withdraws_its_proposals(self):
        vedette = self.vedette(rules={"two.yaml": TWO_RULES % {"title": "one"}, "more.yaml": "rules:\n  - {id: more, on: deploy}\n"})
        proposal = self.red_twice(vedette)
        (vedette.directory / "rules.d/two.yaml").unlink()
        self.assertIn("0 added, 2 removed", vedette.cli("reload", check=0).stdout)
        ended = vedette.wait_for_proposal(id=proposal["id"], state="withdrawn")
        self.assertIn("rule removed", ended["outcome"])
        closed = vedette.items("signals", rule="once")[0]
        self.assertEqual(closed["state"], "resolved")
        self.assertIn("rule removed", json.dumps(closed))
        self.assertEqual(vedette.decide(proposal, "approve").status, 409)

    def test_a_changed_rule_revises_its_open_proposal_and_the_old_digest_approves_nothing(self):
        vedette = self.vedette(rules={"two.yaml": TWO_RULES % {"title": "one"}})
        proposal = self.red_twice(vedette)
        vedette.write("rules.d/two.yaml", TWO_RULES % {"title": "another title\"\n    severity: \"critical"})
        vedette.cli("reload", check=0)
        revised = vedette.wait_for_proposal(id=proposal["id"], revision=2)
        self.assertEqual((revised["state"], revised["title"], revised["severity"]), ("open", "another title", "critical"))
        self.assertNotEqual(revised["plan_digest"], proposal["plan_digest"])
        self.assertEqual(vedette.decide(proposal, "approve").status, 412)
        self.assertEqual(vedette.decide(revised, "approve").status, 200)
        wait_until(lambda: vedette.steps_run() == ["1"], "the new plan runs once")

    def test_r01_a_reload_that_names_an_undeclared_action_is_refused(self):
        vedette = self.vedette()
        vedette.write("rules.d/ci.yaml", CI_RULE.replace("do: rerun", "do: reboot"))
        self.assertIn("no action `reboot` is declared", vedette.cli("reload", check=1).stderr)
        vedette.write("rules.d/ci.yaml", CI_RULE.replace('run: "{{run}}"', 'run: "now; reboot"'))
        self.assertIn("does not match /[0-9]+/ as a whole", vedette.cli("reload", check=1).stderr)

    def test_r07_a_reload_with_an_id_that_stands_twice_is_refused_whole(self):
        vedette = self.vedette()
        before = vedette.items("rules")
        vedette.write("rules.d/more.yaml", "rules:\n  - {id: another, on: push}\n  - {id: ci-red, on: push}\n")
        self.assertRegex(vedette.cli("reload", check=1).stderr, r"more\.yaml:3:5: error: the id `ci-red` is taken by the rule at \S*ci\.yaml:\d+:5\n")
        self.assertEqual(vedette.items("rules"), before)  # nor is the other one of that file there
        self.assertEqual(vedette.api("/api/v1/status").json()["rules"]["loaded"], 1)

    def test_r09_after_refused_reloads_the_next_one_is_taken_and_each_result_is_logged(self):
        vedette = self.vedette()
        vedette.write("rules.d/more.yaml", "rules:\n  - {id: more, on: push")
        for _ in range(3):
            vedette.cli("reload", check=1)
        self.assertEqual((vedette.log().count("error reload refused, nothing has changed"), vedette.log().count("info reloaded: ")), (3, 0))
        vedette.write("rules.d/more.yaml", "rules:\n  - {id: more, on: push}\n")
        vedette.cli("reload", check=0)
        self.assertEqual(sorted(rule["id"] for rule in vedette.items("rules")), ["ci-red", "more"])
        self.assertEqual((vedette.log().count("error reload refused, nothing has changed"), vedette.log().count("info reloaded: 2 rules: 1 added")), (3, 1))

    def test_r09_a_storm_of_reloads_loses_and_doubles_no_delivery_and_leaks_nothing(self):
        quarantine = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1:detect_leaks=1"
        vedette = self.vedette(rules={"two.yaml": TWO_RULES % {"title": "one"}}, more="retention: {events: 30d}", env={"ASAN_OPTIONS": quarantine})
        answers, stopped = [], threading.Event()

        def deliver(worker):
            n = 0
            while not stopped.is_set():
                n += 1
                answers.append(vedette.send_github("workflow_run", workflow_run("failure" if n % 2 else "success", run=n, branch=f"b{worker}"), delivery=f"{worker}-{n}"))

        def storm():
            started = time.monotonic()
            for i in range(100):
                vedette.write("rules.d/two.yaml.new", TWO_RULES % {"title": f"title {i}"}).rename(vedette.directory / "rules.d/two.yaml")
                vedette.signal(signal.SIGHUP)
                if i % 4 == 0:
                    self.assertEqual(vedette.api("/api/v1/reload", "POST", {}).status, 200)
            return time.monotonic() - started

        senders = [threading.Thread(target=deliver, args=(worker,)) for worker in range(3)]
        for sender in senders:
            sender.start()
        took = [storm()]
        vedette.api("/api/v1/reload", "POST", {})
        first = self.resident_bytes(vedette)
        took += [storm(), storm()]
        stopped.set()
        for sender in senders:
            sender.join()
        self.assertEqual(vedette.cli("reload").returncode, 0)
        vedette.wait_until_folded()

        self.assertLess(min(took), 5)
        self.assertEqual({answer.status for answer in answers}, {202})
        ids = [answer.json()["id"] for answer in answers]
        stored = self.all_events(vedette)
        self.assertEqual(sorted(stored), sorted(ids))
        self.assertEqual(len(set(ids)), len(ids))
        self.assertEqual(vedette.metric("vedette_events_total"), len(ids))
        self.assertLess(self.resident_bytes(vedette) - first, 48 << 20)
        self.assertEqual(vedette.stop(), 0)

    def resident_bytes(self, vedette):
        return int(re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{vedette.pid}/status").read_text()).group(1)) << 10

    def all_events(self, vedette):
        """The ids of all deliveries that are stored, page by page."""
        ids, after = [], ""
        while True:
            page = vedette.api(f"/api/v1/events?limit=1000{after}").json()
            ids += [event["id"] for event in page["items"] if not event["kind"].startswith("vedette.")]
            if "next" not in page:
                return ids
            after = f"&after={page['next']}"


if __name__ == "__main__":
    unittest.main()
