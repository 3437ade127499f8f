"""`vedette test`: what the tests of rule files can say, and how it is told when they fail."""
import json
import re
import textwrap
import unittest
import xml.etree.ElementTree as ElementTree

from harness import CONFIG, VedetteTest

RED = """\
rules:
  - id: red
    on: ci.run
    where: {branch: main}
    key: [repo]
    when: {count: 2, within: 1h}
    severity: high
    title: "{{repo}} is red"
    diagnose: {question: "Why is {{repo}} red?"}
    propose:
      plan: [{do: rerun, with: {run: "{{run}}"}, why: It is cheap.}]
      cooldown: 30m
      expires: 4h
    verify: {ok: 1h}
"""
TESTS_BEGIN_AT = RED.count("\n") + 1

ACTIONS = """  restart: {run: [/usr/bin/printf, "%s", "{{run}}"], params: {run: '/[0-9]+/'}, effect: external, check: [/bin/true], undo: stop}
  stop: {run: [/usr/bin/printf, "%s", "{{run}}"], params: {run: '/[0-9]+/'}, effect: external}
  well: {run: [/bin/true], effect: none}
"""

LOGS = """
  - {journal: {units: [nginx.service]}, name: nginx}
  - {log: [/var/log/app.log], name: app, format: json, service: shop}
  - {log: [/var/log/java.log], name: java, multiline: {first: '/^\\d{4}-/'}}
"""


class RuleTests(VedetteTest):
    def files(self, text, **others):
        vedette = self.vedette(start=False, actions=ACTIONS,
                               config=CONFIG.replace("\nactions:", LOGS.rstrip() + "\nactions:"), rules={"t.yaml": text})
        for name, other in others.items():
            vedette.write(f"rules.d/{name}.yaml", other)
        return vedette

    def ask(self, vedette, *arguments, check=None):
        return vedette.cli("test", "-c", "vedette.yaml", *arguments, token=None, check=check)

    def one(self, body, rules=RED):
        """A file of one test; `body` are its members but for the name."""
        return self.files(rules + "tests:\n  - name: x\n" + textwrap.indent(textwrap.dedent(body), "    "))

    def passes(self, body, rules=RED):
        done = self.ask(self.one(body, rules), "rules.d/t.yaml")
        self.assertEqual(done.stdout, "1 passed, 0 failed\n", done.stderr)
        self.assertEqual(done.returncode, 0)

    def fails(self, body, rules=RED):
        """What is told of it, without its name and the sum."""
        done = self.ask(self.one(body, rules), "rules.d/t.yaml", check=1)
        lines = done.stdout.splitlines(keepends=True)
        self.assertRegex(lines[0], r"^FAILED rules\.d/t\.yaml:\d+:5: x\n$")
        self.assertEqual(lines[-1], "0 passed, 1 failed\n")
        return "".join(lines[1:-1])

    # --- what may happen in a test ---

    def test_a_decision_names_its_proposal_by_rule_and_key_where_there_are_several(self):
        self.passes("""
            with: {kind: ci.run, branch: main, run: 7}
            events:
              - {at: 0m, state: failing, repo: a}
              - {at: 1m, state: failing, repo: a}
              - {at: 2m, state: failing, repo: b}
              - {at: 3m, state: failing, repo: b}
              - {at: 4m, decide: reject, by: jane, reason: known, note: seen, rule: red, key: [a]}
            expect:
              - {at: 4m, rule: red, proposal: {key: [a], state: rejected}}
              - {proposals: 2}
              - {signals: 2, rule: red}
            """)

    def test_people_acknowledge_snooze_edit_take_back_undo_and_settle(self):
        red = RED.replace("do: rerun", "do: restart")
        begin = """
            with: {kind: ci.run, branch: main, repo: a, run: 7}
            events:
              - {at: 0m, state: failing}
              - {state: failing}
        """
        for steps, expected in (
                (["{at: 2m, decide: ack, by: jane}"], "{at: 2m, proposal: {state: open}}"),
                (["{at: 2m, decide: snooze, by: jane, for: 5h}", "{at: 3m, decide: ack, by: jane}"], "{at: 0m, proposal: {expires: 4h}}"),
                (["{at: 2m, decide: edit, by: jane, step: 1, with: {run: 8}}"],
                 "{at: 2m, proposal: {revision: 2, plan: [{do: restart, with: {run: 8}}]}}"),
                (["{at: 2m, decide: approve, by: jane}", "{at: 3m, step: ok}", "{at: 4m, state: ok}", "{at: 5m, decide: undo, by: jane}",
                  "{at: 6m, step: ok}"], "{at: 6m, proposal: {state: undone}}"),
                (["{at: 2m, decide: approve, by: jane}", "{at: 3m, step: unknown}", "{at: 4m, decide: settle, by: jane, settle: not_ran}"],
                 "{at: 4m, proposal: {state: failed}}"),
                (["{at: 2m, check: failed}", "{decide: approve, by: jane}"], "{at: 2m, proposal: {state: stale}}"),
                (["{at: 2m, decide: approve, by: jane}", "{at: 3m, step: failed}"], "{at: 3m, proposal: {state: failed}}")):
            with self.subTest(expected=expected):
                events = "".join(f"              - {step}\n" for step in steps)
                self.passes(begin.rstrip() + "\n" + events + "            expect:\n              - " + expected + "\n", red)

    def test_an_approval_from_the_page_is_held_and_can_be_taken_back(self):
        self.passes("""
            with: {kind: ci.run, branch: main, repo: a, run: 7}
            events:
              - {at: 0m, state: failing}
              - {at: 0m, state: failing}
              - {at: 1m, decide: approve, by: jane, via: page}
              - {decide: take_back, by: jane, via: page}
            expect: [{at: 1m, proposal: {state: open, revision: 2}}]
            """)

    def test_what_verifies_by_an_action_is_as_the_test_says(self):
        rules = RED.replace("verify: {ok: 1h}", "verify: {check: well}")
        for outcome, state in (("ok", "verified"), ("failed", "inconclusive")):
            with self.subTest(outcome=outcome):
                done = self.ask(self.one(f"""
                    with: {{kind: ci.run, branch: main, repo: a, run: 7}}
                    events:
                      - {{at: 0m, state: failing}}
                      - {{at: 0m, state: failing}}
                      - {{at: 1m, check: {outcome}}}
                      - {{at: 1m, decide: approve, by: jane}}
                      - {{at: 2m, step: ok}}
                    expect: [{{at: 2m, proposal: {{state: {state}}}}}]
                    """, rules), "rules.d/t.yaml")
                self.assertEqual(done.stdout.splitlines()[-1], "1 passed, 0 failed", done.stdout)

    def test_only_those_whom_the_rule_lets_decide_do_where_the_configuration_knows_them(self):
        rules = RED.replace("plan:", "approvers: {from: [oncall], not: [actor]}\n      plan:")
        body = """
            with: {kind: ci.run, branch: main, repo: a, run: 7, actor: %s}
            events:
              - {at: 0m, state: failing}
              - {state: failing}
              - {at: 1m, decide: reject, by: %s, reason: known}
            expect: [{at: 1m, proposal: {state: rejected}}]
            """
        for actor, by in (("sue", "john"), ("sue", "whoever-is-on-call-elsewhere")):
            self.passes(body % (actor, by), rules)
        for actor, by, why in (("john", "john", "the rule does not let the one who caused it decide"), ("sue", "sue", "the rule does not let the one who caused it decide"),
                               ("sue", "visitor", "you are not among the approvers of this proposal")):
            with self.subTest(by=by):
                self.assertIn(f"the decision was not taken: {why}\n", self.fails(body % (actor, by), rules))

    def test_a_signal_that_nothing_clears_is_resolved_by_hand(self):
        rules = "rules:\n  - {id: leak, on: advisory, key: [repo], clear: never, mode: observe}\n"
        self.passes("""
            events: [{at: 0m, kind: advisory, repo: a/b}, {at: 1h, resolve: leak, key: [a/b], by: jane}]
            expect:
              - {at: 0m, rule: leak, state: firing}
              - {at: 1h, rule: leak, state: resolved}
            """, rules)
        self.assertIn("rules.d/t.yaml:5:51: there is no such signal to resolve\n", self.fails(
            "events: [{at: 0m, kind: advisory, repo: a/b}, {at: 1h, resolve: leak, key: [a/c], by: jane}]\nexpect: [{at: 0m, rule: leak, state: firing}]\n", rules))

    def test_what_expected_keys_do_not_send_is_missed_and_while_their_watcher_is_silent_nothing_is(self):
        rules = textwrap.dedent("""\
            rules:
              - id: backup-missing
                on: log
                where: {watcher: app}
                match: '/backup done/'
                key: [watcher]
                when: {absent: 24h, grace: 1h, expect: [[app]]}
            """)
        self.passes("events: []\nuntil: 26h\nexpect: [{at: 25h, rule: backup-missing, key: [app], state: firing}]\n", rules)
        self.passes("""
            events: [{at: 0m, log: app, line: '{"msg": "backup done"}'}]
            until: 26h
            expect: [{at: 25h, rule: backup-missing, key: [app], state: firing}]
            """, rules)
        self.passes("""
            events:
              - {at: 1h, log: app, line: backup done}
              - {at: 2h, notice: silent, watcher: app}
            until: 40h
            expect: [{at: 26h, rule: backup-missing, key: [watcher app], state: firing}]
            """, rules)

    def test_a_rule_about_watchers_hears_what_is_told_of_them(self):
        self.passes("""
            events: [{at: 0m, notice: broken, watcher: app}, {at: 5m, notice: back, watcher: app}]
            expect:
              - {at: 0m, rule: watcher, key: [app], state: firing}
              - {at: 5m, rule: watcher, key: [app], state: resolved}
            """, "rules:\n  - {id: watcher, on: vedette.watcher, where: {state: failing}, key: [watcher], clear: {where: {state: ok}}}\n")

    def test_rules_about_signals_hear_the_rules_of_all_files(self):
        about = textwrap.dedent("""\
            rules:
              - {id: noisy, on: vedette.signal, where: {state: failing}, key: [rule], when: {count: 2, within: 1h}, mode: observe}
            tests:
              - name: two signals of one rule within the hour
                with: {kind: alert, state: failing}
                events: [{at: 0m, subject: a}, {at: 1m, subject: b}]
                expect: [{at: 1m, rule: noisy, key: [any-alert], state: firing}]
            """)
        done = self.ask(self.files(about, other="rules:\n  - {id: any-alert, on: alert, mode: observe}\n"), "rules.d")
        self.assertEqual(done.stdout, "rules.d/other.yaml: no tests\n1 passed, 0 failed\n")

    def test_a_line_is_read_as_its_watcher_reads_it(self):
        rules = "rules:\n  - {id: oom, on: log, match: '/killed process (?<pid>\\d+)/i', key: [service, data.host], severity: critical}\n"
        self.passes("""
            events: [{at: 3m, log: app, line: '{"time": "2020-05-05T00:00:00Z", "host": "web-1", "msg": "Killed process 77"}'}]
            expect:
              - {at: 3m, rule: oom, key: [shop, web-1], state: firing, severity: critical, fields: {pid: 77}}
            """, rules)

    def test_a_file_of_lines_is_cut_as_its_watcher_cuts_it(self):
        rules = "rules:\n  - {id: trace, on: log, match: '/Exception(?s).*at Shop/', key: [watcher], when: {count: 2, within: 1h}}\n"
        vedette = self.one("""
            events: [{at: 0m, log: java, file: traces.log}]
            expect: [{at: 0m, rule: trace, key: [java], state: firing, count: 2}]
            """, rules)
        vedette.write("rules.d/traces.log", "2026-01-01 Exception\n\tat Shop.pay\n2026-01-01 fine\n2026-01-01 Exception\n\tat Shop.buy\n")
        self.assertEqual(self.ask(vedette, "rules.d/t.yaml").stdout, "1 passed, 0 failed\n")

    def test_a_line_of_a_journal_is_its_message_or_what_journalctl_exports(self):
        self.passes("""
            events:
              - {at: 0m, log: nginx, line: '{"MESSAGE": "upstream timed out", "_HOSTNAME": "web-1", "__REALTIME_TIMESTAMP": "1588636800000000"}'}
              - {at: 61m, log: nginx, line: upstream timed out}
              - {at: 62m, log: nginx, line: upstream timed out}
            expect: [{at: 62m, rule: slow, key: [nginx], state: firing, count: 2}]
            """, "rules:\n  - {id: slow, on: log, match: '/upstream/', key: [watcher], when: {count: 2, within: 1h}}\n")

    def test_a_log_that_no_configuration_knows_is_text(self):
        self.passes("""
            events: [{at: 0m, log: kern, line: Out of memory}]
            expect: [{at: 0m, rule: oom, key: [kern], state: firing}]
            """, "rules:\n  - {id: oom, on: log, match: '/Out of memory/', key: [watcher]}\n")

    def test_a_delivery_happens_when_the_test_says_whatever_times_it_carries(self):
        rules = "rules:\n  - {id: failed, on: deploy, key: [service], when: {count: 2, within: 1h}}\n"
        vedette = self.one("""
            events:
              - {at: 0m, hook: deploys, file: failed.json}
              - {at: 61m, hook: deploys, file: failed.json}
              - {at: 62m, hook: deploys, file: failed.json}
            expect: [{at: 62m, rule: failed, key: [shop], state: firing, count: 2}]
            """, rules)
        vedette.write("rules.d/failed.json", json.dumps({"app": {"name": "shop"}, "status": "error", "at": "2020-05-05T00:00:00Z"}))
        self.assertEqual(self.ask(vedette, "rules.d/t.yaml").stdout, "1 passed, 0 failed\n")

    def test_a_delivery_needs_no_watcher_of_its_sender(self):
        vedette = self.one("""
            events: [{at: 0m, hook: circleci, headers: {Circleci-Event-Type: workflow-completed}, file: failed.json}]
            expect: [{at: 0m, rule: any, state: firing}]
            """, "rules:\n  - {id: any, on: 'circleci.*', key: [watcher]}\n")
        vedette.write("rules.d/failed.json", json.dumps({"type": "workflow-completed", "id": "1", "happened_at": "2026-01-01T00:00:00Z",
                                                         "workflow": {"name": "test", "status": "failed"}, "project": {"slug": "gh/acme/shop"}}))
        self.assertEqual(self.ask(vedette, "rules.d/t.yaml").stdout, "1 passed, 0 failed\n")

    def test_a_delivery_goes_through_the_mapping_of_its_watcher(self):
        self.passes("""
            events: [{at: 0m, hook: deploys, body: {app: {name: shop}, status: error, env: prod}}]
            expect: [{at: 0m, rule: failed, key: [shop, prod], state: firing}]
            """, "rules:\n  - {id: failed, on: deploy, key: [service, environment]}\n")

    def test_a_delivery_that_its_door_refuses_or_no_rule_can_go_by_fails_the_test(self):
        self.assertIn("rules.d/t.yaml:17:14: the door refuses this delivery: ", self.fails(
            "events: [{at: 0m, hook: github, headers: {X-GitHub-Event: push}, body: '{'}]\nexpect: [{proposals: 0}]\n"))
        self.assertIn("rules.d/t.yaml:17:14: no rule can go by this delivery: ", self.fails(
            "events: [{at: 0m, hook: github, headers: {X-GitHub-Event: workfow_run}, body: {}}]\nexpect: [{proposals: 0}]\n"))

    def test_an_event_may_come_later_than_it_happened(self):
        self.passes("""
            with: {kind: ci.run, branch: main, repo: a, state: failing}
            events: [{at: 0m}, {at: 3m, time: 1m}, {at: 70m}, {at: 71m, time: 2m}]
            expect: [{at: 3m, rule: red, state: firing}]
            """)

    def test_a_test_begins_when_it_says(self):
        rules = ("rules:\n  - {id: office, on: deploy, key: [repo], state: x}\n".replace(", state: x", "") .rstrip("\n")[:-1] +
                 ",\n     propose: {plan: [{do: rerun, with: {run: '1'}}]},\n"
                 "     active: {days: mon-fri, from: '08:00', to: '18:00', tz: Europe/Berlin}}\n")
        for begin, opens in (("2026-03-27T06:59:00Z", "1m"), ("2026-03-30T05:59:00Z", "1m")):  # before and after the clocks go forward
            with self.subTest(begin=begin):
                self.passes(f"""
                    begin: {begin}
                    events: [{{at: 0m, kind: deploy, repo: a, state: failing}}]
                    until: 2h
                    expect: [{{at: {opens}, rule: office, proposal: {{state: open}}}}]
                    """, rules)

    # --- what is expected ---

    STORY = """
        with: {kind: ci.run, branch: main, repo: a/b, run: 7}
        events:
          - {at: 0m, state: failing}
          - {at: 20m, state: failing}
          - {at: 50m, state: ok}
        expect:
    """

    def told(self, *expectations):
        return self.fails(self.STORY.rstrip() + "\n" + "".join(f"          - {one}\n" for one in expectations))

    FIRES = "{at: 20m, rule: red, key: [a/b], state: firing, count: 2}"
    ENDS = "{at: 50m, rule: red, state: resolved}"
    CAME = textwrap.indent(textwrap.dedent("""\
        what came:
          {at: 0m, rule: red, key: [a/b], state: pending, count: 1}  # line 20
          {at: 20m, rule: red, key: [a/b], state: firing, count: 2}  # line 21
          {at: 20m, rule: red, proposal: {title: a/b is red, state: open}}  # line 21
          {at: 50m, rule: red, key: [a/b], state: resolved, count: 2}  # line 22
          {at: 50m, rule: red, proposal: {title: a/b is red, state: withdrawn}}  # line 22
        """), "  ")

    def test_everything_that_can_be_said_of_a_proposal_and_its_signal(self):
        self.passes(self.STORY.rstrip() + """
          - {at: 0m, rule: red, state: pending, count: 1}
          - {at: 20m, rule: red, key: a/b, state: firing, count: 2, title: a/b is red, severity: high, fields: {repo: a/b}}
          - {at: 20m, rule: red, proposal: {title: a/b is red, plan: [rerun], severity: high, question: "Why is a/b red?", key: [a/b], signals: 1, revision: 1, expires: 4h}}
          - {proposal: {plan: [{do: rerun, with: {run: 7}, why: It is cheap.}], state: withdrawn}}
          - {at: 50m, rule: red, state: resolved}
          - {proposals: 1}
          - {proposals: 1, rule: red}
          - {signals: 1}
        """)

    def test_what_is_off_by_a_member_is_shown_beside_what_came_and_names_the_member(self):
        self.assertEqual(self.told("{at: 21m, rule: red, key: [a/b], state: firing, count: 3}", self.ENDS), textwrap.indent(textwrap.dedent("""\
            rules.d/t.yaml:24:9: what is expected did not come
              expected  {at: 21m, rule: red, key: [a/b], state: firing, count: 3}
              got       {at: 20m, rule: red, key: [a/b], state: firing, count: 2}
              differs   at: 21m expected, 20m came; count: 3 expected, 2 came
            """), "  ") + self.CAME)

    def test_what_is_missing_does_not_put_the_rest_out_of_step(self):
        told = self.told("{at: 10m, rule: red, state: firing}", "{at: 15m, rule: red, state: resolved}", self.FIRES, self.ENDS)
        self.assertEqual(told.count("what is expected did not come"), 2)
        self.assertIn("    expected  {at: 10m, rule: red, state: firing}\n    got       {at: 0m, rule: red, key: [a/b], state: pending, count: 1}\n", told)
        self.assertIn("    expected  {at: 15m, rule: red, state: resolved}\n    got       nothing\n", told)

    def test_the_right_ones_in_the_wrong_order_fail(self):
        self.assertIn("differs   its place in the order", self.told(self.ENDS, self.FIRES))

    def test_what_nobody_expects_of_a_rule_that_is_named_fails(self):
        self.assertEqual(self.told(self.FIRES), textwrap.indent(textwrap.dedent("""\
            rules.d/t.yaml:24:7: this came and is not expected
              got       {at: 50m, rule: red, key: [a/b], state: resolved, count: 2}
            """), "  ") + self.CAME)

    def test_a_plan_a_question_and_numbers_that_differ_are_told(self):
        for expectation, difference in (
                ("{proposal: {plan: [restart]}}", "differs   plan: [restart] expected, [{do: rerun, with: {run: \"7\"}}] came"),
                ("{proposal: {plan: [{do: rerun, with: {run: 8}}]}}", "differs   plan: [{do: rerun, with: {run: 8}}] expected, "),
                ("{proposal: {question: Why?}}", "differs   question: Why? expected, Why is a/b red? came"),
                ("{at: 50m, proposal: {title: a/b is red}}", "differs   at: 50m expected, 20m came"),
                ("{proposal: {state: verified}}", "differs   state: verified expected, "),
                ("{proposal: {key: [a/c]}}", "differs   key: [a/c] expected, [a/b] came"),
                ("{proposal: {expires: 1h}}", "differs   expires: 1h expected, 4h came"),
                ("{proposal: {severity: low}}", "differs   severity: low expected, high came"),
                ("{proposals: 2}", "expected  {proposals: 2}\n    got       {proposals: 1}"),
                ("{signals: 0, rule: red}", "expected  {signals: 0, rule: red}\n    got       {signals: 1}")):
            with self.subTest(expectation=expectation):
                told = self.told(expectation)
                # A value is shown as it would be written.
                self.assertIn(difference.replace("\"7\"", "7"), told)

    def test_a_proposal_without_a_state_is_one_that_is_made(self):
        told = self.told("{proposal: {title: a/b is red}}", "{proposal: {title: a/b is red}}")
        self.assertEqual(told.count("what is expected did not come"), 1)
        self.assertIn("differs   that is no opening: `state` or `revision` would name it", told)

    def test_why_nothing_fired_is_told_event_by_event_and_how_far_it_is(self):
        told = self.fails("""
            with: {kind: ci.run, repo: a/b}
            events:
              - {at: 0m, state: failing, branch: dev}
              - {at: 1m, state: failing, branch: main}
              - {at: 2m, kind: deploy, state: failing}
            expect: [{at: 2m, rule: red, state: firing}]
            """)
        self.assertIn(textwrap.indent(textwrap.dedent("""\
            why not more:
              line 20 does not match red: where.branch wants main, saw dev
              line 22 does not match red: on wants ci.run, saw deploy
              red [a/b] is pending in the end: 1 of 2 within 1h
            """), "  "), told)

    def test_why_a_rule_about_signals_did_not_fire_is_told_once_for_many_alike(self):
        rules = ("rules:\n  - {id: noisy, on: vedette.signal, where: {rule: other}, key: [rule], mode: observe}\n"
                 "  - {id: any-alert, on: alert, mode: observe}\n  - {id: other, on: push, mode: observe}\n")
        told = self.fails("""
            with: {kind: alert, state: failing}
            events: [{at: 0m, subject: a}, {at: 1m, subject: b}]
            expect: [{rule: noisy, state: firing}]
            """, rules)
        self.assertTrue(told.endswith("  why not more:\n    line 9 does not match noisy: on wants vedette.signal, saw alert\n"
                                      "    line 9 does not match noisy: where.rule wants other, saw any-alert\n"), told)

    def test_coverage_sees_what_rules_hear_of_each_other(self):
        rules = "rules:\n  - {id: noisy, on: vedette.signal, where: {rule: any-alert}, key: [rule], clear: never, mode: observe}\n  - {id: any-alert, on: alert, mode: observe}\n"
        tests = "tests:\n  - name: x\n    events: [{at: 0m, kind: alert, subject: a, state: failing}]\n    expect: [{signals: 2}]\n"
        done = self.ask(self.files(rules + tests), "rules.d/t.yaml", "--coverage")
        self.assertNotIn("where.rule was never seen to hold", done.stdout)

    def test_what_holds_a_signal_back_is_told(self):
        rules = RED + "    unless: [down]\n    same: [repo]\n  - {id: down, on: alert, key: [repo], mode: observe}\n"
        told = self.fails("""
            with: {repo: a/b, branch: main, state: failing}
            events: [{at: 0m, kind: alert}, {at: 1m, kind: ci.run}, {at: 2m, kind: ci.run}]
            expect: [{proposals: 1}]
            """, rules)
        self.assertRegex(told, r"\{at: 2m, rule: red, key: \[a/b\], state: firing, count: 2\}  # line 22, held back: inhibited")

    # --- whose rules these are ---

    def test_a_test_says_the_same_whatever_files_lie_beside_its_own(self):
        others = "rules:\n  - {id: nosy, on: '*', key: [kind], propose: {plan: [{do: rerun, with: {run: '1'}}]}}\n"
        text = RED + "tests:\n  - name: x\n    with: {kind: ci.run, branch: dev, state: failing}\n    events: [{at: 0m, repo: a}]\n    expect: [{proposals: 0}]\n"
        done = self.ask(self.files(text, other=others), "rules.d")
        self.assertEqual(done.stdout.splitlines()[-1], "1 passed, 0 failed", done.stdout)
        named = text.replace("expect: [{proposals: 0}]", "expect: [{proposals: 1}, {at: 0m, rule: nosy, state: firing}]")
        done = self.ask(self.files(named, other=others), "rules.d")
        self.assertEqual(done.stdout.splitlines()[-1], "1 passed, 0 failed", done.stdout)

    def test_the_rules_that_hold_it_back_and_share_its_group_are_there_from_other_files(self):
        held = RED + ("    unless: [down]\n    same: [repo]\ntests:\n  - name: x\n    with: {repo: a, branch: main, state: failing}\n"
                      "    events: [{at: 0m, kind: alert}, {at: 1m, kind: ci.run}, {kind: ci.run}]\n    expect: [{proposals: 0}, {signals: 1}]\n")
        done = self.ask(self.files(held, other="rules:\n  - {id: down, on: alert, key: [repo], mode: observe}\n"), "rules.d")
        self.assertEqual(done.stdout.splitlines()[-1], "1 passed, 0 failed", done.stdout)

    # --- mistakes in a test ---

    def test_every_mistake_of_a_test_is_named_at_its_place_with_what_is_valid(self):
        event, expect = "{at: 0m, kind: ci.run}", "{proposals: 0}"
        for wrong_event, wrong_expect, message in (
                ("{brnch: main}", None, "17:15: no event has a field `brnch`: fields stand bare as rules name them, what else a payload holds stands under `data`; did you mean `branch`?"),
                ("{branch: [main]}", None, "17:23: `branch` is text, not a list"),
                ("{state: fialing}", None, "17:22: `state` of an event is never `fialing`, but one of failing ok info; did you mean `failing`?"),
                ("{severity: hihg}", None, "17:25: `severity` of an event is never `hihg`, but one of low medium high critical; did you mean `high`?"),
                ("{time: soon}", None, "17:21: `time` is when it happened"),
                ("{kind: vedette.signal}", None, "17:21: that a rule fired follows from what it saw"),
                ("{at: soon}", None, "17:19: `at` is the time since the test began"),
                ("5m", None, "17:14: an event is a map"),
                ("{decide: aprove, by: jane}", None, "17:23: `decide` must be one of (did you mean `approve`?)"),
                ("{decide: approve}", None, "`by` is missing here"),
                ("{decide: approve, by: jane, via: phone}", None, "`via` must be one of page socket token slack, not `phone`"),
                ("{decide: approve, by: jane, rule: rd}", None, "there is no rule `rd`; did you mean `red`?"),
                ("{decide: edit, by: jane, with: 7}", None, "`with` is a map of the parameters that change"),
                ("{step: okay}", None, "`step` must be one of"),
                ("{check: unknown}", None, "`check` must be one of"),
                ("{notice: dead, watcher: app}", None, "`notice` must be one of"),
                ("{resolve: rd, key: [a], by: jane}", None, "there is no rule `rd`; did you mean `red`?"),
                ("{hook: gihtub, body: {}}", None, "there is no webhook `gihtub`"),
                ("{hook: github}", None, "a delivery has either a `file` beside this one, or its `body`"),
                ("{hook: github, file: nowhere.json}", None, "17:35: cannot read `nowhere.json`"),
                ("{log: app}", None, "a log says either one `line`, or all that stand in a `file`"),
                ("{log: app, lien: x}", None, "unknown member `lien`; did you mean `line`?"),
                (None, "{rul: red}", "18:15: unknown member `rul`; did you mean `rule`?"),
                (None, "{rule: rd, state: firing}", "there is no rule `rd`; did you mean `red`?"),
                (None, "{at: 1m, state: firing}", "`rule` is missing"),
                (None, "{rule: red, state: fired}", "`state` must be one of"),
                (None, "{rule: red, state: firing, severity: hihg}", "`severity` must be one of (did you mean `high`?)"),
                (None, "{proposal: {titel: x}}", "unknown member `titel`; did you mean `title`?"),
                (None, "{proposal: open}", "`proposal` is a map"),
                (None, "{count: 2, proposal: {state: open}}", "of a proposal, `count` stands inside `proposal: {…}`"),
                (None, "{proposal: {plan: [{dO: x}]}}", "unknown member `dO`; did you mean `do`?"),
                (None, "{proposals: 1, signals: 1}", "one of `proposal`, `proposals` and `signals`"),
                (None, "{at: 1m, proposals: 1}", "a number is that of the whole test"),
                (None, "{state: firing, proposals: 1}", "`state` says nothing about a number"),
                (None, "1", "an expectation is a map")):
            with self.subTest(event=wrong_event, expect=wrong_expect):
                told = self.fails(f"events: [{wrong_event or event}]\nexpect: [{wrong_expect or expect}]\n")
                self.assertIn(message, told)
                self.assertRegex(told, r"^  rules\.d/t\.yaml:\d+:\d+: ")

    def test_a_test_that_says_nothing_or_lies_in_the_wrong_order_is_refused(self):
        for body, message in (
                ("events: []\nexpect: []\n", "`expect` is empty: nothing could fail"),
                ("events: []\n", "`expect` is missing here"),
                ("evnts: []\nevents: []\nexpect: [{proposals: 0}]\n", "unknown member `evnts`; did you mean `events`?"),
                ("events: {}\nexpect: [{proposals: 0}]\n", "`events` is a list, not a map"),
                ("with: [a]\nevents: []\nexpect: [{proposals: 0}]\n", "`with` is a map of fields"),
                ("with: {at: 5m}\nevents: []\nexpect: [{proposals: 0}]\n", "each event has its own `at`"),
                ("with: {repos: a}\nevents: []\nexpect: [{proposals: 0}]\n", "did you mean `repo`?"),
                ("begin: monday\nevents: []\nexpect: [{proposals: 0}]\n", "`begin` is a time as 2026-03-29T00:30:00Z, not `monday`"),
                ("events: [{at: 5m, kind: push}, {at: 4m, kind: push}]\nexpect: [{proposals: 0}]\n", "events stand in the order of their time"),
                ("events: [{at: 5m, kind: push}]\nuntil: 4m\nexpect: [{proposals: 0}]\n", "`until` lies before the last event")):
            with self.subTest(body=body):
                self.assertIn(message, self.fails(body))

    def test_an_event_that_cannot_be_read_fails_its_test_and_no_other(self):
        text = RED + ("tests:\n  - name: x\n    events: [{at: 1m, kind: push, offset: nowhere}]\n    expect: [{proposals: 0}]\n"
                      "  - {name: y, events: [], expect: [{proposals: 0}]}\n")
        done = self.ask(self.files(text), "rules.d/t.yaml", check=1)
        self.assertIn("  rules.d/t.yaml:17:14: this cannot be read: ", done.stdout)
        self.assertEqual(done.stdout.splitlines()[-1], "1 passed, 1 failed")

    def test_more_than_a_test_can_hold_is_said_and_not_cut(self):
        rules = "rules:\n  - {id: flood, on: log, match: '/x/', key: [data.n], mode: observe}\n"
        vedette = self.one("events: [{at: 0m, log: app, file: one.log}, {log: app, file: two.log}]\nexpect: [{proposals: 0}]\n", rules)
        lines = ['{"msg": "x", "n": %d}\n' % n for n in range(10001)]
        for first, second, message in (
                (lines[:5000], lines[5000:10000], None),
                (lines[:5000], lines[5000:10001], "4:5: more than 10000 changes in one test: it cannot be said what came"),
                (lines, [], "5:39: more than 10000 lines: take those that the rule is about")):
            with self.subTest(message=message):
                vedette.write("rules.d/one.log", "".join(first))
                vedette.write("rules.d/two.log", "".join(second))
                done = self.ask(vedette, "rules.d/t.yaml")
                self.assertEqual(done.stdout.splitlines()[-1], "0 passed, 1 failed" if message else "1 passed, 0 failed")
                self.assertIn(message or "", done.stdout)

    def test_all_mistakes_of_a_test_are_told_at_once(self):
        told = self.fails("events: [{brnch: a}, {at: 1m, step: okay}]\nexpect: [{rul: red}, {proposal: {titel: x}}]\nuntl: 5m\n")
        for word in ("brnch", "okay", "rul", "titel", "untl"):
            self.assertIn(word, told)

    def test_an_event_without_at_comes_with_the_one_before(self):
        self.passes("with: {kind: ci.run, branch: main, repo: a, state: failing}\nevents: [{at: 5m}, {}]\nexpect: [{at: 5m, rule: red, state: firing}]\n")

    # --- picking, and what is read by programs ---

    TWO = RED + """tests:
  - name: Two failures fire
    with: {kind: ci.run, branch: main, repo: a, state: failing}
    events: [{at: 0m}, {at: 1m}]
    expect: [{at: 1m, rule: red, state: firing}]
  - name: "<one> is & \\"not\\" enough"
    with: {kind: ci.run, branch: main, repo: a, state: failing}
    events: [{at: 0m}]
    expect: [{signals: 1}]
"""

    def test_a_filter_picks_by_name_file_and_rule(self):
        vedette = self.files(self.TWO, other="rules:\n  - {id: any-alert, on: alert}\ntests:\n  - {name: nothing, events: [], expect: [{proposals: 0, rule: any-alert}]}\n")
        for text, n_passed, n_failed in (("two FAIL", 1, 0), ("/^Two/", 1, 0), ("/^two/i", 1, 0), ("t.yaml", 1, 1), ("any-al", 1, 0), ("/^red$/", 1, 0), ("n", 1, 1)):
            with self.subTest(filter=text):
                done = self.ask(vedette, "rules.d", "--filter", text)
                self.assertEqual(done.stdout.splitlines()[-1], f"{n_passed} passed, {n_failed} failed")
                self.assertEqual(done.returncode, 1 if n_failed else 0)

    def test_a_filter_that_picks_nothing_is_wrong_usage_and_no_success(self):
        for text, message in (("nowhere", "--filter nowhere: no test, file or rule that a test names holds it"), ("/(/", "--filter /(/: bad pattern: missing closing parenthesis")):
            done = self.ask(self.files(self.TWO), "--filter", text, check=2)
            self.assertEqual(done.stdout, "")
            self.assertIn(message, done.stderr)

    def test_each_test_is_an_object_a_line_with_its_failures(self):
        rows = [json.loads(line) for line in self.ask(self.files(self.TWO), "rules.d/t.yaml", "--json", check=1).stdout.splitlines()]
        self.assertEqual(rows[-1], {"passed": 1, "failed": 1})
        for row in rows[:-1]:
            self.assertGreater(row.pop("seconds"), 0)
        self.assertEqual(rows[0], {"file": "rules.d/t.yaml", "line": TESTS_BEGIN_AT + 1, "column": 5, "name": "Two failures fire", "passed": True})
        failure = rows[1].pop("failure")
        self.assertIn("expected  {signals: 1}\n    got       {signals: 0}\n", failure)
        self.assertEqual(rows[1], {"file": "rules.d/t.yaml", "line": TESTS_BEGIN_AT + 5, "column": 5, "name": "<one> is & \"not\" enough", "passed": False,
                                   "failures": [{"line": TESTS_BEGIN_AT + 8, "column": 14, "expected": "{signals: 1}", "got": "{signals: 0}"}]})

    def test_junit_xml_holds_every_test_of_each_file(self):
        vedette = self.files(self.TWO, other="rules:\n  - {id: any-alert, on: alert}\ntests:\n  - {name: nothing, events: [], expect: [{proposals: 0}]}\n")
        done = self.ask(vedette, "rules.d", "--junit", "report.xml", check=1)
        self.assertEqual(done.stdout.splitlines()[-1], "2 passed, 1 failed")
        report = ElementTree.parse(vedette.directory / "report.xml").getroot()
        self.assertEqual((report.tag, report.get("tests"), report.get("failures"), report.get("errors")), ("testsuites", "3", "1", "0"))
        self.assertEqual([(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in report],
                         [("rules.d/other.yaml", "1", "0"), ("rules.d/t.yaml", "2", "1")])
        cases = list(report[1])
        self.assertEqual([case.get("name") for case in cases], ["Two failures fire", "<one> is & \"not\" enough"])
        self.assertEqual((cases[0].get("classname"), cases[0].get("file"), cases[0].get("line")), ("rules.d/t.yaml", "rules.d/t.yaml", str(TESTS_BEGIN_AT + 1)))
        self.assertEqual(len(cases[0]), 0)
        self.assertIn("expected  {signals: 1}", cases[1].find("failure").text)
        self.assertRegex(cases[1].get("time"), r"^\d+\.\d{6}$")

    def test_junit_on_standard_output_stands_alone_there(self):
        vedette = self.files(self.TWO)
        report = ElementTree.fromstring(self.ask(vedette, "rules.d/t.yaml", "--junit", "-", check=1).stdout.encode())
        self.assertEqual(report.get("tests"), "2")
        self.assertIn("cannot both be on standard output", self.ask(vedette, "--junit", "-", "--json", check=2).stderr)
        self.assertIn("cannot write /nowhere/x.xml: ", self.ask(vedette, "--junit", "/nowhere/x.xml", check=1).stderr)

    # --- coverage ---

    COVERED = """\
rules:
  - id: red
    on: ci.run
    where:
      branch: main
      workflow: [test, '/^lint/']
      any: [{level: run}, {level: job}]
      none: [{actor: bot}]
    key: [repo]
    mode: observe
  - id: lines
    on: log
    match: ['/one/', '/two/']
    ignore: '/noise/'
    mode: observe
  - id: chain
    on: push
    when: {sequence: [{where: {branch: a}}, {where: {branch: b}}], within: 5m}
    key: [repo]
    mode: observe
  - {id: never, on: alert, mode: observe}
tests:
  - name: x
    events:
      - {at: 0m, kind: ci.run, state: failing, branch: main, workflow: test, level: run, repo: a}
      - {at: 1m, log: app, line: one}
      - {at: 2m, kind: push, branch: a, repo: a}
      - {at: 3m, kind: push, branch: b, repo: a}
    expect: [{signals: 3}]
"""
    SEEN = """  - name: the rest
    events:
      - {at: 0m, kind: ci.run, state: failing, branch: dev, workflow: x, repo: a}
      - {at: 1m, kind: ci.run, state: failing, branch: main, workflow: lint, level: job, repo: a}
      - {at: 2m, kind: ci.run, state: failing, branch: main, workflow: lint, level: job, actor: bot, repo: a}
      - {at: 3m, kind: ci.run, state: ok, branch: main, workflow: lint, level: job, repo: a}
      - {at: 4m, log: app, line: one noise}
      - {at: 5m, log: app, line: two}
      - {at: 6m, kind: push, branch: a, repo: a}
      - {at: 7m, kind: push, branch: b, repo: a}
      - {at: 8m, kind: alert, state: failing, subject: s}
      - {at: 9m, kind: alert, state: ok, subject: s}
    until: 3h
    expect: [{signals: 4}]
"""

    def test_coverage_names_each_part_that_no_test_exercised(self):
        done = self.ask(self.files(self.COVERED), "rules.d/t.yaml", "--coverage", check=0)
        self.assertEqual(re.sub(r": no test has an event that it keeps out|: no test sees it resolved", "", done.stdout), textwrap.dedent("""\
            rules.d/t.yaml:5:7: red: where.branch was never seen to fail
            rules.d/t.yaml:6:7: red: where.workflow was never seen to fail
            rules.d/t.yaml:6:7: red: where.workflow[1] was never seen to hold
            rules.d/t.yaml:7:28: red: where.any[1] was never seen to hold
            rules.d/t.yaml:8:15: red: where.none[0] was never seen to hold
            rules.d/t.yaml:2:5: red: clear was never seen to hold
            rules.d/t.yaml:11:5: lines never ends
            rules.d/t.yaml:13:22: lines: match[1] was never seen to hold
            rules.d/t.yaml:14:13: lines: ignore was never seen to hold
            rules.d/t.yaml:16:5: chain never ends
            rules.d/t.yaml:21:5: never never fires
            coverage: of 4 rules 3 fire; of 21 parts 10 are exercised
            1 passed, 0 failed
            """))

    def test_coverage_is_whole_where_tests_exercise_everything_and_strict_fails_where_they_do_not(self):
        vedette = self.files(self.COVERED)
        self.assertEqual(self.ask(vedette, "rules.d/t.yaml", "--coverage", "--strict", check=1).stdout.splitlines()[-1], "1 passed, 0 failed")
        vedette.write("rules.d/t.yaml", self.COVERED + self.SEEN)
        done = self.ask(vedette, "rules.d/t.yaml", "--coverage", "--strict")
        self.assertRegex(done.stdout, r"^coverage: of 4 rules 4 fire; of (\d+) parts \1 are exercised\n2 passed, 0 failed\n$")
        self.assertEqual(done.returncode, 0)
        self.assertIn("--strict goes with --coverage", self.ask(vedette, "--strict", check=2).stderr)

    def test_coverage_for_programs_is_an_object_a_line_before_the_sum(self):
        rows = [json.loads(line) for line in self.ask(self.files(self.COVERED), "rules.d/t.yaml", "--coverage", "--json", check=0).stdout.splitlines()]
        self.assertEqual(rows[1], {"file": "rules.d/t.yaml", "line": 5, "column": 7, "rule": "red", "part": "where.branch", "never": "failed"})
        self.assertEqual(rows[-3], {"file": "rules.d/t.yaml", "line": 21, "column": 5, "rule": "never", "never": "fired"})
        self.assertEqual(rows[-2], {"rules": 4, "fired": 3, "parts": 21, "exercised": 10})
        self.assertEqual(rows[-1], {"passed": 1, "failed": 0})

    def test_coverage_counts_a_rule_that_its_gates_never_held_back(self):
        rules = "rules:\n  - {id: a, on: alert, unless: [b], same: [host], key: [host], mode: observe}\n  - {id: b, on: deploy, key: [host], mode: observe}\n"
        tests = "tests:\n  - name: x\n    with: {host: h, state: failing}\n    events: [{at: 0m, kind: alert}, {at: 1m, kind: deploy}]\n    expect: [{signals: 2}]\n"
        self.assertIn("rules.d/t.yaml:2:5: a is never held back by its unless, while or active\n", self.ask(self.files(rules + tests), "rules.d/t.yaml", "--coverage").stdout)

        tests = tests.replace("events: [{at: 0m, kind: alert}, {at: 1m, kind: deploy}]", "events: [{at: 0m, kind: deploy}, {at: 1m, kind: alert}]")
        self.assertNotIn("held back", self.ask(self.files(rules.replace(", mode: observe}", "}", 1) + tests), "rules.d/t.yaml", "--coverage").stdout)

    def test_coverage_sees_what_patterns_captured(self):
        rules = "rules:\n  - {id: slow, on: log, match: '/took (?<seconds>\\d+)/', where: {seconds: {ge: 5}}, mode: observe}\n"
        tests = "tests:\n  - name: x\n    events: [{at: 0m, log: app, line: took 7}, {log: app, line: took 3}, {log: app, line: took none}]\n    until: 2h\n    expect: [{signals: 1}]\n"
        self.assertIn("; of 6 parts 6 are exercised\n", self.ask(self.files(rules + tests), "rules.d/t.yaml", "--coverage").stdout)

    def test_a_file_without_tests_is_said_and_covers_nothing(self):
        done = self.ask(self.files("rules:\n  - {id: a, on: alert}\n"), "rules.d/t.yaml", "--coverage", check=0)
        self.assertEqual(done.stdout, "rules.d/t.yaml: no tests\nrules.d/t.yaml:2:5: a never fires\ncoverage: of 1 rules 0 fire; of 1 parts 0 are exercised\n0 passed, 0 failed\n")
        done = self.ask(self.files("rules:\n  - {id: a, on: alert}\n"), "rules.d/t.yaml", "--json", check=0)
        self.assertEqual([json.loads(line) for line in done.stdout.splitlines()], [{"file": "rules.d/t.yaml", "tests": 0}, {"passed": 0, "failed": 0}])


if __name__ == "__main__":
    unittest.main()
