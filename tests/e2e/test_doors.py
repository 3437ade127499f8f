"""What comes in at the doors for webhooks: taken whole and once, or refused with a reason, and the daemon lives."""
import base64
import hashlib
import hmac
import http.client
import json
import socket
import socketserver
import subprocess
import threading
import time
import urllib.parse
import uuid

from harness import AM_TOKEN, CONFIG, DEPLOY_TOKEN, GITHUB_SECRET, PATIENCE, VedetteTest, alerts, together, wait_until, workflow_run

KB = 1024
MB = 1024 * KB
TOPIC = "arn:aws:sns:eu-north-1:210987654321:alarms"
SMALL = "a token of the small hook"
# A hook with a small limit, and one whose sender gives no delivery id.
MORE_HOOKS = """
  - webhook: generic
    name: small
    token: %s
    max_body: 64KB
    map: {kind: deploy, service: app, state: status}
  - webhook: generic
    name: nameless
    token: %s
    dedup: 2s
    map: {kind: deploy, service: app, state: status}
  - webhook: cloudevents
    name: events
    token: %s
    rate: 600/m
    handshake: {origins: [events.example.com]}
actions:
""" % (SMALL, SMALL, SMALL)
RULE_ON_RUN = """
rules:
  - id: run-red
    on: ci.run
    where: {level: run, state: failing}
    key: [repo, run]
    title: "run {{run}}"
    propose:
      plan: [{do: rerun, with: {run: "{{run}}"}}]
"""


def sign(body, secret=GITHUB_SECRET, name="sha256"):
    return f"{name}=" + hmac.new(secret.encode(), body, getattr(hashlib, name)).hexdigest()


def statuses(answer):
    """The status of every answer in what came back."""
    return [int(line.split()[1]) for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


class Conversation:
    """A connection on which bytes go out as they are, and that knows when the peer has had enough."""

    def __init__(self, vedette, door="public"):
        host, port = vedette.addresses[door].rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), PATIENCE)

    def send(self, data):
        """False when the peer listens no more."""
        try:
            self.socket.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def read_to_end(self):
        answer = b""
        try:
            while piece := self.socket.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass  # it closed while we were still sending
        self.socket.close()
        return answer


class ClosedProxy(socketserver.ThreadingTCPServer):
    """What asks for the outside asks here: it is written down and refused, so that no test reaches anything."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            self.server.asked.append(self.rfile.readline().decode().split()[:2])
            while self.rfile.readline().strip():
                pass
            self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.asked = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def environment(self):
        return {"https_proxy": f"http://127.0.0.1:{self.server_address[1]}"}

    def end(self):
        self.shutdown()
        self.server_close()


class Doors(VedetteTest):
    def doors(self, **options):
        return self.vedette(config=CONFIG.replace("actions:\n", MORE_HOOKS.lstrip("\n"), 1), **options)

    def head(self, hook, *lines, token=SMALL):
        return "\r\n".join([f"POST /hooks/{hook} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {token}",
                            "Content-Type: application/json", *lines, "", ""]).encode()

    def post(self, vedette, hook, body, headers=None, token=SMALL):
        return vedette.request("public", "POST", f"/hooks/{hook}", body, {
            "Content-Type": "application/json", "Authorization": f"Bearer {token}", **(headers or {})})

    def assert_alive(self, vedette):
        self.assertEqual(vedette.send_github("workflow_run", workflow_run()).status, 202)
        self.assertIsNone(vedette.process.poll())

    # --- size ---

    def test_h04_body_over_limit_is_413_as_soon_as_its_length_is_announced(self):
        vedette = self.doors()
        for hook, limit, token in [("small", 64 * KB, SMALL), ("github", 25 * MB, SMALL), ("deploys", 5 * MB, DEPLOY_TOKEN)]:
            with self.subTest(hook=hook):
                talk = Conversation(vedette)
                talk.send(self.head(hook, f"Content-Length: {limit + 1}", token=token))
                self.assertEqual(statuses(talk.read_to_end()), [413])  # and closed: nothing of the body was sent
        self.assert_alive(vedette)

    def test_h04_body_at_the_limit_is_taken_and_one_byte_more_is_not(self):
        vedette = self.doors()
        frame = b'{"app":"shop","status":"failed","pad":"%s"}'
        fits = frame % (b"x" * (64 * KB - len(frame) + 2))
        self.assertEqual(len(fits), 64 * KB)

        self.assertEqual(self.post(vedette, "small", fits).status, 202)
        self.assertEqual(self.post(vedette, "small", fits + b" ").status, 413)

    def test_h04_body_over_limit_by_chunks_is_413_at_the_first_byte_too_many(self):
        vedette = self.doors()
        for size in (1, 1024, 64 * KB):
            with self.subTest(chunk=size):
                talk = Conversation(vedette)
                talk.send(self.head("small", "Transfer-Encoding: chunked"))
                chunk = b"%x\r\n%s\r\n" % (size, b" " * size)
                self.assertTrue(talk.send(chunk * (64 * KB // size)))
                talk.send(b"1\r\n \r\n")  # and nothing after it: a reader who wants more waits for ever
                self.assertEqual(statuses(talk.read_to_end()), [413])
        self.assert_alive(vedette)

    def test_h04_chunks_without_an_end_are_413_then_cut_off_and_take_no_memory(self):
        vedette = self.doors()
        before = vedette.metric("process_resident_memory_bytes")
        talk = Conversation(vedette)
        talk.send(self.head("small", "Transfer-Encoding: chunked"))
        talk.send(b"10001\r\n" + b"x" * 0x10001 + b"\r\n")
        self.assertEqual(statuses(talk.socket.recv(65536)), [413])  # told at once
        wait_until(lambda: not talk.send(b"8000\r\n" + b"x" * 0x8000 + b"\r\n"), "who goes on all the same is cut off")
        self.assertLess(vedette.metric("process_resident_memory_bytes") - before, 32 * MB)
        self.assert_alive(vedette)

    # --- framing ---

    def test_h05_what_two_readers_may_read_differently_is_400_and_closed(self):
        vedette = self.doors()
        body = b'{"app":"shop","status":"failed"}'
        length = b"Content-Length: %d\r\n" % len(body)
        hidden = b"GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"
        start, host = b"POST /hooks/small HTTP/1.1\r\n", b"Host: localhost\r\n"
        rest = b"Authorization: Bearer %s\r\nContent-Type: application/json\r\n" % SMALL.encode()
        good = start + host + rest + length + b"\r\n" + body
        variants = {
            "length and coding": start + host + rest + length + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
            "coding and length": start + host + rest + b"Transfer-Encoding: chunked\r\n" + length + b"\r\n0\r\n\r\n" + hidden,
            "two lengths": start + host + rest + length + b"Content-Length: 5\r\n\r\n" + body + hidden,
            "two equal lengths": start + host + rest + length + length + b"\r\n" + body + hidden,
            "blank before the colon": start + host + rest + length.replace(b":", b" :") + b"\r\n" + body + hidden,
            "bare LF ends a header": start + host + rest.replace(b"\r\n", b"\n") + length + b"\r\n" + body + hidden,
            "bare LF ends the first line": start.replace(b"\r\n", b"\n") + host + rest + length + b"\r\n" + body + hidden,
            "bare LF ends the headers": start + host + rest + length + b"\n" + body + hidden,
            "NUL in a header": start + host + b"X-A: b\0c\r\n" + rest + length + b"\r\n" + body + hidden,
            "NUL in a header's name": start + host + b"X\0A: b\r\n" + rest + length + b"\r\n" + body + hidden,
            "no host": start + rest + length + b"\r\n" + body + hidden,
            "two hosts": start + host + host + rest + length + b"\r\n" + body + hidden,
            "a folded line": start + host + b"X-A: b\r\n c\r\n" + rest + length + b"\r\n" + body + hidden,
            "a length with a sign": start + host + rest + b"Content-Length: +%d\r\n\r\n" % len(body) + body + hidden,
            "a negative length": start + host + rest + b"Content-Length: -1\r\n\r\n" + body + hidden,
        }
        self.assertEqual(statuses(vedette.raw("public", good.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))), [202])
        for name, request in variants.items():
            with self.subTest(name):
                talk = Conversation(vedette)
                talk.send(request)
                self.assertEqual(set(statuses(talk.read_to_end())), {400})  # libmicrohttpd says some of its own twice
        self.assertEqual(len(vedette.items("events")), 1)  # what was whole, and nothing else

    # --- JSON ---

    def assert_not_json(self, vedette, bodies):
        for body in bodies:
            with self.subTest(body[:60]):
                answer = vedette.send_github("workflow_run", body)
                self.assertEqual(answer.status, 400, answer)
                self.assertEqual(answer.headers["content-type"], "application/problem+json")
                self.assertRegex(answer.json()["detail"], r"at byte \d+")
        self.assertEqual(vedette.items("events"), [])

    def test_h09_what_is_not_one_json_value_is_400_and_says_where(self):
        vedette = self.vedette()
        bodies = [b"", b" ", b"{", b'{"a":1}x', b'{"a":1}{"a":1}', b'{"a":1}\n\n[]', b'\xef\xbb\xbf{"a":1}', b'{"a":01}', b'{"a":1.}', b'{"a":.5}',
                  b'{"a":+1}', b'{"a":nullx}', b"nullx", b'{"a":NaN}', b"{'a':1}", b'{"a":1,}', b'{"a":"\xff"}', b'{"a":"\xc0\x80"}', b'{"a":"\t"}',
                  b'{"a":"\\x41"}', b'{"a":"\\ud800"}', b'{"a" 1}', b"/* */ {}", b'{"a":1}\0']
        self.assert_not_json(vedette, bodies)
        self.assertEqual(vedette.metric("vedette_events_rejected_total", watcher="github", reason="json"), len(bodies))
        self.assert_alive(vedette)

    def test_h10_duplicate_keys_at_any_depth_are_400(self):
        vedette = self.vedette()
        self.assert_not_json(vedette, [
            b'{"action":1,"action":2}', b'{"a":{"b":[{"c":1,"d":2,"c":3}]}}', b'{"a":1,"\\u0061":2}', b'{"":1,"":2}',
            b"{" + b",".join(b'"k%d":1' % i for i in range(3000)) + b',"k1500":2}'])

    def test_h10_keys_that_differ_in_case_are_two_keys(self):
        vedette = self.vedette()
        payload = {"Action": "requested", **workflow_run(run=7), "ACTION": "requested"}
        payload["workflow_run"] = {"Conclusion": "success", "ID": 8, **payload["workflow_run"], "CONCLUSION": "success"}

        self.assertEqual(vedette.send_github("workflow_run", payload).status, 202)
        vedette.wait_for_proposal(state="open")
        self.assertEqual([(event["state"], event["run"]) for event in vedette.items("events")], [("failing", "7")])

    def test_h11_nesting_and_nodes_beyond_the_limits_are_400_and_take_no_memory(self):
        vedette = self.vedette()
        nested = lambda depth: b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1)
        self.assertEqual(vedette.send_github("ping", nested(64)).status, 202)
        vedette.wait_until_folded()
        before = vedette.metric("process_resident_memory_bytes")
        for body in (nested(65), b"[" * MB, b'{"a":' * 100000, b"[" + b"[]," * (MB // 3) + b"[]]", b'{"a":[' + b"0," * 250000 + b"0]}"):
            with self.subTest(body[:20]):
                self.assertEqual(vedette.send_github("workflow_run", body).status, 400)
        self.assertLess(vedette.metric("process_resident_memory_bytes") - before, 64 * MB)
        self.assertEqual(len(vedette.items("events")), 1)

    def test_h12_a_nul_in_a_string_is_400_and_never_cuts_it(self):
        vedette = self.vedette()
        self.assert_not_json(vedette, [b'{"a":"b\\u0000c"}', b'{"a":"b\0c"}', b'{"b\\u0000c":1}', b'{"a":["\\u0000"]}'])

    def test_h13_ids_of_64_bits_are_exact_in_the_key_the_evidence_and_the_argument(self):
        vedette = self.vedette(rules={"run.yaml": RULE_ON_RUN})
        runs = [9007199254740993, 2**63 - 1, 2**64 - 1, 1234567890123456789]
        for run in runs:
            vedette.send_github("workflow_run", workflow_run(run=run))
        wait_until(lambda: len(vedette.items("proposals", state="open")) == len(runs), "every run is proposed")

        self.assertEqual(sorted(signal["key"][1] for signal in vedette.items("signals")), sorted(map(str, runs)))
        for proposal in vedette.items("proposals"):
            self.assertEqual(vedette.decide(proposal, "approve").status, 200)
        wait_until(lambda: len(vedette.steps_run()) == len(runs), "every step ran")
        self.assertEqual(sorted(vedette.steps_run()), sorted(map(str, runs)))

    def test_h13_a_number_that_no_double_holds_is_kept_as_it_was_written(self):
        vedette = self.vedette(rules={"run.yaml": RULE_ON_RUN})
        body = json.dumps(workflow_run()).replace('"id": 1001', '"id": 1e999').encode()
        self.assertIn(b"1e999", body)

        self.assertEqual(vedette.send_github("workflow_run", body).status, 202)
        vedette.wait_until_folded()
        self.assertEqual([event.get("run") for event in vedette.items("events")], ["1e999"])
        self.assertEqual([signal["key"][1] for signal in vedette.items("signals")], ["1e999"])

    # --- signatures ---

    def test_h14_anything_but_one_right_signature_is_401_and_gives_no_hint(self):
        vedette = self.vedette()
        body = json.dumps(workflow_run()).encode()
        right = sign(body)
        variants = {
            "missing": [],
            "empty": [("X-Hub-Signature-256", "")],
            "prefix alone": [("X-Hub-Signature-256", "sha256=")],
            "one digit short": [("X-Hub-Signature-256", right[:-1])],
            "one digit long": [("X-Hub-Signature-256", right + "0")],
            "wrong prefix": [("X-Hub-Signature-256", right.replace("sha256=", "sha512="))],
            "no prefix": [("X-Hub-Signature-256", right.removeprefix("sha256="))],
            "upper case": [("X-Hub-Signature-256", "sha256=" + right.removeprefix("sha256=").upper())],
            "prefix in upper case": [("X-Hub-Signature-256", right.replace("sha256", "SHA256"))],
            "not hex": [("X-Hub-Signature-256", "sha256=" + "g" * 64)],
            "twice the right one": [("X-Hub-Signature-256", right)] * 2,
            "right, then wrong": [("X-Hub-Signature-256", right), ("X-Hub-Signature-256", sign(b""))],
            "a list": [("X-Hub-Signature-256", f"{right},{right}")],
            "sha1 only": [("X-Hub-Signature", sign(body, name="sha1"))],
            "sha1 under the name of sha256": [("X-Hub-Signature-256", sign(body, name="sha1"))],
            "another secret": [("X-Hub-Signature-256", sign(body, "guess"))],
            "an empty secret": [("X-Hub-Signature-256", sign(body, ""))],
            "of the body written anew": [("X-Hub-Signature-256", sign(json.dumps(json.loads(body), indent=1).encode()))],
            "a bearer token": [("Authorization", f"Bearer {GITHUB_SECRET}")],
        }
        answers = set()
        for name, headers in variants.items():
            with self.subTest(name):
                lines = [f"{header}: {value}" for header, value in headers]
                request = "\r\n".join(["POST /hooks/github HTTP/1.1", "Host: localhost", "Content-Type: application/json", "Connection: close",
                                       "X-GitHub-Event: workflow_run", f"X-GitHub-Delivery: {uuid.uuid4()}", f"Content-Length: {len(body)}", *lines, "", ""])
                answer = vedette.raw("public", request.encode() + body)
                self.assertEqual(statuses(answer), [401])
                answers.add(answer.split(b"\r\n\r\n", 1)[1])
        self.assertEqual(len(answers), 1)
        self.assertEqual(vedette.items("events"), [])
        self.assertEqual(vedette.metric("vedette_events_rejected_total", watcher="github", reason="signature"), len(variants))
        self.assertEqual(vedette.send_github("workflow_run", body).status, 202)

    def test_h14_one_changed_byte_of_the_body_is_401(self):
        vedette = self.vedette()
        body = json.dumps(workflow_run()).encode()
        changed = body.replace(b'"failure"', b'"success"')
        self.assertEqual(vedette.send_github("workflow_run", changed, headers={"X-Hub-Signature-256": sign(body)}).status, 401)

    def test_h14_a_wrong_token_is_401(self):
        vedette = self.vedette()
        for token in ("", "guess", AM_TOKEN[:-1], AM_TOKEN + "x", AM_TOKEN.upper(), GITHUB_SECRET):
            with self.subTest(token):
                self.assertEqual(vedette.send_alert(alerts("firing"), token=token).status, 401)
        self.assertEqual(vedette.send_alert(alerts("firing")).status, 202)

    def test_h14_an_empty_secret_refuses_to_start(self):
        for text in ("", "\n"):
            with self.subTest(text):
                vedette = self.vedette(start=False)
                vedette.write("github.secret", text)
                vedette.start(wait=False)
                self.assertEqual(vedette.wait(), 78)
                self.assertIn("vedette.yaml:8:18: error: the secret `secret` is empty", vedette.log())

    # --- the same again ---

    def test_h15_a_replayed_delivery_changes_nothing_also_after_a_restart(self):
        vedette = self.vedette()
        body = json.dumps(workflow_run()).encode()
        first = vedette.send_github("workflow_run", body, delivery="d-1")
        for _ in range(2):
            for _ in range(3):
                again = vedette.send_github("workflow_run", body, delivery="d-1")
                self.assertEqual((again.status, again.json()), (200, {"id": first.json()["id"], "duplicate": True}))
            vedette.restart()
        vedette.wait_until_folded()
        self.assertEqual(vedette.items("signals")[0]["count"], 1)
        vedette.wait_for_proposal(state="open")
        self.assertEqual(len(vedette.items("proposals")), 1)

    def test_h16_the_same_delivery_at_the_same_moment_is_one_event(self):
        vedette = self.vedette()
        payload = workflow_run()
        answers = together(20, lambda i: vedette.send_github("workflow_run", payload, delivery="d-1"))

        self.assertEqual(sorted(answer.status for answer in answers), [200] * 19 + [202])
        self.assertEqual(len({answer.json()["id"] for answer in answers}), 1)
        vedette.wait_until_folded()
        self.assertEqual(len(vedette.items("events")), 1)
        self.assertEqual(vedette.metric("vedette_events_duplicate_total", watcher="github"), 19)

    def test_h17_without_an_id_the_same_body_is_the_same_delivery_for_a_while(self):
        vedette = self.doors()
        body = b'{"app":"shop","status":"failed"}'

        first = self.post(vedette, "nameless", body)
        start = time.monotonic()
        again = self.post(vedette, "nameless", body)
        other = self.post(vedette, "nameless", body + b" ")
        self.assertEqual([first.status, again.status, other.status], [202, 200, 202])
        self.assertEqual(again.json(), {"id": first.json()["id"], "duplicate": True})

        later = wait_until(lambda: (answer := self.post(vedette, "nameless", body)).status == 202 and answer, "the body is news again")
        self.assertGreater(time.monotonic() - start, 1.9)
        self.assertNotEqual(later.json()["id"], first.json()["id"])

    # --- the wrong door ---

    def test_unknown_hooks_methods_and_types_have_their_own_answers(self):
        vedette = self.doors()
        body = b'{"app":"shop","status":"failed"}'
        for path in ("/hooks/nobody", "/hooks/", "/hooks", "/hooks/small/", "/hooks/small%00", "/hooks/%73mall", "//hooks/small", "/hooks/../hooks/small"):
            with self.subTest(path):
                answer = vedette.request("public", "POST", path, body, {"Content-Type": "application/json", "Authorization": f"Bearer {SMALL}"})
                self.assertEqual(answer.status, 404)
        for method in ("GET", "PUT", "DELETE", "HEAD", "PATCH"):
            with self.subTest(method):
                answer = vedette.request("public", method, "/hooks/small")
                self.assertEqual((answer.status, answer.headers["allow"]), (405, "POST"))
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""):
            with self.subTest(kind):
                self.assertEqual(self.post(vedette, "small", body, {"Content-Type": kind}).status, 415)
        for path in ("/", "/api/v1/proposals", "/metrics", "/api/v1/status"):
            with self.subTest(path):
                self.assertEqual(vedette.request("public", "GET", path).status, 404)  # the public door has hooks only
        self.assertEqual(vedette.items("events"), [])

    def test_a_handshake_of_cloudevents_is_answered_with_consent_to_those_who_were_named(self):
        vedette = self.doors()
        asked = {"WebHook-Request-Origin": "events.example.com", "WebHook-Request-Rate": "120", "WebHook-Request-Callback": "http://127.0.0.1:9/never"}
        answer = vedette.request("public", "OPTIONS", "/hooks/events", headers=asked)
        self.assertEqual((answer.status, answer.headers["allow"]), (200, "POST"))
        self.assertEqual((answer.headers["webhook-allowed-origin"], answer.headers["webhook-allowed-rate"]), ("events.example.com", "120"))
        for wanted in ("1000000", "fast", "-1", ""):  # no more than the hook lets in
            answer = vedette.request("public", "OPTIONS", "/hooks/events", headers={**asked, "WebHook-Request-Rate": wanted})
            self.assertEqual((answer.status, answer.headers["webhook-allowed-rate"]), (200, "600"))
        for hook, headers in (("events", {**asked, "WebHook-Request-Origin": "other.example.com"}), ("events", {}), ("small", asked)):
            with self.subTest(hook=hook, headers=headers):
                answer = vedette.request("public", "OPTIONS", f"/hooks/{hook}", headers=headers)
                self.assertEqual((answer.status, answer.headers["allow"]), (405, "POST"))
                self.assertNotIn("webhook-allowed-origin", answer.headers)

    def test_a_token_in_the_query_opens_the_door_of_cloudevents_and_is_written_nowhere(self):
        vedette = self.doors()
        headers = {"Content-Type": "application/json", "ce-specversion": "1.0", "ce-id": "e-1", "ce-source": "/plants/north", "ce-type": "plant.pump"}
        door = "/hooks/events?access_token=" + urllib.parse.quote(SMALL)
        answer = vedette.request("public", "POST", door, b'{"on": true}', headers)
        self.assertEqual(answer.status, 202)
        again = vedette.request("public", "POST", door, b'{"on": false}', headers)
        self.assertEqual((again.status, again.json()["duplicate"]), (200, True))
        self.assertEqual(vedette.request("public", "POST", door + "x", b"{}", headers).status, 401)
        self.assertEqual(vedette.request("public", "POST", door, b"{}", {**headers, "Authorization": f"Bearer {SMALL}"}).status, 401)
        event = vedette.items("events")[0]
        self.assertEqual(event["type"], "cloudevents.plant.pump")
        self.assertFalse([line for line in vedette.lines if "access_token" in line or SMALL in line or urllib.parse.quote(SMALL) in line])

    # --- what Amazon SNS signs ---

    def hook(self, vedette, name):
        return next(watcher for watcher in vedette.api("/api/v1/status").json()["watchers"] if watcher["name"] == name)

    def sns_message(self, vedette, changes=None, **members):
        """A message under a certificate of our own, with what was changed after it was signed."""
        if not (vedette.directory / "sns.pem").exists():
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=sns.test",
                            "-keyout", "sns.key", "-out", "sns.pem"], cwd=vedette.directory, check=True, capture_output=True)
        message = {"Message": "m", "MessageId": str(uuid.uuid4()), "Timestamp": "2026-11-21T08:04:30.000Z", "TopicArn": TOPIC, "Type": "Notification", **members}
        text = "".join(f"{name}\n{message[name]}\n" for name in sorted(message)).encode()
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", "sns.key"], cwd=vedette.directory, input=text, check=True, capture_output=True).stdout
        return json.dumps({**message, "SignatureVersion": "2", "Signature": base64.b64encode(signature).decode(),
                           "SigningCertURL": "https://sns.eu-north-1.amazonaws.com/SimpleNotificationService-0a.pem", **(changes or {})}).encode()

    def test_h14_an_alarm_that_sns_signed_is_taken_as_plain_text_and_any_other_is_401(self):
        hook = f"  - {{webhook: cloudwatch, certificate_file: sns.pem, topics: ['{TOPIC}']}}\nactions:\n"
        vedette = self.vedette(config=CONFIG.replace("actions:\n", hook, 1), start=False)
        alarm = json.dumps({"AlarmName": "queue-depth", "NewStateValue": "ALARM", "AWSAccountId": "210987654321", "Region": "EU (Stockholm)"})
        headers = {"Content-Type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": "Notification"}
        signed = self.sns_message(vedette, Message=alarm)
        vedette.start()
        self.assertEqual(vedette.request("public", "POST", "/hooks/cloudwatch", signed, headers).status, 202)
        self.assertEqual(vedette.request("public", "POST", "/hooks/cloudwatch", signed, headers).status, 200)
        for name, body in {
            "changed": self.sns_message(vedette, {"Message": alarm.replace("ALARM", "OK")}, Message=alarm),
            "of a topic that is not ours": self.sns_message(vedette, TopicArn=TOPIC + "2"),
            "with a certificate from elsewhere": self.sns_message(vedette, {"SigningCertURL": "https://example.com/a.pem"}),
        }.items():
            with self.subTest(name):
                self.assertEqual(vedette.request("public", "POST", "/hooks/cloudwatch", body, headers).status, 401)
        events = vedette.items("events")
        self.assertEqual([(event["type"], event["state"], event["title"]) for event in events], [("cloudwatch.alarm", "failing", "queue-depth")])

    def test_what_sns_names_is_asked_for_once_and_in_the_background(self):
        hooks = (f"  - {{webhook: cloudwatch, name: pinned, certificate_file: sns.pem, topics: ['{TOPIC}']}}\n"
                 f"  - {{webhook: cloudwatch, name: fetching, topics: ['{TOPIC}']}}\nactions:\n")
        proxy = ClosedProxy()
        self.addCleanup(proxy.end)
        vedette = self.vedette(config=CONFIG.replace("actions:\n", hooks, 1), env=proxy.environment(), start=False)
        host = "sns.eu-north-1.amazonaws.com"
        confirmation = self.sns_message(vedette, Type="SubscriptionConfirmation", Token="t", SubscribeURL=f"https://{host}/?Token=t")
        alarm = self.sns_message(vedette)
        vedette.start()
        headers = {"Content-Type": "text/plain; charset=UTF-8"}

        def told():
            return self.hook(vedette, "pinned")["subscription"]
        self.assertTrue(told().startswith("not known: "), told())
        self.assertEqual(vedette.request("public", "POST", "/hooks/pinned", confirmation, headers).status, 202)
        wait_until(lambda: told().startswith("not confirmed: "), "the subscription's outcome")
        self.assertEqual(proxy.asked, [["CONNECT", f"{host}:443"]])
        self.assertIn("subscription not confirmed: ", " ".join(vedette.cli("hooks").stdout.split()))

        answer = vedette.request("public", "POST", "/hooks/fetching", alarm, headers)
        self.assertEqual((answer.status, answer.headers["retry-after"]), (503, "5"))
        wait_until(lambda: [line for line in vedette.lines if "certificate not fetched" in line], "the end of fetching")
        self.assertEqual(vedette.request("public", "POST", "/hooks/fetching", alarm, headers).status, 503)
        self.assertEqual(self.hook(vedette, "fetching")["reason"], "certificate")
        self.assertEqual(proxy.asked, 2 * [["CONNECT", f"{host}:443"]])

        # as after a crash between storing and confirming: the same message, which is a duplicate now
        vedette.kill()
        vedette.start()
        self.assertEqual(vedette.request("public", "POST", "/hooks/pinned", confirmation, headers).status, 200)
        wait_until(lambda: told().startswith("not confirmed: "), "the outcome after a restart")
        self.assertEqual(proxy.asked, 3 * [["CONNECT", f"{host}:443"]])
        self.assertFalse([line for line in vedette.lines if "Token=" in line])

    def test_a_verified_delivery_that_no_rule_wants_is_taken_like_any_other(self):
        vedette = self.vedette()
        for event, payload in [("ping", {"zen": "z", "hook_id": 1}), ("star", {"action": "created"}), ("workflow_run", workflow_run("success")), ("x" * 100, {})]:
            with self.subTest(event):
                self.assertEqual(vedette.send_github(event, payload).status, 202)
        vedette.wait_until_folded()
        self.assertEqual(len(vedette.items("events")), 4)
        self.assertEqual(vedette.items("signals"), [])

    def test_a_form_of_github_is_taken_as_well_as_json(self):
        vedette = self.vedette()
        body = urllib.parse.urlencode({"payload": json.dumps(workflow_run())}).encode()
        answer = vedette.send_github("workflow_run", body, headers={"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(answer.status, 202)
        vedette.wait_for_proposal(state="open")

    # --- fields of the wrong type ---

    STRANGE = [None, True, False, 0, -1, 1e308, 10**30, "", "x", "\u202e\x1b[31m<b>&\u00e9\U0001f600", "9" * 2000, [], [[]], [{}], {}, {"a": {"b": None}}]

    def mutations(self, payload):
        """The payload with each of its members, one at a time, replaced by each kind of value, and left out."""
        def places(value):
            if isinstance(value, (dict, list)):
                for key in value if isinstance(value, dict) else range(len(value)):
                    yield value, key
                    yield from places(value[key])

        copy = json.loads(json.dumps(payload))
        for holder, key in list(places(copy)):
            kept = holder[key]
            for strange in self.STRANGE:
                holder[key] = strange
                yield json.dumps(copy)
            holder[key] = kept
            if isinstance(holder, dict):
                del holder[key]
                yield json.dumps(copy)
                holder[key] = kept

    def assert_all_taken(self, vedette, path, bodies, headers):
        """On connections that stay open: there are thousands."""
        bodies = list(bodies)

        def send(part):
            connection = http.client.HTTPConnection(vedette.addresses["public"], timeout=PATIENCE)
            for body in bodies[part::8]:
                connection.request("POST", path, body.encode(), headers(body.encode()))
                answer = connection.getresponse()
                said = answer.read()
                self.assertIn(answer.status, (200, 202), (body, said))
            connection.close()

        together(8, send)
        vedette.wait_until_folded()
        self.assertIsNone(vedette.process.poll())
        self.assertIn(vedette.metric("vedette_events_dead_total"), (None, 0))

    def test_a_member_of_any_type_never_crashes_a_normaliser(self):
        vedette = self.vedette(rules={"any.yaml": "rules: [{id: any, on: [ci.run, alert, deploy], key: [title], mode: observe}]"})
        self.assert_all_taken(vedette, "/hooks/github", self.mutations(workflow_run()), lambda body: {
            "Content-Type": "application/json", "X-GitHub-Event": "workflow_run", "X-GitHub-Delivery": str(uuid.uuid4()), "X-Hub-Signature-256": sign(body)})
        self.assert_all_taken(vedette, "/hooks/alertmanager", self.mutations(alerts("firing", "resolved")), lambda body: {
            "Content-Type": "application/json", "Authorization": f"Bearer {AM_TOKEN}"})
        deploy = {"app": {"name": "shop"}, "status": "failed", "env": "production", "message": "m", "time": "2024-01-01T00:00:00Z"}
        self.assert_all_taken(vedette, "/hooks/deploys", self.mutations(deploy), lambda body: {
            "Content-Type": "application/json", "Authorization": f"Bearer {DEPLOY_TOKEN}"})
        self.assert_alive(vedette)
