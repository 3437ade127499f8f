"""Groups from outside: what fails together is one proposal and one message, whatever happens to the process, and nothing acts that was not seen."""
import json
import pathlib
import subprocess
import unittest

from harness import BINARY, JOHN, ROOT, VedetteTest, wait_until

RULE = """
rules:
  - id: down
    on: deploy
    where: {state: failing}
    key: [service]
    title: "{{service}} is down"
    group: {by: [environment], wait: %(wait)s}
    propose:
      plan:
        - do: rerun
          with: {run: "{{data.run}}"}
      approvers: {from: [oncall], need: %(need)d}
    verify: {ok: 1h}
"""
SERVICES = ["shop", "till", "cart", "desk", "lamp"]


def rule(wait="2s", need=1):
    return {"down.yaml": RULE % {"wait": wait, "need": need}}


class GroupsTest(VedetteTest):
    def say(self, vedette, service, status, environment="live"):
        number = 1000 + (SERVICES.index(service) if service in SERVICES else 99)
        answer = vedette.send_deploy({"app": {"name": service}, "status": status, "env": environment, "message": service, "run": str(number)})
        self.assertEqual(answer.status, 202, answer)
        vedette.wait_until_folded()

    def fail(self, vedette, *services):
        for service in services:
            self.say(vedette, service, "failed")

    def is_well(self, vedette, *services):
        for service in services:
            self.say(vedette, service, "succeeded")

    def only(self, vedette, **wanted):
        """The one proposal that there is."""
        proposal = vedette.wait_for_proposal(**wanted)
        self.assertEqual(len(vedette.items("proposals")), 1)
        return proposal

    def named(self, vedette, proposal):
        return [vedette.api(f"/api/v1/signals/{signal}").json()["key"][0] for signal in proposal["signals"]]


class Together(GroupsTest):
    def test_five_services_are_one_proposal_and_one_message(self):
        vedette = self.vedette(rules=rule())
        self.fail(vedette, *SERVICES)
        proposal = self.only(vedette, title="shop is down (+4 more)")
        self.assertEqual(self.named(vedette, proposal), SERVICES)
        self.assertEqual([other["title"] for other in proposal["others"]], [f"{name} is down" for name in SERVICES[1:]])
        self.assertEqual(len(vedette.items("tasks")), 1)
        shown = vedette.cli("show", proposal["short"], check=0).stdout
        self.assertIn("together with\n  - till is down\n", shown)

    def test_what_waits_says_so(self):
        vedette = self.vedette(rules=rule(wait="1h"))
        self.fail(vedette, "shop")
        signal, = vedette.items("signals", state="firing")
        self.assertEqual(signal["held"]["reason"], "group")
        self.assertIn("down", signal["held"]["detail"])
        self.assertEqual(vedette.metric("vedette_signals_held", reason="group"), 1)
        explained = vedette.api(f"/api/v1/explain/signals/{signal['id']}").json()
        self.assertIn("group", json.dumps(explained))

    def test_an_event_without_the_field_is_counted_and_explained(self):
        vedette = self.vedette(rules=rule())
        answer = vedette.send_deploy({"app": {"name": "shop"}, "status": "failed", "message": "no env", "run": "1"})
        self.assertEqual(answer.status, 202, answer)
        vedette.wait_until_folded()
        self.assertEqual(vedette.items("signals"), [])
        self.assertEqual(vedette.metric("vedette_match_faults_total", rule="down", fault="group"), 1)
        self.assertRegex(vedette.cli("status", check=0).stdout, r"down is degraded: 1 event it could not judge: a field that it groups by is absent; .*\n")
        event, = vedette.items("events")
        self.assertIn('"name":"group","passed":false', json.dumps(vedette.api(f"/api/v1/explain/events/{event['id']}").json(), separators=(",", ":")))

    def test_the_rule_file_of_a_storm_passes_its_tests(self):
        done = subprocess.run([BINARY, "test", str(ROOT / "tests/fixtures/rules/storm.yaml")], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("9 passed, 0 failed", done.stdout)


class Deciding(GroupsTest):
    def test_a_digest_of_before_somebody_joined_is_refused(self):
        vedette = self.vedette(rules=rule())
        self.fail(vedette, "shop", "till")
        seen = self.only(vedette, state="open")
        self.fail(vedette, "cart")
        joined = self.only(vedette, revision=2)
        self.assertEqual(self.named(vedette, joined), ["shop", "till", "cart"])
        refused = vedette.decide(seen, "approve")
        self.assertEqual(refused.status, 412, refused)
        self.assertEqual(vedette.steps_run(), [])
        self.assertEqual(vedette.decide(joined, "approve").status, 200)
        vedette.wait_for_proposal(id=seen["id"], state="verifying")
        self.assertEqual(vedette.steps_run(), ["1000"])

    def test_an_approval_of_before_somebody_joined_is_void(self):
        vedette = self.vedette(rules=rule(need=2))
        self.fail(vedette, "shop")
        self.assertEqual(vedette.decide(self.only(vedette, state="open"), "approve").status, 200)
        self.fail(vedette, "till")
        joined = self.only(vedette, revision=2)
        self.assertTrue(joined["decisions"][0]["void"])
        self.assertEqual(vedette.decide(joined, "approve", token=JOHN).json()["state"], "open")  # one of two
        self.assertEqual(vedette.steps_run(), [])

    def test_when_the_one_that_leads_is_well_again_its_plan_cannot_be_approved(self):
        vedette = self.vedette(rules=rule())
        self.fail(vedette, "shop", "till")
        seen = self.only(vedette, state="open")
        self.is_well(vedette, "shop")
        led = self.only(vedette, revision=2)
        self.assertEqual(led["title"], "till is down")
        self.assertEqual(vedette.decide(seen, "approve").status, 412)
        self.assertEqual(vedette.decide(led, "approve").status, 200)
        vedette.wait_for_proposal(id=seen["id"], state="verifying")
        self.assertEqual(vedette.steps_run(), ["1001"])
        self.is_well(vedette, "till")
        vedette.wait_for_proposal(id=seen["id"], state="verified")

    def test_verified_when_all_are_well_and_withdrawn_when_nobody_is_left(self):
        vedette = self.vedette(rules=rule())
        self.fail(vedette, "shop", "till")
        proposal = self.only(vedette, state="open")
        self.assertEqual(vedette.decide(proposal, "approve").status, 200)
        vedette.wait_for_proposal(id=proposal["id"], state="verifying")
        self.is_well(vedette, "shop")
        self.assertEqual(self.only(vedette)["state"], "verifying")
        self.is_well(vedette, "till")
        self.only(vedette, state="verified")


class Crashes(GroupsTest):
    def test_kills_at_every_stage_change_nothing_that_people_see(self):
        vedette = self.vedette(rules=rule(wait="3s"))
        self.fail(vedette, "shop")
        vedette.kill()
        vedette.start()
        self.fail(vedette, "till")
        vedette.kill()
        vedette.start()
        proposal = self.only(vedette, title="shop is down (+1 more)")
        self.fail(vedette, "cart")
        vedette.kill()
        vedette.start()
        joined = self.only(vedette, revision=2)
        self.assertEqual(joined["id"], proposal["id"])
        self.assertEqual(self.named(vedette, joined), ["shop", "till", "cart"])
        vedette.kill()
        vedette.start()
        self.is_well(vedette, "shop")
        vedette.kill()
        vedette.start()
        led = self.only(vedette, revision=3)
        self.assertEqual(self.named(vedette, led), ["till", "cart"])
        self.assertEqual(vedette.decide(led, "approve").status, 200)
        vedette.wait_for_proposal(id=proposal["id"], state="verifying")
        vedette.kill()
        vedette.start()
        self.is_well(vedette, "till", "cart")
        self.only(vedette, state="verified")
        self.assertEqual(vedette.steps_run(), ["1001"])


if __name__ == "__main__":
    unittest.main()
