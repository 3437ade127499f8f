"""Who is missed, with the real daemon: heartbeats through a webhook and in a log, and what a crash or a stop in between does to them."""
import datetime
import json
import time
import unittest
import uuid

from harness import CONFIG, VedetteTest, wait_until

BEATS = """
rules:
  - id: beat
    mode: observe
    on: deploy
    key: [service]
    when: {absent: 2s}
"""
LINES = """
rules:
  - id: beat
    mode: observe
    on: log
    match: '/beat (?<service>[a-z]+)/'
    key: [service]
    when: {absent: 2s}
"""


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Heartbeats(VedetteTest):
    def beat(self, vedette, service):
        body = {"app": {"name": service}, "status": "succeeded", "delivery": uuid.uuid4().hex}
        self.assertEqual(vedette.send_deploy(body).status, 202)

    def signal(self, vedette, service):
        """Its signal, as far as people see it: a key that is only known is none of them."""
        return next((found for found in vedette.items("signals", rule="beat") if found["key"] == [service]), None)

    def state(self, vedette, service):
        found = self.signal(vedette, service)
        return found and found["state"]

    def assert_replay_is_the_live_run(self, vedette):
        self.beat(vedette, "last")  # a replay ends with its last event
        vedette.wait_until_folded()
        live = [json.loads(event["data"]) for event in vedette.read_stream(last_id=0, until_quiet=True) if event["event"] == "signal"]
        events = vedette.cli("events", "--json", "--kind", "*", "--limit", "1000", check=0).stdout.splitlines()
        recorded = vedette.write("events.jsonl", "\n".join(reversed(events)) + "\n")
        replayed = vedette.cli("replay", "--rules", "rules.d", "--events", str(recorded), token=None, check=0)
        self.assertEqual([json.loads(line) for line in replayed.stdout.splitlines()], live)

    def test_a_heartbeat_that_stops_is_missed_once_and_found_with_the_next(self):
        vedette = self.vedette(rules={"beat.yaml": BEATS})
        self.beat(vedette, "orders")
        wait_until(lambda: self.state(vedette, "orders") == "firing", "it is missed")
        found = self.signal(vedette, "orders")
        self.assertAlmostEqual(moment(found["fired"]) - moment(found["last_seen"]), 2, delta=0.2)
        self.assertEqual(found["count"], 0)
        self.assertIn("orders not seen since", found["title"])

        vedette.kill()
        vedette.start()
        self.assertEqual(self.signal(vedette, "orders")["fired"], found["fired"])
        self.beat(vedette, "orders")
        wait_until(lambda: self.state(vedette, "orders") == "resolved", "it is found")
        wait_until(lambda: self.state(vedette, "orders") == "firing", "it is missed again")
        self.assertEqual(self.signal(vedette, "orders")["episode"], 2)

    def test_who_is_expected_is_missed_although_nobody_ever_heard_of_it(self):
        rule = BEATS.replace("absent: 2s", "absent: 2s, expect: [[orders], [users]]")
        vedette = self.vedette(rules={"beat.yaml": rule})
        self.beat(vedette, "users")
        wait_until(lambda: self.state(vedette, "orders") == "firing", "it is missed")
        self.assertIn("orders not seen since", self.signal(vedette, "orders")["title"])
        wait_until(lambda: self.state(vedette, "users") == "firing", "who was seen is missed later")

    def test_after_a_crash_senders_have_time_to_try_again_before_anybody_is_missed(self):
        vedette = self.vedette(rules={"beat.yaml": BEATS})
        self.beat(vedette, "orders")
        vedette.kill()
        vedette.start()
        self.beat(vedette, "users")  # was heard since: it is missed in its own time, and that of orders was before
        wait_until(lambda: self.state(vedette, "users") == "firing", "who was heard since is missed")
        self.assertIsNone(self.signal(vedette, "orders"))
        self.beat(vedette, "orders")
        wait_until(lambda: self.state(vedette, "orders") == "firing", "now it was heard, too")
        self.assert_replay_is_the_live_run(vedette)

    def test_after_a_stop_a_log_is_read_to_its_end_before_anybody_is_missed(self):
        log = self.directory.resolve() / "beats.log"
        log.write_text("beat orders\nbeat users\n")
        watcher = f"watchers:\n  - log: {log}\n    name: app\n    start: beginning\n"
        vedette = self.vedette(rules={"beat.yaml": LINES}, config=CONFIG.replace("watchers:\n", watcher, 1))
        wait_until(lambda: vedette.metric_or_none("vedette_matches_total", rule="beat") == 2, "both were seen")
        self.assertEqual(vedette.stop(), 0)
        ended = time.time()
        wait_until(lambda: time.time() > ended + 2.5, "both were due while it was down")
        with log.open("a") as file:
            file.write("beat orders\n")
        started = time.time()
        vedette.start()
        wait_until(lambda: self.state(vedette, "users") == "firing", "who was silent is missed when the log is read")
        self.assertGreaterEqual(moment(self.signal(vedette, "users")["fired"]), started - 0.1)
        wait_until(lambda: self.state(vedette, "orders") == "firing", "who was written meanwhile has its time")
        found = self.signal(vedette, "orders")
        self.assertEqual(found["episode"], 1)
        self.assertGreaterEqual(moment(found["fired"]), started + 2)
        caught_up = vedette.items("events", kind="vedette.watcher")
        self.assertIn("vedette.watcher.caught_up", [found["type"] for found in caught_up])


if __name__ == "__main__":
    unittest.main()
