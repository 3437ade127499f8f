"""Slack's own code has the last word: Bolt on signatures, the types of the SDK on messages, modals and manifests."""
import copy
import json
import pathlib
import shutil
import tempfile
import time
import unittest

import npm
from harness import ROOT, wait_until
from slack import Slack
from slack_story import VISITOR, SlackTest
from slack_workspace import SCOPES, SIGNING_SECRET

BODIES = ["payload=%7B%22type%22%3A%22block_actions%22%7D", "", "command=%2Fvedette&text=l+ist%26", json.dumps({"challenge": "ü \U0001f600"}, ensure_ascii=False)]


class NpmTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.npm = npm.directory()

    def setUp(self):
        super().setUp()
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="vedette-npm-"))
        self.addCleanup(shutil.rmtree, self.scratch, True)

    def assert_typed(self, typed):
        self.assertEqual(npm.type_errors(self.npm, self.scratch, typed), "")


class Signatures(NpmTest):
    def setUp(self):
        super().setUp()
        self.slack = Slack()
        self.addCleanup(self.slack.close)

    def test_bolt_takes_what_the_scripted_slack_signs(self):
        now = int(time.time())
        lines = [{"do": "verify", "secret": SIGNING_SECRET, "body": body, "timestamp": now, "now_ms": now * 1000,
                  "signature": self.slack.sign(body.encode(), now)} for body in BODIES]
        self.assertEqual(npm.run_node(self.npm, "bolt.cjs", lines=lines), [{"accepted": True}] * len(BODIES))

    def test_bolt_refuses_what_it_refuses(self):
        now = int(time.time())
        good = {"do": "verify", "secret": SIGNING_SECRET, "body": BODIES[0], "timestamp": now, "now_ms": now * 1000,
                "signature": self.slack.sign(BODIES[0].encode(), now)}
        changes = [{"body": BODIES[0] + "&"}, {"secret": "another"}, {"timestamp": now - 1}, {"now_ms": (now + 301) * 1000},
                   {"signature": good["signature"].replace("v0", "v1")}]
        answers = npm.run_node(self.npm, "bolt.cjs", lines=[{**good, **change} for change in changes])
        self.assertEqual([answer["accepted"] for answer in answers], [False] * len(changes), answers)
        self.assertEqual(npm.run_node(self.npm, "bolt.cjs", lines=[{**good, "now_ms": (now + 300) * 1000}]), [{"accepted": True}])

    def test_bolt_signs_as_the_scripted_slack_does(self):
        lines = [{"do": "sign", "secret": SIGNING_SECRET, "body": body, "timestamp": 1531420618} for body in BODIES]
        self.assertEqual([answer["signature"] for answer in npm.run_node(self.npm, "bolt.cjs", lines=lines)],
                         [self.slack.sign(body.encode(), 1531420618) for body in BODIES])


class Manifests(NpmTest):
    def manifest(self, name):
        return npm.run_node(self.npm, "manifest.cjs", ROOT / "packaging/slack" / name)[0]

    def test_the_manifests_have_the_types_of_the_sdk(self):
        self.assert_typed([("web.AppsManifestValidateArguments['manifest']", self.manifest(name), name) for name in ("manifest.yaml", "manifest-socket.yaml")])

    def test_the_types_notice_a_wrong_manifest(self):
        wrong = self.manifest("manifest.yaml")
        wrong["oauth_config"]["scopes"]["bot"].append("chat:shout")
        self.assertIn("chat:shout", npm.type_errors(self.npm, self.scratch, [("web.AppsManifestValidateArguments['manifest']", wrong, "wrong")]))

    def test_both_manifests_ask_for_the_same(self):
        http, socket = self.manifest("manifest.yaml"), self.manifest("manifest-socket.yaml")
        self.assertEqual(set(http["oauth_config"]["scopes"]["bot"]), SCOPES)
        without_addresses = copy.deepcopy(http)
        for part in (*without_addresses["features"]["slash_commands"], without_addresses["settings"]["interactivity"],
                     without_addresses["settings"]["event_subscriptions"]):
            part.pop("url", None)
            part.pop("request_url", None)
        without_addresses["settings"]["socket_mode_enabled"] = True
        self.assertEqual(without_addresses, socket)

    def test_the_manifests_keep_to_the_limits(self):
        for name in ("manifest.yaml", "manifest-socket.yaml"):
            manifest = self.manifest(name)
            self.assertLessEqual(len(manifest["display_information"]["name"]), 35)
            self.assertLessEqual(len(manifest["display_information"]["description"]), 140)
            self.assertLessEqual(len(manifest["display_information"]["long_description"]), 4000)


class Emitted(NpmTest, SlackTest):
    """Every form that a message takes: what left for Slack, typed as Slack's SDK types it."""

    TYPES = {"chat.postMessage": "web.ChatPostMessageArguments", "chat.update": "web.ChatUpdateArguments", "views.open": "web.ViewsOpenArguments",
             "chat.postEphemeral": "web.ChatPostEphemeralArguments", "response_url": "bolt.RespondArguments"}

    def typed(self):
        calls = [call for call in self.slack.calls if call.method in self.TYPES]
        return [(self.TYPES[call.method], call.args, f"{number}: {call.method}") for number, call in enumerate(calls)]

    def tell_all_of_a_life(self, vedette):
        self.slack.fail("chat.postMessage", error="invalid_blocks")  # the plain form
        plain = self.red(vedette, workflow="plain")
        self.slack.click(plain, "reject", value="known")
        self.slack.wait_until_shows(plain, "rejected")
        card = self.red(vedette, workflow="usual")
        self.slack.click(card, "ack")
        self.slack.wait_until_shows(card, "is on it")
        self.slack.click(card, "approve", user=VISITOR)
        for action, value in (("details", None), ("more", "mute"), ("more", "edit")):
            before = len(self.slack.views)
            self.slack.click(card, action, value=value)
            wait_until(lambda before=before: len(self.slack.views) > before, f"a modal of {value or action}")
        self.slack.click(card, "approve")
        self.slack.wait_until_shows(card, "verified at")
        self.slack.wait_for_reply(card, "verified")
        wait_until(lambda: self.slack.calls_of("response_url"), "an answer to the visitor")

    def test_whatever_leaves_for_slack_has_the_types_of_the_sdk(self):
        vedette = self.vedette()
        self.tell_all_of_a_life(vedette)
        typed = self.typed() + [("bolt.RespondArguments", self.slack.command(text=text).answer.json(), text) for text in ("help", "list", "status", "oncall")]
        self.assertEqual({name for name, _, _ in typed} - {"web.ChatPostEphemeralArguments"}, set(self.TYPES.values()) - {"web.ChatPostEphemeralArguments"})
        self.assert_typed(typed)

    def test_the_door_opens_for_what_bolt_signs(self):
        vedette = self.vedette()
        body, now = "command=%2Fvedette&text=help&user_id=U1&team_id=T0VEDETTE&channel_id=C1&api_app_id=A0VEDETTE", int(time.time())
        signature = npm.run_node(self.npm, "bolt.cjs", lines=[{"do": "sign", "secret": SIGNING_SECRET, "body": body, "timestamp": now}])[0]["signature"]
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Slack-Request-Timestamp": str(now), "X-Slack-Signature": signature}
        self.assertEqual(vedette.request("public", "POST", "/slack/commands", body, headers).status, 200)
        self.assertEqual(vedette.request("public", "POST", "/slack/commands", body + "x", headers).status, 401)

    def test_the_types_notice_a_wrong_card(self):
        button = {"type": "button", "action_id": "approve", "text": {"type": "plain_text", "text": "Approve"}, "style": "loud"}
        wrong = {"channel": "C1", "text": "x", "blocks": [{"type": "actions", "elements": [button]}]}
        self.assertIn("loud", npm.type_errors(self.npm, self.scratch, [("web.ChatPostMessageArguments", wrong, "wrong")]))


if __name__ == "__main__":
    unittest.main()
