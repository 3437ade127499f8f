"""Slack misbehaves, the network does, we crash: nothing is lost, nothing is said twice, and who looks sees what is wrong."""
import json
import signal
import time
import unittest

from harness import CI_RULE, wait_until, workflow_run
from slack_story import SlackTest

# A rule for each conversation: place C1 for workflow w1, and so on.
PLACES = 3


def rule_of(i):
    return CI_RULE.replace("id: ci-red", f"id: ci-red-{i}").replace("branch: main}", f"branch: main, workflow: w{i}}}")


def rules_of(n):
    return {f"ci{i}.yaml": rule_of(i) for i in range(1, n + 1)}


def routes_of(n):
    return "    routes: [" + ", ".join(f"{{rules: [ci-red-{i}], channel: C{i}}}" for i in range(1, n + 1)) + "]"


class Faults(SlackTest):
    def tearDown(self):
        self.assert_no_complaints()

    def state_of(self, vedette, name="slack"):
        channels = vedette.api("/api/v1/status").json()["channels"]
        return next(channel for channel in channels if channel["name"] == name)

    def wait_until_quiet(self, vedette):
        """Nothing is owed any more."""
        wait_until(lambda: self.state_of(vedette)["owed"] == 0, "everything is posted", 60)

    def spread(self, n):
        """A daemon with a conversation for each of n rules."""
        for i in range(2, n + 1):
            self.slack.add_conversation(f"C{i}", f"place-{i}")
        return self.vedette(rules=rules_of(n), members=routes_of(n))

    def fail_run(self, vedette, i=1, run=1001):
        vedette.send_github("workflow_run", workflow_run(workflow=f"w{i}", run=run))

    # --- away ---

    def test_o01_slack_is_away_and_nothing_is_lost_when_it_is_back(self):
        vedette = self.vedette()
        self.slack.down()
        for workflow in ("lost", "green", "kept"):
            vedette.send_github("workflow_run", workflow_run(workflow=workflow))
        wait_until(lambda: len(vedette.items("proposals")) == 3, "three proposals")
        wait_until(lambda: self.state_of(vedette)["state"] == "failing", "status says so")
        self.assertIn("could not connect", self.state_of(vedette)["error"])
        vedette.send_github("workflow_run", workflow_run("success", workflow="green", run=1002))
        vedette.wait_for_proposal(state="withdrawn")
        vedette.send_github("workflow_run", workflow_run(workflow="kept", run=1003))  # once more
        vedette.restart()
        self.slack.up()
        self.wait_until_quiet(vedette)
        shown = sorted(card.shown() for card in self.slack.cards())
        self.assertEqual(len(shown), 2, "what came and went is not posted")
        self.assertTrue(any("kept" in text and "2 times" in text for text in shown), "the newest state is posted")
        digest = wait_until(lambda: [message.shown() for message in self.slack.alive() if "came and went" in message.shown()], "a digest")
        self.assertEqual(len(digest), 1)
        self.assertIn("1 proposal came and went", digest[0])
        wait_until(lambda: self.state_of(vedette)["state"] == "ok", "it is well again")

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

    def test_o02_a_429_is_honoured_to_the_second_and_others_go_on(self):
        vedette = self.spread(2)
        slow = self.slack.fail("chat.postMessage", channel="C1", times=1, error="ratelimited", status=429, retry_after=3)
        self.fail_run(vedette, 1)
        wait_until(lambda: slow.n_hits, "the first card is held")
        self.fail_run(vedette, 2)
        self.slack.wait_for_card(channel="C2")
        self.assertEqual(self.slack.cards("C1"), [], "the other one did not wait")
        self.slack.wait_for_card(channel="C1")
        self.assertEqual(self.slack.n_too_early, 0)
        first, second = self.slack.calls_of("chat.postMessage", channel="C1")[:2]
        self.assertGreaterEqual(second.at - first.at, 3)
        self.assertLess(second.at - first.at, 8)

    def test_o02_a_channel_that_asks_for_a_pause_is_not_failing(self):
        vedette = self.vedette()
        self.slack.fail("chat.postMessage", times=1, error="ratelimited", status=429, retry_after=30)
        vedette.send_github("workflow_run", workflow_run())
        held = wait_until(lambda: (state := self.state_of(vedette))["state"] == "held" and state, "it is held")
        self.assertIn("next_try", held)
        self.assertNotIn("failing_since", held)

    # --- did it arrive? ---

    def test_o03_a_card_whose_answer_was_lost_is_found_again(self):
        vedette = self.vedette()
        lost = self.slack.fail("chat.postMessage", process=True, drop=True)
        card = self.red(vedette)
        wait_until(lambda: lost.n_hits, "the answer is lost")
        self.wait_until_quiet(vedette)
        self.assertEqual([other["ts"] for other in self.slack.cards()], [card["ts"]], "one card")
        vedette.decide(vedette.wait_for_proposal(state="open"), "reject", reason="known")
        self.slack.wait_until_shows(card, "rejected")

    def test_o03_a_card_that_did_not_arrive_is_sent_again(self):
        vedette = self.vedette()
        lost = self.slack.fail("chat.postMessage", drop=True)
        vedette.send_github("workflow_run", workflow_run())
        wait_until(lambda: lost.n_hits, "it is lost")
        wait_until(self.slack.cards, "it is posted after all", 60)
        self.assertEqual(len(self.slack.calls_of("chat.postMessage")), 2)
        self.assertTrue(self.slack.calls_of("conversations.history"), "it was looked for")
        self.assertGreaterEqual(self.slack.calls_of("chat.postMessage")[1].at - self.slack.calls_of("chat.postMessage")[0].at, 29)

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

    def test_o04_a_bad_token_is_said_and_a_new_one_is_taken_at_the_reload(self):
        self.slack.bot_token = "xoxb-rotated"
        vedette = self.vedette()
        vedette.send_github("workflow_run", workflow_run())
        state = wait_until(lambda: (now := self.state_of(vedette))["state"] == "failing" and now, "it is failing")
        self.assertIn("invalid_auth", state["error"])
        self.assertNotIn("xoxb", json.dumps(state))
        n_tries = len(self.slack.calls_of("chat.postMessage"))
        vedette.write("slack.token", "xoxb-rotated")
        vedette.signal(signal.SIGHUP)
        wait_until(self.slack.cards, "the card is posted")
        self.assertLessEqual(n_tries, 1, "not hammered")
        self.assertNotIn("xoxb", vedette.log())

    def test_o04_one_conversation_that_is_gone_does_not_stop_the_others(self):
        vedette = self.spread(2)
        self.slack.conversations["C1"]["is_archived"] = True
        self.fail_run(vedette, 1)
        wait_until(lambda: self.slack.calls_of("chat.postMessage", channel="C1"), "it was tried")
        self.fail_run(vedette, 2)
        self.slack.wait_for_card(channel="C2")
        self.assertIn("is_archived", self.state_of(vedette)["error"])

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

    # --- slow ---

    def test_o05_a_slow_conversation_holds_up_no_other(self):
        vedette = self.spread(PLACES)
        stuck = self.slack.fail("chat.postMessage", channel="C1", hang=True)
        self.fail_run(vedette, 1)
        wait_until(lambda: stuck.n_hits, "one hangs")
        began = time.monotonic()
        for i in range(2, PLACES + 1):
            self.fail_run(vedette, i)
            self.slack.wait_for_card(channel=f"C{i}")
        self.assertLess(time.monotonic() - began, 8, "well before the one that hangs is given up")
        self.assertEqual(self.slack.cards("C1"), [])
        self.slack.heal()

    def test_o09_a_slack_that_hangs_holds_up_neither_decisions_nor_the_end(self):
        vedette = self.vedette()
        stuck = self.slack.fail("chat.postMessage", times=None, hang=True)
        vedette.send_github("workflow_run", workflow_run())
        wait_until(lambda: stuck.n_hits, "it hangs")
        self.assertEqual(vedette.decide(vedette.wait_for_proposal(state="open"), "approve").status, 200)
        vedette.wait_for_proposal(state="verified")
        began = time.monotonic()
        self.assertEqual(vedette.stop(), 0)
        self.assertLess(time.monotonic() - began, 12)

    def test_o09_connections_that_break_in_the_middle_end_nothing(self):
        vedette = self.vedette()
        self.slack.fail("chat.update", times=3, drop=True)
        card = self.red(vedette)
        self.wait_until_quiet(vedette)
        vedette.decide(vedette.wait_for_proposal(state="open"), "ack")
        self.slack.wait_until_shows(card, "jane is on it")
        self.assertIsNone(vedette.process.poll())

    # --- crashes ---

    def test_o06_killed_between_sending_and_knowing_it_finds_its_card(self):
        vedette = self.vedette()
        sent = self.slack.fail("chat.postMessage", process=True, hang=True)
        card = self.red(vedette)
        wait_until(lambda: sent.n_hits, "sent, not answered")
        vedette.kill()
        self.slack.heal()
        vedette.start()
        self.wait_until_quiet(vedette)
        self.assertEqual([other["ts"] for other in self.slack.cards()], [card["ts"]])
        vedette.decide(vedette.wait_for_proposal(state="open"), "ack")
        self.slack.wait_until_shows(card, "jane is on it")

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

    # --- odd answers ---

    def test_o07_only_ok_true_of_slack_itself_counts(self):
        odd = {"redirect": {"redirect": True}, "html": {"html": True}, "ok false": {"error": "fatal_error"}, "cut": {"body": b'{"ok":true,"ts":"1'},
               "no ts": {"body": b'{"ok":true}'}, "a list": {"body": b"[]"}, "empty": {"body": b""}, "endless": {"endless": True}, "502": {"status": 502}}
        for i in range(2, len(odd) + 1):
            self.slack.add_conversation(f"C{i}", f"place-{i}")
        vedette = self.vedette(rules=rules_of(len(odd)), members=routes_of(len(odd)))
        faults = {what: self.slack.fail("chat.postMessage", channel=f"C{i}", **how) for i, (what, how) in enumerate(odd.items(), 1)}
        for i in range(1, len(odd) + 1):
            self.fail_run(vedette, i)
        wait_until(lambda: all(fault.n_hits == 1 for fault in faults.values()), "each answered oddly")
        wait_until(lambda: len(self.slack.cards()) == len(odd), "each is posted in the end", 90)
        self.wait_until_quiet(vedette)
        self.assertEqual(len(self.slack.cards()), len(odd), "and once")
        self.assertEqual(self.slack.n_trapped, 0, "redirects are not followed")
        self.assertLess(faults["endless"].n_bytes, 16 << 20, "an answer without an end is given up")
        self.assertIsNone(vedette.process.poll())

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

    # --- their limits ---

    def test_o10_a_burst_keeps_within_slacks_limits(self):
        self.slack.limits = True
        vedette = self.vedette()
        for i in range(12):
            vedette.send_github("workflow_run", workflow_run(workflow=f"w{i}"))
        wait_until(lambda: len(self.slack.cards()) == 12, "all are posted", 60)
        self.assertEqual((self.slack.n_too_fast, self.slack.n_too_early), (0, 0))


if __name__ == "__main__":
    unittest.main()
