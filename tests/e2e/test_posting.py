"""Posting: what is owed to a channel arrives, once, in the newest state, however the channel behaves meanwhile; and nobody waits for a place that is broken."""
import http.server
import os
import signal
import threading
import time
import unittest

from harness import CI_RULE, wait_until, workflow_run
from slack_story import SLACK_CONFIG, SlackTest
from slack_workspace import BOT_TOKEN, Refused

OTHER_PLACE = "    routes: [{rules: [other-red], channel: C2}]\n"
TWO_PLACES = {"ci.yaml": CI_RULE.replace("branch: main}", 'branch: main, workflow: test}'),
              "other.yaml": CI_RULE.replace("ci-red", "other-red").replace("branch: main}", 'branch: main, workflow: other}')}
GROUP_CONFIG = SLACK_CONFIG.replace("groups: {oncall: [jane, john]}", "groups: {oncall: {members: [jane, john], slack: S0ONCALL}}")


class PostingTest(SlackTest):
    def setUp(self):
        super().setUp()
        self.slack.add_conversation("C2", "others")

    def channel(self, vedette):
        """Right after a start nobody has looked yet."""
        return wait_until(lambda: next((channel for channel in vedette.api("/api/v1/status").json()["channels"] if channel["name"] == "slack"), None), "the channel's state")

    def wait_for_channel(self, vedette, **wanted):
        return wait_until(lambda: (channel := self.channel(vedette)) and all(channel.get(name) == value for name, value in wanted.items()) and channel,
                          f"the channel is {wanted}")

    def proposed(self, vedette, **facts):
        """A run fails: its proposal, whatever became of its card."""
        before = {proposal["id"] for proposal in vedette.items("proposals")}
        vedette.send_github("workflow_run", workflow_run(**facts))
        return wait_until(lambda: next((proposal for proposal in vedette.items("proposals") if proposal["id"] not in before), None), "a proposal")

    def card_of(self, proposal):
        return self.slack.wait_for_card(proposal=proposal["id"])

    def assert_one_card(self, proposal):
        self.assertEqual(len(self.slack.cards(proposal=proposal["id"])), 1)


class Away(PostingTest):
    def test_o01_what_happened_while_slack_was_away_is_posted_when_it_is_back(self):
        vedette = self.vedette()
        self.slack.down()
        proposals = [self.proposed(vedette, repo=f"acme/shop{i}") for i in range(3)]
        channel = self.wait_for_channel(vedette, state="failing", owed=3)
        self.assertIn("could not connect", channel["error"])
        self.assertIn("oldest", channel)
        ready = vedette.request("control", "GET", "/readyz?verbose")
        checks = {check["name"]: check for check in ready.json()["checks"]}
        self.assertEqual((ready.status, checks["channels"]["status"]), (200, "degraded"), "loud, and not unready")
        self.assertIn("slack: ", checks["channels"]["detail"])
        self.assertGreater(vedette.metric("vedette_outbox_failures_total", channel="slack"), 0)
        self.assertEqual(vedette.metric("vedette_outbox_depth", channel="slack"), 3)
        self.assertRegex(vedette.cli("status", check=0).stdout, r"(?s)Channels.*slack: failing since .*3 owed.*! .*could not connect")
        self.slack.up()
        cards = [self.card_of(proposal) for proposal in proposals]
        self.assertEqual(sorted(cards, key=lambda card: card["ts"]), cards, "the oldest first")
        self.wait_for_channel(vedette, state="ok", owed=0)
        self.assertEqual(vedette.metric("vedette_outbox_depth", channel="slack"), 0)
        self.assertEqual(len(self.slack.cards()), 3)

    def test_o01_however_often_nobody_was_there_the_oldest_goes_first(self):
        vedette = self.vedette()
        self.slack.down()
        proposals = [self.proposed(vedette, repo=f"acme/shop{i}") for i in range(2)]
        wait_until(lambda: vedette.metric("vedette_outbox_failures_total", channel="slack") == 3, "it was tried three times")
        self.slack.up()
        cards = [self.card_of(proposal) for proposal in proposals]
        self.assertEqual(sorted(cards, key=lambda card: card["ts"]), cards)

    def test_o01_a_restart_while_slack_is_away_forgets_nothing(self):
        vedette = self.vedette()
        self.slack.down()
        proposal = self.proposed(vedette)
        vedette.restart()
        self.wait_for_channel(vedette, state="failing", owed=1)
        self.slack.up()
        self.card_of(proposal)

    def test_o01_only_the_newest_state_is_sent(self):
        vedette = self.vedette()
        proposal = self.proposed(vedette)
        card = self.card_of(proposal)
        self.slack.fail("chat.update", times=None, status=503)
        vedette.decide(proposal, "ack")
        vedette.decide(proposal, "snooze", **{"for": "1h"})
        vedette.decide(proposal, "reject", reason="known")
        wait_until(lambda: self.slack.calls_of("chat.update"), "an edit was tried")
        self.slack.heal()
        self.slack.wait_until_shows(card, "Rejected by jane")
        self.wait_for_channel(vedette, state="ok", owed=0)
        taken = [call for call in self.slack.calls_of("chat.update") if call.status == 200]
        self.assertEqual(len(taken), 1, "one edit for all that happened meanwhile")
        self.assert_one_card(proposal)

    def test_o01_what_came_and_went_unposted_is_told_in_one_digest(self):
        vedette = self.vedette()
        self.slack.down()
        gone = [self.proposed(vedette, repo=f"acme/gone{i}") for i in range(2)]
        for i in range(2):
            vedette.send_github("workflow_run", workflow_run(conclusion="success", repo=f"acme/gone{i}", run=2000 + i))
        for proposal in gone:
            wait_until(lambda: vedette.api(f"/api/v1/proposals/{proposal['id']}").json()["state"] == "withdrawn", "it is over")
        stays = self.proposed(vedette, repo="acme/stays")
        self.slack.up()
        self.card_of(stays)
        digest = wait_until(lambda: next((message for message in self.slack.alive("C1") if "came and went" in message.shown()), None), "a digest")
        self.assertIn("2 proposals came and went", digest.shown())
        self.assertNotIn("thread_ts", digest)
        self.wait_for_channel(vedette, skipped=0, owed=0)
        self.assertEqual([card.proposal for card in self.slack.cards()], [stays["id"]])

    def test_o10_what_is_critical_is_posted_before_all_that_came_before_it(self):
        rules = {"ci.yaml": TWO_PLACES["ci.yaml"], "other.yaml": TWO_PLACES["other.yaml"].replace("severity: high", "severity: critical")}
        vedette = self.vedette(rules=rules)
        self.slack.down()
        for i in range(5):
            self.proposed(vedette, repo=f"acme/shop{i}")
        critical = self.proposed(vedette, workflow="other")
        self.wait_for_channel(vedette, owed=6)
        self.slack.up()
        wait_until(lambda: len(self.slack.cards()) == 6, "all of them", 60)
        self.assertIn(critical["id"], [card.proposal for card in self.slack.cards()[:2]], "one was under way by then")


@unittest.skipUnless(os.environ.get("VEDETTE_SOAK"), "a hundred cards take two and a half minutes")
class Flood(PostingTest):
    def test_o10_a_flood_is_told_in_one_message_and_what_is_critical_is_posted_all_the_same(self):
        rules = {"ci.yaml": TWO_PLACES["ci.yaml"], "other.yaml": TWO_PLACES["other.yaml"].replace("severity: high", "severity: critical")}
        vedette = self.vedette(rules=rules)
        for i in range(110):
            vedette.send_github("workflow_run", workflow_run(repo=f"acme/shop{i}", run=3000 + i))
        told = wait_until(lambda: [message for message in self.slack.alive("C1") if "more proposals wait" in message.shown()], "it is told", 240)
        n_cards = len(self.slack.cards())
        self.assertIn(n_cards, range(100, 105), "a hundred, and one for each minute that they took")
        self.assertRegex(told[0].shown(), r"^\d+ more proposals wait")
        self.card_of(self.proposed(vedette, workflow="other"))
        self.assertLessEqual(len(self.slack.cards()), n_cards + 2)
        self.assertEqual(len([message for message in self.slack.alive("C1") if "more proposals wait" in message.shown()]), 1)


class TooFast(PostingTest):
    def test_o02_retry_after_is_kept_to_the_second_and_other_places_go_on(self):
        vedette = self.vedette(rules=TWO_PLACES, members=OTHER_PLACE)
        self.slack.fail("chat.postMessage", channel="C1", status=429, error="ratelimited", retry_after=3)
        held = self.proposed(vedette)
        channel = self.wait_for_channel(vedette, state="held")
        self.assertIn("next_try", channel)
        other = self.card_of(self.proposed(vedette, workflow="other"))
        self.assertEqual((other["channel"], self.slack.cards(proposal=held["id"])), ("C2", []))
        self.card_of(held)
        self.assertEqual(self.slack.n_too_early, 0)
        self.wait_for_channel(vedette, state="ok")


class Limits(PostingTest):
    limits = True

    def test_o02_we_never_run_into_slacks_own_limits(self):
        vedette = self.vedette()
        proposals = [self.proposed(vedette, repo=f"acme/shop{i}") for i in range(7)]
        for proposal in proposals:
            self.card_of(proposal)
        self.assertEqual(self.slack.n_too_fast, 0)


class MayHaveArrived(PostingTest):
    def test_o03_a_lost_answer_makes_no_second_card(self):
        vedette = self.vedette()
        self.slack.fail("chat.postMessage", process=True, drop=True)
        proposal = self.proposed(vedette)
        card = self.card_of(proposal)
        self.wait_for_channel(vedette, state="ok", owed=0)
        vedette.decide(proposal, "reject", reason="known")
        self.slack.wait_until_shows(card, "Rejected by jane")
        self.assert_one_card(proposal)

    def test_o03_what_is_not_there_after_thirty_seconds_is_sent_again_and_holds_up_nobody(self):
        vedette = self.vedette()
        self.slack.fail("chat.postMessage", drop=True)
        lost = self.proposed(vedette)
        wait_until(lambda: self.slack.calls_of("conversations.history"), "it is looked for at once")
        self.card_of(self.proposed(vedette, repo="acme/behind"))
        self.assertEqual(self.slack.cards(proposal=lost["id"]), [], "too early to tell")
        wait_until(lambda: self.slack.cards(proposal=lost["id"]), "it is sent again", 60)
        first, *_, again = [call.at for call in self.slack.calls_of("chat.postMessage") if call.args.get("metadata", {}).get("event_payload", {}).get("proposal") == lost["id"]]
        self.assertGreaterEqual(again - first, 29)
        self.assert_one_card(lost)

    def test_o07_no_odd_answer_is_taken_for_success(self):
        odd = {"html": True}, {"redirect": True}, {"body": b'{"ok":"true"}'}, {"body": b"[]"}, {"endless": True}, {"status": 500}
        vedette = self.vedette()
        for i, how in enumerate(odd):
            with self.subTest(how=how):
                fault = self.slack.fail("chat.update", **how)
                proposal = self.proposed(vedette, repo=f"acme/odd{i}")
                card = self.card_of(proposal)
                vedette.decide(proposal, "reject", reason="known")
                wait_until(fault.hit.is_set, "an odd answer")
                wait_until(lambda: "Rejected by jane" in card.shown() or self.channel(vedette)["dead"], "sent again, or given up and told")
                self.assertLess(fault.n_bytes, 8 << 20)
        self.assertEqual(self.slack.n_trapped, 0)


class Refused(PostingTest):
    def test_o04_a_bad_token_keeps_all_and_is_read_again_at_a_reload(self):
        vedette = self.vedette(start=False)
        vedette.write("slack.token", "xoxb-not-the-one\n")
        vedette.start()
        channel = wait_until(lambda: self.channel(vedette).get("error") and self.channel(vedette), "it is told before anything is owed")
        self.assertEqual(channel["state"], "failing")
        self.assertIn("invalid_auth", channel["error"])
        proposal = self.proposed(vedette)
        vedette.wait_for_log("error channel fails.*invalid_auth.*channel=slack")
        vedette.write("slack.token", BOT_TOKEN + "\n")
        vedette.signal(signal.SIGHUP)
        self.card_of(proposal)
        self.wait_for_channel(vedette, state="ok", owed=0, dead=0)

    def test_o04_a_message_that_is_refused_for_good_is_a_dead_letter_and_the_next_one_goes(self):
        vedette = self.vedette()
        self.slack.fail("chat.postMessage", error="invalid_arguments")
        dead = self.proposed(vedette)
        vedette.wait_for_log("error message given up: .*invalid_arguments.*channel=slack")
        self.card_of(self.proposed(vedette, repo="acme/next"))
        self.wait_for_channel(vedette, dead=1, owed=0)
        wait_until(lambda: vedette.metric("vedette_messages_dead_total", channel="slack") == 1, "it is counted")
        self.assertEqual(self.slack.cards(proposal=dead["id"]), [])

    def test_o04_a_place_that_is_gone_holds_up_no_other(self):
        vedette = self.vedette(rules=TWO_PLACES, members=OTHER_PLACE)
        self.slack.fail("chat.postMessage", times=None, channel="C1", error="channel_not_found")
        self.proposed(vedette)
        self.wait_for_channel(vedette, state="failing", owed=1)
        self.assertEqual(self.card_of(self.proposed(vedette, workflow="other"))["channel"], "C2")


    def refuse(self):
        raise Refused("internal_error")

    def test_o04_an_edit_that_fails_for_ever_does_not_hold_up_the_others(self):
        vedette = self.vedette()
        stuck, other = self.proposed(vedette, repo="acme/stuck"), self.proposed(vedette, repo="acme/other")
        cards = self.card_of(stuck), self.card_of(other)
        self.wait_for_channel(vedette, owed=0)
        update = self.slack.chat_update
        self.slack.chat_update = lambda args: self.refuse() if args["ts"] == cards[0]["ts"] else update(args)
        vedette.decide(stuck, "reject", reason="known")
        vedette.decide(other, "reject", reason="known")
        self.slack.wait_until_shows(cards[1], "Rejected by jane")


class Hanging(PostingTest):
    def test_o05_a_place_that_hangs_holds_up_no_other(self):
        vedette = self.vedette(rules=TWO_PLACES, members=OTHER_PLACE)
        hang = self.slack.fail("chat.postMessage", times=None, channel="C1", hang=True)
        self.proposed(vedette)
        wait_until(hang.hit.is_set, "C1 hangs")
        for i in range(3):
            self.assertEqual(self.card_of(self.proposed(vedette, workflow="other", repo=f"acme/other{i}"))["channel"], "C2")

    def test_o09_a_stop_does_not_wait_for_a_channel_that_hangs(self):
        vedette = self.vedette()
        hang = self.slack.fail("chat.postMessage", times=None, hang=True)
        proposal = self.proposed(vedette)
        wait_until(hang.hit.is_set, "Slack hangs")
        begin = time.monotonic()
        self.assertEqual(vedette.stop(), 0)
        self.assertLess(time.monotonic() - begin, 9)
        self.slack.heal()
        vedette.start()
        wait_until(lambda: self.slack.cards(proposal=proposal["id"]), "its card", 60)
        self.assert_one_card(proposal)

    def test_what_is_under_way_at_a_stop_is_waited_for(self):
        vedette = self.vedette()
        slow = self.slack.fail("chat.postMessage", slow=2)
        proposal = self.proposed(vedette)
        wait_until(slow.hit.is_set, "it is under way")
        self.assertEqual(vedette.stop(), 0)
        vedette.start()
        self.wait_for_channel(vedette, owed=0)
        self.assertEqual(self.slack.calls_of("conversations.history"), [], "its result was kept: nothing to look for")
        self.assert_one_card(proposal)


class Gateway(http.server.BaseHTTPRequestHandler):
    """What stands before a workflow of Teams, and says that it failed although it did not."""

    def do_POST(self):
        self.server.posted.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(502)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


class NobodyCanLook(PostingTest):
    def test_o03_what_may_have_arrived_is_not_sent_again_once_its_proposal_is_over(self):
        gateway = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
        gateway.posted = []
        thread = threading.Thread(target=gateway.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(gateway.server_close)
        self.addCleanup(gateway.shutdown)
        vedette = self.vedette(more=f"  teams: {{url: 'http://127.0.0.1:{gateway.server_address[1]}/flow'}}\n")
        self.proposed(vedette)
        wait_until(lambda: gateway.posted, "it is sent")
        vedette.send_github("workflow_run", workflow_run(conclusion="success", run=2000))
        vedette.wait_for_proposal(state="withdrawn")
        n_posted = len(gateway.posted)
        vedette.wait_for_log("message given up: .*is over channel=teams")
        self.assertLessEqual(len(gateway.posted), n_posted + 1)


class Receiver(http.server.BaseHTTPRequestHandler):
    """Where a workflow of Teams would be: keeps what is posted."""

    def do_POST(self):
        self.server.posted.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@unittest.skipUnless(os.environ.get("VEDETTE_SOAK"), "two minutes must pass")
class Fallback(PostingTest):
    def setUp(self):
        super().setUp()
        self.other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.other.posted = []
        thread = threading.Thread(target=self.other.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.other.server_close)
        self.addCleanup(self.other.shutdown)

    def test_after_two_minutes_another_channel_speaks_for_what_is_critical(self):
        teams = f"  teams: {{url: 'http://127.0.0.1:{self.other.server_address[1]}/flow', standby: true}}\n"
        rules = {"ci.yaml": TWO_PLACES["ci.yaml"].replace("severity: high", "severity: critical"), "other.yaml": TWO_PLACES["other.yaml"]}
        vedette = self.vedette(rules=rules, more=teams)
        self.slack.down()
        begin = time.monotonic()
        self.proposed(vedette, workflow="other")
        self.proposed(vedette)
        wait_until(lambda: self.other.posted, "the other channel speaks", 150)
        self.assertGreater(time.monotonic() - begin, 118)
        self.proposed(vedette, repo="acme/second")
        wait_until(lambda: len(self.other.posted) > 1, "for the next one as well, and it waits no two minutes more", 150)
        self.assertLess(time.monotonic() - begin, 240)
        self.assertIn("acme/shop", self.other.posted[0])
        self.assertIn("acme/second", self.other.posted[1])
        self.assertFalse([body for body in self.other.posted if "other is red" in body], "what is not critical waits")


class Directory(PostingTest):
    def test_we_ask_who_we_are_at_the_start_and_after_a_reload(self):
        vedette = self.vedette()
        wait_until(lambda: len(self.slack.calls_of("auth.test")) == 1, "asked at the start")
        vedette.signal(signal.SIGHUP)
        wait_until(lambda: len(self.slack.calls_of("auth.test")) == 2, "asked after the reload")
        self.wait_for_channel(vedette, state="ok")

    def test_a_user_group_is_asked_for_and_its_members_are_named_as_deciders(self):
        self.slack.usergroups["S0ONCALL"] = ["U3", "U9"]
        vedette = self.vedette(config=GROUP_CONFIG)
        wait_until(lambda: self.slack.calls_of("usergroups.users.list", usergroup="S0ONCALL"), "asked")
        card = wait_until(lambda: (card := self.card_of(self.proposed(vedette, repo=f"acme/shop{time.monotonic_ns()}"))) and "visitor" in card.shown() and card, "a card that names them")
        self.assertRegex(card.shown(), r"jane, john, visitor, 1 of Slack's S0ONCALL \(oncall\)")

    def test_a_group_that_cannot_be_read_is_told(self):
        self.slack.scopes.discard("usergroups:read")
        vedette = self.vedette(config=GROUP_CONFIG)
        channel = self.wait_for_channel(vedette, state="failing")
        self.assertRegex(channel["error"], "S0ONCALL.*usergroups:read.*missing_scope")
        self.slack.scopes.add("usergroups:read")
        self.slack.usergroups["S0ONCALL"] = ["U1"]
        vedette.signal(signal.SIGHUP)
        self.wait_for_channel(vedette, state="ok")


if __name__ == "__main__":
    unittest.main()
