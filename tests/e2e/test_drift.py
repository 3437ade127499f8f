"""Senders that change what they send: what is there is used and the rest is told; what cannot be used at all is kept, and taken in once it can be."""
from harness import CI_RULE, CONFIG, VedetteTest, wait_until, workflow_run

ANY_RUN = CI_RULE.replace("state: failing, ", "")


class Drift(VedetteTest):
    def dead(self, vedette):
        return vedette.items("events", state="dead")

    def test_a_payload_that_lacks_a_member_is_an_event_with_what_is_there_and_told_once(self):
        vedette = self.vedette()
        for run in (1, 2, 3):
            payload = workflow_run(run=run)
            del payload["workflow_run"]["html_url"]
            self.assertEqual(vedette.send_github("workflow_run", payload).status, 202)
        self.assertEqual(vedette.wait_for_proposal(state="open")["rule"], "ci-red")
        vedette.wait_until_folded()
        self.assertEqual([event["drift"] for event in vedette.items("events")], ["no `workflow_run.html_url`"] * 3)
        self.assertEqual(vedette.metric("vedette_events_drifted_total", watcher="github"), 3)
        self.assertEqual(vedette.log().count("payload is not as expected: no `workflow_run.html_url`"), 1)
        self.assertEqual(self.dead(vedette), [])

    def test_a_word_that_nobody_knew_is_neither_failing_nor_ok_and_told_once_for_each_word(self):
        vedette = self.vedette()
        for run, word in enumerate(("exploded", "exploded", "melted")):
            vedette.send_github("workflow_run", workflow_run(conclusion=word, run=run))
        vedette.wait_until_folded()
        self.assertEqual({event["state"] for event in vedette.items("events")}, {"info"})
        self.assertEqual(vedette.log().count("unknown state `exploded`"), 1)
        self.assertEqual(vedette.log().count("unknown state `melted`"), 1)

    def test_an_event_that_nobody_knew_is_kept_aside_with_its_reason(self):
        vedette = self.vedette()
        self.assertEqual(vedette.send_github("flux_capacitor", {"action": "charged", "repository": {"full_name": "acme/shop"}}).status, 202)
        vedette.wait_until_folded()
        [kept] = self.dead(vedette)
        self.assertEqual(kept["reason"], "no event called `github.flux_capacitor` is known")
        self.assertEqual(vedette.metric("vedette_events_dead_total", watcher="github"), 1)
        told = vedette.cli("events", "--state", "dead", check=0).stdout
        self.assertIn("flux_capacitor", told)
        # Nothing has changed since: it comes back.
        vedette.cli("replay-event", kept["id"], check=0)
        vedette.wait_until_folded()
        [again] = self.dead(vedette)
        self.assertNotEqual(again["id"], kept["id"])

    def test_what_was_kept_aside_is_taken_in_once_its_mapping_is_mended(self):
        config = CONFIG.replace("map: {kind: deploy, service: app.name,", "map: {kind: deploy, service: application.title,").replace(
            "state: status, environment: env, title: message, id: delivery, time: at}", "state: result}")
        vedette = self.vedette(config=config, rules={"deploys.yaml": "rules:\n  - {id: deploy-failed, on: deploy, where: {state: failing}, key: [service]}\n"})
        self.assertEqual(vedette.send_deploy({"app": {"name": "shop"}, "status": "failed"}).status, 202)
        vedette.wait_until_folded()
        [kept] = self.dead(vedette)
        self.assertIn("nothing that `map` names is in it", kept["reason"])
        self.assertEqual(vedette.items("signals"), [])
        vedette.config_path.write_text(vedette.config_path.read_text().replace("application.title", "app.name").replace("state: result", "state: status"))
        vedette.cli("reload", check=0)
        replayed = vedette.cli("replay-event", kept["id"], "--json", check=0)
        self.assertIn('"id":"evt_', replayed.stdout)
        [signal] = wait_until(lambda: vedette.items("signals"), "a signal of the delivery")
        self.assertEqual(signal["key"], ["shop"])
        self.assertEqual(self.dead(vedette), [])
        # It is one delivery, whoever reads them all: a replay of the journal does what was done.
        self.assertEqual(len(vedette.items("events")), 1)
        self.assertNotEqual(vedette.items("events")[0]["id"], kept["id"])
        self.assertEqual(vedette.api(f"/api/v1/events/{kept['id']}").json()["again"], vedette.items("events")[0]["id"])
        # Once is enough, and what was folded is not folded again.
        self.assertIn("not kept aside", vedette.cli("replay-event", kept["id"], check=5).stderr)
        self.assertIn("replay-event", vedette.cli("audit", check=0).stdout)

    def test_kept_deliveries_outlive_a_restart(self):
        vedette = self.vedette()
        vedette.send_github("flux_capacitor", {})
        vedette.wait_until_folded()
        vedette.restart()
        self.assertEqual(len(self.dead(vedette)), 1)

    def test_who_asks_for_what_is_not_there_is_told(self):
        vedette = self.vedette()
        vedette.cli("replay-event", "sig_01ARZ3NDEKTSV4RRFFQ69G5FAV", check=2)
        self.assertIn("there is nothing of that name", vedette.cli("replay-event", "evt_01ARZ3NDEKTSV4RRFFQ69G5FAV", check=1).stderr)
