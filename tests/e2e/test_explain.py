"""Why a rule did or did not act, from a received event, a signal, or an input: near misses first, and many events in one view."""
import datetime
import json
import uuid
import unittest

from harness import VedetteTest, workflow_run

RULES = """
rules:
  - {id: any-red, on: ci.run, where: {state: failing, level: run}, key: [repo, branch]}
  - {id: prod-red, on: ci.run, where: {state: failing, level: run, branch: prod}, key: [repo, branch]}
  - {id: prod-slow, on: ci.run, where: {state: failing, branch: prod, duration: {gt: 1h}}, key: [repo]}
  - {id: deploy-failed, on: deploy, where: {state: failing}, key: [service], when: {count: 3, within: 10m}}
"""
LOG_RULES = """
rules:
  - {id: root, mode: observe, on: log, match: '/login of (?<actor>\\w+) failed/', where: {actor: root}, key: [watcher]}
  - {id: disk, mode: observe, on: log, match: '/disk full/', key: [watcher]}
  - {id: red, mode: observe, on: ci.run, key: [repo]}
"""


class Explanations(VedetteTest):
    def test_an_input_shows_matches_then_near_misses_then_the_rest(self):
        vedette = self.vedette(rules={"ci.yaml": RULES}, start=False)
        vedette.write("one.json", json.dumps(workflow_run(branch="main")))
        source = ["--rules", "rules.d", "--hook", "github=one.json", "-H", "X-GitHub-Event: workflow_run"]
        told = vedette.cli("explain", *source, token=None, check=0).stdout
        heads = [line.strip() for line in told.split("signals when it ends")[0].splitlines() if line.startswith("  ") and not line.startswith("   ") and ":" in line]
        self.assertEqual(heads, ["any-red: matched", "prod-red: not matched, by one clause alone", "prod-slow: not matched",
                                 "not on ci.run github.workflow_run: deploy-failed"])
        self.assertIn("    failed  where.branch: wanted prod, saw main\n", told)
        line, end = vedette.cli("explain", *source, "--json", token=None, check=0).stdout.splitlines()
        self.assertEqual(json.loads(end), {"signals": [{"rule": "any-red", "key": ["acme/shop", "main"], "state": "firing", "count": 1}]})
        self.assertEqual([(rule["rule"], rule["matched"], rule.get("missed")) for rule in json.loads(line)["rules"]],
                         [("any-red", True, None), ("prod-red", False, 1), ("prod-slow", False, 2), ("deploy-failed", False, None)])

    def test_what_clears_says_so(self):
        vedette = self.vedette(rules={"ci.yaml": RULES}, start=False)
        vedette.write("one.json", json.dumps(workflow_run("success")))
        told = vedette.cli("explain", "--rules", "rules.d", "--hook", "github=one.json", "-H", "X-GitHub-Event: workflow_run", token=None, check=0).stdout
        self.assertIn("  any-red: clears\n", told)

    def test_of_many_events_people_are_shown_what_they_have_in_common(self):
        vedette = self.vedette(rules={"log.yaml": LOG_RULES}, start=False)
        lines = ["login of root failed", "login of jane failed", "all is well"]
        vedette.write("app.log", "".join(f"2026-01-01T00:00:{second:02}Z {lines[second % 3]}\n" for second in range(30)))
        source = ["--rules", "rules.d", "--log", "app=app.log"]
        told = vedette.cli("explain", *source, token=None, check=0).stdout
        event = told.split("saw jane  ")[1].split("\n")[0]
        self.assertEqual(told, "30 events; --json explains each\n\n"
                               "RULE  ABOUT IT  MATCHED  CLEARED  MISSED BY ONE\n"
                               "root  20        10       0        10\n\n"
                               "  root\n"
                               f"    where.actor failed 10, 10 by it alone: wanted root, saw jane  {event}\n"
                               "2 rules are not about any of them\n"
                               "signals when it ends\n"
                               "  root  app: firing, count 10\n")
        each = [json.loads(line) for line in vedette.cli("explain", *source, "--json", token=None, check=0).stdout.splitlines()]
        self.assertEqual(len(each), 31)
        self.assertEqual([found.get("event") for found in each].index(event), 1)
        vedette.write("app.log", "2026-01-01T00:00:00Z login of jane failed\n" * 10)  # as many as are shown one by one
        self.assertEqual(vedette.cli("explain", *source, token=None, check=0).stdout.count("root: not matched, by one clause alone"), 10)

    def test_an_input_that_did_not_make_a_signal_fire_says_what_was_missing(self):
        vedette = self.vedette(rules={"log.yaml": "rules:\n  - {id: disk, on: log, match: '/disk full/', key: [watcher], when: {count: 5, within: 10m}}\n"}, start=False)
        times = ["08:00:00", "08:02:00", "08:04:00", "08:06:00", "08:10:12"]
        vedette.write("app.log", "".join(f"2026-01-01T{at}Z disk full\n" for at in times))
        told = vedette.cli("explain", "--rules", "rules.d", "--log", "app=app.log", token=None, check=0).stdout
        self.assertEqual(told.split("signals when it ends\n")[1],
                         "  disk  app: pending, count 4: 4 of 5 within 10m; 5 came within 10m12s, the last of them 12s too late\n")
        end = vedette.cli("explain", "--rules", "rules.d", "--log", "app=app.log", "--json", token=None, check=0).stdout.splitlines()[-1]
        self.assertEqual(json.loads(end)["signals"], [{"rule": "disk", "key": ["app"], "state": "pending", "count": 4, "progress": "4 of 5 within 10m",
                                                       "near_miss": "5 came within 10m12s, the last of them 12s too late"}])

    def test_a_signal_of_an_input_that_is_idle_says_what_was_missing_too(self):
        rule = "{id: rate, on: log, match: '/status=(?<status>\\d+)/', key: [watcher], when: {ratio: 10%, having: {where: {status: {ge: 500}}}, within: 5m, at_least: 20}}"
        vedette = self.vedette(rules={"log.yaml": f"rules:\n  - {rule}\n"}, start=False)
        vedette.write("app.log", "".join(f"2026-01-01T08:00:{second:02}Z status=500\n" for second in range(12)))
        told = vedette.cli("explain", "--rules", "rules.d", "--log", "app=app.log", token=None, check=0).stdout
        self.assertEqual(told.split("signals when it ends\n")[1],
                         "  rate  app: idle, count 0: 12 within 5m, 12 of them: 100%, fires from 10% on; too few matches\n")

    def test_a_filter_of_a_condition_that_came_near_is_named(self):
        rules = """rules:
  - {id: stuck, on: ci.run, where: {level: run, state: info}, key: [repo], when: {not_followed_by: {where: {level: run, branch: prod}}, within: 2h}}
  - {id: bad-deploy, on: deploy, where: {state: failing}, key: [repo], when: {followed_by: {on: alert}, within: 2h}}
"""
        vedette = self.vedette(rules={"ci.yaml": rules}, start=False)
        vedette.write("one.json", json.dumps(workflow_run(branch="main")))
        told = vedette.cli("explain", "--rules", "rules.d", "--hook", "github=one.json", "-H", "X-GitHub-Event: workflow_run", token=None, check=0).stdout
        self.assertIn("  stuck: not matched, by one clause alone\n", told)
        self.assertIn("  not on ci.run github.workflow_run: bad-deploy\n", told)  # neither the rule nor what is to follow
        vedette.write("ci.yaml", rules.replace("level: run, state: info", "repo: [acme/cart], state: info"))
        told = vedette.cli("explain", "--rules", "ci.yaml", "--hook", "github=one.json", "-H", "X-GitHub-Event: workflow_run", token=None, check=0).stdout
        self.assertIn("  stuck: not matched, when.not_followed_by by one clause alone\n", told)

    def test_a_signal_that_is_idle_has_not_come_through_its_window(self):
        rule = "{id: backup, on: message, key: [service], when: {absent: 24h, expect: [[ledger]]}}"
        vedette = self.vedette(rules={"beats.yaml": f"rules:\n  - {rule}\n"})
        [signal] = vedette.items("signals", state="idle")
        told = vedette.cli("explain", signal["id"], check=0).stdout
        self.assertTrue(told.startswith(f"{signal['id']}\n  rule        backup\n  key         ledger\n"), told)
        self.assertIn("    failed  window: wanted firing, saw idle, count 0: never seen", told)
        self.assertTrue(vedette.cli("show", signal["id"], check=0).stdout.startswith("backup  idle\n"))
        self.assertRegex(vedette.cli("signals", "--state", "idle", check=0).stdout, r"RULE +KEY +TITLE *\n.* backup +ledger")
        refused = vedette.cli("signals", "--state", "fired", check=2).stderr
        self.assertIn("--state is one of pending firing resolved idle, or several with commas between", refused)

    def deploy(self, vedette, at):
        self.assertEqual(vedette.send_deploy({"app": {"name": "shop"}, "status": "failed", "at": at.isoformat(), "delivery": uuid.uuid4().hex}).status, 202)

    def test_a_signal_that_did_not_fire_says_how_late_the_last_match_came(self):
        vedette = self.vedette(rules={"ci.yaml": RULES})
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        for minutes, seconds in ((10, 12), (5, 0), (0, 0)):
            self.deploy(vedette, now - datetime.timedelta(minutes=minutes, seconds=seconds))
        vedette.wait_until_folded()
        [signal] = vedette.items("signals", rule="deploy-failed")
        self.assertEqual(signal["state"], "pending")
        explained = vedette.api(f"/api/v1/explain/signals/{signal['id']}").json()
        self.assertEqual(explained["progress"], "2 of 3 within 10m")
        self.assertEqual(explained["near_miss"], "3 came within 10m12s, the last of them 12s too late")
        told = vedette.cli("explain", signal["id"], check=0).stdout
        self.assertIn("  near miss   3 came within 10m12s, the last of them 12s too late\n", told)
        self.assertIn("failed  window: wanted firing, saw pending, count 2: 2 of 3 within 10m", told)

    def test_a_pause_is_a_gate_of_what_waits_to_act(self):
        vedette = self.vedette()
        self.assertEqual(vedette.send_github("workflow_run", workflow_run()).status, 202)
        vedette.wait_for_proposal(state="open")
        [signal] = vedette.items("signals")
        self.assertNotIn("pause", vedette.cli("explain", signal["id"], check=0).stdout)
        vedette.cli("pause", check=0)
        self.assertIn("    failed  pause: nothing acts until `vedette resume`\n", vedette.cli("explain", signal["id"], check=0).stdout)
        vedette.cli("resume", check=0)
        self.assertNotIn("pause", vedette.cli("explain", signal["id"], check=0).stdout)

    def test_an_event_of_the_daemon_shows_its_near_misses_too(self):
        vedette = self.vedette(rules={"ci.yaml": RULES})
        self.assertEqual(vedette.send_github("workflow_run", workflow_run(branch="main")).status, 202)
        vedette.wait_until_folded()
        [event] = vedette.items("events")
        rules = vedette.api(f"/api/v1/explain/events/{event['id']}").json()["rules"]
        self.assertEqual([(rule["rule"], rule.get("missed")) for rule in rules], [("any-red", None), ("prod-red", 1), ("prod-slow", 2), ("deploy-failed", None)])
        self.assertIn("prod-red: not matched, by one clause alone", vedette.cli("explain", event["id"], check=0).stdout)


class Inputs(VedetteTest):
    """What an input most likely does not mean is told, whatever reads it."""

    READERS = (["fields"], ["replay", "--rules", "rules.d"], ["explain", "--rules", "rules.d"])

    def told(self, vedette, *source):
        return [vedette.cli(*reader, *source, "-c", "vedette.yaml", token=None, check=0).stderr for reader in self.READERS]

    def test_a_payload_whose_kind_stands_in_a_header_is_told_to_lack_it(self):
        vedette = self.vedette(rules={"ci.yaml": RULES}, start=False)
        vedette.write("one.json", json.dumps(workflow_run()))
        for told in self.told(vedette, "--hook", "github=one.json"):
            self.assertEqual(told, "one.json: warning: what kind of event is it? GitHub says so: -H 'X-GitHub-Event: …'\n")

    def test_a_log_that_no_watcher_has_the_name_of_is_told_where_logs_are_configured(self):
        vedette = self.vedette(rules={"log.yaml": LOG_RULES}, start=False)
        vedette.write("app.log", "2026-01-01T00:00:00Z all is well\n")
        self.assertEqual(self.told(vedette, "--log", "appp=app.log"), [""] * 3)  # its watcher is still to be written
        vedette.write("vedette.yaml", vedette.config_path.read_text().replace("watchers:\n", "watchers:\n  - {log: [app.log], name: app}\n"))
        for told in self.told(vedette, "--log", "appp=app.log"):
            self.assertEqual(told, "app.log: warning: no log watcher `appp` stands under `watchers` of the configuration, so that these are lines of text "
                                   "without constants; did you mean `app`?\n")
        self.assertEqual(self.told(vedette, "--log", "app=app.log"), [""] * 3)

    def test_events_that_do_not_stand_oldest_first_are_told_once(self):
        vedette = self.vedette(rules={"ci.yaml": RULES}, start=False)
        event = '{"kind": "deploy", "state": "failing", "service": "shop", "%s": "2026-01-01T00:0%d:00Z"}\n'
        vedette.write("events.jsonl", "".join(event % ("received", minute) for minute in (2, 1, 0)))
        for told in self.told(vedette, "--events", "events.jsonl"):
            self.assertTrue(told.startswith("events.jsonl:2:1: warning: this was received before what stands above it: "), told)
            self.assertEqual(told.count("\n"), 1, told)
        vedette.write("events.jsonl", "".join(event % ("time", minute) for minute in (2, 1, 0)))
        self.assertEqual(self.told(vedette, "--events", "events.jsonl"), [""] * 3)  # what only says when it happened came late


if __name__ == "__main__":
    unittest.main()
