"""What matches one after the other: through a log that is replayed, the tests of a rule file, and a daemon that says how far it is."""
import json
import unittest

from harness import CONFIG, VedetteTest, wait_until

RULES = r"""
rules:
  - id: guessed
    on: log
    key: [user]
    mode: observe
    title: "{{user}} came in from {{data.from}} after {{count}} tries"
    when:
      sequence:
        - {match: '/failed password for (?<user>\w+)/', count: 3}
        - {match: '/accepted password for (?<user>\w+)/'}
      within: 10m
  - id: unanswered
    on: log
    match: '/request (?<order>\d+) begins/'
    key: [order]
    mode: observe
    when: {not_followed_by: {match: '/request (?<order>\d+) ends/'}, within: 5m}

tests:
  - name: three failures and an entrance within ten minutes
    with: {kind: log, watcher: app}
    events:
      - {at: 0m, text: failed password for jane}
      - {at: 1m, text: failed password for jane}
      - {at: 2m, text: failed password for jane}
      - {at: 3m, text: failed password for john}
      - {at: 4m, text: accepted password for john}
      - {at: 9m, text: accepted password for jane}
    expect:
      - {at: 9m, rule: guessed, key: [jane], state: firing, count: 4}
  - name: what ends in time is no trouble, and what does not is one until it ends
    with: {kind: log, watcher: app}
    events:
      - {at: 0m, text: request 7 begins}
      - {at: 1m, text: request 8 begins}
      - {at: 4m, text: request 7 ends}
      - {at: 9m, text: request 8 ends}
    expect:
      - {at: 6m, rule: unanswered, key: ["8"], state: firing, count: 1}
      - {at: 9m, rule: unanswered, key: ["8"], state: resolved}
"""

LOG = """\
2026-11-29T10:00:00Z sshd failed password for jane
2026-11-29T10:00:01Z sshd accepted password for john
2026-11-29T10:00:02Z sshd failed password for jane
2026-11-29T10:00:03Z cron nothing of interest
2026-11-29T10:00:05Z sshd accepted password for jane
2026-11-29T10:00:04Z sshd failed password for jane
2026-11-29T10:01:00Z app request 7 begins
2026-11-29T10:01:00Z app request 8 begins
2026-11-29T10:05:59Z app request 7 ends
2026-11-29T10:06:00Z app request 8 ends
"""


class Sequences(VedetteTest):
    def test_a_replay_finds_them_among_the_lines_of_a_log_in_the_order_of_their_times(self):
        vedette = self.vedette(rules={"rules.yaml": RULES}, start=False)
        vedette.write("app.log", LOG)
        arguments = ["replay", "--rules", "rules.d", "--log", "app=app.log"]
        told = [json.loads(line) for line in vedette.cli(*arguments, check=0).stdout.splitlines()]
        seen = [(line["rule"], line["key"], line["transition"], line["count"]) for line in told if line["transition"] != "pending"]
        self.assertEqual(seen, [("guessed", ["jane"], "firing", 4), ("unanswered", ["8"], "firing", 1), ("unanswered", ["8"], "resolved", 1)])
        # The third failure came behind the entrance, and stands before it.
        self.assertEqual([line["first_seen"] for line in told if line["transition"] == "firing"][0], "2026-11-29T10:00:00.000Z")

    def test_the_tests_of_a_rule_file_know_them(self):
        vedette = self.vedette(rules={"rules.yaml": RULES}, start=False)
        done = vedette.cli("test", "rules.d/rules.yaml", check=0)
        self.assertRegex(done.stdout + done.stderr, r"2 (tests )?passed")

    def test_a_daemon_says_how_far_it_is_and_what_a_line_failed_by(self):
        log = self.directory.resolve() / "app.log"
        watcher = f"  - log: [{log}]\n    name: app\n    start: beginning\n"
        vedette = self.vedette(rules={"rules.yaml": RULES}, config=CONFIG.replace("watchers:\n", "watchers:\n" + watcher, 1))
        log.write_text("failed password for jane\nfailed password for jane\nfailed password for jane\n")
        wait_until(lambda: [found for found in vedette.items("signals", state="pending") if found["count"] == 3], "three tries are seen")
        signal = vedette.items("signals", state="pending")[0]["id"]
        progress = r"1 of 2 steps \(3 of 4 events\), (10m|9m\d+s) left"
        self.assertRegex(vedette.api(f"/api/v1/explain/signals/{signal}").json()["progress"], progress)
        self.assertRegex(vedette.cli("explain", signal, check=0).stdout, r"window: wanted firing, saw pending, count 3: " + progress)
        self.assertRegex(vedette.cli("show", signal, check=0).stdout, r"progress +" + progress)

        explained = vedette.cli("explain", vedette.items("events", kind="log")[0]["id"], check=0).stdout
        self.assertRegex(explained, r"guessed: matched")
        self.assertRegex(explained, r"passed +when\.sequence\[0\]\.match")
        self.assertRegex(explained, r"failed +when\.sequence\[1\]\.match: wanted /accepted")
        with open(log, "a") as file:
            file.write("accepted password for jane\n")
        wait_until(lambda: vedette.items("signals", state="firing"), "it fires")
        self.assertNotIn("progress", vedette.api(f"/api/v1/explain/signals/{signal}").json())


if __name__ == "__main__":
    unittest.main()
