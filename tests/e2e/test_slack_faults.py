"""Slack misbehaves, the network does, we crash: the card is right in the end, and nothing is said twice (test_posting.py has the queues behind it)."""
import json
import ssl
import subprocess
import unittest

from harness import CI_RULE, wait_until, workflow_run
from slack_story import SlackTest


class Faults(SlackTest):
    def tearDown(self):
        self.assert_no_complaints()

    def state_of(self, vedette, name="slack"):
        """Right after a start nobody has looked yet."""
        return wait_until(lambda: next((one for one in vedette.api("/api/v1/status").json()["channels"] if one["name"] == name), None), "the channel's state")

    def wait_until_quiet(self, vedette):
        """Nothing is owed any more."""
        wait_until(lambda: self.state_of(vedette)["owed"] == 0, "everything is posted", 60)

    # --- somebody in between ---

    def test_o14_who_cannot_prove_to_be_slack_is_told_nothing(self):
        certificate, key = self.directory / "certificate.pem", self.directory / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", key, "-out", certificate], check=True, capture_output=True)
        door = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        door.load_cert_chain(certificate, key)
        self.slack.server.socket = door.wrap_socket(self.slack.server.socket, server_side=True)
        vedette = self.vedette(start=False)
        vedette.config_path.write_text(vedette.config_path.read_text().replace("base_url: http:", "base_url: https:"))
        vedette.start()
        vedette.send_github("workflow_run", workflow_run())
        vedette.wait_for_proposal(state="open")
        state = wait_until(lambda: (state := self.state_of(vedette))["state"] == "failing" and state["owed"] and state, "it is told")
        self.assertIn("certificate", state["error"])
        self.assertEqual(self.slack.calls, [], "the token did not leave")
        self.assertEqual(vedette.decide(vedette.wait_for_proposal(state="open"), "ack").status, 200)

    # --- away ---

    def test_o01_what_is_shown_is_brought_up_to_date_after_a_while_away(self):
        vedette = self.vedette()
        card = self.red(vedette)
        self.wait_until_quiet(vedette)
        self.slack.down()
        proposal = vedette.wait_for_proposal(state="open")
        vedette.decide(proposal, "approve")
        vedette.wait_for_proposal(state="verified")
        self.slack.up()
        self.slack.wait_until_shows(card, "verified at")
        self.wait_until_quiet(vedette)
        history = [reply.shown() for reply in self.slack.replies(card)]
        self.assertIn("approved by jane", history[0])
        self.assertTrue(any(text.startswith("verified") for text in history), history)
        self.assertEqual(self.slack.edits_of(card), 1, "only the newest state is owed")

    def test_o11_what_is_over_while_both_are_away_is_told_afterwards(self):
        vedette = self.vedette()
        card = self.red(vedette)
        self.wait_until_quiet(vedette)
        self.slack.down()
        vedette.send_github("workflow_run", workflow_run("success", run=1002))
        vedette.wait_for_proposal(state="withdrawn")
        vedette.restart()
        self.slack.up()
        self.slack.wait_until_shows(card, "withdrawn")
        self.assertNotIn("approve", card.elements())

    # --- too fast ---

    def test_o02_a_channel_that_asks_for_a_pause_is_not_failing(self):
        vedette = self.vedette()
        self.slack.fail("chat.postMessage", times=1, error="ratelimited", status=429, retry_after=30)
        vedette.send_github("workflow_run", workflow_run())
        held = wait_until(lambda: (state := self.state_of(vedette))["state"] == "held" and state, "it is held")
        self.assertIn("next_try", held)
        self.assertNotIn("failing_since", held)

    # --- did it arrive? ---

    def test_o03_without_the_right_to_look_there_may_be_two_and_both_are_one_proposal(self):
        self.slack.scopes -= {"channels:history", "groups:history"}
        vedette = self.vedette()
        self.slack.fail("chat.postMessage", process=True, drop=True)
        vedette.send_github("workflow_run", workflow_run())
        wait_until(lambda: len(self.slack.cards()) == 2, "it is posted again", 60)
        self.assertEqual(len({card.proposal for card in self.slack.cards()}), 1)
        self.wait_until_quiet(vedette)
        self.assertEqual(len(self.slack.cards()), 2, "two at worst")

    def test_o03_a_note_whose_answer_was_lost_is_not_said_twice(self):
        vedette = self.vedette()
        card = self.red(vedette)
        self.wait_until_quiet(vedette)
        lost = self.slack.fail("chat.postMessage", process=True, drop=True)
        vedette.decide(vedette.wait_for_proposal(state="open"), "approve")
        wait_until(lambda: lost.n_hits, "the answer is lost")
        self.wait_until_quiet(vedette)
        vedette.wait_for_proposal(state="verified")
        self.wait_until_quiet(vedette)
        said = [reply.shown() for reply in self.slack.replies(card)]
        self.assertEqual(len(said), len(set(said)), said)
        self.assertIn("approved by jane", said[0])

    # --- refused ---

    def test_o04_a_card_that_was_deleted_or_may_not_be_changed_is_posted_anew(self):
        vedette = self.vedette()
        card = self.red(vedette)
        self.wait_until_quiet(vedette)
        card.is_deleted = True
        vedette.decide(vedette.wait_for_proposal(state="open"), "ack")
        anew = self.new_card({card["ts"]})
        self.assertIn("jane is on it", anew.shown())

    def test_o04_what_slack_refuses_as_it_is_goes_out_smaller_and_plain(self):
        vedette = self.vedette()
        refused = self.slack.fail("chat.postMessage", error="invalid_blocks")
        card = self.red(vedette)
        self.assertEqual(refused.n_hits, 1)
        self.assertIn("test is red on main", card.shown())
        self.assertIn("approve", card.elements())

    # --- broken off ---

    def test_o09_connections_that_break_in_the_middle_end_nothing(self):
        vedette = self.vedette()
        self.slack.fail("chat.update", times=3, drop=True)
        card = self.red(vedette)
        self.wait_until_quiet(vedette)
        vedette.decide(vedette.wait_for_proposal(state="open"), "ack")
        self.slack.wait_until_shows(card, "jane is on it")
        self.assertIsNone(vedette.process.poll())

    # --- crashes ---

    def test_o06_a_restart_at_each_stage_says_nothing_twice(self):
        vedette = self.vedette()
        card = self.red(vedette)
        stages = ["waits for a decision", "approved by jane", "verified at"]
        for stage in stages:
            self.slack.wait_until_shows(card, stage)
            vedette.restart()
            if stage == stages[0]:
                vedette.decide(vedette.wait_for_proposal(state="open"), "approve")
        self.wait_until_quiet(vedette)
        self.assertEqual(len(self.slack.cards()), 1)
        said = [reply.shown() for reply in self.slack.replies(card)]
        self.assertEqual(len(said), len(set(said)), said)
        self.assertEqual(vedette.steps_run(), ["1001"])

    # --- text, and order ---

    def test_o13_text_beyond_every_limit_still_becomes_a_card_that_slack_takes(self):
        huge = "x\u202e<!channel> & `*_~ " + "\U0001f600" * 2000
        vedette = self.vedette(rules={"ci.yaml": CI_RULE.replace('title: "{{workflow}} is red', 'title: "{{workflow}} {{actor}} is red')})
        vedette.send_github("workflow_run", workflow_run(workflow=huge[:900], actor=huge))
        card = self.slack.wait_for_card()
        self.assertEqual([seen.text for seen in self.slack.seen if seen.kind == "mention"], [], "nobody is notified by text from a log")
        self.assertNotIn("\u202e", json.dumps(card, ensure_ascii=False))
        refused = [call for call in self.slack.calls if call.error in ("invalid_blocks", "msg_blocks_too_long", "msg_too_long", "no_text")]
        self.assertEqual(refused, [], "the first try fits")

    def test_o13_changes_before_the_first_card_is_known_come_after_it(self):
        vedette = self.vedette()
        sent = self.slack.fail("chat.postMessage", process=True, slow=2)
        card = self.red(vedette)
        wait_until(lambda: sent.n_hits, "it is under way")
        vedette.decide(vedette.wait_for_proposal(state="open"), "ack")
        self.slack.wait_until_shows(card, "jane is on it")
        self.wait_until_quiet(vedette)
        self.assertEqual(len(self.slack.cards()), 1)


if __name__ == "__main__":
    unittest.main()
