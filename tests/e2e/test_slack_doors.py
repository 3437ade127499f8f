"""What comes from Slack is proven, known and allowed before it counts; whoever is refused is told why, and nothing else of it happens."""
import http.server
import json
import threading
import unittest

from harness import CI_RULE, together, wait_until
from slack_story import JANE, JOHN, STRANGER, VISITOR, SlackTest

SHORT_LIVED = CI_RULE.replace("    propose:\n", "    propose:\n      expires: 3s\n")
OTHER_TEAM = "T0OTHER"


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


class Doors(SlackTest):
    def setUp(self):
        super().setUp()
        self.daemon = self.vedette()
        self.card = self.red(self.daemon)

    def tearDown(self):
        self.assert_no_complaints()

    def proposal(self):
        return self.daemon.api(f"/api/v1/proposals/{self.card.proposal}").json()

    def assert_still_open(self):
        self.assertEqual((self.proposal()["state"], self.daemon.steps_run()), ("open", []))

    # --- is it Slack? ---

    def test_the_address_is_verified(self):
        answer = self.slack.url_verification("3eZbrw1aBm2rZgRNFdxV").answer
        self.assertEqual((answer.status, answer.json()), (200, {"challenge": "3eZbrw1aBm2rZgRNFdxV"}))
        self.assertEqual(self.slack.url_verification(secret="another").status, 401)

    def test_what_is_not_signed_by_slack_changes_nothing(self):
        forged = [{"secret": "another secret"}, {"unsigned": True}, {"age": 301}, {"age": -301}]
        answers = [self.slack.click(self.card, "approve", **how).answer for how in forged]
        self.assertEqual([answer.status for answer in answers], [401] * 4)
        self.assertEqual(len({answer.body for answer in answers}), 1, "one answer for all reasons")
        self.assert_still_open()

    def test_within_five_minutes_a_clock_may_differ(self):
        self.assertEqual(self.slack.click(self.card, "ack", age=290).status, 200)
        self.slack.wait_until_shows(self.card, "jane is on it")

    def test_a08_a_captured_request_does_nothing_a_second_time(self):
        click = self.slack.click(self.card, "more", value="snooze:1h")
        self.slack.wait_until_shows(self.card, "snoozed until")
        until = self.proposal()["snoozed_until"]
        self.assertEqual(self.slack.replay(click).status, 401)
        self.daemon.restart()
        self.slack.replay(click)
        self.assertEqual(self.proposal()["snoozed_until"], until)
        audit = [entry for entry in self.daemon.items("audit") if "snooze" in json.dumps(entry)]
        self.assertEqual(len(audit), 1, audit)

    def test_a_certificate_is_tried_and_nothing_beside_it_is_read(self):
        captured = {}
        self.slack.click(self.card, "approve", secret="another", change=lambda payload: captured.update(payload=json.dumps(payload)))
        self.assertEqual(self.slack.ssl_check("/slack/interactions", **captured).status, 200)
        self.assertEqual(self.slack.ssl_check("/slack/commands").status, 200)
        self.assert_still_open()

    def test_other_methods_types_and_sizes_are_refused(self):
        request = self.daemon.request
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        self.assertEqual(request("public", "GET", "/slack/interactions").status, 405)
        self.assertEqual(request("public", "POST", "/slack/interactions", b"{}", {"Content-Type": "application/json"}).status, 415)
        self.assertEqual(request("public", "POST", "/slack/commands", b"x" * ((1 << 20) + 1), form).status, 413)
        self.assertEqual(request("public", "POST", "/slack/other", b"", form).status, 404)

    def test_while_the_secret_is_replaced_both_are_taken(self):
        self.daemon.write("new.secret", "f" * 32)
        text = self.daemon.config_path.read_text().replace("signing_secret_file: slack.secret", "signing_secret_file: [new.secret, slack.secret]")
        self.daemon.config_path.write_text(text)
        self.daemon.cli("reload", check=0)
        self.assertEqual(self.slack.command(text="help").status, 200)
        self.assertEqual(self.slack.command(text="help", secret="f" * 32).status, 200)
        self.assertEqual(self.slack.command(text="help", secret="e" * 32).status, 401)

    # --- who is it? ---

    def test_a_visitor_is_told_that_they_may_not_decide(self):
        refused = self.slack.click(self.card, "approve", user=VISITOR)
        self.assertEqual(refused.status, 200)
        self.slack.wait_for_answer(refused)
        self.assert_still_open()
        self.assertNotIn("approved", self.card.shown().lower().replace("if approved", ""))

    def test_somebody_who_is_in_the_channel_and_in_no_list_decides_nothing(self):
        self.slack.wait_for_answer(self.slack.click(self.card, "approve", user=STRANGER))
        self.assert_still_open()

    def test_people_of_another_workspace_decide_nothing(self):
        """In a shared channel they see the buttons, and user ids are not unique beyond a workspace."""
        for change in (None, lambda payload: payload["user"].update(team_id=OTHER_TEAM), lambda payload: payload.update(team=None)):
            refused = self.slack.click(self.card, "approve", user=JANE, team=OTHER_TEAM, change=change)
            self.slack.wait_for_answer(refused, "workspace")
        self.assert_still_open()

    def test_a_click_for_another_app_is_refused(self):
        self.assertGreaterEqual(self.slack.click(self.card, "approve", change=lambda payload: payload.update(api_app_id="A0OTHER")).status, 400)
        self.assert_still_open()

    def test_what_a_name_says_counts_for_nothing(self):
        def call_oneself_jane(payload):
            payload["user"].update(username="jane", name="jane")
        self.slack.wait_for_answer(self.slack.click(self.card, "approve", user=STRANGER, change=call_oneself_jane))
        self.assert_still_open()

    # --- what is it about? ---

    def test_a_button_grants_nothing_whatever_it_says(self):
        other = "prp_" + "0" * 26

        def block_id(text):
            return lambda payload: payload["actions"][0].update(block_id=text)
        real = self.card.elements()["approve"][0]["block_id"]
        for text in ("", "x" * 255, real.replace(self.card.proposal, other), real.rpartition(":")[0], ":".join([self.card.proposal, "1", "f" * 64, "1"])):
            click = self.slack.click(self.card, "approve", change=block_id(text))
            self.assertLess(click.status, 500, text)
        self.assert_still_open()

    def test_the_plan_that_was_seen_is_the_plan_that_is_approved(self):
        old = self.card.snapshot()
        digest = self.proposal()["plan_digest"]
        edited = self.daemon.cli("edit", self.card.proposal, "--set", "1.run=7")
        if edited.returncode:
            edited = self.daemon.api(f"/api/v1/proposals/{self.card.proposal}/decision", "POST",
                                     {"verdict": "edit", "plan_digest": digest, "params": {"1": {"run": "7"}}})
        wait_until(lambda: self.proposal()["plan_digest"] != digest, f"another plan; {edited}")
        late = self.slack.click(old, "approve")
        self.assert_told(late, "changed")
        self.assert_still_open()

    def test_after_its_end_a_click_is_told_the_end(self):
        daemon = self.vedette(rules={"ci.yaml": SHORT_LIVED})
        card = self.red(daemon)
        old = card.snapshot()
        self.slack.wait_until_shows(card, "expired")
        self.assertNotIn("approve", card.elements())
        self.assert_told(self.slack.click(old, "approve"), "expired")
        self.assertEqual(daemon.steps_run(), [])

    def test_a08_both_copies_of_a_card_decide_the_one_proposal(self):
        copy, seen = self.slack.duplicate(self.card), self.card.snapshot()
        on_the_copy = self.slack.click(copy, "approve", user=JANE)
        self.assert_told(on_the_copy, "approved")
        self.assert_told(self.slack.click(seen, "reject", user=JOHN, value="known"), "already approved by jane")
        self.slack.wait_until_shows(self.card, "verified at")
        self.assertEqual(self.daemon.steps_run(), ["1001"])

    def test_a_double_click_is_one_decision(self):
        seen = self.card.snapshot()
        clicks = together(4, lambda _: self.slack.click(seen, "approve"))
        self.assertEqual({click.status for click in clicks}, {200})
        self.slack.wait_until_shows(self.card, "verified at")
        self.assertEqual(self.daemon.steps_run(), ["1001"])
        told = [answer for click in clicks for answer in self.slack.answers_to(click) if "already" in answer]
        self.assertEqual(len(told), 3, told)

    def test_a_click_after_a_restart_counts_as_any_other(self):
        self.daemon.restart()
        self.slack.click(self.card, "ack", user=JOHN)
        self.slack.wait_until_shows(self.card, "john is on it")

    # --- where are answers sent? ---

    def test_o08_an_answer_goes_to_slack_and_to_no_other_host(self):
        elsewhere = Elsewhere()
        self.addCleanup(elsewhere.server_close)
        self.addCleanup(elsewhere.shutdown)
        port = elsewhere.server_address[1]
        for url in (f"http://127.0.0.1:{port}/response/1", f"http://hooks.slack.com@127.0.0.1:{port}/", f"http://127.0.0.1:{self.slack.port}@127.0.0.1:{port}/",
                    f"http://[::ffff:127.0.0.1]:{port}/", f"http://2130706433:{port}/", "file:///etc/passwd", "http://169.254.169.254/latest/meta-data"):
            refused = self.slack.click(self.card, "approve", user=VISITOR, change=lambda payload, url=url: payload.update(response_url=url))
            self.assertEqual(refused.status, 200, url)
        told = self.slack.click(self.card, "approve", user=VISITOR)
        self.slack.wait_for_answer(told)
        self.assertEqual(elsewhere.n_requests, 0)

    def test_o08_a_response_url_that_redirects_is_not_followed(self):
        self.slack.fail("response_url", redirect=True)
        self.slack.click(self.card, "approve", user=VISITOR)
        wait_until(lambda: self.slack.calls_of("response_url"), "it was answered")
        self.slack.wait_for_answer(self.slack.click(self.card, "approve", user=VISITOR))
        self.assertEqual(self.slack.n_trapped, 0)

    # --- words ---

    def test_a_command_lists_what_is_open(self):
        answer = self.slack.command(text="list")
        self.assertIn("test is red on main", answer.text)
        self.assertEqual(answer.answer.json().get("response_type", "ephemeral"), "ephemeral")
        self.assertLess(answer.seconds, 3)
        short = self.proposal()["short"]
        self.assertIn("rerun", self.slack.command(text=f"show {short}").text)
        self.assertIn("/vedette list", self.slack.command(text="help").text)

    def test_a_command_never_decides(self):
        for text in ("approve", f"approve {self.proposal()['short']}", f"yes {self.proposal()['short']}", "\u202e" * 100, "x" * 3000):
            self.assertEqual(self.slack.command(text=text).status, 200, text)
        self.assert_still_open()

    def test_a_yes_in_the_thread_of_the_card_approves_what_it_shows(self):
        short = self.proposal()["short"]
        self.slack.message(f"yes {short}", user=JANE)
        self.assert_still_open()
        said = self.slack.message(f"yes {short}", user=JANE, thread_ts=self.card["ts"])
        self.assertEqual(said.status, 200)
        self.slack.wait_until_shows(self.card, "approved by jane")
        self.slack.retry(said)
        self.slack.wait_until_shows(self.card, "verified at")
        self.assertEqual(self.daemon.steps_run(), ["1001"])

    def test_a_yes_of_somebody_who_may_not_is_refused_in_the_thread(self):
        self.slack.message(f"yes {self.proposal()['short']}", user=VISITOR, thread_ts=self.card["ts"])
        self.assert_still_open()

    def test_what_a_program_says_is_not_heard(self):
        said = self.slack.post("C1", "U0VEDETTE", thread_ts=self.card["ts"], text=f"yes {self.proposal()['short']}", bot_id="B0VEDETTE")
        self.assertEqual(self.slack.event(self.slack.event_of(said)).status, 200)
        said = self.slack.post("C1", JANE, thread_ts=self.card["ts"], text=f"yes {self.proposal()['short']}", bot_id="B0OTHER")
        self.assertEqual(self.slack.event(self.slack.event_of(said)).status, 200)
        self.assert_still_open()

    def test_an_event_that_is_sent_again_counts_once(self):
        mention = self.slack.mention("the shop is slow again", user=JANE)
        for number in (1, 2, 3):
            self.assertEqual(self.slack.retry(mention, number).status, 200)
        wait_until(lambda: len([event for event in self.daemon.items("events") if event.get("kind") == "message"]) == 1, "one event")


if __name__ == "__main__":
    unittest.main()
