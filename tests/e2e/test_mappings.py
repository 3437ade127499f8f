"""The mappings of packaging/mappings: each is a configuration that holds, and makes of its sender's payloads what they mean."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from harness import BINARY

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAPPINGS = ROOT / "packaging" / "mappings"

# sender: [(payload, what its event must hold)]; the first two are one condition, failing and well again, where a sender says both.
PAYLOADS = {
    "axiom": [
        ({"action": "Open", "event": {"monitorID": "m1", "title": "Triggered: slow", "body": "p95 > 2 s", "matchedEvent": {"_time": "2026-11-21T08:04:00Z"}}},
         {"state": "failing", "title": "Triggered: slow", "text": "p95 > 2 s", "time": "2026-11-21T08:04:00.000Z"}),
        ({"action": "Closed", "event": {"monitorID": "m1", "title": "Resolved: slow", "body": ""}}, {"state": "ok", "title": "Resolved: slow"}),
    ],
    "checkly": [
        ({"event": "Login has failed", "alert_type": "ALERT_FAILURE", "check_name": "Login", "check_id": "c1", "check_error_message": "timed out", "link": "https://c/1",
          "started_at": "2026-11-21T08:04:00Z"},
         {"state": "failing", "title": "Login has failed", "text": "timed out", "service": "Login", "url": "https://c/1", "time": "2026-11-21T08:04:00.000Z"}),
        ({"event": "Login has recovered", "alert_type": "ALERT_RECOVERY", "check_name": "Login", "check_id": "c1"}, {"state": "ok", "service": "Login"}),
    ],
    "checkmk": [
        ({"summary": "web-1/Disk OK -> CRIT", "host": "web-1", "service": "Disk", "output": "97 %", "status": "CRITICAL", "site": "s", "what": "SERVICE"},
         {"state": "failing", "severity": "critical", "service": "Disk", "host": "web-1", "text": "97 %"}),
        ({"summary": "web-1/Disk CRIT -> OK", "host": "web-1", "service": "Disk", "status": "OK", "site": "s", "what": "SERVICE"}, {"state": "ok"}),
        ({"summary": "web-1 UP -> DOWN", "host": "web-1", "status": "DOWN", "site": "s", "what": "HOST"}, {"state": "failing", "severity": "critical", "service": "web-1"}),
    ],
    "graylog": [
        ({"event_definition_id": "d1", "event_definition_title": "Many errors", "event": {"message": "120 errors", "source": "node-1", "priority": 2, "alert": True, "key": "",
          "timestamp": "2026-11-21T08:04:00.000Z"}},
         {"state": "failing", "severity": "medium", "title": "Many errors", "text": "120 errors", "service": "node-1"}),
    ],
    "librenms": [
        ({"title": "web-1 is down", "hostname": "web-1", "device_id": "2", "rule_id": "13", "severity": "critical", "state": "1", "msg": "no ping"},
         {"state": "failing", "severity": "critical", "title": "web-1 is down", "service": "web-1", "host": "web-1", "text": "no ping"}),
        ({"title": "web-1 recovered", "hostname": "web-1", "device_id": "2", "rule_id": "13", "severity": "ok", "state": "0", "msg": "ping"}, {"state": "ok"}),
    ],
    "pingdom": [
        ({"check_id": 7, "check_name": "Shop", "current_state": "DOWN", "importance_level": "HIGH", "long_description": "HTTP 503", "state_changed_timestamp": 1795248240,
          "check_params": {"hostname": "shop.acme.example", "full_url": "https://shop.acme.example/"}},
         {"state": "failing", "severity": "high", "title": "Shop", "text": "HTTP 503", "service": "shop.acme.example", "url": "https://shop.acme.example/", "time": "2026-11-21T08:04:00.000Z"}),
        ({"check_id": 7, "check_name": "Shop", "current_state": "UP"}, {"state": "ok", "service": "Shop"}),
    ],
    "riemann": [
        ({"host": "web-1", "service": "disk", "state": "critical", "description": "97 %", "time": 1795248240}, {"state": "failing", "severity": "critical", "title": "disk", "service": "disk"}),
        ({"host": "web-1", "service": "disk", "state": "ok"}, {"state": "ok", "host": "web-1"}),
    ],
    "stackdriver": [
        ({"incident": {"incident_id": "i1", "condition_name": "CPU", "policy_name": "Health", "summary": "CPU is high", "state": "open", "severity": "Critical",
          "resource_name": "web-1", "started_at": 1795248240, "ended_at": None, "url": "https://g/1"}},
         {"state": "failing", "severity": "critical", "title": "CPU", "text": "CPU is high", "service": "web-1", "time": "2026-11-21T08:04:00.000Z"}),
        ({"incident": {"incident_id": "i1", "condition_name": "CPU", "state": "CLOSED", "started_at": 0, "ended_at": 1795248250}}, {"state": "ok", "time": "2026-11-21T08:04:10.000Z"}),
    ],
    "uptimekuma": [
        ({"monitor": {"id": 1, "name": "Shop", "url": "https://shop"}, "heartbeat": {"status": 0, "msg": "timeout"}, "msg": "[Shop] down"},
         {"state": "failing", "title": "Shop", "text": "timeout", "service": "Shop", "url": "https://shop"}),
        ({"monitor": {"id": 1, "name": "Shop"}, "heartbeat": {"status": 1, "msg": "200"}}, {"state": "ok"}),
        ({"monitor": None, "heartbeat": None, "msg": "a test"}, {"title": "a test", "text": "a test", "subject": "kind=alert"}),
    ],
    "vrealize": [
        ({"alertId": "a1", "info": "High load", "criticality": "ALERT_CRITICALITY_LEVEL_IMMEDIATE", "status": "ACTIVE", "resourceName": "vm-1", "updateDate": 1795248240000},
         {"state": "failing", "severity": "high", "title": "High load", "service": "vm-1", "time": "2026-11-21T08:04:00.000Z"}),
        ({"alertId": "a1", "info": "High load", "status": "CANCELED", "resourceName": "vm-1"}, {"state": "ok"}),
    ],
}


class Mappings(unittest.TestCase):
    def run_vedette(self, *arguments, **more):
        return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"], "HOME": "/", **more})

    def event_of(self, sender, payload):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(payload, file)
            file.flush()
            done = self.run_vedette("fields", "--json", "-c", MAPPINGS / f"{sender}.yaml", "--hook", f"{sender}={file.name}")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_each_mapping_is_a_configuration_that_rules_can_name(self):
        self.assertEqual({path.stem for path in MAPPINGS.iterdir()}, set(PAYLOADS))
        for sender in PAYLOADS:
            with self.subTest(sender), tempfile.NamedTemporaryFile("w", suffix=".yaml") as rule:
                rule.write(f"rules:\n  - id: r\n    on: generic.{sender}\n")
                rule.flush()
                done = self.run_vedette("check", "-c", MAPPINGS / f"{sender}.yaml", rule.name)
                self.assertEqual(done.returncode, 0, done.stderr + done.stdout)

    def test_each_payload_comes_to_what_it_means(self):
        for sender, payloads in PAYLOADS.items():
            for payload, wanted in payloads:
                with self.subTest(sender, payload=payload):
                    event = self.event_of(sender, payload)
                    self.assertEqual({name: event.get(name) for name in wanted}, wanted)
                    self.assertEqual((event["kind"], event["type"]), ("alert", f"generic.{sender}"))

    def test_what_fails_and_what_heals_it_is_one_condition(self):
        for sender, payloads in PAYLOADS.items():
            if len(payloads) < 2:
                continue  # Graylog never says that it is over
            with self.subTest(sender):
                self.assertEqual(*(self.event_of(sender, payload)["subject"] for payload, _ in payloads[:2]))


if __name__ == "__main__":
    unittest.main()
