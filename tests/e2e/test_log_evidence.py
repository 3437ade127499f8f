"""Lines of log files as evidence: found around a signal after its commit, told in the task, the proposal and on every view."""
import time

from harness import CI_RULE, CONFIG, VedetteTest, wait_until, workflow_run

LOGS = """
  - log: [logs/runner.log]
    name: runner
    context: 1
    time: {zone: UTC}
  - stdin: true
    name: pipe
"""


CONFIG_WITH_LOGS = CONFIG.replace("\nactions:\n  rerun:", LOGS + "actions:\n  rerun:", 1)

# What the log itself says is the signal.
LOG_RULE = """
rules:
  - id: log-error
    on: log
    match: '/ERROR/'
    key: [watcher]
    when: {count: 2, within: 1h}
    title: "{{watcher}} has errors"
    diagnose: {evidence: [{log: runner}]}
"""


def rule_with(evidence, more=""):
    return CI_RULE.replace("        - changes: {within: 2h}\n", f"        - log: {evidence}\n", 1).replace("      evidence:\n", more + "      evidence:\n", 1)


def stamp(seconds=0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


class LogEvidence(VedetteTest):
    def watching(self, evidence, more="", lines=None, rule=None):
        vedette = self.vedette(start=False, config=CONFIG_WITH_LOGS, rules={"ci.yaml": rule or rule_with(evidence, more)})
        (vedette.directory / "logs").mkdir()
        if lines is not None:
            self.write_log(vedette, *lines)
        return vedette.start()

    def log_of(self, vedette, name="runner.log"):
        return vedette.directory / "logs" / name

    def write_log(self, vedette, *lines):
        with open(self.log_of(vedette), "ab") as log:
            for line in lines:
                log.write((line if isinstance(line, bytes) else line.encode()) + b"\n")

    def fails(self, vedette):
        self.assertEqual(vedette.send_github("workflow_run", workflow_run(run=1)).status, 202)

    def evidence(self, vedette):
        proposal = vedette.wait_for_proposal(state="open")
        task = vedette.api(f"/api/v1/tasks/{proposal['task']}").json()
        self.assertEqual(task["state"], "done")
        return proposal, next(piece for piece in task["evidence"] if piece["kind"] == "log")

    def test_the_lines_around_a_failure_are_evidence_and_the_first_match_is_a_fact(self):
        lines = [f"{stamp(-3600)} error of an hour ago", f"{stamp(-30)} checking out", f"{stamp(-20)} Error: disk full", f"{stamp(-10)} giving up", f"{stamp(-5)} bye"]
        vedette = self.watching("{watcher: runner, around: 5m, match: '/error|fatal/i', lines: 50}", lines=lines)
        self.fails(vedette)

        proposal, piece = self.evidence(vedette)
        heading, *shown = piece["text"].splitlines()
        self.assertRegex(heading, r"^1 line of runner around \d{4}-\d\d-\d\d \d\d:\d\d UTC, matching /error\|fatal/i:$")
        self.assertEqual(shown, lines[1:4])
        self.assertEqual((piece["id"], piece["source"], piece["state"], piece["truncated"]), ("e1", "runner", "held", False))
        self.assertEqual(piece["bytes"], len(piece["text"].encode()))
        fact = next(fact for fact in proposal["diagnosis"]["facts"] if "e1" in fact["evidence"])
        self.assertIn(f'; the first: "{lines[2]}"', fact["text"])
        told = vedette.cli("show", proposal["short"], check=0).stdout
        self.assertIn("e1 log, runner", told)
        self.assertIn(lines[2], told)

    def test_what_is_written_just_after_the_failure_is_read_too(self):
        vedette = self.watching("runner", lines=[f"{stamp(-2)} Traceback"])
        self.fails(vedette)
        vedette.wait_until_folded()
        self.write_log(vedette, "  at main", "Exception: no such table")

        _, piece = self.evidence(vedette)
        self.assertIn("  at main\nException: no such table", piece["text"])

    def test_a_signal_out_of_the_same_log_shows_its_own_lines_among_their_neighbours(self):
        vedette = self.watching("runner", lines=[f"{stamp(-30)} started"], rule=LOG_RULE)
        lines = [f"{stamp()} {word}" for word in ("step 1", "ERROR in 1", "step 2", "step 3", "step 4", "ERROR in 4", "bye")]
        self.write_log(vedette, *lines)

        _, piece = self.evidence(vedette)
        heading, *shown = piece["text"].splitlines()
        self.assertRegex(heading, r"^2 lines of runner .*, of this signal:$")
        self.assertEqual(shown, [*lines[:3], "--", *lines[4:]])

    def test_a_file_that_was_rotated_meanwhile_is_searched_and_named(self):
        vedette = self.watching("{watcher: runner, match: '/error/'}", lines=[f"{stamp(-20)} error before"])
        self.log_of(vedette).rename(self.log_of(vedette, "runner.log.1"))
        self.write_log(vedette, f"{stamp(-10)} error after")
        self.fails(vedette)

        _, piece = self.evidence(vedette)
        old, new = str(self.log_of(vedette, "runner.log.1")), str(self.log_of(vedette))
        self.assertLess(piece["text"].index(f"==> {old} <=="), piece["text"].index(f"==> {new} <=="))
        self.assertIn("error before", piece["text"])

    def test_i03_hostile_bytes_of_a_log_stay_text_wherever_they_are_shown(self):
        vedette = self.watching("runner", lines=[stamp(-1).encode() + b" \x1b]0;owned\x07\xff\xe2\x80\xae<script>alert(1)</script>"])
        self.fails(vedette)

        proposal, piece = self.evidence(vedette)
        self.assertIn("\x1b]0;owned\x07\ufffd\u202e<script>", piece["text"])
        told = vedette.cli("show", proposal["short"], check=0).stdout
        self.assertNotIn("\x1b]0", told)
        self.assertNotIn("\u202e", told)

    def test_what_cannot_be_read_is_missing_evidence_with_its_reason_and_no_reason_to_say_nothing(self):
        vedette = self.watching("runner")
        self.fails(vedette)

        proposal, piece = self.evidence(vedette)
        self.assertEqual(piece["state"], "failed")
        self.assertEqual(piece["error"], f"{self.log_of(vedette)}: there is no such file")
        self.assertTrue(any("The search in runner gave no evidence" in gap for gap in proposal["diagnosis"]["proof_gaps"]))

    def test_standard_input_cannot_be_searched_and_that_is_said(self):
        vedette = self.watching("pipe")
        self.fails(vedette)

        _, piece = self.evidence(vedette)
        self.assertEqual(piece["state"], "failed")
        self.assertIn("standard input cannot be searched", piece["error"])
        self.assertIn("`pipe` is standard input", vedette.cli("check", "-c", str(vedette.config_path), check=0).stderr)

    def test_a_short_deadline_still_leaves_time_to_read(self):
        vedette = self.watching("runner", more="      timeout: 2s\n", lines=[f"{stamp(-1)} error"])
        self.fails(vedette)

        _, piece = self.evidence(vedette)
        self.assertEqual(piece["state"], "held")

    def test_what_is_over_before_the_lines_were_read_is_withdrawn(self):
        vedette = self.watching("runner", lines=[f"{stamp(-1)} error"])
        self.fails(vedette)
        vedette.send_github("workflow_run", workflow_run("success", run=2))
        wait_until(lambda: [task for task in vedette.items("tasks") if task["state"] == "withdrawn"], "the task is withdrawn")
        wait_until(lambda: vedette.metric("vedette_outbox_depth", channel="evidence") == 0, "its search was answered")
        self.assertEqual(vedette.items("proposals"), [])

    def test_a_stop_while_lines_are_waited_for_is_quick_and_they_are_looked_for_after_the_next_start(self):
        vedette = self.watching("{watcher: runner, match: '/error/'}", lines=[f"{stamp(-1)} error"])
        self.fails(vedette)
        vedette.wait_until_folded()
        self.assertEqual(vedette.stop(), 0)
        vedette.start()

        _, piece = self.evidence(vedette)
        self.assertEqual(piece["state"], "held")
        self.assertIn(" error", piece["text"])

    def test_a_rule_that_names_no_watcher_is_refused_with_the_one_it_may_mean(self):
        vedette = self.watching("runner")
        vedette.write("rules.d/ci.yaml", rule_with("runer"))
        refused = vedette.cli("check", "-c", str(vedette.config_path))
        self.assertNotEqual(refused.returncode, 0)
        self.assertRegex(refused.stdout + refused.stderr, r"ci\.yaml:\d+:\d+: error: no log watcher `runer` .*did you mean `runner`\?")

    def test_a_test_of_rules_reads_no_file(self):
        vedette = self.watching("runner")
        vedette.write("rules.d/ci.yaml", rule_with("runner") + """
tests:
  - name: it is proposed without the lines
    with: {kind: ci.run, level: run, branch: main, repo: acme/shop, workflow: test, run: 7}
    events: [{at: 0m, state: failing}]
    expect: [{at: 0m, proposal: {plan: [rerun]}}]
""")
        vedette.cli("test", "-c", str(vedette.config_path), check=0)
