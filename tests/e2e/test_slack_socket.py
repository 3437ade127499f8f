"""Without a public door: what people do in Slack comes over a connection that Vedette opens, and counts as it would at the doors."""
import unittest

from harness import together, wait_until, workflow_run
from slack_story import JANE, JOHN, SLACK_CONFIG, VISITOR, SlackTest
from slack_workspace import APP_TOKEN

MEMBERS = "    app_token_file: slack.app"


class SocketMode(SlackTest):
    def setUp(self):
        super().setUp()
        self.slack.over_socket = True
        self.daemon = self.vedette(start=False, members=MEMBERS)
        self.daemon.write("slack.app", APP_TOKEN)
        self.daemon.start()
        self.link = self.slack.wait_for_link()

    def tearDown(self):
        self.assert_no_complaints()

    def test_a_card_lives_its_whole_life_over_the_connection(self):
        card = self.red(self.daemon)
        self.slack.click(card, "ack", user=JOHN)
        self.slack.wait_until_shows(card, "john is on it")
        self.slack.click(card, "more", value="edit")
        view = self.slack.wait_for_view(JANE)
        block = next(block["block_id"] for block in view["blocks"] if block["type"] == "input" and block["block_id"].startswith("param:1:run"))
        self.assertEqual(set(self.slack.submit(view, {block: "no number"}).errors), {block}, "an envelope is answered with a payload")
        self.slack.submit(view, {block: "7"})
        self.slack.wait_until_shows(card, "revision 2")
        approve = self.slack.click(card, "approve")
        self.assertEqual(approve.status, 200)
        self.slack.wait_until_shows(card, "verified at")
        self.assertEqual(self.daemon.steps_run(), ["7"])

    def test_commands_and_words_come_the_same_way(self):
        card = self.red(self.daemon)
        self.assertIn("test is red on main", self.slack.command(text="list").text)
        short = self.daemon.wait_for_proposal(state="open")["short"]
        said = self.slack.message(f"yes {short}", thread_ts=card["ts"])
        self.assertEqual(said.status, 200)
        self.slack.wait_until_shows(card, "approved by jane")

    def test_who_may_not_decide_is_told_here_too(self):
        card = self.red(self.daemon)
        self.slack.wait_for_answer(self.slack.click(card, "approve", user=VISITOR))
        self.slack.wait_for_answer(self.slack.click(card, "approve", user=JANE, team="T0OTHER"), "workspace")
        self.assertEqual(self.daemon.wait_for_proposal(state="open")["id"], card.proposal)

    def test_a_message_in_several_frames_is_put_together(self):
        payload = {"token": "x", "team_id": "T0VEDETTE", "channel_id": "C1", "user_id": JANE, "command": "/vedette", "text": "help", "api_app_id": "A0VEDETTE"}
        is_acknowledged, answer = self.link.deliver("slash_commands", payload, pieces=5)
        self.assertTrue(is_acknowledged)
        self.assertIn("/vedette list", answer["text"])

    def test_an_envelope_that_comes_twice_counts_once(self):
        card = self.red(self.daemon)
        payloads = []
        self.slack.click(card, "more", value="snooze:1h", change=payloads.append)
        self.slack.wait_until_shows(card, "snoozed until")
        until = self.daemon.api(f"/api/v1/proposals/{card.proposal}").json()["snoozed_until"]
        self.assertTrue(self.link.deliver("interactive", payloads[0])[0])
        self.assertEqual(self.daemon.api(f"/api/v1/proposals/{card.proposal}").json()["snoozed_until"], until)

    def test_the_next_connection_is_there_before_the_old_one_goes(self):
        self.link.disconnect("warning")
        wait_until(lambda: len(self.slack.links) == 2, "a second connection")
        card = self.red(self.daemon)
        self.slack.click(card, "ack")
        self.slack.wait_until_shows(card, "is on it")

    def test_a_connection_that_breaks_is_opened_again(self):
        self.link.cut()
        wait_until(lambda: len(self.slack.links) == 2 and self.slack.links[1].is_open, "another one")
        self.assertEqual(self.slack.command(text="help").status, 200)

    def test_slack_is_away_for_a_while(self):
        self.slack.down()
        self.link.cut()
        self.daemon.send_github("workflow_run", workflow_run())
        self.daemon.wait_for_proposal(state="open")
        self.slack.up()
        wait_until(lambda: self.slack.open_links(), "connected again", 60)
        card = self.slack.wait_for_card()
        self.slack.click(card, "ack")
        self.slack.wait_until_shows(card, "is on it")

    def test_many_at_once_are_each_acknowledged_once(self):
        card = self.red(self.daemon)
        seen = card.snapshot()
        clicks = together(12, lambda i: self.slack.click(seen, "approve", user=(JANE, JOHN, VISITOR)[i % 3]))
        self.assertEqual({click.status for click in clicks}, {200})
        self.slack.wait_until_shows(card, "verified at")
        self.assertEqual(self.daemon.steps_run(), ["1001"])

    def test_an_app_token_that_is_refused_is_not_hammered(self):
        self.slack.app_token = "xapp-another"
        daemon = self.vedette(start=False, config=SLACK_CONFIG, members=MEMBERS)
        daemon.write("slack.app", "xapp-wrong")
        n_before = len(self.slack.calls_of("apps.connections.open"))
        daemon.start()
        wait_until(lambda: len(self.slack.calls_of("apps.connections.open")) > n_before, "it was tried")
        daemon.send_github("workflow_run", workflow_run())
        self.slack.wait_for_card()
        self.assertLessEqual(len(self.slack.calls_of("apps.connections.open")) - n_before, 2)
        self.assertNotIn("xapp", daemon.log())


if __name__ == "__main__":
    unittest.main()
