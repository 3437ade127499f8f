"""What cannot judge yet, or not as exactly as it says, is told, and until when."""
import time
import unittest

from harness import VedetteTest, wait_until

LEARNING = """
rules:
  - {id: new-service, on: deploy, key: [environment], where: {state: ok}, when: {new: service, learn: 3d, limit: 2}}
  - {id: fewer-deploys, on: deploy, key: [service], where: {state: ok}, when: {drop: 4x, within: 5m, against: 1h, at_least: 9}}
  - {id: long-deploys, on: deploy, key: [service], where: {state: ok}, when: {avg: duration, above: 2x, within: 1h, against: 7d}}
  - {id: many-deploys, on: deploy, key: [service], where: {state: ok}, when: {spike: 4x, within: 5m, against: 1h, at_least: 9}}
  - {id: bad-deploy, on: deploy, key: [service]}
"""


class Judging(VedetteTest):
    def deploy(self, vedette, service, n):
        body = {"app": {"name": service}, "status": "succeeded", "env": "production", "message": "m", "delivery": str(n)}
        self.assertEqual(vedette.send_deploy(body).status, 202)

    def learning(self, vedette):
        return {row["rule"]: row for row in vedette.api("/api/v1/status").json()["rules"]["learning"]}

    def test_status_says_which_rules_cannot_judge_yet_and_until_when(self):
        started = time.time()
        vedette = self.vedette(rules={"deploys.yaml": LEARNING})
        wait_until(lambda: self.learning(vedette), "the rules are in force")
        learning = self.learning(vedette)
        self.assertEqual({rule: row["why"] for rule, row in learning.items()},
                         {"new-service": "learning", "fewer-deploys": "warming up", "long-deploys": "warming up"})
        for rule, span in {"new-service": 3 * 86400, "fewer-deploys": 3900, "long-deploys": 7 * 86400 + 3600}.items():
            until = time.mktime(time.strptime(learning[rule]["until"][:19] + " UTC", "%Y-%m-%dT%H:%M:%S %Z")) - time.timezone
            self.assertAlmostEqual(until, started + span, delta=60)
        self.assertRegex(vedette.cli("status", check=0).stdout, r"\n    new-service cannot judge yet: learning, ends in 3 days \(.*\)\n")

        # Since the first load of the condition, not since the start.
        vedette.restart()
        self.assertEqual(wait_until(lambda: self.learning(vedette), "the rules are in force again"), learning)

    def test_status_says_which_rules_have_all_the_keys_they_may_have(self):
        vedette = self.vedette(rules={"deploys.yaml": LEARNING})
        self.assertEqual(vedette.api("/api/v1/status").json()["rules"]["limited"], [])
        for i in range(5):
            self.deploy(vedette, f"s{i}", i)
        vedette.wait_until_folded()
        self.assertEqual(vedette.api("/api/v1/status").json()["rules"]["limited"], [{"rule": "new-service", "limit": "keys", "matches": 3}])
        self.assertIn("new-service is at a limit: 3 matches came under keys that it has no room for", vedette.cli("status", check=0).stdout)


if __name__ == "__main__":
    unittest.main()
