"""Slack's doors: who may come in, what a click does, and the one answer that whoever clicked gets.

Everything against the scripted Slack. No click is left without an answer, and none of them decides twice.
"""
import json
import pathlib
import signal
import time
import unittest
import urllib.parse

from disk import Disk
from harness import CI_RULE, ROOT, together, wait_until, workflow_run
from slack_story import JANE, JOHN, SLACK_CONFIG, STRANGER, VISITOR, SlackTest
from slack_workspace import BOT, BOT_USER, TEAM

OTHER_TEAM = "T9ELSEWHERE"
FORM = "application/x-www-form-urlencoded"
QUICK_EXPIRY = CI_RULE.replace("    propose:\n", "    propose:\n      expires: 3s\n")
NOT_BY_ACTOR = CI_RULE.replace("    propose:\n", "    propose:\n      approvers: {from: [oncall], not: [actor]}\n")
MESSAGE_RULE = """
rules:
  - id: asked
    on: message
    key: [subject]
    title: "{{title}}"
"""


class DoorTest(SlackTest):
    def tearDown(self):
        self.assertEqual(self.slack.complaints, [])

    def red(self, vedette, **facts):
        """The card, once we know it ourselves and Slack has told us who we are."""
        card = super().red(vedette, **facts)
        wait_until(lambda: any(message.get("handle") == card["ts"] for message in self.proposal(vedette, card).get("messages", [])), "its id is stored")
        wait_until(lambda: self.slack.faults or "try again" not in self.slack.command(text="help").text, "our workspace is known")
        return card

    def shows(self, card, text):
        wait_until(lambda: text in card.shown().lower(), f"the card shows {text!r}")

    def proposal(self, vedette, card):
        return vedette.api(f"/api/v1/proposals/{card.proposal}").json()

    def state(self, vedette, card):
        return vedette.api(f"/api/v1/proposals/{card.proposal}").json()["state"]

    def decisions(self, vedette, card):
        return [decision["verdict"] for decision in vedette.api(f"/api/v1/proposals/{card.proposal}").json().get("decisions", [])]

    def assert_answered_once(self, sent, text):
        """That, and nothing else."""
        self.slack.wait_for_answer(sent, text)
        self.assertEqual(len([answer for answer in self.slack.answers_to(sent) if answer]), 1, self.slack.answers_to(sent))

    def told(self, sent):
        """Has this person been told something that nobody else sees?"""
        return [seen.text for seen in self.slack.seen[sent.n_seen:] if seen.kind == "ephemeral" and seen.user == sent.user]


class Proof(DoorTest):
    """Nothing of a request is read before it was proven to be Slack's, of now, and new."""

    def test_a05_what_slack_did_not_sign_now_decides_nothing_and_hears_nothing(self):
        vedette = self.vedette()
        card = self.red(vedette)
        good = self.slack.click(card, "ack", user=JOHN)
        cases = {
            "another secret": {"secret": "0123456789abcdef0123456789abcdee"},
            "five minutes and a bit old": {"age": 302},
            "from the future": {"age": -310},
            "unsigned": {"unsigned": True},
            "two signatures in one header": {"headers": {"X-Slack-Signature": "v0=" + "0" * 64 + ",v0=" + "0" * 64}},
            "another version": {"headers": {"X-Slack-Signature": "v1=" + "0" * 64}},
            "no time": {"headers": {"X-Slack-Request-Timestamp": ""}},
        }
        bodies = set()
        for what, how in cases.items():
            with self.subTest(what):
                forged = self.slack.click(card, "approve", user=JANE, **how)
                self.assertEqual(forged.status, 401)
                bodies.add(forged.answer.body)
        self.assertEqual(len(bodies), 1, "one answer for all reasons")
        self.assertEqual(good.status, 200)
        self.assertEqual(self.decisions(vedette, card), ["ack"])
        self.assertEqual(vedette.metric("vedette_events_rejected_total", watcher="slack", reason="signature"), len(cases))
        hook = next(hook for hook in vedette.api("/api/v1/status").json()["watchers"] if hook["name"] == "slack")
        self.assertEqual(hook["reason"], "signature")
        self.assertTrue(hook["url"].endswith("/slack/events"), hook)
        self.assertEqual(vedette.items("audit", object=card.proposal)[0]["what"], "decision", "nobody knows who tried")

    def test_a05_two_headers_of_one_name_are_none(self):
        vedette = self.vedette()
        body = b"payload=%7B%7D"
        headers = self.slack.signed(body, FORM)
        lines = ["POST /slack/interactions HTTP/1.0", f"Host: {vedette.addresses['public']}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        twice = [*lines, f"X-Slack-Signature: {headers['X-Slack-Signature']}"]
        self.assertIn(b" 401 ", vedette.raw("public", "\r\n".join(twice).encode() + b"\r\n\r\n" + body).split(b"\r\n")[0])
        self.assertIn(b" 400 ", vedette.raw("public", "\r\n".join(lines).encode() + b"\r\n\r\n" + body).split(b"\r\n")[0])

    def test_a05_h15_a_request_that_somebody_kept_is_let_in_once(self):
        vedette = self.vedette()
        card = self.red(vedette)
        click = self.slack.click(card, "more", user=JANE, value="snooze:1h")
        self.assertEqual(click.status, 200)
        self.assertEqual(self.slack.replay(click).status, 401)
        self.assertEqual(self.decisions(vedette, card), ["snooze"])

    def test_a05_and_not_after_a_restart_either(self):
        vedette = self.vedette()
        card = self.red(vedette)
        short = self.slack.click(card, "more", user=JANE, value="snooze:1h")
        self.slack.click(card, "more", user=JANE, value="snooze:4h")
        until = self.proposal(vedette, card)["snoozed_until"]
        vedette.restart()
        self.assertEqual(self.slack.replay(short).status, 200, "the memory of signatures is gone")
        self.assertEqual(self.proposal(vedette, card)["snoozed_until"], until, "but not that of decisions")
        self.assertEqual(self.decisions(vedette, card), ["snooze", "snooze"])

    def test_the_old_and_the_new_secret_do_while_they_are_rotated(self):
        vedette = self.vedette(start=False)
        vedette.write("vedette.yaml", vedette.config_path.read_text().replace("signing_secret_file: slack.secret", "signing_secret_file: [new.secret, slack.secret]"))
        vedette.write("new.secret", "f" * 32)
        vedette.start()
        screen = self.red(vedette).snapshot()
        self.assertEqual(self.slack.click(screen, "ack", user=JANE).status, 200)
        self.assertEqual(self.slack.click(screen, "ack", user=JOHN, secret="f" * 32).status, 200)

    def test_a_check_of_the_certificate_is_unsigned_and_does_nothing(self):
        vedette = self.vedette()
        card = self.red(vedette)
        block, element = card.elements()["approve"]
        click = self.slack.block_actions(card, block, element, JANE, None, TEAM)
        answer = self.slack.ssl_check("/slack/interactions", payload=json.dumps(click))
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertEqual(self.slack.ssl_check().status, 200)
        self.assertEqual(self.decisions(vedette, card), [])

    def test_the_address_of_events_is_proven_with_the_challenge(self):
        self.vedette()
        good = self.slack.url_verification("3eZbrw1a")
        self.assertEqual((good.status, good.answer.json()), (200, {"challenge": "3eZbrw1a"}))
        self.assertEqual(self.slack.url_verification(secret="x" * 32).status, 401)


class Doors(DoorTest):
    def test_what_slack_would_not_send_is_turned_away_before_it_is_read(self):
        vedette = self.vedette()
        too_long = {"Content-Type": FORM, "Content-Length": str((1 << 20) + 1)}
        cases = [
            ("GET", "/slack/interactions", {}, 405),
            ("PUT", "/slack/events", {}, 405),
            ("POST", "/slack/interactions", {"Content-Type": "application/json"}, 415),
            ("POST", "/slack/commands", {"Content-Type": "text/plain"}, 415),
            ("POST", "/slack/events", {"Content-Type": FORM}, 415),
            ("POST", "/slack/interactions", {}, 415),
            ("POST", "/slack/interactions", too_long, 413),
            ("POST", "/slack/other", {"Content-Type": FORM}, 404),
            ("POST", "/slack/", {"Content-Type": FORM}, 404),
            ("POST", "/slack/interactions/", {"Content-Type": FORM}, 404),
            ("POST", "/hooks/slack", {"Content-Type": "application/json"}, 404),
        ]
        for method, path, headers, status in cases:
            with self.subTest(f"{method} {path} {headers}"):
                answer = vedette.request("public", method, path, None if "Content-Length" in headers else b"{}", headers)
                self.assertEqual(answer.status, status)
                if status == 405:
                    self.assertEqual(answer.headers["allow"], "POST")

    def test_without_a_slack_channel_there_are_no_such_doors(self):
        from harness import VedetteTest
        vedette = VedetteTest.vedette(self)
        self.assertEqual(vedette.request("public", "POST", "/slack/interactions", b"", {"Content-Type": FORM}).status, 404)
        self.assertEqual(vedette.request("control", "POST", "/slack/interactions", b"", {"Content-Type": FORM}).status, 404)

    def test_a_door_of_its_own_serves_slack_alone(self):
        vedette = self.vedette(members="    listen: [127.0.0.1:0]")
        card = self.red(vedette)
        public = vedette.addresses["public"]
        vedette.addresses["public"] = vedette.addresses["slack"]
        try:
            self.assertEqual(self.slack.click(card, "ack", user=JANE).status, 200)
            self.assertEqual(vedette.send_github("workflow_run", workflow_run()).status, 404)
            self.assertEqual(vedette.request("slack", "GET", "/healthz").status, 404)
        finally:
            vedette.addresses["public"] = public
        self.assertEqual(self.decisions(vedette, card), ["ack"])

    def test_what_is_signed_and_makes_no_sense_is_refused_and_changes_nothing(self):
        vedette = self.vedette()
        for body in (b"", b"payload=", b"payload=%7B", b"payload=%5B%5D", b"payload=%7B%7D&payload=%7B%7D", b"payload=" + b"%5B" * 5000):
            answer = vedette.request("public", "POST", "/slack/interactions", body, self.slack.signed(body, FORM))
            self.assertEqual(answer.status, 400, body[:40])
        for body in (b"", b"[]", b"{", b'{"type":"event_callback"}'):
            answer = vedette.request("public", "POST", "/slack/events", body, self.slack.signed(body, "application/json"))
            self.assertEqual(answer.status, 400, body)
        self.assertEqual(self.slack.command(text="help").status, 200)

    def test_another_apps_click_is_refused(self):
        vedette = self.vedette()
        card = self.red(vedette)

        def falsify(payload):
            payload["api_app_id"] = "A0ANOTHER"
        self.assertEqual(self.slack.click(card, "approve", change=falsify).status, 403)
        self.assertEqual(self.decisions(vedette, card), [])


class Decisions(DoorTest):
    def test_a01_the_same_person_twice_decides_once_and_is_told(self):
        vedette = self.vedette()
        card = self.red(vedette)
        screen = card.snapshot()
        first, second = self.slack.click(screen, "approve", user=JANE), self.slack.click(screen, "approve", user=JANE)
        self.assertEqual((first.status, second.status), (200, 200))
        self.slack.wait_for_answer(second, "already approved by jane")
        self.assertEqual([seen for seen in self.slack.seen if seen.cause is first.cause], [], "the card itself shows it")
        wait_until(lambda: vedette.steps_run(), "the step runs")
        self.assertEqual(self.decisions(vedette, card), ["approve"])

    def test_a01_of_twenty_at_once_one_wins_and_the_others_are_told_who(self):
        vedette = self.vedette()
        card = self.red(vedette)
        screen = card.snapshot()
        ways = [("approve", JANE, None), ("reject", JOHN, "known")]
        clicks = together(20, lambda i: self.slack.click(screen, ways[i % 2][0], user=ways[i % 2][1], value=ways[i % 2][2]))
        self.assertEqual({click.status for click in clicks}, {200})
        decided = self.decisions(vedette, card)
        self.assertEqual(len(decided), 1)
        winner = {"approve": "approved by jane", "reject": "rejected by john"}[decided[0]]
        wait_until(lambda: len([seen for seen in self.slack.seen if seen.kind == "ephemeral"]) == 19, "all others are told")
        for seen in self.slack.seen:
            if seen.kind == "ephemeral":
                self.assertIn(winner, seen.text)

    def test_a02_after_the_expiry_nothing_is_approved_though_no_timer_has_run(self):
        vedette = self.vedette(rules={"ci.yaml": QUICK_EXPIRY})
        card = self.red(vedette)
        screen = card.snapshot()
        vedette.freeze()
        expires = time.monotonic() + 4
        wait_until(lambda: time.monotonic() > expires, "it has expired")
        vedette.signal(signal.SIGCONT)
        late = self.slack.click(screen, "approve", user=JANE)
        self.assertEqual(late.status, 200)
        self.slack.wait_for_answer(late, "expired")
        self.assertEqual(vedette.steps_run(), [])
        wait_until(lambda: self.state(vedette, card) == "expired", "it is expired")

    def clock(self):
        """The daemon's time of day, which may jump; its monotonic clock does not."""
        library = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
        if not library:
            self.skipTest("libfaketime is not installed")
        offset = self.directory / "clock"
        offset.write_text("+0")
        return offset, {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(offset), "FAKETIME_NO_CACHE": "1", "DONT_FAKE_MONOTONIC": "1",
                        "FAKETIME_DONT_FAKE_MONOTONIC": "1", "ASAN_OPTIONS": "verify_asan_link_order=0"}

    def test_a02_a_clock_that_jumps_an_hour_ahead_ends_what_expires_and_nothing_brings_it_back(self):
        offset, env = self.clock()
        vedette = self.vedette(rules={"ci.yaml": CI_RULE.replace("    propose:\n", "    propose:\n      expires: 30m\n")}, env=env)
        card = self.red(vedette)
        screen = card.snapshot()
        offset.write_text("+3600")
        late = self.slack.click(screen, "approve", user=JANE, age=-3600)
        self.assertEqual(late.status, 200)
        self.slack.wait_for_answer(late, "expired")
        offset.write_text("+0")
        again = self.slack.click(screen, "approve", user=JOHN)
        self.slack.wait_for_answer(again, "expired")
        self.assertEqual(self.state(vedette, card), "expired")
        self.assertEqual(vedette.steps_run(), [])

    def test_a02_a_clock_that_jumps_an_hour_back_keeps_nobody_from_deciding(self):
        offset, env = self.clock()
        vedette = self.vedette(env=env)
        card = self.red(vedette)
        offset.write_text("-3600")
        old = self.slack.click(card, "ack", user=JANE)
        self.assertEqual(old.status, 401, "signed an hour ahead of our clock: it could be anybody's")
        self.slack.click(card, "reject", user=JANE, value="known", age=3600)
        wait_until(lambda: self.state(vedette, card) == "rejected", "it is decided")
        self.shows(card, "rejected by jane")

    def test_a03_who_is_no_approver_is_told_so_and_it_is_recorded(self):
        vedette = self.vedette()
        card = self.red(vedette)
        names = {VISITOR: "visitor", STRANGER: f"slack:{STRANGER}"}
        for user, name in names.items():
            denied = self.slack.click(card, "approve", user=user)
            self.assertEqual(denied.status, 200)
            self.assert_answered_once(denied, "you are not among the approvers")
            row = vedette.items("audit", object=card.proposal)[0]
            self.assertEqual((row["what"], row["who"], row["via"]), ("refused", name, "slack"))
        self.assertEqual(self.state(vedette, card), "open")

    def test_a03_people_of_another_workspace_decide_nothing_whatever_their_id(self):
        vedette = self.vedette()
        card = self.red(vedette)
        denied = self.slack.click(card, "approve", user=JANE, team=OTHER_TEAM)
        self.assert_answered_once(denied, "our own workspace")
        row = vedette.items("audit", object=card.proposal)[0]
        self.assertEqual((row["what"], row["who"]), ("refused", f"slack:{OTHER_TEAM}/{JANE}"))

        def shared(payload):  # the conversation is ours, the person is not
            payload["user"]["team_id"] = OTHER_TEAM
        self.assert_answered_once(self.slack.click(card, "approve", user=JANE, change=shared), "our own workspace")
        self.assert_answered_once(self.slack.click(card, "details", user=JANE, team=OTHER_TEAM), "our own workspace")
        self.assertEqual(self.state(vedette, card), "open")

    def test_a03_a_name_on_display_is_nobody(self):
        vedette = self.vedette()
        card = self.red(vedette)

        def pose(payload):
            payload["user"].update(username="jane", name="jane", id=STRANGER)
        self.assert_answered_once(self.slack.click(card, "approve", user=STRANGER, change=pose), "you are not among the approvers")
        self.assertEqual(self.decisions(vedette, card), [])

    def test_a03_who_caused_it_does_not_approve_it(self):
        vedette = self.vedette(rules={"ci.yaml": NOT_BY_ACTOR})
        card = self.red(vedette, actor="jane")
        self.assert_answered_once(self.slack.click(card, "approve", user=JANE), "caused it")
        self.slack.click(card, "approve", user=JOHN)
        self.shows(card, "approved by john")
        self.assertEqual(self.decisions(vedette, card), ["approve"])

    def test_a04_an_approval_of_an_older_plan_is_refused_and_shown_the_new_one(self):
        vedette = self.vedette()
        card = self.red(vedette)
        screen = card.snapshot()
        proposal = vedette.api(f"/api/v1/proposals/{card.proposal}").json()
        edited = vedette.decide(proposal, "edit", plan_digest=proposal["plan_digest"], params=[{"run": "7"}])
        self.assertEqual(edited.status, 200, edited)
        late = self.slack.click(screen, "approve", user=JOHN)
        self.slack.wait_for_answer(late, "here is the new one: http://vedette.example/#/proposals/" + card.proposal)
        self.assertEqual(self.decisions(vedette, card), ["edit"])
        self.shows(card, "7")

    def test_a06_it_is_committed_before_it_is_answered_and_slack_itself_may_be_stuck(self):
        vedette = self.vedette(config=SLACK_CONFIG.replace("hold: 1s", "hold: 30s"))
        card = self.red(vedette)
        self.slack.fail("chat.update", times=None, hang=True)
        click = self.slack.click(card, "approve", user=JANE)
        self.assertEqual((click.status, click.answer.body), (200, b""))
        self.assertLess(click.seconds, 1)
        vedette.restart()
        self.assertEqual(self.state(vedette, card), "approved")
        self.slack.heal()
        self.shows(card, "approved by jane")

    def test_a06_what_cannot_be_recorded_is_refused_at_once_and_may_be_clicked_again(self):
        disk = Disk(self, self.directory, 16)
        vedette = self.vedette(config=SLACK_CONFIG.replace("state: state", f"state: {disk.path}/state"))
        card = self.red(vedette)
        screen = card.snapshot()
        ballast = disk.fill()
        refused = wait_until(lambda: (click := self.slack.click(screen, "approve", user=JANE)).status == 503 and click, "it cannot be stored")
        self.assertLess(refused.seconds, 3)
        self.assertEqual(self.decisions(vedette, card), [])
        ballast.unlink()
        wait_until(lambda: self.slack.replay(refused).status == 200, "the same request is carried out once there is room")
        self.assertEqual(self.decisions(vedette, card), ["approve"])

    def test_a07_the_first_click_after_a_restart_counts(self):
        vedette = self.vedette()
        card = self.red(vedette)
        vedette.restart()
        self.slack.click(card, "reject", user=JANE, value="too_late")
        self.shows(card, "rejected by jane")

    def test_a08_a_second_copy_of_a_card_decides_the_same_proposal_and_says_so(self):
        vedette = self.vedette()
        card = self.red(vedette)
        copy = self.slack.duplicate(card)
        click = self.slack.click(copy, "approve", user=JANE)
        self.slack.wait_for_answer(click, "another copy of this card")
        self.shows(card, "approved by jane")
        again = self.slack.click(copy, "approve", user=JOHN)
        self.assert_answered_once(again, "already approved by jane")
        wait_until(lambda: vedette.steps_run(), "the step runs")
        self.assertEqual(self.decisions(vedette, card), ["approve"])

    def test_a_link_a_button_of_another_version_and_one_of_nothing_are_answered(self):
        vedette = self.vedette()
        card = self.red(vedette)

        def of(**members):
            return lambda payload: payload["actions"][0].update(members)
        self.assertEqual(self.told(self.slack.click(card, "ack", user=JOHN, change=of(action_id="open"))), [])
        self.assert_answered_once(self.slack.click(card, "ack", user=JANE, change=of(action_id="explode")), "another version")
        self.assert_answered_once(self.slack.click(card, "ack", user=JANE, change=of(block_id="nothing")), "no proposal")
        gone = "prp_01ARZ3NDEKTSV4RRFFQ69G5FAV:1:-:1"
        self.assert_answered_once(self.slack.click(card, "ack", user=JANE, change=of(block_id=gone)), "not kept any more")
        self.assertEqual(self.decisions(vedette, card), [])


class Answers(DoorTest):
    """How somebody is told, where the usual way is not open."""

    def test_o08_a_response_url_elsewhere_is_never_called(self):
        vedette = self.vedette()
        card = self.red(vedette)
        from slack import Slack
        other = Slack()
        self.addCleanup(other.close)

        def lead_astray(payload):
            payload["response_url"] = f"http://127.0.0.1:{other.port}/response/1"
        denied = self.slack.click(card, "approve", user=VISITOR, change=lead_astray)
        wait_until(lambda: self.told(denied), "told in the conversation instead")
        self.assertIn("you are not among the approvers", self.told(denied)[0])
        self.assertEqual(other.calls, [])

    def test_a_response_url_that_is_used_up_gives_way_to_the_conversation(self):
        vedette = self.vedette()
        card = self.red(vedette)
        self.slack.fail("response_url", status=404, body=b"used_url")
        denied = self.slack.click(card, "approve", user=VISITOR)
        wait_until(lambda: self.told(denied), "told in the conversation instead")
        self.assertEqual(len(self.slack.calls_of("chat.postEphemeral", user=VISITOR)), 1)

    def test_without_a_response_url_the_conversation_tells(self):
        vedette = self.vedette()
        card = self.red(vedette)
        denied = self.slack.click(card, "approve", user=VISITOR, change=lambda payload: payload.pop("response_url"))
        wait_until(lambda: self.told(denied), "told in the conversation")

    def test_no_redirect_of_an_answer_is_followed(self):
        vedette = self.vedette()
        card = self.red(vedette)
        self.slack.fail("response_url", redirect=True)
        denied = self.slack.click(card, "approve", user=VISITOR)
        wait_until(lambda: self.told(denied), "told in the conversation instead")
        self.assertEqual(self.slack.n_trapped, 0)

    def test_who_clicked_too_late_for_a_modal_gets_the_page(self):
        vedette = self.vedette()
        card = self.red(vedette)
        self.slack.fail("views.open", error="expired_trigger_id")
        click = self.slack.click(card, "details", user=JANE)
        self.assert_answered_once(click, "http://vedette.example/#/proposals/" + card.proposal)


class Modals(DoorTest):
    def test_a_proposal_is_muted_for_a_while_by_its_rule_and_key(self):
        vedette = self.vedette()
        card = self.red(vedette)
        self.slack.click(card, "more", user=JANE, value="mute")
        view = self.slack.wait_for_view(JANE)
        sent = self.slack.submit(view, {"reason": "known since Monday"})
        self.assertEqual((sent.status, sent.answer.body), (200, b""))
        silence = vedette.items("silences")[0]
        self.assertEqual(silence["where"], {"rule": "ci-red", "signal.key[0]": "acme/shop", "signal.key[1]": "main", "signal.key[2]": "test"})
        self.assertEqual((silence["by"], silence["via"], silence["reason"]), ("jane", "slack", "known since Monday"))
        self.slack.wait_for_answer(sent, silence["id"])

    def test_who_is_nobody_mutes_nothing(self):
        vedette = self.vedette()
        card = self.red(vedette)
        self.slack.click(card, "more", user=STRANGER, value="mute")
        view = self.slack.wait_for_view(STRANGER)
        sent = self.slack.submit(view, {"reason": "because"})
        self.assertIn("only people of the configuration", sent.errors["for"])
        self.assertEqual(vedette.items("silences"), [])

    def test_who_may_not_edit_is_told_in_the_modal(self):
        vedette = self.vedette()
        card = self.red(vedette)
        self.slack.click(card, "more", user=VISITOR, value="edit")
        view = self.slack.wait_for_view(VISITOR)
        sent = self.slack.submit(view, {"param:1:run": "7"})
        self.assertIn("you are not among the approvers", sent.errors["param:1:run"])
        self.assertTrue(view.is_open)
        self.assertEqual(self.decisions(vedette, card), [])

    def test_an_edit_changes_the_plan_and_a_kept_copy_of_it_does_nothing(self):
        vedette = self.vedette()
        card = self.red(vedette)
        self.slack.click(card, "more", user=JANE, value="edit")
        view = self.slack.wait_for_view(JANE)
        sent = self.slack.submit(view, {"param:1:run": "7"})
        self.assertEqual((sent.status, sent.answer.body), (200, b""))
        self.assertEqual(self.slack.replay(sent).status, 401)
        self.assertEqual(self.decisions(vedette, card), ["edit"])
        self.shows(card, "7")


class Commands(DoorTest):
    def say(self, text, **how):
        sent = wait_until(lambda: "try again" not in (sent := self.slack.command(text=text, **how)).text and sent, "our workspace is known")
        self.assertEqual(sent.status, 200, sent)
        self.assertLess(sent.seconds, 3)
        self.assertEqual(sent.answer.json()["response_type"], "ephemeral")
        return sent.answer.json()["text"]

    def test_what_one_may_ask(self):
        vedette = self.vedette()
        self.assertIn("/vedette oncall", self.say("help"))
        self.assertIn("/vedette oncall", self.say("what is this"))
        self.assertIn("none", self.say("list"))
        self.assertIn("there is no such proposal", self.say("show abcde"))
        card = self.red(vedette, branch="main", workflow="<!channel> & co")
        short = vedette.api(f"/api/v1/proposals/{card.proposal}").json()["short"]
        listed = self.say("LIST")
        self.assertIn(f"{short} (high)", listed)
        self.assertIn("&lt;!channel&gt; &amp; co", listed)
        self.assertNotIn("<!channel>", listed)
        self.assertIn("1001", self.say(f"show {short}"))
        self.assertIn("1 proposals open", self.say("status"))
        self.slack.click(card, "more", user=JANE, value="snooze:1h")
        oncall = self.say("oncall")
        self.assertRegex(oncall, rf"(?s)Waiting for a decision: none.*Snoozed or held:\n{short} .*Silences: none.*No channel and no watcher fails")

    def test_silences_are_made_listed_and_removed(self):
        vedette = self.vedette()
        made = self.say("silence add rule=ci-* repo=acme/shop for 2h the runners move")
        silence = vedette.items("silences")[0]
        self.assertIn(silence["id"], made)
        self.assertEqual((silence["where"], silence["by"], silence["reason"]), ({"rule": "ci-*", "repo": "acme/shop"}, "jane", "the runners move"))
        self.assertIn("rule=ci-* repo=acme/shop", self.say("silence list"))
        self.assertIn("the runners move", self.say("oncall"))
        self.assertIn("only people", self.say(f"silence remove {silence['id']}", user=STRANGER))
        self.assertIn("removed", self.say(f"silence remove {silence['id']}"))
        self.assertIn("over already", self.say(f"silence remove {silence['id']}"))
        self.assertIn("none", self.say("silence list"))

    def test_a_silence_that_is_none_is_told_how(self):
        vedette = self.vedette()
        for text in ("silence", "silence add", "silence add for 2h", "silence add rule for 2h", "silence add rule=x for ever", "silence add rule=x"):
            self.assertIn("FIELD=VALUE", self.say(text), text)
        self.assertIn("no signal of the rules in force has a field `colour`", self.say("silence add colour=red for 2h because"))
        self.assertIn("only people", self.say("silence add rule=ci-red for 2h because", user=STRANGER))
        self.assertEqual(vedette.items("silences"), [])

    def test_people_of_another_workspace_are_told_nothing(self):
        vedette = self.vedette()
        self.red(vedette)
        answer = self.say("list", team=OTHER_TEAM)
        self.assertIn("our own workspace", answer)
        self.assertNotIn("acme/shop", answer)

    def test_a05_an_unsigned_command_is_refused_and_a_kept_one_let_in_once(self):
        self.vedette()
        self.assertEqual(self.slack.command(text="list", unsigned=True).status, 401)
        sent = self.slack.command(text="list")
        self.assertEqual(sent.status, 200)
        self.assertEqual(self.slack.replay(sent).status, 401)


class Sayings(DoorTest):
    def events(self, vedette):
        vedette.wait_until_folded()
        return vedette.items("events", watcher="slack")

    def test_a_mention_is_an_event_and_a_second_try_of_it_is_not(self):
        vedette = self.vedette(rules={"asked.yaml": MESSAGE_RULE})
        sent = self.slack.mention("the shop is slow\nsince noon", user=JOHN)
        self.assertEqual((sent.status, sent.answer.body), (200, b""))
        self.assertEqual(self.slack.retry(sent).status, 200)
        self.assertEqual(self.slack.replay(sent).status, 200, "an event is known by its id")
        event, = self.events(vedette)
        self.assertEqual((event["type"], event["kind"], event["actor"], event["title"]), ("slack.app_mention", "message", JOHN, "the shop is slow"))
        self.assertEqual(event["text"], "the shop is slow\nsince noon")
        self.assertNotIn("deprecated", json.dumps(event), "the verification token is not kept")
        self.slack.wait_for_card("the shop is slow")
        vedette.restart()
        self.assertEqual(self.slack.retry(sent, 2).status, 200)
        self.assertEqual(len(self.events(vedette)), 1)

    def test_handle_this_said_in_a_thread_opens_a_task_with_the_rule_that_is_shipped_for_it(self):
        shipped = ROOT / "packaging/slack/handle-this.yaml"
        vedette = self.vedette(rules={"handle-this.yaml": shipped.read_text()})
        self.assertIn("2 passed, 0 failed", vedette.cli("test", str(shipped), check=0).stdout)
        root = self.slack.message("checkout is slow again").message["ts"]
        self.slack.mention("thank you", user=JOHN, thread_ts=root)
        self.slack.mention("please handle this: checkout is slow", user=JOHN, thread_ts=root)
        card = self.slack.wait_for_card("Asked in Slack: please handle this: checkout is slow")
        self.slack.mention("handle this", user=JANE, thread_ts=root)
        self.shows(card, "seen 2 times")
        self.assertEqual(len(self.slack.cards()), 1)
        self.assertIn("checkout is slow", vedette.items("tasks")[0]["question"])

    def test_a_reply_in_a_thread_is_an_event_and_other_talk_is_not(self):
        vedette = self.vedette()
        first = self.slack.message("good morning")
        root = first.message["ts"]
        self.slack.message("and to you", thread_ts=root, user=JOHN)
        said = {"user": JANE, "text": "x", "channel": "C1", "thread_ts": root, "type": "message"}
        for number, more in enumerate(({"subtype": "message_changed"}, {"bot_id": BOT}, {"user": BOT_USER}, {"bot_id": "B0OTHER"}, {"text": f"<@{BOT_USER}> x"})):
            self.assertEqual(self.slack.event({**said, "ts": f"1503435956.{number:06d}", **more}).status, 200, more)
        self.assertEqual(self.slack.event({"type": "channel_created", "channel": {"id": "C7"}}).status, 200)
        self.assertEqual([event["title"] for event in self.events(vedette)], ["and to you"])

    def test_an_event_that_is_not_signed_is_refused(self):
        vedette = self.vedette()
        self.assertEqual(self.slack.mention("hello", secret="x" * 32).status, 401)
        self.assertEqual(self.slack.mention("hello", age=400).status, 401)
        self.assertEqual(self.events(vedette), [])

    def test_yes_in_the_thread_of_a_card_approves_the_plan_that_it_shows(self):
        vedette = self.vedette()
        card = self.red(vedette)
        short = vedette.api(f"/api/v1/proposals/{card.proposal}").json()["short"]
        said = self.slack.message(f"Yes {short.upper()}  ", user=JANE, thread_ts=card["ts"])
        self.assertEqual(said.status, 200)
        self.shows(card, "approved by jane")
        self.slack.wait_for_answer(said, "approved")
        wait_until(lambda: vedette.steps_run() == ["1001"], "the plan runs")
        self.assertEqual(self.slack.retry(said).status, 200)
        self.assertEqual(self.decisions(vedette, card), ["approve"])
        self.assertEqual(self.events(vedette), [], "a decision is no event")

    def test_no_rejects_with_a_reason_and_a_note(self):
        vedette = self.vedette()
        card = self.red(vedette)
        short = vedette.api(f"/api/v1/proposals/{card.proposal}").json()["short"]
        self.slack.mention(f"no {short} wrong_cause it is the disk", user=JOHN, thread_ts=card["ts"])
        wait_until(lambda: self.state(vedette, card) == "rejected", "it is rejected")
        decision = vedette.api(f"/api/v1/proposals/{card.proposal}").json()["decisions"][0]
        self.assertEqual((decision["by"], decision["reason"], decision["note"], decision["via"]), ("john", "wrong_cause", "it is the disk", "slack"))

    def test_in_words_as_with_buttons_only_approvers_decide(self):
        vedette = self.vedette()
        card = self.red(vedette)
        short = vedette.api(f"/api/v1/proposals/{card.proposal}").json()["short"]
        denied = self.slack.message(f"yes {short}", user=STRANGER, thread_ts=card["ts"])
        wait_until(lambda: self.told(denied), "told")
        self.assertIn("you are not among the approvers", self.told(denied)[0])
        self.assertEqual(self.decisions(vedette, card), [])
        self.assertEqual(vedette.items("audit", object=card.proposal)[0]["what"], "refused")

    def test_the_id_of_another_proposal_is_told_which_one_this_thread_is_about(self):
        vedette = self.vedette()
        card, other = self.red(vedette), self.red(vedette, repo="acme/blog", run=1002)
        short = {each["ts"]: vedette.api(f"/api/v1/proposals/{each.proposal}").json()["short"] for each in (card, other)}
        for wrong in (short[other["ts"]], "zzzzz"):
            said = self.slack.message(f"yes {wrong}", user=JANE, thread_ts=card["ts"])
            wait_until(lambda: self.told(said), "told")
            self.assertIn(f"this thread is about {short[card['ts']]}", self.told(said)[0])
        self.assertEqual(self.decisions(vedette, card) + self.decisions(vedette, other), [])

    def test_a_yes_anywhere_else_is_talk(self):
        vedette = self.vedette()
        card = self.red(vedette)
        short = vedette.api(f"/api/v1/proposals/{card.proposal}").json()["short"]
        root = self.slack.message("hello").message["ts"]
        self.slack.message(f"yes {short}", user=JANE, thread_ts=root)
        self.slack.mention(f"yes {short}", user=JANE)
        self.slack.message(f"yes {short} but not today", user=JANE, thread_ts=card["ts"])
        self.assertEqual(len(self.events(vedette)), 3)
        self.assertEqual(self.decisions(vedette, card), [])


class Workspaces(DoorTest):
    def test_until_slack_has_said_who_we_are_nobody_decides(self):
        self.slack.fail("auth.test", times=None, status=500)
        vedette = self.vedette()
        card = self.red(vedette)
        early = self.slack.click(card, "approve", user=JANE)
        self.assert_answered_once(early, "try again in a minute")
        self.assertEqual(self.decisions(vedette, card), [])

    def test_the_configured_workspace_counts_without_being_asked(self):
        self.slack.fail("auth.test", times=None, status=500)
        vedette = self.vedette(members=f"    team: {TEAM}")
        card = self.red(vedette)
        self.slack.click(card, "ack", user=JANE)
        wait_until(lambda: self.decisions(vedette, card) == ["ack"], "it counts")


if __name__ == "__main__":
    unittest.main()
