"""Socket Mode against a WebSocket that is not ours: npm's `ws` plays Slack's end, and says what it finds wrong with ours."""
import concurrent.futures
import json
import queue
import subprocess
import threading
import unittest

import npm
from harness import wait_until
from slack_socket import Link
from slack_story import JANE, SlackTest
from slack_workspace import APP_TOKEN, TEAM

NO_DOOR = "    app_token_file: slack.app\n"
MEMBER_BYTES = 1 << 20
LIMIT_BYTES = 2 << 20
SILENT_SECONDS, PONG_SECONDS = 30, 15


class NodeLink(Link):
    """A connection that `ws` holds for us."""

    def __init__(self, slack, server, seen):
        super().__init__(slack)
        self.server, self.number = server, seen["link"]
        self.url, self.headers, self.extensions = seen["url"], seen["headers"], seen["extensions"]
        self.pings, self.pongs, self.closed = [], [], None

    def tell(self, do, **more):
        self.server.tell(do=do, link=self.number, **more)

    def send_text(self, text, pieces=1, pings=()):
        step = -(-len(text) // pieces)
        self.tell("text", pieces=[text[i:i + step] for i in range(0, len(text), step)], pings=[data.hex() for data in pings])

    def cut(self):
        self.tell("cut")

    def close(self, code, reason=""):
        self.tell("close", code=code, reason=reason)
        wait_until(lambda: self.closed, f"the close {code} is answered")

    # --- what ws saw ---

    def on_text(self, seen):
        self.take(json.loads(seen["text"]))

    def on_ping(self, seen):
        self.pings.append(bytes.fromhex(seen["hex"]))

    def on_pong(self, seen):
        self.pongs.append(bytes.fromhex(seen["hex"]))

    def on_closed(self, seen):
        self.closed = seen["code"], seen["reason"]
        self.end()

    def on_error(self, seen):
        self.server.errors.append(seen["why"])


class NodeServer:
    def __init__(self, slack, where, *arguments):
        self.slack, self.errors, self.links = slack, [], []
        self.port = queue.Queue()
        self.lock = threading.Lock()
        self.process = subprocess.Popen(["node", str(npm.SOURCES / "socket_server.cjs"), *arguments], cwd=where, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        slack.link_port = self.port.get(timeout=30)

    def read(self):
        for line in self.process.stdout:
            seen = json.loads(line)
            if seen["saw"] == "listening":
                self.port.put(seen["port"])
            elif seen["saw"] == "connected":
                link = NodeLink(self.slack, self, seen)
                self.links.append(link)
                with self.slack.lock:
                    self.slack.links.append(link)
            else:
                getattr(self.links[seen["link"]], f"on_{seen['saw']}")(seen)

    def tell(self, **order):
        with self.lock:
            self.process.stdin.write(json.dumps(order) + "\n")
            self.process.stdin.flush()

    def stop(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.reader.join(30)
        self.process.stdout.close()
        for link in self.links:
            link.end()


class WsTest(SlackTest):
    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.npm = npm.directory()

    def setUp(self):
        super().setUp()
        self.server = NodeServer(self.slack, self.npm, *self.arguments)
        self.addCleanup(self.server.stop)
        self.slack.over_socket = True

    def vedette(self, start=True, **options):
        vedette = super().vedette(start=False, members=NO_DOOR, **options)
        vedette.write("slack.app", APP_TOKEN + "\n")
        if start:
            vedette.start()
            self.slack.wait_for_link()
        return vedette

    def other_link(self, old):
        return wait_until(lambda: next((link for link in self.slack.open_links() if link is not old), None), "another connection")

    def status_command(self, **more):
        return {"command": "/vedette", "text": "status", "user_id": JANE, "team_id": TEAM, "channel_id": "C1", "api_app_id": self.slack.app_id,
                "response_url": "", "trigger_id": "1.2.3", **more}

    def assert_works(self, link):
        acknowledged, answer = link.deliver("slash_commands", self.status_command())
        self.assertTrue(acknowledged)
        self.assertIn("text", answer)

    def assert_nothing_was_wrong(self):
        """ws refuses frames without a mask, wrong lengths, texts that are not UTF-8, closes with codes that do not exist."""
        self.assertEqual(self.server.errors, [])
        self.assertEqual(self.slack.complaints, [])


class Ws(WsTest):
    def test_a_click_over_ws_decides_and_is_acknowledged(self):
        vedette = self.vedette()
        card = self.red(vedette)
        self.assertEqual(self.slack.click(card, "ack", user=JANE).status, 200)
        self.assertEqual(vedette.api(f"/api/v1/proposals/{card.proposal}").json()["acknowledged_by"], "jane")
        link = self.slack.wait_for_link()
        self.assertIn("ticket=", link.url)
        self.assertEqual(link.headers["sec-websocket-version"], "13")
        self.assertEqual(link.headers["host"], f"127.0.0.1:{self.slack.link_port}")
        self.assert_nothing_was_wrong()

    def test_compression_is_not_asked_for_and_so_not_used(self):
        self.vedette()
        link = self.slack.wait_for_link()
        self.assertNotIn("sec-websocket-extensions", link.headers)
        self.assertEqual(link.extensions, "")
        self.assert_works(link)

    def test_the_next_connection_is_open_before_the_old_one_is_ended(self):
        vedette = self.vedette()
        for reason in ("warning", "refresh_requested"):
            old = self.slack.wait_for_link()
            old.disconnect(reason)
            new = self.other_link(old)
            self.assertTrue(old.is_open)
            self.assert_works(old)
            self.assert_works(new)
            old.close(1000)
            self.assertEqual(old.closed, (1000, ""))
            self.assertTrue(new.is_open)
        channel = lambda: vedette.api("/api/v1/status").json()["channels"][0]["socket_mode"]
        wait_until(lambda: channel()["connections"] == 1, "one connection is left")
        self.assertEqual(len(self.slack.calls_of("apps.connections.open")), 3)
        self.assert_nothing_was_wrong()

    def test_no_click_falls_between_connections(self):
        vedette = self.vedette()
        cards = [self.red(vedette, repo=f"acme/shop{i}") for i in range(4)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            changing = pool.submit(self.change_links, 3)
            clicks = [pool.submit(self.slack.click, cards[i % 4], "details", user=JANE) for i in range(40)]
            old = changing.result()
        self.assertEqual([click.result().status for click in clicks], [200] * 40)
        for link in old:
            link.close(1001, "refreshed")
        self.assertEqual([link.closed for link in old], [(1001, "refreshed")] * 3)
        self.assert_nothing_was_wrong()

    def change_links(self, times):
        old = []
        for _ in range(times):
            old.append(self.slack.wait_for_link())
            old[-1].disconnect("warning")
            wait_until(lambda: self.slack.wait_for_link() not in old, "another connection")
        return old

    def test_a_message_in_fragments_with_pings_between_is_one(self):
        self.vedette()
        link = self.slack.wait_for_link()
        pings = [b"", b"one", bytes(range(125)), b"\x00\xff\x80", b"", b"the last"]
        envelope = {"envelope_id": "e1", "type": "slash_commands", "accepts_response_payload": True, "payload": self.status_command(note="\u00fc\u20ac\U0001f600" * 50)}
        link.send_text(json.dumps(envelope, ensure_ascii=False), 7, pings)
        wait_until(lambda: "e1" in link.acks, "it is acknowledged")
        self.assertIn("text", link.acks["e1"])
        wait_until(lambda: len(link.pongs) >= len(pings), "every ping is answered")
        self.assertEqual(link.pongs, pings, "each with what it brought, in order")
        self.assert_nothing_was_wrong()

    def test_a_close_is_answered_with_its_code_and_another_connection_opened(self):
        self.vedette()
        for code, reason in ((1000, ""), (1001, "going away"), (1012, "the host restarts"), (4000, "x" * 123)):
            with self.subTest(code=code):
                link = self.slack.wait_for_link()
                link.close(code, reason)
                self.assertEqual(link.closed, (code, reason))
                self.assert_works(self.other_link(link))
        self.assert_nothing_was_wrong()

    def test_a_stop_closes_with_1000(self):
        vedette = self.vedette()
        link = self.slack.wait_for_link()
        self.assertEqual(vedette.stop(), 0)
        wait_until(lambda: link.closed, "it is closed")
        self.assertEqual(link.closed, (1000, ""))
        self.assert_nothing_was_wrong()

    def test_a_connection_that_is_cut_is_opened_again(self):
        self.vedette()
        link = self.slack.wait_for_link()
        link.cut()
        self.assert_works(self.other_link(link))

    def test_a_long_message_is_taken_whole_or_in_pieces(self):
        self.vedette()
        link = self.slack.wait_for_link()
        for pieces in (1, 16):
            acknowledged, answer = link.deliver("slash_commands", self.status_command(padding="x" * MEMBER_BYTES), pieces=pieces)
            self.assertTrue(acknowledged)
            self.assertIn("text", answer)
        self.assertEqual(len(self.slack.links), 1)
        self.assert_nothing_was_wrong()

    def test_a_message_over_the_limit_ends_the_connection_and_nothing_else(self):
        vedette = self.vedette()
        for pieces in (1, 3):
            link = self.slack.wait_for_link()
            link.send_text("x" * (LIMIT_BYTES + 1), pieces)
            wait_until(lambda link=link: link.closed, "it is ended")
            self.assert_works(self.other_link(link))
        vedette.wait_for_log("a message that is too long")

    def test_what_ws_would_never_write_ends_the_connection_and_nothing_else(self):
        vedette = self.vedette()
        for frame, said in ((b"\xc1\x05Hello", "reserved bits"), (b"\x81\x81\x00\x00\x00\x00x", "masked"), (b"\x80\x01x", "belongs to nothing"),
                            (b"\x83\x00", "unknown kind"), (b"\x09\x00", "in pieces"), (b"\x81\x02\xc3\x28", "UTF-8"), (b"\x82\x01x", "not text")):
            with self.subTest(said):
                link = self.slack.wait_for_link()
                link.tell("raw", hex=frame.hex())
                wait_until(lambda link=link: link.closed, "it is ended")
                # libcurl, where it speaks the protocol, tells less.
                vedette.wait_for_log(f"a connection ended: .*({said}|connection broke)")
                self.assert_works(self.other_link(link))


class Silence(WsTest):
    """No message comes for a while, on three connections: the first peer answers when it is asked, the second asks by itself, the third does neither."""

    def test_a_silent_peer_is_asked_and_left_when_it_does_not_answer(self):
        answering = self.vedette()
        alive = self.slack.wait_for_link()
        self.vedette()
        asking = self.other_link(alive)
        silent = NodeServer(self.slack, self.npm, "silent")
        self.addCleanup(silent.stop)
        self.vedette()
        dead = wait_until(lambda: silent.links and silent.links[0], "a connection to the silent one")
        n_asked = [0]

        def are_asked():
            if len(asking.pongs) == n_asked[0]:
                n_asked[0] += 1
                asking.tell("ping", hex="")
            return alive.pings and dead.pings

        wait_until(are_asked, "two are asked", SILENT_SECONDS + 10)
        self.assertEqual((alive.pings, asking.pings, dead.pings), ([b"vedette"], [], [b"vedette"]))
        wait_until(lambda: dead.closed, "the silent one is left", PONG_SECONDS + 10)
        wait_until(lambda: len(silent.links) == 2, "another one is opened")
        self.assertTrue(alive.is_open)
        self.slack.daemon = answering
        self.assert_works(alive)
        self.assert_nothing_was_wrong()


if __name__ == "__main__":
    unittest.main()
