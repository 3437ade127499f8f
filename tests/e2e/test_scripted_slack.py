"""The scripted Slack does what Slack does: a story that passes against a kinder one would prove nothing."""
import http.client
import json
import socket
import struct
import threading
import time
import unittest
import urllib.parse

from harness import Answer
from slack import Slack
from slack_blocks import check_message, check_view
from slack_workspace import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET

CARD = {"event_type": "vedette_proposal", "event_payload": {"proposal": "prp_1", "revision": 1}}


def plain(text):
    return {"type": "plain_text", "text": text, "emoji": False}


def button(action_id, text="Approve", **more):
    return {"type": "button", "action_id": action_id, "text": plain(text), **more}


def actions(block_id="prp_1:1:-:1", *elements):
    return {"type": "actions", "block_id": block_id, "elements": list(elements or (button("approve"),))}


class Deaf:
    """A daemon that takes everything and keeps it."""

    def __init__(self, status=200, body=b""):
        self.status, self.body, self.requests = status, body, []

    def request(self, door, method, path, body=None, headers=None):
        self.requests.append((path, body, headers))
        return Answer(self.status, {}, self.body)


class ScriptedSlack(unittest.TestCase):
    def setUp(self):
        self.slack = Slack()
        self.addCleanup(self.slack.close)
        self.daemon = Deaf()
        self.slack.serve(self.daemon)

    def raw(self, method, body, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.slack.port, timeout=10)
        self.addCleanup(connection.close)
        connection.request("POST", f"/api/{method}", body, headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()

    def call(self, method, token=BOT_TOKEN, **args):
        kind = "application/json; charset=utf-8"
        body = json.dumps(args)
        if method.startswith(("conversations.", "usergroups.", "chat.getPermalink")):
            kind, body = "application/x-www-form-urlencoded", urllib.parse.urlencode(args)
        return json.loads(self.raw(method, body, {"Content-Type": kind, "Authorization": f"Bearer {token}"})[2])

    def post(self, text="hello", **more):
        return self.call("chat.postMessage", channel=more.pop("channel", "C1"), text=text, unfurl_links=False, unfurl_media=False, **more)

    def card(self, **more):
        ts = self.post(blocks=[actions()], metadata=CARD, **more)["ts"]
        return self.slack.find("C1", ts)

    # --- posting ---

    def test_a_wrong_token_is_refused_with_status_200(self):
        self.assertEqual(self.call("auth.test", token="xoxb-other"), {"ok": False, "error": "invalid_auth"})
        self.assertEqual(self.raw("auth.test", b"", {})[0], 200)
        self.assertEqual(self.slack.calls[-1].error, "not_authed")

    def test_a_scope_that_is_missing_is_named(self):
        self.slack.scopes.remove("chat:write")
        answer = self.post()
        self.assertEqual((answer["error"], answer["needed"]), ("missing_scope", "chat:write"))

    def test_ids_are_unique_and_text(self):
        ids = [self.post()["ts"] for _ in range(20)]
        self.assertEqual(len(set(ids)), 20)
        self.assertRegex(ids[0], r"^\d{10}\.\d{6}$")

    def test_a_reply_goes_below_a_parent_only(self):
        parent = self.post()["ts"]
        reply = self.post("below", thread_ts=parent)["ts"]
        self.assertEqual(self.post("deeper", thread_ts=reply)["error"], "cannot_reply_to_message")
        self.assertEqual(self.post("nowhere", thread_ts="1.000001")["error"], "cannot_reply_to_message")
        self.assertEqual([message["text"] for message in self.call("conversations.replies", channel="C1", ts=parent)["messages"]], ["hello", "below"])
        self.assertEqual(len(self.call("conversations.history", channel="C1")["messages"]), 1)

    def test_places_that_cannot_be_posted_to(self):
        self.slack.add_conversation("C2", "old", is_archived=True)
        self.slack.add_conversation("C3", "private", is_private=True, is_member=False)
        self.slack.add_conversation("C4", "public", is_member=False)
        self.assertEqual(self.post(channel="C2")["error"], "is_archived")
        self.assertEqual(self.post(channel="C3")["error"], "channel_not_found")
        self.assertTrue(self.post(channel="C4")["ok"])
        self.slack.scopes.remove("chat:write.public")
        self.assertEqual(self.post(channel="C4")["error"], "not_in_channel")

    def test_an_update_of_text_alone_removes_the_blocks(self):
        card = self.card()
        self.call("chat.update", channel="C1", ts=card["ts"], text="over", parse="none")
        self.assertNotIn("blocks", card)
        self.assertEqual(card.proposal, "prp_1", "metadata that is not named stays")
        self.call("chat.update", channel="C1", ts=card["ts"], text="over", parse="none", metadata={})
        self.assertIsNone(card.proposal)
        self.assertEqual(len(card.edits), 2)

    def test_only_own_messages_are_changed(self):
        theirs = self.slack.post("C1", "U1", text="mine")
        self.assertEqual(self.call("chat.update", channel="C1", ts=theirs["ts"], text="x", parse="none")["error"], "cant_update_message")
        self.assertEqual(self.call("chat.delete", channel="C1", ts="1.000001")["error"], "message_not_found")

    def test_metadata_is_told_only_when_asked_for(self):
        self.card()
        self.assertNotIn("metadata", self.call("conversations.history", channel="C1")["messages"][0])
        self.assertEqual(self.call("conversations.history", channel="C1", include_all_metadata="true")["messages"][0]["metadata"], CARD)

    def test_history_has_edges_and_pages(self):
        ids = [self.post(str(i))["ts"] for i in range(5)]
        history = self.call("conversations.history", channel="C1", oldest=ids[1], limit=2)
        self.assertEqual([message["text"] for message in history["messages"]], ["4", "3"])
        rest = self.call("conversations.history", channel="C1", oldest=ids[1], limit=2, cursor=history["response_metadata"]["next_cursor"])
        self.assertEqual(([message["text"] for message in rest["messages"]], rest["has_more"]), (["2"], False))

    def test_methods_that_read_take_no_json(self):
        answer = json.loads(self.raw("conversations.history", b'{"channel":"C1"}', {
            "Content-Type": "application/json; charset=utf-8", "Authorization": f"Bearer {BOT_TOKEN}"})[2])
        self.assertEqual(answer["error"], "invalid_arguments")

    def test_stray_characters_come_back_escaped(self):
        self.assertEqual(self.slack.find("C1", self.post("a & b &amp; c")["ts"])["text"], "a &amp; b &amp; c")

    def test_what_would_notify_is_seen(self):
        self.post("<!channel> and <@U1>")
        self.post("&lt;!channel&gt;")
        self.assertEqual([seen.text for seen in self.slack.seen if seen.kind == "mention"], ["<!channel>", "<@U1>"])

    def test_carelessness_is_complained_of(self):
        card = self.card()
        self.assertEqual(self.slack.complaints, [])
        self.call("chat.update", channel="C1", ts=card["ts"], text="x", blocks=[actions("prp_1:1:-:1", button("reject"))])
        self.call("chat.postMessage", channel="C1", text="http://example.com")
        self.assertEqual(len(self.slack.complaints), 3, self.slack.complaints)

    # --- limits ---

    def test_limits_of_block_kit(self):
        section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}
        table = [
            ([actions("a" * 255)], None),
            ([actions("a" * 256)], "invalid_blocks"),
            ([actions("a", button("x", "x" * 75))], None),
            ([actions("a", button("x", "x" * 76))], "invalid_blocks"),
            ([actions("a", button("x", ""))], "invalid_blocks"),
            ([actions("a", button("x"), button("x"))], "invalid_blocks"),
            ([actions("a"), actions("a")], "invalid_blocks"),
            ([actions("a", *[button(str(i)) for i in range(26)])], "invalid_blocks"),
            ([actions("a", button("x", style="loud"))], "invalid_blocks"),
            ([actions("a", button("x", sty1e="primary"))], "invalid_blocks"),
            ([actions("a", button("x", url="javascript:alert(1)"))], "invalid_blocks"),
            ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "invalid_blocks"),
            ([{"type": "header", "text": plain("x" * 151)}], "invalid_blocks"),
            ([{"type": "divider"}] * 50, None),
            ([{"type": "divider"}] * 51, "invalid_blocks"),
            ([section] * 4, None),
            ([section] * 5, "msg_blocks_too_long"),
            ([{"type": "section", "text": {"type": "mrkdwn", "text": "\U0001f600" * 1501}}], "invalid_blocks"),
            ([{"type": "actions", "elements": [{"type": "overflow", "action_id": "m", "options": [{"text": plain("x"), "value": "v" * 76}]}]}], "invalid_blocks"),
            ([{"type": "teapot"}], "invalid_blocks"),
        ]
        for blocks, wanted in table:
            with self.subTest(blocks=str(blocks)[:100]):
                self.assertEqual(check_message({"text": "t", "blocks": blocks})[0], wanted)
        self.assertEqual(self.post(blocks=table[1][0])["error"], "invalid_blocks")
        self.assertEqual(check_message({"text": "x" * 4001}, is_update=True)[0], "msg_too_long")
        self.assertEqual(check_message({"text": ""})[0], "no_text")

    def test_limits_of_modals(self):
        view = {"type": "modal", "title": plain("Edit"), "blocks": [{"type": "divider"}]}
        with_input = [{"type": "input", "label": plain("for"), "element": {"type": "plain_text_input", "action_id": "value"}}]
        self.assertEqual(check_view(view)[0], None)
        for change in ({"title": plain("x" * 25)}, {"private_metadata": "x" * 3001}, {"blocks": []}, {"blocks": with_input}, {"submitt": plain("x")}):
            with self.subTest(change=change):
                self.assertEqual(check_view({**view, **change})[0], "invalid_arguments")
        self.assertEqual(check_view({**view, "blocks": with_input, "submit": plain("Save")})[0], None)

    def test_real_limits_hold_each_channel_for_itself(self):
        self.slack.limits = True
        self.slack.add_conversation("C2", "other")
        answers = [self.post().get("error") for _ in range(6)]
        self.assertEqual(answers, [None] * 4 + ["ratelimited"] * 2)
        self.assertTrue(self.post(channel="C2")["ok"])
        self.assertEqual((self.slack.n_too_fast, self.slack.n_too_early), (2, 1))

    # --- faults ---

    def test_faults_are_for_a_number_of_requests(self):
        self.slack.fail("chat.postMessage", times=2, error="ratelimited", status=429, retry_after=3)
        headers = {"Content-Type": "application/json; charset=utf-8", "Authorization": f"Bearer {BOT_TOKEN}"}
        status, answer, body = self.raw("chat.postMessage", b'{"channel":"C1","text":"x"}', headers)
        self.assertEqual((status, answer["Retry-After"], json.loads(body)["error"]), (429, "3", "ratelimited"))
        self.post()
        self.assertTrue(self.post()["ok"])
        self.assertEqual(self.slack.n_too_early, 1)

    def test_done_but_the_answer_is_lost(self):
        self.slack.fail("chat.postMessage", process=True, drop=True)
        with self.assertRaises((http.client.HTTPException, OSError)):
            self.post("once")
        self.assertEqual([message["text"] for message in self.slack.alive()], ["once"])
        self.slack.fail("chat.postMessage", drop=True)
        with self.assertRaises((http.client.HTTPException, OSError)):
            self.post("never")
        self.assertEqual(len(self.slack.alive()), 1)
        self.slack.fail("chat.postMessage", twice=True)
        self.post("twice")
        self.assertEqual(len(self.slack.alive()), 3)

    def test_a_server_that_is_down_comes_back_on_its_port(self):
        port = self.slack.port
        self.slack.down()
        with self.assertRaises(ConnectionRefusedError):
            self.post()
        self.slack.up()
        self.assertEqual(self.slack.port, port)
        self.assertTrue(self.post()["ok"])

    def test_odd_answers(self):
        self.slack.fail("auth.test", redirect=True)
        self.slack.fail("auth.test", html=True, after=1)
        self.slack.fail("auth.test", body=b'{"ok":', after=2)
        self.assertEqual([self.raw("auth.test", b"", {})[0] for _ in range(3)], [302, 200, 200])
        fault = self.slack.fail("auth.test", hang=True)
        self.slack.heal("auth.test")
        self.assertTrue(fault.over.is_set())
        self.assertTrue(self.call("auth.test")["ok"])

    # --- people ---

    def payload(self):
        return json.loads(dict(urllib.parse.parse_qsl(self.daemon.requests[-1][1].decode()))["payload"])

    def test_a_click_is_signed_and_names_its_card(self):
        click = self.slack.click(self.card(), "approve", user="U7")
        payload = self.payload()
        self.assertEqual(click.headers["X-Slack-Signature"],
                         self.slack.sign(click.body, click.headers["X-Slack-Request-Timestamp"], SIGNING_SECRET))
        self.assertEqual((payload["type"], payload["user"]["id"], payload["container"]["message_ts"], payload["actions"][0]["block_id"]),
                         ("block_actions", "U7", click.message["ts"], "prp_1:1:-:1"))

    def test_the_published_example_of_a_signature(self):
        body = (b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA"
                b"&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554"
                b"%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c")
        self.assertEqual(self.slack.sign(body, 1531420618, "8f742231b10e8888abcd99yyyzzz85a5"),
                         "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503")

    def test_options_are_chosen_by_value(self):
        options = [{"text": plain(text), "value": text} for text in ("snooze:1h", "edit")]
        ts = self.post(blocks=[actions("b", {"type": "overflow", "action_id": "more", "options": options})])["ts"]
        self.slack.click(self.slack.find("C1", ts), "more", value="edit")
        self.assertEqual(self.payload()["actions"][0]["selected_option"]["value"], "edit")
        with self.assertRaises(AssertionError):
            self.slack.click(self.slack.find("C1", ts), "more", value="other")

    def test_what_is_not_there_cannot_be_clicked_but_an_old_screen_can(self):
        card = self.card()
        old = card.snapshot()
        self.call("chat.update", channel="C1", ts=card["ts"], text="over", parse="none")
        with self.assertRaises(AssertionError):
            self.slack.click(card, "approve")
        self.slack.click(old, "approve")
        self.assertEqual(self.payload()["message"]["ts"], card["ts"])

    def test_a_response_url_works_five_times(self):
        click = self.slack.click(self.card(), "approve")
        path = urllib.parse.urlsplit(self.payload()["response_url"]).path
        connection = http.client.HTTPConnection("127.0.0.1", self.slack.port, timeout=10)
        self.addCleanup(connection.close)
        answers = []
        for _ in range(6):
            connection.request("POST", path, json.dumps({"text": "no", "response_type": "ephemeral", "replace_original": False}), {"Content-Type": "application/json"})
            answers.append(connection.getresponse().read())
        self.assertEqual(answers, [b"ok"] * 5 + [b"used_url"])
        self.assertEqual(self.slack.answers_to(click), ["no"] * 5)

    def test_a_modal_opens_once_for_each_click_and_keeps_its_errors(self):
        self.slack.click(self.card(), "approve", user="U2")
        view = {"type": "modal", "title": plain("Edit"), "submit": plain("Save"), "private_metadata": "m", "blocks": [
            {"type": "input", "block_id": "for", "label": plain("for"), "element": {"type": "plain_text_input", "action_id": "value", "initial_value": "1h"}}]}
        trigger = self.payload()["trigger_id"]
        self.assertTrue(self.call("views.open", trigger_id=trigger, view=view)["ok"])
        self.assertEqual(self.call("views.open", trigger_id=trigger, view=view)["error"], "exchanged_trigger_id")
        opened = self.slack.view_of("U2")
        self.daemon.body = b'{"response_action":"errors","errors":{"for":"too long"}}'
        sent = self.slack.submit(opened, {"for": "9w"})
        self.assertEqual((sent.errors, opened.is_open), ({"for": "too long"}, True))
        self.assertEqual(self.payload()["view"]["state"]["values"]["for"]["value"]["value"], "9w")
        self.daemon.body = b""
        self.slack.submit(opened)
        self.assertFalse(opened.is_open)
        self.assertEqual(self.payload()["view"]["private_metadata"], "m")

    def test_an_event_is_the_same_when_it_is_sent_again(self):
        sent = self.slack.mention("status", thread_ts=None)
        self.slack.retry(sent)
        (_, first, _), (_, second, headers) = self.daemon.requests
        self.assertEqual(first, second)
        self.assertEqual(headers["X-Slack-Retry-Num"], "1")
        self.assertTrue(json.loads(first)["event"]["text"].startswith("<@"))

    def test_forged_old_and_repeated_requests(self):
        forged = self.slack.command(text="list", secret="another secret")
        self.assertNotEqual(forged.headers["X-Slack-Signature"], self.slack.sign(forged.body, forged.headers["X-Slack-Request-Timestamp"]))
        old = self.slack.command(text="list", age=301)
        self.assertLess(int(old.headers["X-Slack-Request-Timestamp"]), time.time() - 300)
        self.slack.replay(old)
        self.assertEqual(self.daemon.requests[-1], self.daemon.requests[-2])
        self.assertNotIn("X-Slack-Signature", self.slack.command(text="list", unsigned=True).headers)

    # --- Socket Mode ---

    def open_link(self):
        """A client of a few lines: its socket, after the handshake."""
        address = urllib.parse.urlsplit(self.call("apps.connections.open", token=APP_TOKEN)["url"])
        client = socket.create_connection(("127.0.0.1", address.port), 10)
        self.addCleanup(client.close)
        client.sendall(f"GET {address.path}?{address.query} HTTP/1.1\r\nHost: slack\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        stream = client.makefile("rb")
        head = b"".join(iter(stream.readline, b"\r\n"))
        return client, stream, head

    @staticmethod
    def read_text(stream):
        text = b""
        while True:
            first, size = stream.read(2)
            if size == 126:
                (size,) = struct.unpack("!H", stream.read(2))
            text += stream.read(size)
            if first & 0x80:
                return json.loads(text)

    def test_a_link_greets_and_waits_for_acknowledgements(self):
        client, stream, head = self.open_link()
        self.assertIn(b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", head, "the example of RFC 6455")
        self.assertEqual(self.read_text(stream)["type"], "hello")
        answers = []
        one = threading.Thread(target=lambda: answers.append(self.slack.wait_for_link().deliver("slash_commands", {"text": "list" * 100}, pieces=3)))
        one.start()
        envelope = self.read_text(stream)
        self.assertEqual((envelope["type"], envelope["payload"]["text"]), ("slash_commands", "list" * 100))
        data = json.dumps({"envelope_id": envelope["envelope_id"], "payload": {"text": "none"}}).encode()
        mask = b"\1\2\3\4"
        client.sendall(bytes([0x81, 0x80 | len(data)]) + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data)))
        one.join(10)
        self.assertEqual((answers, self.slack.complaints), ([(True, {"text": "none"})], []))

    def test_the_address_of_a_link_is_good_once(self):
        self.open_link()
        self.slack.wait_for_link()
        ticket = next(iter(self.slack.tickets), None)
        self.assertIsNone(ticket)


if __name__ == "__main__":
    unittest.main()
