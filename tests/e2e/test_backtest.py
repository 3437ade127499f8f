"""What changed rules would have done, over the journal of a running daemon and over recorded events; and that a live run, a replay and a backtest of one journal are the same."""
import datetime
import http.server
import itertools
import json
import random
import threading
import time
import unittest
import uuid

from harness import VedetteTest, alerts, wait_until, workflow_run

CI = """
rules:
  - id: ci-red
    on: ci.run
    where: {state: failing, level: run}
    key: [repo, branch]
    when: {count: 3, within: 1h}
    title: "{{repo}} is red on {{branch}}"
    propose: {plan: [{do: rerun, with: {run: "{{run}}"}}]}
"""
OTHER = """
rules:
  - {id: deploy-failed, on: deploy, where: {state: failing}, key: [service], title: "{{service}} was not deployed"}
"""
# Every condition, over deploys with windows of some seconds, so that a short run sees all of them come and go.
CONDITIONS = {
    "plain": "", "counted": "{count: 3, within: 2s}", "distinct": "{distinct: environment, count: 3, within: 2s}", "fewer": "{fewer: 2, within: 1s}",
    "absent": "{absent: 1s}", "sequence": "{sequence: [{where: {environment: a}}, {where: {environment: b}}], within: 2s}",
    "followed": "{followed_by: {where: {environment: c}}, within: 1s}", "not-followed": "{not_followed_by: {where: {environment: d}}, within: 1s}",
    "changed": "{change: environment}", "flapping": "{flaps: environment, count: 3, within: 2s}", "new": "{new: environment, learn: 1s}",
    "spike": "{spike: 2x, within: 1s, against: 2s, at_least: 4}", "drop": "{drop: 2x, within: 1s, against: 2s, at_least: 4}",
    "ratio": "{ratio: 30%, having: {where: {environment: a}}, within: 2s, at_least: 5}", "avg": "{avg: data.load, above: 50, within: 1s}",
}


def every_condition():
    rules = "rules:\n"
    for name, when in CONDITIONS.items():
        own_end = name in ("fewer", "absent", "spike", "drop", "flapping", "not-followed")
        rules += (f"  - id: {name}\n    mode: observe\n    on: deploy\n    key: [service]\n"
                  + ("" if name == "sequence" else "    where: {state: [failing, ok]}\n") + (f"    when: {when}\n" if when else "") + ("" if own_end else "    clear: {quiet: 1s}\n"))
    return rules + "  - {id: heard, mode: observe, on: vedette.signal, where: {rule: counted}, key: [rule]}\n"


class Peer(http.server.BaseHTTPRequestHandler):
    """Whoever answers where a daemon is looked for: each path as the server was told."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.server.answers["ruleset" if self.path.startswith("/api/v1/ruleset") else "events"]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Backtests(VedetteTest):
    def story(self, **options):
        """Two failures on main, three on next, one deploy that failed."""
        vedette = self.vedette(rules={"ci.yaml": CI, "other.yaml": OTHER}, **options)
        for run, branch in enumerate(["main", "main", "next", "next", "next"]):
            self.assertEqual(vedette.send_github("workflow_run", workflow_run(run=run + 1, branch=branch)).status, 202)
        sent = time.time()
        wait_until(lambda: time.time() > sent + 0.002, "the next delivery has a millisecond of its own")
        self.assertEqual(vedette.send_deploy({"app": {"name": "shop"}, "status": "failed", "delivery": uuid.uuid4().hex}).status, 202)
        vedette.wait_until_folded()
        return vedette

    def backtest(self, vedette, *arguments, check=0, **options):
        done = vedette.cli("backtest", "-c", str(vedette.config_path), *arguments, "--json", check=check, **options)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def totals(self, lines):
        return lines[-1]["totals"]

    def differences(self, lines):
        return [(line["difference"], line["what"], line["rule"], line["key"]) for line in lines if "difference" in line]

    def test_rules_that_are_not_changed_change_nothing(self):
        vedette = self.story()
        lines = self.backtest(vedette, "--rules", "rules.d")
        self.assertEqual(self.differences(lines), [])
        same = {"loaded": 2, "these": 2, "added": 0, "gone": 0, "changed": 0}
        self.assertEqual((self.totals(lines)["signals"], self.totals(lines)["proposals"]), (same, same))
        [day] = [line for line in lines if "day" in line]
        self.assertEqual(day["signals"], same)
        self.assertEqual([line["rule"] for line in lines if "rule" in line], ["ci-red", "deploy-failed"])

    def test_what_a_lower_bound_adds_and_what_it_changes_is_told(self):
        vedette = self.story()
        changed = vedette.write("new/ci.yaml", CI.replace("count: 3", "count: 2"))
        lines = self.backtest(vedette, "--rules", str(changed))
        self.assertEqual(self.differences(lines), [("added", "signal", "ci-red", ["acme/shop", "main"]), ("changed", "signal", "ci-red", ["acme/shop", "next"]),
                                                   ("added", "proposal", "ci-red", ["acme/shop", "main"]), ("changed", "proposal", "ci-red", ["acme/shop", "next"])])
        added = next(line for line in lines if line.get("difference") == "added" and line["what"] == "proposal")
        self.assertEqual((added["these"]["title"], added["these"]["plan"]), ("acme/shop is red on main", "rerun run=2"))
        changed = next(line for line in lines if line.get("difference") == "changed" and line["what"] == "signal")
        self.assertEqual((changed["loaded"]["count"], changed["these"]["count"]), (3, 3))
        self.assertLess(changed["these"]["time"], changed["loaded"]["time"])
        self.assertEqual(self.totals(lines)["proposals"], {"loaded": 2, "these": 3, "added": 1, "gone": 0, "changed": 1})

    def test_a_directory_stands_for_all_and_what_it_lacks_is_gone(self):
        vedette = self.story()
        vedette.write("new/ci.yaml", CI)
        self.assertEqual(self.differences(self.backtest(vedette, "--rules", "new")),
                         [("gone", "signal", "deploy-failed", ["shop"]), ("gone", "proposal", "deploy-failed", ["shop"])])

    def test_a_file_of_another_name_stands_in_for_the_one_that_has_its_rule(self):
        vedette = self.story()
        vedette.write("draft.yaml", OTHER.replace("was not", "could not be"))
        lines = self.backtest(vedette, "--rules", "draft.yaml")
        self.assertEqual(self.differences(lines), [("changed", "signal", "deploy-failed", ["shop"]), ("changed", "proposal", "deploy-failed", ["shop"])])
        self.assertEqual(lines[0]["these"]["title"], "shop could not be deployed")

    def test_people_read_a_table_and_the_differences(self):
        vedette = self.story()
        vedette.write("new/ci.yaml", CI.replace("count: 3", "count: 2"))
        told = vedette.cli("backtest", "-c", str(vedette.config_path), "--rules", "new/ci.yaml", check=0).stdout
        day = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
        self.assertRegex(told, r"^6 events since [-0-9: ]+; these rules: 1 file, 1 of the loaded kept beside it\n\n"
                               r"DAY         SIGNALS  \+  -  ~  PROPOSALS  \+  -  ~\n" + day + r"  2 → 3    1     1  2 → 3      1     1\n")
        self.assertRegex(told, r"  \+ [-0-9: ]+  ci-red  acme/shop · main: acme/shop is red on main  evt_\w+\n"
                               r"  ~ [-0-9: ]+  ci-red  acme/shop · next: acme/shop is red on next  evt_\w+\n      began [0-9ms]+ earlier\n")
        self.assertIn("      plan rerun run=2\n", told)
        self.assertIn("signals: 2 loaded, 3 with these, 1 added, 1 changed; proposals: 2 loaded, 3 with these, 1 added, 1 changed\n", told)
        event = told.split("why, with the loaded rules: vedette explain ")[1].strip()
        self.assertIn("ci-red: matched", vedette.cli("explain", event, check=0).stdout)
        quiet = vedette.cli("backtest", "-c", str(vedette.config_path), "--rules", "rules.d", "--quiet", check=0).stdout
        self.assertEqual(quiet, "signals: 2 loaded, 2 with these; proposals: 2 loaded, 2 with these\n")

    def test_what_is_older_than_asked_for_is_folded_and_not_counted(self):
        vedette = self.story()
        since = vedette.items("events", kind="ci.run")[0]["received"]  # the third failure on next
        totals = self.totals(self.backtest(vedette, "--rules", "rules.d", "--since", since))
        self.assertEqual((totals["since"], totals["signals"]["loaded"], totals["events"]), (since, 2, 6))
        since = vedette.items("events", kind="deploy")[0]["received"]
        self.assertEqual(self.totals(self.backtest(vedette, "--rules", "rules.d", "--since", since))["signals"]["loaded"], 1)

    def test_recorded_events_are_enough_without_a_daemon(self):
        vedette = self.story()
        recorded = vedette.cli("events", "--json", check=0).stdout.splitlines()
        vedette.write("events.jsonl", "\n".join(reversed(recorded)) + "\n")
        vedette.write("new/ci.yaml", CI.replace("count: 3", "count: 2"))
        self.assertEqual(vedette.stop(), 0)
        lines = self.backtest(vedette, "--rules", "new/ci.yaml", "--events", "events.jsonl", token=None)
        self.assertEqual(self.totals(lines)["proposals"], {"loaded": 2, "these": 3, "added": 1, "gone": 0, "changed": 1})
        lines = self.backtest(vedette, "--rules", "new/ci.yaml", "--against", "new/ci.yaml", "--events", "events.jsonl", token=None)
        self.assertEqual(self.totals(lines)["signals"], {"loaded": 2, "these": 2, "added": 0, "gone": 0, "changed": 0})
        self.assertIn("cannot", vedette.cli("backtest", "-c", str(vedette.config_path), "--rules", "new/ci.yaml", token=None, check=3).stderr)

    def test_lines_that_matched_nothing_come_from_their_files(self):
        vedette = self.story()
        vedette.write("app.log", "2026-01-01T00:00:00Z all is well\n2026-01-01T00:00:01Z disk full\n2026-01-01T00:00:02Z disk full\n")
        vedette.write("disk.yaml", "rules:\n  - {id: disk, on: log, match: '/disk full/', key: [watcher], when: {count: 2, within: 1m}}\n")
        lines = self.backtest(vedette, "--rules", "disk.yaml", "--log", "app=app.log", "--since", "2025-12-31T00:00:00Z")
        self.assertEqual(self.differences(lines), [("added", "signal", "disk", ["app"]), ("added", "proposal", "disk", ["app"])])

    def test_a_line_that_is_in_the_journal_and_in_a_file_counts_once(self):
        vedette = self.vedette(start=False, rules={"disk.yaml": "rules:\n  - {id: disk, on: log, match: '/disk full/', key: [watcher], when: {count: 3, within: 1m}}\n"})
        log = vedette.write("app.log", "2026-01-01T00:00:00Z all is well\n2026-01-01T00:00:01Z disk full\n2026-01-01T00:00:02Z disk full\n")
        vedette.write("vedette.yaml", vedette.config_path.read_text().replace("watchers:\n", f"watchers:\n  - {{log: [{log}], name: app, start: beginning}}\n"))
        vedette.start()
        wait_until(lambda: vedette.items("events"), "the lines are in the journal")
        journal, both = (self.totals(self.backtest(vedette, "--rules", "rules.d", "--since", "2025-12-31T00:00:00Z", *log)) for log in ([], ["--log", "app=app.log"]))
        self.assertEqual(both["events"], journal["events"] + 1)  # the line that no rule wanted
        self.assertEqual(both["signals"]["these"], 0)  # two of three, and not four

    def test_what_is_wrong_with_the_call_or_the_rules_is_said(self):
        vedette = self.story()
        for arguments, code, said in (
                ([], 2, "give the rules to try: --rules PATH…"), (["--rules", "gone.yaml"], 1, "gone.yaml: error: No such file or directory"),
                (["--rules", "rules.d", "--since", "soon"], 2, "--since is a time (RFC 3339) or how long ago"),
                (["--rules", str(vedette.write("bad.yaml", CI.replace("do: rerun", "do: rernu")))], 1, "bad.yaml:9:22: error: no action `rernu` is declared"),
                (["--rules", "rules.d", "--events", "none.jsonl"], 1, "none.jsonl: error: cannot be opened")):
            with self.subTest(arguments=arguments):
                self.assertIn(said, vedette.cli("backtest", "-c", str(vedette.config_path), *arguments, check=code).stderr)

    def peer(self, **answers):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Peer)
        server.answers = {name: body.encode() for name, body in answers.items()}
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}"

    def test_an_answer_that_is_no_page_of_a_journal_is_refused_and_not_taken_for_an_empty_one(self):
        vedette = self.vedette(rules={"ci.yaml": CI})
        rules, empty = '{"files": []}', '{"items": []}'
        for name, answers in (
                ("no rules", {"ruleset": "{}", "events": empty}), ("nothing at all", {"ruleset": rules, "events": ""}), ("no list", {"ruleset": rules, "events": "{}"}),
                ("a page that is followed by itself", {"ruleset": rules, "events": '{"items": [], "next": "5"}'})):
            with self.subTest(name):
                done = vedette.cli("backtest", "-c", str(vedette.config_path), "--url", self.peer(**answers), "--rules", "rules.d", check=1)
                self.assertIn("is not Vedette, or a newer one", done.stderr)
                self.assertEqual(done.stdout, "")

    # --- what the daemon tells of its journal ---

    def pages(self, vedette, query):
        found, after = [], ""
        while True:
            page = vedette.api(f"/api/v1/events?limit=1&{query}{after}").json()
            found += [event["id"] for event in page["items"]]
            if "next" not in page:
                return found
            after = f"&after={page['next']}"

    def test_events_are_listed_oldest_first_also_within_a_delivery(self):
        vedette = self.vedette(rules={"ci.yaml": CI})
        self.assertEqual(vedette.send_alert(alerts("firing", "resolved", "firing")).status, 202)
        self.assertEqual(vedette.send_github("workflow_run", workflow_run()).status, 202)
        self.assertEqual(vedette.send_alert(alerts("resolved", "firing")).status, 202)
        vedette.wait_until_folded()
        newest = [event["id"] for event in vedette.items("events")]
        self.assertEqual(len(newest), 6)
        self.assertEqual(self.pages(vedette, "order=newest"), newest)
        self.assertEqual(self.pages(vedette, "order=oldest"), newest[::-1])
        since = vedette.items("events")[2]["received"]
        self.assertEqual(self.pages(vedette, f"order=oldest&since={since}"), newest[:3][::-1])
        self.assertIn("newest or oldest", vedette.api("/api/v1/events?order=odd").json()["detail"])

    def test_the_rules_in_force_can_be_had_whole(self):
        vedette = self.story()
        files = vedette.api("/api/v1/ruleset").json()["files"]
        self.assertEqual([(file["name"].split("/")[-1], file["text"]) for file in files], [("ci.yaml", CI), ("other.yaml", OTHER)])
        vedette.write("rules.d/ci.yaml", "rules: [")  # the last good ones stay
        vedette.cli("reload", check=1)
        self.assertEqual(vedette.api("/api/v1/ruleset").json()["files"], files)

    def test_a_replay_passes_over_what_was_kept_aside_and_what_vedette_says_of_itself(self):
        rules = "rules:\n  - {id: all, mode: observe, on: '*', where: {type: {exists: true}}, key: [kind]}\n"
        vedette = self.vedette(rules={"all.yaml": rules, "beat.yaml": "rules:\n  - {id: beat, mode: observe, on: deploy, key: [service], when: {absent: 1h}}\n"})
        self.assertEqual(vedette.send_github("flux_capacitor", {"action": "charged", "repository": {"full_name": "acme/shop"}}).status, 202)
        self.assertEqual(vedette.send_github("workflow_run", workflow_run()).status, 202)
        vedette.wait_until_folded()
        live = [event["data"] for event in vedette.read_stream(last_id=0, until_quiet=True) if event["event"] == "signal"]
        recorded = vedette.cli("events", "--json", "--kind", "*", check=0).stdout.splitlines()
        self.assertTrue(any('"state":"dead"' in line for line in recorded) and any("vedette.start" in line for line in recorded))
        vedette.write("events.jsonl", "\n".join(reversed(recorded)) + "\n")
        replayed = vedette.cli("replay", "--rules", "rules.d", "--events", "events.jsonl", token=None, check=0).stdout.splitlines()
        self.assertEqual(replayed, live)
        self.assertEqual([json.loads(line)["key"] for line in live], [["ci.run"]])

    # --- one journal, told three times ---

    def play(self, vedette):
        """Some hundred events with times of their own, a few of them late, over some seconds; what ends is waited for."""
        dice = random.Random(7)
        for number in range(240):
            at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=dice.choice([0, 0, 0, 0.5, 400]))
            self.assertEqual(vedette.send_deploy({
                "app": {"name": dice.choice(["shop", "shop", "users", "orders"])}, "status": dice.choice(["failed", "succeeded", "succeeded"]),
                "env": dice.choice("abcde"), "at": at.isoformat(), "load": dice.randrange(100), "delivery": str(number)}).status, 202)
        signals = lambda: {(found["rule"], found["state"]) for found in vedette.items("signals", limit=1000)}
        wait_until(lambda: {("absent", "firing"), ("counted", "resolved"), ("plain", "resolved")} <= signals(), "what is quiet ended, and who is missed is told")
        self.assertEqual(vedette.send_deploy({"app": {"name": "last"}, "status": "succeeded", "env": "z", "load": 1, "delivery": "last"}).status, 202)
        vedette.wait_until_folded()

    def up_to(self, lines, end):
        """A live run and a backtest go on where a replay has come to its last event."""
        return list(itertools.takewhile(lambda line: json.loads(line)["time"] <= end, lines))

    def test_a_live_run_a_replay_and_a_backtest_of_one_journal_are_the_same_byte_for_byte(self):
        vedette = self.vedette(rules={"all.yaml": every_condition()})
        self.play(vedette)
        live = [event["data"] for event in vedette.read_stream(last_id=0, until_quiet=True) if event["event"] == "signal"]
        recorded = vedette.cli("events", "--json", "--kind", "*", "--limit", "10000", check=0).stdout.splitlines()
        end = json.loads(next(line for line in recorded if '"vedette.' not in line))["received"]
        vedette.write("events.jsonl", "\n".join(reversed(recorded)) + "\n")
        replayed = vedette.cli("replay", "--rules", "rules.d", "--events", "events.jsonl", token=None, check=0).stdout.splitlines()
        tested = vedette.cli("backtest", "-c", str(vedette.config_path), "--rules", "rules.d", "--transitions", check=0).stdout.splitlines()
        fired = {json.loads(line)["rule"] for line in live if '"transition":"firing"' in line}
        self.assertEqual(fired, {*CONDITIONS, "heard"})
        self.assertEqual(self.up_to(replayed, end), self.up_to(live, end))
        self.assertEqual(self.up_to(tested, end), self.up_to(live, end))
        self.assertGreater(len(replayed), 3 * len(CONDITIONS))  # how many depends on how fast they are sent

    def test_what_a_rule_has_learnt_begins_with_the_daemon_not_with_its_first_event(self):
        vedette = self.vedette(rules={"new.yaml": "rules:\n  - {id: new, mode: observe, on: deploy, where: {state: ok}, key: [service], when: {new: environment, learn: 2s}}\n"})
        began = time.time()
        for environment, after in (("a", 1.2), ("b", 2.4)):
            wait_until(lambda after=after: time.time() > began + after, "its time has come")
            self.assertEqual(vedette.send_deploy({"app": {"name": "shop"}, "status": "succeeded", "env": environment, "delivery": environment}).status, 202)
        vedette.wait_until_folded()
        live = [event["data"] for event in vedette.read_stream(last_id=0, until_quiet=True) if event["event"] == "signal"]
        self.assertEqual([json.loads(line)["key"] for line in live], [["shop", "b"]])
        tested = vedette.cli("backtest", "-c", str(vedette.config_path), "--rules", "rules.d", "--transitions", check=0).stdout.splitlines()
        self.assertEqual(tested, live)


if __name__ == "__main__":
    unittest.main()
