"""The whole ring once around: a webhook becomes an approved, executed and verified action."""
import json

from harness import CI_RULE, JANE, VedetteTest, alerts, wait_until, workflow_run

ALERT_RULE = """
rules:
  - id: alert-firing
    on: alert
    where: {state: failing}
    key: [subject]
    title: "{{title}}"
    propose:
      plan: [{do: rerun, with: {run: "7"}}]
      cooldown: 1s
"""


class FirstLight(VedetteTest):
    def test_a_run_that_fails_twice_is_proposed_once_approved_at_the_command_line_run_once_and_verified(self):
        vedette = self.vedette()

        first = vedette.send_github("workflow_run", workflow_run(run=1001))
        second = vedette.send_github("workflow_run", workflow_run(run=1002))
        self.assertEqual([first.status, second.status], [202, 202])
        self.assertTrue(first.json()["id"].startswith("evt_"))
        proposal = vedette.wait_for_proposal(state="open")
        vedette.wait_until_folded()
        self.assertEqual(len(vedette.items("proposals")), 1)
        self.assertEqual(proposal["title"], "test is red on main of acme/shop")
        self.assertEqual(proposal["severity"], "high")

        done = vedette.cli("approve", proposal["short"], "--yes", check=0)
        self.assertIn("1001", done.stdout)  # the plan, word for word: parameters froze when it fired

        ended = vedette.wait_for_proposal(id=proposal["id"], state="verified")
        self.assertEqual(vedette.steps_run(), ["1001"])
        self.assertEqual(ended["plan"][0]["state"], "done")
        self.assertEqual(ended["decisions"][0]["by"], "jane")
        signal = vedette.items("signals")[0]
        self.assertEqual((signal["state"], signal["count"]), ("resolved", 2))

    def test_the_same_delivery_again_is_one_event(self):
        vedette = self.vedette()
        payload = workflow_run()

        first = vedette.send_github("workflow_run", payload, delivery="d-1")
        again = vedette.send_github("workflow_run", payload, delivery="d-1")
        self.assertEqual((first.status, again.status), (202, 200))
        self.assertEqual(again.json(), {"id": first.json()["id"], "duplicate": True})
        vedette.wait_for_proposal(state="open")
        self.assertEqual(vedette.items("signals")[0]["count"], 1)

    def test_h16_a_delivery_is_known_again_after_a_restart(self):
        vedette = self.vedette()
        payload = workflow_run()
        first = vedette.send_github("workflow_run", payload, delivery="d-1")
        vedette.restart()

        again = vedette.send_github("workflow_run", payload, delivery="d-1")
        self.assertEqual(again.status, 200)
        self.assertEqual(again.json()["id"], first.json()["id"])

    def test_what_comes_back_by_itself_withdraws_its_proposal(self):
        vedette = self.vedette()

        vedette.send_github("workflow_run", workflow_run(run=1))
        proposal = vedette.wait_for_proposal(state="open")
        vedette.send_github("workflow_run", workflow_run("success", run=2))
        vedette.wait_for_proposal(id=proposal["id"], state="withdrawn")
        refused = vedette.decide(proposal, "approve")
        self.assertEqual(refused.status, 409)
        self.assertEqual(refused.json()["proposal"]["state"], "withdrawn")
        self.assertEqual(vedette.steps_run(), [])

    def test_an_alertmanager_body_of_three_alerts_is_three_events_and_three_signals(self):
        vedette = self.vedette(rules={"alerts.yaml": ALERT_RULE})

        answer = vedette.send_alert(alerts("firing", "firing", "resolved"))
        self.assertEqual(answer.status, 202)
        wait_until(lambda: len(vedette.items("proposals", state="open")) == 2, "two firing alerts are proposed")
        self.assertEqual(len(vedette.items("events")), 3)

        vedette.send_alert(alerts("resolved", "resolved"))
        wait_until(lambda: len(vedette.items("proposals", state="withdrawn")) == 2, "both are withdrawn")

    def test_evidence_and_diagnosis_stand_in_the_proposal_in_order(self):
        vedette = self.vedette()
        vedette.send_deploy({"app": {"name": "shop"}, "status": "succeeded", "env": "production", "message": "shop 2.1", "delivery": "1"})
        vedette.send_github("workflow_run", workflow_run(run=1))

        proposal = vedette.wait_for_proposal(state="open")
        task = vedette.api(f"/api/v1/tasks/{proposal['task']}").json()
        self.assertEqual(task["state"], "done")
        self.assertEqual([evidence["kind"] for evidence in task["evidence"]], ["changes", "action", "similar"])
        self.assertIn("looked at acme/shop", task["evidence"][1]["text"])
        cited = {cited for fact in proposal["diagnosis"]["facts"] for cited in fact.get("evidence", [])}
        self.assertTrue(cited <= {"e1", "e2", "e3"})
        self.assertEqual(proposal["diagnosis"]["by"], "vedette")

    def test_the_stream_tells_every_change_and_resumes_without_a_gap(self):
        vedette = self.vedette()
        vedette.send_github("workflow_run", workflow_run(run=1))
        vedette.wait_for_proposal(state="open")

        told = vedette.read_stream(last_id=0, until=lambda events: any(event["event"] == "proposal" for event in events))
        self.assertEqual([event["event"] for event in told][:1], ["signal"])
        seen = int(told[0]["id"])
        again = vedette.read_stream(last_id=seen, until=lambda events: any(event["event"] == "proposal" for event in events))
        self.assertEqual([event["id"] for event in again], [event["id"] for event in told[1:len(again) + 1]])

    def test_everything_that_was_decided_and_done_is_in_the_audit_trail_and_its_chain_holds(self):
        vedette = self.vedette()
        vedette.send_github("workflow_run", workflow_run(run=1))
        proposal = vedette.wait_for_proposal(state="open")
        self.assertEqual(vedette.decide(proposal, "approve", note="go").status, 200)
        vedette.wait_for_proposal(id=proposal["id"], state="verified")

        kinds = [entry["what"] for entry in vedette.items("audit")]
        for wanted in ("decision", "step.started", "step.finished", "proposal.open", "proposal.verified"):
            self.assertIn(wanted, kinds)
        verified = vedette.cli("audit", "--verify", check=0)
        self.assertIn(str(len(kinds)), verified.stdout)

    def test_the_daemon_and_a_replay_of_its_events_make_the_same_transitions(self):
        vedette = self.vedette(rules={"ci.yaml": CI_RULE.replace("severity: high", "when: {count: 2, within: 1h}"), "alerts.yaml": ALERT_RULE})
        for run in range(5):
            vedette.send_github("workflow_run", workflow_run("success" if run == 3 else "failure", run=run + 1))
            vedette.send_alert(alerts("firing", "resolved" if run % 2 else "firing"))
            vedette.wait_until_folded()

        live = [json.loads(event["data"]) for event in vedette.read_stream(last_id=0, until_quiet=True) if event["event"] == "signal"]
        events = vedette.cli("events", "--json", "--limit", "1000", check=0).stdout.splitlines()
        recorded = vedette.write("events.jsonl", "\n".join(reversed(events)) + "\n")
        replayed = vedette.cli("replay", "--rules", "rules.d", "--events", str(recorded), token=None, check=0)
        self.assertEqual([json.loads(line) for line in replayed.stdout.splitlines()], live)
        self.assertTrue(len(live) >= 6, live)

    def test_a_replay_knows_what_somebody_ended_by_hand(self):
        vedette = self.vedette(rules={"ci.yaml": CI_RULE})
        vedette.send_github("workflow_run", workflow_run("failure", run=1))
        vedette.wait_until_folded()
        vedette.cli("resolve", vedette.items("signals")[0]["id"], check=0)
        vedette.send_github("workflow_run", workflow_run("failure", run=2))
        vedette.wait_until_folded()

        live = [json.loads(event["data"]) for event in vedette.read_stream(last_id=0, until_quiet=True) if event["event"] == "signal"]
        self.assertEqual([told["transition"] for told in live], ["firing", "resolved", "firing"])
        events = vedette.cli("events", "--json", "--kind", "*", "--limit", "1000", check=0).stdout.splitlines()
        recorded = vedette.write("events.jsonl", "\n".join(reversed(events)) + "\n")
        replayed = vedette.cli("replay", "--rules", "rules.d", "--events", str(recorded), token=None, check=0)
        self.assertEqual([json.loads(line) for line in replayed.stdout.splitlines()], live)

    def test_s11_lists_come_in_bounded_pages_and_the_command_line_asks_the_daemon(self):
        vedette = self.vedette()
        for run in range(3):
            vedette.send_github("workflow_run", workflow_run(run=run + 1, workflow=f"w{run}"))
        vedette.wait_until_folded()

        pages, after = [], ""
        while True:
            page = vedette.api(f"/api/v1/signals?limit=1{after}").json()
            pages.append([signal["key"][2] for signal in page["items"]])
            if "next" not in page:
                break
            after = f"&after={page['next']}"
        self.assertEqual([key for page in pages for key in page], ["w2", "w1", "w0"])
        self.assertTrue(all(len(page) <= 1 for page in pages))
        self.assertEqual(vedette.api("/api/v1/signals?limit=1001").status, 400)
        (vedette.directory / "state").rename(vedette.directory / "elsewhere")
        self.assertEqual(len(vedette.cli("signals", "--json", check=0).stdout.splitlines()), 3)

    def test_nobody_unknown_may_look_and_nobody_unlisted_may_decide(self):
        vedette = self.vedette()
        vedette.send_github("workflow_run", workflow_run(run=1))
        proposal = vedette.wait_for_proposal(state="open")

        self.assertEqual(vedette.api("/api/v1/proposals", token=None).status, 401)
        self.assertEqual(vedette.api("/api/v1/proposals", token="guess").status, 401)
        denied = vedette.decide(proposal, "approve", token="a token that only a visitor holds")
        self.assertEqual(denied.status, 403)
        self.assertEqual(vedette.items("proposals")[0]["state"], "open")
        self.assertIn("refused", [entry["what"] for entry in vedette.items("audit")])
        self.assertEqual(vedette.decide(proposal, "approve", token=JANE).status, 200)
