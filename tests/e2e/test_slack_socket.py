"""Socket Mode: what people do in Slack reaches a daemon that nobody can reach, over a connection that the daemon opens."""
import concurrent.futures
import time
import unittest

from harness import wait_until
from slack_story import JANE, VISITOR, SlackTest
from slack_workspace import APP_TOKEN, TEAM

NO_DOOR = """    app_token_file: slack.app
"""


class SocketMode(SlackTest):
    def vedette(self, start=True, **options):
        vedette = super().vedette(start=False, members=NO_DOOR, **options)
        vedette.write("slack.app", APP_TOKEN + "\n")
        self.slack.over_socket = True
        if start:
            vedette.start()
            self.slack.wait_for_link()
        return vedette

    def socket_mode(self, vedette):
        channels = vedette.api("/api/v1/status").json()["channels"]
        return channels[0].get("socket_mode", {})

    def test_a_click_decides_and_is_acknowledged_after_the_commit(self):
        vedette = self.vedette()
        card = self.red(vedette)
        click = self.slack.click(card, "ack", user=JANE)
        self.assertEqual(click.status, 200)
        self.assertEqual(vedette.api(f"/api/v1/proposals/{card.proposal}").json()["acknowledged_by"], "jane")
        self.assertLess(click.seconds, 1)

    def test_every_kind_of_request_is_taken_this_way(self):
        vedette = self.vedette()
        card = self.red(vedette)
        listed = self.slack.command("/vedette", "list", user=JANE)
        self.assertIn("test is red", listed.text)
        self.slack.click(card, "details", user=JANE)
        self.slack.wait_for_view(JANE)
        said = self.slack.message(f"yes {vedette.wait_for_proposal(state='open')['short']}", user=JANE, thread_ts=card["ts"])
        self.assertEqual(said.status, 200)
        self.slack.wait_until_shows(card, "approved by jane")

    def test_a_modal_is_answered_in_the_acknowledgement(self):
        vedette = self.vedette()
        card = self.red(vedette)
        self.slack.click(card, "more", value="edit")
        view = self.slack.wait_for_view(JANE)
        block = next(block["block_id"] for block in view["blocks"] if block["type"] == "input" and block["block_id"].startswith("param:1:run"))
        self.assertEqual(set(self.slack.submit(view, {block: "no number"}).errors), {block})
        self.slack.submit(view, {block: "7"})
        self.slack.wait_until_shows(card, "revision 2")
        self.slack.click(card, "approve")
        self.slack.wait_until_shows(card, "verified at")
        self.assertEqual(vedette.steps_run(), ["7"])

    def test_an_envelope_that_comes_twice_counts_once(self):
        vedette = self.vedette()
        card = self.red(vedette)
        payloads = []
        self.slack.click(card, "more", value="snooze:1h", change=payloads.append)
        self.slack.wait_until_shows(card, "snoozed until")
        until = vedette.api(f"/api/v1/proposals/{card.proposal}").json()["snoozed_until"]
        self.assertTrue(self.slack.wait_for_link().deliver("interactive", payloads[0])[0])
        self.assertEqual(vedette.api(f"/api/v1/proposals/{card.proposal}").json()["snoozed_until"], until)

    def test_who_may_not_decide_is_told_so(self):
        vedette = self.vedette()
        card = self.red(vedette)
        click = self.slack.click(card, "approve", user=VISITOR)
        self.assertEqual(click.status, 200)
        self.assert_told(click, "not among the approvers")

    def test_an_envelope_in_pieces_with_pings_between_is_one(self):
        vedette = self.vedette()
        self.red(vedette)
        link = self.slack.wait_for_link()
        link.send_frame(9, b"are you there")
        acknowledged, answer = link.deliver("slash_commands", self.status_command(), pieces=7)
        self.assertTrue(acknowledged)
        self.assertIn("text", answer)
        wait_until(lambda: link.n_pongs >= 1, "the ping was answered")

    def status_command(self):
        return {"command": "/vedette", "text": "status", "user_id": JANE, "team_id": TEAM, "channel_id": "C1", "api_app_id": self.slack.app_id,
                "response_url": "", "trigger_id": "1.2.3"}

    def test_the_next_connection_is_open_before_the_old_one_is_left(self):
        vedette = self.vedette()
        card = self.red(vedette)
        for reason in ("warning", "refresh_requested"):
            old = self.slack.wait_for_link()
            old.disconnect(reason)
            wait_until(lambda old=old: any(link is not old for link in self.slack.open_links()), "another connection")
            self.assertTrue(old.is_open, "an envelope may still come by the old one")
            self.assertEqual(old.deliver("slash_commands", self.status_command())[0], True)
            old.cut()
            wait_until(lambda old=old: not old.is_open, "it is gone")
        self.assertEqual(self.slack.click(card, "ack", user=JANE).status, 200)
        wait_until(lambda: self.socket_mode(vedette)["connections"] == 1, "one connection is left")

    def test_no_click_is_lost_while_connections_change(self):
        vedette = self.vedette()
        cards = [self.red(vedette, repo=f"acme/shop{i}") for i in range(4)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            changing = pool.submit(self.change_links, 3)
            clicks = [pool.submit(self.slack.click, cards[i % 4], "details", user=JANE) for i in range(40)]
            changing.result()
        self.assertEqual([click.result().status for click in clicks], [200] * 40)

    def change_links(self, times):
        for _ in range(times):
            old = self.slack.wait_for_link()
            old.disconnect("warning")
            wait_until(lambda old=old: any(link is not old for link in self.slack.open_links()), "another connection")

    def test_reloads_and_a_stop_in_the_middle_of_clicks_end_nothing_else(self):
        vedette = self.vedette()
        cards = [self.red(vedette, repo=f"acme/shop{i}") for i in range(3)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            clicks = [pool.submit(self.slack.click, cards[i % 3], "details", user=JANE) for i in range(40)]
            for _ in range(3):  # each leaves a connection to Slack, which ends it in its time
                self.assertEqual(vedette.cli("reload", check=0).returncode, 0)
            self.assertEqual([click.result().status for click in clicks], [200] * 40)
            asking = [pool.submit(self.ask_until_it_is_gone) for _ in range(4)]
            acks = sum(len(link.acks) for link in self.slack.links)
            wait_until(lambda: sum(len(link.acks) for link in self.slack.links) > acks + 20, "they are under way")
            self.assertEqual(vedette.stop(), 0)
            self.assertGreater(sum(asked.result() for asked in asking), 20)
        self.assert_no_complaints()

    def ask_until_it_is_gone(self):
        """How many were answered."""
        n_answered = 0
        while links := self.slack.open_links():
            n_answered += links[-1].deliver("slash_commands", self.status_command())[0]
        return n_answered

    def test_a_connection_that_is_cut_is_opened_again(self):
        vedette = self.vedette()
        card = self.red(vedette)
        old = self.slack.wait_for_link()
        old.cut()
        wait_until(lambda: any(link is not old for link in self.slack.open_links()), "another connection")
        self.assertEqual(self.slack.click(card, "ack", user=JANE).status, 200)

    def test_what_is_no_envelope_ends_nothing_and_is_not_acknowledged(self):
        vedette = self.vedette()
        link = self.slack.wait_for_link()
        for text in ("no JSON", "[]", "{}", '{"envelope_id":"e1","type":"new_kind","payload":{}}', '{"type":"interactive","payload":{}}'):
            link.send_text(text)
        self.assertNotIn("e1", link.acks)
        card = self.red(vedette)
        self.assertEqual(self.slack.click(card, "ack", user=JANE).status, 200)

    def test_a_refused_app_token_is_said_and_tried_again_after_a_reload(self):
        vedette = self.vedette(start=False)
        vedette.write("slack.app", "xapp-wrong")
        vedette.start()
        vedette.wait_for_log("Socket Mode is not connected")
        self.assertIn("app token", self.socket_mode(vedette)["error"])
        self.assertIn("app token", vedette.cli("status", check=0).stdout)
        n_asked = len(self.slack.calls_of("apps.connections.open"))
        vedette.write("slack.app", APP_TOKEN)
        vedette.cli("reload", check=0)
        self.slack.wait_for_link()
        self.assertEqual(len(self.slack.calls_of("apps.connections.open")), n_asked + 1)

    def test_when_it_is_switched_off_nobody_hammers(self):
        vedette = self.vedette()
        link = self.slack.wait_for_link()
        n_asked = len(self.slack.calls_of("apps.connections.open"))
        link.disconnect("link_disabled")
        vedette.wait_for_log("switched off")
        link.cut()
        wait_until(lambda: self.socket_mode(vedette)["connections"] == 0, "it is gone")
        self.assertEqual(len(self.slack.calls_of("apps.connections.open")), n_asked)
        self.assertIn("switched off", self.socket_mode(vedette)["error"])

    def test_o09_a_slack_that_cannot_be_reached_is_asked_more_and_more_seldom(self):
        vedette = self.vedette(start=False)
        self.slack.down()
        vedette.start()
        vedette.wait_for_log("Socket Mode is not connected")
        self.slack.up()
        self.slack.wait_for_link()
        vedette.wait_for_log("Socket Mode is connected")

    def test_the_address_and_the_tokens_are_never_logged(self):
        vedette = self.vedette()
        self.red(vedette)
        vedette.stop()
        self.assertNotIn("ticket=", vedette.log())
        self.assertNotIn(APP_TOKEN, vedette.log())

    def test_p01_a_stop_does_not_wait_for_a_slack_that_hangs(self):
        vedette = self.vedette(start=False)
        self.slack.fail("apps.connections.open", hang=True)
        vedette.start()
        wait_until(lambda: self.slack.calls_of("apps.connections.open"), "Slack was asked")
        began = time.monotonic()
        self.assertEqual(vedette.stop(), 0)
        self.assertLess(time.monotonic() - began, 8)

    def test_a_reload_keeps_the_connection_until_the_next_one_is_there(self):
        vedette = self.vedette()
        old = self.slack.wait_for_link()
        self.slack.fail("apps.connections.open", times=1, hang=True)
        vedette.cli("reload", check=0)
        wait_until(lambda: len(self.slack.calls_of("apps.connections.open")) > 1, "another one is asked for")
        self.assertTrue(old.deliver("slash_commands", self.status_command())[0])
        self.slack.heal("apps.connections.open")
        vedette.cli("reload", check=0)
        wait_until(lambda: any(link is not old for link in self.slack.open_links()), "another connection")

    def test_a_stop_says_good_bye(self):
        vedette = self.vedette()
        link = self.slack.wait_for_link()
        self.assertEqual(vedette.stop(), 0)
        self.assertFalse(link.is_open)


if __name__ == "__main__":
    unittest.main()
