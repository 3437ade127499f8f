"""Deciding in Slack: one card for each proposal, kept up to date in place, its thread the history, its buttons the decision.

Everything against the scripted Slack, which refuses what Slack refuses. Nothing that it would swallow is sent either: `complaints` stay empty.
"""
import http.server
import json
import signal
import threading
import time
import unittest

from harness import CI_RULE, wait_until, workflow_run
from slack_story import JANE, JOHN, SLACK_CONFIG, VISITOR, SlackTest

TWO_NEEDED = CI_RULE.replace("    propose:\n", "    propose:\n      approvers: {from: [oncall], need: 2}\n")
SLOW = """
  slow:
    run: [/bin/sleep, "60"]
    params: {run: '/[0-9]+/'}
    effect: external
    hold: 1s
"""


class CardLife(SlackTest):
    def tearDown(self):
        self.assert_no_complaints()

    def test_a_failed_run_becomes_one_card_with_all_that_a_decision_needs(self):
        vedette = self.vedette()
        card = self.red(vedette)
        shown = card.shown().lower()
        for part in ("test is red on main of acme/shop", "waits for a decision", "jane, john (oncall)", "1001", "rerun"):
            self.assertIn(part, shown)
        self.assertLessEqual({"approve", "reject", "ack", "details", "more"}, set(card.elements()))
        self.assertEqual(card.proposal, vedette.wait_for_proposal(state="open")["id"])
        self.assertIn("http://vedette.example/", json.dumps(card))
        self.assertIn("approve", card.elements()["approve"][1]["confirm"]["confirm"]["text"].lower())

    def test_approve_runs_the_plan_once_and_the_same_card_tells_each_step(self):
        vedette = self.vedette()
        card = self.red(vedette)
        click = self.slack.click(card, "approve", user=JANE)
        self.assertEqual((click.status, click.answer.body), (200, b""))
        self.slack.wait_until_shows(card, "approved by jane")
        self.slack.wait_until_shows(card, "verified at")
        self.assertEqual(vedette.steps_run(), ["1001"])
        self.assertEqual([other["ts"] for other in self.slack.cards()], [card["ts"]], "edited in place")
        self.slack.wait_for_reply(card, "verified")
        self.assertRegex(self.slack.thread(card), r"(?s)approved by jane.*step 1 of 1 \(rerun\).*verified")
        self.assertNotIn("approve", card.elements())
        decision = vedette.items("audit", object=card.proposal)
        self.assertIn("slack", json.dumps(decision))

    def test_a_click_is_answered_within_slacks_three_seconds(self):
        card = self.red(self.vedette())
        self.assertLess(self.slack.click(card, "ack").seconds, 3)

    def test_reject_with_a_reason_runs_nothing(self):
        vedette = self.vedette()
        card = self.red(vedette)
        self.slack.click(card, "reject", user=JOHN, value="wrong_cause")
        self.slack.wait_until_shows(card, "rejected by john")
        self.assertIn("wrong cause", card.shown())
        self.assertEqual(vedette.api(f"/api/v1/proposals/{card.proposal}").json()["state"], "rejected")
        self.assertEqual(vedette.steps_run(), [])

    def test_an_approval_is_taken_back_while_it_is_held(self):
        vedette = self.vedette(config=SLACK_CONFIG.replace("hold: 1s", "hold: 30s"))
        card = self.red(vedette)
        self.slack.click(card, "approve")
        self.slack.wait_until_shows(card, "unless it is taken back")
        before = card.elements()["take_back"][0]["block_id"]
        self.slack.click(card, "take_back")
        self.slack.wait_until_shows(card, "waits for a decision")
        self.assertNotEqual(before, card.elements()["approve"][0]["block_id"], "or the client keeps what was chosen before")
        self.assertEqual(vedette.steps_run(), [])

    def test_somebody_is_on_it_and_it_can_be_snoozed(self):
        vedette = self.vedette()
        card = self.red(vedette)
        self.slack.click(card, "ack", user=JOHN)
        self.slack.wait_until_shows(card, "john is on it")
        self.slack.click(card, "more", user=JANE, value="snooze:1h")
        self.slack.wait_until_shows(card, "snoozed until")
        self.assertIn("approve", card.elements(), "a snoozed one can still be decided")

    def test_two_are_needed_and_the_first_one_is_counted(self):
        vedette = self.vedette(rules={"ci.yaml": TWO_NEEDED})
        card = self.red(vedette)
        self.slack.click(card, "approve", user=JANE)
        self.slack.wait_until_shows(card, "1 of 2 approvals: jane")
        again = self.slack.click(card, "approve", user=JANE)
        self.assert_told(again, "already approved by jane")
        self.assertEqual(vedette.steps_run(), [])
        self.slack.click(card, "approve", user=JOHN)
        self.slack.wait_until_shows(card, "verified at")
        self.assertEqual(vedette.steps_run(), ["1001"])

    def test_what_is_over_by_itself_is_withdrawn_on_the_card(self):
        vedette = self.vedette()
        card = self.red(vedette)
        old = card.snapshot()
        vedette.send_github("workflow_run", workflow_run("success", run=1002))
        self.slack.wait_until_shows(card, "withdrawn")
        self.assertNotIn("approve", card.elements())
        late = self.slack.click(old, "approve")
        self.assert_told(late, "withdrawn")
        self.assertEqual(vedette.steps_run(), [])

    def test_details_open_as_a_modal(self):
        card = self.red(self.vedette())
        self.slack.click(card, "details", user=VISITOR)
        view = self.slack.wait_for_view(VISITOR)
        self.assertIn("looked at acme/shop", json.dumps(view), "the evidence whole")

    def test_the_plan_is_edited_in_a_modal_and_a_click_on_the_old_one_is_refused(self):
        vedette = self.vedette()
        card = self.red(vedette)
        old = card.snapshot()
        self.slack.click(card, "more", user=JANE, value="edit")
        view = self.slack.wait_for_view(JANE)
        block = next(block["block_id"] for block in view["blocks"] if block["type"] == "input" and block["block_id"].startswith("param:1:run"))
        wrong = self.slack.submit(view, {block: "not a number"})
        self.assertEqual(set(wrong.errors), {block})
        self.assertTrue(view.is_open)
        self.slack.submit(view, {block: "7"})
        self.assertFalse(view.is_open)
        wait_until(lambda: vedette.api(f"/api/v1/proposals/{card.proposal}").json()["revision"] == 2, "a second revision")
        late = self.slack.click(old, "approve", user=JOHN)
        self.assert_told(late, "changed")
        self.slack.wait_until_shows(card, "7")
        self.slack.click(card, "approve", user=JOHN)
        self.slack.wait_until_shows(card, "verified at")
        self.assertEqual(vedette.steps_run(), ["7"])

    def test_a_card_of_a_channel_that_has_another_name_by_now_decides_and_says_that_it_stays_as_it_is(self):
        vedette = self.vedette()
        card = self.red(vedette)
        config = vedette.directory / "vedette.yaml"
        config.write_text(config.read_text().replace("  slack:\n    token_file", "  ops:\n    kind: slack\n    token_file"))
        vedette.signal(signal.SIGHUP)
        wait_until(lambda: len(self.slack.calls_of("auth.test")) == 2, "the channel is known by its new name")
        wait_until(lambda: self.slack.click(card, "ack", user=JOHN) and vedette.api(f"/api/v1/proposals/{card.proposal}").json().get("acknowledged_by"), "it decides")
        new = wait_until(lambda: next((other for other in self.slack.cards() if other["ts"] != card["ts"]), None), "a card of the channel as it is called now")
        self.assertEqual(new.proposal, card.proposal)
        self.assert_told(self.slack.click(card, "more", user=JOHN, value="snooze:1h"), "another copy of this card")
        self.slack.wait_until_shows(new, "snoozed")
        self.assertEqual(vedette.api(f"/api/v1/proposals/{card.proposal}").json()["acknowledged_by"], "john")

    def edit_run(self, card, run):
        self.slack.click(card, "more", user=JANE, value="edit")
        view = self.slack.wait_for_view(JANE)
        block = next(block["block_id"] for block in view["blocks"] if block["type"] == "input" and block["block_id"].startswith("param:1:run"))
        self.slack.submit(view, {block: run})

    def test_a04_a_yes_that_arrives_late_is_not_for_a_plan_that_came_meanwhile(self):
        vedette = self.vedette()
        card = self.red(vedette)
        with self.slack.lock:
            said = self.slack.post("C1", JOHN, thread_ts=card["ts"], text=f"yes {vedette.wait_for_proposal(state='open')['short']}")
        self.edit_run(card, "7")
        self.slack.wait_until_shows(card, "revision 2")
        self.slack.wait_for_reply(card, "revision 2 waits")
        late = self.slack.event(self.slack.event_of(said), user=JOHN, message=said)
        self.assert_told(late, "has changed since this was written")
        self.assertEqual(vedette.api(f"/api/v1/proposals/{card.proposal}").json()["state"], "open")
        second = int(time.time())
        wait_until(lambda: int(time.time()) > second, "time to read it: Slack's stamps are seconds")
        self.slack.message(said["text"], user=JOHN, thread_ts=card["ts"])
        self.slack.wait_until_shows(card, "verified at")
        self.assertEqual(vedette.steps_run(), ["7"])

    def test_a04_a_yes_under_a_card_that_could_not_be_changed_is_not_for_the_new_plan(self):
        vedette = self.vedette()
        card = self.red(vedette)
        proposal = vedette.wait_for_proposal(state="open")
        self.slack.fail("chat.update", times=None, error="a_code_of_the_future")
        self.edit_run(card, "7")
        new = wait_until(lambda: next((other for other in self.slack.cards() if other["ts"] != card["ts"]), None), "a card that tells how it is now")
        self.assertIn("7", new.elements()["approve"][1]["confirm"]["text"]["text"])
        said = self.slack.message(f"yes {proposal['short']}", user=JOHN, thread_ts=card["ts"])
        self.assert_told(said, "not the thread of its card")
        self.assertEqual(vedette.api(f"/api/v1/proposals/{card.proposal}").json()["state"], "open")

    def test_nobody_knows_whether_it_ran_and_a_click_settles_it(self):
        vedette = self.vedette(rules={"ci.yaml": CI_RULE.replace("do: rerun", "do: slow")}, actions=SLOW)
        card = self.red(vedette)
        self.slack.click(card, "approve")
        self.slack.wait_until_shows(card, "runs; approved by jane")
        vedette.restart()
        self.slack.wait_until_shows(card, "look for yourself")
        self.slack.click(card, "settle_ran")
        self.slack.wait_until_shows(card, "verified at")
        self.assertEqual(len(self.slack.cards()), 1)


class Elsewhere(http.server.ThreadingHTTPServer):
    """A host that nobody may call: it counts who does."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Counting)
        self.n_requests = 0
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


class Counting(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.n_requests += 1
        self.send_response(200)
        self.end_headers()

    do_GET = do_POST

    def log_message(self, *args):
        pass


class Falsified(SlackTest):
    """Signed by Slack, and not what a card says (test_slack_requests.py has what is not signed)."""

    def test_a05_a_button_grants_nothing_whatever_it_says(self):
        vedette = self.vedette()
        card = self.red(vedette)
        real = card.elements()["approve"][0]["block_id"]
        other = real.replace(card.proposal, "prp_" + "0" * 26)
        for text in ("", "x" * 255, other, real.rpartition(":")[0], ":".join([card.proposal, "1", "f" * 64, "1"])):
            click = self.slack.click(card, "approve", change=lambda payload, text=text: payload["actions"][0].update(block_id=text))
            self.assertLess(click.status, 500, text)
        self.assertEqual(vedette.api(f"/api/v1/proposals/{card.proposal}").json()["state"], "open")
        self.assertEqual(vedette.steps_run(), [])

    def test_o08_no_way_of_writing_an_address_leads_an_answer_elsewhere(self):
        vedette = self.vedette()
        card = self.red(vedette)
        elsewhere = Elsewhere()
        self.addCleanup(elsewhere.server_close)
        self.addCleanup(elsewhere.shutdown)
        port = elsewhere.server_address[1]
        for url in (f"http://hooks.slack.com@127.0.0.1:{port}/", f"http://127.0.0.1:{self.slack.port}@127.0.0.1:{port}/", f"http://[::ffff:127.0.0.1]:{port}/",
                    f"http://2130706433:{port}/", f"http://0177.0.0.1:{port}/", "file:///etc/passwd", "http://169.254.169.254/latest/meta-data"):
            refused = self.slack.click(card, "approve", user=VISITOR, change=lambda payload, url=url: payload.update(response_url=url))
            self.assertEqual(refused.status, 200, url)
        self.slack.wait_for_answer(self.slack.click(card, "approve", user=VISITOR))
        self.assertEqual(elsewhere.n_requests, 0)


if __name__ == "__main__":
    unittest.main()
